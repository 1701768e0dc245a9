"""Where an exchange is tried, and what its tests have in common."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Final, Protocol

import msgspec

from sniper.exchange import Exchange, Fill, Funding, Instrument, NewOrder, OrderState, Placed, Refused

HANGS_S: Final = 30
"""Guards against hanging; nothing is timed."""

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


class AtExchange:
    """What the parts of the suite share: orders that wait, and what became of them."""

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

    async def placed(self, stage: ExchangeStage, order: NewOrder) -> Placed:
        """Of an order that must be taken."""
        answer = await stage.exchange.submit(order)
        assert isinstance(answer, Placed), f"a good order gave {answer}"
        assert answer.venue_id, "the exchange's own id is empty"
        return answer

    async def found(self, stage: ExchangeStage, order: NewOrder) -> tuple[OrderState, Sequence[Fill]]:
        """Of an order that must be known."""
        found = await stage.exchange.find(order)
        assert found is not None, f"{order.client_id} was taken, and is called gone"
        return found

    async def filled(self, stage: ExchangeStage, *lots: int) -> tuple[NewOrder, Sequence[Fill]]:
        """An order for all these lots, filled one after the other, and its fills."""
        order = self.order(stage, size=sum(lots))
        await self.placed(stage, order)
        for each in lots:
            await stage.fill(each)
        return order, (await self.found(stage, order))[1]

    @asynccontextmanager
    async def listening(self, stage: ExchangeStage) -> "AsyncIterator[Listener]":
        """Somebody who hears what happens from now on."""
        async with asyncio.timeout(HANGS_S):
            updates = stage.exchange.updates()
            listener = Listener(updates)
            await stage.heard()
            try:
                yield listener
            finally:
                listener.stop()
                await closed(updates)


class Listener:
    """Hears one stream. The first question is under way when it is made, so that nothing is missed."""

    def __init__(self, updates: AsyncIterator[Told]) -> None:
        self._updates = updates
        self._first: asyncio.Future[Told] | None = asyncio.ensure_future(anext(updates))
        self.told: list[OrderState | Fill | Funding] = []

    async def until(self, holds: Callable[[Told], bool]) -> Told:
        """All that was told, once that is enough."""
        while not holds(self.told):
            first, self._first = self._first, None
            self.told += await (first if first is not None else anext(self._updates))
        return self.told

    def stop(self) -> None:
        """Wait for nothing more."""
        if self._first is not None:
            self._first.cancel()


async def outcome(exchange: Exchange, order: NewOrder) -> Placed | Refused | None:
    """None where it raises: it does not know."""
    try:
        return await exchange.submit(order)
    except Exception:
        return None


async def ended(updates: AsyncIterator[Told]) -> None:
    try:
        async for _ in updates:
            pass
    except Exception:
        return


async def closed(updates: AsyncIterator[Told]) -> None:
    close = getattr(updates, "aclose", None)
    if close is not None:
        await close()


def timeless(fill: Fill) -> Fill:
    """An exchange may take for its time when it was made, or when it is told."""
    return msgspec.structs.replace(fill, time=0)  # type: ignore[type-var]  # it is a msgspec struct


def whole(told: Told, order: NewOrder) -> bool:
    """Whether the end of the order and all its fills were told."""
    ended = any(isinstance(each, OrderState) and each.state == "filled" for each in told)
    fills = {each.id: each.size for each in told if isinstance(each, Fill)}
    return ended and sum(fills.values()) == order.size


def balances_of(balances: Sequence[tuple[str, int, int]]) -> dict[str, tuple[int, int]]:
    return {asset: (free, held) for asset, free, held in balances}
