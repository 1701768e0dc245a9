"""What the newest candle of a pair says, in a run."""

from datetime import datetime
from typing import Any, Final, NamedTuple  # Any: frames of pandas

from sniper_strategy_freqtrade.analysis import analysed, columns_of, tag_of
from sniper_strategy_freqtrade.candle import Candle
from sniper_strategy_freqtrade.surface.interface import IStrategy


class Newest(NamedTuple):
    """Signals and tags, as in `sniper_strategy_freqtrade.analysis.Columns`."""

    signal: int
    entered: int
    leaves: int
    enter_tag: str | None
    exit_tag: str | None

    def candle(self, at: datetime, price: float) -> Candle:
        """A price alone, with these signals."""
        return Candle(at, price, price, price, price, self.entered, self.leaves, self.enter_tag, self.exit_tag)


NOTHING: Final = Newest(0, 0, 0, None, None)


def newest_of(strategy: IStrategy, pair: str, candles: Any | None, warming: int) -> Newest | None:
    """None before there are ``warming`` candles. The strategy's columns are shown to its callbacks from here on."""
    if candles is None or len(candles) < max(warming, 1):
        return None
    frame = analysed(strategy, pair, candles)
    strategy.dp.analysed(pair, frame)
    # one row more, so that the signals of the newest candle are those of a row before the last
    columns = columns_of(frame.iloc[[-1, -1]], 0, can_short=False)
    tags = tag_of(columns.enter_tag, -1), tag_of(columns.exit_tag, -1)
    return Newest(columns.signal[-1], columns.entered[-1], columns.leaves[-1], *tags)
