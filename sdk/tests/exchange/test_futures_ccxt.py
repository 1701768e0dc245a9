"""The unmodified client of ccxt trades contracts on the exchange, and hears what the exchange does by itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import pytest

from sniper_sdk.exchange import Account, VirtualClock
from sniper_sdk.exchange.amounts import UNIT
from sniper_sdk.exchange.faults import USER, ExchangeFault, Fault
from sniper_sdk.exchange.futures import Contract, FuturesServer

ccxt = pytest.importorskip("ccxt")
pro = pytest.importorskip("ccxt.pro")

Client = Any
"""Any: ccxt's client, which has no useful types."""
PAIR = "BTC/USDT:USDT"
SOON = 10
REFUSED = ccxt.ExchangeError
"""ccxt tells errors of futures apart by Binance's own host name alone; here it knows their codes."""


@pytest.fixture
async def server() -> AsyncIterator[FuturesServer]:
    async with FuturesServer([Contract.of("BTC"), Contract.of("ETH")], clock=VirtualClock()) as running:
        running.trade("BTCUSDT", "100", "1", side="BUY")
        running.quote("BTCUSDT", bid="99.9", ask="100.1", quantity="50")
        yield running


@pytest.fixture
def account(server: FuturesServer) -> Account:
    return server.account("me", USDT="1000")


@pytest.fixture(params=["binanceusdm", "binance"])
async def client(server: FuturesServer, account: Account, request: Any) -> AsyncIterator[Client]:
    made = getattr(pro, request.param)(server.ccxt_config(account))
    made.milliseconds = server.clock.milliseconds
    yield made
    await made.close()


async def soon(waited: Awaitable[Any]) -> Any:
    """Any: what it brings."""
    return await asyncio.wait_for(waited, SOON)


async def watching(server: FuturesServer, client: Client, method: str, *given: Any) -> "asyncio.Task[Any]":
    """A stream that has begun. Any: what it tells."""
    task = asyncio.create_task(getattr(client, method)(*given))

    async def attached() -> bool:
        await asyncio.sleep(0.01)
        return any(each.users for each in server.streams.connections)

    async with asyncio.timeout(SOON):
        while not await attached():
            pass
    return task


async def position(client: Client) -> dict[str, Any]:
    return dict((await client.fetch_positions([PAIR]))[0])


async def test_it_reads_the_markets(client: Client, server: FuturesServer) -> None:
    markets = await client.load_markets()
    assert set(markets) == {PAIR, "ETH/USDT:USDT"}
    market = markets[PAIR]
    assert (market["swap"], market["linear"], market["settle"], market["contractSize"]) == (True, True, "USDT", 1)
    assert (market["precision"]["amount"], market["precision"]["price"]) == (0.001, 0.1)
    assert market["limits"]["cost"]["min"] == 5
    book = await client.fetch_order_book(PAIR)
    assert (book["bids"], book["asks"]) == ([[99.9, 50.0]], [[100.1, 50.0]])
    server.mark("BTCUSDT", "101.25")
    server.rate("BTCUSDT", "-0.0001")
    rate = await client.fetch_funding_rate(PAIR)
    assert (rate["markPrice"], rate["fundingRate"]) == (101.25, -0.0001)
    assert [trade["price"] for trade in await client.fetch_trades(PAIR)] == [100.0]


async def test_a_position_is_opened_turned_and_closed(client: Client, account: Account) -> None:
    await client.set_leverage(10, PAIR)
    bought = await client.create_order(PAIR, "market", "buy", 10)
    assert (bought["status"], bought["filled"], bought["average"]) == ("closed", 10.0, 100.1)
    held = await position(client)
    assert (held["side"], held["contracts"], held["entryPrice"]) == ("long", 10.0, 100.1)
    assert (await client.fetch_leverage(PAIR))["longLeverage"] == 10
    assert held["unrealizedPnl"] == 0, "the newest trade is the mark price"
    balance = await client.fetch_balance()
    assert balance["USDT"]["total"] == pytest.approx(1000 - 1001 * 0.0005)
    await client.create_order(PAIR, "market", "sell", 15)
    held = await position(client)
    assert (held["side"], held["contracts"], held["entryPrice"]) == ("short", 5.0, 99.9)
    await client.create_order(PAIR, "market", "buy", 5, params={"reduceOnly": True})
    assert await client.fetch_positions([PAIR]) == []
    profit = sum(trade["info"]["realizedPnl"] != "0.00000000" for trade in await client.fetch_my_trades(PAIR))
    assert profit == 2
    assert account.balance("USDT").free == 1000 * UNIT - 3 * UNIT - round(3000.0 * 0.0005 * UNIT)


