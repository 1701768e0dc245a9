"""Orders through a whole run, the unmodified client of ccxt and an exchange in a process of its own.

Told is the time that our code takes: from where ccxt hands over the trade that decides, to where it is called with the
order, journal and its sync included; and from where ccxt hands over the answer (or its stream does, whichever is
first) to where the strategy hears of it. To this comes what our code does inside of ccxt's request. Whatever else
happens in this process at that moment, such as ccxt reading another message, counts as ours. The disk's time to sync
the order's record is told apart: it is the disk's, and counts in what all takes together.
"""

import asyncio
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter_ns
from typing import Any, ClassVar

import structlog
import uvloop
from figures import Figure, spread

from sniper.catalogue import Catalogue
from sniper.config import Config
from sniper.events import OrderChanged, Trade
from sniper.runtime.run import Run
from sniper.settings.load import load
from sniper.settings.resolver import resolve
from sniper.strategy import Actions, CancelOrder, PlaceOrder, Strategy, on
from sniper.view import View
from sniper_sdk.exchange import ExchangeServer, Symbol
from sniper_venue_ccxt import client as venue_client

BTC = "binance:BTC/USDT"
EVERY_S = 0.03
"""Between two trades of the market."""
ROUNDS = 300
TARGET_US = 1_000
FILE = """
mode = "live"
data_dir = "data"
[venue.binance]
plugin = "ccxt"
exchange = "binance"
symbols = ["BTC/USDT"]
withdrawals = true
url = "{url}"
stream_url = "{ws}"
[account.main.desk.binance]
quote = "USDT"
keys = "keys.toml"
allow_live = true
[strategy.launch-snipe]
exits = []
min_liquidity = "1 ether"
[sizer.fixed]
amount = "0.1 ether"
[risk.limits]
max_spend_per_trade = "50000 coins"
max_spend_per_day = "100000 coins"
"""


@dataclass
class Times:
    """perf_counter ns. ``handed``: when ccxt last handed something over; ``traded``: when that was a trade; ``disk``:
    what syncs have taken since."""

    handed: int = 0
    traded: int = 0
    called: int = 0
    disk: int = 0
    inside: int = 0
    there: list[int] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    within: list[int] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    synced: list[int] = field(default_factory=list)


class Nothing(Config):
    pass


class Rests(Strategy):
    """Places an order that rests, and withdraws it."""

    config: Nothing
    working: bool = False
    times: ClassVar[Times] = Times()

    def instruments(self) -> tuple[str, ...]:
        return (BTC,)

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        if not self.working:
            self.working = True
            yield PlaceOrder(
                key="o", instrument=BTC, side="buy", size=200, price=event.price // 2, reason="a trade", lives="gtc"
            )

    @on(OrderChanged)
    def changed(self, event: OrderChanged, view: View) -> Actions:
        times = self.times
        if event.state == "open" and times.called:
            now = perf_counter_ns()
            times.back.append(now - times.handed)
            times.whole.append(now - times.traded)
            times.called = 0
            yield CancelOrder(key="o")
        elif event.state in ("cancelled", "denied", "rejected"):
            self.working = False


