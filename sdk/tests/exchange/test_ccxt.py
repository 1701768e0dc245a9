"""The unmodified client of ccxt trades on the exchange, and meets every fault of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from sniper_sdk.exchange import Account, Symbol
from sniper_sdk.exchange.amounts import UNIT
from sniper_sdk.exchange.faults import DEPTH, USER, ExchangeFault, Fault
from sniper_sdk.exchange.generated import generated
from sniper_sdk.exchange.order import Side
from sniper_sdk.exchange.server import ExchangeServer

ccxt = pytest.importorskip("ccxt")
pro = pytest.importorskip("ccxt.pro")

Client = Any
"""Any: ccxt's client, which has no useful types."""
PAIR = "BTC/USDT"
SOON = 10


@pytest.fixture
async def server() -> AsyncIterator[ExchangeServer]:
    async with ExchangeServer([Symbol.of("BTC", "USDT"), Symbol.of("ETH", "USDT")]) as running:
        running.trade("BTCUSDT", "100", "1", side="BUY")
        running.quote("BTCUSDT", bid="99", ask="101", quantity="10")
        yield running


@pytest.fixture
def account(server: ExchangeServer) -> Account:
    return server.account("me", BTC="10", USDT="10000")


@pytest.fixture
async def client(server: ExchangeServer, account: Account) -> AsyncIterator[Client]:
    made = pro.binance(server.ccxt_config(account))
    yield made
    await made.close()


async def soon(waited: Awaitable[Any]) -> Any:
    """Any: what it brings."""
    return await asyncio.wait_for(waited, SOON)


async def until(ask: Callable[[], Awaitable[Any]], holds: Callable[[Any], bool]) -> Any:
    """Any: the first of its answers that is so."""
    async with asyncio.timeout(SOON):
        while not holds(found := await ask()):
            pass
    return found


async def user_stream(client: Client) -> "asyncio.Task[Any]":
    """A subscription that is confirmed. Any: orders."""
    await client.load_markets()
    await soon(client.authenticate())
    waiting = asyncio.create_task(client.watch_orders())
    await asyncio.sleep(0)
    return waiting


async def test_it_reads_the_markets(client: Client) -> None:
    markets = await client.load_markets()
    assert set(markets) == {PAIR, "ETH/USDT"}
    precision = markets[PAIR]["precision"]
    assert (precision["amount"], precision["price"]) == (1e-05, 0.01)
    assert markets[PAIR]["limits"]["cost"]["min"] == 5
    book = await client.fetch_order_book(PAIR)
    assert (book["bids"], book["asks"]) == ([[99.0, 10.0]], [[101.0, 10.0]])
    assert [trade["price"] for trade in await client.fetch_trades(PAIR)] == [100.0]
    assert [bar[1:6] for bar in await client.fetch_ohlcv(PAIR, "1m")] == [[100.0, 100.0, 100.0, 100.0, 1.0]]
    assert (await client.fetch_ticker(PAIR))["last"] == 100.0
    assert (await client.fetch_bids_asks([PAIR]))[PAIR]["ask"] == 101.0
    assert abs(await client.fetch_time() - client.milliseconds()) < 60_000


async def test_an_order_is_placed_seen_and_canceled(client: Client) -> None:
    placed = await client.create_order(PAIR, "limit", "buy", 1, 98, {"clientOrderId": "mine-1"})
    assert (placed["status"], placed["clientOrderId"], placed["filled"]) == ("open", "mine-1", 0)
    assert (await client.fetch_balance())["USDT"] == {"free": 9902.0, "used": 98.0, "total": 10000.0}
    assert [order["id"] for order in await client.fetch_open_orders(PAIR)] == [placed["id"]]
    found = await client.fetch_order(None, PAIR, {"clientOrderId": "mine-1"})
    assert found["id"] == placed["id"]
    assert (await client.cancel_order(placed["id"], PAIR))["status"] == "canceled"
    assert (await client.fetch_order(placed["id"], PAIR))["status"] == "canceled"
    assert (await client.fetch_balance())["USDT"]["used"] == 0


