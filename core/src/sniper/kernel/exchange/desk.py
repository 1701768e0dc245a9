"""The orders of one account at one exchange: what is sent, what came of it, and what to do where nobody knows.

The user's stream, answers to requests and readings say the same things in any order. Fills are booked once, by their
ids; a state only moves forward; an order whose outcome is unknown is looked for, and never sent again.
"""

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from sniper.errors import SniperError
from sniper.events import DeskAnswered, OrderFound, PositionForced, Submitted
from sniper.exchange_orders import ContractState, Fill, Funding, OrderState
from sniper.instrument import Instrument
from sniper.kernel import facts as f
from sniper.kernel.asks import Cancel, FindOrder, ReadDesk, Submit
from sniper.kernel.book import Position
from sniper.kernel.exchange import crosses
from sniper.kernel.exchange.book import DeskBook, ExchangeOrder
from sniper.kernel.exchange.exits import KEY as EXIT
from sniper.kernel.exchange.exits import LOOK
from sniper.kernel.exchange.holdings import Change, change_of
from sniper.kernel.exchange.states import WORKING
from sniper.kernel.timers import Owner
from sniper.types import SECOND

if TYPE_CHECKING:
    from sniper.kernel.account import Account

LOOK_AGAIN: Final = 2 * SECOND
"""ns between two attempts to learn what nobody could tell."""
READ: Final = "?read"
"""The key of the timer that reads the sub-account again; no order has this id."""


class StrangeOrder(SniperError):
    """An order of the sub-account that sniper did not place."""

    code = "strange-order"


