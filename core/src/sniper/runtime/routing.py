"""Routes of a run: routers propose on their mirror of the market, and the exact quote of the kernel's pools decides."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from structlog.typing import FilteringBoundLogger

from sniper.kernel.chain import ChainState
from sniper.kernel.given import given
from sniper.kernel.market import Market
from sniper.router import NoRoute, Proposal, RouteAsk, Router
from sniper.routing import Refused, Route, best_route
from sniper.settings.resolved import Configured

KEPT = 256
"""Routes that are remembered, until a pool of their chain changes."""

Answer = tuple[Route, tuple[Refused, ...]]


class Routing:
    """One instance per run, in the thread of the kernel. ``asked`` and ``remembered`` count for the metrics."""

    def __init__(self, market: Market, configured: Sequence[Configured], log: FilteringBoundLogger) -> None:
        self._market = market
        self._log = log
        self._routers: dict[int, list[tuple[str, Router]]] = {chain_id: [] for chain_id in market.chains}
        self._known: OrderedDict[RouteAsk, tuple[int, int, Answer]] = OrderedDict()
        self._versions = dict.fromkeys(market.chains, 0)
        self.asked = 0
        self.remembered = 0
        for chain in market.chains.values():
            chain.touched = set(chain.pools)
        for chain_id, routers in self._routers.items():
            for each in configured:
                try:
                    router: Router = each.cls(each.config)
                    router.warm()
                    routers.append((each.name, router))
                except Exception as error:  # a plugin's code: without it there are the direct routes
                    reason = f"{type(error).__name__}: {error}"
                    log.error("a router does not start", router=each.name, chain=chain_id, reason=reason)

    async def best(self, ask: RouteAsk) -> Answer:
        """The best route right now, and what was left out. Raises `NoRoute`, with the reasons."""
        chain = self._market.chains[ask.chain_id]
        self.catch_up()
        self.asked += 1
        version = self._versions[chain.id], chain.number
        known = self._known.get(ask)
        if known is not None and known[:2] == version:
            self.remembered += 1
            return known[2]
        # Routers may wait, and the market goes on meanwhile: what they propose is quoted on what is then.
        found = best_route(chain, ask, await self.proposals(ask))
        self._known[ask] = (self._versions[chain.id], chain.number, found)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return found

    async def proposals(self, ask: RouteAsk) -> list[Proposal]:
        """What the routers of its chain propose, right now."""
        self.catch_up()
        answers = [await self._proposal(name, router, ask) for name, router in self._routers[ask.chain_id]]
        return [answer for answer in answers if answer is not None]

    async def legs(self, ask: RouteAsk) -> tuple[Proposal, ...]:
        """The same for the record, in which proposals of many legs and what was refused would only take room."""
        return tuple(
            Proposal(legs=each.legs, expected=each.expected, method=each.method, bound=each.bound)
            for each in await self.proposals(ask)
            if len(each.legs) <= ask.max_legs
        )

    async def _proposal(self, name: str, router: Router, ask: RouteAsk) -> Proposal | None:
        try:
            async with asyncio.timeout(router.deadline_s):
                return given(await router.propose(ask), Proposal)
        except NoRoute:
            return None  # the direct routes say why
        except TimeoutError:
            self._log.warning("a router was late", router=name, seconds=router.deadline_s)
        except Exception as error:  # a plugin's code: without its proposal there are the direct routes
            self._log.warning("a router failed", router=name, reason=f"{type(error).__name__}: {error}")
        return None

    def catch_up(self) -> None:
        """Tell the routers which pools changed since they were last asked."""
        for chain_id, chain in self._market.chains.items():
            if not chain.touched:
                continue
            for address in sorted(chain.touched):
                self._versions[chain_id] += 1
                for name, router in self._routers[chain_id]:
                    self._tell(name, router, chain, address)
            chain.touched.clear()

    def _tell(self, name: str, router: Router, chain: ChainState, address: str) -> None:
        pool = chain.pools.get(address)
        try:
            if pool is None:
                router.removed(address)
            else:
                router.changed(pool)
        except Exception as error:  # a plugin's code: one pool must not end the others' routes
            self._log.warning("a router cannot take a pool", router=name, pool=address, reason=str(error))
