"""The unmodified client of ccxt at the exchange of the sdk."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ccxt.async_support.base import throttler

from sniper.errors import SniperError
from sniper.events import Prices, Trade
from sniper.exchange import Event, Fill, Instrument, OrderState
from sniper_sdk import ExchangeConformance
from sniper_sdk.exchange import DEPTH, ExchangeFault, ExchangeServer, Fault, Faults, Symbol
from sniper_venue_ccxt.config import CcxtConfig
from sniper_venue_ccxt.exchange import CcxtExchange


class Stage:
    """Somebody sells to whoever buys, and loses what is to be lost."""

    size = 200
    resting = 3_000_007

    def __init__(self, server: ExchangeServer, exchange: CcxtExchange, instrument: Instrument) -> None:
        self.server = server
        self.exchange = exchange
        self.instrument = instrument
        self._now = 0
        exchange.clock = lambda: self._now

    async def fill(self, lots: int) -> None:
        price = f"{self.instrument.price(self.resting):f}"
        self.server.trade("BTCUSDT", price, f"{self.instrument.size(lots):f}", side="SELL")

    async def lose_answer(self) -> None:
        self._fault(ExchangeFault.CUT)

    async def lose_request(self) -> None:
        self._fault(ExchangeFault.DEAF)

    def _fault(self, kind: ExchangeFault) -> None:
        self.server.faults.add(Fault(kind, {"order.place"}, times=1))

    async def heard(self) -> None:
        # The exchange has no event for it.
        while not any(each.users for each in self.server.streams.connections):  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    async def pass_window(self) -> None:
        self._now += 60 * 10**9

    async def break_streams(self) -> None:
        self.server.disconnect()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Binance's limit of requests, for which most of these tests would wait."""
    made = throttler.Throttler.__init__

    def make(self: Any, config: dict[str, Any], loop: Any = None) -> None:
        made(self, {**config, "refillRate": 1000.0}, loop)

    monkeypatch.setattr(throttler.Throttler, "__init__", make)


@pytest.fixture
async def stage(hurried: None, tmp_path: Path) -> AsyncIterator[Any]:
    async with ExchangeServer([Symbol.of("BTC", "USDT")], faults=Faults()) as server:
        account = server.account("me", USDT="100000")
        keys = tmp_path / "keys.toml"
        keys.write_text(f'apiKey = "{account.key}"\nsecret = "{account.secret}"\n')
        keys.chmod(0o600)
        config = CcxtConfig(
            exchange="binance",
            symbols=("BTC/USDT",),
            withdrawals=True,
            url=server.url,
            stream_url=server.ws_url,
            poll_s=1,
        )
        exchange = CcxtExchange("here", config, keys)
        (instrument,) = await exchange.instruments()
        yield Stage(server, exchange, instrument)
        await exchange.close()


class TestCcxt(ExchangeConformance):
    exchange_type = CcxtExchange


@pytest.mark.long
class TestWithoutSearchByClientId(ExchangeConformance):
    exchange_type = CcxtExchange

    @pytest.fixture
    async def stage(self, stage: Stage) -> Stage:
        desk = await stage.exchange._orders()
        desk.can = replace(desk.can, found_by_client_id=False)
        return stage


async def test_without_a_stream_orders_and_fills_are_asked_for(stage: Stage) -> None:
    desk = await stage.exchange._orders()
    desk.can = replace(desk.can, methods=desk.can.methods - {"watchOrders", "watchMyTrades"})
    order = ExchangeConformance().order(stage)
    updates = stage.exchange.updates()
    waiting = asyncio.ensure_future(anext(updates))
    async with asyncio.timeout(30):
        # The first question is what was before.
        while not any(name == "myTrades" for name, _ in stage.server.asked):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await stage.exchange.submit(order)
        told = list(await waiting)
        await stage.fill(stage.size)
        while not any(isinstance(each, OrderState) and each.state == "filled" for each in told):
            told += await anext(updates)
    assert sum(each.size for each in told if isinstance(each, Fill)) == stage.size
    assert {each.client_id for each in told} == {order.client_id}


async def heard(stage: Stage, count: int) -> tuple[Any, list[Event]]:
    stage.server.quote("BTCUSDT", bid="41999.99", ask="42000.01")
    market = stage.exchange.market([stage.instrument])
    found: list[Event] = []
    async with asyncio.timeout(30):
        found += await anext(market)
        while len(found) < count or not any(isinstance(each, Trade) for each in found):
            stage.server.trade("BTCUSDT", "42000.01", "0.00123", side="BUY")
            found += await anext(market)
    return market, found


async def test_the_market_is_told_in_ticks_and_lots(stage: Stage) -> None:
    market, found = await heard(stage, 2)
    await market.aclose()
    prices = next(each for each in found if isinstance(each, Prices))
    trade = next(each for each in found if isinstance(each, Trade))
    assert (prices.bid, prices.ask) == (4_199_999, 4_200_001)
    assert (trade.instrument, trade.price, trade.size) == ("here:BTC/USDT", 4_200_001, 123)


@pytest.mark.parametrize("breaks", ["a lost change of the book", "the connection"])
async def test_a_market_with_a_gap_ends(stage: Stage, breaks: str) -> None:
    market, _ = await heard(stage, 2)
    if breaks == "the connection":
        stage.server.disconnect()
    else:
        stage.server.faults.add(Fault(ExchangeFault.NEVER, {DEPTH}, times=1))
    with pytest.raises(SniperError):
        await ended(stage, market)


async def ended(stage: Stage, market: Any) -> None:
    async with asyncio.timeout(30):
        while True:
            stage.server.trade("BTCUSDT", "42000.01", "0.00123", side="BUY")
            await anext(market)
