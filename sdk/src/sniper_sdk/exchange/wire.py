"""Orders, trades and balances as Binance's JSON has them."""

from typing import Any

from sniper_sdk.exchange.accounts import Account
from sniper_sdk.exchange.amounts import show
from sniper_sdk.exchange.candles import Candle
from sniper_sdk.exchange.events import Balances, Execution, ListReport, OrderList, Quote, Report, Trade
from sniper_sdk.exchange.order import Fill, Order, OrderStatus

Json = dict[str, Any]
"""Any: JSON, whose shape is that of the documented answer."""


def ms(time_ns: int) -> int:
    """Milliseconds."""
    return time_ns // 10**6


def quantity(order: Order) -> int:
    """What was asked for; of an order by quote amount, what that bought."""
    return order.asked.quantity or order.executed


def _details(order: Order) -> Json:
    asked = order.asked
    told: Json = {
        "symbol": asked.symbol,
        "orderId": order.id,
        "orderListId": order.list_id,
        "clientOrderId": order.client_id,
        "price": show(asked.price),
        "origQty": show(quantity(order)),
        "executedQty": show(order.executed),
        "origQuoteOrderQty": show(asked.quote_quantity),
        "cummulativeQuoteQty": show(order.quote_executed),
        "status": order.status.value,
        "timeInForce": asked.time_in_force.value,
        "type": asked.type.value,
        "side": asked.side.value,
        "selfTradePreventionMode": asked.self_trade.value,
    }
    if asked.stop_price:
        told["stopPrice"] = show(asked.stop_price)
    if asked.shown:
        told["icebergQty"] = show(asked.shown)
    if asked.trailing:
        told["trailingDelta"] = asked.trailing
    if order.working:
        told["workingTime"] = ms(order.working)
    if order.prevented:
        told["preventedQuantity"] = show(order.prevented)
    return told


def queried(order: Order) -> Json:
    """The answer to a question about an order."""
    rest = {
        "stopPrice": show(order.asked.stop_price),
        "icebergQty": show(order.asked.shown),
        "time": ms(order.created),
        "updateTime": ms(order.updated),
        "isWorking": bool(order.working),
    }
    return _details(order) | rest


def placed(order: Order, how: str) -> Json:
    """The answer to a new order. ``how``: ACK, RESULT or FULL."""
    told = _details(order) | {"transactTime": ms(order.updated)}
    if how == "ACK":
        return {name: told[name] for name in ("symbol", "orderId", "orderListId", "clientOrderId", "transactTime")}
    return told | {"fills": [_part(fill) for fill in order.fills]} if how == "FULL" else told


def canceled(order: Order) -> Json:
    """The answer to a cancellation."""
    names = {"origClientOrderId": order.client_id, "clientOrderId": order.canceled_by or f"cancel{order.id}"}
    return _details(order) | names | {"transactTime": ms(order.updated)}


def _part(fill: Fill) -> Json:
    return {
        "price": show(fill.price),
        "qty": show(fill.quantity),
        "commission": show(fill.fee),
        "commissionAsset": fill.fee_asset,
        "tradeId": fill.trade_id,
    }


def own_trade(order: Order, fill: Fill) -> Json:
    """One of ``myTrades``."""
    return {
        "symbol": fill.symbol,
        "id": fill.trade_id,
        "orderId": fill.order_id,
        "orderListId": order.list_id,
        "price": show(fill.price),
        "qty": show(fill.quantity),
        "quoteQty": show(fill.quote),
        "commission": show(fill.fee),
        "commissionAsset": fill.fee_asset,
        "time": ms(fill.time),
        "isBuyer": fill.side.value == "BUY",
        "isMaker": fill.maker,
        "isBestMatch": True,
    }


def order_list(found: OrderList) -> Json:
    """Without reports of its orders."""
    return {
        "orderListId": found.id,
        "contingencyType": found.kind,
        "listStatusType": "ALL_DONE" if found.done else "EXEC_STARTED",
        "listOrderStatus": "ALL_DONE" if found.done else "EXECUTING",
        "listClientOrderId": found.client_id,
        "transactionTime": ms(found.created),
        "symbol": found.symbol,
        "orders": [
            {"symbol": found.symbol, "orderId": order.id, "clientOrderId": order.client_id} for order in found.orders
        ],
    }


def account(found: Account) -> Json:
    """The answer to ``account``."""
    return {
        "makerCommission": found.maker // 10_000,
        "takerCommission": found.taker // 10_000,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {
            "maker": show(found.maker),
            "taker": show(found.taker),
            "buyer": show(0),
            "seller": show(0),
        },
        "canTrade": True,
        "canWithdraw": False,
        "canDeposit": False,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": ms(found.updated),
        "accountType": "SPOT",
        "balances": [
            {"asset": asset, "free": show(balance.free), "locked": show(balance.locked)}
            for asset, balance in sorted(found.balances.items())
        ],
        "permissions": ["SPOT"],
        "uid": 1,
    }


def trade(found: Trade) -> Json:
    """One of ``trades``."""
    return {
        "id": found.id,
        "price": show(found.price),
        "qty": show(found.quantity),
        "quoteQty": show(found.quote),
        "time": ms(found.time),
        "isBuyerMaker": found.buyer_is_maker,
        "isBestMatch": True,
    }


