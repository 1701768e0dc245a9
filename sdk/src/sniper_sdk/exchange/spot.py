"""Binance's spot API: what each request does and costs. How it comes, over HTTP or WebSocket, is not known here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

from sniper_sdk.exchange import filters, wire
from sniper_sdk.exchange.accounts import Account
from sniper_sdk.exchange.amounts import UNIT, show
from sniper_sdk.exchange.candles import INTERVALS, SECOND_NS
from sniper_sdk.exchange.engine import Engine
from sniper_sdk.exchange.events import OrderList
from sniper_sdk.exchange.limits import Limits
from sniper_sdk.exchange.lists import place_oco, place_oto
from sniper_sdk.exchange.market import Market
from sniper_sdk.exchange.order import NewOrder, Order, OrderType, Side
from sniper_sdk.exchange.parameters import Parameters
from sniper_sdk.exchange.refusal import Refused, mandatory

DAY_S: Final = 86_400
LARGEST_LIMIT: Final = 1_000

Answer = Any
"""Any: JSON, whose shape is that of the documented answer."""


class Security(Enum):
    """What a request has to bring."""

    NONE = "NONE"
    KEY = "KEY"
    SIGNED = "SIGNED"


@dataclass(frozen=True)
class Endpoint:
    """``name``: of the method of the WebSocket API, and for faults. ``weight``: of its request."""

    method: str
    path: str
    name: str
    handler: Callable[[Account, Parameters], Answer]
    weight: int = 1
    security: Security = Security.NONE
    counts_as_order: bool = False


NOBODY: Final = Account("", "", "")
"""Who asks where nobody needs to say."""


def restrictions(who: Account, given: Parameters) -> Answer:
    """What a key may do (Binance, "Get API Key Permission")."""
    return {
        "ipRestrict": False,
        "createTime": 0,
        "enableReading": True,
        "enableWithdrawals": who.withdraws,
        "enableInternalTransfer": False,
        "enableMargin": False,
        "enableFutures": True,
        "permitsUniversalTransfer": False,
        "enableVanillaOptions": False,
        "enableFixApiTrade": False,
        "enableFixReadOnly": False,
        "enableSpotAndMarginTrading": True,
        "enablePortfolioMarginTrading": False,
    }


class SpotApi:
    """Each handler takes who asks, and the parameters; it raises `Refused`."""

    def __init__(self, engine: Engine, limits: Limits) -> None:
        self.engine = engine
        self.limits = limits
        signed = Security.SIGNED
        self.endpoints = [
            Endpoint("GET", "ping", "ping", lambda who, given: {}),
            Endpoint("GET", "time", "time", lambda who, given: {"serverTime": self._now()}),
            Endpoint("GET", "exchangeInfo", "exchangeInfo", self.exchange_info, 20),
            Endpoint("GET", "depth", "depth", self.depth, 5),
            Endpoint("GET", "trades", "trades.recent", self.trades, 25),
            Endpoint("GET", "historicalTrades", "trades.historical", self.trades, 25, Security.KEY),
            Endpoint("GET", "aggTrades", "trades.aggregate", self.aggregate_trades, 4),
            Endpoint("GET", "klines", "klines", self.klines, 2),
            Endpoint("GET", "avgPrice", "avgPrice", self.average_price, 2),
            Endpoint("GET", "ticker/24hr", "ticker.24hr", self.ticker, 2),
            Endpoint("GET", "ticker/price", "ticker.price", self.price, 2),
            Endpoint("GET", "ticker/bookTicker", "ticker.book", self.book_ticker, 2),
            Endpoint("POST", "order", "order.place", self.place, 1, signed, True),
            Endpoint("POST", "order/test", "order.test", self.test, 1, signed),
            Endpoint("GET", "order", "order.status", self.order, 4, signed),
            Endpoint("DELETE", "order", "order.cancel", self.cancel, 1, signed),
            Endpoint("POST", "order/cancelReplace", "order.cancelReplace", self.cancel_replace, 1, signed, True),
            Endpoint("GET", "openOrders", "openOrders.status", self.open_orders, 6, signed),
            Endpoint("DELETE", "openOrders", "openOrders.cancelAll", self.cancel_all, 1, signed),
            Endpoint("GET", "allOrders", "allOrders", self.all_orders, 20, signed),
            Endpoint("POST", "orderList/oco", "orderList.place.oco", self.oco, 1, signed, True),
            Endpoint("POST", "order/oco", "orderList.place", self.older_oco, 1, signed, True),
            Endpoint("POST", "orderList/oto", "orderList.place.oto", self.oto, 1, signed, True),
            Endpoint("POST", "orderList/otoco", "orderList.place.otoco", self.otoco, 1, signed, True),
            Endpoint("GET", "orderList", "orderList.status", self.order_list, 4, signed),
            Endpoint("GET", "openOrderList", "openOrderLists.status", self.open_lists, 6, signed),
            Endpoint("GET", "allOrderList", "allOrderLists", self.all_lists, 20, signed),
            Endpoint("DELETE", "orderList", "orderList.cancel", self.cancel_list, 1, signed),
            Endpoint("GET", "account", "account.status", self.account, 20, signed),
            Endpoint("GET", "account/commission", "account.commission", self.commission, 20, signed),
            Endpoint("GET", "myTrades", "myTrades", self.my_trades, 20, signed),
        ]

    # markets

    def exchange_info(self, who: Account, given: Parameters) -> Answer:
        asked = given.text("symbol", "")
        markets = [self.engine.market(asked)] if asked else list(self.engine.markets.values())
        return {
            "timezone": "UTC",
            "serverTime": self._now(),
            "rateLimits": self.limits.listed(),
            "exchangeFilters": [],
            "symbols": [listed(market) for market in markets],
        }

    def depth(self, who: Account, given: Parameters) -> Answer:
        market, limit = self._market(given), min(given.number("limit", 100), 5000)
        bids, asks = (wire.levels(market.book.depth(side, limit)) for side in (Side.BUY, Side.SELL))
        return {"lastUpdateId": market.book.update_id, "bids": bids, "asks": asks}

    def trades(self, who: Account, given: Parameters) -> Answer:
        market, limit, first = self._market(given), self._limit(given), given.number("fromId", -1)
        kept = list(market.trades)
        if first >= 0:
            return [wire.trade(each) for each in kept if each.id >= first][:limit]
        return [wire.trade(each) for each in kept[-limit:]]

    def aggregate_trades(self, who: Account, given: Parameters) -> Answer:
        market, limit, first = self._market(given), self._limit(given), given.number("fromId", -1)
        since, until = self._span(given)
        found = wire.aggregated([each for each in market.trades if since <= wire.ms(each.time) <= until])
        if first >= 0:
            return [each for each in found if each["a"] >= first][:limit]
        return found[:limit] if since else found[-limit:]

    def klines(self, who: Account, given: Parameters) -> Answer:
        market, name = self._market(given), given.text("interval")
        if name not in INTERVALS:
            raise Refused(-1120, "Invalid interval.")
        since, until = self._span(given)
        limit = self._limit(given)
        bars = market.candles.of(INTERVALS[name], since // 1000, until // 1000)
        return [wire.kline(bar, INTERVALS[name]) for bar in (bars[:limit] if since else bars[-limit:])]

    def average_price(self, who: Account, given: Parameters) -> Answer:
        market = self._market(given)
        return {"mins": 0, "price": show(market.reference), "closeTime": self._now()}

    def ticker(self, who: Account, given: Parameters) -> Answer:
        return self._of_one_or_all(given, lambda market: day(market, self.engine.now()))

    def price(self, who: Account, given: Parameters) -> Answer:
        return self._of_one_or_all(given, lambda each: {"symbol": each.symbol.name, "price": show(each.last)})

    def book_ticker(self, who: Account, given: Parameters) -> Answer:
        return self._of_one_or_all(given, _best)

    # orders

    def place(self, who: Account, given: Parameters) -> Answer:
        asked = given.order()
        usual = "FULL" if asked.type in (OrderType.MARKET, OrderType.LIMIT) else "ACK"
        return wire.placed(self.engine.place(who, asked), given.text("newOrderRespType", usual))

    def test(self, who: Account, given: Parameters) -> Answer:
        self.engine.test(who, given.order())
        return {}

    def order(self, who: Account, given: Parameters) -> Answer:
        return wire.queried(self._find(who, given))

    def cancel(self, who: Account, given: Parameters) -> Answer:
        order = self._to_cancel(who, given)
        self.engine.cancel(who, order, given.client_id("newClientOrderId"))
        return wire.canceled(order)

    def cancel_replace(self, who: Account, given: Parameters) -> Answer:
        mode, asked = given.text("cancelReplaceMode"), given.order()
        if mode not in ("STOP_ON_FAILURE", "ALLOW_FAILURE"):
            raise Refused(-1130, "Invalid cancelReplaceMode.")
        told: dict[str, Answer] = {
            "cancelResult": "SUCCESS",
            "newOrderResult": "NOT_ATTEMPTED",
            "newOrderResponse": None,
        }
        try:
            named = {"orderId": "cancelOrderId", "origClientOrderId": "cancelOrigClientOrderId"}
            named = {name: given.text(other, "") for name, other in named.items()}
            gone = self._to_cancel(who, Parameters({"symbol": asked.symbol, **named}))
            self.engine.cancel(who, gone, given.client_id("cancelNewClientOrderId"))
            told["cancelResponse"] = wire.canceled(gone)
        except Refused as refused:
            told |= {"cancelResult": "FAILURE", "cancelResponse": refused.body}
            if mode == "STOP_ON_FAILURE":
                raise Refused(-2022, "Order cancel-replace failed.", data=told) from None
        try:
            order = self.engine.place(who, asked)
            told |= {"newOrderResult": "SUCCESS"}
            told["newOrderResponse"] = wire.placed(order, given.text("newOrderRespType", "FULL"))
        except Refused as refused:
            told |= {"newOrderResult": "FAILURE", "newOrderResponse": refused.body}
        failed = [told["cancelResult"], told["newOrderResult"]].count("FAILURE")
        if failed == 2:
            raise Refused(-2022, "Order cancel-replace failed.", data=told)
        if failed:
            raise Refused(-2021, "Order cancel-replace partially failed.", status=409, data=told)
        return told

    def open_orders(self, who: Account, given: Parameters) -> Answer:
        symbol = given.text("symbol", "")
        if symbol:
            self.engine.market(symbol)
        return [wire.queried(order) for order in self.engine.open_orders(who, symbol)]

    def cancel_all(self, who: Account, given: Parameters) -> Answer:
        market = self._market(given)
        orders = self.engine.open_orders(who, market.symbol.name)
        if not orders:
            raise Refused(-2011, "Unknown order sent.")
        for order in orders:
            if order.open:
                self.engine.cancel(who, order)
        return [wire.canceled(order) for order in orders]

    def all_orders(self, who: Account, given: Parameters) -> Answer:
        symbol, limit = self._market(given).symbol.name, self._limit(given)
        first, (since, until) = given.number("orderId", 0), self._span(given)
        own = [
            order
            for order in self.engine.own_orders(who, symbol)
            if order.id >= first and since <= wire.ms(order.created) <= until
        ]
        return [wire.queried(order) for order in (own[:limit] if first or since else own[-limit:])]

    def my_trades(self, who: Account, given: Parameters) -> Answer:
        symbol, limit = self._market(given).symbol.name, self._limit(given)
        order_id, first, (since, until) = given.number("orderId", 0), given.number("fromId", 0), self._span(given)
        found = [
            wire.own_trade(order, fill)
            for order in self.engine.own_orders(who, symbol)
            if order_id in (0, order.id)
            for fill in order.fills
            if fill.trade_id >= first and since <= wire.ms(fill.time) <= until
        ]
        found.sort(key=lambda each: int(each["id"]))
        return found[:limit] if first or since else found[-limit:]

    def account(self, who: Account, given: Parameters) -> Answer:
        return wire.account(who)

    def commission(self, who: Account, given: Parameters) -> Answer:
        rates = {"maker": show(who.maker), "taker": show(who.taker), "buyer": show(0), "seller": show(0)}
        return {"symbol": self._market(given).symbol.name, "standardCommission": rates}

    # order lists

    def oco(self, who: Account, given: Parameters) -> Answer:
        above, below = (self._leg(given, which) for which in ("above", "below"))
        return self._listed(place_oco(self.engine, who, above, below, given.client_id("listClientOrderId")))

    def older_oco(self, who: Account, given: Parameters) -> Answer:
        """The one with ``price`` and ``stopPrice``, which tells by the side what is above."""
        asked = {name: given.text(name) for name in ("symbol", "side", "quantity", "price", "stopPrice")}
        force = given.text("stopLimitTimeInForce", "GTC")
        shared = {name: asked[name] for name in ("symbol", "side", "quantity")}
        limit = shared | {"type": "LIMIT_MAKER", "price": asked["price"]}
        limit["newClientOrderId"] = given.text("limitClientOrderId", "")
        stop = shared | {"type": "STOP_LOSS", "stopPrice": asked["stopPrice"]}
        stop["newClientOrderId"] = given.text("stopClientOrderId", "")
        if given.text("stopLimitPrice", ""):
            stop |= {"type": "STOP_LOSS_LIMIT", "price": given.text("stopLimitPrice"), "timeInForce": force}
        legs = [Parameters(each).order() for each in (limit, stop)]
        above, below = legs if asked["side"] == "SELL" else reversed(legs)
        return self._listed(place_oco(self.engine, who, above, below, given.client_id("listClientOrderId")))

    def oto(self, who: Account, given: Parameters) -> Answer:
        working = self._leg(given, "working")
        pending = given.order("pending", symbol=given.text("symbol"))
        return self._listed(place_oto(self.engine, who, working, [pending], given.client_id("listClientOrderId")))

    def otoco(self, who: Account, given: Parameters) -> Answer:
        shared = {"side": given.text("pendingSide"), "quantity": given.text("pendingQuantity")}
        pending = [
            given.order(which, symbol=given.text("symbol"), **shared) for which in ("pendingAbove", "pendingBelow")
        ]
        found = place_oto(self.engine, who, self._leg(given, "working"), pending, given.client_id("listClientOrderId"))
        return self._listed(found)

    def order_list(self, who: Account, given: Parameters) -> Answer:
        return wire.order_list(self._list(who, given))

    def open_lists(self, who: Account, given: Parameters) -> Answer:
        return [
            wire.order_list(each) for each in self.engine.lists.values() if each.account == who.name and not each.done
        ]

    def all_lists(self, who: Account, given: Parameters) -> Answer:
        return [wire.order_list(each) for each in self.engine.lists.values() if each.account == who.name]

    def cancel_list(self, who: Account, given: Parameters) -> Answer:
        found = self._list(who, given)
        still = [order for order in found.orders if order.open]
        if not still:
            raise Refused(-2011, "Unknown order list sent.")
        self.engine.cancel(who, still[0], given.client_id("newClientOrderId"))
        return wire.order_list(found) | {"orderReports": [wire.canceled(order) for order in found.orders]}

    # parts

    def _leg(self, given: Parameters, prefix: str) -> NewOrder:
        known = {"symbol": given.text("symbol")}
        if prefix != "working":
            known |= {"side": given.text("side"), "quantity": given.text("quantity")}
        return given.order(prefix, **known)

    def _listed(self, found: OrderList) -> Answer:
        return wire.order_list(found) | {"orderReports": [wire.placed(order, "RESULT") for order in found.orders]}

    def _list(self, who: Account, given: Parameters) -> OrderList:
        number, client_id = given.number("orderListId", -1), given.text("origClientOrderId", "")
        client_id = client_id or given.text("listClientOrderId", "")
        for each in reversed(self.engine.lists.values()):
            if each.account == who.name and (each.id == number or (client_id and each.client_id == client_id)):
                return each
        raise Refused(-2018, "Order list does not exist.")

    def _find(self, who: Account, given: Parameters) -> Order:
        symbol = self._market(given).symbol.name
        order_id, client_id = given.number("orderId", 0), given.text("origClientOrderId", "")
        if not order_id and not client_id:
            raise mandatory("origClientOrderId")
        return self.engine.find(who, symbol, order_id, client_id)

    def _to_cancel(self, who: Account, given: Parameters) -> Order:
        try:
            return self._find(who, given)
        except Refused as refused:
            if refused.number == -2013:
                raise Refused(-2011, "Unknown order sent.") from None
            raise

    def _of_one_or_all(self, given: Parameters, told: Callable[[Market], Answer]) -> Answer:
        if given.text("symbol", ""):
            return told(self._market(given))
        return [told(market) for market in self.engine.markets.values()]

    def _market(self, given: Parameters) -> Market:
        return self.engine.market(given.text("symbol"))

    def _limit(self, given: Parameters) -> int:
        found = given.number("limit", 500)
        if found < 1:
            raise Refused(-1130, "Data sent for parameter 'limit' is not valid.")
        return min(found, LARGEST_LIMIT)

    def _span(self, given: Parameters) -> tuple[int, int]:
        since, until = given.number("startTime", 0), given.number("endTime", 2**62)
        if since > until:
            raise Refused(-1127, "Start time is greater than end time.")
        return since, until

    def _now(self) -> int:
        return wire.ms(self.engine.now())


def listed(market: Market) -> dict[str, Answer]:
    """One of the symbols of ``exchangeInfo``."""
    symbol = market.symbol
    return {
        "symbol": symbol.name,
        "status": "HALT" if market.halted else "TRADING",
        "baseAsset": symbol.base,
        "baseAssetPrecision": 8,
        "quoteAsset": symbol.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": [kind.value for kind in OrderType],
        "icebergAllowed": True,
        "ocoAllowed": True,
        "otoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "cancelReplaceAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": filters.listed(symbol),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT"],
    }


def day(market: Market, now: int) -> dict[str, Answer]:
    """The last 24 hours."""
    end = now // SECOND_NS
    bars = market.candles.of(1, end - DAY_S, None)
    total = replace(bars[0]) if bars else None
    for bar in bars[1:]:
        assert total is not None
        total.join(bar)
    opened = total.open if total else 0
    bid, ask = market.book.top(Side.BUY), market.book.top(Side.SELL)
    change = market.last - opened if total else 0
    average = total.quote * UNIT // total.volume if total else 0
    return {
        "symbol": market.symbol.name,
        "priceChange": show(change),
        "priceChangePercent": show(change * 100 * UNIT // opened if opened else 0),
        "weightedAvgPrice": show(average),
        "prevClosePrice": show(opened),
        "lastPrice": show(market.last),
        "lastQty": show(market.trades[-1].quantity if market.trades else 0),
        "bidPrice": show(bid[0]),
        "bidQty": show(bid[1]),
        "askPrice": show(ask[0]),
        "askQty": show(ask[1]),
        "openPrice": show(opened),
        "highPrice": show(total.high if total else 0),
        "lowPrice": show(total.low if total else 0),
        "volume": show(total.volume if total else 0),
        "quoteVolume": show(total.quote if total else 0),
        "openTime": (end - DAY_S) * 1000,
        "closeTime": end * 1000,
        "firstId": total.first_trade if total else -1,
        "lastId": total.last_trade if total else -1,
        "count": total.trades if total else 0,
    }


def _best(market: Market) -> dict[str, Answer]:
    bid, ask = market.book.top(Side.BUY), market.book.top(Side.SELL)
    return {
        "symbol": market.symbol.name,
        "bidPrice": show(bid[0]),
        "bidQty": show(bid[1]),
        "askPrice": show(ask[0]),
        "askQty": show(ask[1]),
    }
