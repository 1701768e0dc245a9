"""Trades that go over several pools: what routers are asked, and what of their answers is carried out.

A router may be wrong, late or hostile: its legs are quoted again, exactly, on the kernel's own pools, and are taken
only where they net more than the pool that was judged, and where a venue can carry them out. Whatever is wrong with
them, the trade then goes through that pool alone.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

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
POORER = "no route brings more than the best pool alone, gas included"
NOBODY = "no venue can carry it out in one transaction"


class Trade(NamedTuple):
    """An entry or a sale of all of ``amount``.

    name       For people. ``venue``: the only one that may carry it out; empty: any.
    opens      Whether it is an entry.
    wallet     Which pays and receives.
    token      What is bought or sold, ``quote``: against what. Asset ids. ``amount``: of what is paid, base units.
    out        What its pool alone gives for it now, base units.
    judged     What the policies judge of each leg. A sale is held up by none of them: its pool alone is left.
    """

    name: str
    venue: str
    opens: bool
    wallet: str
    token: str
    quote: str
    amount: int
    out: int
    judged: Entry


class Alone(NamedTuple):
    """How it is carried out without a route, and how little a route may bring.

    pool, steps   What it goes through, and the transactions.
    slippage_bps  Of what a route gives; ``floor``: what it must bring in any case, base units.
    """

    pool: "Pool"
    steps: tuple[Step, ...]
    slippage_bps: int
    floor: int


class Offer(NamedTuple):
    """What the routers said. ``why``: there is none, for people."""

    proposals: tuple[Proposal, ...]
    why: str = "the routers found nothing"

    def of_another_amount(self) -> "Offer":
        """The same for a trade of another amount than was asked about, of which the bounds say nothing."""
        return self._replace(proposals=tuple(replace(each, bound=None) for each in self.proposals))  # type: ignore[type-var]


class Chosen(NamedTuple):
    """A route with its transactions. ``out``: base units, before any tax of the token."""

    route: f.PlacedRoute
    out: int
    min_out: int
    steps: tuple[Step, ...]


class Routes:
    """Of one account."""

    def __init__(self, account: "Account") -> None:
        self.account = account

    def wanted(self, intent: Open) -> bool:
        """Whether an entry may be routed: not where the strategy insists on a pool."""
        return intent.pool is None and self.allowed(intent.token)

    def allowed(self, token: str) -> bool:
        """Whether trades of a token (asset id) may be."""
        return self.account.wiring.execution.routes and not self._taxed(token)

    def questions(self, trade: Trade) -> tuple[RouteAsk, ...]:
        """What routers are asked: for each venue about the routes that it could carry out, where there may be any.

        What it does not serve is named, and not what it does: other pools may follow, in the same block."""
        account, chain = self.account, self.account.chain
        ask = self._ask(trade, account.execution.attempts.bid(urgent=False, blocks_waited=0))
        between = self._between(ask)
        asks: dict[RouteAsk, None] = {}
        for name, venue in account.planning.venues(trade.venue).items():
            try:
                other = [leg.pool for leg in between if not venue.serves_route(chain.id, (self._route_leg(leg),))]
                splits = bool(venue.splits_between)
            except Exception as error:  # a plugin's code: what does not say that it serves does not
                account.kernel.report(f"venue {name} does not say whether it serves a route", error)
                continue
            if len(other) < len(between):
                asks[replace(ask, without_pools=tuple(other), split_between=splits)] = None  # type: ignore[type-var]
        return tuple(asks)

    def chosen(
        self, trade: Trade, alone: Alone, bid: FeeBid, proposals: Sequence[Proposal]
    ) -> tuple[Chosen | None, Finding]:
        """The proposal that nets most by the exact quote, of those that net more than the pool alone and that a venue
        carries out; and what is to be said of it. ``bid``: what gas would cost."""
        account = self.account
        if self._taxed(trade.token):
            return None, not_routed("the token takes a tax, which a route would pay twice")
        ask = self._ask(trade, bid)
        try:
            least = trade.out - ask.cost(given_amount(alone.pool.impl.swap_gas))
        except PluginFault as error:
            account.kernel.report(f"amm {alone.pool.amm} does not say what gas a swap uses", error)
            return None, not_routed(told(error))
        why = ""
        for route in sorted(self._routes(trade, ask, proposals), key=lambda route: -route.net):
            if route.net <= least:
                break
            for name, venue, legs in self._venues(trade, route):
                if forbidden := self._forbidden(trade, name, legs):
                    why = why or forbidden
                    continue
                try:
                    chosen = self._plan(trade, alone, route, name, venue, legs)
                except Exception as error:  # a plugin's code: without a plan it is not used
                    account.kernel.report(f"venue {name} has no plan for the route of {trade.name}", error)
                    why = why or told(error)
                    continue
                more = ask.cost(max(0, _approving(chosen.steps) - _approving(alone.steps)))
                if route.net - more - ask.units(self._more_data(chosen, alone, bid)) > least:
                    return chosen, _routed(route, trade.out)
                why = why or POORER
            why = why or NOBODY
        return None, not_routed(why or POORER)

    def _more_data(self, chosen: Chosen, alone: Alone, bid: FeeBid) -> int:
        """What a rollup takes for the data of the route beyond those of the pool alone, wei."""
        planning = self.account.planning
        routed, direct = (planning.data_cost(each.steps, bid) or 0 for each in (chosen, alone))
        return max(0, routed - direct)

    def spoilt(self, placed: f.OrderPlaced) -> bool:
        """Whether the legs of a sale that waited for approvals would bring less now than it insists on."""
        assert placed.route is not None
        legs = [
            Leg(pool=leg.pool, token_in=leg.coin_in, token_out=leg.coin_out, share=leg.share)
            for leg in placed.route.legs
        ]
        ask = RouteAsk(
            chain_id=placed.chain_id,
            token_in=split_asset(placed.token)[1],
            token_out=self.account.planning.pool_coin(split_asset(placed.quote)[1]),
            amount=placed.amount_in,
            max_hops=len(legs),
            max_legs=len(legs),
        )
        try:
            route = quoted(self.account.chain, ask, legs, method="", bound=None)
            return given_amount(route.amount_out) < placed.min_out
        except (NoRoute, NoLiquidity):
            return True  # a pool of it is gone, or dry
        except Exception as error:  # a plugin's code: its pool may be fine, but nothing says so
            self.account.kernel.report(f"the route of {placed.order} cannot be quoted", error)
            return True

    def _ask(self, trade: Trade, bid: FeeBid) -> RouteAsk:
        """Gas is counted in what is bought: of an entry at what its pool gives for the coin that is paid."""
        planning, chain = self.account.planning, self.account.chain
        pay, token = planning.pool_coin(split_asset(trade.quote)[1]), split_asset(trade.token)[1]
        units, wei = worth(chain, chain.wiring.wrapped_native, pay)
        if trade.opens:
            units, wei = units * trade.out, wei * trade.amount
        surplus = max(0, max(units, wei).bit_length() - PRECISION)  # a price may have more digits than the record
        return RouteAsk(
            chain_id=chain.id,
            token_in=pay if trade.opens else token,
            token_out=token if trade.opens else pay,
            amount=trade.amount,
            # Nobody has judged any other coin: anyone can make one, and pools that seem to pay for going through it.
            only_coins=tuple(sorted({*chain.quotes, *self.account.wiring.execution.route_through})),
            gas_price=bid.max_fee,
            wei_worth=(units >> surplus, max(1, wei >> surplus)),
        )

    def _between(self, ask: RouteAsk) -> list[Leg]:
        """A leg through each pool that a route may use, in the order of their addresses."""
        chain = self.account.chain
        coins = {ask.token_in, ask.token_out, *(ask.only_coins or ())}
        found: dict[str, Leg] = {}
        # The wrapped coin has by far the most pools, and every one of two coins is among those of the other one.
        for coin in coins - {chain.wiring.wrapped_native}:
            for pool in chain.trading(coin):
                ends = [each for each in pool.coins if each in coins]
                if len(ends) > 1:
                    found[pool.address] = Leg(pool=pool.address, token_in=ends[0], token_out=ends[1])
        return [found[address] for address in sorted(found)]

    def _taxed(self, token: str) -> bool:
        """Whether it is known to keep a part of what is traded. The contract that carries out a route receives the
        token and hands it on, so a tax would be due twice."""
        taxes = self.account.book.taxes.get(token)
        return taxes is not None and bool(taxes.buy_bps or taxes.sell_bps)

    def _routes(self, trade: Trade, ask: RouteAsk, proposals: Sequence[Proposal]) -> Iterator[Route]:
        """What the proposals are worth now, of several pools each."""
        for proposal in proposals:
            try:
                route = self._quoted(ask, proposal)
            except (NoRoute, NoLiquidity):
                continue  # the pools are not any more what the router saw
            except Exception as error:  # a plugin's code: an AMM that fails ends this proposal and nothing else
                self.account.kernel.report(f"a route for {trade.name} cannot be quoted", error)
                continue
            if len(route.hops) > 1:
                yield route

    def _quoted(self, ask: RouteAsk, proposal: Proposal) -> Route:
        """Of pools that everybody sees: what others hold must not decide what is traded."""
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

    def _venues(self, trade: Trade, route: Route) -> Iterator[tuple[str, OnChainVenue, tuple[RouteLeg, ...]]]:
        """The venues that say that they carry it out, in the order of the config."""
        account = self.account
        for name, venue in account.planning.venues(trade.venue).items():
            try:
                legs = tuple(self._route_leg(leg) for leg in route.legs)
                if venue.serves_route(account.chain.id, legs):
                    yield name, venue, legs
            except Exception as error:  # a plugin's code: what does not say that it serves does not
                account.kernel.report(f"venue {name} does not say whether it serves a route", error)

    def _forbidden(self, trade: Trade, venue: str, legs: tuple[RouteLeg, ...]) -> str:
        """Which policy does not allow a trade to go this way, for people; empty where all do. They have judged its own
        pool and venue alone, and what they forbid there must not come in by a route. For a sale, at which most policies
        only warn, a warning is enough: it has another way."""
        for leg in legs:
            judged = replace(trade.judged, pool=asset_id(self.account.chain.id, leg.pool), venue=venue)  # type: ignore[type-var]
            if rule := self.account.entries.forbids(judged):
                return f"{rule} does not allow pool {leg.pool} at {venue}"
        return ""

    def _route_leg(self, leg: Leg) -> RouteLeg:
        return route_leg(self.account.chain.pools[leg.pool], leg)

    def _plan(
        self, trade: Trade, alone: Alone, route: Route, name: str, venue: OnChainVenue, legs: tuple[RouteLeg, ...]
    ) -> Chosen:
        """Raises whatever the plugin raises, and `PluginFault`."""
        account, chain = self.account, self.account.chain
        spender = given_spender(venue.route_spender(chain.id))
        pays, gets = (trade.quote, trade.token) if trade.opens else (trade.token, trade.quote)
        min_out = max(alone.floor, route.amount_out * (BPS - alone.slippage_bps) // BPS)
        swap = RouteSwap(
            chain_id=chain.id,
            owner=trade.wallet,
            token_in=split_asset(pays)[1],
            token_out=split_asset(gets)[1],
            amount_in=trade.amount,
            min_out=min_out,
            deadline=chain.timestamp + account.wiring.execution.deadline_s,
            allowance=account.allowances.expected(pays, spender, trade.wallet),
            opens=trade.opens,
            legs=legs,
        )
        placed = f.PlacedRoute(
            venue=name,
            spender=spender,
            legs=legs,
            amounts=tuple((hop.amount_in, hop.amount_out) for hop in route.hops),
            direct_out=trade.out,
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
    """That a trade goes through its pool alone, which denies nothing."""
    return Finding(rule="routed", ok=False, found=False, note=why, severity="warn")


def _routed(route: Route, direct_out: int) -> Finding:
    more = (route.amount_out - direct_out) * BPS // max(1, direct_out)
    note = f"{len(route.hops)} pools, {more} bps more than the best alone, before gas"
    return Finding(rule="routed", ok=True, found=True, note=note, severity="warn")


def _approving(steps: tuple[Step, ...]) -> int:
    """The gas of approvals, at their limits."""
    return sum(step.gas for step in steps if step.purpose == "approve")
