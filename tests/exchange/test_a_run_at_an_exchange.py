"""A whole run at an exchange on this machine, through the unmodified client of ccxt: no chain, no wallet."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from sniper.catalogue import Catalogue
from sniper.config import Config
from sniper.errors import ConfigError
from sniper.events import BookChanged, InstrumentStale, OrderChanged, Trade
from sniper.instrument import COIN
from sniper.runtime.run import Run
from sniper.settings.load import load
from sniper.settings.resolver import resolve
from sniper.strategy import Actions, CancelOrder, PlaceOrder, Strategy, on
from sniper.view import View
from sniper_sdk.exchange import DEPTH, ExchangeFault, ExchangeServer, Fault, Faults, Symbol

BTC = "binance:BTC/USDT"


class Nothing(Config):
    pass


class BuysThenSells(Strategy):
    """Buys at the first trade, sells once it has it."""

    config: Nothing
    told: list[tuple[str, str]] = []
    bought: bool = False

    def instruments(self) -> tuple[str, ...]:
        return (BTC,)

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        if not self.bought:
            self.bought = True
            yield PlaceOrder(
                key="in", instrument=BTC, side="buy", size=200, price=event.price, reason="a trade", lives="gtc"
            )

    @on(OrderChanged)
    def changed(self, event: OrderChanged, view: View) -> Actions:
        self.told.append((event.key, event.state))
        if event.key == "in" and event.state in ("denied", "rejected"):
            self.bought = False  # nobody has read the account yet, or it never arrived
        if (event.key, event.state) == ("in", "filled"):
            ticker = view.ticker(BTC)
            assert ticker is not None
            size = view.free("binance:BTC") // ticker.instrument.lot  # the fee was taken in coins
            yield PlaceOrder(
                key="out", instrument=BTC, side="sell", size=size, price=None, reason="enough", lives="gtc"
            )


class Quotes(Strategy):
    """Has a bid far below the book while the book is whole."""

    config: Nothing
    told: list[tuple[str, str]] = []

    def instruments(self) -> tuple[str, ...]:
        return (BTC,)

    def depth(self) -> tuple[str, ...]:
        return (BTC,)

    @on(BookChanged)
    def changed(self, event: BookChanged, view: View) -> Actions:
        depth = view.depth(BTC)
        assert depth is not None
        if not view.working(BTC) and depth.bid:
            yield PlaceOrder(
                key="bid",
                instrument=BTC,
                side="buy",
                size=200,
                price=depth.bid - 100_000,
                reason="a quote",
                lives="gtc",
            )

    @on(InstrumentStale)
    def stale(self, event: InstrumentStale, view: View) -> Actions:
        self.told.append(("book", "stale" if event.stale else "whole"))
        if event.stale:
            yield CancelOrder(key="bid")

    @on(OrderChanged)
    def ordered(self, event: OrderChanged, view: View) -> Actions:
        self.told.append((event.key, event.state))
        yield from ()


FILE = """
mode = "MODE"
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
paper_cash = { USDT = "100000" }
paper_latency_ms = 5
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