async def test_what_only_reduces_is_refused_where_nothing_is_held_and_cut_to_what_is(client: Client) -> None:
    with pytest.raises(REFUSED, match="-2022"):
        await client.create_order(PAIR, "market", "sell", 1, params={"reduceOnly": True})
    await client.create_order(PAIR, "market", "buy", 2)
    sold = await client.create_order(PAIR, "market", "sell", 5, params={"reduceOnly": True})
    assert sold["filled"] == 2.0
    assert await client.fetch_positions([PAIR]) == []


async def test_what_the_margin_does_not_cover_is_refused(client: Client) -> None:
    await client.set_leverage(1, PAIR)
    with pytest.raises(REFUSED, match="-2019"):
        await client.create_order(PAIR, "limit", "buy", 11, 99)
    await client.set_leverage(2, PAIR)
    order = await client.create_order(PAIR, "limit", "buy", 11, 99)
    assert order["status"] == "open"
    assert (await client.fetch_balance())["USDT"]["free"] == pytest.approx(1000 - 11 * 99 / 2)


async def test_post_only_orders_rest_or_are_refused(client: Client) -> None:
    resting = await client.create_order(PAIR, "limit", "buy", 1, 99, {"postOnly": True, "clientOrderId": "mine"})
    assert (resting["timeInForce"], resting["clientOrderId"]) == ("PO", "mine")
    with pytest.raises(REFUSED, match="-5022"):
        await client.create_order(PAIR, "limit", "buy", 1, 101, {"postOnly": True})
    with pytest.raises(REFUSED, match="-4116"):
        await client.create_order(PAIR, "limit", "buy", 1, 98, {"clientOrderId": "mine"})
    found = await client.fetch_order(None, PAIR, {"clientOrderId": "mine"})
    assert found["status"] == "open"
    gone = await client.cancel_order(None, PAIR, {"clientOrderId": "mine"})
    assert gone["status"] == "canceled"
    with pytest.raises(ccxt.OrderNotFound):
        await client.cancel_order(None, PAIR, {"clientOrderId": "mine"})


async def test_stops_are_algo_orders_that_close_at_the_market(client: Client, server: FuturesServer) -> None:
    await client.create_order(PAIR, "market", "buy", 2)
    stop = await client.create_order(PAIR, "market", "sell", 2, params={"stopLossPrice": 95, "clientOrderId": "stop"})
    assert stop["status"] == "open"
    close = {"takeProfitPrice": 110, "closePosition": True}
    await client.create_order(PAIR, "market", "sell", 2, params=close)
    assert len(await client.fetch_open_orders(PAIR, params={"trigger": True})) == 2
    server.quote("BTCUSDT", bid="94.9", ask="95.1", quantity="50")
    server.engine.set_level("BTCUSDT", *_level("BUY", "99.9", "0"))
    server.trade("BTCUSDT", "95", "1", side="SELL")
    assert await client.fetch_positions([PAIR]) == []
    assert (await client.fetch_order(None, PAIR, {"clientOrderId": "stop"}))["average"] == 94.9
    await client.cancel_all_orders(PAIR, {"trigger": True})
    assert await client.fetch_open_orders(PAIR, params={"trigger": True}) == []


def _level(side: str, price: str, quantity: str) -> tuple[Any, int, int]:
    from sniper_sdk.exchange.amounts import parse
    from sniper_sdk.exchange.order import Side

    return Side(side), parse(price), parse(quantity)


async def test_a_stop_at_the_endpoint_of_plain_orders_is_refused_as_binance_does(client: Client) -> None:
    await client.load_markets()
    with pytest.raises(ccxt.ExchangeError, match="-4120"):
        await client.fapiPrivatePostOrder(
            {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "stopPrice": "90", "quantity": "1"}
        )


