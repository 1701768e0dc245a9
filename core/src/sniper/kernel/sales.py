"""What is wanted sold, until it is sold: exits, strategies and people want sales, and one that fails is tried again.

A guard keeps one wish, its ``pending``; each try of it is an intent of its own (`Reductions`). Where no pool can tell
what a sale brings, and where a position is stuck, the sale is simulated first.
"""

from typing import TYPE_CHECKING

from sniper.amm import Unpriced
from sniper.events import ClosePosition, SellSimulated
from sniper.exit import Sell
from sniper.kernel.asks import ProposeRoute, SimulateSell
from sniper.kernel.book import Order
from sniper.kernel.entries import KERNEL
from sniper.kernel.exchange.exits import DeskGuard
from sniper.kernel.guards import Guard
from sniper.kernel.positions import restate
from sniper.kernel.reductions import Reductions
from sniper.kernel.routes import Offer
from sniper.types import BPS, Close, KillLevel, asset_id, split_asset

if TYPE_CHECKING:
    from sniper.kernel.account import Account

NO_OTHER_SALE = "no-other-sale"
"""The rule under which a person's sale is refused while another one is wanted."""
OWN_ON_A_CHAIN = "own-on-a-chain"
"""The rule under which a sale at a price is refused of what its strategy does not hold on a chain."""
PATIENCE = 2
"""Blocks after which a sale does not wait for routers any more, though nobody has called them late. With one, a sale
that a timer wants right before a block would not wait at all."""
MOST_PATIENCE = 64
"""Blocks between two tries of a sale that keeps failing, at most."""


