"""The plans of one account: they hear the market, and place and withdraw orders until there are those that they want.

What is on its way counts as filled until it is known not to be: so a plan never has more on its way than what is left
of it, whatever is unknown. Everything that it must remember is in the book, so a process that takes over goes on.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from sniper.events import Bar, Event, PlanChanged, Prices, Trade
from sniper.instrument import Instrument
from sniper.kernel import facts as f
from sniper.kernel.entries import KERNEL, Denials, describe
from sniper.kernel.exchange.book import ExchangeOrder
from sniper.kernel.exchange.exits import KEY as EXIT
from sniper.kernel.exchange.tickers import Ticker
from sniper.kernel.exchange.trading import REDUCE_ONLY
from sniper.kernel.plans import fold
from sniper.kernel.plans.book import PlanState
from sniper.kernel.plans.kinds import rule_of
from sniper.kernel.plans.memory import Memory
from sniper.kernel.plans.rule import Heard, Rule, Sight, Want
from sniper.kernel.timers import Owner
from sniper.risk import Finding, must
from sniper.types import SECOND, KillLevel, PlaceOrder, StartPlan, place_of

if TYPE_CHECKING:
    from sniper.kernel.account import Account
    from sniper.kernel.instances import Instance

PLANS: Final = "?plans"
"""Owns the timers of plans; no exchange has this name."""
MOST_TRIES: Final = 3
"""Refusals in a row after which what opens a position is given up. What only reduces never is."""
LONGEST_WAIT: Final = 6
"""It is tried again after 1, 2, 4, … seconds, and 2 to the power of this at most."""
NOTHING: Final = Memory()
GOES_ON: Final = ("working", "ending")
"""States of a plan that may still trade; see `sniper.events.PlanChanged`."""
_ENDED: Final = ("rejected", "expired", "cancelled")


class Plans:
    """``rules``: of all that go on, by their ids."""

    def __init__(self, account: "Account") -> None:
        self.account = account
        self.owner = Owner(account.name, "", "", PLANS)
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
        account.entries.judged(intent, KERNEL, self._gates(instance, wanted, plan, opens=opens), denials)
        account.emit(f.Verdict(time=now, intent=intent, allowed=not denials.rule, rule=denials.rule))
        if plan is None or denials.rule:
            self._tell(instance, _denied(now, wanted, intent, denials.rule))
            return
        memory = rule_of(plan).begun(self._sight(spec.instrument))
        account.emit(self._fresh(intent, instance, wanted, plan.started.instrument, memory).started)
        self._tell_of(account.book.plans[intent], "working")
        self.recall()
        self._schedule(intent)
        self._work(intent)

    def cancel(self, instance: str, key: str) -> None:
        """A strategy wants one of its plans withdrawn. To cancel what is gone is no error."""
        plan = self.of_key(instance, key)
        if plan is not None and not plan.ending:
            self._end(plan, "cancelled")
            self._work(plan.id)

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
        if order.state in _ENDED and not order.filled and not order.cancelling:
            self._refused(plan, order.placed.leg, f"{order.state}: {order.note}", reduces=not order.placed.opens)
        if order.filled or order.state in _ENDED:
            self._tell_of(plan, "ending" if plan.ending else "working", leg=order.placed.leg, note=order.note)
        self._work(plan.id)

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
                    self.account.kernel.timers.set(self.owner, f"{key}?{name}", leg.retry_at)
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

    def _work(self, key: str) -> None:
        """Withdraw what is not wanted, place what is missing, and end what is done."""
        plan = self.account.book.plans.get(key)
        if plan is None:
            return
        rule = self.rules[key]
        if not plan.ending and rule.expired(self._now):
            self._end(plan, "expired")
        wants = self._wanted(plan, rule)
        self._withdraw(plan, wants)
        for want in wants.values():
            if not plan.ending:
                self._place(plan, rule, want)
        if plan.ending:
            self._withdraw(plan, {})
        self._ended(plan, rule)

    def _wanted(self, plan: PlanState, rule: Rule[Any]) -> dict[str, Want]:
        if plan.ending:
            return {}
        wants = (want for want in rule.wants(lambda leg: self._on_way(plan, leg)) if want.size > 0)
        return {want.leg: want for want in wants if want.reduce_only or not plan.narrowed}

    def _withdraw(self, plan: PlanState, wants: dict[str, Want]) -> None:
        """Cancel the orders that no leg wants as they are."""
        desk = self.account.trading.desks[plan.started.instrument.venue]
        for name in sorted(plan.legs):
            want = wants.get(name)
            room = want.size if want is not None else 0
            for key in list(plan.legs[name].working):
                order = desk.book.orders[key]
                left = order.placed.new.size - order.filled
                if want is not None and left <= room and order.placed.new.price == want.price:
                    room -= left
                elif not order.cancelling:
                    desk.cancel(key)

    def _place(self, plan: PlanState, rule: Rule[Any], want: Want) -> None:
        """Place what is missing of a leg: never more than what is left, less all that is on its way."""
        known = self.account.trading.desks[plan.started.instrument.venue].book.known
        waits = plan.leg(want.leg).retry_at > self.account.kernel.now
        if not known or waits or (rule.exclusive and any(self._others(plan, want.leg))):
            return
        pool = rule.pool(want.leg)
        on_way = sum(self._on_way(plan, name) for name in plan.legs if rule.pool(name) == pool)
        left = rule.left(pool) - on_way
        size = min(want.size - self._on_way(plan, want.leg), left)
        ticker = self.account.kernel.tickers.known.get(plan.started.instrument.id)
        if size <= 0 or ticker is None:
            return
        if want.reduce_only:
            size = self._capped(plan, ticker, want, size)
            if not size:
                return
            if REDUCE_ONLY in ticker.instrument.flags:
                want = want._replace(flags=(*want.flags, REDUCE_ONLY))
        instrument = ticker.instrument
        size = self._whole(ticker, want, size, left)
        while size > 0 and not plan.ending:
            part = min(size, instrument.max_size or size)
            if not self._order(plan, ticker, want, part):
                return
            size -= part

    def _order(self, plan: PlanState, ticker: Ticker, want: Want, size: int) -> bool:
        """Whether an order was placed."""
        started = plan.started
        wanted = PlaceOrder(
            key=started.key,
            instrument=started.instrument.id,
            side=want.side,
            size=size,
            reason=f"{want.leg} of plan {started.plan}",
            price=want.price,
            lives=want.lives,
            flags=want.flags,
        )
        trading = self.account.trading
        reduces = not trading.opened(ticker, want.side, size)
        denials = trading.place(started.instance, wanted, started.plan, want.leg)
        if denials.rule:
            retry = denials.retry(self.account.kernel.now)
            if retry is not None and retry.when == "time":
                self._wait(plan, want.leg, retry.not_before, denials.rule)
            elif reduces:
                self._refused(plan, want.leg, denials.rule, reduces=True)
            else:
                self._end(plan, "denied", denials.rule)
        return not denials.rule

    def _capped(self, plan: PlanState, ticker: Ticker, want: Want, size: int) -> int:
        """Of what only reduces, as much as there is to reduce and no other order is about to."""
        trading, lot = self.account.trading, ticker.instrument.lot
        held, waiting = trading.reducible(ticker, want.side), trading.waiting(ticker, want.side)
        free = (held - waiting) // lot
        if held < lot:
            self._end(plan, "cancelled", "nothing is held any more that it could reduce")
        elif free <= 0 and waiting > self._on_way(plan, want.leg) * lot:
            self._refused(plan, want.leg, "other orders hold what it would reduce", reduces=True)
        return max(0, min(size, free))

    def _whole(self, ticker: Ticker, want: Want, size: int, left: int) -> int:
        """As much of ``size`` as the exchange takes, so that it takes the rest too; 0: it waits for more."""
        least = self._least(ticker, want)
        rest = left - size
        if 0 < rest < least and size - (least - rest) >= least:
            size -= least - rest
        elif 0 < rest < least and not want.settled:
            return 0
        return size if size >= least else 0

    def _least(self, ticker: Ticker, want: Want) -> int:
        """The smallest order that the exchange takes, lots."""
        instrument = ticker.instrument
        price = want.price or (ticker.to_buy() if want.side == "buy" else ticker.to_sell())
        worth = instrument.value(price, 1)
        return max(instrument.min_size, -(-instrument.min_value // worth) if worth else 1, 1)

    def _ended(self, plan: PlanState, rule: Rule[Any]) -> None:
        if any(leg.working for leg in plan.legs.values()):
            return
        state, note = plan.ending, plan.note
        if not state and plan.narrowed and not rule.guards() and not (rule.over() and plan.filled()):
            state, note = "cancelled", plan.narrowed
        elif not state and rule.over():
            state = "done"
        elif not state:
            state, note = self._dust(plan, rule)
        if state:
            self.account.emit(f.PlanEnded(time=self.account.kernel.now, plan=plan.id, state=state, note=note))
            self._tell_of(plan, state, note=note)
            self.recall()

    def _dust(self, plan: PlanState, rule: Rule[Any]) -> tuple[str, str]:
        """Whether all that is left is less than what the exchange takes: how it ends then, and why."""
        ticker = self.account.kernel.tickers.known.get(plan.started.instrument.id)
        wants = list(self._wanted(plan, rule).values())
        if ticker is None or not wants or not all(want.settled for want in wants):
            return "", ""
        least = min(self._least(ticker, want) for want in wants)
        left = [rule.left(pool) for pool in rule.pools()]
        if max(left) >= least:
            return "", ""
        return "done", f"{sum(left)} lots are left, less than the exchange takes"

    def _refused(self, plan: PlanState, leg: str, note: str, *, reduces: bool) -> None:
        """An order of a leg was not taken: it is tried again, unless it opens a position and that was tried often."""
        tries = plan.leg(leg).tries + 1
        if tries >= MOST_TRIES and not reduces:
            self._end(plan, "failed", note)
            return
        self._wait(plan, leg, self.account.kernel.now + (SECOND << min(tries - 1, LONGEST_WAIT)), note, tries)

    def _wait(self, plan: PlanState, leg: str, until: int, note: str, tries: int = 0) -> None:
        now = self.account.kernel.now
        until = max(until, now + 1)
        fact = f.PlanWaits(time=now, plan=plan.id, leg=leg, tries=tries or plan.leg(leg).tries, until=until, note=note)
        self.account.emit(fact)
        self.account.kernel.timers.set(self.owner, f"{plan.id}?{leg}", until)

    def _end(self, plan: PlanState, state: str, note: str = "") -> None:
        if not plan.ending:
            self.account.emit(f.PlanEnding(time=self.account.kernel.now, plan=plan.id, state=state, note=note))

    def _schedule(self, key: str) -> None:
        """Set the clock for what a rule waits for."""
        at = self.rules[key].next_at()
        if at is not None:
            # one that is over fires with the next event, not over and over in this one
            self.account.kernel.timers.set(self.owner, key, max(at, self.account.kernel.now + 1))

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

    def _on_way(self, plan: PlanState, leg: str) -> int:
        return fold.on_way(self.account.book, plan, leg)

    def _others(self, plan: PlanState, leg: str) -> Iterator[bool]:
        return (bool(other.working) for name, other in plan.legs.items() if name != leg)

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
