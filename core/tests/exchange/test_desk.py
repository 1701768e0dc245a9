"""Whatever the exchange, the network and the process do: each order is sent once, each fill is booked once."""

from typing import Any

import pytest
from floor import BTC, DEPOSITS, FEE_ASSETS, Floor, contract
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from sniper.errors import IllegalTransition
from sniper.exchange_orders import NewOrder, OrderState
from sniper.instrument import COIN, Instrument
from sniper.kernel import facts as f
from sniper.kernel.asks import Ask, Cancel, FindOrder, ReadDesk, Submit
from sniper.kernel.exchange.desk import READ, client_id
from sniper.types import SECOND


@pytest.fixture
def floor() -> Floor:
    found = Floor()
    found.settle()
    return found


def test_the_first_reading_adopts_what_is_there(floor: Floor) -> None:
    assert floor.book.cash == DEPOSITS
    assert floor.book.desks["x"].known


def test_an_order_reserves_what_it_can_take_and_gives_it_back(floor: Floor) -> None:
    floor.place("buy", 100, 4_000_000)
    desk = floor.book.desks["x"]
    assert desk.reserved == {"x:USDT": 4_040 * COIN}
    floor.answer(floor.asks[0], lost=False)
    floor.fill(floor.submitted[0], 25, "x:USDT")
    floor.settle()
    assert desk.reserved == {"x:USDT": 3_030 * COIN}
    floor.desk.cancel("main/mm/1")
    floor.settle()
    assert (desk.reserved, desk.orders) == ({}, {})


def test_more_than_is_free_cannot_be_placed(floor: Floor) -> None:
    floor.book.cash["x:USDT"] = 4_000 * COIN
    with pytest.raises(IllegalTransition, match="are free"):
        floor.desk.place(
            f.ExchangeOrderPlaced(
                time=0,
                order="main/mm/1",
                intent="main/mm/1",
                instance="mm",
                key="bid",
                instrument=BTC,
                new=_new("main/mm/1"),
                reserved=4_001 * COIN,
                opens=True,
            )
        )


def _new(order: str) -> NewOrder:
    return NewOrder(client_id=client_id("main@x", order), instrument=BTC.id, side="buy", size=100, price=4_000_000)


def test_an_order_without_an_answer_is_looked_for_and_not_sent_again(floor: Floor) -> None:
    floor.place("buy", 100, 4_000_000)
    floor.answer(floor.asks[0], lost=True)
    assert floor.book.desks["x"].orders["main/mm/1"].state == "unknown"
    assert [type(ask.body) for ask in floor.asks] == [FindOrder]
    floor.settle()
    assert floor.book.desks["x"].orders["main/mm/1"].state == "open"
    assert len(floor.submitted) == 1


def test_an_order_that_never_arrived_gives_back_what_it_held(floor: Floor) -> None:
    floor.place("buy", 100, 4_000_000)
    floor.fail(floor.asks[0])
    floor.settle()
    desk = floor.book.desks["x"]
    assert (desk.ended["main/mm/1"].state, desk.reserved) == ("rejected", {})


def test_a_process_that_ends_between_the_request_and_its_answer_asks_what_became_of_it(floor: Floor) -> None:
    floor.place("sell", 100, 4_000_000)
    floor.arrive(floor.submitted[0])
    floor.fill(floor.submitted[0], 100, "x:BNB")
    floor.stream.clear()
    floor.start(floor.kernel.now)
    assert {type(ask.body) for ask in floor.asks} == {ReadDesk}
    floor.settle()
    assert floor.book.desks["x"].ended["main/mm/1"].state == "filled"
    assert len(floor.submitted) == 1


def test_a_fill_that_is_told_twice_is_one(floor: Floor) -> None:
    floor.place("buy", 100, 4_000_000)
    floor.answer(floor.asks[0], lost=False)
    floor.fill(floor.submitted[0], 100, "x:USDT")
    for what in [*floor.stream, *floor.stream]:
        floor.told(what)
    assert floor.book.positions["x:BTC"].amount == COIN // 10
    with pytest.raises(IllegalTransition, match="booked already"):
        floor.emit(
            f.ExchangeFilled(time=0, order="main/mm/1", fill=floor.fills[0], amount=0, cash=0, cost=0, realised=0)
        )


