"""A bot at an exchange of this machine whose market never rests; and its books held against those of the exchange."""

import asyncio
import os
import random
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar, Self

from sniper.events import Event
from sniper.instrument import COIN
from sniper.kernel import facts as f
from sniper.kernel.book import Book
from sniper.runtime.kill import KillFile
from sniper.types import KillLevel
from sniper_sdk.exchange import Account, ExchangeServer, Faults, Symbol
from sniper_sdk.exchange.amounts import UNIT
from stand.loaded_bot import LoadedBot
from stand.record import Record

SYMBOL = "BTCUSDT"
ASSETS = ("USDT", "BTC")
MIDDLE = 42_000
FUNDS = "100000000"
STEP_S = 0.03
"""Between two trades of other people, at most."""
PATIENCE_S = 90.0
BASE = COIN // UNIT
"""Base units in a unit of the exchange."""
CONFIG = """
mode = "live"
data_dir = "data"
[venue.binance]
plugin = "ccxt"
exchange = "binance"
MARKET
withdrawals = true
timeout_s = 3
url = "URL"
stream_url = "WS"
[account.main.desk.binance]
quote = "USDT"
keys = "keys.toml"
allow_live = true
read_every_s = 3
[strategy.STRATEGY]
sizer = "fixed"
exits = []
[sizer.fixed]
amount = "0.1 ether"
[risk.limits]
max_spend_per_trade = "1000000 coins"
max_spend_per_day = "90000000 coins"
add_to_position = true
"""