@pytest.mark.parametrize(
    ("kind", "side", "price", "params", "status"),
    [
        ("market", "buy", None, {}, "closed"),
        ("market", "buy", None, {"cost": 50}, "closed"),
        ("limit", "sell", 99, {"timeInForce": "IOC"}, "closed"),
        ("limit", "sell", 100, {"timeInForce": "FOK"}, "expired"),
        ("limit", "sell", 105, {"postOnly": True}, "open"),
        ("limit", "sell", 105, {"icebergAmount": 0.5}, "open"),
        ("market", "sell", None, {"stopLossPrice": 90}, "open"),
        ("limit", "sell", 89, {"stopLossPrice": 90}, "open"),
        ("market", "sell", None, {"takeProfitPrice": 110}, "open"),
        ("limit", "sell", 111, {"takeProfitPrice": 110}, "open"),
        ("market", "sell", None, {"trailingPercent": 5, "stopLossOrTakeProfit": "stopLoss"}, "open"),
        ("limit", "sell", 105, {"selfTradePrevention": "EXPIRE_BOTH"}, "open"),
    ],
)
async def test_each_kind_of_order_is_taken(
    client: Client, kind: str, side: str, price: float | None, params: dict[str, Any], status: str
) -> None:
    placed = await client.create_order(PAIR, kind, side, 1, price, params)
    assert (await client.fetch_order(placed["id"], PAIR))["status"] == status


async def test_fills_and_fees_are_told(client: Client) -> None:
    order = await client.create_order(PAIR, "market", "buy", 1)
    assert (order["average"], order["filled"], order["fee"]) == (101.0, 1.0, {"currency": "BTC", "cost": 0.001})
    (trade,) = await client.fetch_my_trades(PAIR)
    assert (trade["order"], trade["takerOrMaker"], trade["cost"]) == (order["id"], "taker", 101.0)
    assert (await client.fetch_balance())["BTC"]["free"] == 10.999


async def test_an_order_is_replaced(client: Client) -> None:
    placed = await client.create_order(PAIR, "limit", "buy", 1, 98)
    edited = await client.edit_order(placed["id"], PAIR, "limit", "buy", 1, 97)
    assert edited["price"] == 97.0
    assert [order["id"] for order in await client.fetch_open_orders(PAIR)] == [edited["id"]]


async def test_an_oco_is_placed_and_canceled(client: Client) -> None:
    await client.load_markets()
    asked = {
        "symbol": "BTCUSDT", "side": "SELL", "quantity": "1", "aboveType": "LIMIT_MAKER", "abovePrice": "110",
        "belowType": "STOP_LOSS", "belowStopPrice": "90",
    }  # fmt: skip
    told = await client.private_post_orderlist_oco(asked)
    assert len(await client.fetch_open_orders(PAIR)) == 2
    assert (await client.fetch_balance())["BTC"]["used"] == 1
    await client.private_delete_orderlist({"symbol": "BTCUSDT", "orderListId": told["orderListId"]})
    assert await client.fetch_open_orders(PAIR) == []


@pytest.mark.parametrize(
    ("order", "error"),
    [
        ((PAIR, "limit", "buy", 1000, 98), "InsufficientFunds"),
        ((PAIR, "limit", "buy", 1, 102, {"postOnly": True}), "OrderImmediatelyFillable"),
        ((PAIR, "market", "sell", 1, None, {"stopLossPrice": 150}), "OrderImmediatelyFillable"),
        ((PAIR, "limit", "buy", 0.01, 98), "ExchangeError"),
    ],
)
async def test_what_is_refused_is_said_in_words_that_it_knows(
    client: Client, order: tuple[Any, ...], error: str
) -> None:
    with pytest.raises(getattr(ccxt, error)):
        await client.create_order(*order)


async def test_orders_that_are_not_there_have_their_own_errors(client: Client, server: ExchangeServer) -> None:
    with pytest.raises(ccxt.OrderNotFound, match="-2011"):
        await client.cancel_order("12345", PAIR)
    with pytest.raises(ccxt.OrderNotFound, match="-2013"):
        await client.fetch_order("12345", PAIR)


async def test_a_wrong_secret_or_time_is_refused(client: Client, server: ExchangeServer) -> None:
    await client.load_markets()
    server.clock.skew_ns = 60 * 10**9
    with pytest.raises(ccxt.InvalidNonce, match="-1021"):
        await client.fetch_balance()
    await client.load_time_difference()
    assert (await client.fetch_balance())["BTC"]["free"] == 10
    client.secret = "another"
    with pytest.raises(ccxt.AuthenticationError, match="-1022"):
        await client.fetch_balance()


