"""What a strategy and its run say about trades, read once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final  # Any: a strategy's attributes are its own

from sniper_strategy_freqtrade.errors import BadStrategy
from sniper_strategy_freqtrade.features import CALLBACKS, overrides
from sniper_strategy_freqtrade.surface.interface import IStrategy
from sniper_strategy_freqtrade.surface.timeframes import timeframe_to_minutes

UNLIMITED: Final = "unlimited"


@dataclass(frozen=True)
class Terms:
    """What the run says. ``cash``: what it begins with, in the stake currency.

    stake     Of one trade, or ``unlimited``: what there is, in equal parts for all slots.
    slots     Most trades at once; the strategy's own ``max_open_trades`` where it is None; below 0: any number.
    share     Which part of the cash may be used.
    fee       Part of the value, on each side. ``leverage``: the most that a strategy may take; 1: none.
    timeouts  Minutes after which an order that was not filled is withdrawn, by ``entry`` and ``exit``; none: never.
    stacking  Whether a pair may have several trades at once. ``protections``: whether the strategy's are heeded.
    """

    cash: float = 1000.0
    stake: float | str = UNLIMITED
    slots: int | None = None
    share: float = 0.99
    fee: float = 0.001
    leverage: float = 1.0
    timeouts: Mapping[str, float] = field(default_factory=dict)
    stacking: bool = False
    protections: bool = True


class Rules:
    """The strategy's attributes, and which callbacks it has."""

    def __init__(self, strategy: IStrategy, terms: Terms) -> None:
        """Raises `BadStrategy` for values that make no sense."""
        cls = type(strategy)
        self.terms = terms
        self.minutes = max(1, timeframe_to_minutes(strategy.timeframe))
        self.roi = _roi(strategy.minimal_roi)
        self.stoploss: float = _number("stoploss", strategy.stoploss)
        self.trailing = bool(strategy.trailing_stop)
        positive = strategy.trailing_stop_positive
        self.positive = None if positive is None else _number("trailing_stop_positive", positive)
        self.offset = _number("trailing_stop_positive_offset", strategy.trailing_stop_positive_offset or 0.0)
        self.only_offset = bool(strategy.trailing_only_offset_is_reached)
        if self.only_offset and not self.offset:
            raise BadStrategy("trailing_only_offset_is_reached is set, and trailing_stop_positive_offset is zero")
        if self.positive is not None and 0 < self.offset <= self.positive:
            raise BadStrategy(
                f"trailing_stop_positive_offset {self.offset} must be above trailing_stop_positive {self.positive}"
            )
        self.exit_signal = bool(strategy.use_exit_signal)
        self.profit_only = bool(strategy.exit_profit_only)
        self.profit_offset = _number("exit_profit_offset", strategy.exit_profit_offset)
        self.ignore_roi = bool(strategy.ignore_roi_if_entry_signal)
        self.adjusts = bool(strategy.position_adjustment_enable)
        self.most_adjustments = int(strategy.max_entry_position_adjustment)
        self.can_short = bool(strategy.can_short)
        self.startup = int(strategy.startup_candle_count)
        self.types = {"entry": "limit", "exit": "limit", **strategy.order_types}
        self.lives = {"entry": "GTC", "exit": "GTC", **strategy.order_time_in_force}
        slots = getattr(strategy, "max_open_trades", -1) if terms.slots is None else terms.slots
        self.slots = float("inf") if slots < 0 else float(slots)
        self.custom_stop = bool(strategy.use_custom_stoploss)
        self.stop_after_fill = self.custom_stop and "after_fill" in _parameters(cls.custom_stoploss)
        self.custom_roi = bool(strategy.use_custom_roi)
        has = {name: overrides(cls, name) for name in vars(IStrategy) if name[0] != "_"}
        self.custom_exit = has["custom_exit"]
        self.confirms_exit = has["confirm_trade_exit"]
        self.confirms_entry = has["confirm_trade_entry"]
        self.custom_stake = has["custom_stake_amount"]
        self.custom_entry_price = has["custom_entry_price"]
        self.custom_exit_price = has["custom_exit_price"]
        self.leverages = has["leverage"]
        self.filled = has["order_filled"]
        self.loops = has["bot_loop_start"]
        self.entry_timeout = has["check_entry_timeout"]
        self.exit_timeout = has["check_exit_timeout"]
        self.entry_moves = has["adjust_entry_price"] or has["adjust_order_price"]
        self.exit_moves = has["adjust_exit_price"] or has["adjust_order_price"]
        self.asked = self.custom_exit or self.custom_stop or self.custom_roi or self.adjusts
        """Whether a trade's callbacks are called in each candle."""
        self.calls = any(has[name] for name in CALLBACKS if name not in ("bot_start", "informative_pairs"))

    def at_market(self) -> None:
        """All orders are at the market, whatever the strategy says: no price is asked of it."""
        self.types = dict.fromkeys(("entry", "exit", "stoploss"), "market")

    def roi_at(self, minutes: int) -> tuple[int, float] | None:
        """The newest entry of the table that is in force: its minutes and its ratio; None: none is yet."""
        found = None
        for entry in self.roi:
            if entry[0] > minutes:
                break
            found = entry
        return found


def _roi(table: Mapping[Any, float]) -> tuple[tuple[int, float], ...]:
    try:
        return tuple(sorted((int(minutes), float(ratio)) for minutes, ratio in table.items()))
    except (TypeError, ValueError) as error:
        raise BadStrategy(f"minimal_roi {table!r:.200} is not minutes and ratios: {error}") from error


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadStrategy(f"{name} is {value!r}; it must be a number")
    return float(value)


def _parameters(method: Any) -> frozenset[str]:
    code = method.__code__
    return frozenset(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
