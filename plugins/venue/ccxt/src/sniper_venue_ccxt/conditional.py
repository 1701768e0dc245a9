"""Orders that wait at an exchange for a price: who has them, and how they are kept.

Exchanges differ in whether such an order goes on under its ids once its price is there, so those alone are taken to
have them of which that was looked at and tried; at all others, stops are sniper's own plans. Any: ccxt's structures.
"""

from collections.abc import Mapping
from typing import Any, Final

from sniper.exchange_orders import NewOrder, OrderState
from sniper.instrument import Instrument
from sniper_venue_ccxt.errors import Unanswered

KNOWN: Final = ("binance", "binanceusdm")
_SPOT: Final = {
    "STOP_LOSS": "stop",
    "STOP_LOSS_LIMIT": "stop-limit",
    "TAKE_PROFIT": "take-profit",
    "TAKE_PROFIT_LIMIT": "take-profit-limit",
}
_CONTRACTS: Final = {
    "STOP_MARKET": "stop",
    "STOP": "stop-limit",
    "TAKE_PROFIT_MARKET": "take-profit",
    "TAKE_PROFIT": "take-profit-limit",
}
"""Binance, "Enums" of spot and of futures: ``orderTypes`` of a market."""
_STATES: Final = {
    "NEW": "open",
    "TRIGGERING": "open",
    "TRIGGERED": "open",
    "FINISHED": "open",  # it is an order now, which tells of itself
    "CANCELED": "cancelled",
    "REJECTED": "rejected",
    "EXPIRED": "expired",
}
"""Binance, "Event: Algo Order Update": ``X``."""
APART: Final = "algo-"
"""Begins our name of a conditional order that has an id of its own kind: the exchange counts them beside its orders."""


def types(market: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    """For `sniper.instrument.Instrument.types`, of an exchange that has conditional orders."""
    names = _SPOT if kind == "spot" else _CONTRACTS
    told = (market.get("info") or {}).get("orderTypes") or ()
    return tuple(name for theirs, name in names.items() if theirs in told)


def parameters(order: NewOrder, instrument: Instrument) -> dict[str, str]:
    """What ccxt wants to be told of a trigger; nothing of an order that has none."""
    if order.trigger is None:
        return {}
    name = "stopLossPrice" if order.type.startswith("stop") else "takeProfitPrice"
    return {name: f"{instrument.price(order.trigger):f}"}


def kept_apart(order: Mapping[str, Any]) -> bool:
    """Whether it is one that the exchange keeps beside its orders."""
    return not {"aid", "algoId"}.isdisjoint(order.get("info") or {})


def became(order: Mapping[str, Any]) -> str:
    """The id of the order that it became; empty: none yet."""
    info = order.get("info") or {}
    return str(info.get("actualOrderId") or info.get("ai") or "")


def apart_told(order: Mapping[str, Any], instrument: Instrument, client_id: str) -> OrderState:
    """Of one that is kept apart: nothing of it is filled, for what is filled is the order that it becomes. Raises
    `Unanswered` for a state that is not known."""
    info = order["info"]
    told = info.get("algoStatus") or info.get("X")
    if told not in _STATES:
        raise Unanswered(
            f"{instrument.id}: conditional order {order.get('id')} has the state {told!r}, which is not known"
        )
    return OrderState(
        client_id=client_id,
        venue_id=f"{APART}{order['id']}",
        instrument=instrument.id,
        state=_STATES[told],
        filled=0,
        reason=str(info.get("rm") or info.get("failedReason") or ""),
    )
