"""What the engine tells those who listen, in the order in which it happens."""

from dataclasses import dataclass, field
from enum import StrEnum

from sniper_sdk.exchange.accounts import Account
from sniper_sdk.exchange.order import Fill, Order, OrderStatus


class Execution(StrEnum):
    """What happened to an order."""

    NEW = "NEW"
    CANCELED = "CANCELED"
    TRADE = "TRADE"
    EXPIRED = "EXPIRED"
    TRADE_PREVENTION = "TRADE_PREVENTION"


@dataclass(frozen=True, slots=True)
class Report:
    """The order as it was then: ``status``, ``executed`` and ``quote_executed`` are of that moment."""

    account: Account
    order: Order
    execution: Execution
    status: OrderStatus
    executed: int
    quote_executed: int
    time: int
    fill: Fill | None = None


@dataclass(frozen=True, slots=True)
class Balances:
    """Of an account, those that changed: (asset, free, locked)."""

    account: Account
    changed: tuple[tuple[str, int, int], ...]
    time: int


@dataclass(frozen=True, slots=True)
class Trade:
    """Public. ``first_of``: the first trade of the same incoming order at the same price, which aggregates them."""

    id: int
    symbol: str
    price: int
    quantity: int
    quote: int
    time: int
    buyer_is_maker: bool
    first_of: int


@dataclass(frozen=True, slots=True)
class Quote:
    """The best prices changed, or how much is there: (price, quantity)."""

    symbol: str
    update_id: int
    bid: tuple[int, int]
    ask: tuple[int, int]
    time: int


@dataclass(eq=False)
class OrderList:
    """Orders that depend on each other. ``one_of``: when one of these works, the others end; ``after``: the order whose
    fill brings the others.
    """

    id: int
    account: str
    symbol: str
    client_id: str
    kind: str
    created: int
    orders: list[Order] = field(default_factory=list)
    one_of: list[Order] = field(default_factory=list)
    after: Order | None = None
    done: bool = False


@dataclass(frozen=True, slots=True)
class ListReport:
    """An order list begins or ends."""

    account: Account
    order_list: OrderList
    done: bool
    time: int


Event = Report | Balances | Trade | Quote | ListReport
