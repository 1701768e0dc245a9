"""When a trade is to be left, and at which price: stops, the table of returns, and signals, in freqtrade's order."""

import math
from datetime import datetime
from typing import Any, Final, NamedTuple  # Any: what a callback returns

from sniper_strategy_freqtrade.candle import Candle
from sniper_strategy_freqtrade.rules import Rules
from sniper_strategy_freqtrade.surface.interface import IStrategy
from sniper_strategy_freqtrade.trade import Trade

STOP: Final = "stop_loss"
TRAILED: Final = "trailing_stop_loss"
ROI: Final = "roi"
SIGNAL: Final = "exit_signal"
CUSTOM: Final = "custom_exit"
PARTIAL: Final = "partial_exit"
FORCED: Final = "force_exit"
LIQUIDATION: Final = "liquidation"


class Leave(NamedTuple):
    """Why a trade is to be left. ``kind``: one of the above; ``reason``: as it is written down."""

    kind: str
    reason: str


class Exits:
    """The rules of one strategy. ``whole``: whether candles are looked at once they are over, high and low known."""

    def __init__(self, strategy: IStrategy, rules: Rules, *, whole: bool) -> None:
        self._strategy = strategy
        self._rules = rules
        self._whole = whole

    def due(self, trade: Trade, candle: Candle, now: datetime) -> list[Leave]:
        """All reasons to leave, the first one first: signal, stop, returns, trailing stop. Moves the stop first."""
        rules, rate = self._rules, candle.open
        profit = trade.calc_profit_ratio(rate)
        best = (candle.low if trade.is_short else candle.high) if self._whole else rate
        trade.watch(candle.high, candle.low)
        stopped = self._stopped(trade, candle, now, profit)
        side = 2 if trade.is_short else 1
        enters, leaves = bool(candle.entered & side), bool(candle.leaves & side)
        returned = not (enters and rules.ignore_roi) and self._returned(trade, best, profit, now)
        found: list[Leave] = []
        if rules.exit_signal and not (rules.profit_only and profit <= rules.profit_offset):
            if leaves and not enters:
                found.append(Leave(SIGNAL, candle.exit_tag or SIGNAL))
            elif rules.custom_exit:
                said = self._strategy.custom_exit(
                    pair=trade.pair, trade=trade, current_time=now, current_rate=rate, current_profit=profit
                )
                if said:
                    found.append(Leave(CUSTOM, said if isinstance(said, str) else CUSTOM))
        if stopped in (STOP, LIQUIDATION):
            found.append(Leave(stopped, stopped))
        if returned:
            found.append(Leave(ROI, ROI))
        if stopped == TRAILED:
            found.append(Leave(stopped, stopped))
        return found

    # ---- stops ----

    def move_stop(self, trade: Trade, candle: Candle | None, rate: float, now: datetime, profit: float) -> None:
        """``candle`` None: an order was just filled at ``rate``."""
        rules, short = self._rules, trade.is_short
        trade.adjust_stop_loss(trade.open_rate, rules.stoploss, initial=True)
        if candle is None or not self._whole:
            worst = best = rate
        else:
            worst, best = (candle.high, candle.low) if short else (candle.low, candle.high)
        if not (trade.stop_loss > worst if short else trade.stop_loss < worst):
            return
        if candle is not None and self._whole:
            profit = trade.calc_profit_ratio(best)
        if rules.custom_stop and (candle is not None or rules.stop_after_fill):
            self._custom_stop(trade, now, best, profit, after_fill=candle is None)
        if rules.trailing and not (rules.only_offset and profit < rules.offset):
            positive = rules.positive is not None and profit > rules.offset
            trade.adjust_stop_loss(best, rules.positive if positive else rules.stoploss)

    def _custom_stop(self, trade: Trade, now: datetime, rate: float, profit: float, *, after_fill: bool) -> None:
        told: Any = self._strategy.custom_stoploss(
            pair=trade.pair,
            trade=trade,
            current_time=now,
            current_rate=rate,
            current_profit=profit,
            after_fill=after_fill,
        )
        if told and not math.isnan(told) and not math.isinf(told):
            trade.adjust_stop_loss(rate, told, allow_refresh=after_fill)

    def _stopped(self, trade: Trade, candle: Candle, now: datetime, profit: float) -> str:
        self.move_stop(trade, candle, candle.open, now, profit)
        worst = (candle.high if trade.is_short else candle.low) if self._whole else candle.open
        liquidated = trade.liquidation_price
        if liquidated is not None and (worst >= liquidated if trade.is_short else worst <= liquidated):
            return LIQUIDATION
        if trade.stop_loss <= worst if trade.is_short else trade.stop_loss >= worst:
            return TRAILED if trade.is_stop_loss_trailing else STOP
        return ""

    # ---- the table of returns ----

    def entry_of(self, trade: Trade, minutes: int, now: datetime) -> tuple[int, float] | None:
        """The return that is enough after so many minutes, and since when."""
        rules = self._rules
        found = rules.roi_at(minutes)
        if rules.custom_roi:
            own: Any = self._strategy.custom_roi(
                pair=trade.pair,
                trade=trade,
                current_time=now,
                trade_duration=minutes,
                entry_tag=trade.enter_tag,
                side=trade.trade_direction,
            )
            if own is not None and not math.isnan(own) and not math.isinf(own) and (found is None or own < found[1]):
                return minutes, float(own)
        return found

    def _returned(self, trade: Trade, best: float, profit: float, now: datetime) -> bool:
        entry = self.entry_of(trade, minutes_of(trade, now), now)
        if entry is None:
            return False
        return (trade.calc_profit_ratio(best) if self._whole else profit) > entry[1]

    # ---- prices ----

    def rate(self, trade: Trade, candle: Candle, leave: Leave, now: datetime) -> float | None:
        """At which price within the candle it is left; None: not within this candle."""
        minutes = minutes_of(trade, now)
        if leave.kind in (STOP, TRAILED, LIQUIDATION):
            return self._stop_rate(trade, candle, leave.kind, minutes)
        if leave.kind == ROI:
            return self._return_rate(trade, candle, minutes, now)
        return candle.open

    def _stop_rate(self, trade: Trade, candle: Candle, kind: str, minutes: int) -> float:
        rules, short = self._rules, trade.is_short
        liquidated = trade.liquidation_price if kind == LIQUIDATION else None
        stop = trade.stop_loss if liquidated is None else liquidated
        if stop < candle.low if short else stop > candle.high:
            return candle.open  # the candle opened beyond it
        if kind == TRAILED and minutes == 0:
            # What came first, the high that moved the stop or the low that reached it, nobody knows: it is taken to
            # have moved just far enough, and back.
            sign = -1 if short else 1
            if rules.trailing and not rules.custom_stop and rules.only_offset and rules.offset and rules.positive:
                worst = candle.open * (1 + sign * abs(rules.offset) - sign * abs(rules.positive / trade.leverage))
            else:
                worst = candle.open * (1 - sign * abs((trade.stop_loss_pct or 0.0) / trade.leverage))
            return min(candle.high, worst) if short else max(candle.low, worst)
        return stop

    def _return_rate(self, trade: Trade, candle: Candle, minutes: int, now: datetime) -> float | None:
        entry, short = self.entry_of(trade, minutes, now), trade.is_short
        if entry is None:
            return candle.open
        since, ratio = entry
        on_candle = since % self._rules.minutes == 0
        if ratio == -1 and on_candle:
            return candle.open  # whatever it brings, once so many minutes are over
        wanted = trade.rate_of(ratio)
        better = candle.open < wanted if short else candle.open > wanted
        if minutes > 0 and minutes == since and on_candle and better:
            return candle.open  # a new entry of the table is in force from the opening on
        if minutes == 0 and (
            (candle.open < candle.close and trade.open_rate > candle.open and wanted < candle.close)
            if short
            else (candle.open > candle.close and trade.open_rate < candle.open and wanted > candle.close)
        ):
            return None  # it was entered below the opening, and the high may have come before that
        return min(max(wanted, candle.low), candle.high)


def minutes_of(trade: Trade, now: datetime) -> int:
    """Since it was opened."""
    return int((now - trade.open_date).total_seconds() // 60)
