"""Prefix sums over the steps of a swap, so that a quote is two bisections and one partial step instead of a walk.

A step that is taken as a whole pays and gives the same whatever is left afterwards, and it is taken as a whole exactly
where what is left is at least what it takes, fee included::

    remaining * (ONE - fee) // ONE >= needed   <=>   remaining >= needed + ceil(needed * fee / (ONE - fee))

So a walk (`sniper_amm_uniswap_v3.swap`, which this equals to the unit) is the rest of the step in which the price lies,
whole steps, and one that is cut short. Steps end at initialised ticks and at the edges of the bitmap's words, wherever
the price is: it may move without changing a sum.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from sniper_amm_uniswap_v3.step import ONE, amount0, amount1, price_after_input, price_after_output, step_in, step_out
from sniper_amm_uniswap_v3.swap import swap
from sniper_amm_uniswap_v3.tick import (
    MAX_SQRT_RATIO,
    MIN_SQRT_RATIO,
    Ticks,
    next_initialised,
    next_stop,
    sqrt_ratio_at_tick,
)

LIMIT: Final = 2048
"""Stops that a table holds, about half a megabyte; what lies beyond is walked."""
_ALL: Final = 1 << 512
"""More than any pool takes."""

_Stop = tuple[int, int, int, int, int]
"""Key, price, liquidity behind it; what the step that ends here needs without its fee, and gives."""


class Table:
    """The steps in one direction, as far as quotes have asked, each computed once.

    Stops are numbered in the order in which a swap meets them; ``key`` is the tick upwards and its negative downwards,
    so that keys ascend. For stop n: ``needed[n]`` is what the step that ends there takes without the fee, ``paid[n]``
    and ``received[n]`` are sums over all steps before it, from an origin that means nothing. ``begin`` is the first key
    that could be a stop of this table: nearer ones may be missing.

    It is derived state (`sniper.plugin.State.derived`), for the pool that tells it of each change but its price.
    """

    __slots__ = (
        "_at", "_begin", "_downwards", "_end", "_ended", "_fee", "_first_paid", "_first_received", "_keys", "_limit",
        "_liquidities", "_needed", "_paid", "_prices", "_received", "_spacing", "_start", "_ticks", "_words",
    )  # fmt: skip

    _keys: list[int]
    _prices: list[int]
    _liquidities: list[int]
    _needed: list[int]
    _paid: list[int]
    _received: list[int]
    _at: tuple[int, int, int] | None
    """Price, tick and liquidity for which ``_start`` and ``_first_…`` were found."""
    _end: tuple[int, int] | None
    """``_paid`` and ``_received`` where the liquidity ends."""

    def __init__(self, ticks: Ticks, spacing: int, fee: int, *, downwards: bool, words: bool = True) -> None:
        """``fee`` is below the whole; ``words``: as for `swap`."""
        self._ticks, self._spacing, self._fee, self._downwards = ticks, spacing, fee, downwards
        self._words = words
        self._limit = MIN_SQRT_RATIO + 1 if downwards else MAX_SQRT_RATIO - 1
        self._clear(0)

    def __eq__(self, other: object) -> bool:
        """What is derived makes no two states differ."""
        return other is None or isinstance(other, Table)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def exact_in(self, price: int, tick: int, liquidity: int, amount: int) -> tuple[int, int]:
        """What `swap` pays and gives for ``amount`` in, base units; it pays less where the pool's liquidity ends."""
        if self._at != (price, tick, liquidity):
            self._place(price, tick, liquidity)
        if amount < self._first_paid:
            target = self._prices[self._start]
            return step_in(price, target, liquidity, amount, self._fee)[1:]
        if not self._keys:
            return 0, 0
        start = self._start
        before = self._paid[start] - self._first_paid
        given = self._received[start] - self._first_received
        goal = before + amount
        while self._paid[-1] <= goal and self._extend(goal, _ALL):
            start = self._start
        last = bisect_right(self._paid, goal, start) - 1
        paid, received = self._paid[last] - before, self._received[last] - given
        if paid == amount:
            return paid, received
        if last + 1 < len(self._keys):
            near, depth = self._prices[last], self._liquidities[last]
            after = price_after_input(near, depth, (amount - paid) * (ONE - self._fee) // ONE, self._downwards)
            return amount, received + self._given(near, after, depth)
        more_paid, more_received = self._beyond(amount - paid, exact_in=True)
        return paid + more_paid, received + more_received

    def exact_out(self, price: int, tick: int, liquidity: int, amount: int) -> tuple[int, int]:
        """What `swap` pays and gives for ``amount`` out, base units; it gives less where the pool's liquidity ends."""
        if self._at != (price, tick, liquidity):
            self._place(price, tick, liquidity)
        if amount <= self._first_received:
            target = self._prices[self._start]
            return step_out(price, target, liquidity, amount, self._fee)[1:]
        if not self._keys:
            return 0, 0
        start = self._start
        before = self._received[start] - self._first_received
        spent = self._paid[start] - self._first_paid
        goal = before + amount
        while self._received[-1] < goal and self._extend(_ALL, goal):
            start = self._start
        # A walk ends at the first stop that completes the amount, even where the next step would give nothing.
        last = bisect_left(self._received, goal, start)
        if last < len(self._keys):
            if self._received[last] == goal:
                return self._paid[last] - spent, amount
            last -= 1
            near, depth = self._prices[last], self._liquidities[last]
            after = price_after_output(near, depth, goal - self._received[last], self._downwards)
            return self._paid[last] - spent + self._with_fee(self._taken(near, after, depth)), amount
        paid, received = self._paid[-1] - spent, self._received[-1] - before
        more_paid, more_received = self._beyond(amount - received, exact_in=False)
        return paid + more_paid, received + more_received

    def all(self, price: int, tick: int, liquidity: int) -> tuple[int, int]:
        """All that the pool takes until its liquidity ends, and all that it gives for it, base units."""
        if self._at != (price, tick, liquidity):
            self._place(price, tick, liquidity)
        if not self._keys:
            return 0, 0
        if self._end is None:
            paid, received = self._beyond(_ALL, exact_in=True)
            self._end = self._paid[-1] + paid, self._received[-1] + received
        paid, received = self._end
        start = self._start
        return (
            paid - self._paid[start] + self._first_paid,
            received - self._received[start] + self._first_received,
        )

    def change_fee(self, fee: int) -> None:
        """The steps stay, what is paid for them does not."""
        if fee != self._fee:
            self._fee, self._at, self._end = fee, None, None
            self._paid = list(accumulate(map(self._with_fee, self._needed[1:]), initial=0)) if self._keys else []

    def change_position(self, ticks: Ticks, lower: int, upper: int) -> None:
        """``ticks`` after liquidity between two of them was added or removed: only steps between these change."""
        self._ticks, self._at = ticks, None
        if not self._keys:
            return
        near, far = (-upper, -lower) if self._downwards else (lower, upper)
        beyond = bisect_right(self._keys, far)
        before = bisect_left(self._keys, near) - 1
        if beyond == len(self._keys):
            self._cut(before + 1)
            self._end = None
        elif before < 0:
            if far >= self._begin:  # the front is made again from wherever the price then is
                self._drop_front(beyond)
        else:
            self._join(before, self._tick_behind(before), self._prices[before], self._liquidities[before], beyond)

    def _clear(self, begin: int) -> None:
        self._keys, self._prices, self._liquidities, self._needed, self._paid, self._received = [], [], [], [], [], []
        self._begin, self._start, self._first_paid, self._first_received = begin, 0, 0, 0
        self._at = self._end = None
        self._ended = False

    def _lists(self) -> tuple[list[int], ...]:
        return self._keys, self._prices, self._liquidities, self._needed, self._paid, self._received

    def _cut(self, stop: int) -> None:
        """Forget this stop and all behind it."""
        for values in self._lists():
            del values[stop:]
        self._ended = False

    def _drop_front(self, stop: int) -> None:
        """Forget all before this stop."""
        for values in self._lists():
            del values[:stop]
        self._begin = self._keys[0]

    def _place(self, price: int, tick: int, liquidity: int) -> None:
        """Find the step in which the price lies, and what is left of it."""
        begin = -tick if self._downwards else tick + 1
        if not self._keys or begin > self._keys[-1]:
            self._restart(price, tick, liquidity, begin)
        elif begin < self._begin:
            self._begin = begin
            if not self._join(-1, tick, price, liquidity, 0):
                self._restart(price, tick, liquidity, begin)
        if self._keys:
            self._start = bisect_left(self._keys, begin)
            target = self._prices[self._start]
            self._first_paid = self._with_fee(self._taken(price, target, liquidity))
            self._first_received = self._given(price, target, liquidity)
        self._at = price, tick, liquidity

    def _restart(self, price: int, tick: int, liquidity: int, begin: int) -> None:
        self._clear(begin)
        for key, stop, behind, _, _ in self._stops(tick, price, liquidity):
            for values, first in zip(self._lists(), (key, stop, behind, 0, 0, 0), strict=True):
                values.append(first)
            return

    def _extend(self, paid: int, received: int) -> bool:
        """Append steps until one of the two sums is passed; False where none can be appended."""
        if self._ended:
            return False
        if len(self._keys) >= LIMIT:
            if not self._start:
                return False
            self._drop_front(self._start)
            self._start = 0
        room = LIMIT - len(self._keys)
        last = len(self._keys) - 1
        for key, price, liquidity, needed, given in self._stops(
            self._tick_behind(last), self._prices[last], self._liquidities[last]
        ):
            self._keys.append(key)
            self._prices.append(price)
            self._liquidities.append(liquidity)
            self._needed.append(needed)
            self._paid.append(self._paid[-1] + self._with_fee(needed))
            self._received.append(self._received[-1] + given)
            room -= 1
            if not room or self._paid[-1] > paid or self._received[-1] >= received:
                return True
        self._ended = True
        return False

    def _join(self, before: int, tick: int, price: int, liquidity: int, beyond: int) -> bool:
        """Make the stops between two that stay (or from the given price, before all) anew; False where none meets the
        second, or too many come first."""
        goal = self._keys[beyond]
        made: list[_Stop] = []
        for stop in self._stops(tick, price, liquidity):
            made.append(stop)
            if stop[0] >= goal or len(made) == LIMIT:
                break
        if not made or made[-1][0] != goal:
            self._cut(before + 1)
            self._end = None
            return False
        keys, prices, liquidities, needed, given = map(list, zip(*made, strict=True))
        # The step into the first stop of all belongs to no sum: only what is left of it is ever paid.
        steps = needed if before >= 0 else needed[1:]
        gifts = given if before >= 0 else given[1:]
        origin = self._paid[before] if before >= 0 else 0
        paid = list(accumulate(map(self._with_fee, steps), initial=origin))[before >= 0 :]
        origin = self._received[before] if before >= 0 else 0
        received = list(accumulate(gifts, initial=origin))[before >= 0 :]
        more_paid, more_received = paid[-1] - self._paid[beyond], received[-1] - self._received[beyond]
        if before < 0:  # what is in front is counted back from what stays
            paid = [total - more_paid for total in paid]
            received = [total - more_received for total in received]
        else:
            self._paid[beyond:] = [total + more_paid for total in self._paid[beyond:]]
            self._received[beyond:] = [total + more_received for total in self._received[beyond:]]
            if self._end is not None:
                self._end = self._end[0] + more_paid, self._end[1] + more_received
        fresh = (keys, prices, liquidities, needed, paid, received)
        for values, some in zip(self._lists(), fresh, strict=True):
            values[before + 1 : beyond + 1] = some
        if len(self._keys) > LIMIT:
            self._cut(LIMIT)
        return True

    def _stops(self, tick: int, price: int, liquidity: int) -> Iterator[_Stop]:
        """The steps from a price to the end, as `swap` takes them."""
        ticks, spacing, words = self._ticks, self._spacing, self._words
        downwards, limit = self._downwards, self._limit
        while price != limit:
            if liquidity and words:
                stop, net = next_stop(ticks, tick, spacing, downwards)
            elif (found := next_initialised(ticks, tick, downwards)) is not None:
                stop, net = found
            else:
                return
            near, price = price, sqrt_ratio_at_tick(stop)
            if downwards:
                price = max(price, limit)
                needed, given = amount0(price, near, liquidity, up=True), amount1(price, near, liquidity, up=False)
                liquidity, tick = liquidity - net, stop - 1
                yield -stop, price, liquidity, needed, given
            else:
                price = min(price, limit)
                needed, given = amount1(near, price, liquidity, up=True), amount0(near, price, liquidity, up=False)
                liquidity, tick = liquidity + net, stop
                yield stop, price, liquidity, needed, given

    def _beyond(self, amount: int, *, exact_in: bool) -> tuple[int, int]:
        """What lies behind the last stop, walked."""
        last = len(self._keys) - 1
        if self._ended:
            return 0, 0
        return swap(
            amount,
            price=self._prices[last],
            tick=self._tick_behind(last),
            liquidity=self._liquidities[last],
            ticks=self._ticks,
            spacing=self._spacing,
            fee=self._fee,
            downwards=self._downwards,
            exact_in=exact_in,
            words=self._words,
        )

    def _tick_behind(self, stop: int) -> int:
        return -self._keys[stop] - 1 if self._downwards else self._keys[stop]

    def _with_fee(self, needed: int) -> int:
        return needed + -(-needed * self._fee // (ONE - self._fee))

    def _taken(self, near: int, far: int, liquidity: int) -> int:
        if self._downwards:
            return amount0(far, near, liquidity, up=True)
        return amount1(near, far, liquidity, up=True)

    def _given(self, near: int, far: int, liquidity: int) -> int:
        if self._downwards:
            return amount1(far, near, liquidity, up=False)
        return amount0(near, far, liquidity, up=False)
