"""Positions on their way out: exits are asked, sales are placed, and a sale that fails is tried again.

Nothing here waits for a probe. What may refuse a sale: a policy, the loss floor that the trader set, the kill switch at
``freeze`` and the signer's rules; the position then keeps asking.
"""

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from sniper.amm import NoLiquidity, Unpriced
from sniper.errors import PoolUnknown
from sniper.events import (
    ClosePosition,
    EntryDenied,
    Event,
    LiquidityRemoved,
    PositionClosed,
    PositionOpened,
    Retracted,
    SellSimulated,
    TimerFired,
    TokenActed,
)
from sniper.exit import Exit, Sell
from sniper.kernel import facts as f
from sniper.kernel.asks import SimulateSell
from sniper.kernel.book import Order, Position
from sniper.kernel.entries import KERNEL, Denials, describe
from sniper.kernel.given import given, given_amount
from sniper.kernel.market import Pool
from sniper.kernel.timers import Owner
from sniper.kernel.wiring import ExitWiring
from sniper.risk import Finding, at_least, must
from sniper.strategy import SetTimer, handlers_of
from sniper.types import BPS, Entry, KillLevel, split_asset

if TYPE_CHECKING:
    from sniper.kernel.account import Account

NO_OTHER_SALE = "no-other-sale"
"""The rule under which a person's sale is refused while another one is wanted."""
MOST_PATIENCE = 64
"""Blocks between two tries of a sale that keeps failing, at most."""
UNKNOWN = "its pool is not known"


_handlers = cache(handlers_of)
"""A guard is made with each fill, and the classes of exits do not change."""


class Guard:
    """The exits of one position. ``pool`` is None while its pool is not known: nothing tells then what it is worth.
    ``pending`` is a sale that was decided and is not done; it is tried again at ``next_block``."""

    __slots__ = (
        "_coin", "account", "exits", "handlers", "next_block", "pending", "pool", "position", "simulates", "without",
    )  # fmt: skip

    def __init__(self, account: "Account", position: Position, wirings: tuple[ExitWiring, ...]) -> None:
        self.account = account
        self.position = position
        self.pool: Pool | None = None
        self.without = UNKNOWN
        """Why there is no pool, where there is none."""
        self._coin = 0
        self.exits: tuple[tuple[str, Exit], ...] = tuple(self._made(wirings))
        self.handlers = {name: _handlers(type(exit_)) for name, exit_ in self.exits}
        self.simulates = any(w.simulates_sales for w in wirings)
        self.pending: Sell | None = None
        self.next_block = 0

    def _made(self, wirings: tuple[ExitWiring, ...]) -> Iterator[tuple[str, Exit]]:
        for w in wirings:
            try:
                yield w.name, w.exit(config=w.config)  # type: ignore[call-arg]  # every exit declares it
            except Exception as error:  # a plugin's code: the other exits guard without it
                self.account.kernel.report(f"exit {w.name} cannot guard {self.position.token}", error)

    def follow(self, pool: Pool | None) -> None:
        """Value the position in this pool from now on, or in none; one without the position's token counts as none."""
        token = split_asset(self.position.token)[1]
        if self.pool is not None:
            self.pool.watchers.remove(self)
        self.pool = pool if pool is not None and token in pool.coins else None
        if self.pool is not None:
            self._coin = self.pool.coins.index(token)
            self.pool.watchers.append(self)

    def lose(self, reason: str) -> None:
        """The market has forgotten its pool; see `Exits.review`."""
        self.follow(None)
        self.without = reason

    def value(self, pool: Pool) -> int | None:
        """What selling all of it would bring now, after tax: quote asset, base units; 0 where the pool is dry, None
        where its AMM cannot say."""
        position, account = self.position, self.account
        amount = position.amount
        if position.token in account.book.taxes:
            amount = account.planning.after_tax(position.token, amount, buying=False)
        coin = self._coin
        try:
            return given_amount(pool.impl.amount_out(coin, 1 - coin, amount))
        except Unpriced:
            return None
        except NoLiquidity:
            return 0
        except Exception as error:  # a plugin's code: that it fails says nothing about the position
            self.account.kernel.report(f"amm {pool.amm} cannot price pool {pool.id}", error)
            return None