def aggregated(trades: list[Trade]) -> list[Json]:
    """Those of one incoming order at one price together, as ``aggTrades`` has them."""
    found: list[Json] = []
    sums: list[int] = []
    for each in trades:
        if found and found[-1]["f"] == each.first_of:
            sums[-1] += each.quantity
            found[-1] |= {"q": show(sums[-1]), "l": each.id}
            continue
        sums.append(each.quantity)
        found.append(
            {
                "a": each.first_of,
                "p": show(each.price),
                "q": show(each.quantity),
                "f": each.first_of,
                "l": each.id,
                "T": ms(each.time),
                "m": each.buyer_is_maker,
                "M": True,
            }
        )
    return found


def levels(depth: list[tuple[int, int]]) -> list[list[str]]:
    """Of a book: price, quantity."""
    return [[show(price), show(amount)] for price, amount in depth]


def kline(bar: Candle, seconds: int) -> list[object]:
    """One of ``klines``."""
    return [
        bar.start * 1000, show(bar.open), show(bar.high), show(bar.low), show(bar.close), show(bar.volume),
        (bar.start + seconds) * 1000 - 1, show(bar.quote), bar.trades, show(bar.bought), show(bar.bought_quote), "0",
    ]  # fmt: skip


# streams


def trade_event(found: Trade) -> Json:
    """``<symbol>@trade``."""
    return {
        "e": "trade",
        "E": ms(found.time),
        "s": found.symbol,
        "t": found.id,
        "p": show(found.price),
        "q": show(found.quantity),
        "T": ms(found.time),
        "m": found.buyer_is_maker,
        "M": True,
    }


def quote_event(found: Quote) -> Json:
    """``<symbol>@bookTicker``."""
    return {
        "u": found.update_id,
        "s": found.symbol,
        "b": show(found.bid[0]),
        "B": show(found.bid[1]),
        "a": show(found.ask[0]),
        "A": show(found.ask[1]),
    }


def kline_event(symbol: str, name: str, seconds: int, bar: Candle, now_ms: int) -> Json:
    """``<symbol>@kline_<interval>``."""
    told: Json = dict(
        zip(("t", "o", "h", "l", "c", "v", "T", "q", "n", "V", "Q", "B"), kline(bar, seconds), strict=True)
    )
    told |= {"s": symbol, "i": name, "f": bar.first_trade, "L": bar.last_trade, "x": now_ms > told["T"]}
    return {"e": "kline", "E": now_ms, "s": symbol, "k": told}


def report_event(found: Report) -> Json:
    """``executionReport`` of the user stream."""
    order, fill, asked = found.order, found.fill, found.order.asked
    canceled_now = found.execution is Execution.CANCELED
    told: Json = {
        "e": "executionReport",
        "E": ms(found.time),
        "s": asked.symbol,
        "c": (order.canceled_by or f"cancel{order.id}") if canceled_now else order.client_id,
        "S": asked.side.value,
        "o": asked.type.value,
        "f": asked.time_in_force.value,
        "q": show(quantity(order)),
        "p": show(asked.price),
        "P": show(asked.stop_price),
        "F": show(asked.shown),
        "g": order.list_id,
        "C": order.client_id if canceled_now else "",
        "x": found.execution.value,
        "X": found.status.value,
        "r": "NONE",
        "i": order.id,
        "l": show(fill.quantity if fill else 0),
        "z": show(found.executed),
        "L": show(fill.price if fill else 0),
        "n": show(fill.fee) if fill else "0",
        "N": fill.fee_asset if fill else None,
        "T": ms(found.time),
        "t": fill.trade_id if fill else -1,
        "I": 0,
        "w": found.status in (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED) and bool(order.working),
        "m": bool(fill and fill.maker),
        "M": False,
        "O": ms(order.created),
        "Z": show(found.quote_executed),
        "Y": show(fill.quote if fill else 0),
        "Q": show(asked.quote_quantity),
        "V": asked.self_trade.value,
    }
    return told | ({"d": asked.trailing} if asked.trailing else {}) | ({"W": ms(order.working)} if told["w"] else {})


def balances_event(found: Balances) -> Json:
    """``outboundAccountPosition`` of the user stream."""
    changed = [{"a": asset, "f": show(free), "l": show(locked)} for asset, free, locked in found.changed]
    return {"e": "outboundAccountPosition", "E": ms(found.time), "u": ms(found.time), "B": changed}


def list_event(found: ListReport) -> Json:
    """``listStatus`` of the user stream."""
    told = order_list(found.order_list)
    return {
        "e": "listStatus",
        "E": ms(found.time),
        "s": told["symbol"],
        "g": told["orderListId"],
        "c": told["contingencyType"],
        "l": "ALL_DONE" if found.done else "EXEC_STARTED",
        "L": "ALL_DONE" if found.done else "EXECUTING",
        "r": "NONE",
        "C": told["listClientOrderId"],
        "T": ms(found.time),
        "O": [{"s": each["symbol"], "i": each["orderId"], "c": each["clientOrderId"]} for each in told["orders"]],
    }
