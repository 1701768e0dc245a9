"""A whole run with a perpetual, through the unmodified client of ccxt: margin, funding, liquidation, a restart."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sniper.catalogue import Catalogue
from sniper.config import Config
from sniper.events import OrderChanged, PositionForced, Trade
from sniper.instrument import COIN
from sniper.runtime.run import Run
from sniper.settings.load import load
from sniper.settings.resolver import resolve
from sniper.strategy import Actions, PlaceOrder, Strategy, on
from sniper.view import View
from sniper_sdk.exchange import ExchangeFault, Fault, Faults
from sniper_sdk.exchange.amounts import parse
from sniper_sdk.exchange.futures import Contract, FuturesServer
from sniper_sdk.exchange.order import Side

BTC, USDT = "binance:BTC/USDT:USDT", "binance:USDT"
SHORT = 200
HANGS_S = 120
"""Guards against hanging; the import of ccxt and the receive window of a lost order alone may take half a minute."""
FILE = """
mode = "MODE"
data_dir = "data"
[venue.binance]
plugin = "ccxt"
exchange = "binance"
market = "swap"
symbols = ["BTC/USDT:USDT"]
leverage = 10
url = "URL"
stream_url = "WS"
[account.main.desk.binance]
quote = "USDT"
keys = "keys.toml"
paper_cash = { USDT = "1000" }
paper_latency_ms = 5
paper_leverage = 10
read_every_s = 2
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


class Nothing(Config):
    pass


class Shorts(Strategy):
    """Sells short at the first trade that it may, and nothing else; at a price below 40,000 it closes."""

    config: Nothing
    told: list[tuple[str, str]] = []
    sold: bool = False
    closing: bool = False

    def instruments(self) -> tuple[str, ...]:
        return (BTC,)

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        held = view.contract(BTC)
        if not self.sold and view.leverage(BTC) == 10:
            self.sold = True
            yield PlaceOrder(key="in", instrument=BTC, side="sell", size=SHORT, price=None, reason="a trade")
        elif held is not None and not self.closing and event.price < 400_000:
            self.closing = True
            flags = ("reduce-only",)
            yield PlaceOrder(
                key="out", instrument=BTC, side="buy", size=-held.lots, price=None, reason="enough", flags=flags
            )

    @on(OrderChanged)
    def changed(self, event: OrderChanged, view: View) -> Actions:
        self.told.append((event.key, event.state))
        if event.state in ("denied", "rejected"):  # nobody has read the account yet, or it never arrived
            self.sold, self.closing = self.sold and event.key != "in", False
        yield from ()

    @on(PositionForced)
    def forced(self, event: PositionForced, view: View) -> Actions:
        self.told.append((event.reason, str(event.size)))
        yield from ()


