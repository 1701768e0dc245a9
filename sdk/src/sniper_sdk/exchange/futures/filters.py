"""What a contract demands of a new order, with the codes of futures (Binance, "Error Codes", USD-M), and how
``exchangeInfo`` lists it."""

from sniper_sdk.exchange.amounts import UNIT, cost, show
from sniper_sdk.exchange.futures.contract import Contract
from sniper_sdk.exchange.order import AT_MARKET, NewOrder
from sniper_sdk.exchange.refusal import Refused, mandatory

_PRECISION = "Precision is over the maximum defined for this asset."


def check(contract: Contract, asked: NewOrder, reference: int, open_orders: int) -> None:
    """Raises `Refused`, with the first filter that fails. ``reference``: the mark price; 0: none yet."""
    at_market = asked.type in AT_MARKET
    if not at_market:
        check_price(contract, asked.price)
    if not asked.quantity:
        raise mandatory("quantity")
    check_quantity(contract, asked.quantity, at_market=at_market)
    if asked.price and reference:
        if asked.price * UNIT > reference * contract.percent_up and asked.side.value == "BUY":
            most = reference * contract.percent_up // UNIT
            raise Refused(-4016, f"Limit price can't be higher than {show(most)}.")
        if asked.price * UNIT < reference * contract.percent_down and asked.side.value == "SELL":
            least = reference * contract.percent_down // UNIT
            raise Refused(-4024, f"Limit price can't be lower than {show(least)}.")
    notional = cost(asked.price or reference, asked.quantity)
    if notional < contract.min_notional and not asked.reduce_only and notional:
        least = contract.min_notional
        raise Refused(-4164, f"Order's notional must be no smaller than {show(least)} (unless you choose reduce only).")
    if open_orders >= contract.max_orders:
        raise Refused(-2025, "Reach max open order limit.")


def check_price(contract: Contract, price: int) -> None:
    """Raises `Refused`."""
    if not price:
        raise mandatory("price")
    if price > contract.max_price:
        raise Refused(-4002, "Price greater than max price.")
    if price < contract.min_price:
        raise Refused(-4013, "Price less than min price.")
    if price % contract.tick:
        raise Refused(-4014, "Price not increased by tick size.")


def check_quantity(contract: Contract, quantity: int, *, at_market: bool) -> None:
    """Raises `Refused`."""
    if quantity > (contract.max_market_quantity if at_market else contract.max_quantity):
        raise Refused(-4005, "Quantity greater than max quantity.")
    if quantity < contract.min_quantity:
        raise Refused(-4003, "Quantity less than or equal to zero.")
    if quantity % contract.step:
        raise Refused(-1111, _PRECISION)


def listed(contract: Contract) -> list[dict[str, object]]:
    """As ``exchangeInfo`` has them."""
    sizes = {"minQty": show(contract.min_quantity), "stepSize": show(contract.step)}
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": show(contract.min_price),
            "maxPrice": show(contract.max_price),
            "tickSize": show(contract.tick),
        },
        {"filterType": "LOT_SIZE", "maxQty": show(contract.max_quantity), **sizes},
        {"filterType": "MARKET_LOT_SIZE", "maxQty": show(contract.max_market_quantity), **sizes},
        {"filterType": "MAX_NUM_ORDERS", "limit": contract.max_orders},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": contract.max_stops},
        {"filterType": "MIN_NOTIONAL", "notional": show(contract.min_notional)},
        {
            "filterType": "PERCENT_PRICE",
            "multiplierUp": show(contract.percent_up),
            "multiplierDown": show(contract.percent_down),
            "multiplierDecimal": "4",
        },
    ]
