"""Exchanges that break one rule each, and the test of the suite that must say so. The sound one passes all of them."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any

import pytest

from sniper.exchange import (
    COIN,
    AccountState,
    Event,
    Exchange,
    Fill,
    Instrument,
    NewOrder,
    OrderState,
    Placed,
    Refused,
)
from sniper_sdk import ExchangeConformance

BTC = Instrument(
    id="here:BTC/USDT", kind="spot", base="here:BTC", quote="here:USDT", settle="here:USDT", tick=COIN // 100,
    lot=COIN // 10**5,
)  # fmt: skip
START = 10**6 * COIN


class Lost(Exception):
    """No answer came."""


class Sound(Exchange):
    """All in memory. What goes wrong is in overridden methods of the others."""

    def __init__(self) -> None:
        super().__init__("here", None, None)
        self.orders: dict[str, OrderState] = {}
        self.asked: dict[str, NewOrder] = {}
        self.fills: list[Fill] = []
        self.told: list[asyncio.Queue[OrderState | Fill | None]] = []
        self.loses: str = ""
        self.over = True

    async def instruments(self) -> Sequence[Instrument]:
        return [BTC]

    async def market(
        self, instruments: Collection[Instrument], depth: Collection[str] = ()
    ) -> AsyncIterator[Sequence[Event]]:
        for _ in ():
            yield []

    async def submit(self, order: NewOrder) -> Placed | Refused:
        loses, self.loses = self.loses, ""
        if loses == "request":
            self.over = False
            raise Lost
        value = BTC.value(order.price or 0, order.size)
        if order.flags or order.type != "limit" or order.lives != "gtc" or order.instrument != BTC.id or value > START:
            return Refused(code="no", message="it cannot be taken")
        self.take(order)
        if loses == "answer":
            raise Lost
        return Placed(venue_id=self.orders[order.client_id].venue_id)

    def take(self, order: NewOrder) -> None:
        if order.client_id not in self.orders:
            self.asked[order.client_id] = order
            self.move(order.client_id, "open", 0)

    def move(self, client_id: str, state: str, filled: int) -> None:
        venue_id = str(list(self.asked).index(client_id))
        self.orders[client_id] = OrderState(
            client_id=client_id, venue_id=venue_id, instrument=BTC.id, state=state, filled=filled
        )
        self.tell(self.orders[client_id])

    def tell(self, told: OrderState | Fill | None) -> None:
        for queue in self.told:
            queue.put_nowait(told)

    async def cancel(self, order: NewOrder, venue_id: str) -> None:
        state = self.orders[order.client_id]
        if state.state == "open":
            self.move(order.client_id, "cancelled", state.filled)

    async def find(self, order: NewOrder) -> tuple[OrderState, Sequence[Fill]] | None:
        state = self.orders.get(order.client_id)
        if state is None:
            if not self.over:
                raise Lost
            return None
        return state, [fill for fill in self.fills if fill.client_id == order.client_id]

    async def read(self, cursor: str) -> AccountState:
        opened = [state for state in self.orders.values() if state.state == "open"]
        held = sum(
            BTC.value(self.asked[each.client_id].price or 0, self.asked[each.client_id].size - each.filled)
            for each in opened
        )
        return AccountState(
            balances=((BTC.quote, START - held, held),),
            orders=tuple(opened),
            fills=tuple(self.fills[int(cursor or 0) :]),
            cursor=str(len(self.fills)),
        )

    async def updates(self) -> AsyncIterator[Sequence[OrderState | Fill]]:
        queue: asyncio.Queue[OrderState | Fill | None] = asyncio.Queue()
        self.told.append(queue)
        while (told := await queue.get()) is not None:
            yield [told]
        self.told.remove(queue)


class Stage:
    instrument = BTC
    size = 200
    resting = 3_000_007

    def __init__(self, exchange: Sound) -> None:
        self.exchange = exchange

    async def fill(self, lots: int) -> None:
        exchange = self.exchange
        state = next(each for each in exchange.orders.values() if each.state == "open")
        order, filled = exchange.asked[state.client_id], state.filled + lots
        fill = Fill(
            id=str(len(exchange.fills)), client_id=order.client_id, venue_id=state.venue_id, instrument=BTC.id,
            side=order.side, size=lots, price=self.resting, value=BTC.value(self.resting, lots), fee=lots,
            fee_asset=BTC.base, maker=True, time=1,
        )  # fmt: skip
        exchange.fills.append(fill)
        exchange.tell(fill)
        exchange.move(order.client_id, "filled" if filled == order.size else "open", filled)

    async def lose_answer(self) -> None:
        self.exchange.loses = "answer"

    async def lose_request(self) -> None:
        self.exchange.loses = "request"

    async def pass_window(self) -> None:
        self.exchange.over = True

    async def heard(self) -> None:
        while not self.exchange.told:  # noqa: ASYNC110  # the other task has to come to it
            await asyncio.sleep(0)

    async def break_streams(self) -> None:
        self.exchange.tell(None)


class TestSound(ExchangeConformance):
    exchange_type = Sound

    @pytest.fixture
    def stage(self) -> Stage:
        return Stage(Sound())


class CallsLostRefused(Sound):
    async def submit(self, order: NewOrder) -> Placed | Refused:
        try:
            return await super().submit(order)
        except Lost:
            return Refused(code="lost", message="no answer")


class SendsAgain(Sound):
    async def submit(self, order: NewOrder) -> Placed | Refused:
        try:
            return await super().submit(order)
        except Lost:
            return await super().submit(order)


class GivesUpAtOnce(Sound):
    async def find(self, order: NewOrder) -> tuple[OrderState, Sequence[Fill]] | None:
        self.over = True
        return await super().find(order)


class RoundsValues(Sound):
    def tell(self, told: Any) -> None:
        self.fills = [Fill(**{**_fields(fill), "value": fill.value + 1}) for fill in self.fills]
        super().tell(told)


class TellsAllFillsAgain(Sound):
    async def read(self, cursor: str) -> AccountState:
        return await super().read("0")


class FailsToCancelWhatIsGone(Sound):
    async def cancel(self, order: NewOrder, venue_id: str) -> None:
        if self.orders[order.client_id].state != "open":
            raise Lost
        await super().cancel(order, venue_id)


class TakesWhateverComes(Sound):
    async def submit(self, order: NewOrder) -> Placed | Refused:
        self.take(order)
        return Placed(venue_id=self.orders[order.client_id].venue_id)


class MakesSecondOrders(Sound):
    def take(self, order: NewOrder) -> None:
        if order.client_id in self.orders:
            order = NewOrder(**{**_fields(order), "client_id": "another"})
        super().take(order)


def _fields(message: Any) -> dict[str, Any]:
    return {name: getattr(message, name) for name in message.__struct_fields__}


BROKEN: list[tuple[type[Sound], str]] = [
    (CallsLostRefused, "test_an_order_whose_answer_is_lost_is_unknown_and_then_found"),
    (SendsAgain, "test_what_is_not_there_is_gone_only_when_it_can_no_longer_arrive"),
    (GivesUpAtOnce, "test_what_is_not_there_is_gone_only_when_it_can_no_longer_arrive"),
    (RoundsValues, "test_fills_add_up_and_keep_their_ids"),
    (TellsAllFillsAgain, "test_fills_since_a_cursor_are_told_once"),
    (FailsToCancelWhatIsGone, "test_a_cancelled_order_is_over_and_to_cancel_what_is_gone_is_no_error"),
    (TakesWhateverComes, "test_what_cannot_be_taken_is_refused_and_leaves_nothing"),
    (MakesSecondOrders, "test_the_same_order_twice_is_one_order"),
]


@pytest.mark.parametrize(("broken", "test"), BROKEN, ids=lambda each: each if isinstance(each, str) else each.__name__)
async def test_an_exchange_that_breaks_a_rule_fails_its_test(broken: type[Sound], test: str) -> None:
    with pytest.raises((AssertionError, Lost, pytest.fail.Exception)):
        await getattr(ExchangeConformance(), test)(Stage(broken()))
