"""Volatility and liquidity of the market, and the account's own losses in a row: deny first, then break the circuit."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, PositiveInt

from sniper.events import Block, LiquidityAdded, LiquidityRemoved, PositionClosed, Retracted
from sniper.plugin import Frozen
from sniper.prices import scaled_price
from sniper.risk import Config, Entry, Finding, Findings, KillLevel, RiskWatch, Trip, Trips, View, at_most, must, on
from sniper.types import BPS

SAMPLES = 10
"""Looks at all prices within one window."""
LEAST_BLOCKS = 10
"""Blocks before a base fee can be called high."""
RETRY_S = 60


class MarketStressConfig(Config):
    """A limit that is not set is off."""

    window_blocks: PositiveInt = Field(50, description="blocks that are looked back")
    max_pools: PositiveInt = Field(200, description="pools that are watched: those that last had liquidity added")
    min_pools: PositiveInt = Field(10, description="pools that must be known before shares of them mean anything")
    fall_bps: PositiveInt = Field(3_000, le=BPS, description="a pool falls where its price lost this within the window")
    leave_bps: PositiveInt = Field(
        5_000, le=BPS, description="liquidity leaves a pool where this share was removed at once within the window"
    )
    max_fee_bps: PositiveInt | None = Field(
        50_000, description="highest base fee at which is bought, in bps of the window's median"
    )
    trip_fee_bps: PositiveInt | None = Field(None, description="base fee, likewise, that pulls the kill switch")
    max_falling_bps: PositiveInt | None = Field(5_000, description="largest share of falling pools at which is bought")
    trip_falling_bps: PositiveInt | None = Field(8_000, description="share of falling pools that pulls the kill switch")
    max_leaving_bps: PositiveInt | None = Field(
        3_000, description="largest share of pools that liquidity leaves at which is bought"
    )
    trip_leaving_bps: PositiveInt | None = Field(
        5_000, description="share of pools that liquidity leaves that pulls the kill switch"
    )
    trip_losses: PositiveInt | None = Field(
        8, description="positions in a row that were closed with a loss, which pull the kill switch"
    )
    trip_level: Literal["no-entries", "flatten", "freeze"] = Field(
        "no-entries", description="where the kill switch is pulled to"
    )


class Sample(Frozen):
    """Prices by pool, after a block."""

    block: int
    prices: dict[str, int]


class MarketStress(RiskWatch):
    """Shares and multiples are integers in bps; no float decides.

    pools         Token and block of the newest liquidity, by pool.
    fees          (block, base fee); ``removed``: newest block in which much liquidity left, by pool.
    losses        Positions that were closed with a loss since the last gain, or since that last tripped. A reorg that
                  takes a closing back does not change it.
    active        Signals that have tripped and did not come back below since: they trip once.
    """

    config: MarketStressConfig
    pools: dict[str, tuple[str, int]] = {}
    fees: list[tuple[int, int]] = []
    samples: list[Sample] = []
    removed: dict[str, int] = {}
    fee_bps: int = 0
    falling_bps: int = 0
    leaving_bps: int = 0
    losses: int = 0
    active: list[str] = []

    @on(LiquidityAdded)
    def added(self, event: LiquidityAdded, view: View) -> Trips:
        self._watch(event.pool, event.token, event.block)
        yield from ()

    @on(LiquidityRemoved)
    def left(self, event: LiquidityRemoved, view: View) -> Trips:
        if event.pool not in self.pools:
            self._watch(event.pool, event.token, 0)
        if event.pool in self.pools and event.share_bps >= self.config.leave_bps:
            self.removed[event.pool] = event.block
        yield from ()

    @on(PositionClosed)
    def closed(self, event: PositionClosed, view: View) -> Trips:
        self.losses = self.losses + 1 if event.pnl < 0 else 0
        limit = self.config.trip_losses
        if limit is not None and self.losses >= limit:
            self.losses = 0
            yield self._trip(f"losses in a row: {limit}, {limit} trips")

    @on(Retracted)
    def retracted(self, event: Retracted, view: View) -> Trips:
        """Forget what was seen in blocks that are gone."""
        last = event.ancestor
        self.fees = [each for each in self.fees if each[0] <= last]
        self.samples = [each for each in self.samples if each.block <= last]
        self.removed = {pool: block for pool, block in sorted(self.removed.items()) if block <= last}
        yield from ()

    @on(Block)
    def block(self, event: Block, view: View) -> Trips:
        config, begin = self.config, event.number - self.config.window_blocks
        self.fees = [each for each in self.fees if begin < each[0] < event.number]
        before = sorted(fee for _, fee in self.fees)
        self.fee_bps = 0
        if len(before) >= LEAST_BLOCKS:
            self.fee_bps = event.base_fee * BPS // max(1, before[len(before) // 2])
        self.fees.append((event.number, event.base_fee))
        yield from self._breaks("base fee", self.fee_bps, config.trip_fee_bps, "of its median")
        if self.samples and event.number < self.samples[-1].block + max(1, config.window_blocks // SAMPLES):
            return
        self._sample(event.number, begin, view)
        yield from self._breaks("falling pools", self.falling_bps, config.trip_falling_bps, "of those watched")
        yield from self._breaks("leaving liquidity", self.leaving_bps, config.trip_leaving_bps, "of the pools watched")

    def judge(self, intent: Entry, view: View) -> Findings:
        if intent.side == "reduce":
            yield must("reduces", True, note="stress stops entries")
            return
        config = self.config
        for rule, found, limit in (
            ("base-fee", self.fee_bps, config.max_fee_bps),
            ("falling-pools", self.falling_bps, config.max_falling_bps),
            ("leaving-liquidity", self.leaving_bps, config.max_leaving_bps),
        ):
            if limit is not None:
                yield at_most(rule, found, limit, unit="bps", retry_after_s=RETRY_S)
        yield Finding(rule="losses-in-a-row", ok=True, found=self.losses, limit=config.trip_losses)

    def _watch(self, pool: str, token: str, block: int) -> None:
        """``block`` of its newest liquidity, 0: not known. Where there are too many, the one with the oldest goes."""
        pools = self.pools
        pools[pool] = (token, block)
        if len(pools) > self.config.max_pools:
            del pools[min(pools, key=lambda each: (pools[each][1], each))]

    def _sample(self, number: int, begin: int, view: View) -> None:
        prices = {}
        for pool, (token, _) in sorted(self.pools.items()):
            price = scaled_price(view, pool, token)
            if price is None:
                del self.pools[pool]  # the market has forgotten it
            else:
                prices[pool] = price
        self.samples = [each for each in self.samples if begin <= each.block < number]
        self.removed = {pool: block for pool, block in sorted(self.removed.items()) if begin < block and pool in prices}
        self.falling_bps = self.leaving_bps = 0
        if len(prices) >= self.config.min_pools:
            earliest: dict[str, int] = {}
            for sample in self.samples:
                earliest = {**sample.prices, **earliest}
            kept = BPS - self.config.fall_bps
            falling = sum(1 for pool, now in prices.items() if now * BPS < earliest.get(pool, 0) * kept)
            self.falling_bps = falling * BPS // len(prices)
            self.leaving_bps = len(self.removed) * BPS // len(prices)
        self.samples.append(Sample(block=number, prices=prices))

    def _breaks(self, signal: str, found: int, limit: int | None, of: str) -> Iterator[Trip]:
        """Trip where it gets over its limit, and not again before it came back below: a person has looked at it."""
        if limit is None or found < limit:
            if signal in self.active:
                self.active.remove(signal)
        elif signal not in self.active:
            self.active.append(signal)
            yield self._trip(f"{signal}: {found} bps {of}, {limit} trips")

    def _trip(self, reason: str) -> Trip:
        return Trip(level=KillLevel(self.config.trip_level), reason=reason)
