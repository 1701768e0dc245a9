"""Orders that depend on each other: OCO, OTO and OTOCO (Binance, "Order lists")."""

from collections.abc import Sequence

from sniper_sdk.exchange.accounts import Account
from sniper_sdk.exchange.engine import Engine
from sniper_sdk.exchange.events import ListReport, OrderList
from sniper_sdk.exchange.order import NewOrder, Order
from sniper_sdk.exchange.refusal import Refused, insufficient, rejected


def place_oco(engine: Engine, account: Account, above: NewOrder, below: NewOrder, client_id: str = "") -> OrderList:
    """One cancels the other: as soon as one trades, or its stop is reached, the other ends. Raises `Refused`."""
    _between(engine, above, below)
    for asked in (above, below):
        engine.check(account, asked)
    return _place(engine, account, "OCO", (above, below), client_id, working=None)


def place_oto(
    engine: Engine, account: Account, working: NewOrder, pending: Sequence[NewOrder], client_id: str = ""
) -> OrderList:
    """One triggers the other, or an OCO of two: they come when ``working`` is filled. Raises `Refused`."""
    engine.check(account, working)
    return _place(engine, account, "OTO", pending, client_id, working=working)


def _between(engine: Engine, above: NewOrder, below: NewOrder) -> None:
    last = engine.market(above.symbol).reference
    high, low = above.stop_price or above.price, below.stop_price or below.price
    if above.side is not below.side or above.quantity != below.quantity or above.symbol != below.symbol:
        raise Refused(-1106, "The two orders of a list are of one symbol, side and quantity.")
    if high and low and (high <= low or (last and not low < last < high)):
        raise rejected("The relationship of the prices for the orders is not correct.")


def _place(
    engine: Engine,
    account: Account,
    kind: str,
    dependent: Sequence[NewOrder],
    client_id: str,
    *,
    working: NewOrder | None,
) -> OrderList:
    number = len(engine.lists)
    symbol = dependent[0].symbol
    found = OrderList(number, account.name, symbol, client_id or f"list{number:018d}", kind, engine.now())
    engine.lists[number] = found
    first = [engine.prepare(account, working, number)] if working else []
    pair = [engine.prepare(account, asked, number) for asked in dependent]
    found.orders = [*first, *pair]
    found.one_of = pair if len(pair) > 1 else []
    found.after = first[0] if first else None
    begun: list[Order] = first or pair
    if not engine.begin(begun):
        for order in found.orders:
            engine.forget(order)
        del engine.lists[number]
        raise insufficient()
    engine.tell(ListReport(account, found, False, engine.now()))
    engine.finish(engine.market(symbol))
    return found
