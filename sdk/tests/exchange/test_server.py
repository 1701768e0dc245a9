"""The exchange's doors without a client of somebody else's: time that a test moves, recorded markets, strictness."""

import hashlib
import hmac
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper_sdk.exchange import (
    DEPTH,
    Account,
    ExchangeFault,
    ExchangeServer,
    Fault,
    Faults,
    Symbol,
    VirtualClock,
    generated,
    record,
    recorded,
)
from sniper_sdk.exchange.amounts import UNIT
from sniper_sdk.exchange.order import Side
from sniper_sdk.exchange.recording import Levels, Print, RecordingError

BTC = Symbol.of("BTC", "USDT")
DATA = Path(os.environ.get("SNIPER_DATA", Path(__file__).parents[3] / ".." / "shared" / "data")) / "market"
Json = Any
"""Any: JSON."""


@pytest.fixture
async def exchange() -> AsyncIterator[ExchangeServer]:
    async with ExchangeServer([BTC], clock=VirtualClock()) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def ask(
    http: aiohttp.ClientSession, exchange: ExchangeServer, account: Account, method: str, path: str, **given: str
) -> tuple[int, Json]:
    """A signed request: status and answer."""
    query = "&".join(f"{name}={value}" for name, value in given.items())
    query += f"&timestamp={exchange.clock.milliseconds()}"
    signature = hmac.new(account.secret.encode(), query.lstrip("&").encode(), hashlib.sha256).hexdigest()
    url = f"{exchange.url}/api/v3/{path}?{query.lstrip('&')}&signature={signature}"
    async with http.request(method, url, headers={"X-MBX-APIKEY": account.key}) as response:
        return response.status, await response.json()


async def test_nothing_happens_until_its_time_is_moved(exchange: ExchangeServer, http: aiohttp.ClientSession) -> None:
    exchange.play("BTCUSDT", generated(BTC, seed=3, start_ns=0, seconds=10, price=100 * UNIT))
    url = f"{exchange.url}/api/v3/depth?symbol=BTCUSDT"
    async with http.get(url) as response:
        before = await response.json()
    async with http.get(url) as response:
        assert await response.json() == before
    await exchange.advance(1)
    async with http.get(url) as response:
        after = await response.json()
    assert after["lastUpdateId"] > before["lastUpdateId"]
    async with http.get(f"{exchange.url}/api/v3/time") as response:
        assert await response.json() == {"serverTime": 1_700_000_001_000}


async def test_the_same_seed_makes_the_same_market_and_the_same_fills(http: aiohttp.ClientSession) -> None:
    async def run() -> Json:
        async with ExchangeServer([BTC], clock=VirtualClock()) as exchange:
            account = exchange.account("me", BTC="10", USDT="10000")
            exchange.play("BTCUSDT", generated(BTC, seed=5, start_ns=0, seconds=30, price=100 * UNIT))
            order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "2"}
            status, _ = await ask(http, exchange, account, "POST", "order", **order, price="99.99")
            assert status == 200
            await exchange.advance(30)
            _, trades = await ask(http, exchange, account, "GET", "myTrades", symbol="BTCUSDT")
            return trades

    first = await run()
    assert first
    assert await run() == first


async def test_diffs_of_the_book_join_without_a_gap_and_lead_to_it(
    exchange: ExchangeServer, http: aiohttp.ClientSession
) -> None:
    async with http.ws_connect(f"{exchange.ws_url}/stream?streams=btcusdt@depth@100ms/btcusdt@depth5@100ms") as socket:
        exchange.play("BTCUSDT", generated(BTC, seed=4, start_ns=0, seconds=5, price=100 * UNIT))
        await exchange.advance(5)
        book: dict[str, dict[str, str]] = {"b": {}, "a": {}}
        last, partial = 1, None
        while last < exchange.engine.markets["BTCUSDT"].book.update_id or partial is None:
            told = json.loads((await socket.receive(timeout=10)).data)
            if told["stream"].endswith("depth5@100ms"):
                partial = told["data"]
                continue
            assert told["data"]["U"] == last + 1
            last = told["data"]["u"]
            for half, levels in book.items():
                levels |= dict(told["data"][half])
    async with http.get(f"{exchange.url}/api/v3/depth?symbol=BTCUSDT&limit=1000") as response:
        rest = await response.json()
    for half, name in (("b", "bids"), ("a", "asks")):
        assert {price: size for price, size in book[half].items() if float(size)} == dict(rest[name])
    assert len(partial["bids"]) == 5


