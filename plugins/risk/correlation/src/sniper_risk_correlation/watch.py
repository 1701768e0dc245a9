"""Caps what is at stake in tokens that move together: ten positions that fall at once are one."""

from collections.abc import Iterable

from pydantic import Field, PositiveInt

from sniper.events import Block, LiquidityAdded, Retracted
from sniper.prices import scaled_price
from sniper.risk import Config, Entry, Findings, RiskWatch, Trips, View, at_most, must, on
from sniper.types import BPS
from sniper_risk_correlation.rank import at_least, changes


class CorrelationConfig(Config):
    max_together_bps: PositiveInt = Field(
        4_000, description="most of the equity that may be at stake in tokens that move together, in bps"
    )
    together_bps: PositiveInt = Field(
        5_000,
        le=BPS,
        description="Kendall's tau-b of their price changes, in bps, from which two tokens move together",
    )
    unknown_together: bool = Field(
        True, description="whether tokens of which too little is known to tell count as moving together"
    )
    every_blocks: PositiveInt = Field(5, description="blocks from one look at the prices to the next")
    samples: PositiveInt = Field(32, ge=4, le=64, description="prices that are kept of each pool")
    min_samples: PositiveInt = Field(12, ge=4, le=64, description="prices that two pools must have in common")
    max_pools: PositiveInt = Field(
        200, description="pools whose prices are kept, besides those of positions: that last had liquidity added"
    )


class Correlation(RiskWatch):
    """pools    Token and block of the newest liquidity, by pool.
    blocks   When prices were looked at, oldest first.
    prices   By pool, scaled, the newest at the end; a pool that came later has fewer.
    """

    config: CorrelationConfig
    pools: dict[str, tuple[str, int]] = {}
    blocks: list[int] = []
    prices: dict[str, list[int]] = {}

    @on(LiquidityAdded)
    def added(self, event: LiquidityAdded, view: View) -> Trips:
        pools = self.pools
        pools[event.pool] = (event.token, event.block)
        if len(pools) > self.config.max_pools:
            del pools[min(pools, key=lambda pool: (pools[pool][1], pool))]
        yield from ()

    @on(Retracted)
    def retracted(self, event: Retracted, view: View) -> Trips:
        """Forget prices of blocks that are gone."""
        gone = sum(1 for block in self.blocks if block > event.ancestor)
        if gone:
            del self.blocks[-gone:]
            self.prices = {pool: kept[:-gone] for pool, kept in sorted(self.prices.items()) if len(kept) > gone}
        yield from ()

    @on(Block)
    def block(self, event: Block, view: View) -> Trips:
        if not self.blocks or event.number >= self.blocks[-1] + self.config.every_blocks:
            self._look(event.number, view)
        yield from ()

    def judge(self, intent: Entry, view: View) -> Findings:
        if intent.side == "reduce":
            yield must("reduces", True, note="what moves together may always be sold")
            return
        along: list[str] = []
        unknown: list[str] = []
        for token, position in sorted(view.positions.items()):
            if token == intent.token or position.state == "written-off":
                continue
            alike = self._same_maker(intent.token, token, view) or self._together(intent.pool, position.pool)
            if alike or (alike is None and self.config.unknown_together):
                (along if alike else unknown).append(token)
        tokens = (intent.token, *along, *unknown)
        found = intent.amount + sum(view.exposure(intent.place, token=token) for token in tokens)
        limit = view.equity(intent.place) * self.config.max_together_bps // BPS
        note = "; ".join(filter(None, (_said("moves with", along), _said("not known to move apart from", unknown))))
        yield at_most("together", found, limit, unit="base units", note=note)

    def _look(self, number: int, view: View) -> None:
        held = {position.pool: position.token for _, position in sorted(view.positions.items())}
        listed = {pool: token for pool, (token, _) in self.pools.items()}
        kept = {}
        for pool, token in sorted({**listed, **held}.items()):
            price = scaled_price(view, pool, token)
            if price is None:
                self.pools.pop(pool, None)  # the market has forgotten it
            else:
                kept[pool] = [*self.prices.get(pool, ()), price][-self.config.samples :]
        self.prices = kept
        self.blocks = [*self.blocks, number][-self.config.samples :]

    def _together(self, one: str, other: str) -> bool | None:
        """Whether two pools move together; None where that is not known. One pool does with itself."""
        if one == other:
            return True
        first, second = self.prices.get(one, []), self.prices.get(other, [])
        common = min(len(first), len(second))
        if common < self.config.min_samples:
            return None
        tails = first[-common:], second[-common:]
        if 0 in tails[0] or 0 in tails[1]:
            return None
        return at_least(changes(tails[0]), changes(tails[1]), self.config.together_bps)

    @staticmethod
    def _same_maker(one: str, other: str, view: View) -> bool | None:
        first, second = view.token(one), view.token(other)
        return True if first and second and first.deployer and first.deployer == second.deployer else None


def _said(what: str, tokens: Iterable[str]) -> str:
    names = ", ".join(tokens)
    return f"{what} {names}" if names else ""
