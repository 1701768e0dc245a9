"""Orders that wait, are cancelled, or are refused."""

import re
import traceback
from typing import Any, Final

import pytest

from sniper.exchange import NewOrder, OrderState, Refused
from sniper_sdk.conformance.exchange_stage import AtExchange, ExchangeStage, balances_of, outcome

_LONG: Final = re.compile(r"[A-Za-z0-9+/=]{24,}")
"""What in a key file is a secret: words that nobody writes by hand."""


class Sending(AtExchange):
    """One order is one order."""

    async def test_an_order_that_waits_is_found_open(self, stage: ExchangeStage) -> None:
        order = self.order(stage)
        placed = await self.placed(stage, order)
        state, fills = await self.found(stage, order)
        assert state == OrderState(
            client_id=order.client_id, venue_id=placed.venue_id, instrument=order.instrument, state="open", filled=0
        )
        assert not fills, f"an order that nobody traded with has fills: {fills}"
        account = await stage.exchange.read("")
        assert state in account.orders, f"the account does not tell the open order: {account.orders}"

    async def test_what_waits_is_held_exactly(self, stage: ExchangeStage) -> None:
        before = balances_of((await stage.exchange.read("")).balances)
        await self.placed(stage, self.order(stage))
        after = balances_of((await stage.exchange.read("")).balances)
        quote, value = stage.instrument.quote, stage.instrument.value(stage.resting, stage.size)
        free, held = (after[quote][each] - before[quote][each] for each in (0, 1))
        if stage.instrument.linear:
            assert (free, held) == (0, 0), "the kernel reserves the margin of contracts; tell what is owned"
            return
        assert (free, held) == (-value, value), f"of {value} base units, {held} are held and {-free} are gone"

    async def test_the_same_order_twice_is_one_order(self, stage: ExchangeStage) -> None:
        order = self.order(stage)
        placed = await self.placed(stage, order)
        again = await outcome(stage.exchange, order)
        assert again in (placed, None), f"the second time it is {again}: give the first order, or raise"
        assert len((await stage.exchange.read("")).orders) == 1, "there are two orders"

    async def test_an_order_keeps_the_id_that_the_exchange_gave_it(self, stage: ExchangeStage) -> None:
        order = self.order(stage)
        placed = await self.placed(stage, order)
        state, _ = await self.found(stage, order)
        opened = (await stage.exchange.read("")).orders
        told = {placed.venue_id, state.venue_id, *(each.venue_id for each in opened)}
        assert len(told) == 1, f"one order has the ids {sorted(told)}"

    async def test_two_orders_are_told_apart(self, stage: ExchangeStage) -> None:
        half = stage.size // 2
        orders = [self.order(stage, number, size=half) for number in (1, 2)]
        ids = [(await self.placed(stage, order)).venue_id for order in orders]
        assert len(set(ids)) == 2, f"two orders have the id {ids[0]}"
        await stage.fill(half)
        states = [(await self.found(stage, order))[0] for order in orders]
        assert [each.client_id for each in states] == [order.client_id for order in orders], "it tells another order"
        assert sorted(each.filled for each in states) == [0, half], f"one of two was filled: {states}"

    async def test_fills_belong_to_one_of_two_orders(self, stage: ExchangeStage) -> None:
        half = stage.size // 2
        orders = [self.order(stage, number, size=half) for number in (1, 2)]
        for order in orders:
            await self.placed(stage, order)
        await stage.fill(half)
        for order in orders:
            state, fills = await self.found(stage, order)
            assert sum(fill.size for fill in fills) == state.filled, f"{state} has the fills {fills}"

    async def test_looking_for_an_order_changes_nothing(self, stage: ExchangeStage) -> None:
        order = self.order(stage)
        await self.placed(stage, order)
        before = await stage.exchange.read("")
        first = await self.found(stage, order)
        assert await self.found(stage, order) == first, "looked for twice, it is another one"
        after = await stage.exchange.read("")
        assert (after.balances, after.orders) == (before.balances, before.orders), "to look for it changed the account"

    async def test_an_order_that_was_never_sent_is_not_there(self, stage: ExchangeStage) -> None:
        await self.placed(stage, self.order(stage))
        await stage.pass_window()
        try:
            found = await stage.exchange.find(self.order(stage, 99))
        except Exception:
            return  # to say that it does not know yet is right, too
        assert found is None, f"nobody sent it, and it is {found}"

    # ---- refusals ----

    async def test_an_order_that_cannot_be_paid_is_refused(self, stage: ExchangeStage) -> None:
        await self._refused(stage, size=10**9 * stage.size)

    async def test_an_order_with_an_unknown_flag_is_refused(self, stage: ExchangeStage) -> None:
        await self._refused(stage, flags=("no-such-flag",))

    async def test_an_order_of_an_unknown_type_is_refused(self, stage: ExchangeStage) -> None:
        await self._refused(stage, type="no-such-type")

    async def test_an_order_with_an_unknown_life_is_refused(self, stage: ExchangeStage) -> None:
        await self._refused(stage, lives="no-such-life")

    async def test_an_order_for_an_unknown_instrument_is_refused(self, stage: ExchangeStage) -> None:
        await self._refused(stage, instrument=f"{stage.exchange.place}:NO/SUCH")

    async def test_a_refused_order_is_never_found(self, stage: ExchangeStage) -> None:
        order = self.order(stage, size=10**9 * stage.size)
        assert isinstance(await stage.exchange.submit(order), Refused)
        await stage.pass_window()
        assert await stage.exchange.find(order) is None, "it was refused, and is found"

    async def test_after_a_refusal_the_next_order_is_taken(self, stage: ExchangeStage) -> None:
        assert isinstance(await stage.exchange.submit(self.order(stage, size=10**9 * stage.size)), Refused)
        order = self.order(stage, 2)
        await self.placed(stage, order)
        assert (await self.found(stage, order))[0].state == "open"

    async def _refused(self, stage: ExchangeStage, **changes: Any) -> None:  # Any: fields of `NewOrder`
        before = await stage.exchange.read("")
        answer = await stage.exchange.submit(self.order(stage, **changes))
        assert isinstance(answer, Refused), f"{changes} gave {answer}; refuse it"
        assert answer.code, f"the refusal of {changes} has no code"
        assert answer.message, f"the refusal of {changes} does not say why"
        after = await stage.exchange.read(before.cursor)
        assert (after.balances, after.orders, after.fills) == (before.balances, before.orders, ()), "it left something"

    # ---- cancellations ----

    async def test_a_cancelled_order_is_over(self, stage: ExchangeStage) -> None:
        order = self.order(stage)
        placed = await self.placed(stage, order)
        await stage.exchange.cancel(order, placed.venue_id)
        state, fills = await self.found(stage, order)
        assert (state.state, state.filled, tuple(fills)) == ("cancelled", 0, ()), f"cancelled, and it is {state}"

    async def test_what_was_filled_before_a_cancellation_stays(self, stage: ExchangeStage) -> None:
        order, half = self.order(stage), stage.size // 2
        placed = await self.placed(stage, order)
        await stage.fill(half)
        await stage.exchange.cancel(order, placed.venue_id)
        state, fills = await self.found(stage, order)
        assert (state.state, state.filled) == ("cancelled", half), f"half filled, then cancelled: {state}"
        assert sum(fill.size for fill in fills) == half

    async def test_to_cancel_twice_is_no_error(self, stage: ExchangeStage) -> None:
        order = self.order(stage)
        placed = await self.placed(stage, order)
        await stage.exchange.cancel(order, placed.venue_id)
        await stage.exchange.cancel(order, placed.venue_id)
        assert (await self.found(stage, order))[0].state == "cancelled"

    async def test_to_cancel_what_was_filled_is_no_error_and_changes_nothing(self, stage: ExchangeStage) -> None:
        order = self.order(stage)
        placed = await self.placed(stage, order)
        await stage.fill(stage.size)
        await stage.exchange.cancel(order, placed.venue_id)
        state, _ = await self.found(stage, order)
        assert state.state == "filled", f"it was filled before it could be cancelled, and is {state.state}"

    async def test_to_cancel_one_order_leaves_the_other(self, stage: ExchangeStage) -> None:
        orders = [self.order(stage, number, size=stage.size // 2) for number in (1, 2)]
        placed = [await self.placed(stage, order) for order in orders]
        await stage.exchange.cancel(orders[0], placed[0].venue_id)
        states = [(await self.found(stage, order))[0].state for order in orders]
        assert states == ["cancelled", "open"], f"the first of two was cancelled: {states}"
        opened = (await stage.exchange.read("")).orders
        assert [each.client_id for each in opened] == [orders[1].client_id], f"open is {opened}"

    async def test_a_cancellation_frees_what_was_held(self, stage: ExchangeStage) -> None:
        before = await stage.exchange.read("")
        order = self.order(stage)
        placed = await self.placed(stage, order)
        await stage.exchange.cancel(order, placed.venue_id)
        after = await stage.exchange.read("")
        assert balances_of(after.balances) == balances_of(before.balances), "something is still held"

    # ---- unknown outcomes ----

    async def test_an_order_whose_answer_is_lost_is_unknown_and_then_found(self, stage: ExchangeStage) -> None:
        order = self.order(stage)
        await stage.lose_answer()
        answer = await outcome(stage.exchange, order)
        assert answer is None, f"the answer was lost, and submit gave {answer}: raise"
        state, _ = await self.found(stage, order)
        assert state.state == "open", f"it was taken, and is {state.state}"
        assert len((await stage.exchange.read("")).orders) == 1, "it was sent again"

    async def test_what_is_not_there_is_gone_only_when_it_can_no_longer_arrive(self, stage: ExchangeStage) -> None:
        order = self.order(stage)
        await stage.lose_request()
        answer = await outcome(stage.exchange, order)
        assert answer is None, f"the request was lost, and submit gave {answer}: raise"
        with pytest.raises(Exception):  # noqa: B017, PT011  # which one is the exchange's own affair
            await stage.exchange.find(order)
        await stage.pass_window()
        assert await stage.exchange.find(order) is None, "it never arrived, no longer can, and is found"

    async def test_an_order_whose_answer_was_lost_can_be_sent_again_as_the_same(self, stage: ExchangeStage) -> None:
        order = await self._answer_lost(stage)
        await outcome(stage.exchange, order)
        assert len((await stage.exchange.read("")).orders) == 1, "sent again, there are two orders"

    async def test_an_order_whose_answer_was_lost_can_be_cancelled(self, stage: ExchangeStage) -> None:
        order = await self._answer_lost(stage)
        state, _ = await self.found(stage, order)
        await stage.exchange.cancel(order, state.venue_id)
        assert (await self.found(stage, order))[0].state == "cancelled", "it goes on"

    async def test_an_order_whose_answer_was_lost_tells_its_fills(self, stage: ExchangeStage) -> None:
        order = await self._answer_lost(stage)
        await stage.fill(stage.size)
        state, fills = await self.found(stage, order)
        assert (state.state, sum(fill.size for fill in fills)) == ("filled", stage.size), f"it was filled: {state}"

    async def test_a_lost_answer_makes_no_other_order_unknown(self, stage: ExchangeStage) -> None:
        half = stage.size // 2
        first, second = (self.order(stage, number, size=half) for number in (1, 2))
        await self.placed(stage, first)
        await stage.lose_answer()
        assert await outcome(stage.exchange, second) is None
        states = [(await self.found(stage, order))[0] for order in (first, second)]
        assert [each.state for each in states] == ["open", "open"], f"both were taken: {states}"

    async def test_a_lost_request_leaves_nothing(self, stage: ExchangeStage) -> None:
        before = await stage.exchange.read("")
        await stage.lose_request()
        await outcome(stage.exchange, self.order(stage))
        await stage.pass_window()
        after = await stage.exchange.read("")
        assert (after.balances, after.orders) == (before.balances, ()), f"nothing arrived, and there is {after}"

    async def test_a_lost_request_can_be_sent_again_when_it_is_gone(self, stage: ExchangeStage) -> None:
        order = self.order(stage)
        await stage.lose_request()
        assert await outcome(stage.exchange, order) is None
        await stage.pass_window()
        assert await stage.exchange.find(order) is None
        await self.placed(stage, order)
        assert (await self.found(stage, order))[0].state == "open"
        assert len((await stage.exchange.read("")).orders) == 1, "both arrived"

    async def test_no_error_tells_a_secret(self, stage: ExchangeStage) -> None:
        keys = stage.exchange.keys
        secrets = [] if keys is None else _LONG.findall(keys.read_text())
        await stage.lose_answer()
        with pytest.raises(Exception) as raised:  # noqa: PT011  # which one is the exchange's own affair
            await stage.exchange.submit(self.order(stage))
        shown = "".join(traceback.format_exception(raised.value)) + repr(stage.exchange)
        assert not [each for each in secrets if each in shown], "an error shows a secret of the key file"

    async def _answer_lost(self, stage: ExchangeStage) -> NewOrder:
        order = self.order(stage)
        await stage.lose_answer()
        assert await outcome(stage.exchange, order) is None, "the answer was lost: raise"
        return order