class Floor:
    """Spot. What the market does follows from ``rng``, when from the machine.

    ticks   In one of the quote asset. ``sizes``: of other people's trades.
    """

    ticks: ClassVar[int] = 100
    sizes: ClassVar[tuple[str, ...]] = ("0.00100", "0.00300", "0.02000")
    market: ClassVar[str] = 'symbols = ["BTC/USDT"]'
    strategy: ClassVar[str] = "churn"

    def __init__(self, directory: Path, seed: int) -> None:
        self.rng = random.Random(seed)
        self.server = self.exchange(Faults(seed, log=directory / "faults.jsonl"))
        self.account: Account = self.server.account("me", USDT=FUNDS)
        self.bot = LoadedBot(directory / "bot.log")
        self.data = directory / "data"
        self.record = Record(self.data / "journal")
        self._config = directory / "sniper.toml"
        keys = directory / "keys.toml"
        keys.write_text(f'apiKey = "{self.account.key}"\nsecret = "{self.account.secret}"\n')
        keys.chmod(0o600)
        self._environment = _site(directory / "site")
        self._middle = MIDDLE * self.ticks
        self._around: tuple[str, str] = ("", "")

    def exchange(self, faults: Faults) -> ExchangeServer:
        """Where it trades."""
        return ExchangeServer([Symbol.of("BTC", "USDT")], faults=faults)

    async def __aenter__(self) -> Self:
        await self.server.start()
        config = CONFIG.replace("MARKET", self.market).replace("STRATEGY", self.strategy)
        self._config.write_text(config.replace("URL", self.server.url).replace("WS", self.server.ws_url))
        self._moving = asyncio.create_task(self._moves())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._moving.cancel()
        await asyncio.gather(self._moving, return_exceptions=True)
        await self.bot.close()
        self.record.close()
        await self.server.stop()

    # ---- the market ----

    async def _moves(self) -> None:
        while True:
            self.move()
            await asyncio.sleep(self.rng.uniform(0.005, STEP_S))

    def move(self) -> None:
        """What happens next there."""
        ticks = self.ticks
        self._middle += self.rng.randint(-9 * ticks, 9 * ticks) + (MIDDLE * ticks - self._middle) // 40
        around = (self._price(self._middle - ticks), self._price(self._middle + ticks))
        if self._around != ("", ""):
            self.server.quote(SYMBOL, bid=self._around[0], ask=self._around[1], quantity="0")
        self.server.quote(SYMBOL, bid=around[0], ask=around[1], quantity="10")
        self._around = around
        side = self.rng.choice(("BUY", "SELL"))
        self.server.trade(SYMBOL, around[side == "BUY"], self.rng.choice(self.sizes), side=side)

    def calm(self) -> None:
        """From now on nothing happens of which an exchange tells only sometimes."""

    def _price(self, ticks: int) -> str:
        return f"{ticks // self.ticks}.{str(ticks % self.ticks + self.ticks)[1:]}"

    # ---- the process ----

    async def start(self) -> None:
        """Start it; it is not waited for."""
        await self.bot.start(self._config, environment=self._environment)

    async def does(self, what: type[f.Fact | Event], times: int = 1) -> None:
        """Wait until there are so many more of these on record."""
        enough = len(self.record.all(what)) + times
        await self.until(lambda record: len(record.all(what)) >= enough)

    async def until(self, what: Callable[[Record], object], *, within_s: float = PATIENCE_S) -> None:
        """Wait until the journal shows it; the bot must not end meanwhile."""
        await self.record.until(what, self.bot, within_s=within_s)

    @property
    def book(self) -> Book:
        """What the journal says of the account, folded."""
        return self.record.books["main"]

    async def settle(self) -> None:
        """Let it place no more, sell what it holds, and wait until nothing is under way."""
        KillFile(self.data).set(KillLevel.FLATTEN)
        await self.until(lambda record: self.quiet())

    def quiet(self) -> bool:
        """Whether nothing is under way, and nothing held."""
        book = self.book
        desk = book.desks.get("binance")
        return desk is not None and desk.known and not desk.orders and not book.plans and not book.positions

    async def replayed(self) -> int:
        """Stop the bot and run its journal again under another hash seed: exit code of ``sniper replay --verify``."""
        if self.bot.running:
            await self.bot.stop()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "sniper", "--config", str(self._config), "replay", str(self.data), "--verify"),
            env={**os.environ, **self._environment, "PYTHONHASHSEED": "7"},
            stdout=asyncio.subprocess.DEVNULL,
        )
        return await process.wait()

    # ---- the audit ----

    def audit(self) -> list[str]:
        """What is wrong with a run that has nothing under way; empty where all is well."""
        self.record.read()
        return [*self.money(), *self._orders()]

    def money(self) -> list[str]:
        """Balances are the same to the unit, and came by deposits and fills alone."""
        found = []
        for asset in ASSETS:
            balance = self.account.balance(asset)
            there = (balance.free + balance.locked) * BASE
            books = self.book.owned(f"binance:{asset}")
            found += [f"the books hold {books} of {asset}, the exchange {there}"] if books != there else []
            found += [f"{balance.locked} of {asset} are locked"] if balance.locked else []
        adjusted = self.record.all(f.Adjusted)
        found += [f"{each.delta} of {each.asset} was adjusted: {each.reason}" for each in adjusted[1:]]
        found += [f"halted: {self.book.halted}"] if self.book.halted else []
        return found

    def _orders(self) -> list[str]:
        """Each order of the exchange is one of the books, with the same fills; none is open."""
        placed = {each.new.client_id: each for each in self.record.all(f.ExchangeOrderPlaced)}
        times, lots = Counter[str](), Counter[str]()
        for fill in self.record.all(f.ExchangeFilled):
            times[fill.order] += 1
            lots[fill.order] += fill.fill.size
        found = [f"{n} orders have the client id {key}" for key, n in self._accepted().items() if n > 1]
        found += [f"{each.client_id} is open at the exchange" for each in self.server.engine.open_orders(self.account)]
        for order in self.server.engine.own_orders(self.account, SYMBOL):
            known = placed.pop(order.client_id, None)
            if known is None:
                found.append(f"the books do not know {order.client_id}")
                continue
            booked = lots[known.order] * known.instrument.lot // BASE
            if (times[known.order], booked) != (len(order.fills), order.executed):
                found.append(f"{known.order}: {booked} in {times[known.order]} fills in the books, {order} there")
        return found + [f"{each.order} has fills, and never arrived" for each in placed.values() if lots[each.order]]

    def _accepted(self) -> Mapping[str, int]:
        return Counter(each.client_id for each in self.server.engine.own_orders(self.account, SYMBOL))

    def seen(self) -> str:
        """What it was that was audited, in words."""
        own = self.server.engine.own_orders(self.account, SYMBOL)
        plans = Counter(type(each.spec).__name__ for each in self.record.all(f.PlanStarted))
        return f"{len(own)} orders, {sum(len(each.fills) for each in own)} fills, plans {dict(plans)}"


def _site(site: Path) -> dict[str, str]:
    """Environment of a process in which the strategy of `stand.churn` is installed."""
    info = site / "stand_churn-1.0.dist-info"
    info.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("churn.py"), site / "stand_churn.py")
    (info / "METADATA").write_text(
        "Metadata-Version: 2.4\nName: stand-churn\nVersion: 1.0\nRequires-Dist: sniper-core>=0.1\n"
    )
    (info / "entry_points.txt").write_text("[sniper.plugins]\nchurn = stand_churn\n")
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH", "")]))}