class Exits:
    """All guards of one account."""

    def __init__(self, account: "Account") -> None:
        self.account = account
        self.guards: dict[str, Guard] = {}
        self.retired: dict[str, Guard] = {}
        """Guards of flat positions that a reorg could still bring back, with what their exits know."""
        self.policies = tuple(
            (c.name, c.check) for c in sorted(account.wiring.checks, key=lambda check: check.name) if c.policy
        )

    # ---- guards ----

    def arm(self, token: str, instance: str) -> None:
        """A position was filled: guard it from now on."""
        account = self.account
        if token in self.guards:
            return
        self.retired.pop(token, None)
        guard = self.guard(token, instance)
        self.review()
        account.tell(instance, PositionOpened(time=account.kernel.now, token=token))
        for name, exit_ in guard.exits:
            self._run(guard, name, "opened", exit_.opened, guard.position, account.view)
        self.valued(guard)

    def guard(self, token: str, instance: str) -> Guard:
        """Make the guard of a position and let its pool know, where that is known."""
        account = self.account
        position = account.book.positions[token]
        owner = account.instances.get(instance)
        guard = self.guards[token] = Guard(account, position, owner.wiring.exits if owner else ())
        guard.follow(account.pool(position.pool))
        return guard

    def known(self, pool: Pool) -> None:
        """A pool can be valued that could not: guards that had none follow it."""
        for _, guard in sorted(self.guards.items()):
            if guard.pool is None and guard.position.pool == pool.id:
                guard.follow(pool)
        self.review()

    def review(self) -> None:
        """Put on record which positions nothing guards any more, and which are guarded again."""
        account = self.account
        for token, guard in sorted(self.guards.items()):
            reason = guard.without if guard.pool is None else ""
            if bool(reason) != bool(guard.position.unguarded):
                account.emit(f.Unguarded(time=account.kernel.now, token=token, reason=reason))
                if reason:
                    account.kernel.report(f"position {token} of {account.name} is not guarded", PoolUnknown(reason))

    def retire(self, token: str) -> None:
        """The position is flat."""
        guard = self.guards.pop(token, None)
        if guard is not None:
            guard.follow(None)
            guard.pending = None
            self.retired[token] = guard

    def lost(self, position: Position) -> None:
        """The chain shows none of it any more, and no sale of ours took it: there is nothing left to sell."""
        guard = self.guards.get(position.token)
        if guard is not None:
            guard.pending = None
        if position.state in ("open", "stuck"):
            self._moved(position, "written-off", position.failures)

    def forget(self) -> None:
        """Drop the guards of positions that are flat for good."""
        closed = self.account.book.closed
        for token in [t for t in self.retired if t not in closed and t not in self.account.book.positions]:
            del self.retired[token]
            self.account.kernel.timers.drop(self.account.name, token)

    # ---- what makes an exit speak ----

    def valued(self, guard: Guard) -> None:
        """The pool changed: ask each exit in turn until one wants to sell. Hot."""
        position = guard.position
        pool = guard.pool
        if guard.pending is not None or position.state != "open" or pool is None:
            return
        value = guard.value(pool)
        if value is None:
            return
        view = self.account.view
        for name, exit_ in guard.exits:
            try:
                sell = exit_.valued(position, value, view)
                if sell is not None:
                    given(sell, Sell)
            except Exception as error:  # a plugin's code: the other exits go on
                self._broken(guard, name, error)
                continue
            if sell is not None:
                self.account.safely(self._decided, guard, name, sell)
                return

    def event(self, guard: Guard, event: Event) -> None:
        """Something about the position's pool or token that exits may handle."""
        for name, exit_ in guard.exits:
            handler = guard.handlers[name].get(type(event))
            if handler is not None:
                self._run(guard, name, handler, getattr(exit_, handler), event, guard.position, self.account.view)

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
                self._run(guard, name, handler, getattr(exit_, handler), event, guard.position, self.account.view)

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
        if self._by_simulation(guard):
            self._brings(guard, body, event)
            return
        if guard.pending is not None and self._due(guard):
            # stuck: another transaction that can only revert would cost gas again and again
            if event.reverted or not event.received:
                self._failed(guard)
            else:
                self._sell(guard, guard.pending)
            return
        self.valued(guard)

    def block(self) -> None:
        """A new head: try again what failed, and have sales simulated where an exit wants that."""
        account = self.account
        number = account.chain.number
        if account.book.kill == KillLevel.FLATTEN:
            self.flatten(KillLevel.FLATTEN)  # an entry that was on its way may have been filled since
        held = self._held()
        waiting = [item for item in self.guards.items() if item[1].pending is not None or item[1].simulates]
        for _, guard in sorted(waiting):
            position = guard.position
            due = guard.pending is not None and number >= guard.next_block and not held
            hopeless = position.state == "stuck" and account.kernel.wiring.signs and guard.pool is not None
            if due and guard.pending is not None and position.state in ("open", "stuck") and not hopeless:
                self._sell(guard, guard.pending)
            if (guard.simulates or (due and hopeless)) and position.state in ("open", "stuck"):
                self._simulate(guard, position.amount)

    def _simulate(self, guard: Guard, amount: int) -> None:
        """Ask what a sale of so much would bring. Where trades are only played the chain could not tell: the account
        holds nothing there."""
        account, position = self.account, guard.position
        asked = any(
            isinstance(ask.body, SimulateSell) and ask.body.token == position.token
            for ask in account.book.asks.values()
        )
        if asked or not amount or not account.kernel.wiring.signs:
            return
        account.ask(
            f"{account.name}?sell-{account.book.asks_made}",
            SimulateSell(chain_id=position.chain_id, token=position.token, pool=position.pool, amount=amount),
            account.wiring.execution.simulate_deadline,
        )

    def not_simulated(self, body: SimulateSell) -> None:
        """No answer: what cannot be simulated is tried for real, but only by a quote."""
        guard = self.guards.get(body.token)
        if guard is not None and self._by_simulation(guard):
            if guard.pending is not None:
                self._failed(guard)
            return
        if guard is not None and self._due(guard) and guard.pending is not None:
            self._sell(guard, guard.pending)

    def _by_simulation(self, guard: Guard) -> bool:
        """Whether only a simulation can tell what a sale would bring: the pool is not known, or its AMM cannot say."""
        if guard.pool is None:
            return True
        amount = _share(guard.position, guard.pending) if guard.pending else guard.position.amount
        try:
            self._quote(guard, amount)
        except Unpriced:
            return True
        except Exception:  # a dry pool, or a fault of the plugin: reported where it is sold
            return False
        return False

    def _brings(self, guard: Guard, body: SimulateSell, event: SellSimulated) -> None:
        """What a sale of an unguarded position would bring: nothing else can tell the least that it must."""
        sell, position = guard.pending, guard.position
        if sell is None or position.state not in ("open", "stuck") or body.amount != _share(position, sell):
            return  # the next block asks again
        if event.reverted or not event.received:
            self._failed(guard)
        else:
            self._place(guard, sell, event.received)

    def _due(self, guard: Guard) -> bool:
        """Whether a stuck position's sale may be tried again now."""
        number = self.account.chain.number
        return guard.position.state == "stuck" and number >= guard.next_block and not self._held()

    def flatten(self, reason: str) -> None:
        """Close everything, urgently."""
        for _, guard in sorted(self.guards.items()):
            self._decided(guard, "kill switch", Sell(reason=reason, urgent=True))

    def close(self, token: str, reason: str, share_bps: int = BPS, instance: str = "", *, urgent: bool = False) -> None:
        """A strategy (its own positions only) or a person wants a position reduced."""
        guard = self.guards.get(token)
        if guard is None or (instance and guard.position.instance != instance):
            return
        self._decided(guard, instance or "by hand", Sell(reason=reason, share_bps=share_bps, urgent=urgent))

    def ordered(self, event: ClosePosition) -> None:
        """A person closes a position. What a sale that is wanted already leaves no room for is refused, and not dropped
        in silence as what a strategy says again with the next event."""
        guard = self.guards.get(event.token)
        busy = "" if guard is None else self._busy(guard, event.share_bps)
        if guard is None or not busy:
            self.close(event.token, event.reason, share_bps=event.share_bps)
            return
        account, now = self.account, self.account.kernel.now
        intent = self._formed(guard, Sell(reason=f"by hand: {event.reason}", share_bps=event.share_bps))
        finding = must(NO_OTHER_SALE, False, note=busy)
        account.emit(f.Judged(time=now, intent=intent, check=KERNEL, findings=(finding,)))
        account.emit(f.Verdict(time=now, intent=intent, allowed=False, rule=f"{KERNEL}.{NO_OTHER_SALE}"))

    def _busy(self, guard: Guard, share_bps: int) -> str:
        """The sale that is wanted already, where one of ``share_bps`` would add nothing to it, or is of a part: of
        what, nobody knows before the other sale has ended."""
        pending, token = guard.pending, guard.position.token
        if pending is None:
            return ""
        selling = any(o.placed.token == token and o.placed.side == "reduce" for o in self.account.book.working())
        if pending.share_bps < share_bps and (share_bps >= BPS or not selling):
            return ""
        return f"{pending.share_bps} bps of it {'are being sold' if selling else 'are to be sold'} ({pending.reason})"

    # ---- selling ----

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
                self._decided(guard, name, action)
            else:
                owner = Owner(self.account.name, guard.position.instance, guard.position.token, name)
                self.account.kernel.timers.set(owner, action.key, action.at)

    def _broken(self, guard: Guard, name: str, error: Exception) -> None:
        self.account.kernel.report(f"exit {name} of {self.account.name} failed on {guard.position.token}", error)

    def _decided(self, guard: Guard, name: str, sell: Sell) -> None:
        """Sell as soon as possible. Of what is wanted already the larger share stays, and the urgency."""
        share, urgent, pending = sell.share_bps, sell.urgent, guard.pending
        if pending is not None:
            if (pending.urgent or not urgent) and pending.share_bps >= share:
                return
            share, urgent = max(share, pending.share_bps), urgent or pending.urgent
        guard.pending = Sell(reason=f"{name}: {sell.reason}", share_bps=share, urgent=urgent)
        if guard.position.state in ("open", "stuck"):
            self._sell(guard, guard.pending)

    def _sell(self, guard: Guard, sell: Sell) -> None:
        """By the quote of the position's pool; where there is none, by what a simulation brings."""
        if self._by_simulation(guard) and self.account.kernel.wiring.signs:
            self._simulate(guard, _share(guard.position, sell))
        else:
            self._place(guard, sell)

    def _place(self, guard: Guard, sell: Sell, brings: int | None = None) -> None:
        """``brings``: of a simulated sale of the same amount, quote base units."""
        account, now = self.account, self.account.kernel.now
        intent = self._formed(guard, sell)
        amount = _share(guard.position, sell)
        denials = Denials()
        findings, order = self._order(guard, intent, amount, sell, brings)
        account.emit(f.Judged(time=now, intent=intent, check=KERNEL, findings=findings))
        denials.add(KERNEL, findings)
        if order is not None and not denials.rule:
            self._policies(guard, order, denials)
        if order is None or denials.rule:
            account.emit(f.Verdict(time=now, intent=intent, allowed=False, rule=denials.rule))
            if not self._held():
                self._failed(guard)
            return
        account.emit(f.Verdict(time=now, intent=intent, allowed=True))
        account.emit(order)
        account.execution.advance(account.book.orders[order.order])

    def _formed(self, guard: Guard, sell: Sell) -> str:
        """Put the wish to sell on record: the intent's id."""
        account, position = self.account, guard.position
        intent = f"{account.name}/{position.instance}/{account.book.intents + 1}"
        account.emit(
            f.IntentFormed(
                time=account.kernel.now,
                intent=intent,
                instance=position.instance,
                side="reduce",
                token=position.token,
                reason=sell.reason,
                cause=describe(account.kernel.cause),
                share_bps=sell.share_bps,
                urgent=sell.urgent,
            )
        )
        return intent

    def _held(self) -> bool:
        """Whether nothing may be sold now; what is wanted waits, and has not failed."""
        book = self.account.book
        return book.kill == KillLevel.FREEZE or bool(book.halted)

    def _order(
        self, guard: Guard, intent: str, amount: int, sell: Sell, brings: int | None
    ) -> tuple[tuple[Finding, ...], f.OrderPlaced | None]:
        account = self.account
        rules = account.wiring.execution
        position = guard.position
        gates = (
            must("not-frozen", account.book.kill != "freeze", note=account.book.kill),
            must("not-halted", not account.book.halted, note=account.book.halted),
            at_least("amount", amount, 1, unit="base units"),
            must("quoted", guard.pool is not None or brings is not None, note=position.unguarded),
        )
        if not all(gate.ok for gate in gates):
            return gates, None
        try:
            out = self._quote(guard, amount) if brings is None else brings
        except Exception as error:  # NoLiquidity, or a fault of the plugin: tried again
            return (*gates, must("liquid", False, note=f"{type(error).__name__}: {error}")), None
        floor = position.cost * amount // position.amount * rules.loss_floor_bps // BPS
        above = at_least("loss-floor", out, floor, unit="base units")
        if not above.ok:
            return (*gates, above), None
        base = rules.max_exit_slippage_bps if sell.urgent else rules.exit_slippage_bps
        slippage = min(rules.max_exit_slippage_bps, base << min(position.failures, 16))
        min_out = max(floor, out * (BPS - slippage) // BPS)
        try:
            swap = account.planning.sale(position, guard.pool, amount, min_out)
            steps = account.planning.plan(position.venue, swap)
        except Exception as error:  # a plugin's code: tried again
            account.kernel.report(f"venue {position.venue} has no plan for the sale {intent}", error)
            return (*gates, above, must("planned", False, note=f"{type(error).__name__}: {error}")), None
        return (*gates, above), f.OrderPlaced(
            time=account.kernel.now,
            order=f"{intent}.0",
            intent=intent,
            instance=position.instance,
            side="reduce",
            chain_id=position.chain_id,
            owner=account.wiring.address,
            token=position.token,
            quote=position.quote,
            pool=position.pool,
            venue=position.venue,
            amount_in=amount,
            expected_out=out,
            min_out=min_out,
            cash=0,
            gas=0,
            exit_gas=0,
            steps=steps,
            urgent=sell.urgent or position.failures > 0,
            amm=swap.amm,
            pool_data=swap.pool_data,
            deadline=swap.deadline,
        )

    def _quote(self, guard: Guard, amount: int) -> int:
        """What the position's pool, which is known, gives for so much of it after tax, quote base units."""
        pool, token = guard.pool, guard.position.token
        assert pool is not None
        return pool.amount_out(split_asset(token)[1], self.account.planning.after_tax(token, amount, buying=False))

    def _policies(self, guard: Guard, order: f.OrderPlaced, denials: Denials) -> None:
        """The operator's law judges reductions too. One that fails only warns: nobody is trapped by a defect."""
        account = self.account
        entry = Entry(
            intent=order.intent,
            account=account.name,
            instance=order.instance,
            chain_id=order.chain_id,
            token=order.token,
            quote=order.quote,
            pool=order.pool,
            venue=order.venue,
            amount=order.amount_in,
            expected_out=order.expected_out,
            reason="",
            side="reduce",
        )
        pure = dict(account.entries.pure)
        for name, _ in self.policies:
            check = pure.get(name)
            if check is None:
                continue  # a probe: reductions never wait for one
            try:
                findings = tuple(given(finding, Finding) for finding in check.judge(entry, account.view))
            except Exception as error:  # a plugin's code
                account.kernel.report(f"policy {name} failed on the sale {order.intent}", error)
                note = f"{type(error).__name__}: {error}"
                findings = (Finding(rule="works", ok=False, found=False, note=note, severity="warn"),)
            account.emit(f.Judged(time=account.kernel.now, intent=order.intent, check=name, findings=findings))
            denials.add(name, findings)

    def ended(self, order: Order) -> None:
        """An order of this account has ended: what becomes of its position."""
        account = self.account
        position = account.book.positions.get(order.placed.token)
        if position is None:
            return
        if not position.amount:
            if any(other.placed.token == order.placed.token for other in account.book.orders.values()):
                return  # an order that is on its way again after a reorg
            if order.placed.side == "increase" and not order.filled:
                rule = f"execution.{order.reason or order.state}"
                denied = EntryDenied(
                    time=account.kernel.now,
                    token=order.placed.token,
                    intent=order.placed.intent,
                    rule=rule,
                    retry_at=None,
                )
                account.tell(order.placed.instance, denied)
            self._flat(position)
            return
        guard = self.guards.get(order.placed.token)
        if order.placed.side != "reduce":
            self.placed(position, position.failures)
            return
        if order.state != "done":
            if guard is not None:
                self._failed(guard)
            return
        self.placed(position, 0)
        if guard is None:
            return
        if guard.pending is not None and _wants_more(guard.pending, order, position):
            self._sell(guard, guard.pending)
            return
        guard.pending = None
        self.valued(guard)

    def _failed(self, guard: Guard) -> None:
        """A sale was refused or failed: wait a little longer each time, and say so when it looks hopeless."""
        rules = self.account.wiring.execution
        position = guard.position
        failures = position.failures + 1
        self.placed(position, failures)
        wait = 1 if failures < rules.stuck_after else min(MOST_PATIENCE, 2 ** (failures - rules.stuck_after))
        guard.next_block = self.account.chain.number + wait

    def _flat(self, position: Position) -> None:
        account = self.account
        self._moved(position, "closed", 0)
        self.retire(position.token)
        account.tell(
            position.instance,
            PositionClosed(time=account.kernel.now, token=position.token, pnl=position.realised),
        )
        instance = account.instances.get(position.instance)
        if instance is not None and instance.state == "draining" and not instance.holds():
            instance.command("remove", "")

    def _moved(self, position: Position, state: str, failures: int) -> None:
        self.account.emit(
            f.PositionMoved(time=self.account.kernel.now, token=position.token, state=state, failures=failures)
        )

    def retracted(self, order: Order) -> None:
        """A reorg took back a transaction of this order: its position is what it was before."""
        account = self.account
        position = account.book.positions[order.placed.token]
        self.placed(position, position.failures)
        if not position.amount:
            self.retire(position.token)
        else:
            guard = self.retired.pop(position.token, None)
            if guard is not None:
                self.guards[position.token] = guard
                guard.position = position
                guard.follow(account.pool(position.pool))
                self.review()
            guard = self.guards.get(position.token)
            if guard is not None and guard.pending is None and order.placed.side == "reduce":
                # should the sale fail in its new block, it is tried again
                share = min(BPS, -(-order.placed.amount_in * BPS // position.amount))
                guard.pending = Sell(reason="a reorg took the sale back", share_bps=share, urgent=order.placed.urgent)

    def placed(self, position: Position, failures: int) -> None:
        """Let a position's state follow from what is held and what is on its way. ``failures``: sales that failed in a
        row."""
        selling = any(
            o.placed.token == position.token and o.placed.side == "reduce" for o in self.account.book.orders.values()
        )
        if not position.amount:
            state = "opening"
        elif selling:
            state = "closing"
        else:
            state = "stuck" if failures >= self.account.wiring.execution.stuck_after else "open"
        if state != position.state or failures != position.failures:
            self._moved(position, state, failures)

    def reorged(self, event: Retracted) -> None:
        """Let each strategy know."""
        for instance in self.account.instances:
            self.account.tell(instance, event)


def _share(position: Position, sell: Sell) -> int:
    """How much of a position a sale takes, base units."""
    return position.amount if sell.share_bps >= BPS else position.amount * sell.share_bps // BPS


def _wants_more(pending: Sell, order: Order, position: Position) -> bool:
    """Whether the pending sale was decided while ``order`` was on its way: it wants all where the order sold a part, or
    is an emergency where the order was none. What is left after a sale of everything is dust, and is not sold again."""
    everything = pending.share_bps >= BPS and order.placed.amount_in < order.filled + position.amount
    return everything or (pending.urgent and not order.placed.urgent)
