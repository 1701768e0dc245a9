"""One pool as a value: what it holds, what a trade gives, and what each of its transactions makes of it.

The sources are Curve's contracts: the pool templates of curve-contract, Plain4Basic and MetaUSD of curve-factory, and
CurveStableSwapNG. They charge and round alike but for `Curve.divide_last` and the dynamic fee.
"""

from collections.abc import Sequence
from typing import Any, Final, Self

from msgspec.structs import replace

from sniper.amm import Fraction, NoLiquidity
from sniper.errors import SniperError
from sniper.plugin import Frozen
from sniper_amm_stableswap.invariant import MOST, fits, invariant, slope, solve

E18: Final = 10**18
FEE_ONE: Final = 10**10

_replaced: Any = replace  # Any: a Frozen is a msgspec struct at run time only


class Unfollowable(SniperError, ValueError):
    """What a pool logged does not follow from the state that is kept of it, which is not the pool's any more."""

    code = "stableswap-unfollowable"


class Ramp(Frozen):
    """How A moves: from ``begin`` at second ``since`` straight to ``end`` at second ``until``, contract's parts."""

    begin: int
    end: int
    since: int = 0
    until: int = 0

    def at(self, time: int) -> int:
        """``_A``. Before ``since`` it has not begun."""
        if time >= self.until or self.since >= self.until:
            return self.end
        passed, span = max(time - self.since, 0), self.until - self.since
        if self.end > self.begin:
            return self.begin + (self.end - self.begin) * passed // span
        return self.begin - (self.begin - self.end) * passed // span


