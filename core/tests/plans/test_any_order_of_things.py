"""Whatever exchange, network and process do: no plan trades more than it may, and nothing is left behind."""

import os
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace
from pit import Pit
from stage import BTC

from sniper.events import ClosePosition, KillSwitch
from sniper.exchange_orders import CONDITIONAL
from sniper.kernel import facts as f
from sniper.kernel.asks import Submit
from sniper.order_types import (
    Bracket,
    Chase,
    Dca,
    GoodTill,
    Grid,
    Iceberg,
    IfTouched,
    Ladder,
    Leg,
    MarketToLimit,
    OneCancelsOther,
    OneTriggersOther,
    OneUpdatesOther,
    Participate,
    Plan,
    Scheduled,
    Shortfall,
    Stop,
    TakeProfit,
    TrailingStop,
    Twap,
    Vwap,
)

HOLDING = replace(BTC, types=CONDITIONAL)  # type: ignore[type-var]  # a msgspec struct, which its stub does not see
PERPETUAL = replace(HOLDING, kind="perpetual", flags=("reduce-only",))  # type: ignore[type-var]  # as above
SECOND = 10**9
SIDES: st.SearchStrategy[Any] = st.sampled_from(["buy", "sell"])
SIZES = st.integers(5, 60)
PRICES = st.sampled_from([9_800, 9_900, 9_990, 10_000, 10_010, 10_100, 10_200])
"""Few, so that triggers and limits are reached."""
LIMITS = st.none() | PRICES


@st.composite
def legs(draw: st.DrawFn, name: str, *, side: Any = None, rests: bool | None = None) -> Leg:
    rests = draw(st.booleans()) if rests is None else rests
    stops = draw(st.booleans())
    return Leg(
        name=name,
        side=draw(SIDES) if side is None else side,
        size=draw(SIZES),
        price=draw(LIMITS),
        stop=draw(PRICES) if stops and not rests else None,
        touch=draw(PRICES) if not stops and not rests else None,
        reduce_only=draw(st.booleans()),
    )


@st.composite
def plans(draw: st.DrawFn, *, shorts: bool = False) -> Plan:
    """``shorts``: brackets may sell what nobody holds."""
    kind: Any = draw(st.sampled_from([*KINDS, OneCancelsOther, OneUpdatesOther, OneTriggersOther, Bracket]))
    if kind is OneCancelsOther:
        return OneCancelsOther(
            instrument=BTC.id,
            legs=(draw(legs("a", rests=True)), draw(legs("b", rests=False)), draw(legs("c", rests=False))),
        )
    if kind is OneUpdatesOther:
        side = draw(SIDES)
        a = draw(legs("a", side=side, rests=True))
        return OneUpdatesOther(
            instrument=BTC.id, size=draw(st.integers(a.size, 80)), legs=(a, draw(legs("b", side=side, rests=False)))
        )
    if kind is OneTriggersOther:
        return OneTriggersOther(instrument=BTC.id, first=draw(legs("a")), then=(draw(legs("b")), draw(legs("c"))))
    if kind is Bracket:
        low, high = st.sampled_from([9_800, 9_900]), st.sampled_from([10_100, 10_200])
        short = shorts and draw(st.booleans())
        return Bracket(
            instrument=BTC.id,
            side="sell" if short else "buy",
            size=draw(SIZES),
            price=draw(LIMITS),
            entry_stop=draw(LIMITS),
            stop=draw(high if short else low),
            target=draw(st.none() | (low if short else high)),
            stop_limit=draw(LIMITS),
            trail=draw(st.sampled_from([0, 0, 100])),
        )
    native = {}
    if kind in (Stop, IfTouched, TakeProfit) and draw(st.booleans()):
        native = {"native": True, **({} if kind is TakeProfit else {"reduce_only": True})}
    made: Plan = kind(instrument=BTC.id, **{name: draw(values) for name, values in KINDS[kind].items()} | native)
    return made


