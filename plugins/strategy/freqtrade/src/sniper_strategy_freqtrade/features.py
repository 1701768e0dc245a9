"""Which features of freqtrade a strategy uses, and which of them are not there."""

from typing import Any, Final, NamedTuple

from sniper_strategy_freqtrade.surface.interface import IStrategy
from sniper_strategy_freqtrade.surface.parameters import BaseParameter

CALLBACKS: Final = (
    "adjust_entry_price",
    "adjust_exit_price",
    "adjust_order_price",
    "adjust_trade_position",
    "bot_loop_start",
    "bot_start",
    "check_entry_timeout",
    "check_exit_timeout",
    "confirm_trade_entry",
    "confirm_trade_exit",
    "custom_entry_price",
    "custom_exit",
    "custom_exit_price",
    "custom_roi",
    "custom_stake_amount",
    "custom_stoploss",
    "informative_pairs",
    "leverage",
    "order_filled",
)
_MISSING: Final = {
    "feature_engineering_expand_all": "FreqAI",
    "feature_engineering_expand_basic": "FreqAI",
    "feature_engineering_standard": "FreqAI",
    "set_freqai_targets": "FreqAI",
    "populate_any_indicators": "FreqAI",
    "version_freqai": "FreqAI",
}


class Features(NamedTuple):
    """``used``: by name, sorted. ``missing``: what would not be as in freqtrade, and why."""

    used: tuple[str, ...]
    missing: tuple[str, ...]


def overrides(strategy: type[IStrategy], name: str) -> bool:
    """Whether a strategy has its own method of that name."""
    return getattr(strategy, name, None) is not getattr(IStrategy, name, None)


def features_of(strategy: type[IStrategy]) -> Features:
    used = {name for name in CALLBACKS if overrides(strategy, name)}
    values: dict[str, Any] = {name: getattr(strategy, name, None) for name in dir(strategy)}
    told = {
        "minimal_roi": bool(strategy.minimal_roi),
        "stoploss": True,
        "trailing_stop": strategy.trailing_stop,
        "trailing_stop_positive": strategy.trailing_stop and strategy.trailing_stop_positive is not None,
        "position adjustment": strategy.position_adjustment_enable,
        "protections": bool(strategy.protections),
        "short": strategy.can_short,
        "startup candles": bool(strategy.startup_candle_count),
        "parameters": any(isinstance(value, BaseParameter) for value in values.values()),
        "informative pairs": any(hasattr(value, "_sniper_informative") for value in values.values()),
    }
    used |= {name for name, there in told.items() if there}
    missing = {f"{name}: {why} is not there" for name, why in _MISSING.items() if name in values}
    if strategy.order_types.get("stoploss_on_exchange"):
        missing.add("stoploss_on_exchange: stops are kept here; native_stops of the desk lets the exchange hold others")
    if overrides(strategy, "custom_stoploss") and not strategy.use_custom_stoploss:
        missing.add("custom_stoploss: it is not called, for use_custom_stoploss is not set (as in freqtrade)")
    if strategy.can_short:
        missing.add("short: the kernel takes its long entries alone")
    return Features(tuple(sorted(used)), tuple(sorted(missing)))
