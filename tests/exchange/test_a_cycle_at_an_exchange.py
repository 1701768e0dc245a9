"""A cycle of coins at an exchange on this machine, live, through the unmodified client of ccxt."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from sniper.catalogue import Catalogue
from sniper.instrument import COIN
from sniper.kernel.book import Book
from sniper.kernel.exchange.book import ExchangeOrder
from sniper.runtime.run import Run
from sniper.settings.load import load
from sniper.settings.resolver import resolve
from sniper_sdk.exchange import ExchangeServer, Symbol
from sniper_sdk.exchange.order import Side

FILE = """
mode = "live"
data_dir = "data"
[venue.binance]
plugin = "ccxt"
exchange = "binance"
symbols = ["BTC/USDT", "ETH/USDT", "ETH/BTC"]
withdrawals = true
url = "URL"
stream_url = "WS"
[account.main.desk.binance]
quote = "USDT"
keys = "keys.toml"
allow_live = true
[strategy.triangular-arbitrage]
instruments = ["binance:BTC/USDT", "binance:ETH/USDT", "binance:ETH/BTC"]
size = "2000"
exits = []
[risk.limits]
max_spend_per_trade = "5000 coins"
max_spend_per_day = "50000 coins"
add_to_position = true
"""
MARKETS = (
    Symbol.of("BTC", "USDT"),
    Symbol.of("ETH", "USDT", step="0.0001"),
    Symbol.of("ETH", "BTC", "0.00001", "0.001", "0.0001"),
)


async def test_live_cycles_are_traded_and_the_books_are_the_exchanges(tmp_path: Path) -> None:
    async with ExchangeServer(MARKETS) as server:
        account = server.account("me", USDT="100000")
        keys = tmp_path / "keys.toml"
        keys.write_text(f'apiKey = "{account.key}"\nsecret = "{account.secret}"\n')
        keys.chmod(0o600)
        file = tmp_path / "sniper.toml"
        file.write_text(FILE.replace("URL", server.url).replace("WS", server.ws_url))
        catalogue = Catalogue.discover()
        run = Run(resolve(load(file), catalogue), catalogue)
        await run.start()
        book = run.kernel.accounts["main"].book

        async def quoted(eth: int, until: Callable[[], bool]) -> None:
            async with asyncio.timeout(40):
                quantity = 10
                while not until():
                    quantity += 1  # else nothing is told
                    server.quote("BTCUSDT", bid="49990.00", ask="50000.00", quantity=str(quantity))
                    server.quote("ETHBTC", bid="0.04999", ask="0.05000", quantity=str(quantity))
                    server.quote("ETHUSDT", bid=f"{eth}.00", ask="2526.00", quantity=str(quantity))
                    await asyncio.sleep(0.05)

        try:
            await quoted(2525, lambda: len({order.placed.instrument.id for order in ended(book) if order.filled}) == 3)
            server.engine.set_level("ETHUSDT", Side.BUY, 2525 * 10**8, 0)
            await quoted(2500, lambda: not book.desks["binance"].orders and not large(book))
        finally:
            await run.close()
        for asset in ("USDT", "BTC", "ETH"):
            balance = account.balance(asset)
            assert book.owned(f"binance:{asset}") == (balance.free + balance.locked) * (COIN // 10**8)
        assert {order.state for order in ended(book)} <= {"filled", "expired"}


def ended(book: Book) -> list[ExchangeOrder]:
    return list(book.desks["binance"].ended.values()) if "binance" in book.desks else []


def large(book: Book) -> list[str]:
    """Positions that cost more than the exchange's smallest order."""
    return [token for token, held in book.positions.items() if abs(held.cost) > 10 * COIN]