async def test_a_listen_key_opens_a_user_stream(exchange: ExchangeServer, http: aiohttp.ClientSession) -> None:
    account = exchange.account("me", USDT="1000")
    async with http.post(f"{exchange.url}/api/v3/userDataStream", headers={"X-MBX-APIKEY": account.key}) as response:
        listen_key = (await response.json())["listenKey"]
    async with http.ws_connect(f"{exchange.ws_url}/ws/{listen_key}") as socket:
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1"}
        _, placed = await ask(http, exchange, account, "POST", "order", **order, price="100")
        report = json.loads((await socket.receive(timeout=10)).data)
        balances = json.loads((await socket.receive(timeout=10)).data)
    assert (report["e"], report["i"], report["x"], report["X"]) == ("executionReport", placed["orderId"], "NEW", "NEW")
    assert balances["B"] == [{"a": "USDT", "f": "900.00000000", "l": "100.00000000"}]


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ({"side": "BUY"}, -1102),
        ({"side": "UP"}, -1117),
        ({"type": "ODD"}, -1116),
        ({"timeInForce": "DAY"}, -1115),
        ({"quantity": "1.123456789"}, -1111),
        ({"quantity": "one"}, -1100),
        ({"quantity": "-1"}, -1100),
        ({"symbol": "NOPE"}, -1121),
        ({"newClientOrderId": "with space"}, -1100),
        ({"type": "MARKET"}, -1106),
        ({"recvWindow": "70000"}, -1131),
    ],
)
async def test_parameters_that_are_wrong_have_their_numbers(
    exchange: ExchangeServer, http: aiohttp.ClientSession, given: dict[str, str], number: int
) -> None:
    account = exchange.account("me", USDT="1000")
    asked = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": "100"}
    asked = asked | given if number != -1102 else {"symbol": "BTCUSDT", **given}
    asked = {name: value.replace(" ", "%20") for name, value in asked.items()}
    status, told = await ask(http, exchange, account, "POST", "order", **asked)
    assert (status, told["code"]) == (400, number)
    assert exchange.engine.orders == {}


async def test_whoever_goes_on_after_429_is_banned(exchange: ExchangeServer, http: aiohttp.ClientSession) -> None:
    exchange.limits.weight = 3
    seen = []
    for _ in range(20):
        async with http.get(f"{exchange.url}/api/v3/ping") as response:
            seen.append(response.status)
            assert response.status == 200 or int(response.headers["Retry-After"]) > 0
    assert sorted(set(seen)) == [200, 418, 429]
    await exchange.advance(0)
    exchange.clock.skew_ns = 200 * 10**9
    async with http.get(f"{exchange.url}/api/v3/ping") as response:
        assert response.status == 200


async def test_an_outage_keeps_orders_and_port(exchange: ExchangeServer, http: aiohttp.ClientSession) -> None:
    account, url = exchange.account("me", USDT="1000"), exchange.url
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1"}
    await ask(http, exchange, account, "POST", "order", **order, price="100")
    await exchange.stop()
    with pytest.raises(aiohttp.ClientError):
        await ask(http, exchange, account, "GET", "openOrders")
    await exchange.start()
    _, found = await ask(http, exchange, account, "GET", "openOrders")
    assert (len(found), exchange.url) == (1, url)


# recordings


def test_a_recording_reads_as_it_was_written(tmp_path: Path) -> None:
    events = list(generated(BTC, seed=1, start_ns=10**18, seconds=3, price=100 * UNIT))
    record(tmp_path / "market.gz", "BTCUSDT", events)
    assert list(recorded(tmp_path / "market.gz")) == events
    assert {type(each) for each in events} == {Levels, Print}


def test_a_line_that_is_no_recording_is_named(tmp_path: Path) -> None:
    path = tmp_path / "market.txt"
    path.write_text('5 {"lastUpdateId": 3, "bids": [["1", "x"]], "asks": []}\n')
    with pytest.raises(RecordingError, match=r"market.txt:1 is no line"):
        list(recorded(path))


@pytest.mark.skipif(not DATA.exists(), reason=f"there is no {DATA}: SNIPER_DATA names the folder of evaluation data")
@pytest.mark.parametrize(
    ("name", "symbol"),
    [("binance_spot_l2_btcusdt_20240808.gz", BTC), ("binance_usdm_l2_btcusdt_20240808.gz", BTC)],
)
async def test_a_book_that_was_recorded_is_played(name: str, symbol: Symbol) -> None:
    async with ExchangeServer([symbol], clock=VirtualClock()) as exchange:
        account = exchange.account("me", BTC="10", USDT="1000000")
        playback = exchange.play("BTCUSDT", recorded(DATA / name))
        await exchange.advance(1)
        book = exchange.engine.markets["BTCUSDT"].book
        assert len(book.depth(Side.BUY, 100)) == 100
        await exchange.advance(10)
        assert exchange.engine.markets["BTCUSDT"].trade_id > 10
        bid, ask_ = book.bids.best, book.asks.best
        assert bid is not None
        assert ask_ is not None
        assert bid < ask_
        assert not playback.over
        assert exchange.engine.ledger.total("BTC") == 10 * UNIT
        assert account.balance("BTC").free == 10 * UNIT


# faults


@given(st.integers(0, 2**32), st.lists(st.sampled_from(["order.place", "depth", DEPTH]), max_size=40))
def test_faults_follow_from_seed_and_schedule_alone(seed: int, methods: list[str]) -> None:
    first, second = Faults(seed), Faults(seed)
    for faults in (first, second):
        faults.add(Fault(ExchangeFault.CUT, percent=30))
    for method in methods:
        first.draw(method)
    for method in sorted(methods):
        second.draw(method)
    assert set(first.fired) == set(second.fired)
    again = Faults(written=first.fired)
    for method in methods:
        again.draw(method)
    assert again.fired == first.fired


def test_a_written_schedule_is_read_again(tmp_path: Path) -> None:
    faults = Faults(7, log=tmp_path / "faults.jsonl")
    faults.add(Fault(ExchangeFault.UNKNOWN, methods={"order.place"}, percent=50))
    for _ in range(20):
        faults.draw("order.place")
    again = Faults.again(tmp_path / "faults.jsonl")
    for _ in range(20):
        again.draw("order.place")
    assert again.fired == faults.fired != []