@contextmanager
def timed(times: Times) -> Iterator[None]:
    """Note when ccxt is called and when it hands something over, and what our code does inside of a request."""

    def timed_class(base: Any, number: Any) -> type:  # Any: ccxt is untyped
        class Inner(base):
            async def fetch(self, *args: Any, **named: Any) -> Any:
                began = perf_counter_ns()
                try:
                    return await super().fetch(*args, **named)
                finally:
                    times.inside = perf_counter_ns() - began

        class Outer(exact_class(Inner, number)):
            async def fetch(self, url: str, method: str = "GET", *args: Any, **named: Any) -> Any:
                began = perf_counter_ns()
                found = await super().fetch(url, method, *args, **named)
                if method == "POST" and "order" in url:
                    times.within.append(perf_counter_ns() - began - times.inside)
                return found

        return Outer

    def timed_client(*args: Any) -> Any:  # Any: as above
        client = made(*args)
        # Not in a class: what its methods are is how the adapter learns what the exchange can do.
        for name in ("create_order", "watch_orders", "watch_trades"):
            setattr(client, name, around(name, getattr(client, name)))
        return client

    def around(name: str, method: Any) -> Any:
        async def called(*args: Any) -> Any:
            if name == "create_order":
                times.called = perf_counter_ns()
                times.there.append(times.called - times.traded - times.disk)
                times.synced.append(times.disk)
            found = await method(*args)
            if name == "watch_trades":
                times.traded, times.disk = perf_counter_ns(), 0
            else:
                times.handed = perf_counter_ns()
            return found

        return called

    def fdatasync(file: int) -> None:
        began = perf_counter_ns()
        sync(file)
        times.disk += perf_counter_ns() - began

    sync, os.fdatasync = os.fdatasync, fdatasync
    exact_class, made = venue_client.exact_class, venue_client.made
    venue_client.exact_class, venue_client.made = timed_class, timed_client
    try:
        yield
    finally:
        venue_client.exact_class, venue_client.made, os.fdatasync = exact_class, made, sync


async def measured(directory: Path, url: str, ws: str, rounds: int) -> Times:
    file = directory / "sniper.toml"
    file.write_text(FILE.format(url=url, ws=ws))
    catalogue = Catalogue.discover()
    resolved = resolve(load(file), catalogue)
    (account,) = resolved.accounts
    (strategy,) = account.strategies
    strategy = replace(strategy, plugin=replace(strategy.plugin, cls=Rests, config=Nothing()))
    times = Rests.times = Times()
    run = Run(replace(resolved, accounts=(replace(account, strategies=(strategy,)),)), catalogue)
    with timed(times):
        await run.start()
        try:
            async with asyncio.timeout(120 + rounds):
                while len(times.back) < rounds:  # noqa: ASYNC110  (what is waited for has no event of its own)
                    await asyncio.sleep(0.1)
        finally:
            await run.close()
    return times


async def serve(path: str) -> None:
    """The exchange, and somebody who trades there. ``path``: where the keys are to be."""
    async with ExchangeServer([Symbol.of("BTC", "USDT")]) as server:
        server.limits.orders_10s = server.limits.weight = 10**6
        account = server.account("me", USDT="100000")
        _write(Path(path), f'apiKey = "{account.key}"\nsecret = "{account.secret}"\n')
        print(json.dumps({"url": server.url, "ws": server.ws_url}), flush=True)
        server.quote("BTCUSDT", bid="41999.00", ask="42001.00")
        while True:
            await asyncio.sleep(EVERY_S)
            server.trade("BTCUSDT", "42000.00", "0.002", side="SELL")


def _write(path: Path, text: str) -> None:
    path.touch(0o600)
    path.write_text(text)


def figures(*, quick: bool = False) -> list[Figure]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as directory:
        keys = Path(directory) / "keys.toml"
        command = [sys.executable, __file__, str(keys)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as exchange:
            try:
                assert exchange.stdout is not None
                told = json.loads(exchange.stdout.readline())
                times = uvloop.run(measured(Path(directory), told["url"], told["ws"], 20 if quick else ROUNDS))
            finally:
                exchange.terminate()
    count = min(len(times.there), len(times.back), len(times.within))
    own = [sum(parts) for parts in zip(times.there, times.within, times.back, strict=False)]
    parts = {
        "to ccxt": times.there,
        "within ccxt": times.within,
        "from ccxt": times.back,
        "disk": times.synced,
        "in all": times.whole,
    }
    found = spread("order round trip, our own code", own[count // 10 :], TARGET_US)
    beside = {f"{name}, p50": sorted(each)[len(each) // 2] / 1_000 for name, each in parts.items()}
    return [replace(found[0], beside={**found[0].beside, **beside}), found[1]]


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
