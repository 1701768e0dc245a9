"""Downloads from the exchange of the sdk, through the unmodified client of ccxt, on the loopback interface."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from market import SECOND, Shop

from sniper.errors import ConfigError
from sniper.events import Bar, Trade
from sniper_app_data import downloading, source
from sniper_app_data.downloading import Downloaded, download
from sniper_app_data.source import Source, Unreachable
from sniper_sdk.exchange import ExchangeFault, ExchangeServer, Fault, Faults, Symbol, VirtualClock
from sniper_venue_ccxt.config import CcxtConfig

BEGIN = 1_704_110_400
BTC = "here:BTC/USDT"


class Exchange:
    """Somebody trades there each second, at a price that tells when."""

    def __init__(self, server: ExchangeServer, clock: VirtualClock, shop: Shop) -> None:
        self.server = server
        self.clock = clock
        self.shop = shop
        self.paused: list[float] = []

    async def trade(self, seconds: int) -> None:
        for _ in range(seconds):
            price = f"{40_000 + (self.clock.now() // SECOND - BEGIN) / 100:.2f}"
            self.server.trade("BTCUSDT", price, "0.00200", side="BUY")
            self.clock.move(SECOND)

    async def download(self, kind: str, begin: int, end: int, **more: Any) -> Downloaded:
        config = CcxtConfig(exchange="binance", symbols=("BTC/USDT",), url=self.server.url)
        found = Source(config, more.pop("instrument", BTC), self._pause)
        try:
            return await download(
                self.shop.catalogue, found, kind, (BEGIN + begin) * SECOND, (BEGIN + end) * SECOND, **more
            )
        finally:
            await found.close()

    async def _pause(self, seconds: float) -> None:
        self.paused.append(seconds)

    def asked(self, path: str) -> int:
        return sum(name == path for name, _ in self.server.asked)

    @property
    def trades(self) -> list[tuple[int, int]]:
        return [(e.time // SECOND - BEGIN, e.price - 4_000_000) for e in self.shop.events() if isinstance(e, Trade)]


@pytest.fixture
async def exchange(shop: Shop) -> AsyncIterator[Exchange]:
    clock = VirtualClock(BEGIN * SECOND)
    async with ExchangeServer([Symbol.of("BTC", "USDT")], clock=clock, faults=Faults()) as server:
        yield Exchange(server, clock, shop)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "PAGE", 7)
    monkeypatch.setattr(downloading, "STORED", 20)


async def test_trades_are_downloaded_page_by_page_each_once(exchange: Exchange) -> None:
    await exchange.trade(60)
    found = await exchange.download("trades", 5, 55)
    assert exchange.trades == [(second, second) for second in range(5, 55)]
    assert (found.new, found.problems.found) == (50, [])
    assert exchange.asked("trades.aggregate") > 50 // 7


async def test_what_was_downloaded_is_not_asked_for_again(exchange: Exchange) -> None:
    await exchange.trade(60)
    await exchange.download("trades", 10, 20)
    await exchange.download("trades", 30, 40)
    asked = exchange.asked("trades.aggregate")
    assert (await exchange.download("trades", 10, 20)).new == 0
    assert exchange.asked("trades.aggregate") == asked
    assert (await exchange.download("trades", 5, 45)).new == 20
    assert exchange.trades == [(second, second) for second in range(5, 45)]


async def test_a_download_that_breaks_goes_on_where_it_ended(exchange: Exchange) -> None:
    await exchange.trade(60)
    # Enough is answered that some is stored, and then nothing any more.
    pages: list[int] = []

    def breaks(done: int, total: int) -> None:
        pages.append(done)
        if len(pages) == 5:
            exchange.server.faults.add(Fault(ExchangeFault.UNKNOWN, {"trades.aggregate"}))

    with pytest.raises(Unreachable, match="goes on where this one ended"):
        await exchange.download("trades", 0, 60, progress=breaks)
    assert exchange.paused == [1, 2, 4, 8, 16]
    before = len(exchange.trades)
    assert 15 <= before < 60
    exchange.server.faults.clear()
    found = await exchange.download("trades", 0, 60)
    assert found.new == 60 - before
    assert exchange.trades == [(second, second) for second in range(60)]


async def test_a_failure_that_passes_is_waited_for(exchange: Exchange) -> None:
    await exchange.trade(20)
    exchange.server.faults.add(Fault(ExchangeFault.UNKNOWN, {"trades.aggregate"}, times=2))
    assert (await exchange.download("trades", 0, 20)).new == 20
    assert exchange.paused == [1, 2]


async def test_bars_are_downloaded_but_for_the_one_that_is_not_over(exchange: Exchange) -> None:
    await exchange.trade(170)
    assert (await exchange.download("bars", 0, 3_600, interval=60 * SECOND)).new == 2
    bars = [each for each in exchange.shop.events() if isinstance(each, Bar)]
    assert [(bar.start // SECOND - BEGIN, bar.open, bar.close) for bar in bars] == [
        (0, 4_000_000, 4_000_059),
        (60, 4_000_060, 4_000_119),
    ]
    await exchange.trade(5)
    assert (await exchange.download("bars", 0, 3_600, interval=60 * SECOND)).new == 0
    await exchange.trade(5)
    assert (await exchange.download("bars", 0, 3_600, interval=60 * SECOND)).new == 1


async def test_gaps_of_the_whole_range_are_told_at_the_end(exchange: Exchange) -> None:
    await exchange.trade(20)
    exchange.clock.move(15 * SECOND)
    await exchange.trade(20)
    found = await exchange.download("bars", 0, 55, interval=SECOND)
    assert [each.what for each in found.problems.found] == ["15 bars of 1s are missing"]


async def test_ticks_and_fees_are_those_of_the_exchange(exchange: Exchange) -> None:
    await exchange.trade(5)
    await exchange.download("trades", 0, 5)
    instrument = exchange.shop.catalogue.instrument(BTC)
    assert instrument is not None
    assert (instrument.tick, instrument.lot, instrument.taker_fee) == (10**16, 10**13, 1_000)


async def test_what_an_exchange_has_not_is_told(exchange: Exchange) -> None:
    with pytest.raises(ConfigError, match="lists no such market"):
        await exchange.download("trades", 0, 5, instrument="here:XRP/USDT")
    with pytest.raises(ConfigError, match="no bars of 7m"):
        await exchange.download("bars", 0, 5, interval=7 * 60 * SECOND)
