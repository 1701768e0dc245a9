"""Candles, as strategies ask for them by ``self.dp``."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final  # pandas brings no types

import pandas as pd  # type: ignore[import-untyped]

from sniper_strategy_freqtrade.surface.enums import RunMode
from sniper_strategy_freqtrade.surface.shown import Source

MOST: Final = 1000
"""Candles that are shown of what was analysed, in a backtest."""

_NEVER: Final = datetime.fromtimestamp(0, UTC)


class DataProvider:
    """``candles``: by pair and timeframe, all of them.

    ``seen``: in a backtest, how many rows of what was analysed are over by now, by pair; None: none are. Without it all
    may be seen.
    """

    def __init__(self, pairs: list[str], timeframe: str, runmode: RunMode) -> None:
        self._pairs = pairs
        self._timeframe = timeframe
        self.runmode = runmode
        self.candles: dict[tuple[str, str], Any] = {}
        self.seen: Callable[[str], int | None] | None = None
        self._analysed: dict[str, tuple[Any, datetime]] = {}
        self._sources: dict[str, Source] = {}

    def analysed(self, pair: str, frame: Any) -> None:
        """``frame``: candles with the strategy's columns and signals."""
        self._analysed[pair] = frame, frame["date"].iloc[-1].to_pydatetime()
        self._sources.pop(pair, None)

    def get_pair_dataframe(self, pair: str, timeframe: str | None = None, candle_type: str = "") -> Any:
        found = self.candles.get((pair, timeframe or self._timeframe))
        if found is None:
            return pd.DataFrame(columns=["date", "open", "high", "low", "close", "volume"])
        return found.copy()

    historic_ohlcv = ohlcv = get_pair_dataframe

    def get_analyzed_dataframe(self, pair: str, timeframe: str) -> tuple[Any, datetime]:
        """What the strategy made of the candles that were over by now, newest last."""
        found = self._analysed.get(pair)
        if found is None or timeframe != self._timeframe:
            return pd.DataFrame(), _NEVER
        frame, at = found
        if self.seen is None:
            return frame, at
        seen = self.seen(pair)
        if seen is None:
            return pd.DataFrame(), _NEVER
        if pair not in self._sources:
            self._sources[pair] = Source(frame)
        return self._sources[pair].cut(max(0, seen - MOST), seen), at

    def current_whitelist(self) -> list[str]:
        return list(self._pairs)

    @property
    def available_pairs(self) -> list[tuple[str, str]]:
        return list(self.candles)

    def market(self, pair: str) -> dict[str, Any] | None:
        if pair not in self._pairs:
            return None
        base, _, quote = pair.partition("/")
        return {"symbol": pair, "base": base, "quote": quote.partition(":")[0]}

    def ticker(self, pair: str) -> dict[str, Any]:
        return {}

    def orderbook(self, pair: str, maximum: int) -> dict[str, Any]:
        return {}

    def send_msg(self, message: str, *, always_send: bool = False) -> None:
        return