def test_a_cancellation_waits_until_the_exchange_has_the_order(floor: Floor) -> None:
    floor.place("buy", 100, 4_000_000)
    floor.desk.cancel("main/mm/1")
    assert [type(ask.body) for ask in floor.asks] == [Submit]
    floor.answer(floor.asks[0], lost=False)
    assert [type(ask.body) for ask in floor.asks] == [Cancel]
    floor.settle()
    assert floor.book.desks["x"].ended["main/mm/1"].state == "cancelled"


@pytest.mark.parametrize("told_by", ["stream", "search"])
def test_an_order_that_the_exchange_made_smaller_ends_with_what_was_left_of_it(floor: Floor, told_by: str) -> None:
    floor.place("sell", 100, 4_000_000)
    floor.answer(floor.asks[0], lost=False)
    floor.fill(floor.submitted[0], 60, "x:USDT")
    floor.to(floor.submitted[0], "filled")
    if told_by == "search":
        floor.stream.clear()
    floor.settle()
    desk = floor.book.desks["x"]
    (order,) = desk.ended.values()
    assert (order.state, order.filled, order.note) == ("expired", 60, "the exchange took 60 lots of it, not 100")
    assert not desk.orders
    assert desk.reserved == {}
    assert not floor.adjustments


def test_what_others_trade_in_the_sub_account_is_told_and_adjusted(floor: Floor) -> None:
    floor.known["other"] = _new("other")
    floor.states["other"] = _state("other")
    floor.fill("other", 100, "x:USDT")
    floor.settle()
    assert floor.reports
    assert floor.book.cash == floor.balances


@pytest.mark.parametrize("instrument", [BTC, contract()])
def test_a_reading_that_is_older_than_a_fill_takes_nothing_back(instrument: Instrument) -> None:
    floor = Floor(instrument)
    floor.settle()
    floor.place("buy", 100, 4_000_000)
    floor.answer(floor.asks[0], lost=False)
    floor.desk.read()
    old = floor.account_state(floor.book.desks["x"].cursor)
    floor.fill(floor.submitted[0], 100, "x:USDT")
    for what in floor.stream:
        floor.told(what)
    floor.stream.clear()
    assert not floor.book.desks["x"].orders
    held = floor.book.positions[instrument.held].amount
    floor.desk.answered(floor.reading(old))
    assert floor.book.positions[instrument.held].amount == held == 100 * instrument.lot
    assert not floor.adjustments
    floor.settle()
    assert floor.book.owned("x:USDT") == floor.balances["x:USDT"]


def _state(client: str) -> OrderState:
    return OrderState(client_id=client, venue_id="v0", instrument=BTC.id, state="open", filled=0)


def test_what_a_fill_took_must_have_been_there(floor: Floor) -> None:
    floor.book.cash["x:BNB"] = 0
    floor.place("buy", 100, 4_000_000)
    floor.answer(floor.asks[0], lost=False)
    floor.fill(floor.submitted[0], 100, "x:BNB")
    floor.told(floor.fills[0])
    assert floor.book.cash["x:BNB"] == 0
    assert floor.book.positions["x:BTC"].amount == COIN // 10


def test_client_ids_are_what_every_exchange_takes() -> None:
    found = {client_id(desk, f"main/mm/{n}") for desk in ("main@x", "main@y") for n in range(1_000)}
    assert len(found) == 2_000
    assert all(len(each) == 32 and each.isalnum() and each.islower() | each.isdigit() for each in found)


