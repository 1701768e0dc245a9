"""An order from its request to its end."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Side(StrEnum):
    """Of the base asset."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def other(self) -> "Side":
        """Whom it trades with."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    """Binance's spot types; those with a stop price are `STOPS`."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"
    LIMIT_MAKER = "LIMIT_MAKER"
    STOP_LOSS = "STOP_LOSS"
    STOP_LOSS_LIMIT = "STOP_LOSS_LIMIT"
    TAKE_PROFIT = "TAKE_PROFIT"
    TAKE_PROFIT_LIMIT = "TAKE_PROFIT_LIMIT"


STOPS: Final = frozenset(
    {OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT}
)
AT_MARKET: Final = frozenset({OrderType.MARKET, OrderType.STOP_LOSS, OrderType.TAKE_PROFIT})
"""Those without a price of their own."""


class TimeInForce(StrEnum):
    """How long an order waits."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class OrderStatus(StrEnum):
    """Where an order is."""

    PENDING_NEW = "PENDING_NEW"
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    EXPIRED_IN_MATCH = "EXPIRED_IN_MATCH"


OPEN: Final = frozenset({OrderStatus.PENDING_NEW, OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED})


class SelfTrade(StrEnum):
    """What happens when an account's order meets one of its own ("Self Trade Prevention (STP) FAQ")."""

    NONE = "NONE"
    EXPIRE_MAKER = "EXPIRE_MAKER"
    EXPIRE_TAKER = "EXPIRE_TAKER"
    EXPIRE_BOTH = "EXPIRE_BOTH"
    DECREMENT = "DECREMENT"


@dataclass(frozen=True)
class NewOrder:
    """What an account asks for. Amounts in units of 10^-8, 0: not given; ``trailing`` in basis points.

    quantity  Of the base asset; or ``quote_quantity``, of the quote asset, for a market order.
    shown     Of an iceberg: how much of it others see at a time.
    reduce_only, close_position  Of a contract; ``origin``: the type of the algo order that it was.
    """

    symbol: str
    side: Side
    type: OrderType
    quantity: int = 0
    quote_quantity: int = 0
    price: int = 0
    stop_price: int = 0
    trailing: int = 0
    shown: int = 0
    time_in_force: TimeInForce = TimeInForce.GTC
    client_id: str = ""
    self_trade: SelfTrade = SelfTrade.EXPIRE_MAKER
    reduce_only: bool = False
    close_position: bool = False
    origin: str = ""


@dataclass(slots=True)
class Hold:
    """What is locked for an order, or for all orders of an OCO together."""

    asset: str
    amount: int


@dataclass(slots=True, eq=False)
class Order:
    """``account`` empty: one of the market's own, which is recorded or generated and belongs to nobody here.

    remaining  What it still wants, hidden parts included. ``visible``: how much of that others see.
    working    Since when it has been in the book, nanoseconds; 0: a stop that was not reached, or not placed yet.
    extreme    Of a trailing stop: the best price since it began to follow; 0: it does not follow yet.
    prevented  What self-trade prevention took off it.
    """

    id: int
    account: str
    asked: NewOrder
    client_id: str
    created: int
    updated: int
    remaining: int
    status: OrderStatus = OrderStatus.NEW
    visible: int = 0
    executed: int = 0
    quote_executed: int = 0
    prevented: int = 0
    working: int = 0
    extreme: int = 0
    list_id: int = -1
    canceled_by: str = ""
    hold: Hold | None = None
    fills: list["Fill"] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether anything can still happen to it."""
        return self.status in OPEN

    @property
    def market(self) -> bool:
        """Whether it is at whatever price there is."""
        return self.asked.type in AT_MARKET

    @property
    def waits_for_stop(self) -> bool:
        """Whether its stop price was not reached yet."""
        return self.asked.type in STOPS and not self.working and self.status is OrderStatus.NEW


@dataclass(frozen=True, slots=True)
class Fill:
    """One order's side of a trade. ``fee`` in ``fee_asset``, and what it realised of a contract as ``profit``, units of
    10^-8; ``time`` in nanoseconds."""

    trade_id: int
    order_id: int
    symbol: str
    side: Side
    price: int
    quantity: int
    quote: int
    fee: int
    fee_asset: str
    maker: bool
    time: int
    client_id: str = ""
    profit: int = 0
