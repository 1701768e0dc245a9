"""A run at an exchange and its backtest: the same orders and fills, where the model says what happened."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from click.testing import CliRunner

from sniper.catalogue import Catalogue
from sniper.cli.root import root
from sniper.events import Trade
from sniper.runtime.parity import parity
from sniper.runtime.run import Run
from sniper.settings.load import load
from sniper.settings.resolver import resolve
from sniper_sdk.exchange import ExchangeServer, Faults, Symbol

FILE = """
mode = "live"
data_dir = "data"
[venue.binance]
plugin = "ccxt"
exchange = "binance"
symbols = ["BTC/USDT"]
withdrawals = true
url = "URL"
stream_url = "WS"
[account.main.desk.binance]
quote = "USDT"
keys = "keys.toml"
allow_live = true
[strategy.ema-cross]
instrument = "binance:BTC/USDT"
size = "0.01"
interval_s = 0
fast = 2
slow = 4
retry_s = 1
exits = []
[risk.limits]
max_spend_per_trade = "50000 coins"
max_spend_per_day = "1000000 coins"
"""

PRICES = (100, 101, 99, 98, 104, 106, 108, 103, 99, 96, 97, 103, 107, 109, 101, 95, 94, 99, 105, 108)


@asynccontextmanager
async def recorded(tmp_path: Path, *, deep: bool = True) -> AsyncIterator[Path]:
    """A run that crossed several times. ``deep``: whether each side of the book has enough for an order."""
    async with ExchangeServer([Symbol.of("BTC", "USDT")], faults=Faults()) as server:
        account = server.account("me", USDT="100000")
        keys = tmp_path / "keys.toml"
        keys.write_text(f'apiKey = "{account.key}"\nsecret = "{account.secret}"\n')
        keys.chmod(0o600)
        file = tmp_path / "sniper.toml"
        file.write_text(FILE.replace("URL", server.url).replace("WS", server.ws_url))
        catalogue = Catalogue.discover()
        run = Run(resolve(load(file), catalogue), catalogue)
        await run.start()
        try:
            await _traded(server, run, "10" if deep else "0.004")
        finally:
            await run.close()
        yield tmp_path / "data"


async def _traded(server: ExchangeServer, run: Run, quantity: str) -> None:
    book, ticker = run.kernel.accounts["main"].book, run.kernel.tickers.known
    heard: set[int] = set()
    run.observers.append(lambda event, _: heard.add(event.price) if isinstance(event, Trade) else None)
    instrument = "binance:BTC/USDT"
    async with asyncio.timeout(60):
        for price in PRICES:
            _quote(server, price, quantity)
            while instrument not in ticker or ticker[instrument].ask != price * 100_00 + 100:
                await asyncio.sleep(0.02)
                _quote(server, price, quantity)
            await _until(lambda: bool(book.desks["binance"].known))
            server.trade("BTCUSDT", f"{price * 100 + 1}.00", "0.001", side="BUY")
            await _until(lambda price=price: (price * 100 + 1) * 100 in heard)
            heard.clear()
            await _until(lambda: not book.asks and not book.desks["binance"].orders)


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110  (what is waited for has no event of its own)
        await asyncio.sleep(0.02)


def _quote(server: ExchangeServer, price: int, quantity: str) -> None:
    server.quote("BTCUSDT", bid=f"{price * 100 - 3}.00", ask=f"{price * 100 + 3}.00", quantity="10")
    server.quote("BTCUSDT", bid=f"{price * 100 - 1}.00", ask=f"{price * 100 + 1}.00", quantity=quantity)


async def test_a_run_at_an_exchange_and_its_backtest_give_the_same_orders_and_fills(tmp_path: Path) -> None:
    async with recorded(tmp_path) as run:
        found = await asyncio.to_thread(parity, run)
        assert len(found.recorded["main"].fills) >= 4
        assert found.orders == []
        assert found.fills == []
        assert found.same


async def test_what_the_model_does_not_know_is_told_as_its_error(tmp_path: Path) -> None:
    async with recorded(tmp_path, deep=False) as run:
        told = await asyncio.to_thread(CliRunner().invoke, root(), ["parity", str(run), "--json"])
        found = json.loads(told.stdout)
        assert not found["same"]
        assert found["fills"]
        shown = await asyncio.to_thread(CliRunner().invoke, root(), ["parity", str(run), "--verify"])
        assert shown.exit_code == 1
        assert "error of the model" in shown.output
