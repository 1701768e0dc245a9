"""Trades cycles that gain after gas, each in one transaction."""

from typing import ClassVar, Final

from sniper.amounts import in_coins
from sniper.events import ArbitrageEnded, CycleFound
from sniper.plugin import State
from sniper.strategy import Actions, Arbitrage, Strategy, View, on
from sniper.types import NATIVE, SECOND, split_asset
from sniper_strategy_cyclic_arbitrage.config import CyclicArbitrageConfig

REMEMBERED: Final = 4096
"""Cycles and pools that are remembered; the oldest are forgotten."""


class Reverts(State):
    """Of cycles through one pool, in a row. ``last``: ns UTC."""

    count: int = 0
    last: int = 0


class CyclicArbitrage(Strategy):
    """Takes what routers find, where the filters let it; the kernel says how much, and whether it pays.

    tried    When each cycle was wanted last, ns UTC, by its pools in their order.
    reverts  By pool; only of pools whose last cycle reverted.
    begun    The newest block in which cycles were wanted, and how many.
    """

    opens: ClassVar[bool] = False
    config: CyclicArbitrageConfig
    tried: dict[str, int] = {}
    reverts: dict[str, Reverts] = {}
    begun: tuple[int, int] = (0, 0)

    def cycle_hops(self) -> int:
        return self.config.max_hops

    @on(CycleFound)
    def found(self, event: CycleFound, view: View) -> Actions:
        config = self.config
        cycle = " ".join(f"{leg.pool}>{leg.token_out}" for leg in event.legs)
        last = self.tried.get(cycle)
        count = self.begun[1] if self.begun[0] == event.block else 0
        if (
            event.gain < config.min_profit
            or count >= config.max_per_block
            or (last is not None and view.now - last < config.cooldown_s * SECOND)
            or not self._wanted(event, view)
        ):
            return
        self.begun = event.block, count + 1
        self.tried[cycle] = view.now
        if len(self.tried) > REMEMBERED:
            del self.tried[min(self.tried, key=lambda known: (self.tried[known], known))]
        yield Arbitrage(
            legs=event.legs,
            reason=_reason(event),
            min_profit=config.min_profit,
            max_spend=config.max_amount,
            allowance=config.allowance,
        )

    @on(ArbitrageEnded)
    def ended(self, event: ArbitrageEnded, view: View) -> Actions:
        for leg in event.legs:
            if event.state == "failed":
                known = self.reverts.get(leg.pool, Reverts())
                self.reverts[leg.pool] = Reverts(count=known.count + 1, last=view.now)
            elif event.state == "done":
                self.reverts.pop(leg.pool, None)
        while len(self.reverts) > REMEMBERED:
            del self.reverts[min(self.reverts, key=lambda pool: (self.reverts[pool].last, pool))]
        yield from ()

    def _wanted(self, event: CycleFound, view: View) -> bool:
        config = self.config
        if event.quote != view.quote_asset(event.chain_id) or not 2 <= len(event.legs) <= config.max_hops:
            return False
        coins = {leg.token_out for leg in event.legs[:-1]}
        pools = {leg.pool for leg in event.legs}
        if config.allowed_coins and not coins <= set(config.allowed_coins):
            return False
        if config.allowed_pools and not pools <= set(config.allowed_pools):
            return False
        return pools.isdisjoint(config.denied_pools) and not any(self._avoided(pool, view) for pool in pools)

    def _avoided(self, pool: str, view: View) -> bool:
        known = self.reverts.get(pool)
        if known is None or known.count < self.config.max_reverts:
            return False
        return view.now - known.last < self.config.avoid_s * SECOND


def _reason(event: CycleFound) -> str:
    native = split_asset(event.quote)[1] == NATIVE
    gain = f"{in_coins(event.gain, 18)} coins" if native else f"{event.gain} base units"
    return f"{len(event.legs)} pools lead round with a gain of {gain} before gas"
