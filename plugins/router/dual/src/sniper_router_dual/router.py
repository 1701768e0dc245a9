"""Splits a trade over pools by its dual, and says how good any route could be (Diamandis, Resnick, Chitra, Angeris,
*An Efficient Algorithm for Optimal Routing Through Constant Function Market Makers*, 2023).

numba and scipy are imported when the router is made, not when the plugin is listed or its config is read.
"""

from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from sniper.router import Config, Leg, Listed, Proposal, RouteAsk, Router

if TYPE_CHECKING:
    from sniper_router_dual.cycles import Cycles


class DualConfig(Config):
    """``[router.dual]``"""

    method: Literal["dual", "greedy", "path"] = Field(
        "dual",
        description='"dual"; or a baseline to compare it with: "greedy" (slice by slice) or "path" (the best single '
        "path), both without a bound",
    )
    slices: int = Field(100, ge=1, le=10_000, description="equal parts in which greedy sends an amount")


class Dual(Router):
    """One chain's router. What it does is in `sniper_router_dual.engine`."""

    config: DualConfig

    def __init__(self, config: DualConfig) -> None:
        super().__init__(config)
        from sniper_router_dual.engine import Engine

        self._engine = Engine(config.method, config.slices)
        self._cycles: Cycles | None = None

    def warm(self) -> None:
        from sniper_router_dual.cycles import Cycles
        from sniper_router_dual.engine import examples

        self._engine.warm()
        cycles = Cycles()
        for pool in examples():
            for hops in (3, 4):  # three are read from a table, more are searched for
                for through in (None, "a"):
                    cycles.changed(pool, hops, through)

    def changed(self, pool: Listed) -> None:
        self._engine.mirror.changed(pool)
        if self._cycles is not None:
            with suppress(Exception):  # one that raises is in no cycle; routes say why it is left out
                self._cycles.changed(pool)

    def cycle(self, pool: Listed, max_hops: int = 3, through: str | None = None) -> tuple[Leg, ...]:
        """The first call reads all pools: before it, nobody pays for what nobody wants."""
        self._engine.mirror.changed(pool)
        if self._cycles is None:
            from sniper_router_dual.cycles import Cycles

            self._cycles = Cycles()
            for other in self._engine.mirror.pools():
                with suppress(Exception):  # as above
                    self._cycles.changed(other)
        return self._cycles.changed(pool, max_hops, through)

    def removed(self, address: str) -> None:
        self._engine.mirror.removed(address)
        if self._cycles is not None:
            self._cycles.removed(address)

    async def propose(self, ask: RouteAsk) -> Proposal:
        return await self._engine.propose(ask)