class Stage:
    def __init__(self, server: FuturesServer, run: Run, account: Any) -> None:
        self.server = server
        self.run = run
        self.account = account

    @property
    def kernel(self) -> Any:
        return self.run.kernel.accounts["main"]

    @property
    def told(self) -> list[tuple[str, str]]:
        strategy = self.kernel.instances["launch-snipe"].strategy
        assert isinstance(strategy, Shorts)
        return strategy.told

    def moves(self, price: str, *, below: str) -> None:
        """The market is at that price now."""
        for side in Side:
            for old, _ in self.server.engine.market("BTCUSDT").book.depth(side, 100):
                self.server.engine.set_level("BTCUSDT", side, old, 0)
        self.server.quote("BTCUSDT", bid=below, ask=price)

    async def trades(self, until: Callable[[], bool], price: str) -> None:
        """Somebody trades again and again, until it had its effect."""
        async with asyncio.timeout(HANGS_S):
            while not until():
                self.server.trade("BTCUSDT", price, "0.001", side="BUY")
                await asyncio.sleep(0.02)

    async def settles(self) -> None:
        """The books hold what the exchange shows."""
        async with asyncio.timeout(HANGS_S):
            while not self.same():  # noqa: ASYNC110  (what is waited for has no event of its own)
                await asyncio.sleep(0.02)

    def same(self) -> bool:
        position = self.server.engine.position(self.account, "BTCUSDT")
        held = self.kernel.book.positions.get(BTC)
        shown = position.amount * (COIN // 10**8)
        wallet = self.server.engine.wallet(self.account, "USDT") * (COIN // 10**8)
        return (held.amount if held is not None else 0) == shown and self.kernel.book.cash.get(USDT) == wallet


@asynccontextmanager
async def served(tmp_path: Path) -> AsyncIterator[tuple[FuturesServer, Any]]:
    async with FuturesServer([Contract.of("BTC")], faults=Faults()) as server:
        server.quote("BTCUSDT", bid="41999.0", ask="42000.0")
        account = server.account("me", USDT="1000")
        keys = tmp_path / "keys.toml"
        keys.write_text(f'apiKey = "{account.key}"\nsecret = "{account.secret}"\n')
        keys.chmod(0o600)
        yield server, account


@asynccontextmanager
async def running(tmp_path: Path, server: FuturesServer, account: Any, mode: str = "live") -> AsyncIterator[Stage]:
    file = tmp_path / "sniper.toml"
    file.write_text(FILE.replace("MODE", mode).replace("URL", server.url).replace("WS", server.ws_url))
    catalogue = Catalogue.discover()
    resolved = resolve(load(file), catalogue)
    (of,) = resolved.accounts
    (strategy,) = of.strategies
    plugin = replace(strategy.plugin, cls=Shorts, config=Nothing())
    run = Run(replace(resolved, accounts=(replace(of, strategies=(replace(strategy, plugin=plugin),)),)), catalogue)
    await run.start()
    try:
        yield Stage(server, run, account)
    finally:
        await run.close()


async def test_a_short_gains_and_a_restart_knows_it(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, account):
        async with running(tmp_path, server, account) as stage:
            await stage.trades(lambda: ("in", "filled") in stage.told, "42000.0")
            await stage.settles()
            held = stage.kernel.view.contract(BTC)
            assert (held.lots, held.entry, held.leverage) == (-SHORT, 419_990, 10)
            assert 440_000 < held.liquidation < 500_000
            assert stage.kernel.view.exposure("binance") == held.instrument.value(419_990, SHORT)
        async with running(tmp_path, server, account) as again:
            assert again.run.recovered.differing == []
            stage = again
            await stage.settles()
            again.moves("39000.0", below="38999.0")
            await stage.trades(lambda: ("out", "filled") in stage.told, "39000.0")
            await stage.settles()
            assert stage.kernel.view.contract(BTC) is None
            assert stage.kernel.book.desks["binance"].reserved == {}
            fees = (41_999 + 39_000) * SHORT * COIN // 1_000 // 2_000
            assert stage.kernel.book.cash[USDT] == 1_000 * COIN + 2_999 * SHORT * COIN // 1_000 - fees


@pytest.mark.parametrize("kind", [ExchangeFault.CUT, ExchangeFault.DEAF, ExchangeFault.UNKNOWN])
async def test_an_order_whose_answer_is_lost_opens_one_position(tmp_path: Path, kind: ExchangeFault) -> None:
    async with served(tmp_path) as (server, account):
        server.faults.add(Fault(kind, {"order.place"}, times=1))
        async with running(tmp_path, server, account) as stage:
            await stage.trades(lambda: ("in", "filled") in stage.told, "42000.0")
            await stage.settles()
            assert server.engine.position(account, "BTCUSDT").amount == -parse("0.2")


async def test_funding_and_a_liquidation_are_booked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sniper_venue_ccxt.contracts.FUNDING_POLL_S", 4)
    async with served(tmp_path) as (server, account), running(tmp_path, server, account) as stage:
        await stage.trades(lambda: ("in", "filled") in stage.told, "42000.0")
        await stage.settles()
        server.rate("BTCUSDT", "0.0001")
        server.engine.fund("BTCUSDT")
        await stage.trades(lambda: bool(stage.kernel.book.desks["binance"].told), "42000.0")
        await stage.settles()
        stage.moves("47000.0", below="46999.0")
        server.mark("BTCUSDT", "47000")
        await stage.trades(lambda: any(reason == "liquidation" for reason, _ in stage.told), "47000.0")
        await stage.settles()
        assert stage.kernel.book.positions == {}
        assert stage.kernel.book.halted == ""


async def test_on_paper_the_same_strategy_trades_contracts(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, account), running(tmp_path, server, account, "paper") as stage:
        await stage.trades(lambda: ("in", "filled") in stage.told, "42000.0")
        assert stage.kernel.view.contract(BTC).lots == -SHORT
        stage.moves("39000.0", below="38999.0")
        await stage.trades(lambda: ("out", "filled") in stage.told, "39000.0")
        assert stage.kernel.view.contract(BTC) is None
        assert stage.kernel.book.cash[USDT] > 1_500 * COIN
        assert server.engine.position(account, "BTCUSDT").amount == 0
