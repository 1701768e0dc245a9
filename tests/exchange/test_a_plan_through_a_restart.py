"""Plans at an exchange on this machine, through the client of ccxt: they outlive the process that began them."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from test_a_run_at_an_exchange import BTC, FILE, Nothing, Stage, scripted

from sniper.catalogue import Catalogue
from sniper.events import PlanChanged, Trade
from sniper.order_types import Bracket, Stop
from sniper.runtime.run import Run
from sniper.strategy import Actions, PlaceOrder, StartPlan, Strategy, on
from sniper.view import View
from sniper_sdk.exchange import Account, ExchangeServer, Symbol
from sniper_sdk.exchange.order import OPEN, Order, OrderStatus


class Brackets(Strategy):
    """Starts a bracket at the first trade."""

    config: Nothing
    told: list[str] = []
    asked: bool = False

    def instruments(self) -> tuple[str, ...]:
        return (BTC,)

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        if not self.asked:
            self.asked = True
            plan = Bracket(instrument=BTC, side="buy", size=200, price=4_200_000, stop=4_100_000, target=4_300_000)
            yield StartPlan(key="b", plan=plan, reason="a trade")

    @on(PlanChanged)
    def changed(self, event: PlanChanged, view: View) -> Actions:
        self.told.append(event.state)
        yield from ()


class Guarded(Strategy):
    """Buys at the first trade, and lets the exchange hold a stop for what it bought."""

    config: Nothing
    asked: bool = False
    guarded: bool = False

    def instruments(self) -> tuple[str, ...]:
        return (BTC,)

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        held = view.positions.get("binance:BTC")
        if not self.asked:
            self.asked = True
            yield PlaceOrder(key="in", instrument=BTC, side="buy", size=200, price=4_200_100, reason="a trade")
        elif held is not None and not self.guarded and not view.working(BTC):
            self.guarded = True
            plan = Stop(instrument=BTC, side="sell", size=199, trigger=4_100_000, reduce_only=True, native=True)
            yield StartPlan(key="stop", plan=plan, reason="not below")


async def test_live_a_bracket_is_stopped_by_the_process_after_the_one_that_began_it(tmp_path: Path) -> None:
    async with ExchangeServer([Symbol.of("BTC", "USDT")]) as server:
        account = server.account("me", USDT="100000")
        file = config(tmp_path, server, account)
        server.quote("BTCUSDT", bid="41999.00", ask="42001.00")

        async def until(stage: Stage, price: str, side: str, condition: Callable[[], bool]) -> None:
            async with asyncio.timeout(40):
                while not condition():
                    server.trade("BTCUSDT", price, "0.002", side=side)
                    await asyncio.sleep(0.02)

        def resting() -> list[str]:
            own = server.engine.own_orders(account, "BTCUSDT")
            return [order.asked.side.value for order in own if order.status in OPEN]

        first = await started(file, Brackets)
        stage = Stage(server, first, account, [])
        await stage.reaches(lambda: bool(stage.book.desks and stage.book.desks["binance"].known))
        await until(stage, "42000.00", "SELL", lambda: "SELL" in resting() and "BUY" not in resting())
        await first.close()

        second = await started(file, Brackets)
        try:
            assert second.recovered.differing == []
            stage = Stage(server, second, account, [])
            server.quote("BTCUSDT", bid="40990.00", ask="41010.00")
            await until(stage, "40999.00", "BUY", lambda: not stage.book.plans)
            assert resting() == []
            for asset in ("USDT", "BTC"):
                assert stage.book.owned(f"binance:{asset}") == stage.at_the_exchange(asset)
            assert stage.book.owned("binance:BTC") < 10**13, "less than a lot, which the fee left"
        finally:
            await second.close()


async def test_live_a_stop_that_the_exchange_holds_sells_while_no_process_runs(tmp_path: Path) -> None:
    async with ExchangeServer([Symbol.of("BTC", "USDT")]) as server:
        account = server.account("me", USDT="100000")
        file = config(tmp_path, server, account)
        server.quote("BTCUSDT", bid="41999.00", ask="42001.00")
        first = await started(file, Guarded)
        stage = Stage(server, first, account, [])
        await stage.reaches(lambda: bool(stage.book.desks and stage.book.desks["binance"].known))

        def own(kind: str) -> list[Order]:
            return [each for each in server.engine.own_orders(account, "BTCUSDT") if each.asked.type.value == kind]

        async with asyncio.timeout(40):
            while not own("STOP_LOSS"):
                server.trade("BTCUSDT", "42000.00", "0.002", side="SELL")
                await asyncio.sleep(0.02)
        await first.close()
        (stop,) = own("STOP_LOSS")
        assert stop.status in OPEN

        server.quote("BTCUSDT", bid="40990.00", ask="41010.00")
        server.trade("BTCUSDT", "40999.00", "0.001", side="BUY")
        assert stop.status is OrderStatus.FILLED

        second = await started(file, Guarded)
        try:
            assert second.recovered.differing == []
            stage = Stage(server, second, account, [])
            await stage.reaches(lambda: not stage.book.plans)
            for asset in ("USDT", "BTC"):
                assert stage.book.owned(f"binance:{asset}") == stage.at_the_exchange(asset)
            assert own("STOP_LOSS") == [stop]
            assert own("MARKET") == []
        finally:
            await second.close()


def config(folder: Path, server: ExchangeServer, account: Account) -> Path:
    """A file with the account's keys beside it."""
    keys = folder / "keys.toml"
    keys.write_text(f'apiKey = "{account.key}"\nsecret = "{account.secret}"\n')
    keys.chmod(0o600)
    file = folder / "sniper.toml"
    file.write_text(FILE.replace("MODE", "live").replace("URL", server.url).replace("WS", server.ws_url))
    return file


async def started(file: Path, strategy: type[Strategy]) -> Run:
    catalogue = Catalogue.discover()
    run = Run(scripted(file, catalogue, strategy), catalogue)
    await run.start()
    return run
