"""What ``from freqtrade.strategy import …`` gives."""

from sniper_strategy_freqtrade.surface.informative import informative, merge_informative_pair
from sniper_strategy_freqtrade.surface.interface import IStrategy
from sniper_strategy_freqtrade.surface.parameters import (
    BooleanParameter,
    CategoricalParameter,
    DecimalParameter,
    IntParameter,
    RealParameter,
)
from sniper_strategy_freqtrade.surface.persistence import Order, PairLocks, Trade
from sniper_strategy_freqtrade.surface.stops import stoploss_from_absolute, stoploss_from_open
from sniper_strategy_freqtrade.surface.timeframes import (
    timeframe_to_minutes,
    timeframe_to_msecs,
    timeframe_to_next_date,
    timeframe_to_prev_date,
    timeframe_to_seconds,
)

__all__ = [
    "BooleanParameter",
    "CategoricalParameter",
    "DecimalParameter",
    "IStrategy",
    "IntParameter",
    "Order",
    "PairLocks",
    "RealParameter",
    "Trade",
    "informative",
    "merge_informative_pair",
    "stoploss_from_absolute",
    "stoploss_from_open",
    "timeframe_to_minutes",
    "timeframe_to_msecs",
    "timeframe_to_next_date",
    "timeframe_to_prev_date",
    "timeframe_to_seconds",
]