async def test_limits_are_told_and_kept(client: Client, server: ExchangeServer) -> None:
    await client.load_markets()
    assert int(client.last_response_headers["X-MBX-USED-WEIGHT-1M"]) == 20
    server.limits.orders_10s = 0
    with pytest.raises(ccxt.DDoSProtection, match="-1015"):
        await client.create_order(PAIR, "limit", "buy", 1, 98)
    server.limits.weight = 0
    with pytest.raises(ccxt.DDoSProtection, match="-1003"):
        await client.fetch_order_book(PAIR)
    assert int(client.last_response_headers["Retry-After"]) <= 60


# streams


async def test_a_book_follows_the_exchange(client: Client, server: ExchangeServer) -> None:
    book = await soon(client.watch_order_book(PAIR))
    for number in range(20):
        server.engine.set_level("BTCUSDT", Side.BUY, (98 - number) * UNIT, (number + 1) * UNIT)
        server.streams.tick()
    await until(lambda: client.watch_order_book(PAIR), lambda seen: len(seen["bids"]) == 21)
    rest = await client.fetch_order_book(PAIR)
    book = client.orderbooks[PAIR]
    assert ([list(each) for each in book["bids"]], book["nonce"]) == (rest["bids"], rest["nonce"])


async def test_trades_quotes_and_bars_are_seen(client: Client, server: ExchangeServer) -> None:
    await client.load_markets()
    watched = [
        asyncio.create_task(client.watch_trades(PAIR)),
        asyncio.create_task(client.watch_ohlcv(PAIR, "1m")),
        asyncio.create_task(client.watch_ticker(PAIR)),
        asyncio.create_task(client.watch_bids_asks([PAIR])),
    ]

    async def all_came() -> bool:
        server.engine.traded("BTCUSDT", 100 * UNIT, UNIT, buyer_is_maker=True)
        server.engine.set_level("BTCUSDT", Side.BUY, 99 * UNIT, len(server.engine.markets["BTCUSDT"].trades) * UNIT)
        await asyncio.sleep(0.01)
        return all(each.done() for each in watched)

    await until(all_came, bool)
    trades, bars, ticker, quotes = [each.result() for each in watched]
    assert (trades[0]["price"], trades[0]["side"]) == (100.0, "sell")
    assert (bars[0][4], ticker["last"]) == (100.0, 100.0)
    assert quotes[PAIR]["ask"] == 101.0


