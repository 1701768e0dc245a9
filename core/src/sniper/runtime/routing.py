"""Routes of a run: routers propose on their mirror of the market, and the exact quote of the kernel's pools decides."""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from itertools import islice

from structlog.typing import FilteringBoundLogger

from sniper.errors import told
from sniper.events import CycleFound
from sniper.kernel.chain import ChainState
from sniper.kernel.given import given
from sniper.kernel.market import Market
from sniper.router import Leg, NoRoute, Proposal, RouteAsk, Router
from sniper.routing import Cycle, Refused, Route, best_route, confirmed, worth
from sniper.settings.resolved import Configured
from sniper.types import NATIVE, asset_id

KEPT = 256
"""Routes that are remembered, until a pool of their chain changes."""
MOST_POOLS = 64
"""Pools of one chain that are looked at for cycles after one batch; the others wait for the next."""
IN_TIME = 0.9
"""Of the time that there is, the part after which a router is late."""

Answer = tuple[Route, tuple[Refused, ...]]
Routers = dict[int, list[tuple[str, Router]]]
"""By chain: name and router."""


class Routing:
    """One instance per run, in the thread of the kernel. ``asked`` and ``remembered`` count for the metrics.

    Each chain has every router twice: one for trading, one for what people ask, so that no trade waits for an answer to
    them."""

    def __init__(
        self,
        market: Market,
        configured: Sequence[Configured],
        log: FilteringBoundLogger,
        sought: Mapping[tuple[int, int], Sequence[str]] | None = None,
    ) -> None:
        """``sought``: by chain and by most hops, addresses of the coins for which cycles are looked for, as accounts
        name them."""
        self._sought: dict[int, list[tuple[int, str, list[str]]]] = {}
        """By chain: most hops, a coin to pass, and its addresses as accounts name it."""
        for (chain_id, hops), coins in (sought or {}).items():
            wrapped = market.chains[chain_id].wiring.wrapped_native
            named: dict[str, list[str]] = {}
            for coin in coins:
                named.setdefault(wrapped if coin == NATIVE else coin, []).append(coin)
            self._sought.setdefault(chain_id, []).extend((hops, start, names) for start, names in named.items())
        self._unseen: dict[int, dict[str, None]] = {chain_id: {} for chain_id in self._sought}
        """Pools that changed since they were looked at, the longest ago first."""
        self._market = market
        self._log = log
        self._trading: Routers = {chain_id: [] for chain_id in market.chains}
        self._answering: Routers = {chain_id: [] for chain_id in market.chains}
        self._known: OrderedDict[RouteAsk, tuple[int, int, Answer]] = OrderedDict()
        self._versions = dict.fromkeys(market.chains, 0)
        self.asked = 0
        self.remembered = 0
        for chain in market.chains.values():
            chain.touched = set(chain.pools)
        for chain_id in market.chains:
            for each in configured:
                try:
                    two: tuple[Router, Router] = each.cls(each.config), each.cls(each.config)
                    for router in two:
                        router.warm()
                except Exception as error:  # a plugin's code: without it there are the direct routes
                    reason = told(error)
                    log.error("a router does not start", router=each.name, chain=chain_id, reason=reason)
                    continue
                self._trading[chain_id].append((each.name, two[0]))
                self._answering[chain_id].append((each.name, two[1]))

    async def best(self, ask: RouteAsk) -> Answer:
        """For people: the best route right now, and what was left out. Raises `NoRoute`, with the reasons."""
        chain = self._market.chains[ask.chain_id]
        self.catch_up()
        self.asked += 1
        version = self._versions[chain.id], chain.number
        known = self._known.get(ask)
        if known is not None and known[:2] == version:
            self.remembered += 1
            return known[2]
        # Routers may wait, and the market goes on meanwhile: what they propose is quoted on what is then.
        found = best_route(chain, ask, await self._proposals(self._answering, ask))
        self._known[ask] = (self._versions[chain.id], chain.number, found)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return found

    async def _proposals(self, routers: Routers, ask: RouteAsk, within_s: float = math.inf) -> list[Proposal]:
        """What the routers of its chain propose, right now; without those that are late: a router keeps the others'
        waiting for ``within_s`` seconds at most."""
        self.catch_up()
        asked = (self._proposal(name, router, ask, within_s) for name, router in routers[ask.chain_id])
        return [answer for answer in await asyncio.gather(*asked) if answer is not None]

    async def legs(self, asks: Sequence[RouteAsk], *, within_s: float) -> tuple[Proposal, ...]:
        """For trades: what the routers propose right now, without what would only take room in the record, proposals of
        many legs and what was refused.

        asks      One trade under different constraints; the proposals for each, one after the other.
        within_s  Seconds until the answer counts no more: a part of them is left for handing it over.
        """
        found = await asyncio.gather(*(self._proposals(self._trading, ask, within_s * IN_TIME) for ask in asks))
        return tuple(
            Proposal(legs=each.legs, expected=each.expected, method=each.method, bound=each.bound)
            for ask, proposals in zip(asks, found, strict=True)
            for each in proposals
            if len(each.legs) <= ask.max_legs
        )

    async def _proposal(self, name: str, router: Router, ask: RouteAsk, within_s: float) -> Proposal | None:
        seconds = min(router.deadline_s, within_s)
        try:
            async with asyncio.timeout(seconds):
                return given(await router.propose(ask), Proposal)
        except NoRoute:
            return None  # the direct routes say why
        except TimeoutError:
            self._log.warning("a router was late", router=name, seconds=seconds)
        except Exception as error:  # a plugin's code: without its proposal there are the direct routes
            self._log.warning("a router failed", router=name, reason=told(error))
        return None

    def catch_up(self) -> None:
        """Tell the routers which pools changed since they were last asked."""
        for chain_id, chain in self._market.chains.items():
            if not chain.touched:
                continue
            changed = sorted(chain.touched)
            if chain_id in self._unseen:
                self._unseen[chain_id].update(dict.fromkeys(changed))
            for address in changed:
                self._versions[chain_id] += 1
                for name, router in (*self._trading[chain_id], *self._answering[chain_id]):
                    self._tell(name, router, chain, address)
            chain.touched.clear()

    def _tell(self, name: str, router: Router, chain: ChainState, address: str) -> None:
        pool = chain.pools.get(address)
        try:
            if pool is not None and pool.impl.alone:
                return
            if pool is None:
                router.removed(address)
            else:
                router.changed(pool)
        except Exception as error:  # a plugin's code: one pool must not end the others' routes
            self._log.warning("a router cannot take a pool", router=name, pool=address, reason=told(error))

    # ---- cycles ----

    def cycles(self, now: int) -> list[CycleFound]:
        """The best cycle through each pool that changed since the last call and each coin that is sought, where it
        gains more than its gas on the pools as they are now; those that gain most first. ``now``: ns UTC. Every pool is
        looked at once, whatever happened to it meanwhile, and at most `MOST_POOLS` at a time; where no cycle is sought
        this does nothing."""
        if not self._sought:
            return []
        self.catch_up()  # of all first: a cycle may lead through several that changed
        found: dict[tuple[str, tuple[Leg, ...]], CycleFound] = {}
        for chain_id, unseen in self._unseen.items():
            chain = self._market.chains[chain_id]
            prices: dict[str, tuple[int, int]] = {}
            for address in list(islice(unseen, MOST_POOLS)):
                del unseen[address]
                for name, router in self._trading[chain_id]:
                    for hops, start, coins in self._sought[chain_id]:
                        legs = self._around(name, router, chain, address, hops, start)
                        cycle = self._confirmed(name, chain, legs, start, prices) if legs else None
                        if cycle is None:
                            continue
                        for coin in coins:
                            event = _found(chain, coin, cycle, now)
                            found[event.quote, event.legs] = event
        return sorted(found.values(), key=lambda event: -event.gain)

    def _around(
        self, name: str, router: Router, chain: ChainState, address: str, hops: int, start: str
    ) -> tuple[Leg, ...]:
        pool = chain.pools.get(address)
        if pool is None:
            return ()
        try:
            return tuple(given(leg, Leg) for leg in router.cycle(pool, hops, start))
        except Exception as error:  # a plugin's code: without its cycle nothing is lost but a chance
            self._log.warning("a router names no cycle", router=name, pool=address, reason=told(error))
            return ()

    def _confirmed(
        self, name: str, chain: ChainState, legs: tuple[Leg, ...], start: str, prices: dict[str, tuple[int, int]]
    ) -> Cycle | None:
        """The cycle begun with coin ``start``; None where it does not pass that, or gains less by the exact quote than
        its swaps cost at the base fee: no bid could make that pay, and most gaps are such.

        prices  What coins are `worth` now; those that are looked up are added, for that looks at all pools of a coin.
        """
        if all(leg.token_in != start for leg in legs):
            return None
        try:
            cycle = confirmed(chain, legs, start)
            if cycle is None:
                return None
            if start not in prices:
                prices[start] = worth(chain, chain.wiring.wrapped_native, start)
            units, wei = prices[start]
            pays = units and cycle.gain * wei > cycle.gas * chain.base_fee * units
            return given(cycle, Cycle) if pays else None
        except Exception as error:  # legs that are no cycle, or an AMM that fails
            self._log.warning("a cycle is none", router=name, coin=start, reason=told(error))
            return None


def _found(chain: ChainState, coin: str, cycle: Cycle, now: int) -> CycleFound:
    return CycleFound(
        time=now,
        chain_id=chain.id,
        block=chain.number,
        quote=asset_id(chain.id, coin),
        legs=tuple(hop.leg for hop in cycle.hops),
        amount=cycle.hops[0].amount_in,
        gain=cycle.gain,
        gas=cycle.gas,
    )
