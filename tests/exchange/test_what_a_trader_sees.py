"""What a trader sees of a real run at an exchange: status, health, metrics, orders, positions, closing by hand."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import test_a_run_at_an_exchange as at_an_exchange
from test_a_run_at_an_exchange import BTC, BuysThenSells, Stage, running

from sniper.cli import exit_codes, main
from sniper.events import OrderChanged
from sniper.instrument import COIN
from sniper.runtime.exchange_sources import DeskSource
from sniper.strategy import Actions, on
from sniper.view import View


class Holds(BuysThenSells):
    """Buys, and does not sell."""

    @on(OrderChanged)
    def changed(self, event: OrderChanged, view: View) -> Actions:
        self.told.append((event.key, event.state))
        if event.state in ("denied", "rejected"):
            self.bought = False
        yield from ()


@pytest.fixture(autouse=True)
def _measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_an_exchange, "FILE", at_an_exchange.FILE + "[runtime]\nmetrics_port = 0\n")


class Terminal:
    """Runs commands beside the run: their exit code, and what they printed."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._config = str(directory / "sniper.toml")
        self._capsys = capsys

    async def __call__(self, *words: str) -> tuple[int, str]:
        self._capsys.readouterr()
        code = await asyncio.to_thread(main, ["--config", self._config, *words])
        printed = self._capsys.readouterr()
        return code, printed.out + printed.err

    async def json(self, *words: str) -> Any:
        """Any: JSON."""
        return json.loads((await self(*words, "--json"))[1])


