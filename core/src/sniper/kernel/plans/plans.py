"""The plans of one account: they hear the market, and place and withdraw orders until there are those that they want.

What is on its way counts as filled until it is known not to be: so a plan never has more on its way than what is left
of it, whatever is unknown. Everything that it must remember is in the book, so a process that takes over goes on.
"""

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from sniper.events import Bar, Event, PlanChanged, Prices, Trade
from sniper.exchange_orders import Side
from sniper.instrument import Instrument
from sniper.kernel import facts as f
from sniper.kernel.entries import KERNEL, Denials, describe
from sniper.kernel.exchange.book import ExchangeOrder
from sniper.kernel.exchange.exits import KEY as EXIT
from sniper.kernel.plans.book import PlanState
from sniper.kernel.plans.carrying import Carrying
from sniper.kernel.plans.kinds import rule_of
from sniper.kernel.plans.memory import Memory
from sniper.kernel.plans.rule import Heard, Rule, Sight
from sniper.kernel.promotion.scaling import scaled
from sniper.order_types import Plan
from sniper.risk import Finding, must
from sniper.types import BPS, KillLevel, StartPlan, place_of

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
        self._carrying = Carrying(account)
        self._owner = self._carrying.owner
        self.rules: dict[str, Rule[Any]] = {}  # Any: each has its own type of plan
        self._at: dict[str, tuple[str, ...]] = {}

    # ---- what people and strategies want ----

    def form(self, instance: "Instance", wanted: StartPlan) -> None:
        """A strategy wants a plan carried out."""
        self.start(instance.name, wanted)

    def start(self, instance: str, wanted: StartPlan) -> None:
        """A plan is wanted. Ends in a Deny, or in a plan that may place its first orders at once."""
        account, spec, now = self.account, wanted.plan, self.account.kernel.now
        ticker = account.kernel.tickers.known.get(spec.instrument)
        intent = f"{account.name}/{instance}/{account.book.intents + 1}"
        plan = self._fresh(intent, instance, wanted, ticker.instrument) if ticker is not None else None
        opens = plan is None or self._opens(plan)
        share = account.stages.share(instance)
        part: Plan | None = spec
        if ticker is not None and opens and 0 < share < BPS:
            side = getattr(spec, "side", None)
            least = account.trading.reducible(ticker, side) // ticker.instrument.lot if side else 0
            part = scaled(spec, share, least)
            if part is not None:
                wanted = replace(wanted, plan=part)  # type: ignore[type-var]
                plan = self._fresh(intent, instance, wanted, ticker.instrument)
        account.emit(
            f.IntentFormed(
                time=now,
                intent=intent,
                instance=instance,
                side="increase" if opens else "reduce",
                token=spec.instrument if ticker is None else ticker.instrument.held,
                reason=wanted.reason,
                cause=describe(account.kernel.cause),
            )
        )
        denials = Denials()
        gates = self._gates(instance, wanted, plan, opens=opens)
        if part is None:
            gates = (*gates, must("stage-leaves", False, note=f"{share} bps of it leave no lot of one of its orders"))
        account.entries.judged(intent, KERNEL, gates, denials)
        account.emit(f.Verdict(time=now, intent=intent, allowed=not denials.rule, rule=denials.rule))
        if plan is None or denials.rule:
            self._tell(instance, _denied(now, wanted, intent, denials.rule))
            return
        native = account.trading.wiring[place_of(spec.instrument)].native_stops
        memory = rule_of(plan).begun(self._sight(spec.instrument)._replace(native=native))
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
            self._carrying.give_up(plan, rule, "cancelled", "by its strategy")
            self._work(plan.id)
        else:
            self.withdraw(plan.id)

    def withdraw(self, plan: str) -> None:
        """All of a plan is to go, what protects included."""
        self._carrying.end(self.account.book.plans[plan], "cancelled")
        self._work(plan)

    def of_key(self, instance: str, key: str) -> PlanState | None:
        """The plan that an instance started under a key, while it goes on."""
        for plan in self.account.book.plans.values():
            if plan.started.key == key and plan.started.instance == instance:
                return plan
        return None

    def narrow(self, reason: str, instance: str = "") -> None:
        """No position may be opened any more, or none of one instance: what would is withdrawn, the rest goes on."""
        account = self.account
        for key in sorted(account.book.plans):
            plan = account.book.plans[key]
            if (not instance or plan.started.instance == instance) and not plan.narrowed and self._opens(plan):
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
                self._carrying.unheld(plan)
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

    def timer(self, key: str) -> None:
        """The time came that a rule named, or at which a leg is tried again."""
        name = key.partition("?")[0]
        plan = self.account.book.plans.get(name)
        if plan is None:
            return
        if name == key and not plan.ending:
            self._remember(plan, self.rules[name].timed(self._sight(plan.started.instrument.id)))
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
            instrument = plans[key].started.spec.instrument
            at[instrument] = (*at.get(instrument, ()), key)
        self._at = at
        self.account.kernel.tickers.follow(self.account.name, self, at)

    # ---- carrying it out ----

    def _ended(self, plan: PlanState, order: ExchangeOrder) -> None:
        """One of its orders has ended by itself."""
        rule, placed, memory = self.rules[plan.id], order.placed, None
        if placed.new.trigger is not None:
            memory = rule.lost(order.state, order.filled, self._sight(placed.instrument.id))
        if memory is not None:
            self._remember(plan, memory)
        elif not order.filled:
            note = f"{order.state}: {order.note}"
            self._carrying.refused(plan, rule, placed.leg, note, reduces=not placed.opens)

    def _work(self, key: str) -> None:
        """Let a plan do what it wants done now."""
        plan = self.account.book.plans.get(key)
        if plan is None:
            return
        state, note = self._carrying.work(plan, self.rules[key], self._now)
        if state:
            self.account.emit(f.PlanEnded(time=self.account.kernel.now, plan=plan.id, state=state, note=note))
            self._tell_of(plan, state, note=note)
            self.recall()

    def _heard(self, instrument: str, heard: Heard) -> None:
        """Let the plans hear it that were there before it. Hot."""
        plans, rules = self.account.book.plans, self.rules
        sight = self._sight(instrument)
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

    def _sight(self, instrument: str) -> Sight:
        ticker = self.account.kernel.tickers.known.get(instrument)
        if ticker is None:
            return Sight(self._now, 0, 0, 0)
        return Sight(self._now, ticker.last, ticker.bid, ticker.ask)

    @property
    def _now(self) -> int:
        """What the clock shows, ns UTC: later than a timer that fires after a pause."""
        return max(self.account.kernel.now, self.account.kernel.reached)

    def _opens(self, plan: PlanState) -> bool:
        """Whether what it may still do opens a position, were it done now."""
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
        book, venue = account.book, place_of(spec.instrument)
        desk = account.trading.desks.get(venue)
        ticker = account.kernel.tickers.known.get(spec.instrument)
        if desk is None or plan is None or ticker is None:
            note = spec.instrument if desk is not None else f"{account.name} has no desk at {venue}"
            return (must("instrument-known", False, note=note),)
        state = account.life(instance)
        gates = [
            must("strategy-active", state == "active" or not opens, note=state),
            must("not-frozen", book.kill != KillLevel.FREEZE, note=book.kill),
            must("not-halted", not book.halted, note=book.halted),
            must("key-free", account.trading.key_free(desk, instance, wanted.key), note=wanted.key),
            must("market-heard", bool(ticker.hearing), note=f"no strategy asks for {spec.instrument}"),
        ]
        if opens:
            gates += account.stages.gates(instance)
            gates.append(must("kill-switch-off", book.kill == "off", note=book.tripped or book.kill))
        return (*gates, *rule_of(plan).gates(ticker.instrument))

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
