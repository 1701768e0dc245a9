"""Entries that go over several pools: what routers are asked, and what of their answers is carried out.

A router may be wrong, late or hostile: its legs are quoted again, exactly, on the kernel's own pools, and are taken
only where they net more than the pool that the checks have judged, and where a venue can carry them out. Whatever is
wrong with them, the entry then goes through that pool alone.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sniper.amm import NoLiquidity
from sniper.errors import PluginFault, told
from sniper.kernel import facts as f
from sniper.kernel.given import given_amount, given_data, given_spender
from sniper.proposal import Proposal, RouteAsk
from sniper.risk import Finding
from sniper.router import Leg, NoRoute
from sniper.routing import Route, pruned, quoted, worth
from sniper.types import BPS, Entry, FeeBid, Open, Step, asset_id, split_asset
from sniper.venue import OnChainVenue, RouteLeg, RouteSwap

if TYPE_CHECKING:
    from sniper.kernel.account import Account
    from sniper.kernel.pool import Pool


PRECISION = 192
"""Bits to which the worth of gas is counted."""


class Chosen(NamedTuple):
    """A route with its transactions. ``out``: token base units, before any tax of the token."""

    route: f.PlacedRoute
    out: int
    min_out: int
    steps: tuple[Step, ...]


class Routes:
    """Of one account."""

    def __init__(self, account: "Account") -> None:
        self.account = account

    def wanted(self, intent: Open) -> bool:
        """Whether routers are asked: not where the strategy insists on a pool."""
        return intent.pool is None and not self._taxed(intent.token)

    def question(self, entry: Entry) -> RouteAsk:
        """What routers are asked about an entry."""
        bid = self.account.execution.attempts.bid(urgent=False, blocks_waited=0)
        return self._ask(entry, entry.expected_out, bid)

    def chosen(
        self, entry: Entry, direct_out: int, bid: FeeBid, proposals: Sequence[Proposal]
    ) -> tuple[Chosen | None, Finding]:
        """The proposal that nets most by the exact quote, where that is more than the entry's pool gives alone; and
        what is to be said of it.

        direct_out  What the entry's pool gives now, token base units. ``bid``: what its gas would cost.
        """
        account, chain = self.account, self.account.chain
        if self._taxed(entry.token):
            return None, not_routed("the token takes a tax, which a route would pay twice")
        ask = self._ask(entry, direct_out, bid)
        direct = chain.pools[split_asset(entry.pool)[1]]
        best: Route | None = None
        for proposal in proposals:
            try:
                route = self._quoted(ask, proposal)
            except (NoRoute, NoLiquidity):
                continue  # the pools are not any more what the router saw
            except Exception as error:  # a plugin's code: an AMM that fails ends this proposal and nothing else
                account.kernel.report(f"a route for {entry.intent} cannot be quoted", error)
                continue
            if len(route.hops) > 1 and (best is None or route.net > best.net):
                best = route
        try:
            direct_net = direct_out - ask.cost(given_amount(direct.impl.swap_gas))
        except PluginFault as error:
            account.kernel.report(f"amm {direct.amm} does not say what gas a swap uses", error)
            return None, not_routed(told(error))
        if best is None or best.net <= direct_net:
            return None, not_routed("no route brings more than the best pool alone, gas included")
        return self._planned(entry, best, direct_out)

    def _ask(self, entry: Entry, direct_out: int, bid: FeeBid) -> RouteAsk:
        """Gas is counted in the token, at what the entry's pool gives for the coin that is paid."""
        planning, chain = self.account.planning, self.account.chain
        pay = planning.pool_coin(split_asset(entry.quote)[1])
        units, wei = worth(chain, chain.wiring.wrapped_native, pay)
        units, wei = units * direct_out, wei * entry.amount
        surplus = max(0, max(units, wei).bit_length() - PRECISION)  # a price may have more digits than the record
        return RouteAsk(
            chain_id=chain.id,
            token_in=pay,
            token_out=split_asset(entry.token)[1],
            amount=entry.amount,
            # Nobody has judged any other coin: anyone can make one, and pools that seem to pay for going through it.
            only_coins=tuple(sorted({*chain.quotes, *self.account.wiring.execution.route_through})),
            gas_price=bid.max_fee,
            wei_worth=(units >> surplus, max(1, wei >> surplus)),
        )

    def _taxed(self, token: str) -> bool:
        """Whether it is known to keep a part of what is traded. The contract that carries out a route receives the
        token and hands it on, so a tax would be due twice."""
        taxes = self.account.book.taxes.get(token)
        return taxes is not None and bool(taxes.buy_bps or taxes.sell_bps)

    def _quoted(self, ask: RouteAsk, proposal: Proposal) -> Route:
        """Of pools that everybody sees: what others hold must not decide what is bought."""
        chain = self.account.chain
        if any(leg.pool not in chain.pools for leg in proposal.legs):
            raise NoRoute("a leg goes through a pool that the market does not list")
        for leg in proposal.legs:
            between = {leg.token_in, leg.token_out} - {ask.token_in, ask.token_out}
            if any(self._taxed(asset_id(chain.id, coin)) for coin in between):
                raise NoRoute("a leg goes through a token that takes a tax")
        found = quoted(chain, ask, proposal.legs, method=proposal.method, bound=proposal.bound)
        route = pruned(chain, found)
        for hop in route.hops:
            given_amount(hop.amount_in)
            given_amount(hop.amount_out)
        return route

    def _planned(self, entry: Entry, route: Route, direct_out: int) -> tuple[Chosen | None, Finding]:
        account = self.account
        reason = "no venue can carry it out in one transaction"
        for name, venue, legs in self._venues(entry, route):
            try:
                return self._plan(entry, route, direct_out, name, venue, legs), _routed(route, direct_out)
            except Exception as error:  # a plugin's code: without a plan the pool alone is used
                account.kernel.report(f"venue {name} has no plan for the route of {entry.intent}", error)
                reason = told(error)
        return None, not_routed(reason)

    def _venues(self, entry: Entry, route: Route) -> Iterator[tuple[str, OnChainVenue, tuple[RouteLeg, ...]]]:
        """The venues that say that they carry it out, in the order of the config."""
        account = self.account
        instance = account.instances[entry.instance]
        for name, venue in account.planning.venues(instance.wiring.venue).items():
            try:
                legs = tuple(route_leg(account.chain.pools[leg.pool], leg) for leg in route.legs)
                if venue.serves_route(account.chain.id, legs):
                    yield name, venue, legs
            except Exception as error:  # a plugin's code: what does not say that it serves does not
                account.kernel.report(f"venue {name} does not say whether it serves a route", error)

    def _plan(
        self, entry: Entry, route: Route, direct_out: int, name: str, venue: OnChainVenue, legs: tuple[RouteLeg, ...]
    ) -> Chosen:
        """Raises whatever the plugin raises, and `PluginFault`."""
        account, rules = self.account, self.account.wiring.execution
        spender = given_spender(venue.route_spender(entry.chain_id))
        pays = account.wiring.quote
        min_out = max(1, route.amount_out * (BPS - rules.slippage_bps) // BPS)
        swap = RouteSwap(
            chain_id=entry.chain_id,
            owner=account.wiring.address,
            token_in=pays,
            token_out=split_asset(entry.token)[1],
            amount_in=entry.amount,
            min_out=min_out,
            deadline=account.chain.timestamp + rules.deadline_s,
            allowance=account.allowances.expected(asset_id(entry.chain_id, pays), spender),
            opens=True,
            legs=legs,
        )
        placed = f.PlacedRoute(
            venue=name,
            spender=spender,
            legs=legs,
            amounts=tuple((hop.amount_in, hop.amount_out) for hop in route.hops),
            direct_out=direct_out,
            method=route.method,
            bound=route.bound,
        )
        return Chosen(placed, route.amount_out, min_out, account.planning.route(venue, swap))


def route_leg(pool: "Pool", leg: Leg) -> RouteLeg:
    """A leg with what a venue must know of its pool."""
    i, j = pool.coins.index(leg.token_in), pool.coins.index(leg.token_out)
    return RouteLeg(
        pool=pool.address,
        amm=pool.amm,
        pool_data=given_data(pool.impl.venue_data(i, j)),
        coin_in=leg.token_in,
        coin_out=leg.token_out,
        share=leg.share,
    )


def not_routed(why: str) -> Finding:
    """That an entry goes through its pool alone, which denies nothing."""
    return Finding(rule="routed", ok=False, found=False, note=why, severity="warn")


def _routed(route: Route, direct_out: int) -> Finding:
    more = (route.amount_out - direct_out) * BPS // direct_out
    note = f"{len(route.hops)} pools, {more} bps more than the best alone, before gas"
    return Finding(rule="routed", ok=True, found=True, note=note, severity="warn")
