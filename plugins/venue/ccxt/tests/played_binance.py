"""A part of Binance, as it answers: GET /api/v3/exchangeInfo and the requests about orders, from its documentation."""

import msgspec
from aiohttp import web
from recording_server import Recorder, Request

KEY, SECRET = "a-key-that-nobody-may-see", "a-secret-that-nobody-may-see"
SYMBOL = {
    "symbol": "BTCUSDT",
    "status": "TRADING",
    "baseAsset": "BTC",
    "baseAssetPrecision": 8,
    "quoteAsset": "USDT",
    "quotePrecision": 8,
    "quoteAssetPrecision": 8,
    "baseCommissionPrecision": 8,
    "quoteCommissionPrecision": 8,
    "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT"],
    "icebergAllowed": True,
    "ocoAllowed": True,
    "isSpotTradingAllowed": True,
    "isMarginTradingAllowed": False,
    "filters": [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": "0.01000000",
            "maxPrice": "1000000.00000000",
            "tickSize": "0.01000000",
        },
        {"filterType": "LOT_SIZE", "minQty": "0.00001000", "maxQty": "9000.00000000", "stepSize": "0.00001000"},
        {"filterType": "MARKET_LOT_SIZE", "minQty": "0.0", "maxQty": "91.33872720", "stepSize": "0.0"},
        {"filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": True, "maxNotional": "9000000.0"},
    ],
    "permissions": [],
    "permissionSets": [["SPOT"]],
}


class Binance:
    """``refusal``: (HTTP status, body) for new orders. ``order``: what it knows of one, None: nothing."""

    def __init__(self) -> None:
        self.refusal: tuple[int, str] | None = None
        self.order: dict[str, object] | None = None
        self.trades: list[dict[str, object]] = []
        self.withdraws = False
        self.silent = False

    def __call__(self, request: Request) -> web.Response:
        end = request.path.rpartition("/")[2]
        if end == "exchangeInfo":
            return web.json_response({"timezone": "UTC", "serverTime": 1, "symbols": [SYMBOL]})
        if end == "time":
            return web.json_response({"serverTime": 1_700_000_000_000})
        if end == "apiRestrictions":
            return web.json_response({"enableWithdrawals": self.withdraws, "enableReading": True})
        if end == "account":
            return web.json_response({"balances": [{"asset": "USDT", "free": "5.0", "locked": "0.0"}]})
        if end == "openOrders":
            return web.json_response([])
        if end == "myTrades":
            return web.json_response(self.trades)
        if end != "order":
            return web.json_response({"code": -1000, "msg": f"nobody asked for {request.path}"}, status=400)
        if request.method == "POST":
            return self._created(request)
        if self.order is None:
            text = "Unknown order sent." if request.method == "DELETE" else "Order does not exist."
            code = -2011 if request.method == "DELETE" else -2013
            return web.json_response({"code": code, "msg": text}, status=400)
        return web.json_response(self.order)

    def _created(self, request: Request) -> web.Response:
        if self.refusal is not None:
            status, body = self.refusal
            return web.Response(status=status, text=body, content_type="application/json")
        asked = request.fields
        self.order = {
            "symbol": "BTCUSDT",
            "orderId": 28,
            "orderListId": -1,
            "clientOrderId": asked["newClientOrderId"],
            "transactTime": 1_700_000_000_001,
            "time": 1_700_000_000_001,
            "price": asked.get("price", "0.0"),
            "origQty": asked["quantity"],
            "executedQty": "0.00000000",
            "cummulativeQuoteQty": "0.00000000",
            "status": "NEW",
            "timeInForce": asked.get("timeInForce", "GTC"),
            "type": asked["type"],
            "side": asked["side"],
            "fills": [],
        }
        if self.silent:
            return web.Response(status=502, text=msgspec.json.encode({"code": -1000, "msg": "unknown"}).decode())
        return web.json_response(self.order)


def serve(recorder: Recorder) -> Binance:
    binance = Binance()
    recorder.answer = binance
    return binance
