"""Arbitrages: from a cycle that was found to an order that pays into it and receives in one transaction.

Nothing that a router or a strategy says is believed: the legs are quoted again on the kernel's own pools, with the
amount of what is free that gains most, and what remains after gas decides. The transaction reverts where no more comes
back than was paid, so gas is all that it can lose. It asks for no more than that on chain: once it is in a block its
gas is paid, and a small gain is better than none.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sniper.errors import PluginFault, told
from sniper.kernel import facts as f
from sniper.kernel.book import Order
from sniper.kernel.entries import KERNEL, Denials, checked_by, describe
from sniper.kernel.given import given_amount, given_spender
from sniper.kernel.planning import DATA_FEE, checked
from sniper.kernel.routes import route_leg
from sniper.kernel.watches import Watch
from sniper.proposal import Leg
from sniper.risk import Finding, RiskCheck, RiskProbe, at_least, must
from sniper.router import NoRoute
from sniper.routing import Cycle, confirmed, walked, worth
from sniper.types import NATIVE, Arbitrage, FeeBid, Roundtrip, Stake, Step, asset_id
from sniper.venue import OnChainVenue, RouteLeg, RouteSwap

if TYPE_CHECKING:
    from sniper.kernel.account import Account
    from sniper.kernel.instances import Instance

SETUP_GAS = 50_000
"""What a route's transaction uses beside its swaps, about: 21,000 to begin with, then paying, wrapping, receiving."""


