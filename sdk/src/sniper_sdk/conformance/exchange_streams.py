"""What an exchange tells by itself, also when its connection broke."""

import asyncio

from sniper.exchange import Fill, OrderState
from sniper_sdk.conformance.exchange_stage import (
    HANGS_S,
    AtExchange,
    ExchangeStage,
    Told,
    closed,
    ended,
    timeless,
    whole,
)


class Streams(AtExchange):
    """What happens is told, and what was missed can be read."""

    async def test_updates_tell_what_find_tells(self, stage: ExchangeStage) -> None:
        order = self.order(stage)
        async with asyncio.timeout(HANGS_S):
            updates = stage.exchange.updates()
            first = asyncio.ensure_future(anext(updates))
            await stage.heard()
            await self.placed(stage, order)
            await stage.fill(stage.size)
            told = list(await first)
            while not whole(told, order):
                told += await anext(updates)
        _, fills = await self.found(stage, order)
        seen = {timeless(each) for each in told if isinstance(each, Fill)}
        assert seen == set(map(timeless, fills)), "the stream tells other fills than a search"
        await closed(updates)

    async def test_a_stream_that_breaks_ends_and_nothing_is_lost(self, stage: ExchangeStage) -> None:
        order = self.order(stage)
        async with asyncio.timeout(HANGS_S):
            state = await stage.exchange.read("")
            updates = stage.exchange.updates()
            first = asyncio.ensure_future(anext(updates))
            await stage.heard()
            await self.placed(stage, order)
            await first
            await stage.break_streams()
            await ended(updates)
            await stage.fill(stage.size)
            state = await stage.exchange.read(state.cursor)
            assert sum(fill.size for fill in state.fills) == stage.size, f"the account tells {state.fills}"
            again = stage.exchange.updates()
            second = asyncio.ensure_future(anext(again))
            await stage.heard()
            await self.placed(stage, self.order(stage, 2))
            told = list(await second)
            while not any(isinstance(each, OrderState) and each.client_id == f"{2:032d}" for each in told):
                told += await anext(again)
            await closed(again)

    async def test_updates_tell_that_an_order_waits(self, stage: ExchangeStage) -> None:
        async with self.listening(stage) as listener:
            order = self.order(stage)
            placed = await self.placed(stage, order)
            told = await listener.until(lambda told: bool(_states(told, order.client_id)))
            state = _states(told, order.client_id)[0]
            assert (state.state, state.venue_id) == ("open", placed.venue_id), f"it waits, and {state} is told"

    async def test_updates_tell_a_part_before_the_whole(self, stage: ExchangeStage) -> None:
        async with self.listening(stage) as listener:
            order, half = self.order(stage), stage.size // 2
            await self.placed(stage, order)
            await stage.fill(half)
            told = await listener.until(lambda told: any(isinstance(each, Fill) for each in told))
            assert sum(each.size for each in told if isinstance(each, Fill)) == half, f"half was filled: {told}"
            assert not [each for each in _states(told, order.client_id) if each.state == "filled"], "half is not all"

    async def test_updates_tell_a_cancellation(self, stage: ExchangeStage) -> None:
        async with self.listening(stage) as listener:
            order = self.order(stage)
            placed = await self.placed(stage, order)
            await listener.until(lambda told: bool(_states(told, order.client_id)))
            await stage.exchange.cancel(order, placed.venue_id)
            told = await listener.until(lambda told: _states(told, order.client_id)[-1].state != "open")
            assert _states(told, order.client_id)[-1].state == "cancelled", f"it was cancelled, and {told[-1]} is told"

    async def test_updates_tell_each_fill_once(self, stage: ExchangeStage) -> None:
        async with self.listening(stage) as listener:
            order = self.order(stage)
            await self.placed(stage, order)
            await stage.fill(1)
            await stage.fill(stage.size - 1)
            told = await listener.until(lambda told: whole(told, order))
            ids = [each.id for each in told if isinstance(each, Fill)]
            assert len(set(ids)) == len(ids), f"a fill is told twice: {ids}"

    async def test_updates_are_about_our_orders_alone(self, stage: ExchangeStage) -> None:
        async with self.listening(stage) as listener:
            order = self.order(stage)
            await self.placed(stage, order)
            await stage.fill(stage.size)
            told = await listener.until(lambda told: whole(told, order))
            clients = {each.client_id for each in told if isinstance(each, Fill | OrderState)}
            assert clients == {order.client_id}, f"it tells of {clients}"

    async def test_what_was_cancelled_while_a_stream_was_broken_is_found(self, stage: ExchangeStage) -> None:
        order = self.order(stage)
        async with asyncio.timeout(HANGS_S):
            updates = stage.exchange.updates()
            first = asyncio.ensure_future(anext(updates))
            await stage.heard()
            placed = await self.placed(stage, order)
            await first
            await stage.break_streams()
            await ended(updates)
            await stage.exchange.cancel(order, placed.venue_id)
            assert (await stage.exchange.read("")).orders == (), "it is told as open"
            assert (await self.found(stage, order))[0].state == "cancelled"

    async def test_fills_while_a_stream_was_broken_are_told_once_by_the_account(self, stage: ExchangeStage) -> None:
        order, half = self.order(stage), stage.size // 2
        async with asyncio.timeout(HANGS_S):
            cursor = (await stage.exchange.read("")).cursor
            updates = stage.exchange.updates()
            first = asyncio.ensure_future(anext(updates))
            await stage.heard()
            await self.placed(stage, order)
            await first
            await stage.fill(half)
            await stage.break_streams()
            await ended(updates)
            await stage.fill(stage.size - half)
            fills = (await stage.exchange.read(cursor)).fills
        assert sorted(fill.size for fill in fills) == sorted([half, stage.size - half]), f"it tells {fills}"


def _states(told: Told, client_id: str) -> list[OrderState]:
    return [each for each in told if isinstance(each, OrderState) and each.client_id == client_id]
