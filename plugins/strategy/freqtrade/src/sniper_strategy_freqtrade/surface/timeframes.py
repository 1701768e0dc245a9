"""Timeframes such as ``5m``, ``1h``, ``1d``."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from sniper_strategy_freqtrade.errors import BadStrategy

_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_WRITTEN = re.compile(r"([1-9][0-9]*)([smhdw])")
_MONDAY: Final = 4 * 86_400
"""1970 began on a Thursday; weeks begin on Mondays."""


def timeframe_to_seconds(timeframe: str) -> int:
    """Raises `BadStrategy` for what is no timeframe, and for months, which have no length."""
    written = _WRITTEN.fullmatch(timeframe)
    if written is None:
        raise BadStrategy(f"timeframe {timeframe!r} is not understood; write a number and one of s, m, h, d, w")
    return int(written[1]) * _SECONDS[written[2]]


def timeframe_to_minutes(timeframe: str) -> int:
    return timeframe_to_seconds(timeframe) // 60


def timeframe_to_msecs(timeframe: str) -> int:
    return timeframe_to_seconds(timeframe) * 1000


def timeframe_to_prev_date(timeframe: str, date: datetime | None = None) -> datetime:
    """Beginning of the candle in which ``date`` lies; now, where there is none."""
    seconds = timeframe_to_seconds(timeframe)
    at = int((date or datetime.now(UTC)).timestamp())
    offset = _MONDAY if timeframe.endswith("w") else 0
    return datetime.fromtimestamp((at - offset) // seconds * seconds + offset, UTC)


def timeframe_to_next_date(timeframe: str, date: datetime | None = None) -> datetime:
    """Beginning of the candle after the one in which ``date`` lies."""
    return timeframe_to_prev_date(timeframe, date) + timedelta(seconds=timeframe_to_seconds(timeframe))