class Desk:
    """One account at one exchange. ``deadline`` and ``read_every``: see `sniper.kernel.wiring.DeskWiring`."""

    def __init__(self, account: "Account", venue: str, deadline: int = 5 * SECOND, read_every: int = 0) -> None:
        self.account = account
        self.venue = venue
        self.deadline = deadline
        self.read_every = read_every
        self.owner = Owner(account.name, "", "", venue)
        self.name = f"{account.name}@{venue}"

    @property
    def book(self) -> DeskBook:
        """What is on its way; nothing, before a process has begun."""
        return self.account.book.desks.get(self.venue) or DeskBook()

    # ---- orders ----

    def place(self, placed: f.ExchangeOrderPlaced) -> None:
        """Reserve what the order can take, and let it leave once that is durable."""
        account = self.account
        account.emit(placed)
        account.kernel.asks.append(account.book.asks[f.submission(placed.order)])

    def cancel(self, order_id: str) -> None:
        """Cancel an order; one whose outcome is unknown, as soon as it is known. To cancel what is gone is no error."""
        order = self.book.orders.get(order_id)
        if order is None:
            return
        if not order.cancelling:
            self.account.emit(f.ExchangeCancelled(time=self.account.kernel.now, order=order_id, venue=self.venue))
        self._cancel(order)

    def _cancel(self, order: ExchangeOrder) -> None:
        if order.state == "open" and order.cancelling and f"{order.id}<" not in self.account.book.asks:
            placed = order.placed
            body = Cancel(order=order.id, instrument=placed.instrument, new=placed.new, venue_id=order.venue_id)
            self.account.ask(f"{order.id}<", body, self.deadline)

    # ---- what the exchange says ----

    def submitted(self, body: Submit, event: Submitted) -> None:
        """Its word on a new order."""
        order = self.book.order_of(body.order)
        if order.state not in ("new", "unknown"):
            self.account.close_ask(event.ask)  # the stream was faster
        elif event.code:
            self._move(order, "rejected", note=f"{event.code}: {event.message}", answered=True)
        else:
            self._move(order, "open", venue_id=event.venue_id, answered=True)
            self._cancel(order)

    def cancel_asked(self, body: Cancel) -> None:
        """It knows that an order should be cancelled. Should the stream not tell what came of it, it is looked for."""
        if body.order in self.book.orders:
            self._later(body.order)

    def seen(self, state: OrderState) -> None:
        """The state of an order."""
        order = self._known(state.client_id)
        if order is None:
            self._strange(f"order {state.venue_id} of {state.instrument}")
            return
        if state.filled > order.filled and state.state != "open":
            self._find(order)  # it has fills that nobody has told of
        elif state.state == "open":
            if order.state in ("new", "unknown"):
                self._move(order, "open", venue_id=state.venue_id)
            self._cancel(order)
        elif order.state in WORKING and state.state != "filled":
            self._move(order, state.state, venue_id=state.venue_id, note=state.reason)
        elif order.state in WORKING:
            # what only reduces is made smaller where less is held than it says, and is then filled with that
            size = order.placed.new.size
            note = f"the exchange took {state.filled} lots of it, not {size}"
            self._move(order, "expired", venue_id=state.venue_id, note=note)

    def filled(self, fill: Fill) -> None:
        """A fill; one that is told again is none."""
        if fill.forced:
            self._forced(fill)
            return
        order = self._known(fill.client_id)
        if order is None:
            self._strange(f"fill {fill.id} of {fill.instrument}")
            return
        if fill.id in order.fills:
            return
        account, placed = self.account, order.placed
        whole = order.filled + fill.size == placed.new.size
        ends = whole and order.state != "rejected"
        if placed.counted:
            crosses.book(self, order, fill, ends=ends)
        else:
            self._book(order, fill, ends=ends)
        if whole and not ends:
            self._move(order, "filled", venue_id=fill.venue_id)  # one that was refused: this halts the account
        elif order.state in ("new", "unknown"):
            self._move(order, "open", venue_id=fill.venue_id)
        else:
            account.trading.changed(order)

    def _book(self, order: ExchangeOrder, fill: Fill, *, ends: bool) -> None:
        account, placed = self.account, order.placed
        held = account.book.positions.get(placed.instrument.held)
        before = held.amount if held is not None else 0
        change = _change(placed.instrument, fill, held)
        self.cover(fill, placed.instrument, change.amount, change.cash)
        account.emit(
            f.ExchangeFilled(
                time=account.kernel.now,
                order=order.id,
                fill=fill,
                amount=change.amount,
                cash=change.cash,
                cost=change.cost,
                realised=change.realised,
                ends=ends,
            )
        )
        account.desk_exits.filled(placed.instrument, held, before)

    def funded(self, funding: Funding) -> None:
        """What a position paid or was paid; once."""
        if funding.id in self.book.told:
            return
        cash = self.account.book.cash.get(funding.asset, 0)
        self._adjust(funding.asset, max(0, -funding.amount - cash), f"funding {funding.id} took it")
        self.account.emit(f.Funded(time=self.account.kernel.now, venue=self.venue, funding=funding))

    def _forced(self, fill: Fill) -> None:
        """The exchange closed some of a contract itself. What is not held, the next reading explains."""
        account, contract = self.account, self.book.contracts.get(fill.instrument)
        position = account.book.positions.get(fill.instrument)
        if fill.id in self.book.told:
            return
        if contract is None or position is None or not self._closes(fill, contract.instrument, position.amount):
            what = f"{fill.forced} {fill.id} of {fill.size} lots of {fill.instrument} closes more than is held"
            account.kernel.report(f"a strange fill of {account.name}", StrangeOrder(what))
            return
        instrument, instance, before = contract.instrument, position.instance, position.amount
        change = _change(instrument, fill, position)
        self.cover(fill, instrument, change.amount, change.cash)
        account.emit(
            f.ExchangeForced(
                time=account.kernel.now,
                instrument=instrument,
                fill=fill,
                amount=change.amount,
                cash=change.cash,
                cost=change.cost,
                realised=change.realised,
            )
        )
        account.desk_exits.filled(instrument, position, before)
        account.tell(
            instance,
            PositionForced(
                time=account.kernel.now,
                instrument=instrument.id,
                reason=fill.forced,
                size=fill.size,
                price=fill.price,
                left=account.book.owned(instrument.id) // instrument.lot,
            ),
        )

    def found(self, body: FindOrder, event: OrderFound) -> None:
        """What it knows of an order that was looked for."""
        order = self.book.order_of(body.order)
        for fill in event.fills:
            self.filled(fill)
        if order.state not in WORKING:
            return
        if event.state is None:
            note = "it never arrived" if not order.venue_id else "the exchange knows it no more"
            self._move(order, "cancelled" if order.venue_id else "rejected", note=note)
        elif event.state.filled > order.filled:
            self._later(order.id)  # its fills are not all there yet
        else:
            self.seen(event.state)
            if order.cancelling and order.state == "open":
                self._later(order.id)

    def failed(self, body: Submit | Cancel | FindOrder | ReadDesk) -> None:
        """An effect gave no answer."""
        if isinstance(body, ReadDesk):
            self._later(READ)
            return
        order = self.book.order_of(body.order)
        if order.state == "new":
            self._move(order, "unknown", note="no answer")
        if order.state not in WORKING:
            return
        if isinstance(body, FindOrder):
            self._later(order.id)
        else:
            self._find(order)

    # ---- starts and readings ----

    def began(self, *, lost: bool = False) -> None:
        """A process took over, or the stream broke: read it all. ``lost``: the stream is not there."""
        account = self.account
        account.emit(f.DeskUnread(time=account.kernel.now, venue=self.venue, lost=lost))
        for key in sorted(self.book.orders):
            order = self.book.orders[key]
            if order.state == "new" and f.submission(order.id) not in account.book.asks:
                self._move(order, "unknown", note="a process ended while it was on its way")
        self.read()

    def read(self) -> None:
        """Ask for the sub-account, where that is not asked already."""
        ask = f"{self.name}{READ}"
        if ask not in self.account.book.asks:
            self.account.ask(ask, ReadDesk(venue=self.venue, cursor=self.book.cursor), self.deadline)

    def answered(self, event: DeskAnswered) -> None:
        """The sub-account as it is."""
        account, state = self.account, event.state
        for fill in state.fills:
            self.filled(fill)
        for funding in state.funding:
            self.funded(funding)
        for contract in state.contracts:
            self._terms(contract)
        for each in state.orders:
            self.seen(each)
        there = {each.client_id for each in state.orders}
        for key in sorted(self.book.orders):
            order = self.book.orders[key]
            if order.state in ("unknown", "open") and order.placed.new.client_id not in there:
                self._find(order)
        if self._quiet():
            self._same_contracts({contract.instrument.id: contract for contract in state.contracts})
            for asset, free, held in state.balances:
                self._adjust(asset, free + held - account.book.owned(asset), "the exchange shows it")
        if self.read_every:
            # the stream may have begun to listen only after the first reading
            desk = self.book
            self._later(READ, self.read_every if desk.known and not desk.lost else LOOK_AGAIN)
        account.emit(f.DeskRead(time=account.kernel.now, venue=self.venue, cursor=state.cursor))
        account.plans.woken(self.venue)

    def timer(self, key: str) -> None:
        """Time to look again."""
        if key == READ:
            self.read()
        elif key == LOOK:
            self.account.desk_exits.look(self.venue)
        elif key.startswith(EXIT):
            self.account.desk_exits.again(key)
        elif key in self.book.orders:
            self._find(self.book.orders[key])

    # ---- helpers ----

    def _quiet(self) -> bool:
        """Whether nothing is on its way, or was when the reading that came now can have left, which is no longer ago
        than its deadline: what is, is in some of its balances and positions and not in others."""
        desk = self.book
        newest = max((*(order.ended_at for order in desk.ended.values()), *desk.told.values()), default=None)
        return not desk.orders and (newest is None or newest < self.account.kernel.now - self.deadline)

    def _known(self, client_id: str) -> ExchangeOrder | None:
        desk = self.book
        order = desk.clients.get(client_id)
        return None if order is None else desk.order_of(order)

    def _strange(self, what: str) -> None:
        error = StrangeOrder(f"{what} at {self.venue} is none of {self.account.name}'s orders: somebody else trades")
        self.account.kernel.report(f"a strange order of {self.account.name}", error)

    @staticmethod
    def _closes(fill: Fill, instrument: Instrument, held: int) -> bool:
        """Whether all of a fill reduces what is held, base units, signed."""
        return fill.size * instrument.lot <= (-held if fill.side == "buy" else held)

    def _find(self, order: ExchangeOrder) -> None:
        ask = f"{order.id}?"
        if ask not in self.account.book.asks:
            body = FindOrder(order=order.id, instrument=order.placed.instrument, new=order.placed.new)
            self.account.ask(ask, body, self.deadline)

    def _later(self, key: str, after: int = LOOK_AGAIN) -> None:
        kernel = self.account.kernel
        kernel.timers.set(self.owner, key, kernel.now + after)

    def _move(
        self, order: ExchangeOrder, state: str, *, venue_id: str = "", note: str = "", answered: bool = False
    ) -> None:
        self.account.emit(
            f.ExchangeOrderMoved(
                time=self.account.kernel.now,
                order=order.placed.order,
                venue=self.venue,
                state=state,
                venue_id=venue_id,
                note=note,
                answered=answered,
            )
        )
        self.account.trading.changed(order)

    def _terms(self, state: ContractState) -> None:
        """Put on record what is new of a contract."""
        known = self.book.contracts.get(state.instrument.id)
        told = (state.instrument, state.leverage, state.isolated, state.tiers, state.liquidation)
        if known is None or told != (
            known.instrument,
            known.leverage,
            known.isolated,
            known.tiers,
            known.liquidation,
        ):
            self.account.emit(f.ContractRead(time=self.account.kernel.now, state=state))

    def _same_contracts(self, told: dict[str, ContractState]) -> None:
        """Let the books hold the positions in contracts that the exchange shows. Fills that came in another order than
        they happened in leave another average price; what differs by less than a tick is rounding."""
        for key in sorted(self.book.contracts):
            instrument, state = self.book.contracts[key].instrument, told.get(key)
            position = self.account.book.positions.get(key)
            held, cost = (position.amount, position.cost) if position is not None else (0, 0)
            shown, shown_cost = (state.size * instrument.lot, state.cost) if state is not None else (0, 0)
            if shown != held or abs(shown_cost - cost) >= instrument.value(1, abs(held) // instrument.lot) > 0:
                self.account.emit(
                    f.ContractAdjusted(
                        time=self.account.kernel.now,
                        instrument=instrument,
                        amount=shown - held,
                        cost=shown_cost - cost,
                        reason="the exchange shows it",
                    )
                )
                self.account.desk_exits.filled(instrument, position, held)

    def cover(self, fill: Fill, instrument: Instrument, amount: int, cash: int, *, crossed: bool = False) -> None:
        """A fill is a truth: what it took and the books did not know of must have been there. ``crossed``: whether it
        pays with a position, too."""
        base, quote, book = instrument.held, instrument.quote, self.account.book
        if amount < 0 and not instrument.linear and (missing := -amount - book.owned(base)) > 0:
            self._adjust(base, missing, f"fill {fill.id} took it")
        known = book.owned(quote) if crossed else book.cash.get(quote, 0)
        if (missing := -cash - known) > 0:
            self._adjust(quote, missing, f"fill {fill.id} took it")
        if fill.fee_asset not in (base, quote) and (missing := fill.fee - book.owned(fill.fee_asset)) > 0:
            self._adjust(fill.fee_asset, missing, f"fill {fill.id} took it")

    def _adjust(self, asset: str, delta: int, reason: str) -> None:
        if delta:
            self.account.emit(f.Adjusted(time=self.account.kernel.now, asset=asset, delta=delta, reason=reason))


def _change(instrument: Instrument, fill: Fill, position: Position | None) -> Change:
    held, cost = (position.amount, position.cost) if position is not None else (0, 0)
    return change_of(instrument, fill, held, cost)


def client_id(desk: str, order: str) -> str:
    """The id under which an exchange knows an order: the same in each process and after each crash.

    32 characters of ``0-9a-f``, which all exchanges take. ``desk``: what tells one desk from others that use the same
    keys by mistake.
    """
    return blake2b(f"{desk}\0{order}".encode(), digest_size=16).hexdigest()
