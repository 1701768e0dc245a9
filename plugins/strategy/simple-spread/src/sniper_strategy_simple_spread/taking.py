"""Orders that take what is offered at once."""

from sniper.exchange_orders import Side
from sniper.types import BPS, PlaceOrder
from sniper.view import TickerView


def take(key: str, ticker: TickerView, side: Side, amount: int, slippage_bps: int, reason: str) -> PlaceOrder | None:
    """An order for at most ``amount`` base units of the base asset that reaches so far beyond the best price, and is
    filled at once or not at all. None where nobody offers, or the exchange takes no order as small."""
    instrument, best = ticker.instrument, ticker.ask if side == "buy" else ticker.bid
    if not best:
        return None
    # rounded away from the best price, so that it reaches at least that one
    reach = best * (BPS + slippage_bps) if side == "buy" else best * (BPS - slippage_bps)
    price = -(-reach // BPS) if side == "buy" else max(1, reach // BPS)
    size = instrument.orderable(amount // instrument.lot, price)
    if not size:
        return None
    return PlaceOrder(key=key, instrument=instrument.id, side=side, size=size, price=price, reason=reason, lives="ioc")
