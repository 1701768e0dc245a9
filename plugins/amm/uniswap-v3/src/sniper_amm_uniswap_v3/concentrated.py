"""What all pools of concentrated liquidity have in common: their state, and exact quotes from it."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Final

from sniper.amm import Amm, Fraction, NoLiquidity, Segment, Unpriced
from sniper_amm_uniswap_v3.step import ONE, amount0, amount1
from sniper_amm_uniswap_v3.table import Table
from sniper_amm_uniswap_v3.tick import (
    MAX_SQRT_RATIO,
    MIN_SQRT_RATIO,
    Ticks,
    changed,
    next_initialised,
    sqrt_ratio_at_tick,
)

_Q192: Final = 2**192


class Concentrated(Amm):
    """One pool of Uniswap V3's kind. A subclass says its fee, and follows the logs of its contract.

    tick_spacing    Positions end at multiples of it.
    sqrt_price_x96  Square root of coin 1 per coin 0 as Q64.96; 0 until the pool is initialised.
    tick            Index of the current tick: it says which side of a boundary a price on it belongs to.
    liquidity       In range at ``tick``.
    ticks           Initialised ticks: index, gross and net liquidity. Replaced as a whole, never changed in place.
    down, up        Prefix sums in both directions of the price, made by the first quote.

    max_amount      The most that the contract can count of a coin in one swap.
    words           Whether steps also end at the edges of the words of a tick bitmap.
    """

    derived: ClassVar[tuple[str, ...]] = ("down", "up")
    max_amount: ClassVar[int] = 2**255 - 1
    words: ClassVar[bool] = True

    tick_spacing: int
    sqrt_price_x96: int = 0
    tick: int = 0
    liquidity: int = 0
    ticks: Ticks = ()
    down: Table | None = None
    up: Table | None = None

    @abstractmethod
    def swap_fee(self, downwards: bool) -> int:
        """What a swap in this direction of the price pays, parts of a million of the amount in."""

    def refusal(self) -> str:
        """Why this pool is not priced, or an empty string."""
        return ""

    def amount_out(self, i: int, j: int, amount_in: int) -> int:
        """May be 0: the contract takes an amount that is too small to buy anything."""
        table = self._table(i < j, amount_in)
        paid, received = table.exact_in(self.sqrt_price_x96, self.tick, self.liquidity, amount_in)
        if paid != amount_in:
            raise NoLiquidity(f"the pool takes only {paid} of {amount_in}, then its liquidity ends")
        if received > self.max_amount:
            raise NoLiquidity(f"the pool would give {received}, more than the contract counts: {self.max_amount}")
        return received

    def amount_in(self, i: int, j: int, amount_out: int) -> int:
        table = self._table(i < j, amount_out)
        paid, received = table.exact_out(self.sqrt_price_x96, self.tick, self.liquidity, amount_out)
        if received != amount_out:
            raise NoLiquidity(f"the pool gives only {received} of {amount_out}, then its liquidity ends")
        if paid > self.max_amount:
            raise NoLiquidity(f"the pool would take {paid}, more than the contract counts: {self.max_amount}")
        return paid

    def most_in(self, i: int, j: int) -> int:
        if not self.sqrt_price_x96 or self.refusal():
            return 0
        table, state = self._table(i < j, 1), (self.sqrt_price_x96, self.tick, self.liquidity)
        paid, received = table.all(*state)
        most = min(paid, self.max_amount)
        if received <= self.max_amount:
            return most
        fits = 0
        while fits < most:
            middle = (fits + most + 1) // 2
            fits, most = (middle, most) if table.exact_in(*state, middle)[1] <= self.max_amount else (fits, middle - 1)
        return fits

    def price(self, i: int, j: int) -> Fraction:
        """Where the current tick has no liquidity: the price at which the next liquidity in this direction begins."""
        downwards = i < j
        self._check()
        for near, _, liquidity in self._ranges(downwards):
            if liquidity:
                squares = (near * near, _Q192) if downwards else (_Q192, near * near)
                return Fraction(squares[0] * (ONE - self.swap_fee(downwards)), squares[1] * ONE)
        raise NoLiquidity(f"no liquidity for coin {i} against coin {j}")

    def reserve(self, i: int) -> int:
        """All liquidity on this coin's side of the price, rounded down once per range of constant liquidity; a swap
        that takes everything rounds more often and gives a few units less."""
        if self.refusal():
            return 0
        if i == 1:
            return sum(amount1(far, near, liquidity, up=False) for near, far, liquidity in self._ranges(True))
        return sum(amount0(near, far, liquidity, up=False) for near, far, liquidity in self._ranges(False))

    def segments(self, i: int, j: int) -> tuple[Segment, ...]:
        """Within constant liquidity L the curve is x·y = k, x = L / √p and y = L·√p (Uniswap v3 whitepaper, 6.2)."""
        downwards = i < j
        kept = (ONE - self.swap_fee(downwards)) / ONE
        if not self.sqrt_price_x96 or self.refusal() or not kept:
            return ()
        found = []
        for near, far, liquidity in self._ranges(downwards):
            if not liquidity:
                continue
            shifted, coin0, coin1 = liquidity << 96, (liquidity << 96) / near, liquidity * near / (1 << 96)
            if downwards:
                found.append(Segment(coin0, coin1, kept, shifted * (near - far) / (near * far) / kept))
            else:
                found.append(Segment(coin1, coin0, kept, liquidity * (far - near) / (1 << 96) / kept))
        return tuple(found)

    def _check(self) -> None:
        reason = self.refusal() if self.sqrt_price_x96 else "the pool is not initialised"
        if reason:
            raise Unpriced(reason)

    def _table(self, downwards: bool, amount: int) -> Table:
        if not 0 < amount <= self.max_amount:
            raise NoLiquidity(f"{amount} is not within 1 … {self.max_amount}")
        table = self.down if downwards else self.up
        if table is None:
            self._check()
            fee = self.swap_fee(downwards)
            table = Table(self.ticks, self.tick_spacing, fee, downwards=downwards, words=self.words)
            if downwards:
                self.down = table
            else:
                self.up = table
        return table

    def _fee_changed(self) -> None:
        for downwards, table in ((True, self.down), (False, self.up)):
            if table is not None:
                table.change_fee(self.swap_fee(downwards))

    def _ranges(self, downwards: bool) -> Iterator[tuple[int, int, int]]:
        """Ranges of constant liquidity from the price to the last: price where it begins, where it ends, liquidity."""
        price, tick, liquidity = self.sqrt_price_x96, self.tick, self.liquidity
        limit = MIN_SQRT_RATIO + 1 if downwards else MAX_SQRT_RATIO - 1
        while price and (found := next_initialised(self.ticks, tick, downwards)) is not None:
            stop, net = found
            far = sqrt_ratio_at_tick(stop)
            far = max(far, limit) if downwards else min(far, limit)
            if far != price:
                yield price, far, liquidity
            price, tick, liquidity = far, stop - downwards, liquidity + (-net if downwards else net)

    def _change_position(self, lower: int, upper: int, amount: int) -> None:
        """``UniswapV3Pool._modifyPosition``: ``amount`` of liquidity more (or, negative, less) between two ticks."""
        ticks = changed(self.ticks, lower, amount, amount)
        self.ticks = changed(ticks, upper, amount, -amount)
        if lower <= self.tick < upper:
            self.liquidity += amount
        for table in (self.down, self.up):
            if table is not None:
                table.change_position(self.ticks, lower, upper)