@pytest.fixture
def sniper(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(tmp_path, capsys)


async def bought(stage: Stage) -> None:
    await stage.trades(lambda: ("in", "filled") in stage.told)


async def got(stage: Stage, path: str) -> tuple[int, str]:
    assert stage.run.health is not None
    url = f"http://127.0.0.1:{stage.run.health.port}{path}"
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        return answer.status, await answer.text()


async def test_status_and_metrics_tell_of_the_desk_and_of_its_orders(tmp_path: Path, sniper: Terminal) -> None:
    async with running(tmp_path, "live", strategy=Holds) as stage:
        await bought(stage)
        desk = (await sniper.json("status"))["accounts"]["main"]["desks"]["binance"]
        assert (desk["read"], desk["stream"], desk["orders"], desk["positions"]) == (True, "there", 0, 1)
        assert int(desk["cash"]["binance:USDT"]["amount"]) == stage.book.cash["binance:USDT"]
        code, shown = await sniper("status")
        assert code == exit_codes.OK
        (row,) = [line.split() for line in shown.splitlines() if line.startswith("main     binance")]
        assert row[2:4] == ["read", "there"]
        assert (await got(stage, "/ready")) == (200, '{"ready": true, "reasons": []}')
        _, text = await got(stage, "/metrics")
        for sample in (
            'sniper_exchange_orders_total{account="main",state="placed",venue="binance"} 1.0',
            'sniper_exchange_orders_total{account="main",state="filled",venue="binance"} 1.0',
            'sniper_exchange_fills_total{account="main",side="buy",venue="binance"}',
            'sniper_submit_seconds_count{venue="binance"} 1.0',
            'sniper_stream_breaks_total{stream="binance-main"} 0.0',
            'sniper_desk_read{account="main",venue="binance"} 1.0',
            'sniper_desk_stream_lost{account="main",venue="binance"} 0.0',
            'sniper_exchange_orders_working{account="main",venue="binance"} 0.0',
        ):
            assert sample in text, sample


async def test_the_doctor_looks_at_exchanges_and_keys_and_shows_no_secret(tmp_path: Path, sniper: Terminal) -> None:
    async with running(tmp_path, "live", strategy=Holds) as stage:
        checks = {each["check"]: each for each in (await sniper.json("doctor"))["checks"]}
        assert checks["venue.binance"]["status"] == "ok"
        assert checks["venue.binance"]["found"] == "1 instruments can be traded exactly"
        stops = "it can hold itself: stop, stop-limit, take-profit, take-profit-limit"
        assert checks["venue.binance.stops"]["found"] == stops
        assert checks["venue.binance.clock"]["status"] == "ok"
        assert checks["account.main.desk.binance"]["found"] == "the keys work; 1 balances, 0 open orders"
        keys = tmp_path / "keys.toml"
        secret = stage.account.secret
        keys.write_text(keys.read_text().replace(secret, "0" * len(secret)))
        code, said = await sniper("doctor")
        assert code == exit_codes.FAILURE
        assert any(line.startswith("account.main.desk.binance  fail") for line in said.splitlines())
        assert stage.account.key not in said
        keys.chmod(0o644)
        _, said = await sniper("doctor")
        assert "keys.toml" in next(each for each in said.splitlines() if each.startswith("account.main.desk.binance"))
        file = tmp_path / "sniper.toml"
        file.write_text(file.read_text().replace('"BTC/USDT"', '"BTC/USDX"'))
        _, said = await sniper("doctor")
        assert "binance lists no BTC/USDX" in said


async def test_health_says_which_desk_has_lost_its_stream(tmp_path: Path) -> None:
    async with running(tmp_path, "live", strategy=Holds) as stage:
        await bought(stage)
        (feeder,) = [each for each in stage.run.feeders if isinstance(each.source, DeskSource)]
        stage.server.disconnect()
        await stage.reaches(lambda: feeder.down)
        assert stage.run.health is not None
        assert "the stream of account main at binance is lost" in await stage.run.health.reasons()
        _, text = await got(stage, "/metrics")
        assert 'sniper_stream_breaks_total{stream="binance-main"} 1.0' in text
        await stage.reaches(lambda: not feeder.down)


async def test_a_position_without_exits_is_closed_by_hand(tmp_path: Path, sniper: Terminal) -> None:
    async with running(tmp_path, "live", strategy=Holds) as stage:
        await bought(stage)
        held = stage.book.positions["binance:BTC"].amount
        (position,) = (await sniper.json("positions"))["positions"]
        assert int(position["amount"]) == held
        (order,) = (await sniper.json("orders", "--all"))["exchange_orders"]
        assert (order["instrument"], order["state"], order["plan"]) == (BTC, "filled", "")
        code, said = await sniper("close", BTC)
        assert code == exit_codes.OK
        assert "Selling. Follow it with: sniper why main/launch-snipe/" in said
        await stage.trades(lambda: "binance:BTC" not in stage.book.positions, "41999.00", "BUY")
        assert held > stage.book.cash.get("binance:BTC", 0) < COIN // 10**4
        code, told = await sniper("why", said.split()[-1])
        assert "a person asked to close the position" in told
        assert "unwind" in told
        code, said = await sniper("close", "binance:BTC")
        assert code != exit_codes.OK
        assert "is not held" in said


async def test_reconcile_compares_the_books_with_the_exchange_and_tells_what_is_missing(
    tmp_path: Path, sniper: Terminal
) -> None:
    async with running(tmp_path, "live", strategy=Holds) as stage:
        await bought(stage)
        code, said = await sniper("reconcile")
        assert (code, said.splitlines()[-1]) == (exit_codes.OK, "The books are what the exchange says, to the unit.")
        await stage.run.close()  # which would book it with its next reading
        stage.account.balance("USDT").free += 7 * 10**8
        found = await sniper.json("reconcile")
        (desk,) = found["desks"]
        (differs,) = [each for each in desk["compared"] if each["books"] != each["exchange"]]
        assert (differs["what"], differs["explained"]) == ("binance:USDT", False)
        assert int(differs["exchange"]) - int(differs["books"]) == 7 * COIN
        code, said = await sniper("reconcile")
        assert (code, said.splitlines()[-1]) == (exit_codes.FAILURE, "1 differences are not explained.")


async def test_reconcile_explains_what_happened_while_the_bot_was_off(tmp_path: Path, sniper: Terminal) -> None:
    async with running(tmp_path, "live", strategy=Holds) as stage:
        await stage.trades(lambda: ("in", "open") in stage.told, "42000.00", "BUY")
        await stage.run.close()
        stage.server.trade("BTCUSDT", "42000.00", "0.002", side="SELL")
        code, said = await sniper("reconcile")
        assert (code, said.splitlines()[-1]) == (exit_codes.OK, "Every difference is explained.")
        (desk,) = (await sniper.json("reconcile"))["desks"]
        (order,) = desk["orders"]
        assert (order["books"], order["exchange"]) == ("open", "")
        assert all("not in the books yet" in each["because"] for each in desk["compared"])
        assert {each["what"] for each in desk["compared"]} == {"binance:BTC", "binance:USDT"}
