"""Streams end with what breaks them, and what is urgent goes first."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sniper.events import Prices, Trade
from sniper.instrument import COIN, Instrument
from sniper_venue_ccxt.capabilities import Capabilities
from sniper_venue_ccxt.client import exact_class, urgent
from sniper_venue_ccxt.errors import GapFound
from sniper_venue_ccxt.joined import joined
from sniper_venue_ccxt.market import KEPT, Market

BTC = Instrument(
    id="here:BTC/USDT", kind="spot", base="here:BTC", quote="here:USDT", settle="here:USDT", tick=COIN // 100,
    lot=COIN // 10**5,
)  # fmt: skip


def can(*methods: str) -> Capabilities:
    return Capabilities(
        exchange="played", kind="spot", reduce_only=False,
        lives=frozenset({"gtc"}), post_only=False, conditional=False, client_ids=True, found_by_client_id=True,
        market_buys=True, orders_need_symbol=False, trades_need_symbol=False, window_ms=0, methods=frozenset(methods),
    )  # fmt: skip


class Played:
    """Gives what it was given; then waits."""

    id = "played"

    def __init__(self, trades: list[list[dict[str, Any]]], books: list[dict[str, Any]]) -> None:
        self.trades, self.books = trades, books
        self.clients: dict[str, object] = {"wss://one": object()}

    async def watch_trades(self, symbol: str) -> list[dict[str, Any]]:
        return await self._next(self.trades)

    async def watch_order_book(self, symbol: str) -> dict[str, Any]:
        return await self._next(self.books)

    async def fetch_trades(self, symbol: str) -> list[dict[str, Any]]:
        return await self._next(self.trades)

    async def fetch_order_book(self, symbol: str, limit: int) -> dict[str, Any]:
        return await self._next(self.books)

    async def _next(self, left: list[Any]) -> Any:
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)


def trade(number: int, price: str = "42000.01", amount: str = "0.00123") -> dict[str, Any]:
    return {"id": str(number), "price": price, "amount": amount}


def book(bid: str, ask: str, size: str = "1") -> dict[str, Any]:
    return {"bids": [[bid, size]], "asks": [[ask, size]]}


async def taken(client: Played, methods: tuple[str, ...], count: int) -> list[Any]:
    events = Market(client, can(*methods), 0, lambda: 7).events([BTC])
    found: list[Any] = []
    async with asyncio.timeout(30):
        while len(found) < count:
            found += await anext(events)
    await events.aclose()
    return found


WATCHED = ("watchTrades", "watchOrderBook")
ASKED = ("fetchTrades", "fetchOrderBook")


async def test_trades_and_best_prices_are_told_in_ticks_and_lots() -> None:
    client = Played([[trade(1)]], [book("42000.01", "42000.02", "0.000019"), {"bids": [], "asks": []}])
    found = await taken(client, WATCHED, 3)
    assert [each for each in found if isinstance(each, Trade)] == [
        Trade(time=7, venue="here", instrument=BTC.id, price=4_200_001, size=123)
    ]
    assert [each for each in found if isinstance(each, Prices)] == [
        Prices(time=7, instrument=BTC.id, bid=4_200_001, bid_size=1, ask=4_200_002, ask_size=1),
        Prices(time=7, instrument=BTC.id, bid=0, bid_size=0, ask=0, ask_size=0),
    ]


async def test_prices_that_stay_are_told_once() -> None:
    found = await taken(Played([], [book("1.00", "2.00")] * 3 + [book("1.00", "1.99")]), WATCHED, 2)
    assert [(each.bid, each.ask) for each in found] == [(100, 200), (100, 199)]


async def test_more_trades_at_once_than_ccxt_keeps_are_a_gap() -> None:
    with pytest.raises(GapFound):
        await taken(Played([[trade(number) for number in range(KEPT)]], []), WATCHED, 1)


async def test_a_book_that_crosses_itself_has_a_gap() -> None:
    with pytest.raises(GapFound):
        await taken(Played([], [book("1.00", "2.00"), book("2.00", "2.00")]), WATCHED, 2)


async def test_a_connection_made_anew_in_silence_is_a_gap() -> None:
    client = Played([[trade(1)]], [])
    first = client.watch_trades

    async def silently_anew(symbol: str) -> list[dict[str, Any]]:
        if not client.trades:
            client.clients["wss://one"] = object()
            return [trade(2)]
        return await first(symbol)

    client.watch_trades = silently_anew  # type: ignore[method-assign]
    events = Market(client, can(*WATCHED), 0, lambda: 7).events([BTC])
    await anext(events)
    with pytest.raises(GapFound):
        await anext(events)


async def test_trades_that_are_asked_for_are_told_once_and_none_is_missed() -> None:
    pages = [[trade(1), trade(2)], [trade(2), trade(3)], [trade(3)], [trade(3), trade(4)]]
    found = await taken(Played(pages, []), ASKED, 2)
    assert len(found) == 2
    with pytest.raises(GapFound):
        await taken(Played([[trade(1)], [trade(5), trade(6)]], []), ASKED, 1)


async def test_streams_that_are_joined_end_with_the_first_that_raises_and_stop_the_others() -> None:
    stopped = asyncio.Event()

    async def waiting() -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            stopped.set()

    async def breaking() -> AsyncIterator[int]:
        yield 2
        raise GapFound("broken")

    both = joined([waiting(), breaking()])
    assert {await anext(both), await anext(both)} == {1, 2}
    with pytest.raises(GapFound):
        await anext(both)
    assert stopped.is_set()


async def test_cancels_overtake_what_waits_for_the_rate_limit() -> None:
    from ccxt.async_support.base.exchange import Exchange

    client = exact_class(Exchange, str)({"rateLimit": 1})
    order: list[str] = []

    async def ask(name: str) -> None:
        await client.throttle(1)
        order.append(name)

    async def cancel(name: str) -> None:
        with urgent():
            await ask(name)

    async with asyncio.timeout(30):
        await asyncio.gather(ask("first"), ask("second"), cancel("cancel one"), cancel("cancel two"))
    assert order.index("cancel one") < order.index("cancel two") < order.index("second")
    await client.close()


@pytest.mark.parametrize("algorithm", ["leakyBucket", "rollingWindow"])
async def test_a_cancel_does_not_wait_for_what_was_spent_before_it_and_counts_itself(algorithm: str) -> None:
    from ccxt.async_support.base.exchange import Exchange

    settings = {"rateLimit": 1000, "rollingWindowSize": 60_000.0, "rateLimiterAlgorithm": algorithm}
    client = exact_class(Exchange, str)({"enableRateLimit": True, **settings})
    async with asyncio.timeout(30):
        await client.throttle(60)
        reading = asyncio.ensure_future(client.throttle(1))
        before = spent(client)
        with urgent():
            await client.throttle(2)
        assert spent(client) == before + 2
        assert not reading.done()
    assert client.throttler.config["algorithm"] == algorithm
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()  # ccxt's own, which waits for a minute to be over
    reading.cancel()
    await client.close()


def spent(client: Any) -> float:
    throttler = client.throttler
    return -float(throttler.config["tokens"]) + sum(each["cost"] for each in throttler.timestamps)
