"""The unmodified client of ccxt at the exchange of the sdk."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sniper.exchange import Instrument
from sniper_sdk import ExchangeConformance
from sniper_sdk.exchange import ExchangeFault, ExchangeServer, Fault, Faults, Symbol
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
async def stage(tmp_path: Path) -> AsyncIterator[Any]:
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
        )
        exchange = CcxtExchange("here", config, keys)
        (instrument,) = await exchange.instruments()
        yield Stage(server, exchange, instrument)
        await exchange.close()


class TestCcxt(ExchangeConformance):
    exchange_type = CcxtExchange
