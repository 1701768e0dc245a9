"""Stops and targets at the spot and the futures exchange of the sdk, by the unmodified client of ccxt."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sniper.exchange import Fill, Instrument, NewOrder, OrderState, Placed, Refused
from sniper.exchange_orders import CONDITIONAL
from sniper_sdk.exchange import ExchangeFault, ExchangeServer, Fault, Faults, Symbol
from sniper_sdk.exchange.futures import Contract, FuturesServer
from sniper_venue_ccxt.capabilities import probe
from sniper_venue_ccxt.client import made
from sniper_venue_ccxt.config import CcxtConfig
from sniper_venue_ccxt.errors import Unanswered
from sniper_venue_ccxt.exchange import CcxtExchange

PLACING = {"spot": "order.place", "swap": "algoOrder.place"}


class Stage:
    """An account that holds 1 BTC, bought at about 100 dollars; ``lots``: half of it."""

    def __init__(self, server: ExchangeServer, exchange: CcxtExchange, instrument: Instrument) -> None:
        self.server = server
        self.exchange = exchange
        self.instrument = instrument
        self.now = 0
        self.lots = instrument.lots("0.5")
        exchange.clock = lambda: self.now

    def ticks(self, dollars: int) -> int:
        return self.instrument.ticks(str(dollars))

    def order(self, **changes: Any) -> NewOrder:
        values = {
            "client_id": "s" * 32,
            "instrument": self.instrument.id,
            "side": "sell",
            "size": self.lots,
            "price": None,
            "type": "stop",
            "trigger": self.ticks(90),
            "flags": ("reduce-only",) if self.instrument.linear else (),
        }
        return NewOrder(**{**values, **changes})

    def falls(self, dollars: int) -> None:
        """Somebody sells so low, and others go on bidding there."""
        self.server.quote("BTCUSDT", bid=f"{dollars}", ask=f"{dollars + 1}", quantity="50")
        self.server.trade("BTCUSDT", f"{dollars}", "0.01", side="SELL")


@pytest.fixture(params=["spot", "swap"])
async def stage(request: Any, tmp_path: Path) -> AsyncIterator[Stage]:
    made: Any = {
        "spot": lambda: ExchangeServer([Symbol.of("BTC", "USDT")], faults=Faults()),
        "swap": lambda: FuturesServer([Contract.of("BTC")], faults=Faults()),
    }
    async with made[request.param]() as server:
        account = server.account("me", USDT="100000")
        keys = tmp_path / "keys.toml"
        keys.write_text(f'apiKey = "{account.key}"\nsecret = "{account.secret}"\n')
        keys.chmod(0o600)
        config = CcxtConfig(
            exchange="binance",
            market=request.param,
            symbols=("BTC/USDT" if request.param == "spot" else "BTC/USDT:USDT",),
            withdrawals=True,
            url=server.url,
            stream_url=server.ws_url,
            poll_s=1,
        )
        server.quote("BTCUSDT", bid="99", ask="100", quantity="50")
        server.trade("BTCUSDT", "100", "0.01", side="BUY")
        exchange = CcxtExchange("here", config, keys)
        (instrument,) = await exchange.instruments()
        stage = Stage(server, exchange, instrument)
        entry = stage.order(client_id="e" * 32, side="buy", size=2 * stage.lots, type="market", trigger=None, flags=())
        assert isinstance(await exchange.submit(entry), Placed)
        yield stage
        await exchange.close()


def test_only_exchanges_whose_conditional_orders_were_looked_at_have_them() -> None:
    for name, market, there in (("binance", "spot", True), ("binance", "swap", True), ("kraken", "spot", False)):
        client = made(CcxtConfig(exchange=name, market=market), str)
        assert probe(client, market).conditional == there


async def test_markets_say_which_types_they_have(stage: Stage) -> None:
    assert stage.instrument.types == CONDITIONAL


@pytest.mark.parametrize(
    ("kind", "trigger", "price"),
    [("stop", 90, None), ("stop-limit", 90, 89), ("take-profit", 110, None), ("take-profit-limit", 110, 111)],
)
async def test_one_waits_is_found_by_its_client_id_read_with_the_rest_and_cancelled(
    stage: Stage, kind: str, trigger: int, price: int | None
) -> None:
    limit = None if price is None else stage.ticks(price)
    order = stage.order(type=kind, trigger=stage.ticks(trigger), price=limit)
    placed = await stage.exchange.submit(order)
    assert isinstance(placed, Placed)
    expected = OrderState(order.client_id, placed.venue_id, order.instrument, "open", 0)
    assert await stage.exchange.find(order) == (expected, ())
    assert (await stage.exchange.read("")).orders == (expected,)
    await stage.exchange.cancel(order, placed.venue_id)
    await stage.exchange.cancel(order, placed.venue_id)
    found = await stage.exchange.find(order)
    assert found is not None
    assert (found[0].state, found[1]) == ("cancelled", ())


async def test_its_fills_are_told_by_stream_and_search_and_a_cancel_comes_too_late(stage: Stage) -> None:
    order, told = stage.order(), list[Any]()
    updates = stage.exchange.updates()
    waiting = asyncio.ensure_future(anext(updates))
    async with asyncio.timeout(30):
        while not any(each.users for each in stage.server.streams.connections):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        placed = await stage.exchange.submit(order)
        assert isinstance(placed, Placed)
        told += await waiting
        stage.falls(90)
        while sum(each.size for each in told if isinstance(each, Fill)) < stage.lots or not any(
            isinstance(each, OrderState) and each.state == "filled" for each in told
        ):
            told += await anext(updates)
    assert {each.client_id for each in told} == {order.client_id}
    assert {each.state for each in told if isinstance(each, OrderState)} <= {"open", "filled"}
    await stage.exchange.cancel(order, placed.venue_id)
    found = await stage.exchange.find(order)
    assert found is not None
    state, fills = found
    assert (state.state, state.filled) == ("filled", stage.lots)
    assert {fill.id for fill in fills} == {each.id for each in told if isinstance(each, Fill)}


async def test_a_limit_that_rests_after_its_trigger_is_cancelled_as_what_it_became(stage: Stage) -> None:
    order = stage.order(type="stop-limit", price=stage.ticks(95))
    placed = await stage.exchange.submit(order)
    assert isinstance(placed, Placed)
    stage.falls(90)
    found = await stage.exchange.find(order)
    assert found is not None
    assert (found[0].state, found[0].filled) == ("open", 0)
    await stage.exchange.cancel(order, placed.venue_id)
    found = await stage.exchange.find(order)
    assert found is not None
    assert found[0].state == "cancelled"


async def test_one_that_would_be_triggered_at_once_is_refused(stage: Stage) -> None:
    refused = await stage.exchange.submit(stage.order(trigger=stage.ticks(150)))
    assert isinstance(refused, Refused)
    assert "trigger" in refused.message


async def test_one_whose_answer_is_lost_is_there_and_one_that_was_lost_itself_is_not(stage: Stage) -> None:
    placing = PLACING["swap" if stage.instrument.linear else "spot"]
    order = stage.order()
    stage.server.faults.add(Fault(ExchangeFault.CUT, {placing}, times=1))
    with pytest.raises(Unanswered):
        await stage.exchange.submit(order)
    found = await stage.exchange.find(order)
    assert found is not None
    assert found[0].state == "open"
    assert await stage.exchange.submit(order) == Placed(venue_id=found[0].venue_id), "the id is taken, by itself"
    await stage.exchange.cancel(order, "")
    other = stage.order(client_id="t" * 32)
    stage.server.faults.add(Fault(ExchangeFault.DEAF, {placing}, times=1))
    with pytest.raises(Unanswered):
        await stage.exchange.submit(other)
    stage.now += 60 * 10**9
    assert await stage.exchange.find(other) is None


async def test_one_without_a_trigger_and_a_trigger_without_a_type_are_refused_and_nothing_leaves(stage: Stage) -> None:
    for changes in ({"trigger": None}, {"type": "limit", "price": stage.ticks(90)}, {"type": "trailing-stop"}):
        refused = await stage.exchange.submit(stage.order(**changes))
        assert isinstance(refused, Refused)
        assert refused.code == "unsupported"
    assert len((await stage.exchange.read("")).orders) == 0
