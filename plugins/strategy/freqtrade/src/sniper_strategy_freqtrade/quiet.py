"""Candles in which nothing can happen to a trade: found by comparing prices, instead of asking each rule in each.

What is said to be quiet is quiet; what is not may still be. So bounds are a little nearer than where a rule holds, and
what lies within is asked exactly.
"""

from bisect import bisect_left
from itertools import accumulate
from typing import Final

from sniper_strategy_freqtrade.analysis import Columns
from sniper_strategy_freqtrade.rules import Rules
from sniper_strategy_freqtrade.trade import Trade

_NEAR: Final = 1e-7
"""Part of a price within which a ratio, which is rounded to eight places, may be on either side of a bound."""
_DEEP: Final = -0.9
"""Of returns below it that part is not enough."""


class Quiet:
    """For the trades of one pair. ``alone``: whether no other pair is traded, whose callbacks could look at them."""

    def __init__(self, rules: Rules, *, stacking: bool, alone: bool) -> None:
        self._rules = rules
        self._stacking = stacking
        tighter = rules.only_offset or rules.positive is None or rules.positive <= abs(rules.stoploss)
        self._ever = not rules.asked and not rules.loops and (alone or not rules.calls) and tighter

    def skip(self, trades: list[Trade], columns: Columns, row: int) -> int:
        """The first row from ``row`` on in which something may happen to one of them; until then their stops follow."""
        if not self._ever or any(
            trade.is_short or trade.liquidation_price is not None or not trade.stop_loss or trade.has_open_orders
            for trade in trades
        ):
            return row
        end = len(columns.times)
        if self._stacking:
            following = bisect_left(columns.entries, row)
            end = columns.entries[following] if following < len(columns.entries) else end
        for trade in trades:
            end = self._until(trade, columns, row, end)
        if end > row:
            for trade in trades:
                self._follow(trade, columns, row, end)
        return end

    def _until(self, trade: Trade, columns: Columns, row: int, end: int) -> int:
        times, look = columns.times, self._trailing if self._rules.trailing else self._fixed
        opened, table = int(trade.open_date.timestamp() * 1000), self._rules.roi
        stop = trade.stop_loss
        for number in range(-1, len(table)):
            begin = row if number < 0 else bisect_left(times, opened + table[number][0] * 60_000, row)
            over = end
            if number + 1 < len(table):
                over = min(end, bisect_left(times, opened + table[number + 1][0] * 60_000, row))
            if begin >= over:
                continue
            target = float("inf")
            if number >= 0:
                ratio = table[number][1]
                if ratio < _DEEP:
                    return begin
                target = _rate_at(trade, ratio) * (1 - _NEAR)
            found, stop = look(trade, columns, begin, over, stop, target)
            if found < over:
                return found
        return end

    def _fixed(
        self, trade: Trade, columns: Columns, begin: int, over: int, stop: float, target: float
    ) -> tuple[int, float]:
        low, high = columns.low, columns.high
        if not self._rules.exit_signal:
            for row in range(begin, over):
                if low[row] <= stop or high[row] >= target:
                    return row, stop
            return over, stop
        leaves = columns.leaves
        for row in range(begin, over):
            if low[row] <= stop or high[row] >= target or leaves[row]:
                return row, stop
        return over, stop

    def _trailing(
        self, trade: Trade, columns: Columns, begin: int, over: int, stop: float, target: float
    ) -> tuple[int, float]:
        """``stop`` is a bound of where it may be by now: a tick or two above."""
        low, high, leaves, signals = columns.low, columns.high, columns.leaves, self._rules.exit_signal
        below, beyond, nearer, farther = self._zones(trade)
        room, best = 2 * float(trade.steps.tick), 0.0
        for row in range(begin, over):
            highest = high[row]
            if highest > best:
                best = highest
                if highest > beyond:
                    stop = max(stop, highest * nearer + room)
                elif highest >= below:
                    return row, stop
                elif farther:
                    stop = max(stop, highest * farther + room)
            if low[row] <= stop or highest >= target or (signals and leaves[row]):
                return row, stop
        return over, stop

    def _zones(self, trade: Trade) -> tuple[float, float, float, float]:
        """Around the price of the offset, and which parts of a price above and below it the stop is; 0: unmoved."""
        rules = self._rules
        at = _rate_at(trade, rules.offset)
        wide = 1 - abs(rules.stoploss / trade.leverage)
        near = wide if rules.positive is None else 1 - abs(rules.positive / trade.leverage)
        return at * (1 - _NEAR), at * (1 + _NEAR), near, 0.0 if rules.only_offset else wide

    def _follow(self, trade: Trade, columns: Columns, begin: int, end: int) -> None:
        highs = columns.high[begin:end]
        trade.watch(max(highs), min(columns.low[begin:end]))
        if not self._rules.trailing:
            return
        rules = self._rules
        _, beyond, near, far = self._zones(trade)
        records = list(dict.fromkeys(accumulate(highs, max)))
        last = records[-1]
        least = last * (near if last > beyond else far) - 2 * float(trade.steps.tick)
        for high in records:
            above = high > beyond
            if high * (near if above else far) >= least and (above or far):
                positive = above and rules.positive is not None
                trade.adjust_stop_loss(high, rules.positive if positive else rules.stoploss)


def _rate_at(trade: Trade, ratio: float) -> float:
    """The price at which closing gains this ratio: `Trade.calc_profit_ratio` the other way round."""
    return trade.open_trade_value * (1 + ratio / trade.leverage) / (trade.amount * (1 - trade.fee_close))
