"""What an exchange must hold."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any, ClassVar, Final, Protocol

import msgspec
import pytest

from sniper.exchange import AccountState, Exchange, Fill, Funding, Instrument, NewOrder, OrderState, Placed, Refused

_HANGS_S: Final = 30
"""Guards against hanging; nothing is timed."""
_ID: Final = re.compile(r"[^:]+:[^:]+(:[^:]+)?")

Told = Sequence[OrderState | Fill | Funding]


class ExchangeStage(Protocol):
    """An exchange to be tried, and those who can make something happen at it.

    exchange    Of a desk that has enough of the quote asset for ``size`` lots at ``resting``.
    instrument  What is traded. ``size``: lots, an even number. ``resting``: ticks at which a purchase waits.
    """

    exchange: Exchange
    instrument: Instrument
    size: int
    resting: int

    async def fill(self, lots: int) -> None:
        """Somebody sells so many lots to whoever buys at ``resting``."""
        ...

    async def lose_answer(self) -> None:
        """The answer to the next new order is lost; the order is taken."""
        ...

    async def lose_request(self) -> None:
        """The next new order is lost on its way there."""
        ...

    async def pass_window(self) -> None:
        """Let so much time pass that what was sent before arrives no more."""
        ...

    async def heard(self) -> None:
        """Wait until the exchange has somebody to tell of this account's orders."""
        ...

    async def break_streams(self) -> None:
        """Break the connections over which the exchange tells by itself."""
        ...