class _Refused(Exception):
    """There is no order. ``finding``: why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.note)
        self.finding = finding


class _Planned(NamedTuple):
    """A cycle with its transactions, and the wallet that sends them. ``gas``: their limits at the present bid, wei."""

    wallet: str
    cycle: Cycle
    venue: str
    spender: str
    legs: tuple[RouteLeg, ...]
    steps: tuple[Step, ...]
    gas: int
    deadline: int

    @property
    def amount(self) -> int:
        """Paid, base units of the quote asset."""
        return self.cycle.hops[0].amount_in

    @property
    def out(self) -> int:
        """Received, by the quote."""
        return self.cycle.hops[-1].amount_out


class Arbitrages:
    """Of one account."""

    def __init__(self, account: "Account") -> None:
        self.account = account

    def form(self, instance: "Instance", intent: Arbitrage) -> None:
        """A strategy wants a cycle traded. Ends in a Deny or in an order; no probe is waited for, as no gap would."""
        account, entries = self.account, self.account.entries
        now, denials = account.kernel.now, Denials()
        intent_id = f"{account.name}/{instance.name}/{account.book.intents + 1}"
        account.emit(
            f.IntentFormed(
                time=now,
                intent=intent_id,
                instance=instance.name,
                side="arbitrage",
                token=account.quote,
                reason=intent.reason,
                cause=describe(account.kernel.cause),
            )
        )
        order = None
        entries.judged(intent_id, KERNEL, entries.gates(instance.name, account.quote), denials)
        if not denials.rule:
            findings, order = self._order(instance, intent_id, intent, denials)
            entries.judged(intent_id, KERNEL, findings, denials)
        account.emit(f.Verdict(time=now, intent=intent_id, allowed=not denials.rule, rule=denials.rule))
        if order is not None and not denials.rule:
            account.emit(order)
            account.execution.advance(account.book.orders[order.order])

    def gone(self, order: Order) -> bool:
        """Whether an arbitrage that did not leave yet would not bring any more what made it worth its gas."""
        chain, route = self.account.chain, order.placed.route
        assert route is not None  # the fold takes no arbitrage without one
        legs = [Leg(pool=leg.pool, token_in=leg.coin_in, token_out=leg.coin_out) for leg in route.legs]
        try:
            self._listed(legs)
            hops = walked(chain, legs, legs[0].token_in, order.placed.amount_in)
            return given_amount(hops[-1].amount_out) < route.direct_out
        except Exception:  # NoRoute, NoLiquidity, or a plugin's code: what cannot be quoted is not traded
            return True

    # ---- the order ----

    def _order(
        self, instance: "Instance", intent_id: str, intent: Arbitrage, denials: Denials
    ) -> tuple[tuple[Finding, ...], f.OrderPlaced | None]:
        """What the kernel finds about the cycle, and the order where neither that nor a check denies."""
        account = self.account
        try:
            bid = self._bid(intent_id)
            planned = self._affordable(instance, intent_id, intent, bid)
            valued = self._bid(intent_id, account.planning.stake(planned.cycle.gain, planned.steps))
            if valued != bid:
                bid, planned = valued, self._affordable(instance, intent_id, intent, valued)
            cost = self._gas_cost(planned, bid)
        except _Refused as refused:
            return (refused.finding,), None
        gain, least = planned.cycle.gain, max(1, intent.min_profit)
        findings = (
            Finding(rule="gain", ok=True, found=gain, unit="base units"),
            Finding(rule="gas-about", ok=True, found=cost, unit="base units"),
            at_least("profit", gain - cost, least, unit="base units"),
        )
        if not findings[-1].ok:
            return findings, None
        self._judge(self._roundtrip(instance, intent_id, intent, planned, cost), denials)
        return findings, self._placed(instance, intent_id, planned, planned.amount + cost + least)

    def _bid(self, intent_id: str, stake: Stake | None = None) -> FeeBid:
        chain = self.account.chain
        try:
            return chain.bid(urgent=False, blocks_waited=0, stake=stake)
        except Exception as error:  # a plugin's code: what a transaction costs must be known before it is wanted
            self.account.kernel.report(f"the fee estimator of chain {chain.id} makes no bid for {intent_id}", error)
            raise _Refused(must("fee-bid", False, note=told(error))) from error

    def _affordable(self, instance: "Instance", intent_id: str, intent: Arbitrage, bid: FeeBid) -> _Planned:
        """The cycle with the amount that gains most of what a wallet has free beside its gas, and its transactions. Of
        those that may send it the one that has most does: one transaction pays from one wallet."""
        account, native = self.account, asset_id(self.account.chain.id, NATIVE)
        book, wallets = account.book, account.wallets
        (wallet,) = wallets.richest(wallets.usable(account.quote), account.quote)  # the gates found one
        free = book.free(account.quote, wallet)
        most = free if intent.max_spend is None else min(free, intent.max_spend)
        most = account.stages.scaled(instance.name, most)
        planned = self._planned(wallet, instance, intent_id, intent, most, bid)
        if self.account.quote == native:
            if planned.amount + planned.gas > free:  # its gas depends on the legs alone
                planned = self._planned(wallet, instance, intent_id, intent, free - planned.gas, bid)
            enough = at_least("free-cash", free, planned.amount + planned.gas, unit="wei")
        else:
            enough = at_least("free-gas", book.free(native, wallet), planned.gas, unit="wei")
        if not enough.ok:
            raise _Refused(enough)
        return planned

    def _planned(
        self, wallet: str, instance: "Instance", intent_id: str, intent: Arbitrage, most: int, bid: FeeBid
    ) -> _Planned:
        if most <= 0:
            raise _Refused(at_least("free-cash", most, 1, unit="base units"))
        cycle = self._confirmed(intent_id, intent, most)
        note = "no venue can carry it out in one transaction"
        for name, venue, legs in self._venues(instance, cycle):
            try:
                spender, steps, deadline = self._plan(wallet, venue, cycle, legs, intent.allowance)
            except Exception as error:  # a plugin's code: another venue may have a plan
                self.account.kernel.report(f"venue {name} has no plan for {intent_id}", error)
                note = told(error)
                continue
            gas = self.account.planning.cost(steps, bid)
            if gas is None:
                raise _Refused(must("fee-bid", False, note=DATA_FEE))
            if not self.account.wallets.fits(wallet, steps):
                raise _Refused(self.account.wallets.free(False))
            return _Planned(wallet, cycle, name, spender, legs, steps, gas, deadline)
        raise _Refused(must("planned", False, note=note))

    def _confirmed(self, intent_id: str, intent: Arbitrage, most: int) -> Cycle:
        account = self.account
        try:
            self._listed(intent.legs)
            cycle = confirmed(account.chain, intent.legs, account.planning.pool_coin(account.wiring.quote), most)
            for hop in cycle.hops if cycle else ():
                given_amount(hop.amount_in)
                given_amount(hop.amount_out)
        except NoRoute as error:
            raise _Refused(must("cycle", False, note=str(error))) from error
        except Exception as error:  # a plugin's code: what it cannot price is not traded
            account.kernel.report(f"the cycle of {intent_id} cannot be quoted", error)
            raise _Refused(must("cycle", False, note=told(error))) from error
        if cycle is None:
            raise _Refused(must("gains", False, note="the pools are not any more what they were"))
        return cycle

    def _listed(self, legs: Sequence[Leg]) -> None:
        """Pools that everybody sees, for what others hold must not decide what is traded; and no coin that is known to
        keep a part of what is moved, which no quote counts. None that only trades alone. Raises `NoRoute`."""
        for leg in legs:
            pool = self.account.chain.pools.get(leg.pool)
            if pool is None:
                raise NoRoute(f"no pool {leg.pool} is listed")
            if pool.impl.alone:
                raise NoRoute(f"pool {leg.pool} is traded alone: its AMM {pool.amm} runs in a worker")
            taxes = self.account.book.taxes.get(asset_id(self.account.chain.id, leg.token_out))
            if taxes is not None and (taxes.buy_bps or taxes.sell_bps):
                raise NoRoute(f"{leg.token_out} takes a tax, which would be due at each of its pools")

    def _venues(self, instance: "Instance", cycle: Cycle) -> Iterator[tuple[str, OnChainVenue, tuple[RouteLeg, ...]]]:
        """The venues that say that they carry it out, in the order of the config."""
        account, chain = self.account, self.account.chain
        for name, venue in account.planning.venues(instance.wiring.venue).items():
            try:
                legs = tuple(route_leg(chain.pools[hop.leg.pool], hop.leg) for hop in cycle.hops)
                if venue.serves_route(chain.id, legs):
                    yield name, venue, legs
            except Exception as error:  # a plugin's code: what does not say that it serves does not
                account.kernel.report(f"venue {name} does not say whether it serves a cycle", error)

    def _plan(
        self, wallet: str, venue: OnChainVenue, cycle: Cycle, legs: tuple[RouteLeg, ...], standing: int
    ) -> tuple[str, tuple[Step, ...], int]:
        """Spender, transactions, deadline. Raises whatever the plugin raises, and `PluginFault`."""
        account, chain = self.account, self.account.chain
        pays, amount = account.wiring.quote, cycle.hops[0].amount_in
        spender = given_spender(venue.route_spender(chain.id))
        allowance = account.allowances.expected(account.quote, spender, wallet)
        approvals: tuple[Step, ...] = ()
        if pays != NATIVE and allowance < amount < standing:
            approvals = checked(venue.approve_route(chain.id, pays, standing, allowance))
            allowance = standing
        deadline = chain.timestamp + account.wiring.execution.deadline_s
        swap = RouteSwap(
            chain_id=chain.id,
            owner=wallet,
            token_in=pays,
            token_out=pays,
            amount_in=amount,
            min_out=amount + 1,
            deadline=deadline,
            allowance=allowance,
            opens=True,
            legs=legs,
        )
        steps = (*approvals, *account.planning.route(venue, swap))
        if [step.purpose for step in steps if step.purpose != "approve"] != ["entry"] or steps[-1].purpose != "entry":
            raise PluginFault("gave a plan that does not end with its one trade")
        return spender, steps, deadline

    def _gas_cost(self, planned: _Planned, bid: FeeBid) -> int:
        """About what its gas costs, base units of the quote asset, rounded up: the fee at its most, approvals at their
        limits, the trade at what its swaps use."""
        account, chain = self.account, self.account.chain
        *approvals, trade = planned.steps
        used = sum(step.gas for step in approvals) + min(trade.gas, SETUP_GAS + planned.cycle.gas)
        data = planned.gas - sum(step.gas for step in planned.steps) * bid.max_fee
        units, wei = worth(chain, chain.wiring.wrapped_native, account.planning.pool_coin(account.wiring.quote))
        if not units:
            note = "no pool says what the native coin is worth in what is paid"
            raise _Refused(must("gas-worth", False, note=note))
        return -(-(used * bid.max_fee + data) * units // wei)

    # ---- the checks ----

    def _roundtrip(
        self, instance: "Instance", intent_id: str, intent: Arbitrage, planned: _Planned, cost: int
    ) -> Roundtrip:
        return Roundtrip(
            intent=intent_id,
            account=self.account.name,
            instance=instance.name,
            chain_id=self.account.chain.id,
            quote=self.account.quote,
            venue=planned.venue,
            legs=tuple(hop.leg for hop in planned.cycle.hops),
            amount=planned.amount,
            expected_out=planned.out,
            gas_cost=cost,
            reason=intent.reason,
        )

    def _judge(self, roundtrip: Roundtrip, denials: Denials) -> None:
        """Policies first. A check that was written for entries is not asked; a policy without a word denies."""
        account = self.account
        for wiring in account.entries.checks:
            check = wiring.check
            if not isinstance(check, RiskProbe):
                if not wiring.policy and not _judges_roundtrips(check):
                    continue
                view = account.view
                findings = checked_by(account, wiring.name, roundtrip.intent, check.judge_roundtrip, roundtrip, view)
            elif wiring.policy:
                findings = (must("judges-roundtrips", False, note="it looks first, and no gap waits for that"),)
            else:
                continue
            account.entries.judged(roundtrip.intent, wiring.name, findings, denials)

    def _placed(self, instance: "Instance", intent_id: str, planned: _Planned, worth_it: int) -> f.OrderPlaced:
        account, first = self.account, planned.legs[0]
        return f.OrderPlaced(
            time=account.kernel.now,
            order=f"{intent_id}.0",
            intent=intent_id,
            instance=instance.name,
            side="arbitrage",
            chain_id=account.chain.id,
            owner=planned.wallet,
            token=account.quote,
            quote=account.quote,
            pool=asset_id(account.chain.id, first.pool),
            venue=planned.venue,
            amount_in=planned.amount,
            expected_out=planned.out,
            min_out=planned.amount + 1,
            cash=planned.amount,
            gas=planned.gas,
            exit_gas=0,
            steps=planned.steps,
            amm=first.amm,
            pool_data=first.pool_data,
            deadline=planned.deadline,
            route=f.PlacedRoute(
                venue=planned.venue,
                spender=planned.spender,
                legs=planned.legs,
                amounts=tuple((hop.amount_in, hop.amount_out) for hop in planned.cycle.hops),
                direct_out=worth_it,
                method="cycle",
                bound=None,
            ),
        )


def _judges_roundtrips(check: RiskCheck | Watch) -> bool:
    if isinstance(check, Watch):
        return check.judges_roundtrips
    return type(check).judge_roundtrip is not RiskCheck.judge_roundtrip