class Sales:
    """Of one account. ``guards``: those of its positions, by token; `Exits` makes and retires them."""

    def __init__(self, account: "Account", guards: dict[str, Guard]) -> None:
        self.account = account
        self.guards = guards
        self.reductions = Reductions(account)

    # ---- who wants one ----

    def wanted(self, guard: Guard, name: str, sell: Sell) -> None:
        """``name`` wants it as soon as possible. Of what is wanted already the larger share stays, and the urgency."""
        share, urgent, pending = sell.share_bps, sell.urgent, guard.pending
        if pending is not None:
            if (pending.urgent or not urgent) and pending.share_bps >= share:
                return
            share, urgent = max(share, pending.share_bps), urgent or pending.urgent
        guard.pending = Sell(reason=f"{name}: {sell.reason}", share_bps=share, urgent=urgent)
        if share >= BPS:
            self.account.plans.give_way(guard.position.token)
        if guard.position.state in ("open", "stuck"):
            self.sell(guard, guard.pending)

    def flatten(self, reason: str) -> None:
        """Close everything, urgently."""
        for token in sorted(self.account.book.positions):
            self.account.exits.of(token)
        for _, guard in sorted(self.guards.items()):
            self.wanted(guard, "kill switch", Sell(reason=reason, urgent=True))

    def close(self, token: str, reason: str, share_bps: int = BPS, instance: str = "", *, urgent: bool = False) -> None:
        """A strategy (its own positions only) or a person wants a position reduced."""
        guard = self.account.exits.of(token)
        if guard is None or (instance and guard.position.instance != instance):
            return
        self.wanted(guard, instance or "by hand", Sell(reason=reason, share_bps=share_bps, urgent=urgent))

    def once(self, close: Close, instance: str, min_out: int) -> None:
        """A strategy wants some of its own position sold for at least ``min_out``, now or not at all. It is told where
        it is not. Nothing else waits for it but while it is on its way, and it never is a wish that stays."""
        account, guard = self.account, self.guards.get(close.token)
        sell = Sell(reason=f"{instance}: {close.reason}", share_bps=close.share_bps)
        if guard is None or guard.position.instance != instance or isinstance(guard, DeskGuard):
            rule = f"{KERNEL}.{OWN_ON_A_CHAIN}"
        elif guard.pending is not None or guard.position.state != "open" or guard.pool is None:
            note = guard.pending.reason if guard.pending is not None else guard.position.state
            self.reductions.refuse(guard, sell, NO_OTHER_SALE, note)
            rule = f"{KERNEL}.{NO_OTHER_SALE}"
        else:
            rule = self.reductions.place(guard, sell, None, bound=min_out)
        if rule:
            account.entries.denied(
                f"{account.name}/{instance}/{account.book.intents}", instance, close.token, rule, None
            )

    def ordered(self, event: ClosePosition) -> None:
        """A person closes a position. What a sale that is wanted already leaves no room for is refused, and not dropped
        in silence as what a strategy says again with the next event. ``token`` may be the id of a range."""
        if (held := self.account.book.ranges.get(event.token)) is not None:
            self.account.ranges.want(held, f"by hand: {event.reason}", event.share_bps)
            return
        guard = self.account.exits.of(event.token)
        busy = "" if guard is None else self._busy(guard, event.share_bps)
        if guard is None or not busy:
            self.close(event.token, event.reason, share_bps=event.share_bps)
            return
        sell = Sell(reason=f"by hand: {event.reason}", share_bps=event.share_bps)
        self.reductions.refuse(guard, sell, NO_OTHER_SALE, busy)

    def _busy(self, guard: Guard, share_bps: int) -> str:
        """The sale that is wanted already, where one of ``share_bps`` would add nothing to it, or is of a part: of
        what, nobody knows before the other sale has ended."""
        pending, token = guard.pending, guard.position.token
        if pending is None:
            return ""
        selling = self.account.book.selling(token)
        if pending.share_bps < share_bps and (share_bps >= BPS or not selling):
            return ""
        return f"{pending.share_bps} bps of it {'are being sold' if selling else 'are to be sold'} ({pending.reason})"

    # ---- trying, and trying again ----

    def sell(self, guard: Guard, sell: Sell) -> None:
        """Try it, by the quote of the position's pool; where there is none, by what a simulation brings."""
        if isinstance(guard, DeskGuard):
            self.account.desk_exits.sell(guard, sell)
            return
        blind = self._by_simulation(guard)
        if blind and self.account.kernel.wiring.signs:
            self._simulate(guard, guard.share(sell))
        elif blind or not self._ask_routers(guard, sell):
            self._place(guard, sell, None)

    def _place(self, guard: Guard, sell: Sell, brings: int | None, offer: Offer | None = None) -> None:
        if self.reductions.place(guard, sell, brings, offer) and not self._held():
            self.failed(guard)

    def failed(self, guard: Guard) -> None:
        """A sale was refused or failed: wait a little longer each time, and say so when it looks hopeless."""
        rules = self.account.wiring.execution
        position = guard.position
        failures = position.failures + 1
        restate(self.account, position, failures)
        wait = 1 if failures < rules.stuck_after else min(MOST_PATIENCE, 2 ** (failures - rules.stuck_after))
        guard.next_block = self.account.chain.number + wait

    def unsigned(self, guard: Guard) -> None:
        """The signer did not sign a sale: where one was signed beforehand that brings enough, that one goes."""
        if guard.pending is not None and guard.position.token in self.account.book.presigned:
            self.reductions.place(guard, guard.pending, None, unsigned=True)

    def block(self) -> None:
        """A new head: try again what failed, and have sales simulated where an exit wants that."""
        account = self.account
        number = account.chain.number
        if account.book.kill == KillLevel.FLATTEN:
            self.flatten(KillLevel.FLATTEN)  # an entry that was on its way may have been filled since
        held = self._held()
        waiting = [
            item
            for item in self.guards.items()
            if (item[1].pending is not None or item[1].simulates) and not isinstance(item[1], DeskGuard)
        ]
        for _, guard in sorted(waiting):
            position = guard.position
            due = guard.pending is not None and number >= guard.next_block and not held
            hopeless = position.state == "stuck" and account.kernel.wiring.signs and guard.pool is not None
            if due and guard.pending is not None and position.state in ("open", "stuck") and not hopeless:
                self.sell(guard, guard.pending)
            if (guard.simulates or (due and hopeless)) and position.state in ("open", "stuck"):
                self._simulate(guard, position.amount)

    def _due(self, guard: Guard) -> bool:
        """Whether a stuck position's sale may be tried again now."""
        number = self.account.chain.number
        return guard.position.state == "stuck" and number >= guard.next_block and not self._held()

    def _held(self) -> bool:
        """Whether nothing may be sold now; what is wanted waits, and has not failed."""
        book = self.account.book
        return book.kill == KillLevel.FREEZE or bool(book.halted)

    # ---- sales over routes ----

    def _ask_routers(self, guard: Guard, sell: Sell) -> bool:
        """Whether a sale waits for routers: the first try of one that is no emergency does, until they have answered,
        are late, or the second block from now is there."""
        account, position = self.account, guard.position
        if not self._patient(guard) or self._held() or not account.routes.allowed(position.token):
            return False
        if len(account.chain.trading(split_asset(position.token)[1])) < 2:
            return False  # its pool is its only one
        if self._asking(position.token):
            return account.chain.number < guard.next_block
        amount = guard.share(sell)
        try:
            out = guard.quote(amount)
        except Exception:  # a dry pool, or a fault of the plugin: reported where it is sold
            return False
        asks = account.routes.questions(account.planning.reduction(position, amount, out)) if amount else ()
        if not asks:
            return False
        guard.next_block = account.chain.number + PATIENCE
        body = ProposeRoute(intent="", route=asks[0], others=asks[1:])
        account.ask(f"{account.name}?route-{account.book.asks_made}", body, account.wiring.execution.route_deadline)
        return True

    def proposed(self, body: ProposeRoute, offer: Offer) -> None:
        """Routers have answered, are late or failed. Of a sale that did not wait for them, nothing is left to do."""
        guard = self.guards.get(asset_id(body.route.chain_id, body.route.token_in))
        if guard is None or guard.pending is None or not self._patient(guard):
            return
        if self._by_simulation(guard):
            self.sell(guard, guard.pending)
            return
        if guard.share(guard.pending) != body.route.amount:
            offer = offer.of_another_amount()
        self._place(guard, guard.pending, None, offer)

    def overtaken(self, order: Order) -> bool:
        """Whether a routed sale whose swap is still to come must make room for one through its pool alone: it became an
        emergency, which cannot wait for more approvals, or its legs would not bring any more what it insists on."""
        placed = order.placed
        guard = self.guards.get(placed.token)
        if placed.route is None or guard is None:
            return False
        urgent = guard.pending is not None and guard.pending.urgent
        return urgent or self.account.routes.spoilt(placed)

    def _patient(self, guard: Guard) -> bool:
        """Whether its sale is one that may wait for routers."""
        pending, position = guard.pending, guard.position
        return pending is not None and not pending.urgent and position.state == "open" and not position.failures

    def _asking(self, token: str) -> bool:
        return any(isinstance(ask.body, ProposeRoute) for ask in self.account.book.indexed.asks(token))

    # ---- simulated sales ----

    def _simulate(self, guard: Guard, amount: int) -> None:
        """Ask what a sale of so much would bring. Where trades are only played the chain could not tell: the account
        holds nothing there."""
        account, position = self.account, guard.position
        asked = any(isinstance(ask.body, SimulateSell) for ask in account.book.indexed.asks(position.token))
        if asked or not amount or not account.kernel.wiring.signs:
            return
        account.ask(
            f"{account.name}?sell-{account.book.asks_made}",
            SimulateSell(
                chain_id=position.chain_id,
                token=position.token,
                pool=position.pool,
                amount=amount,
                wallet=position.wallet,
            ),
            account.wiring.execution.simulate_deadline,
        )

    def simulated(self, guard: Guard, body: SimulateSell, event: SellSimulated) -> bool:
        """A sale was simulated: whether that was what a wish waited for."""
        if self._by_simulation(guard):
            self._brings(guard, body, event)
        elif guard.pending is not None and self._due(guard):
            # stuck: another transaction that can only revert would cost gas again and again
            if event.reverted or not event.received:
                self.failed(guard)
            else:
                self.sell(guard, guard.pending)
        else:
            return False
        return True

    def not_simulated(self, body: SimulateSell) -> None:
        """No answer: what cannot be simulated is tried for real, but only by a quote."""
        guard = self.guards.get(body.token)
        if guard is not None and self._by_simulation(guard):
            if guard.pending is not None:
                self.failed(guard)
            return
        if guard is not None and self._due(guard) and guard.pending is not None:
            self.sell(guard, guard.pending)

    def _by_simulation(self, guard: Guard) -> bool:
        """Whether only a simulation can tell what a sale would bring: the pool is not known, or its AMM cannot say."""
        if guard.pool is None:
            return True
        amount = guard.share(guard.pending) if guard.pending else guard.position.amount
        try:
            guard.quote(amount)
        except Unpriced:
            return True
        except Exception:  # a dry pool, or a fault of the plugin: reported where it is sold
            return False
        return False

    def _brings(self, guard: Guard, body: SimulateSell, event: SellSimulated) -> None:
        """What a sale of an unguarded position would bring: nothing else can tell the least that it must."""
        sell, position = guard.pending, guard.position
        if sell is None or position.state not in ("open", "stuck") or body.amount != guard.share(sell):
            return  # the next block asks again
        if event.reverted or not event.received:
            self.failed(guard)
        else:
            self._place(guard, sell, event.received)
