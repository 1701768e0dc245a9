"""When a stop is reached, by the price of trades (Binance, "Trailing Stop FAQ" for those that follow the price)."""

from sniper_sdk.exchange.order import NewOrder, Order, OrderType, Side

_ABOVE = {
    (OrderType.STOP_LOSS, Side.BUY),
    (OrderType.STOP_LOSS_LIMIT, Side.BUY),
    (OrderType.TAKE_PROFIT, Side.SELL),
    (OrderType.TAKE_PROFIT_LIMIT, Side.SELL),
}
_WHOLE = 10_000


def crossed(asked: NewOrder, price: int) -> bool:
    """Whether a trade at this price reaches its stop price."""
    return price >= asked.stop_price if (asked.type, asked.side) in _ABOVE else price <= asked.stop_price


def reached(order: Order, price: int) -> bool:
    """Whether a trade at this price makes it work. One that trails follows: sales the highest price, purchases the
    lowest, from its stop price on, or from its first trade where it has none."""
    asked = order.asked
    if not asked.trailing:
        return crossed(asked, price)
    if not order.extreme:
        if asked.stop_price and not crossed(asked, price):
            return False
        order.extreme = price
        return False
    if asked.side is Side.SELL:
        order.extreme = max(order.extreme, price)
        return price * _WHOLE <= order.extreme * (_WHOLE - asked.trailing)
    order.extreme = min(order.extreme, price)
    return price * _WHOLE >= order.extreme * (_WHOLE + asked.trailing)