class AnyOrderOfThings(RuleBasedStateMachine):
    instrument = BTC

    def __init__(self) -> None:
        super().__init__()
        self.floor = Floor(self.instrument)
        self.floor.settle()

    @rule(side=st.sampled_from(["buy", "sell"]), size=st.integers(1, 500), price=st.integers(1, 5_000_000))
    def place(self, side: Any, size: int, price: int) -> None:
        if self.floor.book.desks["x"].known:
            self.floor.place(side, size, price)

    @precondition(lambda self: self.floor.book.desks["x"].orders)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        self.floor.desk.cancel(data.draw(st.sampled_from(sorted(self.floor.book.desks["x"].orders))))

    @precondition(lambda self: self.floor.asks)
    @rule(data=st.data(), lost=st.booleans(), late=st.booleans())
    def answer(self, data: st.DataObject, lost: bool, late: bool) -> None:
        ask = data.draw(st.sampled_from(self.floor.asks))
        gone = isinstance(ask.body, Submit) and ask.body.new.client_id not in {
            *self.floor.airborne,
            *self.floor.states,
        }
        if late or gone:
            self.floor.fail(ask)
        else:
            self.floor.answer(ask, lost=lost)

    @precondition(lambda self: self.floor.airborne)
    @rule(data=st.data(), arrives=st.booleans())
    def in_the_air(self, data: st.DataObject, arrives: bool) -> None:
        client = data.draw(st.sampled_from(sorted(self.floor.airborne)))
        if arrives:
            self.floor.arrive(client)
        else:
            del self.floor.airborne[client]

    def open(self) -> list[str]:
        return sorted(client for client, state in self.floor.states.items() if state.state == "open")

    @precondition(open)
    @rule(data=st.data(), size=st.integers(1, 500), fee_asset=st.sampled_from(FEE_ASSETS))
    def trades(self, data: st.DataObject, size: int, fee_asset: str) -> None:
        fee_asset = "x:USDT" if self.instrument.linear and fee_asset == "x:BTC" else fee_asset
        self.floor.fill(data.draw(st.sampled_from(self.open())), size, fee_asset)

    @precondition(open)
    @rule(data=st.data(), state=st.sampled_from(["cancelled", "expired", "filled"]))
    def ends(self, data: st.DataObject, state: str) -> None:
        """One that is made smaller is filled with less than was asked for."""
        self.floor.to(data.draw(st.sampled_from(self.open())), state)

    @precondition(lambda self: self.floor.stream)
    @rule(data=st.data(), again=st.booleans())
    def told(self, data: st.DataObject, again: bool) -> None:
        """In any order, and perhaps again later."""
        place = data.draw(st.integers(0, len(self.floor.stream) - 1))
        self.floor.told(self.floor.stream[place] if again else self.floor.stream.pop(place))

    @rule()
    def the_stream_breaks(self) -> None:
        self.floor.stream.clear()
        self.floor.desk.began()

    @rule()
    def the_process_ends(self) -> None:
        self.floor.stream.clear()
        self.floor.start(self.floor.kernel.now)

    @rule()
    def time_passes(self) -> None:
        self.floor.look()

    @invariant()
    def nothing_is_sent_twice(self) -> None:
        assert len(self.floor.submitted) == len(set(self.floor.submitted))

    @invariant()
    def no_more_is_reserved_than_there_is(self) -> None:
        book = self.floor.book
        for asset, amount in book.desks["x"].reserved.items():
            assert 0 < amount <= book.owned(asset)
            assert amount == sum(each.reserved for each in book.desks["x"].orders.values() if each.asset == asset)

    def teardown(self) -> None:
        floor = self.floor
        floor.settle()
        desk = floor.book.desks["x"]
        for client, state in floor.states.items():
            order = desk.order_of(desk.clients[client])
            smaller = state.state == "filled" and state.filled < floor.known[client].size
            assert (order.state, order.filled) == ("expired" if smaller else state.state, state.filled)
        assert {each.placed.new.client_id for each in desk.orders.values()} == set(self.open())
        self.the_same_is_owned()
        assert not [each for each in floor.reports if not each.startswith("a strange fill")]

    def the_same_is_owned(self) -> None:
        floor = self.floor
        assert {asset: floor.book.owned(asset) for asset in floor.balances} == floor.balances


class AnyOrderOfThingsInContracts(AnyOrderOfThings):
    """And they pay, are paid, and are closed by the exchange itself."""

    instrument = contract()

    def held(self) -> bool:
        return self.instrument.id in self.floor.contracts

    @precondition(held)
    @rule(amount=st.integers(-COIN, COIN))
    def funding_falls_due(self, amount: int) -> None:
        self.floor.fund(amount)

    @precondition(held)
    @rule(size=st.integers(1, 500), ticks=st.integers(-100, 100))
    def is_closed_by_the_exchange(self, size: int, ticks: int) -> None:
        self.floor.force(size, ticks)

    def strange(self) -> bool:
        """Whether something that the exchange closed was told after what came later, and closed more than was held by
        then: a reading while nothing waits explains it."""
        return any(each.startswith("a strange fill") for each in self.floor.reports)

    @invariant()
    def no_more_is_reserved_than_there_is(self) -> None:
        """A loss may leave less than what is held at initial margin; but what is held is what is in the books."""
        desk = self.floor.book.desks["x"]
        held = sum(each.reserved for each in desk.orders.values()) + sum(c.margin for c in desk.contracts.values())
        assert desk.reserved == ({"x:USDT": held} if held else {})
        position = self.floor.book.positions.get(self.instrument.id)
        assert sum(c.margin for c in desk.contracts.values()) == (abs(position.cost) if position is not None else 0)

    def the_same_is_owned(self) -> None:
        """While orders wait no reading is compared: fills that were told in another order than they happened in have
        realised more or less, and left as much more or less of cost."""
        floor = self.floor
        if not floor.book.desks["x"].orders:
            super().the_same_is_owned()
        elif not self.strange():
            lots, cost = floor.contracts.get(self.instrument.id, (0, 0))
            position = floor.book.positions.get(self.instrument.id)
            known = floor.book.owned("x:USDT") - (position.cost if position is not None else 0)
            assert abs(known - (floor.balances["x:USDT"] - cost)) < self.instrument.value(1, max(1, abs(lots)))

    def teardown(self) -> None:
        super().teardown()
        if self.floor.book.desks["x"].orders and self.strange():
            return
        lots, cost = self.floor.contracts.get(self.instrument.id, (0, 0))
        position = self.floor.book.positions.get(self.instrument.id)
        assert (position.amount if position is not None else 0) == lots * self.instrument.lot
        if position is not None and not self.floor.book.desks["x"].orders:
            assert abs(position.cost - cost) < self.instrument.value(1, abs(lots))


