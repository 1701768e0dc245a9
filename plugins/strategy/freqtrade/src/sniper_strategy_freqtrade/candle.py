"""What is looked at when a trade is managed: a candle of a backtest, or a price of a run."""

from datetime import datetime
from typing import NamedTuple


class Candle(NamedTuple):
    """``time``: UTC, its beginning in a backtest. ``entered``, ``leaves``: signals of the candle before, as in
    `sniper_strategy_freqtrade.analysis.Columns`. A price alone is a candle with one price."""

    time: datetime
    open: float
    high: float
    low: float
    close: float
    entered: int = 0
    leaves: int = 0
    enter_tag: str | None = None
    exit_tag: str | None = None