class Stage:
    def __init__(self, server: ExchangeServer, run: Run, account: Any, logs: list[Any]) -> None:
        self.server = server
        self.run = run
        self.account = account
        self.logs = logs

    @property
    def book(self) -> Any:
        return self.run.kernel.accounts["main"].book

    def at_the_exchange(self, asset: str) -> int:
        balance = self.account.balance(asset)
        return (balance.free + balance.locked) * (COIN // 10**8)

    @property
    def told(self) -> list[tuple[str, str]]:
        strategy = self.run.kernel.accounts["main"].instances["launch-snipe"].strategy
        assert isinstance(strategy, BuysThenSells | Quotes)
        return strategy.told

    async def reaches(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(40):
            while not condition():  # noqa: ASYNC110  (what is waited for has no event of its own)
                await asyncio.sleep(0.005)

    async def trades(self, until: Callable[[], bool], price: str = "42000.00", side: str = "SELL") -> None:
        """Somebody trades again and again, until it had its effect."""
        async with asyncio.timeout(40):
            while not until():
                self.server.trade("BTCUSDT", price, "0.002", side=side)
                await asyncio.sleep(0.02)


@asynccontextmanager
async def running(
    tmp_path: Path, mode: str, *faults: Fault, settings: str = "", strategy: type[Strategy] = BuysThenSells
) -> AsyncIterator[Stage]:
    """``settings``: further ones of the desk."""
    async with ExchangeServer([Symbol.of("BTC", "USDT")], faults=Faults()) as server:
        account = server.account("me", USDT="100000")
        keys = tmp_path / "keys.toml"
        keys.write_text(f'apiKey = "{account.key}"\nsecret = "{account.secret}"\n')
        keys.chmod(0o600)
        file = tmp_path / "sniper.toml"
        text = FILE.replace("MODE", mode).replace("URL", server.url).replace("WS", server.ws_url)
        file.write_text(text.replace("paper_latency_ms = 5\n", f"paper_latency_ms = 5\n{settings}\n"))
        catalogue = Catalogue.discover()
        run = Run(scripted(file, catalogue, strategy), catalogue)
        with capture_logs() as logs:
            await run.start()
            for each in faults:
                server.faults.add(each)
            server.quote("BTCUSDT", bid="41999.00", ask="42001.00")
            try:
                yield Stage(server, run, account, logs)
            finally:
                await run.close()


def scripted(file: Path, catalogue: Catalogue, cls: type[Strategy]) -> Any:
    resolved = resolve(load(file), catalogue)
    (account,) = resolved.accounts
    (strategy,) = account.strategies
    plugin = replace(strategy.plugin, cls=cls, config=Nothing())
    return replace(resolved, accounts=(replace(account, strategies=(replace(strategy, plugin=plugin),)),))


async def traded(stage: Stage) -> None:
    await stage.trades(lambda: ("in", "filled") in stage.told)
    await stage.trades(lambda: ("out", "filled") in stage.told, "41999.00", "BUY")
    assert not stage.book.desks["binance"].orders


def same_money(stage: Stage) -> None:
    for asset in ("USDT", "BTC"):
        assert stage.book.owned(f"binance:{asset}") == stage.at_the_exchange(asset)


async def test_live_what_is_bought_and_sold_is_in_the_books_as_at_the_exchange(tmp_path: Path) -> None:
    async with running(tmp_path, "live") as stage:
        await traded(stage)
        same_money(stage)
        assert stage.book.cash["binance:USDT"] < 100_000 * COIN
    cash = dict(stage.book.cash)
    async with running(tmp_path, "live") as again:
        assert again.run.recovered.differing == []
        assert again.book.cash == cash


@pytest.mark.parametrize("kind", [ExchangeFault.CUT, ExchangeFault.DEAF, ExchangeFault.UNKNOWN, ExchangeFault.ERROR])
async def test_live_an_order_whose_answer_is_lost_is_looked_for_and_sent_once(
    tmp_path: Path, kind: ExchangeFault
) -> None:
    async with running(tmp_path, "live", Fault(kind, {"order.place"}, times=1)) as stage:
        await traded(stage)
        same_money(stage)
        ids = [order.placed.new.client_id for order in stage.book.desks["binance"].ended.values()]
        assert len(set(ids)) == len(ids)


async def test_live_what_happens_while_the_stream_is_broken_is_read_afterwards(tmp_path: Path) -> None:
    async with running(tmp_path, "live") as stage:
        await stage.reaches(lambda: bool(stage.book.desks["binance"].known))
        await stage.trades(lambda: ("in", "open") in stage.told, "42000.00", "BUY")
        stage.server.disconnect()
        stage.server.trade("BTCUSDT", "42000.00", "0.002", side="SELL")
        await stage.reaches(lambda: ("in", "filled") in stage.told)
        same_money(stage)


async def test_on_paper_orders_can_be_filled_by_the_book_that_is_followed_for_them(tmp_path: Path) -> None:
    async with running(tmp_path, "paper", settings='paper_fills = "book"') as stage:
        await stage.trades(lambda: ("in", "filled") in stage.told)
        size = 0
        async with asyncio.timeout(40):
            while ("out", "filled") not in stage.told:
                size += 1
                stage.server.quote("BTCUSDT", bid="41999.00", ask="42001.00", quantity=f"1.{size:05}")
                await asyncio.sleep(0.05)
        played = stage.run.played
        assert played is not None
        fills = played.exchanges["main", "binance"].fills
        assert (fills[0].side, fills[0].maker) == ("buy", True)
        assert {(fill.price, fill.maker) for fill in fills if fill.side == "sell"} == {(4_199_900, False)}
        assert stage.at_the_exchange("BTC") == 0


async def test_on_paper_the_market_is_real_and_the_money_is_not(tmp_path: Path) -> None:
    async with running(tmp_path, "paper") as stage:
        await traded(stage)
        assert stage.at_the_exchange("USDT") == 100_000 * COIN
        assert stage.book.cash["binance:USDT"] < 100_000 * COIN
        assert stage.server.engine.own_orders(stage.account, "BTCUSDT") == []


async def test_a_shadow_sends_nothing(tmp_path: Path) -> None:
    async with running(tmp_path, "shadow") as stage:
        await stage.trades(lambda: ("in", "rejected") in stage.told)
        assert stage.book.cash == {"binance:USDT": 100_000 * COIN}


def test_mistakes_in_a_desk_are_told_before_anything_begins(tmp_path: Path) -> None:
    file = tmp_path / "sniper.toml"
    good = FILE.replace("MODE", "live")

    def said(text: str) -> str:
        file.write_text(text)
        with pytest.raises(ConfigError) as told:
            resolve(load(file), Catalogue.discover())
        return str(told.value)

    assert "keys is missing" in said(good.replace('keys = "keys.toml"\n', ""))
    assert "allow_live = true" in said(good.replace("allow_live = true", ""))
    assert "paper_cash is missing" in said(
        good.replace('mode = "live"', 'mode = "paper"').replace('paper_cash = { USDT = "100000" }', "")
    )
    assert "no section [venue.bibance]; did you mean" in said(good.replace("desk.binance", "desk.bibance"))
    assert "write a whole one, or text" in said(good.replace('"100000" }', "100000.5 }"))
    assert "neither a wallet nor a desk" in said("[account.main]\n")
    second = '[account.second.desk.binance]\nquote = "USDT"\nkeys = "keys.toml"\nallow_live = true\n'
    assert "[account.main] has the same" in said(good + second)


@pytest.mark.parametrize("breaks", ["a lost change", "the connection"])
async def test_live_a_quote_is_withdrawn_while_the_book_has_a_gap(tmp_path: Path, breaks: str) -> None:
    async with running(tmp_path, "live", strategy=Quotes) as stage:
        size = 0

        async def books(until: Callable[[], bool]) -> None:
            nonlocal size
            async with asyncio.timeout(60):
                while not until():
                    size += 1
                    stage.server.quote("BTCUSDT", bid="41999.00", ask="42001.00", quantity=f"1.{size:05}")
                    await asyncio.sleep(0.05)

        def told(*what: tuple[str, str]) -> bool:
            return [each for each in stage.told if each in what][-len(what) :] == list(what)

        await books(lambda: ("bid", "open") in stage.told)
        stage.told.clear()
        if breaks == "the connection":
            stage.server.disconnect()
        else:
            stage.server.faults.add(Fault(ExchangeFault.NEVER, {DEPTH}, times=1))
        await books(lambda: told(("book", "stale"), ("bid", "cancelled")))
        await books(lambda: told(("book", "whole"), ("bid", "open")))
        (order,) = stage.book.desks["binance"].orders.values()
        assert order.state == "open"