KINDS: dict[Any, dict[str, st.SearchStrategy[Any]]] = {
    Stop: {"side": SIDES, "size": SIZES, "trigger": PRICES, "limit": LIMITS, "reduce_only": st.booleans()},
    IfTouched: {"side": SIDES, "size": SIZES, "trigger": PRICES, "limit": LIMITS, "reduce_only": st.booleans()},
    TakeProfit: {"side": SIDES, "size": SIZES, "trigger": PRICES, "limit": LIMITS},
    TrailingStop: {"side": SIDES, "size": SIZES, "amount": st.sampled_from([1, 100]), "reduce_only": st.booleans()},
    MarketToLimit: {"side": SIDES, "size": SIZES},
    Iceberg: {"side": SIDES, "size": st.integers(20, 60), "price": PRICES, "show": st.integers(5, 20)},
    GoodTill: {"side": SIDES, "size": SIZES, "price": PRICES, "until": st.integers(10**12, 10**13)},
    Chase: {"side": SIDES, "size": SIZES, "limit": PRICES, "step": st.integers(1, 100)},
    Twap: {
        "side": SIDES,
        "size": SIZES,
        "duration": st.just(20 * SECOND),
        "slices": st.integers(1, 8),
        "limit": LIMITS,
    },
    Vwap: {
        "side": SIDES,
        "size": SIZES,
        "duration": st.just(20 * SECOND),
        "profile": st.lists(st.integers(1, 9), min_size=1, max_size=5).map(tuple),
        "reduce_only": st.booleans(),
    },
    Scheduled: {
        "side": SIDES,
        "slices": st.lists(SIZES, min_size=1, max_size=4).map(lambda s: tuple((n, n) for n in sorted(s))),
    },
    Shortfall: {
        "side": SIDES,
        "size": SIZES,
        "duration": st.just(20 * SECOND),
        "slices": st.integers(1, 8),
        "curvature": st.integers(0, 10**6),
    },
    Participate: {"side": SIDES, "size": SIZES, "share_bps": st.integers(1_000, 9_000), "least": st.integers(1, 20)},
    Dca: {"side": SIDES, "value": st.integers(10**18, 10**19), "every": st.just(SECOND), "times": st.integers(1, 5)},
    Ladder: {
        "side": SIDES,
        "size": st.integers(30, 80),
        "first": PRICES,
        "last": st.just(10_500),
        "weights": st.lists(st.integers(2, 4), min_size=1, max_size=4).map(tuple),
        "reduce_only": st.booleans(),
    },
    Grid: {"lower": st.just(9_850), "upper": st.just(10_150), "lines": st.integers(2, 6), "size": SIZES},
}