async def test_funding_is_paid_every_eight_hours_and_told(client: Client, server: FuturesServer) -> None:
    await client.create_order(PAIR, "market", "sell", 5)
    server.mark("BTCUSDT", "100")
    server.rate("BTCUSDT", "0.0001")
    before = (await client.fetch_balance())["USDT"]["total"]
    server.clock.move(8 * 3600 * 10**9)  # type: ignore[attr-defined]  # it is a virtual one
    server.tick()
    (paid,) = await client.fetch_funding_history(PAIR)
    assert (paid["amount"], paid["code"]) == (0.05, "USDT")
    assert (await client.fetch_balance())["USDT"]["total"] == pytest.approx(before + 0.05)
    assert (await client.fetch_funding_rate_history(PAIR))[0]["fundingRate"] == 0.0001


async def test_orders_trades_and_positions_come_by_the_stream(client: Client, server: FuturesServer) -> None:
    orders = await watching(server, client, "watch_orders", PAIR)
    trades, positions = [await watching(server, client, f"watch_{what}") for what in ("my_trades", "positions")]
    await client.create_order(PAIR, "market", "buy", 1, params={"clientOrderId": "me"})
    assert (await soon(orders))[-1]["clientOrderId"] == "me"
    assert [(each["price"], each["amount"]) for each in await soon(trades)] == [(100.1, 1.0)]
    assert [(each["side"], each["contracts"]) for each in await soon(positions)] == [("long", 1.0)]


async def test_a_position_that_is_not_covered_is_liquidated(client: Client, server: FuturesServer) -> None:
    await client.set_leverage(50, PAIR)
    trades = await watching(server, client, "watch_my_trades")
    await client.create_order(PAIR, "market", "buy", 50)
    resting = await client.create_order(PAIR, "limit", "buy", 1, 80)
    await soon(trades)
    ratio = float((await position(client))["liquidationPrice"])
    assert ratio == pytest.approx((50 * 100.1 - 1000 + 2.5025) / (50 * (1 - 0.004)), abs=0.01)
    server.engine.set_level("BTCUSDT", *_level("BUY", "99.9", "0"))
    server.mark("BTCUSDT", "80.5")
    assert (await position(client))["contracts"] == 50.0
    server.mark("BTCUSDT", "80.3")
    assert await client.fetch_positions([PAIR]) == []
    assert (await client.fetch_order(resting["id"], PAIR))["status"] == "canceled"
    (forced,) = await client.fetch_my_liquidations(PAIR)
    assert (forced["contracts"], forced["price"]) == (50.0, 80.3)
    assert server.engine.ledger.total("USDT") == 1000 * UNIT


async def test_isolated_margin_is_all_that_a_position_can_lose(client: Client, server: FuturesServer) -> None:
    await client.set_margin_mode("isolated", PAIR)
    await client.set_leverage(10, PAIR)
    await client.create_order(PAIR, "market", "buy", 10)
    held = await position(client)
    assert (held["marginMode"], held["collateral"]) == ("isolated", pytest.approx(100.1))
    server.engine.set_level("BTCUSDT", *_level("BUY", "99.9", "0"))
    server.mark("BTCUSDT", "50")
    assert await client.fetch_positions([PAIR]) == []
    lost = 1000 - (await client.fetch_balance())["USDT"]["total"]
    assert lost == pytest.approx(100.1 + 0.5005 + 0.25, abs=0.01), "its margin, and the fees"


async def test_a_listen_key_ends_where_nobody_keeps_it_alive(client: Client, server: FuturesServer) -> None:
    await watching(server, client, "watch_orders", PAIR)
    server.clock.move(3599 * 10**9)  # type: ignore[attr-defined]  # it is a virtual one
    await client.fapiPrivatePutListenKey()
    server.clock.move(3599 * 10**9)  # type: ignore[attr-defined]
    server.tick()
    assert server.listen_keys.of("me")
    server.clock.move(2 * 10**9)  # type: ignore[attr-defined]
    server.tick()
    assert not server.listen_keys.of("me")
    with pytest.raises(ccxt.ExchangeError, match="-1125"):
        await client.fapiPrivatePutListenKey()


