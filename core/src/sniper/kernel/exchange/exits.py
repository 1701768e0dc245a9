"""Positions at exchanges: what they are worth, the exits that guard them, and how they are sold.

What an exit, a person or the kill switch wants sold becomes a plan (`sniper.order_types.Unwind`), so it is tried again
until it is done, and survives a crash. What cannot be sold because it is less than one lot leaves the position.
"""

from typing import TYPE_CHECKING, Final

from sniper.events import Event, PositionClosed
from sniper.exchange_orders import Side
from sniper.exit import Sell
from sniper.instrument import COIN, Instrument
from sniper.kernel import facts as f
from sniper.kernel.book import Position
from sniper.kernel.exchange.book import ExchangeOrder
from sniper.kernel.exchange.shorts import Short, mirrored
from sniper.kernel.exchange.tickers import Ticker
from sniper.kernel.guards import Guard
from sniper.kernel.plans import fold
from sniper.order_types import Unwind
from sniper.types import BPS, SECOND, KillLevel, StartPlan, place_of
from sniper.view import Position as Shown

if TYPE_CHECKING:
    from sniper.kernel.account import Account

KEY: Final = "?exit "
"""Begins the key of a plan that sells a position; no strategy's key does."""
LOOK: Final = "?worth"
"""The key of the timer that lets watches look at what is held; no order has this id."""
MILLION: Final = 10**6
AGAIN: Final = 5 * SECOND
"""ns after which a sale that was denied is tried again."""


def _left(order: ExchangeOrder) -> int:
    """What it holds of what is to be sold, base units."""
    linear = order.placed.instrument.linear
    return (order.size - order.filled) * order.placed.instrument.lot if linear else order.reserved


def _holds(order: ExchangeOrder, instrument: Instrument, side: Side) -> bool:
    """Whether an order keeps what is held from being sold: whatever pays with the coins; of a contract, what is on the
    same side and does not wait for a trigger."""
    placed = order.placed
    if not instrument.linear:
        return order.asset == instrument.base
    return placed.instrument.id == instrument.id and order.side == side and placed.new.trigger is None


class DeskGuard(Guard):
    """A guard whose position is valued by its instrument."""

    __slots__ = ()

    @property
    def ticker(self) -> Ticker | None:
        """The instrument, where it is listed."""
        return self.account.kernel.tickers.known.get(self.position.pool)

    @property
    def guarded(self) -> bool:
        """Whether anything tells what the position is worth."""
        return self.ticker is not None

    @property
    def waits(self) -> bool:
        return self.account.desk_exits.waits(self)  # a part that cannot be sold now keeps nothing from selling all

    @property
    def shown(self) -> Shown:
        return self.position if self.position.amount > 0 else Short(self.position)

    def worth(self) -> int | None:
        position = self.position
        found = worth(self.ticker, position)
        return found if found is None or position.amount > 0 else mirrored(found, position.cost)

    def share(self, sell: Sell) -> int:
        """Rounded towards zero, whichever side it is on."""
        amount = self.position.amount
        share = abs(amount) if sell.share_bps >= BPS else abs(amount) * sell.share_bps // BPS
        return share if amount > 0 else -share


