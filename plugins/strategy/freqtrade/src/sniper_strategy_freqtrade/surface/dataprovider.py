"""Candles, as strategies ask for them by ``self.dp``."""

from datetime import datetime
from typing import Any  # pandas brings no types

import pandas as pd  # type: ignore[import-untyped]

from sniper_strategy_freqtrade.surface.enums import RunMode


class DataProvider:
    """``candles``: by pair and timeframe, all of them; ``analysed``: by pair, with the strategy's columns and signals.

    ``seen``: how many rows of what is analysed may be shown, by pair; None: all.
    """

    def __init__(self, pairs: list[str], timeframe: str, runmode: RunMode) -> None:
        self._pairs = pairs
        self._timeframe = timeframe
        self.runmode = runmode
        self.candles: dict[tuple[str, str], Any] = {}
        self.analysed: dict[str, tuple[Any, datetime]] = {}
        self.seen: dict[str, int] = {}

    def get_pair_dataframe(self, pair: str, timeframe: str | None = None, candle_type: str = "") -> Any:
        found = self.candles.get((pair, timeframe or self._timeframe))
        if found is None:
            return pd.DataFrame(columns=["date", "open", "high", "low", "close", "volume"])
        return found.copy()

    historic_ohlcv = ohlcv = get_pair_dataframe

    def get_analyzed_dataframe(self, pair: str, timeframe: str) -> tuple[Any, datetime | None]:
        """What the strategy made of the candles that were over by now, newest last."""
        found = self.analysed.get(pair)
        if found is None or timeframe != self._timeframe:
            return pd.DataFrame(), None
        frame, at = found
        return (frame.iloc[: self.seen[pair]] if pair in self.seen else frame), at

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
