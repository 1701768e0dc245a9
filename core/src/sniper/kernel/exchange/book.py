"""What an account has on its way at one exchange."""

from sniper.errors import IllegalTransition
from sniper.exchange_orders import Side, Tier
from sniper.instrument import Instrument
from sniper.kernel import facts as f
from sniper.plugin import State


class ExchangeOrder(State):
    """An order at an exchange.

    state     See `sniper.kernel.exchange.states`.
    filled    Lots. ``fills``: their ids, by which one that is told twice is known.
    reserved  What it can still take, base units of ``asset``.
    cancelling  Whether it is to be cancelled.
    ended_at  When it ended, ns UTC; 0 while it works.
    value     What the filled lots were worth, base units of the quote asset.
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
    value: int = 0

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
        instrument = placed.instrument
        return instrument.quote if placed.new.side == "buy" or instrument.linear else instrument.base

    @property
    def at_stake(self) -> int:
        """What it may still add to exposure, base units of what the desk counts in."""
        placed = self.placed
        if not placed.opens:
            return 0
        if not placed.instrument.linear and not placed.counted:
            return self.reserved if self.side == "buy" else 0
        return -(-placed.notional * (self.size - self.filled) // self.size)


class Contract(State):
    """What is known of a contract that was traded or read; see `sniper.exchange_orders.ContractState`.

    margin    Initial margin of what is held, base units of the quote asset.
    instance  The strategy instance that held it last.
    """

    instrument: Instrument
    leverage: int = 1
    isolated: int | None = None
    tiers: tuple[Tier, ...] = ()
    liquidation: int = 0
    margin: int = 0
    instance: str = ""


class DeskBook(State):
    """Everything that an account has on its way at one exchange.

    orders    Those that may still be filled. ``ended``: the newest of the others, for what is told of them late.
    clients   Both by their client ids.
    reserved  By asset id: what ``orders`` can take, and the initial margin of what is held in ``contracts``, by
              instrument id; base units.
    told      When the newest forced fills and fundings were, by their ids, by which one that is told twice is known.
    cursor    Where the fills begin that are not known yet. ``known``: whether the sub-account was read since a process
              took it up, and since its stream broke; ``lost``: whether that is not there yet.
    """

    orders: dict[str, ExchangeOrder] = {}
    ended: dict[str, ExchangeOrder] = {}
    clients: dict[str, str] = {}
    reserved: dict[str, int] = {}
    cursor: str = ""
    known: bool = False
    lost: bool = False
    contracts: dict[str, Contract] = {}
    told: dict[str, int] = {}

    def order_of(self, order: str) -> ExchangeOrder:
        """The order, working or ended. Raises `IllegalTransition` for one that was never placed, or long ago."""
        found = self.orders.get(order)
        if found is None:
            found = self.ended.get(order)
            if found is None:
                raise IllegalTransition(f"there is no order {order}")
        return found

    def working(self, instrument: str) -> tuple[ExchangeOrder, ...]:
        """Orders in an instrument that may still be filled, in the order in which they were placed."""
        found = [order for order in self.orders.values() if order.placed.instrument.id == instrument]
        # a book that was restored iterates otherwise than one that grew
        return tuple(sorted(found, key=lambda order: (order.placed.time, len(order.id), order.id)))