class AnyOrderOfThings(RuleBasedStateMachine):
    instrument = HOLDING

    @initialize(held=st.sampled_from([0, 20, 200]), data=st.data())
    def begin(self, held: int, data: st.DataObject) -> None:
        self.pit = Pit(self.instrument, held=held)
        self.pit.start(self.plan(data))
        self.cancelled: list[str] = []

    def plan(self, data: st.DataObject) -> Plan:
        return data.draw(plans(shorts=self.instrument.linear))

    def ready(self) -> bool:
        return self.pit.book.desks["x"].known and len(self.pit.book.plans) < 3

    @precondition(ready)
    @rule(data=st.data())
    def start(self, data: st.DataObject) -> None:
        self.pit.start(self.plan(data))

    @precondition(lambda self: self.pit.book.plans)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        plan = data.draw(st.sampled_from(sorted(self.pit.book.plans)))
        self.cancelled.append(plan)
        self.pit.cancel(self.pit.book.plans[plan].started.key)

    @rule(price=PRICES, size=st.integers(1, 50))
    def trade(self, price: int, size: int) -> None:
        self.pit.trade(price, size)

    @rule(bid=PRICES, spread=st.integers(1, 100))
    def prices(self, bid: int, spread: int) -> None:
        self.pit.prices(bid, bid + spread)

    @rule(seconds=st.sampled_from([1, 3, 10, 100]))
    def time_passes(self, seconds: int) -> None:
        self.pit.passes(seconds * SECOND)

    @precondition(lambda self: self.pit.asks)
    @rule(data=st.data(), how=st.sampled_from(["answer", "answer", "lost", "late", "refuse"]))
    def answer(self, data: st.DataObject, how: str) -> None:
        ask = data.draw(st.sampled_from(self.pit.asks))
        if how == "late" or self.pit.is_gone(ask):
            self.pit.fail(ask)
        elif how == "refuse" and isinstance(ask.body, Submit) and ask.body.new.client_id in self.pit.airborne:
            self.pit.refuse(ask)
        else:
            self.pit.answer(ask, lost=how == "lost")

    @rule()
    def all_goes_well(self) -> None:
        """What is asked is answered, and the stream tells what it has."""
        for ask in self.pit.asks:
            if not self.pit.is_gone(ask):
                self.pit.answer(ask)
        for what in list(self.pit.stream):
            self.pit.told(what)
        self.pit.stream.clear()

    @precondition(lambda self: self.pit.airborne)
    @rule(data=st.data(), arrives=st.booleans())
    def in_the_air(self, data: st.DataObject, arrives: bool) -> None:
        client = data.draw(st.sampled_from(sorted(self.pit.airborne)))
        if arrives:
            self.pit.arrive(client)
        else:
            del self.pit.airborne[client]

    def open(self) -> list[str]:
        return sorted(client for client, state in self.pit.states.items() if state.state == "open")

    @precondition(lambda self: self.open())
    @rule(data=st.data(), size=st.integers(1, 60), fee=st.sampled_from([0, 0, BTC.lot // 10, BTC.lot]))
    def fills(self, data: st.DataObject, size: int, fee: int) -> None:
        self.pit.fill(data.draw(st.sampled_from(self.open())), size, fee)

    @precondition(lambda self: self.open())
    @rule(data=st.data(), state=st.sampled_from(["cancelled", "expired", "filled"]))
    def ends(self, data: st.DataObject, state: str) -> None:
        """One that is made smaller is filled with less than was asked for."""
        self.pit.to(data.draw(st.sampled_from(self.open())), state)

    @precondition(lambda self: self.pit.stream)
    @rule(data=st.data(), again=st.booleans())
    def told(self, data: st.DataObject, again: bool) -> None:
        """In any order, and perhaps again later."""
        place = data.draw(st.integers(0, len(self.pit.stream) - 1))
        self.pit.told(self.pit.stream[place] if again else self.pit.stream.pop(place))

    @rule()
    def the_stream_breaks(self) -> None:
        self.pit.stream_breaks()

    @rule(snapshot=st.booleans())
    def the_process_ends(self, snapshot: bool) -> None:
        self.pit.crash(snapshot=snapshot)

    @rule(share_bps=st.sampled_from([1_000, 5_000, 9_999]))
    def a_part_is_closed(self, share_bps: int) -> None:
        close = ClosePosition(time=self.pit.time, account="main", token="x:BTC", reason="less", share_bps=share_bps)
        self.pit.handle(close)

    @rule(level=st.sampled_from(["off", "off", "no-entries", "freeze"]))
    def kill_switch(self, level: str) -> None:
        self.pit.handle(KillSwitch(time=self.pit.time, account="*", level=level, reason="test"))

    # ---- what is always true ----

    @invariant()
    def nothing_is_sent_twice(self) -> None:
        if hasattr(self, "pit"):
            assert len(self.pit.submitted) == len(set(self.pit.submitted))

    @invariant()
    def nothing_is_reported(self) -> None:
        if hasattr(self, "pit"):
            assert not self.pit.reports
            assert not self.pit.book.halted

    @invariant()
    def no_plan_trades_more_than_it_may(self) -> None:
        if hasattr(self, "pit"):
            for started in self.pit.plans():
                check(self.pit, started)

    def teardown(self) -> None:
        if not hasattr(self, "pit"):
            return
        pit = self.pit
        for client in sorted(pit.airborne):
            del pit.airborne[client]
        pit.handle(KillSwitch(time=pit.time, account="*", level="off", reason="test"))
        pit.settle()
        self.all_that_was_to_be_sold_is()
        self.nothing_is_sent_twice()
        self.no_plan_trades_more_than_it_may()
        owners = {order for plan in pit.book.plans.values() for leg in plan.legs.values() for order in leg.working}
        placed = pit.placed()
        for client, state in pit.states.items():
            if client in placed:
                assert (placed[client].order in owners) == (state.state == "open"), "nothing is orphaned, nothing lost"
        for going in pit.book.plans.values():
            for name, leg in going.legs.items():
                assert leg.filled == pit.filled(going.id, name), "what is known is true"
        self.no_bracket_left_what_it_bought()
        for _ in range(2):  # what protects is withdrawn by the second one
            for plan in sorted(pit.book.plans):
                pit.cancel(pit.book.plans[plan].started.key)
            pit.settle()
        assert not pit.book.plans
        assert not [client for client in placed if client in pit.states and pit.states[client].state == "open"]
        assert pit.book.owned(pit.instrument.held) == pit.held()
        self.nothing_is_reported()
        if not pit.from_facts:
            assert pit.replayed() == pit.journal, (
                "the same events decide the same, whatever a snapshot was between them"
            )

    def all_that_was_to_be_sold_is(self) -> None:
        """Whatever held it: no sale of a part waits for ever."""
        pit = self.pit
        for _ in range(20):
            sales = [key for key, fact in pit.placed().items() if fact.leg == "unwind" and key in self.open()]
            for client in sales:
                pit.fill(client, pit.known[client].size)
            pit.settle()
            guard = pit.kernel.accounts["main"].exits.guards.get("x:BTC")
            if guard is None or guard.pending is None:
                return
        raise AssertionError(f"{guard.pending} is not sold: {pit.book.plans}")

    def no_bracket_left_what_it_bought(self) -> None:
        """But for what cannot be sold, what others have sold, and one whose strategy wanted it so."""
        pit = self.pit
        brackets = {each.plan for each in pit.plans() if isinstance(each.spec, Bracket)}
        for fact in pit.journal:
            if not isinstance(fact, f.PlanEnded) or fact.plan not in brackets:
                continue
            clients = {key for key, order in pit.placed().items() if order.plan == fact.plan}
            fees = sum(fill.fee for fill in pit.fills if fill.client_id in clients and fill.fee_asset == BTC.base)
            left = (pit.filled(fact.plan, "entry") - pit.filled(fact.plan, "stop", "target")) * BTC.lot - fees
            excused = "nothing is held" in fact.note or "less than the exchange" in fact.note
            assert left < BTC.lot or excused or self.cancelled.count(fact.plan) > 0


def check(pit: Pit, started: f.PlanStarted) -> None:
    """What has been filled of a plan, and what may still be, as the exchange knows it."""
    spec, plan = started.spec, started.plan
    done, open_ = pit.filled(plan), pit.may_fill(plan)
    if isinstance(spec, OneCancelsOther):
        filled = [leg for leg in spec.legs if pit.filled(plan, leg.name)]
        at_risk = [leg for leg in spec.legs if pit.filled(plan, leg.name) or pit.may_fill(plan, leg.name)]
        assert len(filled) <= 1
        assert len(at_risk) <= 1, "no two legs can be filled"
        for leg in spec.legs:
            assert pit.filled(plan, leg.name) + pit.may_fill(plan, leg.name) <= leg.size
    elif isinstance(spec, OneTriggersOther):
        first = pit.filled(plan, "a")
        assert first + pit.may_fill(plan, "a") <= spec.first.size
        for leg in spec.then:
            assert pit.filled(plan, leg.name) + pit.may_fill(plan, leg.name) <= leg.size * first // spec.first.size
    elif isinstance(spec, Bracket):
        entry = pit.filled(plan, "entry")
        assert entry + pit.may_fill(plan, "entry") <= spec.size
        assert pit.filled(plan, "stop", "target") + pit.may_fill(plan, "stop", "target") <= entry
    elif isinstance(spec, Grid):
        for cell in range(spec.lines - 1):
            bought, sold = pit.filled(plan, f"b{cell}"), pit.filled(plan, f"s{cell}")
            assert sold + pit.may_fill(plan, f"s{cell}") <= bought
            assert bought + pit.may_fill(plan, f"b{cell}") - sold <= spec.size + bought  # fees were bought and are gone
    elif isinstance(spec, Dca):
        most = spec.times * BTC.affordable(spec.value, 9_000)
        assert done + open_ <= most
    else:
        size = sum(lots for _, lots in spec.slices) if isinstance(spec, Scheduled) else spec.size
        assert done + open_ <= size


class AnyOrderOfThingsOnAContract(AnyOrderOfThings):
    """What sells may open, and what is held may be turned round by another plan."""

    instrument = PERPETUAL


EXAMPLES = 2_000 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 150
SETTINGS = settings(settings(), max_examples=EXAMPLES, stateful_step_count=60, derandomize=True, print_blob=True)
TestAnyOrderOfThings = AnyOrderOfThings.TestCase
TestAnyOrderOfThings.settings = SETTINGS
TestAnyOrderOfThingsOnAContract = AnyOrderOfThingsOnAContract.TestCase
TestAnyOrderOfThingsOnAContract.settings = SETTINGS