TestAnyOrderOfThings = AnyOrderOfThings.TestCase
TestAnyOrderOfThingsInContracts = AnyOrderOfThingsInContracts.TestCase


def test_a_desk_without_its_stream_is_read_every_two_seconds_until_it_is_back(floor: Floor) -> None:
    floor.desk.read_every = 30 * SECOND

    def next_reading() -> int:
        floor.desk.read()
        floor.answer(floor.asks[0], lost=False)
        (due,) = [at for at, _, key in floor.kernel.timers.dump() if key == READ]
        return (due - floor.kernel.now) // SECOND

    floor.desk.began()
    assert [next_reading(), next_reading()] == [2, 30]  # the stream may not have listened before the first one
    floor.desk.began(lost=True)
    assert [next_reading(), next_reading(), next_reading()] == [2, 2, 2]
    floor.desk.began()
    assert [next_reading(), next_reading()] == [2, 30]


def test_records_that_say_one_by_one_what_an_order_says_by_itself_now_fold_to_the_same_books(floor: Floor) -> None:
    floor.place("buy", 100, 4_000_000)
    floor.answer(floor.asks[0], lost=False)
    floor.fill(floor.submitted[0], 100, "x:USDT")
    floor.told(floor.stream[-1])
    kinds = (f.ExchangeOrderPlaced, f.ExchangeOrderMoved, f.ExchangeFilled)
    placed, opened, filled = (fact for fact in floor.facts if isinstance(fact, kinds))
    assert isinstance(placed, f.ExchangeOrderPlaced)
    assert isinstance(filled, f.ExchangeFilled)
    ask = f.submission(placed.order)
    body = Submit(order=placed.order, instrument=placed.instrument, new=placed.new)
    before: list[f.Fact] = [
        replace(placed, deadline=0),
        f.Verdict(time=filled.time, intent=placed.intent, allowed=True),
        f.Asked(time=filled.time, ask=Ask(id=ask, account="main", deadline=placed.deadline, body=body)),
        f.Closed(time=filled.time, ask=ask),
        replace(opened, answered=False),
        replace(filled, ends=False),
        f.ExchangeOrderMoved(
            time=filled.time, order=placed.order, venue="x", state="filled", venue_id=filled.fill.venue_id
        ),
    ]
    old = Floor()
    old.settle()
    for fact in before:
        old.emit(fact)
    assert old.book.asks == {}
    mine, theirs = floor.book.desks["x"].ended[placed.order], old.book.desks["x"].ended[placed.order]
    assert replace(mine, placed=theirs.placed) == theirs
    assert (old.book.cash, old.book.positions) == (floor.book.cash, floor.book.positions)
    assert old.book.desks["x"].reserved == floor.book.desks["x"].reserved == {}


def test_a_fill_cannot_end_an_order_of_which_more_is_left(floor: Floor) -> None:
    floor.place("buy", 100, 4_000_000)
    floor.answer(floor.asks[0], lost=False)
    floor.fill(floor.submitted[0], 25, "x:USDT")
    floor.settle()
    fill = replace(floor.fills[0], id="another")
    before = floor.book.owned("x:USDT")
    with pytest.raises(IllegalTransition, match="50 of 100 lots"):
        floor.emit(
            f.ExchangeFilled(time=0, order="main/mm/1", fill=fill, amount=0, cash=0, cost=0, realised=0, ends=True)
        )
    assert floor.book.owned("x:USDT") == before