class Curve(Frozen):
    """Pure and immutable.

    balances     Without what belongs to the administration, base units.
    rates        What a base unit is worth, so that ``balance * rate / 10**18`` has 18 decimals.
    amplifier    A now, in ``precision`` parts.
    precision    1 in the first pools, then 100.
    divide_last  See `invariant`.
    fee          Parts of 10**10 of the amount out. ``admin_fee``: the administration's share of it, parts of 10**10.
    offpeg       NG's fee multiplier for unbalanced pools, parts of 10**10; up to 10**10: the fee is constant.
    supply       Shares.
    scaled, d    Derived from the above by `at_rest`: balances in 18 decimals, and the invariant, 0 where there is none.
    """

    balances: tuple[int, ...]
    rates: tuple[int, ...]
    amplifier: int
    ramp: Ramp
    precision: int
    divide_last: bool
    fee: int
    admin_fee: int
    offpeg: int
    supply: int
    scaled: tuple[int, ...] = ()
    d: int = 0

    def at_rest(self, **changed: Any) -> Self:
        """The same with these fields, and its derived ones renewed. Any: of the fields' types."""
        if changed:
            with_changes: Self = _replaced(self, **changed)
            return with_changes.at_rest()
        scaled = tuple(rate * balance // E18 for rate, balance in zip(self.rates, self.balances, strict=True))
        try:
            d = invariant(scaled, self.ann, self.precision, divide_last=self.divide_last)
        except NoLiquidity:
            d = 0  # nothing can be traded until all coins are back
        renewed: Self = _replaced(self, scaled=scaled, d=d)
        return renewed

    @property
    def ann(self) -> int:
        return self.amplifier * len(self.balances)

    def at_time(self, time: int) -> Self:
        """The same at that second."""
        amplifier = self.ramp.at(time)
        if amplifier == self.amplifier:
            return self
        return self.at_rest(amplifier=amplifier)

    def with_balances(self, balances: Sequence[int], supply: int) -> Self:
        if any(balance < 0 for balance in balances):
            raise Unfollowable(f"the pool's balances would be {tuple(balances)}: it has to be read again")
        return self.at_rest(balances=tuple(balances), supply=supply)

    # ---- trades ----

    def out(self, i: int, j: int, amount: int) -> int:
        """What ``amount`` of coin i buys of coin j in an ``exchange``. Raises `NoLiquidity` where that reverts."""
        gross, fee = self.bought(i, j, amount)
        return (gross - fee) * E18 // self.rates[j]

    def trade(self, i: int, j: int, amount: int) -> tuple[int, int]:
        """The same, and what goes to the administration."""
        gross, fee = self.bought(i, j, amount)
        rate = self.rates[j]
        return (gross - fee) * E18 // rate, fee * self.admin_fee // FEE_ONE * E18 // rate

    def bought(self, i: int, j: int, amount: int) -> tuple[int, int]:
        """In 18 decimals: what leaves the pool's curve, and the fee of it. Raises as `out`."""
        scaled, d = self.scaled, self.d
        if not d:
            raise NoLiquidity(f"the pool has no liquidity: {self.balances}")
        paid = amount * self.rates[i]
        if paid > MOST:
            fits(paid)
        others = list(scaled)
        others[i] = x = scaled[i] + paid // E18
        del others[j]
        y = solve(others, d, self.amplifier * len(scaled), self.precision)
        gross = scaled[j] - y - 1
        if gross < 0:
            raise NoLiquidity(f"{amount} of coin {i} buys less than nothing of coin {j}, which the pool refuses")
        fee = self.fee
        if self.offpeg > FEE_ONE:
            fee = self.fee_between((scaled[i] + x) // 2, (scaled[j] + y) // 2, fee)
        return gross, gross * fee // FEE_ONE

    def traded(self, i: int, j: int, sold: int, bought: int) -> Self:
        """After an exchange that was logged. Raises `Unfollowable` where this state gives something else."""
        out, kept = self.trade(i, j, sold)
        if out != bought:
            raise Unfollowable(
                f"{sold} of coin {i} bought {bought} of coin {j}, not {out}: the pool has to be read again"
            )
        balances = list(self.balances)
        balances[i] += sold
        balances[j] -= out + kept
        return self.with_balances(balances, self.supply)

    def least_in(self, i: int, j: int, wanted: int) -> int:
        """The least amount of coin i that buys ``wanted`` of coin j: the curve backwards, then what rounding asks."""
        if not self.d or not 0 < wanted < self.balances[j]:
            raise NoLiquidity(f"{wanted} of coin {j} wanted, of which the pool holds {self.balances[j]}")
        step, high = 1, self._about(i, j, wanted)
        while not self._buys(i, j, high, wanted):
            if high > MOST:
                raise NoLiquidity(f"no amount of coin {i} buys {wanted} of coin {j}")
            high, step = high + step, step * 2
        step, low = 1, high - 1
        while low and self._buys(i, j, low, wanted):
            high, low, step = low, max(low - step, 0), step * 2
        while high - low > 1:
            middle = (low + high) // 2
            if self._buys(i, j, middle, wanted):
                high = middle
            else:
                low = middle
        return high

    def price(self, i: int, j: int) -> Fraction:
        """Coin j per coin i at the margin, after the fee, base units."""
        if not self.d:
            raise NoLiquidity(f"no price from balances {self.balances}")
        scaled = self.scaled
        fee = self.fee_between(scaled[i], scaled[j], self.fee)
        marginal = slope(scaled, i, j, self.d, self.ann, self.precision)
        return marginal * Fraction(self.rates[i], self.rates[j]) * Fraction(FEE_ONE - fee, FEE_ONE)

    def fee_between(self, x: int, y: int, fee: int) -> int:
        """``_dynamic_fee`` of NG: ``fee`` where both balances are equal, up to ``offpeg`` times as much where not."""
        if self.offpeg <= FEE_ONE:
            return fee
        square = fits((x + y) ** 2)
        return self.offpeg * fee // (fits((self.offpeg - FEE_ONE) * 4 * x * y) // square + FEE_ONE)

    def _buys(self, i: int, j: int, amount: int, wanted: int) -> bool:
        try:
            return self.out(i, j, amount) >= wanted
        except NoLiquidity:
            return False

    def _about(self, i: int, j: int, wanted: int) -> int:
        scaled = self.scaled
        net = -(-wanted * self.rates[j] // E18)
        fee, x = self.fee_between(scaled[i], scaled[j], self.fee), scaled[i]
        for _ in range(3 if self.offpeg > FEE_ONE else 1):  # the fee depends on the trade that it is for
            y = scaled[j] - 1 - ((net - 1) * FEE_ONE // (FEE_ONE - fee) + 1)
            if y <= 0:
                break
            others = list(scaled)
            others[j] = y
            del others[i]
            x = solve(others, self.d, self.ann, self.precision)
            fee = self.fee_between((scaled[i] + x) // 2, (scaled[j] + y) // 2, self.fee)
        return max(1, (x - scaled[i]) * E18 // self.rates[i])

    # ---- liquidity ----

    def withdrawn(self, i: int, shares: int) -> tuple[int, int]:
        """``_calc_withdraw_one_coin``: what ``shares`` give of coin i alone, and the fee in it, base units."""
        if not self.d or shares > self.supply:
            raise NoLiquidity(f"{shares} of {self.supply} shares cannot be withdrawn in one coin")
        scaled, n = self.scaled, len(self.balances)
        d = self.d - shares * self.d // self.supply
        y = solve(scaled[:i] + scaled[i + 1 :], d, self.ann, self.precision)
        fee = self.fee * n // (4 * (n - 1))
        average = (self.d + d) // (2 * n)
        reduced = []
        for k, x in enumerate(scaled):
            if k == i:
                expected, middle = x * d // self.d - y, (x + y) // 2
            else:
                expected, middle = x - x * d // self.d, x
            reduced.append(x - self.fee_between(middle, average, fee) * expected // FEE_ONE)
        gross = (scaled[i] - y) * E18 // self.rates[i]
        left = reduced.pop(i) - solve(reduced, d, self.ann, self.precision) - 1
        net = left * E18 // self.rates[i]
        return net, gross - net

    def after_deposit(self, amounts: Sequence[int], fees: Sequence[int], supply: int) -> Self:
        return self._moved(amounts, fees, supply)

    def after_withdrawal(self, amounts: Sequence[int], fees: Sequence[int], supply: int) -> Self:
        return self._moved([-amount for amount in amounts], fees, supply)

    def after_withdrawal_of_one(self, i: int, shares: int, received: int) -> Self:
        """Raises `Unfollowable` where this state gives something else for ``shares``."""
        net, fee = self.withdrawn(i, shares)
        if net != received:
            raise Unfollowable(f"{shares} shares gave {received} of coin {i}, not {net}: the pool has to be read again")
        balances = list(self.balances)
        balances[i] -= net + fee * self.admin_fee // FEE_ONE
        return self.with_balances(balances, self.supply - shares)

    def _moved(self, amounts: Sequence[int], fees: Sequence[int], supply: int) -> Self:
        """``fees`` may be missing; of those that are there the administration takes its share."""
        shares = [fee * self.admin_fee // FEE_ONE for fee in fees] or [0] * len(amounts)
        moved = zip(self.balances, amounts, shares, strict=True)
        return self.with_balances([balance + amount - share for balance, amount, share in moved], supply)
