"""What an exchange told, in the words of `sniper.exchange_orders`.

All numbers come as texts. Any: ccxt's structures.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sniper.exchange_orders import Fill, OrderState
from sniper.instrument import BadNumber, Instrument, from_decimal
from sniper_venue_ccxt.errors import Unanswered
from sniper_venue_ccxt.listing import ceiling

MILLISECOND: Final = 10**6
STATES: Final = {
    "open": "open",
    "closed": "filled",
    "canceled": "cancelled",
    "expired": "expired",
    "rejected": "rejected",
}


def order_told(order: Mapping[str, Any], instrument: Instrument) -> OrderState:
    """Raises `Unanswered` where its state or what is filled of it is not told."""
    state, filled = STATES.get(order.get("status") or ""), order.get("filled")
    if state is None or filled is None or not order.get("id"):
        raise Unanswered(
            f"{instrument.id}: order {order.get('id')} has the state {order.get('status')!r} and {filled!r} filled, "
            "which says not enough; it is asked for again"
        )
    lots = instrument.lots(str(filled))
    return OrderState(
        client_id=order.get("clientOrderId") or "",
        venue_id=str(order["id"]),
        instrument=instrument.id,
        state=state,
        filled=lots,
    )


def fill_id(trade: Mapping[str, Any]) -> str:
    """Exchanges number trades by symbol, and a trade with oneself is one of two orders, so the id has all three."""
    return f"{trade['symbol']}/{trade.get('order')}/{trade['id']}"


def fill_told(trade: Mapping[str, Any], instrument: Instrument, client_id: str, now: int, forced: str = "") -> Fill:
    """A trade of our own, or (``forced``) one that the exchange made itself.

    now  ns UTC, where the exchange does not say when it was. Raises `Unanswered` where something is missing.
    """
    missing = [name for name in ("id", "symbol", "order", "side", "price", "amount") if not trade.get(name)]
    if missing:
        raise Unanswered(f"{instrument.id}: a trade comes without its {', '.join(missing)}")
    price, size = instrument.ticks(str(trade["price"])), instrument.lots(str(trade["amount"]))
    cost, (fee, fee_asset) = trade.get("cost"), _fee(trade, instrument)
    milliseconds = trade.get("timestamp")
    return Fill(
        id=fill_id(trade),
        client_id=client_id,
        venue_id=str(trade["order"]),
        instrument=instrument.id,
        side="buy" if trade["side"] == "buy" else "sell",
        size=size,
        price=price,
        value=instrument.value(price, size) if cost is None or instrument.linear else from_decimal(str(cost)),
        fee=fee,
        fee_asset=fee_asset,
        maker=trade.get("takerOrMaker") == "maker",
        time=int(milliseconds) * MILLISECOND if milliseconds else now,
        forced=forced,
    )


def _fee(trade: Mapping[str, Any], instrument: Instrument) -> tuple[int, str]:
    told = trade.get("told") or trade
    fees = [fee for fee in told.get("fees") or [told.get("fee")] if fee and fee.get("cost") is not None]
    currencies = {fee.get("currency") for fee in fees}
    if not fees:
        return 0, instrument.quote
    if len(currencies) > 1 or None in currencies:
        raise Unanswered(f"{instrument.id}: trade {trade.get('id')} has fees in {currencies}, not in one asset")
    return sum(ceiling(_number(fee["cost"])) for fee in fees), f"{instrument.venue}:{currencies.pop()}"


def balances_told(balance: Mapping[str, Any], place: str) -> tuple[tuple[str, int, int], ...]:
    """(asset id, free, held), by asset; those of which there is nothing are left out."""
    found = []
    for code, total in sorted((balance.get("total") or {}).items()):
        free, used = (balance.get(part, {}).get(code) for part in ("free", "used"))
        both = None if total is None else from_decimal(str(total))
        free_units = None if free is None else from_decimal(str(free))
        held = None if used is None else from_decimal(str(used))
        if free_units is None:
            free_units = None if both is None or held is None else both - held
        if held is None:
            held = None if both is None or free_units is None else both - free_units
        if free_units is None or held is None:
            raise Unanswered(f"{place}: the balance of {code} is not told: {free} free, {used} held, {total} in all")
        if free_units or held:
            found.append((f"{place}:{code}", free_units, held))
    return tuple(found)


def _number(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation as error:
        raise BadNumber(f"{value!r} is no decimal number") from error