async def test_faults_come_here_as_on_the_spot_market(client: Client, server: FuturesServer) -> None:
    await client.load_markets()
    server.faults.add(Fault(ExchangeFault.UNKNOWN, methods={"order.place"}, times=1))
    with pytest.raises(ccxt.BaseError, match="-1007"):
        await client.create_order(PAIR, "market", "buy", 1, params={"clientOrderId": "lost"})
    assert (await client.fetch_order(None, PAIR, {"clientOrderId": "lost"}))["filled"] == 1.0
    server.faults.add(Fault(ExchangeFault.TOO_MANY, methods={"positionRisk"}, times=1))
    with pytest.raises(ccxt.DDoSProtection):
        await client.fetch_positions([PAIR])
    server.faults.add(Fault(ExchangeFault.PARTIAL, methods={"order.place"}, times=1))
    half = await client.create_order(PAIR, "limit", "buy", 2, 99)
    assert (await client.fetch_order(half["id"], PAIR))["filled"] == 1.0
    server.faults.add(Fault(ExchangeFault.TWICE, methods={USER}))
    twice = await watching(server, client, "watch_my_trades")
    await client.create_order(PAIR, "market", "buy", 1)
    assert {each["amount"] for each in await soon(twice)} == {1.0}


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (ExchangeFault.ERROR, "-1001"),
        (ExchangeFault.MAINTENANCE, "maintenance"),
        (ExchangeFault.TOO_MANY, "429"),
        (ExchangeFault.BANNED, "418"),
        (ExchangeFault.REJECT, "-2010"),
        (ExchangeFault.CUT, ""),
        (ExchangeFault.DEAF, ""),
    ],
)
async def test_each_fault_of_a_request_comes_and_is_done_or_not(
    server: FuturesServer, account: Account, kind: ExchangeFault, said: str
) -> None:
    client = pro.binanceusdm(server.ccxt_config(account))
    client.milliseconds = server.clock.milliseconds
    try:
        await client.load_markets()
        server.faults.add(Fault(kind, methods={"order.place"}, times=1))
        with pytest.raises(ccxt.BaseError, match=said or None):
            await client.create_order(PAIR, "market", "buy", 1)
        assert server.engine.position(account, "BTCUSDT").amount == (UNIT if kind is ExchangeFault.CUT else 0)
    finally:
        await client.close()


async def test_a_cancellation_that_is_rejected_leaves_the_order(client: Client, server: FuturesServer) -> None:
    order = await client.create_order(PAIR, "limit", "buy", 1, 99)
    server.faults.add(Fault(ExchangeFault.REJECT, methods={"order.cancel"}, times=1))
    with pytest.raises(ccxt.OrderNotFound):
        await client.cancel_order(order["id"], PAIR)
    assert (await client.fetch_order(order["id"], PAIR))["status"] == "open"


async def test_a_clock_that_is_off_is_refused(client: Client, server: FuturesServer) -> None:
    await client.load_markets()
    server.clock.skew_ns = 60 * 10**9
    client.milliseconds = lambda: server.clock.milliseconds() - 60_000
    with pytest.raises(ccxt.InvalidNonce):
        await client.fetch_balance()


async def test_a_future_is_settled_at_its_delivery() -> None:
    clock = VirtualClock()
    soon_ms = clock.milliseconds() + 1_000
    quarterly = Contract(**{**vars(Contract.of("BTC")), "delivery_ms": soon_ms})
    async with FuturesServer([quarterly], clock=clock) as exchange:
        name = quarterly.name
        exchange.quote(name, bid="99.9", ask="100.1")
        client = pro.binanceusdm(exchange.ccxt_config(exchange.account("me", USDT="1000")))
        try:
            client.milliseconds = clock.milliseconds
            (symbol,) = await client.load_markets()
            assert client.market(symbol)["future"]
            await client.create_order(symbol, "market", "buy", 1)
            exchange.mark(name, "105")
            await exchange.advance(1.1)
            assert await client.fetch_positions([symbol]) == []
            assert [each["price"] for each in await client.fetch_my_trades(symbol)] == [100.1, 105.0]
            with pytest.raises(ccxt.ExchangeError):
                await client.create_order(symbol, "market", "buy", 1)
        finally:
            await client.close()
