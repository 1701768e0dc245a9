"""Which positions are guarded, and what makes their exits speak: a change of the pool, an event, a timer, a simulation.

An exit only says that it wants to sell; `Sales` sees to it.
"""

from typing import TYPE_CHECKING, Any

from sniper.errors import PoolUnknown
from sniper.events import Event, LiquidityRemoved, PositionOpened, SellSimulated, TimerFired, TokenActed
from sniper.exit import Sell
from sniper.kernel import facts as f
from sniper.kernel.asks import SimulateSell
from sniper.kernel.book import Position
from sniper.kernel.exchange.exits import DeskGuard
from sniper.kernel.given import given
from sniper.kernel.guards import Guard
from sniper.kernel.pool import Pool
from sniper.kernel.timers import Owner
from sniper.kernel.wiring import ExitWiring
from sniper.strategy import SetTimer
from sniper.types import BPS

if TYPE_CHECKING:
    from sniper.kernel.account import Account


class Exits:
    """All guards of one account. ``guards``: those of the positions that are held, by token."""

    def __init__(self, account: "Account", guards: dict[str, Guard]) -> None:
        self.account = account
        self.guards = guards
        self.retired: dict[str, Guard] = {}
        """Guards of flat positions that a reorg could still bring back, with what their exits know."""

    # ---- guards ----

    def arm(self, token: str, instance: str) -> None:
        """A position was filled: guard it from now on."""
        account = self.account
        if token in self.guards:
            return
        self.retired.pop(token, None)
        guard = self.guard(token, instance)
        self._tell_guarded(guard)
        account.tell(instance, PositionOpened(time=account.kernel.now, token=token))
        for name, exit_ in guard.exits:
            self._run(guard, name, "opened", exit_.opened, guard.shown, account.view)
        self.valued(guard)

    def guard(self, token: str, instance: str) -> Guard:
        """Make the guard of a position and let its pool know, where that is known."""
        account = self.account
        position = account.book.positions[token]
        owner = account.instances.get(instance)
        guard = self.guards[token] = self.made(position, owner.wiring.exits if owner else ())
        if not isinstance(guard, DeskGuard):
            guard.follow(account.pool(position.pool))
        return guard

    def made(self, position: Position, wirings: tuple[ExitWiring, ...]) -> Guard:
        """A guard, which guards nothing yet."""
        at_desk = self.account.desk_exits.trades(position)
        return DeskGuard(self.account, position, wirings) if at_desk else Guard(self.account, position, wirings)

    def of(self, token: str) -> Guard | None:
        """The guard of a position. One at an exchange that has no exits has none before somebody wants it sold."""
        guard, position = self.guards.get(token), self.account.book.positions.get(token)
        if guard is None and position is not None and self.account.desk_exits.trades(position):
            guard = self.guard(token, position.instance)
            self.account.desk_exits.recall()
        return guard

    def known(self, pool: Pool) -> None:
        """A pool can be valued that could not: guards that had none follow it."""
        found = [guard for guard in self.guards.values() if guard.pool is None and guard.position.pool == pool.id]
        if found:
            for guard in found:
                guard.follow(pool)
            self.review()

    def review(self) -> None:
        """Put on record which positions nothing guards any more, and which are guarded again."""
        for _, guard in sorted(self.guards.items()):
            self._tell_guarded(guard)

    def _tell_guarded(self, guard: Guard) -> None:
        account, position = self.account, guard.position
        if guard.guarded != bool(position.unguarded):
            return
        reason = "" if guard.guarded else guard.without
        account.emit(f.Unguarded(time=account.kernel.now, token=position.token, reason=reason))
        if reason:
            account.kernel.report(f"position {position.token} of {account.name} is not guarded", PoolUnknown(reason))

    def retire(self, token: str) -> None:
        """The position is flat."""
        guard = self.guards.pop(token, None)
        if guard is not None:
            guard.follow(None)
            guard.pending = None
            self.retired[token] = guard

    def revive(self, position: Position) -> None:
        """A reorg has brought back a position that was flat: guard it with what its exits knew."""
        guard = self.retired.pop(position.token, None)
        if guard is not None:
            self.guards[position.token] = guard
            guard.position = position
            guard.follow(self.account.pool(position.pool))
            self._tell_guarded(guard)

    def forget(self) -> None:
        """Drop the guards of positions that are flat for good."""
        closed = self.account.book.closed
        gone = {token for token in self.retired if token not in closed and token not in self.account.book.positions}
        if gone:
            self.retired = {token: guard for token, guard in self.retired.items() if token not in gone}
            self.account.kernel.timers.drop(self.account.name, gone)

    # ---- what makes an exit speak ----

    def valued(self, guard: Guard) -> None:
        """The pool changed: ask each exit in turn until one wants to sell. Hot."""
        position = guard.position
        if position.state != "open" or (guard.pending is not None and not guard.waits):
            return
        value = guard.worth()
        if value is None:
            return
        view, shown = self.account.view, guard.shown
        for name, exit_ in guard.exits:
            try:
                sell = exit_.valued(shown, value, view)
                if sell is not None:
                    given(sell, Sell)
            except Exception as error:  # a plugin's code: the other exits go on
                self._broken(guard, name, error)
                continue
            if sell is not None:
                self.account.safely(self.account.sales.wanted, guard, name, sell)
                return

    def event(self, guard: Guard, event: Event) -> None:
        """Something about the position's pool or token that exits may handle."""
        for name, exit_ in guard.exits:
            handler = guard.handlers[name].get(type(event))
            if handler is not None:
                self._run(guard, name, handler, getattr(exit_, handler), event, guard.shown, self.account.view)

    def token_event(self, event: TokenActed | LiquidityRemoved) -> None:
        """As `event`, for the position of the event's token."""
        guard = self.guards.get(event.token)
        if guard is not None:
            self.event(guard, event)

    def timer(self, token: str, exit_name: str, event: TimerFired) -> None:
        """A timer that one exit set."""
        guard = self.guards.get(token)
        if guard is None:
            return
        for name, exit_ in guard.exits:
            handler = guard.handlers[name].get(TimerFired)
            if name == exit_name and handler is not None:
                self._run(guard, name, handler, getattr(exit_, handler), event, guard.shown, self.account.view)

    def simulated(self, event: SellSimulated) -> None:
        """A sale was simulated: note the tax, and let the exits see it."""
        account = self.account
        body = account.close_ask(event.ask)
        if not isinstance(body, SimulateSell):
            return
        guard = self.guards.get(event.token)
        if guard is None:
            return
        self.event(guard, event)
        if event.quoted and not event.reverted:
            tax = max(0, event.quoted - event.received) * BPS // event.quoted
            taxes = account.book.taxes.get(event.token)
            if taxes is None or taxes.sell_bps != tax:
                account.emit(f.Measured(time=account.kernel.now, token=event.token, buy_tax_bps=None, sell_tax_bps=tax))
        if not account.sales.simulated(guard, body, event):
            self.valued(guard)

    def _run(self, guard: Guard, name: str, method: str, handler: Any, *args: object) -> None:
        """Call a handler of an exit and do what it yields. Any: handlers differ in their event type."""
        try:
            actions = list(handler(*args))
        except Exception as error:  # a plugin's code: the other exits go on
            self._broken(guard, f"{name} in {method}", error)
            return
        for action in actions:
            try:
                given(action, SetTimer if type(action) is SetTimer else Sell)
            except Exception as error:  # what a plugin gave
                self._broken(guard, f"{name} in {method}", error)
                continue
            if type(action) is Sell:
                self.account.sales.wanted(guard, name, action)
            else:
                owner = Owner(self.account.name, guard.position.instance, guard.position.token, name)
                self.account.kernel.timers.set(owner, action.key, action.at)

    def _broken(self, guard: Guard, name: str, error: Exception) -> None:
        self.account.kernel.report(f"exit {name} of {self.account.name} failed on {guard.position.token}", error)
