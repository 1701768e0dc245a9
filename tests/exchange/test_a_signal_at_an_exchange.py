"""A signed post about a symbol leads to an order at an exchange, played on its real market: no chain, no wallet."""

import asyncio
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import aiohttp

from sniper.catalogue import Catalogue
from sniper.config import Config
from sniper.events import OrderChanged, Signal
from sniper.kernel import facts as f
from sniper.runtime.run import Run
from sniper.settings.load import load
from sniper.settings.resolver import resolve
from sniper.strategy import Actions, PlaceOrder, Strategy, on
from sniper.view import View
from sniper_sdk.exchange import ExchangeServer, Symbol

BTC = "binance:BTC/USDT"
SECRET = "5" * 40
FILE = """
mode = "paper"
data_dir = "data"
[venue.binance]
plugin = "ccxt"
exchange = "binance"
symbols = ["BTC/USDT"]
url = "URL"
stream_url = "WS"
[account.main.desk.binance]
quote = "USDT"
paper_cash = { USDT = "100000" }
[strategy.launch-snipe]
exits = []
min_liquidity = "1 ether"
[sizer.fixed]
amount = "0.1 ether"
[signals]
sources = 2
[feed.webhook]
listen = "unix:DIRECTORY/hook"
[feed.webhook.senders.desk]
secret_file = "DIRECTORY/desk"
[feed.webhook.senders.other]
secret_file = "DIRECTORY/other"
"""


class Nothing(Config):
    pass


class Follows(Strategy):
    """Buys what signals say will rise, at the market."""

    config: Nothing
    told: list[str] = []

    def instruments(self) -> tuple[str, ...]:
        return (BTC,)

    @on(Signal)
    def heard(self, event: Signal, view: View) -> Actions:
        for instrument in event.instruments:
            if view.ticker(instrument) is not None and event.direction == 1:
                yield PlaceOrder(
                    key=event.id, instrument=instrument, side="buy", size=200, price=None, reason=f"{event.score} bps"
                )

    @on(OrderChanged)
    def changed(self, event: OrderChanged, view: View) -> Actions:
        self.told.append(event.state)
        yield from ()


async def post(directory: Path, sender: str, **content: Any) -> int:
    body, at = json.dumps(content).encode(), str(int(time.time()))
    signature = hmac.new((sender + SECRET).encode(), at.encode() + b"." + body, sha256).hexdigest()
    headers = {"X-Sniper-Timestamp": at, "X-Sniper-Signature": signature}
    async with (
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(f"{directory}/hook")) as client,
        client.post(f"http://webhook/{sender}", data=body, headers=headers) as answer,
    ):
        return answer.status


async def test_two_sources_that_agree_on_a_symbol_buy_it(tmp_path: Path) -> None:
    for sender in ("desk", "other"):
        (tmp_path / sender).write_text(sender + SECRET)
        (tmp_path / sender).chmod(0o600)
    async with ExchangeServer([Symbol.of("BTC", "USDT")]) as server:
        file = tmp_path / "sniper.toml"
        text = FILE.replace("URL", server.url).replace("WS", server.ws_url).replace("DIRECTORY", str(tmp_path))
        file.write_text(text)
        catalogue = Catalogue.discover()
        resolved = resolve(load(file), catalogue)
        (account,) = resolved.accounts
        (strategy,) = account.strategies
        followed = replace(strategy, plugin=replace(strategy.plugin, cls=Follows, config=Nothing()))
        intents: list[f.IntentFormed] = []
        run = Run(
            replace(resolved, accounts=(replace(account, strategies=(followed,)),)),
            catalogue,
            observers=[lambda _, facts: intents.extend(fact for _, fact in facts if isinstance(fact, f.IntentFormed))],
        )
        await run.start()
        try:
            main = run.kernel.accounts["main"]
            follows: Any = main.instances["launch-snipe"].strategy

            async def reaches(there: Callable[[], object]) -> None:
                async with asyncio.timeout(40):
                    while not there():
                        server.trade("BTCUSDT", "42000.00", "0.002", side="SELL")
                        await asyncio.sleep(0.02)

            server.quote("BTCUSDT", bid="41999.00", ask="42001.00")
            await reaches(lambda: (ticker := main.view.ticker(BTC)) is not None and ticker.to_buy())
            await reaches(lambda: main.book.desks["binance"].known and run.feeders[0].last_event)
            assert await post(tmp_path, "desk", about=["BTC"], direction="up", strength_bps=6_000) == 202
            await reaches(lambda: run.kernel.signals.dropped["waits for more sources"])
            assert not intents
            assert await post(tmp_path, "other", about=["BINANCE:BTCUSDT"], direction="up", strength_bps=5_000) == 202
            await reaches(lambda: "filled" in follows.told)
        finally:
            await run.close()
    (intent,) = intents
    assert (intent.reason, intent.cause.partition("/")[0]) == ("8000 bps", "signal")
