"""The plans of one account: they hear the market, and place and withdraw orders until there are those that they want.

What is on its way counts as filled until it is known not to be: so a plan never has more on its way than what is left
of it, whatever is unknown. Everything that it must remember is in the book, so a process that takes over goes on.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from sniper.events import Bar, Event, PlanChanged, Prices, Trade
from sniper.exchange_orders import Side
from sniper.instrument import Instrument
from sniper.kernel import facts as f
from sniper.kernel.book import Order
from sniper.kernel.entries import KERNEL, Denials, describe
from sniper.kernel.exchange.book import ExchangeOrder
from sniper.kernel.exchange.exits import KEY as EXIT
from sniper.kernel.plans.book import PlanState
from sniper.kernel.plans.carrying import Carrying
from sniper.kernel.plans.kinds import rule_of
from sniper.kernel.plans.memory import Memory
from sniper.kernel.plans.part import Part
from sniper.kernel.plans.pool_carrying import PoolCarrying
from sniper.kernel.plans.pool_gates import senseless
from sniper.kernel.plans.pool_prices import PoolPrices
from sniper.kernel.plans.rule import Heard, Rule, Sight
from sniper.kernel.promotion.scaling import scaled
from sniper.order_types import Plan
from sniper.retry import Retry
from sniper.risk import Finding, must
from sniper.types import BPS, KillLevel, StartPlan, at_exchange, place_of

if TYPE_CHECKING:
    from sniper.kernel.account import Account
    from sniper.kernel.instances import Instance

NOTHING: Final = Memory()
GOES_ON: Final = ("working", "ending")
"""States of a plan that may still trade; see `sniper.events.PlanChanged`."""
_ENDED: Final = ("rejected", "expired", "cancelled")


class Plans:
    """``rules``: of all that go on, by their ids."""

    def __init__(self, account: "Account") -> None:
        self.account = account
        self.prices = PoolPrices(account)
        self._at_exchanges = Carrying(account)
        self._at_pools = PoolCarrying(account)
        self._owner = self._at_exchanges.owner
        self.rules: dict[str, Rule[Any]] = {}  # Any: each has its own type of plan
        self._at: dict[str, tuple[str, ...]] = {}
        self._in_pools: tuple[str, ...] = ()
        self._worked: set[str] = set()
        """Plans that are being worked at: what that leads to at once is a part of it."""

    # ---- what people and strategies want ----

    def form(self, instance: "Instance", wanted: StartPlan) -> None:
        """A strategy wants a plan carried out."""
        self.start(instance.name, wanted)

    def start(self, instance: str, wanted: StartPlan) -> None:
        """A plan is wanted. Ends in a Deny, or in a plan that may place its first orders at once."""
        account, spec, now = self.account, wanted.plan, self.account.kernel.now
        instrument = self._instrument(spec.instrument)
        intent = f"{account.name}/{instance}/{account.book.intents + 1}"
        plan = self._fresh(intent, instance, wanted, instrument) if instrument is not None else None
        opens = plan is None or self.opens(plan)
        share = account.stages.share(instance)
        part: Plan | None = spec
        if instrument is not None and opens and 0 < share < BPS:
            part = scaled(spec, share, self._reducible(instrument, getattr(spec, "side", None)))
            if part is not None:
                wanted = replace(wanted, plan=part)  # type: ignore[type-var]
                plan = self._fresh(intent, instance, wanted, instrument)
        account.emit(
            f.IntentFormed(
                time=now,
                intent=intent,
                instance=instance,
                side="increase" if opens else "reduce",
                token=spec.instrument if instrument is None else instrument.held,
                reason=wanted.reason,
                cause=describe(account.kernel.cause),
            )
        )
        denials = Denials()
        judge = self._gates if at_exchange(spec.instrument) else self._pool_gates
        gates = judge(instance, wanted, plan, opens=opens)
        if part is None:
            gates = (*gates, must("stage-leaves", False, note=f"{share} bps of it leave no lot of one of its orders"))
        account.entries.judged(intent, KERNEL, gates, denials)
        account.emit(f.Verdict(time=now, intent=intent, allowed=not denials.rule, rule=denials.rule))
        if plan is None or denials.rule:
            if instrument is not None:
                account.arbitration.denied(instance, instrument, denials.rule)
            self._tell(instance, _denied(now, wanted, intent, denials.rule))
            return
        sight = self._sight(plan)
        if not plan.started.instrument.in_pool:
            sight = sight._replace(native=account.trading.wiring[place_of(spec.instrument)].native_stops)
        memory = rule_of(plan).begun(sight)
        account.emit(self._fresh(intent, instance, wanted, plan.started.instrument, memory).started)
        self._tell_of(account.book.plans[intent], "working")
        self.recall()
        self._schedule(intent)
        self._work(intent)

    def cancel(self, instance: str, key: str) -> None:
        """A strategy wants one of its plans withdrawn. What protects what the plan itself has opened, or may have, goes
        on until it is cancelled once more. To cancel what is gone is no error."""
        plan = self.of_key(instance, key)
        if plan is None:
            return
        rule = self.rules[plan.id]
        if rule.protects() and not plan.narrowed and any(left > 0 for _, left in rule.opening()):
            self._carrying(plan).give_up(plan, rule, "cancelled", "by its strategy")
            self._work(plan.id)
        else:
            self.withdraw(plan.id)

    def withdraw(self, plan: str) -> None:
        """All of a plan is to go, what protects included."""
        found = self.account.book.plans[plan]
        self._carrying(found).end(found, "cancelled")
        self._work(plan)

    def give_way(self, token: str) -> None:
        """All of what is held of a token is to be sold, by an exit, a person or the kill switch: what plans hold of it
        in pools cannot be sold twice, and none of it is bought again."""
        for key in self._in_pools:
            plan = self.account.book.plans.get(key)
            if plan is not None and plan.started.instrument.base == token:
                self.withdraw(key)

    def of_key(self, instance: str, key: str) -> PlanState | None:
        """The plan that an instance started under a key, while it goes on."""
        for plan in self.account.book.plans.values():
            if plan.started.key == key and plan.started.instance == instance:
                return plan
        return None

    def narrow(self, reason: str, instance: str = "", held: str = "") -> None:
        """No position may be opened any more, or none of one instance, or in one asset: what would is withdrawn, the
        rest goes on."""
        account = self.account
        for key in sorted(account.book.plans):
            plan = account.book.plans[key]
            meant = instance in ("", plan.started.instance) and held in ("", plan.started.instrument.held)
            if meant and not plan.narrowed and self.opens(plan):
                account.emit(f.PlanNarrowed(time=account.kernel.now, plan=key, reason=reason))
                self._work(key)

    # ---- what happens ----

    def deliver(self, event: Event) -> None:
        """The market of one of its instruments moved. Hot."""
        if type(event) is Trade:
            price = event.price
            self._heard(event.instrument, Heard("trade", price, price, price, price, event.size))
        elif type(event) is Prices:
            self._heard(event.instrument, Heard("prices", event.bid, event.bid, event.ask, event.ask, 0))
        elif type(event) is Bar:
            heard = Heard("bar", event.low, event.high, event.low, event.high, event.volume)
            self._heard(event.instrument, heard)

    def changed(self, order: ExchangeOrder) -> None:
        """One of its orders has another state, or more of it is filled."""
        plan = self.account.book.plans.get(order.placed.plan)
        if plan is None:
            return  # it ended, and this comes late
        if order.state in _ENDED and not order.cancelling:
            self._ended(plan, order)
        if order.filled or order.state in _ENDED:
            self._tell_of(plan, "ending" if plan.ending else "working", leg=order.placed.leg, note=order.note)
        self._work(plan.id)

    def held(self, instrument: str) -> None:
        """Another amount is held of an instrument: what the exchange holds to reduce it must not stay where nothing is
        left to reduce."""
        for key in sorted(self._at.get(instrument, ())):
            plan = self.account.book.plans.get(key)
            if plan is not None and plan.memory.at_exchange and not plan.ending and not self.rules[key].over():
                self._at_exchanges.unheld(plan)
                self._work(key)

    def take_back(self, instrument: Instrument, side: Side) -> None:
        """What the exchange holds for a trigger makes room for what trades now: it is watched here from now on."""
        for key in sorted(self._at.get(instrument.id, ())):
            plan = self.account.book.plans.get(key)
            if plan is None or not plan.memory.at_exchange or plan.memory.touched or plan.filled():
                continue
            if any(want.side == side for want in self.rules[key].wants(lambda _: 0)):
                self._remember(plan, plan.memory.but(at_exchange=False))
                self._work(key)

    # ---- what happens in pools ----

    def block(self) -> None:
        """A new head of the account's chain: what was at the end of the block before it is heard."""
        for key in self._in_pools:
            plan = self.account.book.plans.get(key)
            if plan is None:
                continue
            heard = self.prices.heard(plan, self.rules[key]) if not plan.ending else None
            if heard is not None:
                self._remember(plan, self.rules[key].heard(heard, self._sight(plan)))
            self._work(key)

    def order_ended(self, order: Order) -> None:
        """An order in a pool has ended; the next one for its token may be one of any plan."""
        part, book = order.placed.part, self.account.book
        plan = book.plans.get(part.plan) if part is not None else None
        if plan is not None and part is not None:
            filled = any(each.amount or each.cash for each in order.booked)
            if not filled and not self._at_pools.unwanted(plan, self.rules[plan.id], part.leg):
                note = f"{order.state}: {order.reason}"
                reduces = order.placed.side == "reduce"
                self._at_pools.refused(plan, self.rules[plan.id], part.leg, note, reduces=reduces)
            self._tell_of(plan, "ending" if plan.ending else "working", leg=part.leg, note=order.reason)
        for key in self._in_pools:
            found = book.plans.get(key)
            if found is not None and found.started.instrument.base == order.placed.token:
                self._work(key)

    def denied(self, part: Part, rule: str, retry: Retry | None) -> None:
        """A purchase in a pool was denied."""
        plan = self.account.book.plans.get(part.plan)
        if plan is not None:
            self._at_pools.denied(plan, self.rules[plan.id], part.leg, rule, retry)
            self._work(plan.id)

    def unwanted(self, order: Order) -> bool:
        """Whether the swap of an order is still to come, and its plan does not want it any more."""
        part = order.placed.part
        ahead = any(step.purpose in ("entry", "exit") for step in order.steps[order.step :])
        if part is None or not ahead:
            return False
        plan = self.account.book.plans.get(part.plan)
        return plan is None or self._at_pools.unwanted(plan, self.rules[plan.id], part.leg)

    def reorg(self) -> None:
        """Orders are on their way again, and with them plans that had ended."""
        before = self.rules
        self.recall()
        for key in self._in_pools:
            plan = self.account.book.plans.get(key)
            if plan is not None and key not in before:
                self._tell_of(plan, "ending" if plan.ending else "working", note="a reorg took its end back")
                self._schedule(key)
            self._work(key)

    # ---- time, and other processes ----

    def timer(self, key: str) -> None:
        """The time came that a rule named, or at which a leg is tried again."""
        name = key.partition("?")[0]
        plan = self.account.book.plans.get(name)
        if plan is None:
            return
        if name == key and not plan.ending:
            self._remember(plan, self.rules[name].timed(self._sight(plan)))
            self._schedule(name)
        self._work(name)

    def woken(self, venue: str) -> None:
        """An exchange can be traded at again."""
        for key in sorted(self.account.book.plans):
            plan = self.account.book.plans.get(key)
            if plan is not None and plan.started.instrument.venue == venue:
                self._work(key)

    def began(self) -> None:
        """A process took over: time may have gone by, and the orders are read first."""
        self.recall()
        for key in sorted(self.account.book.plans):
            self._schedule(key)
            for name, leg in sorted(self.account.book.plans[key].legs.items()):
                if leg.retry_at:
                    self.account.kernel.timers.set(self._owner, f"{key}?{name}", leg.retry_at)
            self._work(key)

    def recall(self) -> None:
        """Plans have come or gone, perhaps with a whole book: who hears which instrument?"""
        plans = self.account.book.plans
        self.rules = {key: rule_of(plans[key]) for key in sorted(plans)}
        at: dict[str, tuple[str, ...]] = {}
        for key in sorted(plans):
            instrument = plans[key].started.instrument
            if not instrument.in_pool:
                at[instrument.id] = (*at.get(instrument.id, ()), key)
        self._at = at
        self._in_pools = tuple(key for key in sorted(plans) if plans[key].started.instrument.in_pool)
        self.account.kernel.tickers.follow(self.account.name, self, at)

    # ---- carrying it out ----

    def _ended(self, plan: PlanState, order: ExchangeOrder) -> None:
        """One of its orders has ended by itself."""
        rule, placed, memory = self.rules[plan.id], order.placed, None
        if placed.new.trigger is not None:
            memory = rule.lost(order.state, order.filled, self._seen(placed.instrument.id))
        if memory is not None:
            self._remember(plan, memory)
        elif not order.filled:
            note = f"{order.state}: {order.note}"
            self._at_exchanges.refused(plan, rule, placed.leg, note, reduces=not placed.opens)

    def _work(self, key: str) -> None:
        """Let a plan do what it wants done now."""
        plan = self.account.book.plans.get(key)
        if plan is None or key in self._worked:
            return
        self._worked.add(key)
        try:
            state, note = self._carrying(plan).work(plan, self.rules[key], self._now)
        finally:
            self._worked.discard(key)
        if state:
            self.account.emit(f.PlanEnded(time=self.account.kernel.now, plan=plan.id, state=state, note=note))
            self._tell_of(plan, state, note=note)
            self.recall()

    def _heard(self, instrument: str, heard: Heard) -> None:
        """Let the plans hear it that were there before it. Hot."""
        plans, rules = self.account.book.plans, self.rules
        sight = self._seen(instrument)
        for key in self._at.get(instrument, ()):
            plan = plans.get(key)
            if plan is None or plan.ending:
                continue
            memory = rules[key].heard(heard, sight)
            if memory is not None:
                self._remember(plan, memory)
                self._work(key)

    def _remember(self, plan: PlanState, memory: Memory | None) -> None:
        if memory is None:
            return
        news = [leg for leg in memory.touched if leg not in plan.memory.touched]
        self.account.emit(f.PlanMoved(time=self.account.kernel.now, plan=plan.id, memory=memory))
        for leg in news:
            self._tell_of(plan, "working", leg=leg, note="its trigger was reached")

    def _schedule(self, key: str) -> None:
        """Set the clock for what a rule waits for."""
        at = self.rules[key].next_at()
        if at is not None:
            # one that is over fires with the next event, not over and over in this one
            self.account.kernel.timers.set(self._owner, key, max(at, self.account.kernel.now + 1))

    # ---- what is there ----

    def _fresh(
        self, plan: str, instance: str, wanted: StartPlan, instrument: Instrument, memory: Memory = NOTHING
    ) -> PlanState:
        """The plan as it would begin."""
        started = f.PlanStarted(
            time=self.account.kernel.now,
            plan=plan,
            instance=instance,
            key=wanted.key,
            instrument=instrument,
            spec=wanted.plan,
            memory=memory,
        )
        return PlanState(started=started)

    def _carrying(self, plan: PlanState) -> Carrying:
        return self._at_pools if plan.started.instrument.in_pool else self._at_exchanges

    def _instrument(self, id_: str) -> Instrument | None:
        """What a plan would trade: at an exchange, or in a pool."""
        if not at_exchange(id_):
            return self.prices.instrument(id_)
        ticker = self.account.kernel.tickers.known.get(id_)
        return ticker.instrument if ticker is not None else None

    def _reducible(self, instrument: Instrument, side: Side | None) -> int:
        """Lots that an order on a side would reduce; in a pool nothing is that buys, and all that sells."""
        ticker = self.account.kernel.tickers.known.get(instrument.id)
        if side is None or ticker is None:
            return 0
        return self.account.trading.reducible(ticker, side) // instrument.lot

    def _sight(self, plan: PlanState) -> Sight:
        if plan.started.instrument.in_pool:
            return self.prices.sight(plan, rule_of(plan), self._now)
        return self._seen(plan.started.instrument.id)

    def _seen(self, instrument: str) -> Sight:
        ticker = self.account.kernel.tickers.known.get(instrument)
        if ticker is None:
            return Sight(self._now, 0, 0, 0)
        return Sight(self._now, ticker.last, ticker.bid, ticker.ask)

    @property
    def _now(self) -> int:
        """What the clock shows, ns UTC: later than a timer that fires after a pause."""
        return max(self.account.kernel.now, self.account.kernel.reached)

    def opens(self, plan: PlanState) -> bool:
        """Whether what it may still do opens a position, were it done now."""
        if plan.started.instrument.in_pool:
            buys = (order for leg in plan.legs.values() for order in leg.working if self._buys(order))
            return any(buys) or any(side == "buy" and left > 0 for side, left in rule_of(plan).opening())
        ticker = self.account.kernel.tickers.known.get(plan.started.instrument.id)
        if ticker is None:
            return True
        desk = self.account.trading.desks.get(place_of(ticker.instrument.id))
        keys = [key for leg in plan.legs.values() for key in leg.working]
        orders = [desk.book.orders[key] for key in keys] if desk is not None else []
        if any(order.placed.opens for order in orders):
            return True
        for side, left in rule_of(plan).opening():
            # what is on its way was judged when it was placed, and counts as waiting now
            size = left - sum(order.size - order.filled for order in orders if order.side == side)
            if size > 0 and self.account.trading.opened(ticker, side, size):
                return True
        return False

    def _gates(self, instance: str, wanted: StartPlan, plan: PlanState | None, *, opens: bool) -> tuple[Finding, ...]:
        account, spec = self.account, wanted.plan
        venue = place_of(spec.instrument)
        desk = account.trading.desks.get(venue)
        ticker = account.kernel.tickers.known.get(spec.instrument)
        if desk is None or plan is None or ticker is None:
            note = spec.instrument if desk is not None else f"{account.name} has no desk at {venue}"
            return (must("instrument-known", False, note=note),)
        return (
            *self._of_account(instance, opens=opens),
            must("key-free", account.trading.key_free(desk, instance, wanted.key), note=wanted.key),
            must("market-heard", bool(ticker.hearing), note=f"no strategy asks for {spec.instrument}"),
            *rule_of(plan).gates(ticker.instrument),
            *(account.arbitration.gates(instance, ticker.instrument) if opens else ()),
        )

    def _of_account(self, instance: str, *, opens: bool) -> Iterator[Finding]:
        """What must hold wherever a plan trades."""
        account, book, state = self.account, self.account.book, self.account.life(instance)
        yield must("strategy-active", state == "active" or not opens, note=state)
        yield must("not-frozen", book.kill != KillLevel.FREEZE, note=book.kill)
        yield must("not-halted", not book.halted, note=book.halted)
        if opens:
            yield from account.stages.gates(instance)
            yield must("kill-switch-off", book.kill == "off", note=book.tripped or book.kill)

    def _buys(self, order: str) -> bool:
        """Whether an order in a pool, which may be still judged, buys."""
        placed = self.account.book.orders.get(order)
        return placed is None or placed.placed.side == "increase"

    def _pool_gates(
        self, instance: str, wanted: StartPlan, plan: PlanState | None, *, opens: bool
    ) -> tuple[Finding, ...]:
        if plan is None:
            return (must("pool-known", False, note=wanted.plan.instrument),)
        instrument = plan.started.instrument
        held = self.account.book.positions.get(instrument.base)
        return (
            *senseless(wanted.plan),
            *self._of_account(instance, opens=opens),
            must("key-free", self.of_key(instance, wanted.key) is None, note=wanted.key),
            must("one-owner", held is None or held.instance == instance, note=held.instance if held else ""),
            *rule_of(plan).gates(instrument),
        )

    # ---- telling ----

    def _tell_of(self, plan: PlanState, state: str, *, leg: str = "", note: str = "") -> None:
        started, now = plan.started, self.account.kernel.now
        news = PlanChanged(
            time=now,
            key=started.key,
            plan=plan.id,
            instrument=started.instrument.id,
            state=state,
            filled=plan.filled(),
            leg=leg,
            note=note,
        )
        self._tell(started.instance, news)

    def _tell(self, instance: str, news: PlanChanged) -> None:
        """Let its strategy know; of what sells for an exit, that has ended, the exits."""
        if not news.key.startswith(EXIT):
            self.account.tell(instance, news)
        elif news.state not in GOES_ON:
            self.account.desk_exits.ended(news.key, news.state)


def _denied(now: int, wanted: StartPlan, intent: str, rule: str) -> PlanChanged:
    instrument = wanted.plan.instrument
    return PlanChanged(
        time=now, key=wanted.key, plan=intent, instrument=instrument, state="denied", filled=0, note=rule
    )