class ExchangeConformance:
    """One order is one order, whatever is lost; what is unknown is never called refused or gone; each fill is told once
    by its id, and all numbers are exact.

        class TestMine(ExchangeConformance):
            exchange_type = Mine

    The fixture ``stage``, in the class or in ``conftest.py``, gives a fresh `ExchangeStage`.
    """

    exchange_type: ClassVar[type[Exchange]]

    def order(self, stage: ExchangeStage, number: int = 1, **changes: Any) -> NewOrder:
        """A purchase that waits. Any: fields of `NewOrder`."""
        plain = NewOrder(
            client_id=f"{number:032d}",
            instrument=stage.instrument.id,
            side="buy",
            size=stage.size,
            price=stage.resting,
        )
        return msgspec.structs.replace(plain, **changes)  # type: ignore[type-var]  # it is a msgspec struct

    async def test_instruments_belong_to_the_place_and_are_told_once(self, stage: ExchangeStage) -> None:
        found = await stage.exchange.instruments()
        identifiers = [each.id for each in found]
        assert stage.instrument in found, f"{stage.instrument.id} is not among its instruments"
        assert len(set(identifiers)) == len(identifiers), "an instrument is told twice"
        for each in found:
            assert _ID.fullmatch(each.id), f"{each.id!r} is not of the form place:symbol"
            assert each.venue == stage.exchange.place, f"{each.id} is not of the place {stage.exchange.place}"
            for asset in (each.base, each.quote, each.settle):
                assert asset.startswith(f"{each.venue}:"), f"{each.id}: the asset {asset!r} is of another place"

    async def test_an_order_that_waits_is_found_open(self, stage: ExchangeStage) -> None:
        order = self.order(stage)
        placed = await self._placed(stage, order)
        state, fills = await self._found(stage, order)
        assert state == OrderState(
            client_id=order.client_id, venue_id=placed.venue_id, instrument=order.instrument, state="open", filled=0
        )
        assert not fills, f"an order that nobody traded with has fills: {fills}"
        account = await stage.exchange.read("")
        assert state in account.orders, f"the account does not tell the open order: {account.orders}"

    async def test_what_waits_is_held_exactly(self, stage: ExchangeStage) -> None:
        before = _balances((await stage.exchange.read("")).balances)
        await self._placed(stage, self.order(stage))
        after = _balances((await stage.exchange.read("")).balances)
        quote, value = stage.instrument.quote, stage.instrument.value(stage.resting, stage.size)
        free, held = (after[quote][each] - before[quote][each] for each in (0, 1))
        if stage.instrument.linear:
            assert (free, held) == (0, 0), "the kernel reserves the margin of contracts; tell what is owned"
            return
        assert (free, held) == (-value, value), f"of {value} base units, {held} are held and {-free} are gone"

    async def test_the_same_order_twice_is_one_order(self, stage: ExchangeStage) -> None:
        order = self.order(stage)
        placed = await self._placed(stage, order)
        again = await _outcome(stage.exchange, order)
        assert again in (placed, None), f"the second time it is {again}: give the first order, or raise"
        assert len((await stage.exchange.read("")).orders) == 1, "there are two orders"

    async def test_an_order_whose_answer_is_lost_is_unknown_and_then_found(self, stage: ExchangeStage) -> None:
        order = self.order(stage)
        await stage.lose_answer()
        answer = await _outcome(stage.exchange, order)
        assert answer is None, f"the answer was lost, and submit gave {answer}: raise"
        state, _ = await self._found(stage, order)
        assert state.state == "open", f"it was taken, and is {state.state}"
        assert len((await stage.exchange.read("")).orders) == 1, "it was sent again"

    async def test_what_is_not_there_is_gone_only_when_it_can_no_longer_arrive(self, stage: ExchangeStage) -> None:
        order = self.order(stage)
        await stage.lose_request()
        answer = await _outcome(stage.exchange, order)
        assert answer is None, f"the request was lost, and submit gave {answer}: raise"
        with pytest.raises(Exception):  # noqa: B017, PT011  # which one is the exchange's own affair
            await stage.exchange.find(order)
        await stage.pass_window()
        assert await stage.exchange.find(order) is None, "it never arrived, no longer can, and is found"

    async def test_fills_add_up_and_keep_their_ids(self, stage: ExchangeStage) -> None:
        order, half = self.order(stage), stage.size // 2
        await self._placed(stage, order)
        await stage.fill(half)
        state, first = await self._found(stage, order)
        assert (state.state, state.filled) == ("open", half), f"half of it was traded, and it is {state}"
        await stage.fill(stage.size - half)
        state, fills = await self._found(stage, order)
        assert (state.state, state.filled) == ("filled", stage.size), f"all of it was traded, and it is {state}"
        assert len({fill.id for fill in fills}) == len(fills), f"two fills have one id: {fills}"
        assert {fill.id: fill for fill in fills}.items() >= {fill.id: fill for fill in first}.items(), (
            "a fill is another one when it is told again"
        )
        assert sum(fill.size for fill in fills) == stage.size, f"fills of {stage.size} lots are {fills}"
        for fill in fills:
            self._is_exact(fill, order, stage.instrument)

    async def test_fills_since_a_cursor_are_told_once(self, stage: ExchangeStage) -> None:
        order, half = self.order(stage), stage.size // 2
        state = await stage.exchange.read("")
        await self._placed(stage, order)
        told: list[Fill] = []
        for lots in (half, stage.size - half, 0):
            if lots:
                await stage.fill(lots)
            state = await stage.exchange.read(state.cursor)
            told += state.fills
        assert len({fill.id for fill in told}) == len(told), f"a fill is told twice: {told}"
        assert sum(fill.size for fill in told) == stage.size, f"of {stage.size} lots, fills tell {told}"
        assert {fill.client_id for fill in told} == {order.client_id}, "a fill is of another order"

    async def test_updates_tell_what_find_tells(self, stage: ExchangeStage) -> None:
        order = self.order(stage)
        async with asyncio.timeout(_HANGS_S):
            updates = stage.exchange.updates()
            first = asyncio.ensure_future(anext(updates))
            await stage.heard()
            await self._placed(stage, order)
            await stage.fill(stage.size)
            told = list(await first)
            while not _whole(told, order):
                told += await anext(updates)
        _, fills = await self._found(stage, order)
        seen = {_timeless(each) for each in told if isinstance(each, Fill)}
        assert seen == set(map(_timeless, fills)), "the stream tells other fills than a search"
        await _closed(updates)

    async def test_a_stream_that_breaks_ends_and_nothing_is_lost(self, stage: ExchangeStage) -> None:
        order = self.order(stage)
        async with asyncio.timeout(_HANGS_S):
            state = await stage.exchange.read("")
            updates = stage.exchange.updates()
            first = asyncio.ensure_future(anext(updates))
            await stage.heard()
            await self._placed(stage, order)
            await first
            await stage.break_streams()
            await _ended(updates)
            await stage.fill(stage.size)
            state = await stage.exchange.read(state.cursor)
            assert sum(fill.size for fill in state.fills) == stage.size, f"the account tells {state.fills}"
            again = stage.exchange.updates()
            second = asyncio.ensure_future(anext(again))
            await stage.heard()
            await self._placed(stage, self.order(stage, 2))
            told = list(await second)
            while not any(isinstance(each, OrderState) and each.client_id == f"{2:032d}" for each in told):
                told += await anext(again)
            await _closed(again)

    async def test_what_cannot_be_taken_is_refused_and_leaves_nothing(self, stage: ExchangeStage) -> None:
        before = await stage.exchange.read("")
        wrong: tuple[dict[str, Any], ...] = (
            {"size": 10**9 * stage.size},
            {"flags": ("no-such-flag",)},
            {"type": "no-such-type"},
            {"lives": "no-such-life"},
            {"instrument": f"{stage.exchange.place}:NO/SUCH"},
        )
        for number, changes in enumerate(wrong):
            answer = await stage.exchange.submit(self.order(stage, number, **changes))
            assert isinstance(answer, Refused), f"{changes} gave {answer}; refuse it"
            assert answer.code, f"the refusal of {changes} has no code"
            assert answer.message, f"the refusal of {changes} does not say why"
        after = await stage.exchange.read(before.cursor)
        assert (after.balances, after.orders, after.fills) == (before.balances, before.orders, ())

    async def test_a_cancelled_order_is_over_and_to_cancel_what_is_gone_is_no_error(self, stage: ExchangeStage) -> None:
        order, half = self.order(stage), stage.size // 2
        placed = await self._placed(stage, order)
        await stage.fill(half)
        await stage.exchange.cancel(order, placed.venue_id)
        state, fills = await self._found(stage, order)
        assert (state.state, state.filled) == ("cancelled", half), f"half filled, then cancelled: {state}"
        assert sum(fill.size for fill in fills) == half
        await stage.exchange.cancel(order, placed.venue_id)
        other = self.order(stage, 2)
        filled = await self._placed(stage, other)
        await stage.fill(stage.size)
        await stage.exchange.cancel(other, filled.venue_id)
        state, _ = await self._found(stage, other)
        assert state.state == "filled", f"it was filled before it could be cancelled, and is {state.state}"

    async def test_a_position_in_a_contract_is_told_with_what_it_cost(self, stage: ExchangeStage) -> None:
        instrument = stage.instrument
        if not instrument.linear:
            return
        assert self._position(await stage.exchange.read(""), instrument) in (None, (0, 0))
        await self._placed(stage, self.order(stage))
        await stage.fill(stage.size)
        _, fills = await self._found(stage, self.order(stage))
        told = self._position(await stage.exchange.read(""), instrument)
        assert told == (stage.size, sum(fill.value for fill in fills)), f"bought {stage.size} lots, and it tells {told}"

    def _position(self, state: AccountState, instrument: Instrument) -> tuple[int, int] | None:
        return next(((each.size, each.cost) for each in state.contracts if each.instrument == instrument), None)

    async def _placed(self, stage: ExchangeStage, order: NewOrder) -> Placed:
        answer = await stage.exchange.submit(order)
        assert isinstance(answer, Placed), f"a good order gave {answer}"
        assert answer.venue_id, "the exchange's own id is empty"
        return answer

    async def _found(self, stage: ExchangeStage, order: NewOrder) -> tuple[OrderState, Sequence[Fill]]:
        found = await stage.exchange.find(order)
        assert found is not None, f"{order.client_id} was taken, and is called gone"
        return found

    def _is_exact(self, fill: Fill, order: NewOrder, instrument: Instrument) -> None:
        assert (fill.client_id, fill.instrument, fill.side) == (order.client_id, order.instrument, order.side)
        assert fill.price <= (order.price or fill.price), f"bought at {fill.price}, the limit was {order.price}"
        worth = instrument.value(fill.price, fill.size)
        assert fill.value == worth, f"{fill.size} lots at {fill.price} ticks are worth {worth}, not {fill.value}"
        assert fill.fee_asset.startswith(f"{instrument.venue}:"), f"the fee is paid in {fill.fee_asset!r}"


async def _outcome(exchange: Exchange, order: NewOrder) -> Placed | Refused | None:
    """None where it raises: it does not know."""
    try:
        return await exchange.submit(order)
    except Exception:
        return None


async def _ended(updates: AsyncIterator[Told]) -> None:
    try:
        async for _ in updates:
            pass
    except Exception:
        return


async def _closed(updates: AsyncIterator[Told]) -> None:
    close = getattr(updates, "aclose", None)
    if close is not None:
        await close()


def _timeless(fill: Fill) -> Fill:
    """An exchange may take for its time when it was made, or when it is told."""
    return msgspec.structs.replace(fill, time=0)  # type: ignore[type-var]  # it is a msgspec struct


def _whole(told: Told, order: NewOrder) -> bool:
    """Whether the end of the order and all its fills were told."""
    ended = any(isinstance(each, OrderState) and each.state == "filled" for each in told)
    fills = {each.id: each.size for each in told if isinstance(each, Fill)}
    return ended and sum(fills.values()) == order.size


def _balances(balances: Sequence[tuple[str, int, int]]) -> dict[str, tuple[int, int]]:
    return {asset: (free, held) for asset, free, held in balances}
