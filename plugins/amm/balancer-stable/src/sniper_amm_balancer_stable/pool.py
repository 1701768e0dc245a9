"""One composable stable pool of Balancer V2: its state, kept by the Vault's logs and its own, and its exact quotes."""

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from sniper.amm import Amm, Chain, Change, Found, Fraction, NoLiquidity, Self, Unpriced, on_creation, on_log
from sniper_amm_balancer_stable.config import BalancerStableConfig
from sniper_amm_balancer_stable.curve import ONE, Curve
from sniper_amm_balancer_stable.moving import Ramp, Rate
from sniper_amm_balancer_stable.reading import read_pool

_MAX_BALANCE: Final = 2**112 - 1
_GENERAL: Final = 0
"""The Vault's specialization of pools that price all balances at once."""


class BalancerStable(Amm):
    """One pool.

    pool_id   The Vault's name for it, as hex: address, specialization, number.
    share     Number of the pool's own share among the coins that the Vault lists, which is none of ``coins``.
    coins     Lower-case addresses, in the Vault's order, 2 to 5.
    scales    What makes base units of each coin 18 decimals.
    fee       10**18 is the whole; taken from the amount in.
    balances  Base units. All of it is in the Vault: these pools have no asset managers.
    rates     None: the coin has no rate provider.
    ramp      How the amplification moves. ``unknown_ramp``: it moved already when the pool was read, and no view says
              whereto; then ``ramp`` is what it was at second ``read_at``.
    read_at   Second of the block that the pool was read in; 0 until `on_block` has said so.
    now       Second of the newest block.
    curve     What follows from all that at second ``now``; None until it is asked for.
    """

    singleton: ClassVar[bool] = True
    swap_gas: ClassVar[int] = 150_000
    derived: ClassVar[tuple[str, ...]] = ("curve",)

    config: BalancerStableConfig
    pool_id: str
    share: int
    coins: tuple[str, ...]
    scales: tuple[int, ...]
    fee: int
    balances: tuple[int, ...]
    rates: tuple[Rate | None, ...]
    ramp: Ramp
    unknown_ramp: bool = False
    paused: bool = False
    read_at: int = 0
    now: int = 0
    curve: Curve | None = None

    @classmethod
    async def load(cls, address: str, chain: Chain, config: BalancerStableConfig) -> Found[Self]:
        found = await read_pool(address, chain, config)
        pool = cls(
            config=config,
            pool_id=found.pool_id,
            share=found.share,
            coins=found.coins,
            scales=found.scales,
            fee=found.fee,
            balances=found.balances,
            rates=found.rates,
            ramp=Ramp(begin=found.amplifier, end=found.amplifier),
            unknown_ramp=found.ramping,
            paused=found.paused,
        )
        return Found(pool=address, coins=pool.coins, amm=pool)

    @classmethod
    def pool_of(cls, topic: str) -> str:
        """The Vault's pool ids begin with the pool's address."""
        return topic[:42]

    def follows(self) -> dict[str, str]:
        return {"pool": self.pool_of(self.pool_id)}

    def on_block(self, timestamp: int) -> None:
        """It is to come before the logs of its block: what they start begins at this second."""
        self.now = timestamp
        if not self.read_at:
            self.read_at = timestamp
            self.rates = tuple(None if rate is None else rate.seen(timestamp) for rate in self.rates)
        self.curve = None

    def outdated(self) -> bool:
        """After half of the time for which it is believed, where something that moves without a log counts, or will
        before the other half is over."""
        seconds, now = self.config.rate_seconds, self.now
        since = [rate.live_at for rate in self.rates if rate is not None and 2 * (rate.expires - now) < seconds]
        if self.unknown_ramp:
            since.append(self.read_at)
        return not self.paused and any(2 * (now - second) >= seconds for second in since)

    # ---- logs of the Vault ----

    @classmethod
    @on_creation("PoolRegistered(bytes32 indexed poolId, address indexed poolAddress, uint8 specialization)")
    def registered(
        cls, config: BalancerStableConfig, pool_id: bytes, pool: str, specialization: int
    ) -> Found[Self] | None:
        return Found(pool=pool) if specialization == _GENERAL else None

    @on_log(
        "Swap(bytes32 indexed poolId, address indexed tokenIn, address indexed tokenOut, uint256 amountIn,"
        " uint256 amountOut)"
    )
    def swapped(self, pool_id: bytes, coin_in: str, coin_out: str, amount_in: int, amount_out: int) -> Change:
        """A swap for or of the pool's share is how most join and exit."""
        moved = {coin_in: amount_in, coin_out: -amount_out}
        change = self._move([moved.get(coin, 0) for coin in self.coins])
        return change if self.pool_of(self.pool_id) in moved else None

    @on_log(
        "PoolBalanceChanged(bytes32 indexed poolId, address indexed liquidityProvider, address[] tokens,"
        " int256[] deltas, uint256[] protocolFeeAmounts)"
    )
    def joined_or_exited(
        self, pool_id: bytes, provider: str, coins: Sequence[str], deltas: Sequence[int], fees: Sequence[int]
    ) -> Change:
        self._move(self._traded([delta - fee for delta, fee in zip(deltas, fees, strict=True)]))
        return self._traded(deltas)

    # ---- logs of the pool; that of its recovery mode is none of them: it changes exits alone ----

    @on_log("SwapFeePercentageChanged(uint256 swapFeePercentage)", of="pool")
    def fee_changed(self, fee: int) -> Change:
        self.fee = fee
        return self._changed()

    @on_log("PausedStateChanged(bool paused)", of="pool")
    def paused_or_not(self, paused: bool) -> Change:
        self.paused = paused
        return self._changed()

    @on_log("AmpUpdateStarted(uint256 startValue, uint256 endValue, uint256 startTime, uint256 endTime)", of="pool")
    def ramped(self, begin: int, end: int, since: int, until: int) -> Change:
        self.ramp, self.unknown_ramp = Ramp(begin=begin, end=end, since=since, until=until), False
        return self._changed()

    @on_log("AmpUpdateStopped(uint256 currentValue)", of="pool")
    def ramp_stopped(self, amplifier: int) -> Change:
        self.ramp, self.unknown_ramp = Ramp(begin=amplifier, end=amplifier), False
        return self._changed()

    @on_log("TokenRateCacheUpdated(uint256 indexed tokenIndex, uint256 rate)", of="pool")
    def rate_cached(self, number: int, rate: int) -> Change:
        return self._rated(number, lambda old: old.updated(rate, self.now))

    @on_log(
        "TokenRateProviderSet(uint256 indexed tokenIndex, address indexed provider, uint256 cacheDuration)", of="pool"
    )
    def rate_kept_for(self, number: int, provider: str, duration: int) -> Change:
        """Of a pool that exists, the duration alone can be set; `rate_cached` came before it."""
        return self._rated(number, lambda old: old.lasting(duration, self.now))

    # ---- quotes ----

    def amount_out(self, i: int, j: int, amount_in: int) -> int:
        """``onSwap`` given in. May be 0: the Vault takes an amount that is too small to buy anything."""
        curve = self._curve()
        if not 0 < amount_in <= _MAX_BALANCE - self.balances[i]:
            raise NoLiquidity(f"{amount_in} is not within 1 … {_MAX_BALANCE - self.balances[i]}, which the Vault takes")
        return curve.out(i, j, amount_in)

    def amount_in(self, i: int, j: int, amount_out: int) -> int:
        """``onSwap`` given out, whose rounding is its own: the same amount sold may buy a few units less than what was
        wanted here."""
        curve = self._curve()
        if not 0 < amount_out <= self.balances[j]:
            raise NoLiquidity(f"{amount_out} of coin {j} wanted, of which the pool holds {self.balances[j]}")
        needed = curve.needed(i, j, amount_out)
        if self.balances[i] + needed > _MAX_BALANCE:
            raise NoLiquidity(f"{needed} more than {self.balances[i]} is above the Vault's limit of 2**112 - 1")
        return needed

    def most_in(self, i: int, j: int) -> int:
        """What the Vault can count; less where the pool's arithmetic overflows before that, by bisection."""
        try:
            curve = self._curve()
        except NoLiquidity:
            return 0
        low, high = 0, _MAX_BALANCE - self.balances[i]
        middle = high
        while low < high:
            try:
                curve.gross_out(i, j, middle)
            except NoLiquidity:
                high = middle - 1
            else:
                low = middle
            middle = (low + high + 1) // 2
        return low

    def price(self, i: int, j: int) -> Fraction:
        """From the invariant's derivative, see `invariant.slope`."""
        return self._curve().price(i, j)

    def reserve(self, i: int) -> int:
        """The whole balance, of which a swap always leaves some."""
        return 0 if self.paused else self.balances[i]

    def venue_data(self, i: int, j: int) -> int:
        """What follows the address in the pool id, 96 bits."""
        return int(self.pool_id[42:], 16)

    # ---- what holds now ----

    def _curve(self) -> Curve:
        if self.paused:
            raise Unpriced("the pool is paused")
        if self.curve is None:
            rates = [self._rate(rate) for rate in self.rates]
            self.curve = Curve.of(self.balances, self.scales, rates, self._amplifier(), self.fee)
        return self.curve

    def _amplifier(self) -> int:
        if self.unknown_ramp:
            self._believe("its amplification moves since before it was read, no view says whereto", self.read_at)
        return self.ramp.at(self.now)

    def _rate(self, rate: Rate | None) -> int:
        """What the next swap reckons with. One without provider: 1."""
        if rate is None:
            return ONE
        if self.now <= rate.expires:
            return rate.cached
        self._believe("the pool's cache of a rate has ended, and the next swap asks the provider", rate.live_at)
        if not rate.live:
            raise Unpriced("the rate provider of a coin reverted when it was asked; swaps revert until it answers")
        return rate.live

    def _believe(self, what: str, since: int) -> None:
        age = self.now - since
        if age > self.config.rate_seconds:
            raise Unpriced(f"{what}; what it was {age} s ago is too old: read the pool again")

    # ---- how logs change the state ----

    def _traded(self, amounts: Sequence[int]) -> tuple[int, ...]:
        """Of all that the Vault lists, those of ``coins``."""
        return tuple(amount for number, amount in enumerate(amounts) if number != self.share)

    def _move(self, changes: Sequence[int]) -> tuple[int, ...]:
        self.balances = tuple(balance + change for balance, change in zip(self.balances, changes, strict=True))
        self.curve = None
        return tuple(changes)

    def _rated(self, number: int, change: Callable[[Rate], Rate]) -> Change:
        at = number - (number > self.share)
        self.rates = tuple(change(rate) if k == at and rate is not None else rate for k, rate in enumerate(self.rates))
        return self._changed()

    def _changed(self) -> Change:
        """Of a log that moves no coins."""
        self.curve = None
        return None
