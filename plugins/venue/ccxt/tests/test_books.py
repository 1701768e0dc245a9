"""Order books as what changed in them, and the same from the exchange of the sdk when things go wrong."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.errors import SniperError
from sniper.events import BookChanged
from sniper.instrument import COIN, Instrument
from sniper.kernel.exchange.order_book import OrderBook
from sniper_sdk.exchange import DEPTH, ExchangeFault, ExchangeServer, Fault, Faults, Symbol
from sniper_sdk.exchange.amounts import UNIT
from sniper_sdk.exchange.order import Side
from sniper_venue_ccxt.books import Book
from sniper_venue_ccxt.config import CcxtConfig
from sniper_venue_ccxt.exchange import CcxtExchange

BTC = Instrument(
    id="here:BTC/USDT", kind="spot", base="here:BTC", quote="here:USDT", settle="here:USDT", tick=COIN // 100,
    lot=COIN // 10**5,
)  # fmt: skip
LEVELS = 3


def side(low: int, high: int) -> st.SearchStrategy[dict[int, int]]:
    return st.dictionaries(st.integers(low, high), st.integers(1, 3), max_size=6)


@given(st.lists(st.tuples(side(1, 10), side(11, 20)), min_size=1, max_size=10))
def test_changes_add_up_to_the_best_levels(books: list[tuple[dict[int, int], dict[int, int]]]) -> None:
    told, kept = Book(BTC, LEVELS), OrderBook()
    before: Any = None
    for bids, asks in books:
        best = sorted(bids.items(), reverse=True)[:LEVELS], sorted(asks.items())[:LEVELS]
        raw = [
            [
                [Decimal(price) / 100, Decimal(size) / 10**5]
                for price, size in sorted(half.items(), reverse=half is bids)
            ]
            for half in (bids, asks)
        ]
        event = told.changed({"bids": raw[0], "asks": raw[1]}, 7)
        assert (event is None) is (best == before), "what stays as it is, is not told"
        if event is not None:
            assert event.whole is (before is None)
            assert kept.change(event)
        assert (kept.bids(99), kept.asks(99)) == (tuple(best[0]), tuple(best[1]))
        before = best


def test_prices_between_two_ticks_count_as_the_worse_one_and_sizes_below_a_lot_as_nothing() -> None:
    told = Book(BTC, 9)
    bids = [["1.005", "1"], ["1.00", "2"], ["0.99", "0.000001"]]
    event = told.changed({"bids": bids, "asks": [["1.015", Decimal(1)], ["1.02", Decimal(2)]]}, 7)
    assert event is not None
    assert (event.bids, event.asks) == (((100, 300_000),), ((102, 300_000),))
    event = told.changed({"bids": bids[1:], "asks": []}, 8)
    assert event is not None
    assert (event.bids, event.asks) == (((100, 200_000),), ((102, 0),))


def test_orders_of_one_price_are_one_level() -> None:
    event = Book(BTC, 1).changed(
        {"bids": [[Decimal(1), Decimal(2)], [Decimal(1), Decimal(3)], [Decimal(0), 9]], "asks": []}, 7
    )
    assert event is not None
    assert event.bids == ((100, 500_000),)


# ---- at the exchange of the sdk ----


@pytest.fixture
async def server() -> AsyncIterator[ExchangeServer]:
    async with ExchangeServer([Symbol.of("BTC", "USDT")], faults=Faults()) as running:
        yield running


@pytest.fixture
async def exchange(server: ExchangeServer) -> AsyncIterator[CcxtExchange]:
    config = CcxtConfig(exchange="binance", symbols=("BTC/USDT",), url=server.url, stream_url=server.ws_url, poll_s=1)
    made = CcxtExchange("here", config, None)
    yield made
    await made.close()


def offer(server: ExchangeServer, which: Side, price: int, size: int) -> None:
    """So much stands at a price, ticks and lots."""
    server.engine.set_level("BTCUSDT", which, price * UNIT // 100, size * UNIT // 10**5)


def standing(server: ExchangeServer) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    book = server.engine.market("BTCUSDT").book
    bids, asks = (
        [(price * 100 // UNIT, size * 10**5 // UNIT) for price, size in book.depth(which, 5000)]
        for which in (Side.BUY, Side.SELL)
    )
    return bids, asks


async def until_same(server: ExchangeServer, market: Any, kept: OrderBook) -> None:
    """Follow the market until the book is the exchange's."""
    async with asyncio.timeout(30):
        while (list(kept.bids(5000)), list(kept.asks(5000))) != standing(server):
            for event in await anext(market):
                if isinstance(event, BookChanged):
                    kept.change(event)


async def keep_changing(server: ExchangeServer) -> None:
    size = 10
    while True:
        offer(server, Side.BUY, 4_199_999, size := size + 1)
        await asyncio.sleep(0.05)


async def to_its_end(market: Any) -> None:
    async with asyncio.timeout(30):
        async for _ in market:
            pass


async def test_a_book_that_is_followed_is_the_exchange_s(server: ExchangeServer, exchange: CcxtExchange) -> None:
    (instrument,) = await exchange.instruments()
    for step in range(20):
        offer(server, Side.BUY, 4_199_999 - step, 10 + step)
        offer(server, Side.SELL, 4_200_001 + step, 20 + step)
    market: Any = exchange.market([instrument], [instrument.id])
    kept = OrderBook()
    await until_same(server, market, kept)
    assert kept.whole
    offer(server, Side.BUY, 4_199_999, 0)
    offer(server, Side.BUY, 4_200_000, 3)
    offer(server, Side.SELL, 4_200_019, 7)
    await until_same(server, market, kept)
    assert (kept.bid, kept.size_at(4_200_019)) == (4_200_000, 7)
    await market.aclose()


@pytest.mark.parametrize("breaks", ["a lost change", "the connection"])
async def test_after_a_gap_a_market_begins_again_with_whole_books(
    server: ExchangeServer, exchange: CcxtExchange, breaks: str
) -> None:
    (instrument,) = await exchange.instruments()
    offer(server, Side.BUY, 4_199_999, 10)
    offer(server, Side.SELL, 4_200_001, 20)
    market: Any = exchange.market([instrument], [instrument.id])
    kept = OrderBook()
    await until_same(server, market, kept)
    if breaks == "the connection":
        server.disconnect()
    else:
        server.faults.add(Fault(ExchangeFault.NEVER, {DEPTH}, times=1))
    changing = asyncio.create_task(keep_changing(server))
    with pytest.raises(SniperError):
        await to_its_end(market)
    changing.cancel()
    kept.lose()
    again: Any = exchange.market([instrument], [instrument.id])
    await until_same(server, again, kept)
    assert kept.whole, "only a whole book makes it so"
    await again.aclose()


async def test_books_that_nobody_follows_are_not_told(server: ExchangeServer, exchange: CcxtExchange) -> None:
    (instrument,) = await exchange.instruments()
    offer(server, Side.BUY, 4_199_999, 10)
    market: Any = exchange.market([instrument])
    assert not any(isinstance(event, BookChanged) for event in await anext(market))
    await market.aclose()
