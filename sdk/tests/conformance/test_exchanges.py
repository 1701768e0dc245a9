"""Exchanges that break one rule each, and the test of the suite that must say so. The sound one passes all of them."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Sequence
from pathlib import Path
from typing import Any

import pytest

from sniper.exchange import (
    COIN,
    AccountState,
    Event,
    Exchange,
    Fill,
    Funding,
    Instrument,
    NewOrder,
    OrderState,
    Placed,
    Refused,
)
from sniper_sdk import ExchangeConformance
from sniper_sdk.conformance.listing import behaviours

BTC = Instrument(
    id="here:BTC/USDT", kind="spot", base="here:BTC", quote="here:USDT", settle="here:USDT", tick=COIN // 100,
    lot=COIN // 10**5,
)  # fmt: skip
START = 10**6 * COIN


SECRET = "abcdefghijklmnopqrstuvwxyz0123456789"
"""What a key file would hold; that of `Blabs` is this one."""


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
    ) -> AsyncGenerator[Sequence[Event], None]:
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
        paid, bought = (
            sum(each.value for each in self.fills),
            sum(each.size * BTC.lot - each.fee for each in self.fills),
        )
        return AccountState(
            balances=((BTC.quote, START - paid - held, held), (BTC.base, bought, 0)),
            orders=tuple(opened),
            fills=tuple(self.fills[int(cursor or 0) :]),
            cursor=str(len(self.fills)),
        )

    async def updates(self) -> AsyncGenerator[Sequence[OrderState | Fill | Funding], None]:
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
            fee_asset=BTC.base, maker=True, time=1_700_000_000 * 10**9,
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


def changed(message: Any, **fields: Any) -> Any:  # Any: a message of any class
    return type(message)(**{**{name: getattr(message, name) for name in message.__struct_fields__}, **fields})


def listing(**fields: Any) -> type[Sound]:
    """An exchange that lists its instrument with other fields."""

    class Lists(Sound):
        async def instruments(self) -> Sequence[Instrument]:
            return [changed(BTC, **fields)]

    return Lists


def telling(**fields: Any) -> type[Sound]:
    """An exchange whose searches tell fills with other fields; a function is given the fill."""

    class Tells(Sound):
        async def find(self, order: NewOrder) -> tuple[OrderState, Sequence[Fill]] | None:
            found = await super().find(order)
            if found is None:
                return None
            return found[0], [
                changed(fill, **{name: value(fill) if callable(value) else value for name, value in fields.items()})
                for fill in found[1]
            ]

    return Tells


def finding(**fields: Any) -> type[Sound]:
    """An exchange whose searches tell orders with other fields; a function is given the state."""

    class Finds(Sound):
        async def find(self, order: NewOrder) -> tuple[OrderState, Sequence[Fill]] | None:
            found = await super().find(order)
            if found is None:
                return None
            new = {name: value(found[0]) if callable(value) else value for name, value in fields.items()}
            return changed(found[0], **new), found[1]

    return Finds


def reading(**fields: Any) -> type[Sound]:
    """An exchange whose account has other fields; a function is given the exchange and the account."""

    class Reads(Sound):
        async def read(self, cursor: str) -> AccountState:
            state = await super().read(cursor)
            return changed(state, **{name: value(self, state) for name, value in fields.items()})  # type: ignore[no-any-return]

    return Reads


# ---- what it lists ----


class ListsTwice(Sound):
    async def instruments(self) -> Sequence[Instrument]:
        return [BTC, BTC]


class ChangesItsMind(Sound):
    fee = 0

    async def instruments(self) -> Sequence[Instrument]:
        self.fee += 1
        return [changed(BTC, taker_fee=self.fee)]


class LeavesOutInSilence(Sound):
    def __init__(self) -> None:
        super().__init__()
        self.left_out = {"ETH/USDT": ""}


class CountsSeconds(Sound):
    async def time(self) -> int | None:
        return 1_700_000_000


# ---- one order ----


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


class TakesWhateverComes(Sound):
    async def submit(self, order: NewOrder) -> Placed | Refused:
        self.take(order)
        return Placed(venue_id=self.orders[order.client_id].venue_id)


class KeepsWhatItRefuses(Sound):
    async def submit(self, order: NewOrder) -> Placed | Refused:
        answer = await super().submit(order)
        if isinstance(answer, Refused):
            self.take(order)
        return answer


class Sulks(Sound):
    refused = False

    async def submit(self, order: NewOrder) -> Placed | Refused:
        answer = Refused(code="no", message="not again") if self.refused else await super().submit(order)
        self.refused = isinstance(answer, Refused)
        return answer


class MakesSecondOrders(Sound):
    def take(self, order: NewOrder) -> None:
        if order.client_id in self.orders:
            order = changed(order, client_id="another")
        super().take(order)


class HasOneId(Sound):
    async def submit(self, order: NewOrder) -> Placed | Refused:
        answer = await super().submit(order)
        return changed(answer, venue_id="7") if isinstance(answer, Placed) else answer


class MixesFills(Sound):
    async def find(self, order: NewOrder) -> tuple[OrderState, Sequence[Fill]] | None:
        found = await super().find(order)
        return None if found is None else (found[0], self.fills)


class LooksLoudly(Sound):
    async def find(self, order: NewOrder) -> tuple[OrderState, Sequence[Fill]] | None:
        found = await super().find(order)
        self.orders.pop(order.client_id, None)
        return found


class KnowsEverything(Sound):
    async def find(self, order: NewOrder) -> tuple[OrderState, Sequence[Fill]] | None:
        state = OrderState(client_id=order.client_id, venue_id="1", instrument=order.instrument, state="open", filled=0)
        return await super().find(order) or (state, [])


class CancelsNothing(Sound):
    async def cancel(self, order: NewOrder, venue_id: str) -> None:
        pass


class ForgetsWhatWasFilled(Sound):
    async def cancel(self, order: NewOrder, venue_id: str) -> None:
        self.move(order.client_id, "cancelled", 0)


class FailsToCancelWhatIsGone(Sound):
    async def cancel(self, order: NewOrder, venue_id: str) -> None:
        if self.orders[order.client_id].state != "open":
            raise Lost
        await super().cancel(order, venue_id)


class CancelsAll(Sound):
    async def cancel(self, order: NewOrder, venue_id: str) -> None:
        for each in list(self.asked.values()):
            await super().cancel(each, venue_id)


class HoldsOn(Sound):
    async def read(self, cursor: str) -> AccountState:
        states = dict(self.orders)
        self.orders = {
            name: changed(state, state="open") if state.state == "cancelled" else state
            for name, state in states.items()
        }
        held = await super().read(cursor)
        self.orders = states
        return changed(await super().read(cursor), balances=held.balances)  # type: ignore[no-any-return]


class CannotCancelWhatWasLost(Sound):
    lost: str = ""

    async def submit(self, order: NewOrder) -> Placed | Refused:
        try:
            return await super().submit(order)
        except Lost:
            self.lost = order.client_id
            raise

    async def cancel(self, order: NewOrder, venue_id: str) -> None:
        if order.client_id != self.lost:
            await super().cancel(order, venue_id)


class LosesFillsOfWhatWasLost(CannotCancelWhatWasLost):
    async def find(self, order: NewOrder) -> tuple[OrderState, Sequence[Fill]] | None:
        found = await super().find(order)
        return (found[0], []) if found is not None and order.client_id == self.lost else found


class LosesOthers(CannotCancelWhatWasLost):
    async def find(self, order: NewOrder) -> tuple[OrderState, Sequence[Fill]] | None:
        if self.lost and order.client_id != self.lost:
            raise Lost
        return await super().find(order)


class DeliversLate(Sound):
    async def submit(self, order: NewOrder) -> Placed | Refused:
        try:
            return await super().submit(order)
        except Lost:
            self.take(order)
            raise


class NeverForgives(CannotCancelWhatWasLost):
    async def submit(self, order: NewOrder) -> Placed | Refused:
        if order.client_id == self.lost:
            return Refused(code="again", message="it was sent before")
        return await super().submit(order)


class Blabs(Sound):
    def __init__(self) -> None:
        super().__init__()
        self.keys = Path(__file__)

    async def submit(self, order: NewOrder) -> Placed | Refused:
        try:
            return await super().submit(order)
        except Lost:
            raise Lost(f"no answer for the key {SECRET}") from None


# ---- fills and the account ----


class CountsFillsAnew(Sound):
    asked_for = 0

    async def find(self, order: NewOrder) -> tuple[OrderState, Sequence[Fill]] | None:
        found = await super().find(order)
        self.asked_for += 1
        return None if found is None else (found[0], [changed(f, id=f"{f.id}/{self.asked_for}") for f in found[1]])


class TakesEqualFillsForOne(Sound):
    async def find(self, order: NewOrder) -> tuple[OrderState, Sequence[Fill]] | None:
        found = await super().find(order)
        return None if found is None else (found[0], list({fill.size: fill for fill in found[1]}.values()))


class TellsAllFillsAgain(Sound):
    async def read(self, cursor: str) -> AccountState:
        return await super().read("0")


class TellsFillsOnce(Sound):
    told_up_to = 0

    async def read(self, cursor: str) -> AccountState:
        state = await super().read(str(max(int(cursor or 0), self.told_up_to)))
        self.told_up_to = len(self.fills)
        return state


class DeafBetweenStreams(Sound):
    async def read(self, cursor: str) -> AccountState:
        state = await super().read(cursor)
        return changed(state, fills=[f for f in state.fills if f.id not in self.missed])  # type: ignore[no-any-return]

    def __init__(self) -> None:
        super().__init__()
        self.missed: set[str] = set()

    def tell(self, told: OrderState | Fill | None) -> None:
        if isinstance(told, Fill) and not self.told:
            self.missed.add(told.id)
        super().tell(told)


class CancelsWhereHeard(Sound):
    async def cancel(self, order: NewOrder, venue_id: str) -> None:
        if self.told:
            await super().cancel(order, venue_id)


class TellsFillsTwice(Sound):
    def tell(self, told: OrderState | Fill | None) -> None:
        super().tell(told)
        if isinstance(told, Fill):
            super().tell(told)


class TellsOfStrangers(Sound):
    def tell(self, told: OrderState | Fill | None) -> None:
        if isinstance(told, OrderState):
            super().tell(changed(told, client_id="a stranger's"))
        super().tell(told)


def heard(kind: type, **fields: Any) -> type[Sound]:
    """An exchange whose stream tells orders or fills with other fields; a function is given the message."""

    class Hears(Sound):
        def tell(self, told: OrderState | Fill | None) -> None:
            if isinstance(told, kind):
                told = changed(
                    told, **{name: value(told) if callable(value) else value for name, value in fields.items()}
                )
            super().tell(told)

    return Hears


def rounded_held(exchange: Sound, state: AccountState) -> tuple[tuple[str, int, int], ...]:
    return tuple((asset, free, held // 10**17 * 10**17) for asset, free, held in state.balances)


def held_whole(exchange: Sound, state: AccountState) -> tuple[tuple[str, int, int], ...]:
    held = sum(
        BTC.value(exchange.asked[each.client_id].price or 0, exchange.asked[each.client_id].size)
        for each in state.orders
    )
    return tuple((asset, free, held if asset == BTC.quote else 0) for asset, free, _ in state.balances)


def without_fees(exchange: Sound, state: AccountState) -> tuple[tuple[str, int, int], ...]:
    fees = sum(fill.fee for fill in exchange.fills)
    return tuple((asset, free + fees if asset == BTC.base else free, held) for asset, free, held in state.balances)


# Behaviours, without "test_", and exchanges that lack them.
BROKEN: dict[str, tuple[type[Sound], ...]] = {
    "instruments_belong_to_the_place_and_are_told_once": (ListsTwice, listing(base="there:BTC")),
    "instruments_are_the_same_when_they_are_asked_for_again": (ChangesItsMind,),
    "symbols_are_called_after_their_assets": (listing(id="here:BTCUSDT"),),
    "ticks_and_lots_are_decimal": (listing(tick=10**31),),
    "bounds_of_orders_leave_something_to_order": (listing(min_size=0), listing(min_size=5, max_size=4)),
    "fees_are_millionths": (listing(taker_fee=100_000), listing(maker_fee=1)),
    "types_and_flags_are_words_that_the_kernel_knows": (listing(types=("trailing",)), listing(flags=("hidden",))),
    "what_is_left_out_has_a_reason_and_is_not_listed": (LeavesOutInSilence,),
    "its_clock_is_in_nanoseconds": (CountsSeconds,),
    "a_price_goes_there_and_back_to_the_tick": (telling(price=lambda fill: fill.price // 10 * 10),),
    "an_odd_size_goes_there_and_back_to_the_lot": (finding(filled=lambda state: state.filled // 2 * 2),),
    "what_an_odd_size_holds_is_exact": (reading(balances=rounded_held),),
    "an_order_that_waits_is_found_open": (finding(state="new"),),
    "what_waits_is_held_exactly": (reading(balances=rounded_held),),
    "the_same_order_twice_is_one_order": (MakesSecondOrders,),
    "an_order_keeps_the_id_that_the_exchange_gave_it": (finding(venue_id="another"),),
    "two_orders_are_told_apart": (HasOneId,),
    "fills_belong_to_one_of_two_orders": (MixesFills,),
    "looking_for_an_order_changes_nothing": (LooksLoudly,),
    "an_order_that_was_never_sent_is_not_there": (KnowsEverything,),
    "an_order_that_cannot_be_paid_is_refused": (TakesWhateverComes, KeepsWhatItRefuses),
    "an_order_with_an_unknown_flag_is_refused": (TakesWhateverComes,),
    "an_order_of_an_unknown_type_is_refused": (TakesWhateverComes,),
    "an_order_with_an_unknown_life_is_refused": (TakesWhateverComes,),
    "an_order_for_an_unknown_instrument_is_refused": (TakesWhateverComes,),
    "a_refused_order_is_never_found": (KeepsWhatItRefuses,),
    "after_a_refusal_the_next_order_is_taken": (Sulks,),
    "a_cancelled_order_is_over": (CancelsNothing,),
    "what_was_filled_before_a_cancellation_stays": (ForgetsWhatWasFilled,),
    "to_cancel_twice_is_no_error": (FailsToCancelWhatIsGone,),
    "to_cancel_what_was_filled_is_no_error_and_changes_nothing": (ForgetsWhatWasFilled, FailsToCancelWhatIsGone),
    "to_cancel_one_order_leaves_the_other": (CancelsAll,),
    "a_cancellation_frees_what_was_held": (HoldsOn,),
    "an_order_whose_answer_is_lost_is_unknown_and_then_found": (CallsLostRefused,),
    "what_is_not_there_is_gone_only_when_it_can_no_longer_arrive": (SendsAgain, GivesUpAtOnce),
    "an_order_whose_answer_was_lost_can_be_sent_again_as_the_same": (MakesSecondOrders,),
    "an_order_whose_answer_was_lost_can_be_cancelled": (CannotCancelWhatWasLost,),
    "an_order_whose_answer_was_lost_tells_its_fills": (LosesFillsOfWhatWasLost,),
    "a_lost_answer_makes_no_other_order_unknown": (LosesOthers,),
    "a_lost_request_leaves_nothing": (DeliversLate,),
    "a_lost_request_can_be_sent_again_when_it_is_gone": (NeverForgives,),
    "no_error_tells_a_secret": (Blabs,),
    "fills_add_up_and_keep_their_ids": (CountsFillsAnew,),
    "fills_since_a_cursor_are_told_once": (TellsAllFillsAgain,),
    "a_fill_names_its_order": (telling(side="sell"), telling(client_id="")),
    "a_fill_is_worth_its_price_times_its_size": (telling(value=lambda fill: fill.value + 1),),
    "no_fill_is_worse_than_its_limit": (telling(price=lambda fill: fill.price + 1),),
    "a_fee_is_a_small_part_in_an_asset_of_the_place": (
        telling(fee_asset="USDT"),
        telling(fee=lambda fill: fill.size * BTC.lot),
    ),
    "fills_tell_when_they_were_made_in_nanoseconds": (telling(time=1_700_000_000_000),),
    "a_purchase_that_waited_was_no_taker": (telling(maker=False),),
    "many_small_fills_add_up": (TakesEqualFillsForOne,),
    "an_order_is_open_until_its_last_lot_is_filled": (finding(state="filled"),),
    "the_account_and_a_search_tell_the_same_fills": (telling(fee=lambda fill: fill.fee + 1),),
    "fills_are_told_oldest_first": (reading(fills=lambda exchange, state: state.fills[::-1]),),
    "an_old_cursor_tells_again_what_came_since": (TellsFillsOnce,),
    "without_news_no_fill_is_told": (TellsAllFillsAgain,),
    "a_cursor_is_text_that_can_be_written_down": (reading(cursor=lambda exchange, state: len(exchange.fills)),),
    "what_is_over_is_no_open_order": (reading(orders=lambda exchange, state: tuple(exchange.orders.values())),),
    "balances_are_whole_and_told_once": (reading(balances=lambda exchange, state: state.balances * 2),),
    "what_was_bought_is_there_to_the_last_unit": (reading(balances=without_fees),),
    "a_partly_filled_order_holds_what_is_left": (reading(balances=held_whole),),
    "updates_tell_what_find_tells": (heard(Fill, fee=lambda fill: fill.fee + 1),),
    "a_stream_that_breaks_ends_and_nothing_is_lost": (DeafBetweenStreams,),
    "updates_tell_that_an_order_waits": (heard(OrderState, venue_id="another"),),
    "updates_tell_a_part_before_the_whole": (heard(Fill, size=lambda fill: 2 * fill.size),),
    "updates_tell_a_cancellation": (
        heard(OrderState, state=lambda state: "expired" if state.state == "cancelled" else state.state),
    ),
    "updates_tell_each_fill_once": (TellsFillsTwice,),
    "updates_are_about_our_orders_alone": (TellsOfStrangers,),
    "what_was_cancelled_while_a_stream_was_broken_is_found": (CancelsWhereHeard,),
    "fills_while_a_stream_was_broken_are_told_once_by_the_account": (DeafBetweenStreams,),
}
OF_CONTRACTS = {"a_position_in_a_contract_is_told_with_what_it_cost"}
"""What spot markets cannot show; plugins/venue/ccxt/tests/test_contracts.py plays it."""
LEAST = 60


@pytest.mark.parametrize(
    ("behaviour", "broken"),
    [
        pytest.param(behaviour, each, id=f"{behaviour}-{each.__name__}-{number}")
        for behaviour, exchanges in BROKEN.items()
        for number, each in enumerate(exchanges)
    ],
)
async def test_an_exchange_that_lacks_a_behaviour_is_found(behaviour: str, broken: type[Sound]) -> None:
    with pytest.raises((AssertionError, Lost, pytest.fail.Exception)):
        await getattr(ExchangeConformance(), f"test_{behaviour}")(Stage(broken()))


def test_the_author_of_a_venue_gets_sixty_behaviours_each_of_which_finds_something() -> None:
    found = {each.name.removeprefix("test_") for each in behaviours(ExchangeConformance)}
    assert len(found) >= LEAST
    assert found == set(BROKEN) | OF_CONTRACTS
