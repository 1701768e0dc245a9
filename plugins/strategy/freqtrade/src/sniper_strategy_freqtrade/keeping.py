"""A manager's trades as text, and back: what a snapshot of a run holds of them."""

import json
from datetime import datetime
from typing import Any, Final  # Any: JSON

from sniper_strategy_freqtrade.errors import BadStrategy
from sniper_strategy_freqtrade.ledger import Lock
from sniper_strategy_freqtrade.manager import Manager
from sniper_strategy_freqtrade.trade import Order, Trade

KEPT: Final = 60
"""Trades that are over and may be asked for; older ones only count in the profit."""
_ORDER: Final = ("order_id", "ft_order_side", "order_type", "amount", "price", "average", "filled", "status")


def dump(manager: Manager) -> str:
    """Raises `BadStrategy` where a strategy keeps data with a trade that is no JSON."""
    ledger = manager.ledger
    plain = {
        "open": [_trade(trade) for trade in ledger.trades_open()],
        "closed": [_trade(trade) for trade in ledger.closed[-KEPT:]],
        "profit": ledger.closed_profit,
        "locks": [[lock.pair, _written(lock.until), lock.reason, lock.side] for lock in _live(manager)],
        "numbers": manager.numbers,
        "rejected": manager.rejected,
    }
    try:
        return json.dumps(plain, separators=(",", ":"))
    except TypeError as error:
        raise BadStrategy(f"set_custom_data keeps what cannot be written down as JSON: {error}") from error


def restore(manager: Manager, text: str) -> None:
    """Into a manager that has none yet."""
    plain, ledger = json.loads(text), manager.ledger
    for each in plain["open"]:
        ledger.add(_read(manager, each))
    ledger.closed = [_read(manager, each) for each in plain["closed"]]
    ledger.closed_profit = plain["profit"]
    ledger.locks = [Lock(pair, datetime.fromisoformat(until), *rest) for pair, until, *rest in plain["locks"]]
    manager.numbers = tuple(plain["numbers"])
    manager.rejected = plain["rejected"]


def _live(manager: Manager) -> list[Lock]:
    return [lock for lock in manager.ledger.locks if lock.until > manager.ledger.now]


def _written(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _trade(trade: Trade) -> dict[str, Any]:
    found = {name: value for name, value in vars(trade).items() if name not in ("steps", "orders")}
    for name in ("open_date", "close_date"):
        found[name] = _written(found[name])
    found["orders"] = [
        [
            *(getattr(order, name) for name in _ORDER),
            _written(order.order_date),
            _written(order.order_filled_date),
            order.ft_order_tag,
        ]
        for order in trade.orders
    ]
    return found


def _read(manager: Manager, plain: dict[str, Any]) -> Trade:
    trade = Trade.__new__(Trade)
    orders = plain.pop("orders")
    vars(trade).update(plain)
    for name in ("open_date", "close_date"):
        text = plain[name]
        setattr(trade, name, datetime.fromisoformat(text) if text else None)
    trade.steps = manager.steps[trade.pair]
    trade.orders = []
    for number, side, kind, amount, price, average, filled, status, at, filled_at, tag in orders:
        order = Order(trade, number, side, kind, amount, price, datetime.fromisoformat(at), tag)
        order.average, order.filled, order.status = average, filled, status
        order.order_filled_date = datetime.fromisoformat(filled_at) if filled_at else None
        trade.orders.append(order)
    return trade