async def test_own_orders_and_balances_are_told(client: Client, server: ExchangeServer) -> None:
    waiting = await user_stream(client)
    placed = await client.create_order(PAIR, "limit", "buy", 1, 98, {"clientOrderId": "mine-2"})
    (seen,) = await soon(waiting)
    assert (seen["id"], seen["clientOrderId"], seen["status"]) == (placed["id"], "mine-2", "open")
    balance, trades = asyncio.create_task(client.watch_balance()), asyncio.create_task(client.watch_my_trades(PAIR))
    await asyncio.sleep(0)
    server.engine.traded("BTCUSDT", 98 * UNIT, UNIT // 2, buyer_is_maker=True)
    (fill,) = await soon(trades)
    assert (fill["order"], fill["amount"], fill["takerOrMaker"]) == (placed["id"], 0.5, "maker")
    found = await until(
        lambda: soon(_or_known(balance, client)), lambda seen: seen.get("BTC", {}).get("free") == 10.4995
    )
    assert found["USDT"]["used"] == 49.0
    await client.cancel_order(placed["id"], PAIR)
    orders = await until(_seen(client), lambda seen: seen["status"] == "canceled")
    assert (orders["filled"], orders["clientOrderId"]) == (0.5, "mine-2")


async def _or_known(balance: "asyncio.Task[Any]", client: Client) -> Any:
    """Any: a balance, as the client knows it."""
    await balance
    await asyncio.sleep(0.001)
    return client.balance["spot"]


def _seen(client: Client) -> Callable[[], Awaitable[Any]]:
    """The newest order that the client knows. Any: an order."""

    async def ask() -> Any:
        await asyncio.sleep(0.001)
        return client.orders[-1]

    return ask


async def test_orders_go_over_the_websocket_too(client: Client) -> None:
    placed = await soon(client.create_order_ws(PAIR, "limit", "buy", 1, 98))
    assert (await soon(client.fetch_order_ws(placed["id"], PAIR)))["status"] == "open"
    assert (await soon(client.cancel_order_ws(placed["id"], PAIR)))["status"] == "canceled"
    told = (await soon(client.fetch_balance_ws()))["info"]["balances"]  # ccxt reads them as those of futures
    assert told[0] == {"asset": "BTC", "free": "10.00000000", "locked": "0.00000000"}
    with pytest.raises(ccxt.InsufficientFunds):
        await soon(client.create_order_ws(PAIR, "limit", "buy", 1000, 98))


# faults

PLACE = {"order.place"}


async def own_orders(client: Client, client_id: str) -> list[Any]:
    """Any: orders of ccxt. How an unknown outcome is resolved."""
    try:
        return [await client.fetch_order(None, PAIR, {"clientOrderId": client_id})]
    except ccxt.OrderNotFound:
        return []


@pytest.mark.parametrize(
    ("kind", "error", "done"),
    [
        (ExchangeFault.CUT, "NetworkError", True),
        (ExchangeFault.DEAF, "NetworkError", False),
        (ExchangeFault.NEVER, "RequestTimeout", True),
        (ExchangeFault.UNKNOWN, "RequestTimeout", True),
        (ExchangeFault.ERROR, "ExchangeError", False),
        (ExchangeFault.TOO_MANY, "DDoSProtection", False),
        (ExchangeFault.BANNED, "DDoSProtection", False),
        (ExchangeFault.MAINTENANCE, "OnMaintenance", False),
        (ExchangeFault.REJECT, "ExchangeError", False),
    ],
)
async def test_an_unknown_outcome_is_found_out_by_client_id(
    client: Client, server: ExchangeServer, kind: ExchangeFault, error: str, done: bool
) -> None:
    await client.load_markets()
    client.timeout = 300
    server.faults.add(Fault(kind, methods=PLACE, times=1))
    with pytest.raises((getattr(ccxt, error), ccxt.OperationFailed)):
        await client.create_order(PAIR, "limit", "buy", 1, 98, {"clientOrderId": "lost"})
    client.timeout = 10_000
    assert len(await own_orders(client, "lost")) == done
    assert [fired.kind for fired in server.faults.fired] == [kind]


async def test_a_late_answer_comes_after_what_it_tells(client: Client, server: ExchangeServer) -> None:
    await client.load_markets()
    server.faults.add(Fault(ExchangeFault.LATE, methods=PLACE, seconds=0.2, times=1))
    placing = asyncio.create_task(client.create_order(PAIR, "limit", "buy", 1, 98, {"clientOrderId": "late"}))
    await until(lambda: own_orders(client, "late"), bool)
    assert not placing.done()
    assert (await soon(placing))["clientOrderId"] == "late"


async def test_a_cancellation_is_refused_though_the_order_is_open(client: Client, server: ExchangeServer) -> None:
    placed = await client.create_order(PAIR, "limit", "buy", 1, 98)
    server.faults.add(Fault(ExchangeFault.REJECT, methods={"order.cancel"}, times=1))
    with pytest.raises(ccxt.OrderNotFound):
        await client.cancel_order(placed["id"], PAIR)
    assert (await client.fetch_order(placed["id"], PAIR))["status"] == "open"
    await client.cancel_order(placed["id"], PAIR)


async def test_an_order_is_filled_in_part(client: Client, server: ExchangeServer) -> None:
    server.faults.add(Fault(ExchangeFault.PARTIAL, methods=PLACE, times=1))
    placed = await client.create_order(PAIR, "limit", "buy", 1, 98)
    found = await client.fetch_order(placed["id"], PAIR)
    assert (found["status"], found["filled"]) == ("open", 0.5)


async def test_a_fill_is_told_twice(client: Client, server: ExchangeServer) -> None:
    waiting = await user_stream(client)
    server.faults.add(Fault(ExchangeFault.TWICE, methods={USER}))
    await client.create_order(PAIR, "market", "buy", 1)
    await soon(waiting)

    async def trades() -> list[Any]:
        await asyncio.sleep(0.001)
        return list(client.myTrades or [])

    await until(trades, lambda seen: len(seen) >= 1)
    assert len({trade["id"] for trade in client.myTrades}) == 1
    assert [each.kind for each in server.faults.fired] == [ExchangeFault.TWICE] * len(server.faults.fired)
    assert (await client.fetch_balance())["BTC"]["free"] == 10.999


async def test_a_fill_that_is_told_late_is_on_the_exchange_already(client: Client, server: ExchangeServer) -> None:
    waiting = await user_stream(client)
    server.faults.add(Fault(ExchangeFault.LATE, methods={USER}, seconds=0.3))
    placed = await client.create_order(PAIR, "market", "buy", 1)
    assert placed["status"] == "closed"
    assert not waiting.done()
    await soon(waiting)


async def test_a_gap_in_the_book_is_noticed(client: Client, server: ExchangeServer) -> None:
    await soon(client.watch_order_book(PAIR))
    for number in range(3):
        server.engine.set_level("BTCUSDT", Side.BUY, (90 - number) * UNIT, UNIT)
        server.streams.tick()
    await until(lambda: client.watch_order_book(PAIR), lambda seen: len(seen["bids"]) == 4)
    server.faults.add(Fault(ExchangeFault.NEVER, methods={DEPTH}, times=1))
    for number in range(2):
        server.engine.set_level("BTCUSDT", Side.BUY, (80 - number) * UNIT, UNIT)
        server.streams.tick()
    with pytest.raises(ccxt.ChecksumError):
        await soon(client.watch_order_book(PAIR))
    book = await soon(client.watch_order_book(PAIR))
    assert len(book["bids"]) == 6


async def test_a_stream_that_breaks_is_told_and_comes_back(client: Client, server: ExchangeServer) -> None:
    await soon(client.watch_order_book(PAIR))
    waiting = asyncio.create_task(client.watch_order_book(PAIR))
    await asyncio.sleep(0)
    server.disconnect()
    with pytest.raises(ccxt.NetworkError):
        await soon(waiting)
    assert (await soon(client.watch_order_book(PAIR)))["bids"][0] == [99.0, 10.0]


async def test_a_generated_market_moves_the_book_of_the_client(client: Client, server: ExchangeServer) -> None:
    events = generated(Symbol.of("ETH", "USDT"), seed=1, start_ns=0, seconds=60, price=2000 * UNIT)
    server.play("ETHUSDT", events)
    first = await soon(client.watch_order_book("ETH/USDT"))
    nonce = first["nonce"]
    moved = await until(lambda: client.watch_order_book("ETH/USDT"), lambda seen: seen["nonce"] > nonce + 100)
    assert moved["bids"][0][0] < moved["asks"][0][0]


BUSY = (
    (ExchangeFault.CUT, {"order.place", "order.cancel"}),
    (ExchangeFault.UNKNOWN, {"order.place", "order.cancel"}),
    (ExchangeFault.ERROR, {"order.place"}),
    (ExchangeFault.DEAF, {"order.place"}),
    (ExchangeFault.TOO_MANY, {"order.status"}),
    (ExchangeFault.PARTIAL, {"order.place"}),
    (ExchangeFault.REJECT, {"order.cancel"}),
    (ExchangeFault.TWICE, {USER}),
    (ExchangeFault.NEVER, {USER, DEPTH}),
)


async def place_surely(client: Client, name: str, side: str, price: float) -> None:
    """An outcome that is not known is found out before the same order is sent again."""
    while True:
        with contextlib.suppress(ccxt.BaseError):
            await client.create_order(PAIR, "limit", side, 0.1, price, {"clientOrderId": name})
            return
        while True:
            try:
                await client.fetch_order(None, PAIR, {"clientOrderId": name})
            except ccxt.OrderNotFound:
                break
            except ccxt.BaseError:
                continue
            return


async def test_a_busy_run_with_all_faults_leaves_nothing_doubled_or_lost(
    client: Client, server: ExchangeServer
) -> None:
    await client.load_markets()
    for kind, methods in BUSY:
        server.faults.add(Fault(kind, methods=methods, percent=15))
    for number in range(60):
        side, price = ("buy", 99) if number % 2 else ("sell", 101)
        await place_surely(client, f"busy-{number}", side, price)
        server.trade("BTCUSDT", str(price), "0.7", side="SELL" if side == "buy" else "BUY")
        server.quote("BTCUSDT", bid="99", ask="101")
    server.faults.clear()
    orders = await client.fetch_orders(PAIR)
    assert sorted(order["clientOrderId"] for order in orders) == sorted(f"busy-{number}" for number in range(60))
    trades = await client.fetch_my_trades(PAIR)
    assert round(sum(trade["amount"] for trade in trades), 8) == round(sum(order["filled"] for order in orders), 8) > 0
    assert {each.kind for each in server.faults.fired} >= {kind for kind, methods in BUSY if "order.place" in methods}
    for asset in ("BTC", "USDT"):
        assert server.engine.ledger.total(asset) == server.engine.ledger.deposited[asset]
