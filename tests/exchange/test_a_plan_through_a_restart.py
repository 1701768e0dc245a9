"""A bracket at an exchange on this machine, through the client of ccxt: its stop outlives the process that began it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from test_a_run_at_an_exchange import BTC, FILE, Nothing, Stage, scripted

from sniper.catalogue import Catalogue
from sniper.events import PlanChanged, Trade
from sniper.order_types import Bracket
from sniper.runtime.run import Run
from sniper.strategy import Actions, StartPlan, Strategy, on
from sniper.view import View
from sniper_sdk.exchange import ExchangeServer, Symbol
from sniper_sdk.exchange.order import OPEN


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


async def test_live_a_bracket_is_stopped_by_the_process_after_the_one_that_began_it(tmp_path: Path) -> None:
    async with ExchangeServer([Symbol.of("BTC", "USDT")]) as server:
        account = server.account("me", USDT="100000")
        keys = tmp_path / "keys.toml"
        keys.write_text(f'apiKey = "{account.key}"\nsecret = "{account.secret}"\n')
        keys.chmod(0o600)
        file = tmp_path / "sniper.toml"
        file.write_text(FILE.replace("MODE", "live").replace("URL", server.url).replace("WS", server.ws_url))
        server.quote("BTCUSDT", bid="41999.00", ask="42001.00")

        async def until(stage: Stage, price: str, side: str, condition: Callable[[], bool]) -> None:
            async with asyncio.timeout(40):
                while not condition():
                    server.trade("BTCUSDT", price, "0.002", side=side)
                    await asyncio.sleep(0.02)

        def resting() -> list[str]:
            own = server.engine.own_orders(account, "BTCUSDT")
            return [order.asked.side.value for order in own if order.status in OPEN]

        first = await started(file)
        stage = Stage(server, first, account, [])
        await stage.reaches(lambda: bool(stage.book.desks and stage.book.desks["binance"].known))
        await until(stage, "42000.00", "SELL", lambda: "SELL" in resting() and "BUY" not in resting())
        await first.close()

        second = await started(file)
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


async def started(file: Path) -> Run:
    catalogue = Catalogue.discover()
    run = Run(scripted(file, catalogue, Brackets), catalogue)
    await run.start()
    return run
