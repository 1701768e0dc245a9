"""Trades cycles that gain after gas, each in one transaction."""

from typing import ClassVar, Final

from sniper.amounts import in_coins
from sniper.events import ArbitrageEnded, CycleFound
from sniper.plugin import State
from sniper.strategy import Actions, Arbitrage, Strategy, View, on
from sniper.types import NATIVE, SECOND, place_of, split_asset
from sniper_strategy_cyclic_arbitrage.config import CyclicArbitrageConfig

REMEMBERED: Final = 4096
"""Cycles and pools that are remembered; the oldest are forgotten."""
WAITING: Final = 16
"""Cycles that may be tried when the one on its way is over; the oldest are forgotten."""
FRESH: Final = 60 * SECOND
"""For so long."""


class Reverts(State):
    """Of cycles through one pool, in a row. ``last``: ns UTC."""

    count: int = 0
    last: int = 0


class CyclicArbitrage(Strategy):
    """Takes what routers find, where the filters let it; the kernel says how much, and whether it pays.

    tried    When each cycle was wanted last, ns UTC, by its pools in their order.
    reverts  By pool; only of pools whose last cycle reverted.
    begun    The newest block in which cycles were wanted, and how many.
    waiting  What was found lately, by its pools in their order. No denial is told, and while one cycle of the account
             is on its way all others are denied: so what is in here when that is over is tried then.
    """

    opens: ClassVar[bool] = False
    config: CyclicArbitrageConfig
    tried: dict[str, int] = {}
    reverts: dict[str, Reverts] = {}
    begun: tuple[int, int] = (0, 0)
    waiting: dict[str, CycleFound] = {}

    def cycle_hops(self) -> int:
        return self.config.max_hops

    @on(CycleFound)
    def found(self, event: CycleFound, view: View) -> Actions:
        cycle = " ".join(f"{leg.pool}>{leg.token_out}" for leg in event.legs)
        last = self.tried.get(cycle)
        if last is not None and view.now - last < self.config.cooldown_s * SECOND:
            return
        if event.gain < self.config.min_profit or not self._wanted(event, view):
            return
        self.waiting.pop(cycle, None)
        self.waiting[cycle] = event
        if len(self.waiting) > WAITING:
            del self.waiting[min(self.waiting, key=lambda known: (self.waiting[known].time, known))]
        count = self.begun[1] if self.begun[0] == event.block else 0
        if count < self.config.max_per_block:
            self.begun = event.block, count + 1
            yield self._try(cycle, event, view)

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
        over = {leg.pool for leg in event.legs}
        self.waiting = {
            cycle: found
            for cycle, found in sorted(self.waiting.items())
            if view.now - found.time < FRESH and over != {leg.pool for leg in found.legs} and self._wanted(found, view)
        }
        best = max(self.waiting, key=lambda cycle: self.waiting[cycle].gain, default=None)
        if best is not None:
            yield self._try(best, self.waiting.pop(best), view)

    def _try(self, cycle: str, event: CycleFound, view: View) -> Arbitrage:
        self.tried[cycle] = view.now
        if len(self.tried) > REMEMBERED:
            del self.tried[min(self.tried, key=lambda known: (self.tried[known], known))]
        return Arbitrage(
            legs=event.legs,
            reason=_reason(event),
            min_profit=self.config.min_profit,
            max_spend=self.config.max_amount,
            allowance=self.config.allowance,
        )

    def _wanted(self, event: CycleFound, view: View) -> bool:
        config = self.config
        if event.quote != view.quote_asset(place_of(event.quote)) or not 2 <= len(event.legs) <= config.max_hops:
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
