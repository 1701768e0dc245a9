"""Instruments that come and go, at an exchange on the loopback interface, through the unmodified client of ccxt."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from structlog.testing import capture_logs

from sniper.events import SignalHeard
from sniper.instrument import COIN, Instrument
from sniper_feed_exchange_listings import sniper_feeds
from sniper_feed_exchange_listings.config import ExchangeListingsConfig
from sniper_feed_exchange_listings.feed import ExchangeListings
from sniper_feed_exchange_listings.listed import Change, Listed
from sniper_feed_rss import polling
from sniper_sdk import FeedConformance, PackageConformance
from sniper_sdk.exchange import ExchangeServer, Symbol
from sniper_sdk.exchange.market import Market

NOW = 10**18


def instrument(symbol: str) -> Instrument:
    base, quote = symbol.split("/")
    return Instrument(
        id=f"here:{symbol}", kind="spot", base=f"here:{base}", quote=f"here:{quote}", settle=f"here:{quote}", tick=COIN,
        lot=COIN,
    )  # fmt: skip


@pytest.fixture
async def server() -> AsyncIterator[ExchangeServer]:
    async with ExchangeServer([Symbol.of("BTC", "USDT"), Symbol.of("ETH", "USDT")]) as running:
        yield running


@pytest.fixture
def make(server: ExchangeServer) -> Callable[..., ExchangeListings]:
    def made(**options: Any) -> ExchangeListings:
        section = {"exchanges": {"here": {"exchange": "binance", "url": server.url, "strength_bps": 9_000, **options}}}
        config = ExchangeListingsConfig.model_validate(section)
        object.__setattr__(config, "poll_s", 0.01)
        times = count(NOW)
        context: Any = SimpleNamespace(name="exchange-listings", now=lambda: next(times))
        return ExchangeListings(config, context)

    return made


def put(server: ExchangeServer, *symbols: tuple[str, str]) -> None:
    for pair in symbols:
        symbol = Symbol.of(*pair)
        server.engine.markets[symbol.name] = Market(symbol)


async def news(batches: Any) -> list[Any]:
    async with asyncio.timeout(60):  # ccxt is imported for seconds
        while not (batch := await anext(batches)):
            pass
        return list(batch)


async def test_what_is_listed_anew_is_told_and_what_was_there_is_not(
    server: ExchangeServer, make: Callable[..., ExchangeListings]
) -> None:
    async with aclosing(make().events()) as batches:
        async with asyncio.timeout(60):
            assert list(await anext(batches)) == []
        put(server, ("PEPE", "USDT"), ("PEPE", "BTC"), ("ETH", "BTC"))
        market, listing = await news(batches)
        assert (market.kind, market.about, market.direction) == ("market", ("ETH", "here:ETH/BTC"), 0)
        assert (listing.source, listing.kind, listing.direction, listing.strength) == (
            "exchange-listings.here", "listing", 1, 9_000,
        )  # fmt: skip
        assert listing.about == ("PEPE", "here:PEPE/BTC", "here:PEPE/USDT")
        assert listing.text == "here lists PEPE: here:PEPE/BTC, here:PEPE/USDT"
        assert NOW <= listing.at < listing.time
        del server.engine.markets["PEPEUSDT"], server.engine.markets["PEPEBTC"]
        (gone,) = await news(batches)
        assert (gone.kind, gone.direction, gone.about[0]) == ("delisting", -1, "PEPE")


async def test_an_exchange_that_is_down_is_asked_again_and_has_delisted_nothing(
    server: ExchangeServer, make: Callable[..., ExchangeListings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "LONGEST_PAUSE_S", 0.01)
    feed = make()
    heard: list[str] = []
    looks = 0

    async def read() -> None:
        nonlocal looks
        async for batch in feed.events():
            looks += 1
            heard.extend(event.kind for event in batch if isinstance(event, SignalHeard))

    async def reaches(there: Callable[[], object]) -> None:
        async with asyncio.timeout(60):
            for _ in count():
                if there():
                    return
                await asyncio.sleep(0.005)

    reading = asyncio.ensure_future(read())
    with capture_logs() as logged:
        await reaches(lambda: looks)
        await server.stop()
        await reaches(lambda: feed.failing)
        await server.start()
        await reaches(lambda: not feed.failing)
        put(server, ("PEPE", "USDT"))
        await reaches(lambda: heard)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert heard == ["listing"]
    assert {each["event"] for each in logged} == {"a source gives nothing", "a source is there again"}


def test_what_is_missing_counts_as_gone_after_several_looks() -> None:
    both, one = [instrument("A/U"), instrument("B/U")], [instrument("A/U")]
    listed = Listed(gone_after=3)
    looks = [both, one, one, both, one, one, [], one, one, both]
    told = [listed.changes(look) for look in looks]
    assert told[:7] == [[]] * 7
    assert told[7:] == [[Change("delisting", "B", ("here:B/U",))], [], [Change("listing", "B", ("here:B/U",))]]


@given(st.lists(st.sets(st.sampled_from(["A/U", "A/V", "B/U", "C/U"])), max_size=12))
def test_an_asset_is_listed_and_delisted_in_turns(looks: list[set[str]]) -> None:
    listed, here, began = Listed(gone_after=2), set[str](), False
    for look in looks:
        found = listed.changes([instrument(symbol) for symbol in sorted(look)])
        if look and not began:
            assert found == []
            began, here = True, {symbol[0] for symbol in look}
        for change in found:
            if change.kind == "listing":
                assert change.code not in here
                here.add(change.code)
            elif change.kind == "delisting":
                assert change.code in here
                here.remove(change.code)
            else:
                assert change.code in here


def test_an_exchange_without_a_name_is_refused() -> None:
    for exchanges in ({}, {"here": {}}, {"Here": {"exchange": "binance"}}):
        with pytest.raises(ValidationError):
            ExchangeListingsConfig.model_validate({"exchanges": exchanges})


class TestPackage(PackageConformance):
    distribution = "sniper-feed-exchange-listings"


class TestExchangeListings(FeedConformance):
    emits = sniper_feeds()[0].emits
    batches = 2
    patience_s = 60

    @pytest.fixture
    def make_feed(self, make: Callable[..., ExchangeListings]) -> Callable[[Any], ExchangeListings]:
        def made(resume: Any) -> ExchangeListings:
            feed = make()
            feed._listed["here"].changes([instrument("BTC/USDT")])
            return feed

        return made

    @pytest.fixture
    def produce(self, server: ExchangeServer) -> Callable[[], Awaitable[None]]:
        numbers = count()

        async def produced() -> None:
            put(server, (f"N{next(numbers)}", "USDT"))

        return produced
