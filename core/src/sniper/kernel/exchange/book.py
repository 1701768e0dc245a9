"""What an account has on its way at one exchange."""

from sniper.errors import IllegalTransition
from sniper.exchange_orders import Side
from sniper.kernel import facts as f
from sniper.plugin import State


class ExchangeOrder(State):
    """An order at an exchange.

    state     See `sniper.kernel.exchange.states`.
    filled    Lots. ``fills``: their ids, by which one that is told twice is known.
    reserved  What it can still take, base units of ``asset``.
    cancelling  Whether it is to be cancelled.
    ended_at  When it ended, ns UTC; 0 while it works.
    """

    placed: f.ExchangeOrderPlaced
    state: str = "new"
    venue_id: str = ""
    note: str = ""
    filled: int = 0
    fills: list[str] = []
    reserved: int = 0
    cancelling: bool = False
    ended_at: int = 0

    @property
    def id(self) -> str:
        return self.placed.order

    @property
    def key(self) -> str:
        return self.placed.key

    @property
    def instance(self) -> str:
        return self.placed.instance

    @property
    def side(self) -> Side:
        return self.placed.new.side

    @property
    def size(self) -> int:
        return self.placed.new.size

    @property
    def price(self) -> int | None:
        return self.placed.new.price

    @property
    def asset(self) -> str:
        """What it pays with."""
        placed = self.placed
        return placed.instrument.quote if placed.new.side == "buy" else placed.instrument.base


class DeskBook(State):
    """Everything that an account has on its way at one exchange.

    orders    Those that may still be filled. ``ended``: the newest of the others, for what is told of them late.
    clients   Both by their client ids.
    reserved  By asset id: what ``orders`` can take, base units.
    cursor    Where the fills begin that are not known yet. ``known``: whether the sub-account was read since a process
              took it up, and since its stream broke.
    """

    orders: dict[str, ExchangeOrder] = {}
    ended: dict[str, ExchangeOrder] = {}
    clients: dict[str, str] = {}
    reserved: dict[str, int] = {}
    cursor: str = ""
    known: bool = False

    def order_of(self, order: str) -> ExchangeOrder:
        """The order, working or ended. Raises `IllegalTransition` for one that was never placed, or long ago."""
        found = self.orders.get(order) or self.ended.get(order)
        if found is None:
            raise IllegalTransition(f"there is no order {order}")
        return found

    def working(self, instrument: str) -> tuple[ExchangeOrder, ...]:
        """Orders in an instrument that may still be filled, in the order in which they were placed."""
        found = [order for order in self.orders.values() if order.placed.instrument.id == instrument]
        # a book that was restored iterates otherwise than one that grew
        return tuple(sorted(found, key=lambda order: (order.placed.time, len(order.id), order.id)))
