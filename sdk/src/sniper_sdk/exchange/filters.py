"""A symbol's filters: what they demand of a new order, and how ``exchangeInfo`` lists them (Binance, "Filters")."""

from sniper_sdk.exchange.amounts import UNIT, cost, show
from sniper_sdk.exchange.order import AT_MARKET, STOPS, NewOrder, OrderType, TimeInForce
from sniper_sdk.exchange.refusal import Refused, filtered, mandatory
from sniper_sdk.exchange.symbol import Symbol


def check(symbol: Symbol, asked: NewOrder, reference: int, position: int, open_orders: int, stops: int) -> None:
    """Raises `Refused`, with the first filter that fails.

    reference  The price that relative limits are about; 0: none yet. ``position``: of the base asset, with this.
    open_orders, stops  How many the account has; ``stops``: of them those that wait for their price.
    """
    _parameters(asked)
    for price in (asked.price, asked.stop_price):
        if price and (not symbol.min_price <= price <= symbol.max_price or price % symbol.tick):
            raise filtered("PRICE_FILTER")
    if asked.price and reference and not _near(symbol, asked.price, reference):
        raise filtered("PERCENT_PRICE")
    _quantity(symbol, asked)
    notional = asked.quote_quantity or cost(asked.price or asked.stop_price or reference, asked.quantity)
    if notional and not symbol.min_notional <= notional <= symbol.max_notional:
        raise filtered("NOTIONAL")
    if asked.trailing and not symbol.min_trailing <= asked.trailing <= symbol.max_trailing:
        raise filtered("TRAILING_DELTA")
    if open_orders >= symbol.max_orders:
        raise filtered("MAX_NUM_ORDERS")
    if asked.type in STOPS and stops >= symbol.max_stops:
        raise filtered("MAX_NUM_ALGO_ORDERS")
    if symbol.max_position and position > symbol.max_position:
        raise filtered("MAX_POSITION")


def _parameters(asked: NewOrder) -> None:
    at_market = asked.type in AT_MARKET
    if not at_market and not asked.price:
        raise mandatory("price")
    if at_market and asked.price:
        raise Refused(-1106, "Parameter 'price' sent when not required.")
    if bool(asked.quantity) == bool(asked.quote_quantity):
        raise mandatory("quantity")
    if asked.quote_quantity and asked.type is not OrderType.MARKET:
        raise Refused(-1106, "Parameter 'quoteOrderQty' sent when not required.")
    if asked.type in STOPS and not (asked.stop_price or asked.trailing):
        raise mandatory("stopPrice")
    if asked.type not in STOPS and (asked.stop_price or asked.trailing):
        raise Refused(-1106, "Parameter 'stopPrice' sent when not required.")
    if asked.shown and (at_market or asked.time_in_force is not TimeInForce.GTC):
        raise Refused(-1106, "Parameter 'icebergQty' sent when not required.")
    if (at_market or asked.type is OrderType.LIMIT_MAKER) and asked.time_in_force is not TimeInForce.GTC:
        raise Refused(-1106, "Parameter 'timeInForce' sent when not required.")


def _near(symbol: Symbol, price: int, reference: int) -> bool:
    return reference * symbol.percent_down <= price * UNIT <= reference * symbol.percent_up


def _quantity(symbol: Symbol, asked: NewOrder) -> None:
    if not asked.quantity:
        return
    if not symbol.min_quantity <= asked.quantity <= symbol.max_quantity or asked.quantity % symbol.step:
        raise filtered("LOT_SIZE")
    if asked.type in AT_MARKET and asked.quantity > symbol.max_market_quantity:
        raise filtered("MARKET_LOT_SIZE")
    if asked.shown:
        if asked.shown % symbol.step or not symbol.min_quantity <= asked.shown <= asked.quantity:
            raise filtered("LOT_SIZE")
        if -(-asked.quantity // asked.shown) > symbol.max_iceberg_parts:
            raise filtered("ICEBERG_PARTS")


def listed(symbol: Symbol) -> list[dict[str, object]]:
    """As ``exchangeInfo`` has them."""
    delta = {
        f"{which}Trailing{side}Delta": limit
        for side in ("Above", "Below")
        for which, limit in (("min", symbol.min_trailing), ("max", symbol.max_trailing))
    }
    found: list[dict[str, object]] = [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": show(symbol.min_price),
            "maxPrice": show(symbol.max_price),
            "tickSize": show(symbol.tick),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": show(symbol.min_quantity),
            "maxQty": show(symbol.max_quantity),
            "stepSize": show(symbol.step),
        },
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": show(0),
            "maxQty": show(symbol.max_market_quantity),
            "stepSize": show(0),
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": show(symbol.min_notional),
            "applyMinToMarket": True,
            "maxNotional": show(symbol.max_notional),
            "applyMaxToMarket": True,
            "avgPriceMins": 0,
        },
        {
            "filterType": "PERCENT_PRICE",
            "multiplierUp": show(symbol.percent_up),
            "multiplierDown": show(symbol.percent_down),
            "avgPriceMins": 0,
        },
        {"filterType": "ICEBERG_PARTS", "limit": symbol.max_iceberg_parts},
        {"filterType": "TRAILING_DELTA", **delta},
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": symbol.max_orders},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": symbol.max_stops},
    ]
    if symbol.max_position:
        found.append({"filterType": "MAX_POSITION", "maxPosition": show(symbol.max_position)})
    return found