def worth(ticker: Ticker | None, position: Position) -> int | None:
    """What ending a position would bring now, after the fee: quote base units, below zero for what was sold short; of a
    contract, what it stands for. None where nothing tells."""
    if ticker is None or ticker.stale:
        return None
    price = ticker.to_sell() if position.amount > 0 else ticker.to_buy()
    value = position.amount * price * ticker.instrument.tick // COIN
    return value - max(0, -(-abs(value) * ticker.instrument.taker_fee // MILLION)) if price else None


class DeskExits:
    """Of one account."""

    def __init__(self, account: "Account") -> None:
        self.account = account
        self._at: dict[str, tuple[DeskGuard, ...]] = {}

    def trades(self, position: Position) -> bool:
        """Whether a position is at one of the account's exchanges."""
        return position.venue in self.account.trading.desks and place_of(position.quote) == position.venue

    # ---- guards ----

    def filled(self, instrument: Instrument, position: Position | None, before: int) -> None:
        """An order was filled. ``position``: what was held, ``before``: how much, base units; what became of it is in
        the books."""
        account = self.account
        now = account.book.positions.get(instrument.held)
        if position is not None and now is position and before * now.amount < 0:
            self._closed(position)  # it went through zero: another one, of which its exits know nothing
            self._opened(now)
        if position is not None and now is position and not instrument.linear and 0 < abs(now.amount) < instrument.lot:
            self._leave(now)
            now = None
        if position is not None and now is not position:
            self._closed(position)
        if now is not None and now is not position:
            self._opened(now)
        changed = now or position
        if changed is not None:
            account.worth_changed(changed)
        account.plans.held(instrument.id)

    def look(self, venue: str) -> None:
        """Prices have moved within the last second: let what watches know of all positions at an exchange."""
        for _, position in sorted(self.account.book.positions.items()):
            if position.venue == venue:
                self.account.worth_changed(position)

    def _opened(self, position: Position) -> None:
        account = self.account
        instance = account.instances.get(position.instance)
        if account.watches or account.valuing or (instance is not None and instance.wiring.exits):
            account.exits.arm(position.token, position.instance)
            self.recall()
        if account.book.kill == KillLevel.FLATTEN:
            account.sales.close(position.token, KillLevel.FLATTEN, urgent=True)  # it was on its way

    def _closed(self, position: Position) -> None:
        account = self.account
        guard = account.exits.guards.get(position.token)
        if guard is not None:
            account.exits.retire(position.token)
            account.exits.retired.pop(position.token, None)
            account.kernel.timers.drop(account.name, {position.token})
            self.recall()
        account.tell(
            position.instance,
            PositionClosed(time=account.kernel.now, token=position.token, pnl=position.realised),
        )

    def _leave(self, position: Position) -> None:
        """What cannot be sold alone is no position any more."""
        self.account.emit(f.DustLeft(time=self.account.kernel.now, token=position.token))

    def recall(self) -> None:
        """Guards have come or gone, perhaps with a whole book: who hears which instrument?"""
        guards = self.account.exits.guards
        at: dict[str, tuple[DeskGuard, ...]] = {}
        for token in sorted(guards):
            guard = guards[token]
            if isinstance(guard, DeskGuard):
                at[guard.position.pool] = (*at.get(guard.position.pool, ()), guard)
        self._at = at
        self.account.kernel.tickers.follow(f"{self.account.name}?exits", self, at)

    def deliver(self, event: Event) -> None:
        """The market of a guarded position moved. Hot."""
        account = self.account
        for guard in self._at.get(event.instrument, ()):  # type: ignore[attr-defined]  # tickers hear of nothing else
            account.exits.valued(guard)
            account.price_changed(guard.position)
            if account.valuing:
                timers, owner = account.kernel.timers, account.trading.desks[guard.position.venue].owner
                if not timers.has(owner, LOOK):
                    timers.set(owner, LOOK, account.kernel.now + SECOND)

    # ---- sales ----

    def sell(self, guard: Guard, sell: Sell) -> None:
        """Begin to sell. Where all of it is wanted sold, orders and plans that hold the same are withdrawn, the sale
        of a part too, for it cannot be sold twice; for a part, as many orders as leave that much."""
        account, position, book = self.account, guard.position, self.account.book
        ticker = account.kernel.tickers.known.get(position.pool)
        if ticker is None or book.kill == KillLevel.FREEZE or book.halted:
            self._later(position)
            return
        instrument, whole = ticker.instrument, sell.share_bps >= BPS
        side: Side = "buy" if position.amount < 0 else "sell"
        size = abs(guard.share(sell)) // instrument.lot
        key = f"{KEY}{position.token}"
        begun = account.plans.of_key(position.instance, key)
        if begun is not None:
            spec = begun.started.spec
            if whole and not begun.ending and isinstance(spec, Unwind) and spec.size - begun.filled() < size:
                account.plans.withdraw(begun.id)  # it sells a part; once it has ended, all is sold
        elif size >= account.trading.least(ticker, side, reduces=True):
            if whole:
                self._withdraw(position, instrument)
            else:
                self.make_room(instrument, side, size * instrument.lot)
            unwind = Unwind(instrument=instrument.id, side=side, size=size)
            account.plans.start(position.instance, StartPlan(key=key, plan=unwind, reason=sell.reason))
        elif not whole:
            guard.pending = None  # the other exits are not to wait for what cannot be sold
        elif instrument.linear:
            self._later(position)
        else:
            self._leave(position)
            self._closed(position)

    def busy(self, instrument: Instrument, key: str) -> bool:
        """Whether all of what is held is being sold, by another order than that of this key."""
        guard = self.account.exits.guards.get(instrument.held)
        if guard is None or guard.pending is None or guard.pending.share_bps < BPS:
            return False
        return key != f"{KEY}{instrument.held}"

    def claimed(self, instrument: Instrument, side: Side, key: str) -> int:
        """How much of what is held is to be sold and is not on its way yet, base units: orders of another key than that
        of the sale leave it alone. It is on record, as the wish of a guard is not."""
        account, token = self.account, instrument.held
        position = account.book.positions.get(token)
        if position is None or not account.book.plans or key == f"{KEY}{token}":
            return 0
        plan = account.plans.of_key(position.instance, f"{KEY}{token}")
        if plan is None or plan.ending or not isinstance(plan.started.spec, Unwind) or plan.started.spec.side != side:
            return 0
        on_way = sum(fold.on_way(account.book, plan, leg) for leg in plan.legs)
        return max(0, plan.started.spec.size - plan.filled() - on_way) * plan.started.instrument.lot

    def make_room(self, instrument: Instrument, side: Side, amount: int) -> None:
        """Cancel as many orders as keep ``amount`` (base units) from being sold: first those of plans, of which what
        only reduces goes on with the rest, and the newest of each first."""
        account = self.account
        desk, position = account.trading.desks[instrument.venue], account.book.positions.get(instrument.held)
        holding = [order for _, order in sorted(desk.book.orders.items()) if _holds(order, instrument, side)]
        free = abs(position.amount if position is not None else 0)
        free -= sum(_left(order) for order in holding if not order.cancelling)
        holding.sort(key=lambda each: (bool(each.placed.plan), each.placed.time, len(each.id), each.id), reverse=True)
        for order in holding:
            if free >= amount:
                return
            if not order.cancelling and order.key != f"{KEY}{instrument.held}":
                desk.cancel(order.id)
                free += _left(order)

    def waits(self, guard: Guard) -> bool:
        """Whether a part is wanted sold of which nothing is on its way: other orders hold it, or it was denied."""
        if guard.pending is None or guard.pending.share_bps >= BPS:
            return False
        plan = self.account.plans.of_key(guard.position.instance, f"{KEY}{guard.position.token}")
        return plan is None or not any(leg.working for leg in plan.legs.values())

    def _withdraw(self, position: Position, instrument: Instrument) -> None:
        """Nothing else sells what is to be sold, and nothing buys it again."""
        account = self.account
        for plan in sorted(account.book.plans):
            started = account.book.plans[plan].started
            if started.instrument.id == instrument.id or self._trades(started.instrument, position):
                account.plans.withdraw(plan)
        desk = account.trading.desks[position.venue]
        placed = (order.placed.instrument for order in desk.book.orders.values())
        others = {each.id for each in placed if self._trades(each, position)}
        for key in sorted({instrument.id, *others}):
            for order in desk.book.working(key):
                desk.cancel(order.id)

    @staticmethod
    def _trades(instrument: Instrument, position: Position) -> bool:
        """Whether an instrument, such as a cross, buys or sells the coins of a position."""
        return not instrument.linear and position.token in (instrument.base, instrument.quote)

    def ended(self, key: str, state: str) -> None:
        """The plan that sold for an exit has ended."""
        account, token = self.account, key.removeprefix(KEY)
        guard, position = account.exits.guards.get(token), account.book.positions.get(token)
        if guard is None or position is None or guard.pending is None:
            return
        whole = guard.pending.share_bps >= BPS
        if whole and state in ("done", "cancelled"):
            self.sell(guard, guard.pending)  # what was bought meanwhile, or not wanted yet; or less than one can sell
        elif state != "done":
            self._later(position)  # it was denied, or given up; the wish stands
        else:
            guard.pending = None

    def again(self, key: str) -> None:
        """Time to try a sale again."""
        guard = self.account.exits.guards.get(key.removeprefix(KEY))
        if guard is not None and guard.pending is not None:
            self.sell(guard, guard.pending)

    def _later(self, position: Position) -> None:
        account = self.account
        owner = account.trading.desks[position.venue].owner
        account.kernel.timers.set(owner, f"{KEY}{position.token}", account.kernel.now + AGAIN)
