"""One stable pool of Curve: its state, kept by its logs and those of its base pool, and its exact quotes."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

from sniper.amm import Amm, Chain, Change, Found, Fraction, NoLiquidity, Self, Unpriced, on_log
from sniper_amm_stableswap.config import StableswapConfig
from sniper_amm_stableswap.curve import E18, FEE_ONE, Curve, Ramp, Unfollowable
from sniper_amm_stableswap.invariant import MOST
from sniper_amm_stableswap.reading import read_pool

_EXCHANGE: Final = (
    "TokenExchange(address indexed buyer, int128 sold_id, uint256 tokens_sold, int128 bought_id, uint256 tokens_bought)"
)
NOBODY: Final = "0x" + "00" * 20


class Stableswap(Amm):
    """A plain pool, a metapool (its coins are its own and the base pool's share) or an NG pool.

    curve         What it holds and charges.
    base_address  Of a metapool: the base pool. The zero address where there is none.
    base          The base pool, whose virtual price is the rate of coin 1.
    base_rate     That price before the base pool's newest log, and ``base_moved``, the shares that this log minted or
                  burned: what a trade through both pools was made at.
    moving        Whether rates change without a log.
    rates_at      Second of the block that the rates were read in; 0 until `on_block` has said so.
    now           Second of the newest block.
    contradicted  Whether a log did not agree with rates that move: nothing is followed or quoted until a new reading.

    Any other log that contradicts the state raises `Unfollowable`: the kernel then forgets the pool and reads it again.
    """

    swap_gas: ClassVar[int] = 180_000
    deadline_s: ClassVar[int] = 20

    config: StableswapConfig
    curve: Curve
    base_address: str = NOBODY
    base: Curve | None = None
    base_rate: int = 0
    base_moved: int = 0
    moving: bool = False
    rates_at: int = 0
    now: int = 0
    contradicted: bool = False

    @classmethod
    async def load(cls, address: str, chain: Chain, config: StableswapConfig) -> Found[Self]:
        """Reads what the pool offers, tells its version by that, and lets it quote: one that quotes otherwise than
        every known version is refused."""
        found = await read_pool(address, chain, config)
        amm = cls(
            config=config,
            curve=found.curve,
            base_address=found.base_address or NOBODY,
            base=found.base,
            base_rate=found.curve.rates[1] if found.base else 0,
            moving=found.moving,
        )
        return Found(pool=address, coins=found.coins, amm=amm)

    def follows(self) -> dict[str, str]:
        return {} if self.base is None else {"base": self.base_address}

    def on_block(self, timestamp: int) -> None:
        """A that ramps is the newest block's; it is to come before the logs of its block."""
        self.now = timestamp
        if self.moving and not self.rates_at:
            self.rates_at = timestamp
        self.curve = self.curve.at_time(timestamp)
        if self.base is not None:
            self._set_base(self.base.at_time(timestamp))

    def outdated(self) -> bool:
        """After half of the time for which rates are believed, so that the other half is left for reading them anew; or
        at once, where a trade has shown that they moved."""
        return self.moving and (self.contradicted or 2 * (self.now - self.rates_at) >= self.config.rate_seconds)

    # ---- logs of one signature only; those that differ by the number of coins are below ----

    @on_log(_EXCHANGE)
    def exchanged(self, buyer: str, i: int, sold: int, j: int, bought: int) -> Change:
        return self._follow(lambda curve: _traded(curve, i, j, sold, bought))

    @on_log(_EXCHANGE, of="base")
    def base_exchanged(self, buyer: str, i: int, sold: int, j: int, bought: int) -> Change:
        return self._follow_base(lambda curve: _traded(curve, i, j, sold, bought))

    @on_log(
        "TokenExchangeUnderlying(address indexed buyer, int128 sold_id, uint256 tokens_sold, int128 bought_id,"
        " uint256 tokens_bought)"
    )
    def exchanged_underlying(self, buyer: str, i: int, sold: int, j: int, bought: int) -> Change:
        """Through the base pool, whose log came before this one: coin 0 against shares, at the rate from before it."""
        if i and j:
            return None  # within the base pool

        def traded(curve: Curve) -> Curve:
            then = curve.at_rest(rates=(curve.rates[0], self.base_rate))
            paid = self.base_moved if i else sold
            out, kept = then.trade(min(i, 1), min(j, 1), paid)
            expected = self.base_moved if j else bought
            if out != expected:
                raise Unfollowable(
                    f"{paid} bought {expected} through the base pool, not {out}: the pool has to be read again"
                )
            changed = [paid, -out - kept] if i == 0 else [-out - kept, paid]
            balances = [balance + change for balance, change in zip(curve.balances, changed, strict=True)]
            return curve.with_balances(balances, curve.supply)

        return self._follow(traded)

    @on_log("RampA(uint256 old_A, uint256 new_A, uint256 initial_time, uint256 future_time)")
    def ramped(self, old: int, new: int, since: int, until: int) -> Change:
        return self._follow(_ramping(Ramp(begin=old, end=new, since=since, until=until), max(self.now, since)))

    @on_log("RampA(uint256 old_A, uint256 new_A, uint256 initial_time, uint256 future_time)", of="base")
    def base_ramped(self, old: int, new: int, since: int, until: int) -> Change:
        return self._follow_base(_ramping(Ramp(begin=old, end=new, since=since, until=until), max(self.now, since)))

    @on_log("StopRampA(uint256 A, uint256 t)")
    def ramp_stopped(self, a: int, time: int) -> Change:
        return self._follow(_ramping(Ramp(begin=a, end=a, since=time, until=time), time))

    @on_log("StopRampA(uint256 A, uint256 t)", of="base")
    def base_ramp_stopped(self, a: int, time: int) -> Change:
        return self._follow_base(_ramping(Ramp(begin=a, end=a, since=time, until=time), time))

    @on_log("NewFee(uint256 fee, uint256 admin_fee)")
    def charged(self, fee: int, admin_fee: int) -> Change:
        return self._follow(lambda curve: curve.at_rest(fee=fee, admin_fee=admin_fee))

    @on_log("NewFee(uint256 fee, uint256 admin_fee)", of="base")
    def base_charged(self, fee: int, admin_fee: int) -> Change:
        return self._follow_base(lambda curve: curve.at_rest(fee=fee, admin_fee=admin_fee))

    @on_log("ApplyNewFee(uint256 fee)")
    def fee_applied(self, fee: int) -> Change:
        return self._follow(lambda curve: curve.at_rest(fee=fee))

    @on_log("ApplyNewFee(uint256 fee, uint256 offpeg_fee_multiplier)")
    def fees_applied(self, fee: int, offpeg: int) -> Change:
        return self._follow(lambda curve: curve.at_rest(fee=fee, offpeg=offpeg))

    # ---- quotes ----

    def amount_out(self, i: int, j: int, amount_in: int) -> int:
        """What ``exchange`` gives; may be 0. In the first pools ``get_dy`` rounds the fee otherwise, by a unit."""
        if amount_in <= 0:
            raise NoLiquidity(f"no output for {amount_in}")
        if self.moving:
            self._believe()
        return self.curve.out(i, j, amount_in)

    def amount_in(self, i: int, j: int, amount_out: int) -> int:
        if self.moving:
            self._believe()
        return self.curve.least_in(i, j, amount_out)

    def most_in(self, i: int, j: int) -> int:
        """Where the scaling by the rate overflows; with NG's dynamic fee, which squares balances, by bisection."""
        low, high = 0, MOST // self.curve.rates[i]
        if not self.curve.d:
            return 0
        if self.curve.offpeg <= FEE_ONE:
            return high
        while low < high:
            middle = (low + high + 1) // 2
            try:
                self.amount_out(i, j, middle)
            except NoLiquidity:
                high = middle - 1
            else:
                low = middle
        return low

    def price(self, i: int, j: int) -> Fraction:
        """From the invariant's derivative, see `invariant.slope`, after the fee of an infinitely small trade."""
        if self.moving:
            self._believe()
        return self.curve.price(i, j)

    def reserve(self, i: int) -> int:
        return self.curve.balances[i]

    def venue_data(self, i: int, j: int) -> int:
        """The coins' numbers, which ``exchange`` takes: ``i`` in the low byte, ``j`` in the next."""
        return j << 8 | i

    # ---- how logs change the state ----

    def _believe(self) -> None:
        if self.contradicted:
            raise Unpriced("its rates have moved without a log, as a log since has shown; read the pool again")
        if self.now - self.rates_at > self.config.rate_seconds:
            raise Unpriced(
                f"its rates were read {self.now - self.rates_at} s ago and move without a log; read the pool again"
            )

    def _follow(self, change: Callable[[Curve], Curve], moved: Change = None) -> Change:
        if not self.contradicted:
            try:
                self.curve = change(self.curve)
            except Unfollowable:
                if not self.moving:
                    raise
                self.contradicted = True
        return moved

    def _follow_base(self, change: Callable[[Curve], Curve]) -> Change:
        assert self.base is not None  # a log of "base" comes only where there is one
        changed = change(self.base)
        self.base_rate = self.curve.rates[1]
        self.base_moved = abs(changed.supply - self.base.supply)
        self._set_base(changed)
        return None

    def _set_base(self, base: Curve) -> None:
        if base is self.base:
            return
        self.base = base
        if base.supply:
            self.curve = self.curve.at_rest(rates=(self.curve.rates[0], base.d * E18 // base.supply))


def _ramping(ramp: Ramp, time: int) -> Callable[[Curve], Curve]:
    return lambda curve: curve.at_rest(ramp=ramp, amplifier=ramp.at(time))


def _traded(curve: Curve, i: int, j: int, sold: int, bought: int) -> Curve:
    """Where the pool was read, both ways to round the invariant may have given the same: the trade tells them apart."""
    try:
        return curve.traded(i, j, sold, bought)
    except Unfollowable as contradiction:
        try:
            return curve.at_rest(divide_last=not curve.divide_last).traded(i, j, sold, bought)
        except Unfollowable:
            raise contradiction from None


def _rounding_as(curve: Curve, moved: Sequence[int], d: int) -> Curve:
    """``curve``, or it with the other rounding where that alone gives the logged invariant, which is that before fees.
    (NG logs the one after fees, but its rounding is known.)"""
    if curve.offpeg:
        return curve
    balances = [balance + amount for balance, amount in zip(curve.balances, moved, strict=True)]
    other = curve.at_rest(divide_last=not curve.divide_last)
    alike = [version.with_balances(balances, curve.supply).d == d for version in (curve, other)]
    return other if alike == [False, True] else curve


def _without_one(curve: Curve, shares: int, received: int) -> Curve:
    """The log of a withdrawal in one coin does not say which: the one whose formula gives just that."""
    fitting = []
    for i in range(len(curve.balances)):
        try:
            fitting.append(curve.after_withdrawal_of_one(i, shares, received))
        except (Unfollowable, NoLiquidity):
            continue
    if len(fitting) != 1:
        raise Unfollowable(
            f"{received} were withdrawn for {shares} shares of one coin, and {len(fitting)} coins fit: the pool has to"
            " be read again"
        )
    return fitting[0]


Handler = Callable[..., Change]


def _handlers(coins: str, of: str) -> dict[str, Handler]:
    """Of the logs whose signature depends on the number of coins: ``uint256[3]``, or ``uint256[]`` in NG."""

    def apply(self: Stableswap, change: Callable[[Curve], Curve], moved: Change) -> Change:
        return self._follow_base(change) if of else self._follow(change, moved)

    @on_log(
        f"AddLiquidity(address indexed provider, {coins} amounts, {coins} fees, uint256 invariant, uint256 supply)",
        of=of,
    )
    def added(
        self: Stableswap, provider: str, amounts: tuple[int, ...], fees: tuple[int, ...], d: int, supply: int
    ) -> Change:
        def deposited(curve: Curve) -> Curve:
            return _rounding_as(curve, amounts, d).after_deposit(amounts, fees, supply)

        return apply(self, deposited, tuple(amounts))

    @on_log(f"RemoveLiquidity(address indexed provider, {coins} amounts, {coins} fees, uint256 supply)", of=of)
    def removed(
        self: Stableswap, provider: str, amounts: tuple[int, ...], fees: tuple[int, ...], supply: int
    ) -> Change:
        return apply(
            self, lambda curve: curve.after_withdrawal(amounts, (), supply), tuple(-amount for amount in amounts)
        )

    @on_log(
        f"RemoveLiquidityImbalance(address indexed provider, {coins} amounts, {coins} fees, uint256 invariant,"
        " uint256 supply)",
        of=of,
    )
    def removed_unevenly(
        self: Stableswap, provider: str, amounts: tuple[int, ...], fees: tuple[int, ...], d: int, supply: int
    ) -> Change:
        taken = tuple(-amount for amount in amounts)

        def withdrawn(curve: Curve) -> Curve:
            return _rounding_as(curve, taken, d).after_withdrawal(amounts, fees, supply)

        return apply(self, withdrawn, taken)

    return {"added": added, "removed": removed, "removed_unevenly": removed_unevenly}


def _handlers_of_one(of: str) -> dict[str, Handler]:
    """Of withdrawals in one coin: the first pools', the factories', and NG's, which alone names the coin."""

    def apply(self: Stableswap, change: Callable[[Curve], Curve]) -> Change:
        before = self.curve.balances
        if of:
            return self._follow_base(change)
        self._follow(change)
        if self.contradicted:
            return None
        return tuple(min(new - old, 0) for new, old in zip(self.curve.balances, before, strict=True))

    @on_log("RemoveLiquidityOne(address indexed provider, uint256 shares, uint256 received)", of=of)
    def removed_one_of_old(self: Stableswap, provider: str, shares: int, received: int) -> Change:
        return apply(self, lambda curve: _without_one(curve, shares, received))

    @on_log("RemoveLiquidityOne(address indexed provider, uint256 shares, uint256 received, uint256 supply)", of=of)
    def removed_one(self: Stableswap, provider: str, shares: int, received: int, supply: int) -> Change:
        return apply(self, lambda curve: _without_one(curve, shares, received))

    @on_log(
        "RemoveLiquidityOne(address indexed provider, int128 coin, uint256 shares, uint256 received, uint256 supply)",
        of=of,
    )
    def removed_one_of_ng(
        self: Stableswap, provider: str, coin: int, shares: int, received: int, supply: int
    ) -> Change:
        return apply(self, lambda curve: curve.after_withdrawal_of_one(coin, shares, received))

    return {
        "removed_one_of_old": removed_one_of_old,
        "removed_one": removed_one,
        "removed_one_of_ng": removed_one_of_ng,
    }


def _subscribe(cls: Any) -> None:  # Any: the methods are not declared in the class
    for prefix, of in (("", ""), ("base_", "base")):
        for name, handler in _handlers_of_one(of).items():
            setattr(cls, prefix + name, handler)
        for coins in ("uint256[]", *(f"uint256[{n}]" for n in range(2, 9))):
            for name, handler in _handlers(coins, of).items():
                setattr(cls, f"{prefix}{name}_{coins[8:-1] or 'ng'}", handler)


_subscribe(Stableswap)
