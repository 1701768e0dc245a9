"""What several strategies of one account want of one market: who may have it, and that none trades with another.

One instance at a time opens positions in an asset. Who was there first keeps it, unless the other one has a higher
priority: then what waits to be opened is withdrawn, and for a moment kept free. No position changes hands. No order of
the account is to meet another one of it: what opens a position gives way to what rests, and to what reduces one, what
rests gives way.
"""

from typing import TYPE_CHECKING, Final

from sniper.exchange_orders import Side
from sniper.finding import Finding, must
from sniper.instrument import Instrument
from sniper.kernel import facts as f
from sniper.kernel.entries import KERNEL
from sniper.kernel.exchange.book import ExchangeOrder
from sniper.kernel.exchange.tickers import Ticker
from sniper.types import BPS, SECOND, PlaceOrder

if TYPE_CHECKING:
    from sniper.kernel.account import Account

RIVAL: Final = "no-rival"
KEPT_FREE: Final = 5 * SECOND
"""ns for which what was withdrawn for an instance is not opened again by those that it outranks."""
PATIENCE: Final = 3
"""Tries of a plan after which what reduces a position waits no longer for the end of an order that it would meet."""
POST_ONLY: Final = "post-only"
RESTING: Final = ("gtc", "day")


class Arbitration:
    """Of one account. ``priority``: of those instances that have one other than 0."""

    def __init__(self, account: "Account") -> None:
        self.account = account
        self.priority = dict(account.wiring.priorities)
        self._alone = len(account.wiring.strategies) < 2

    # ---- who may open ----

    def gates(self, instance: str, instrument: Instrument) -> tuple[Finding, ...]:
        """Whether an instance may open positions in what an instrument holds, as far as other instances go."""
        if self._alone:
            return ()
        found = self._rivals(instance, instrument)
        gates: tuple[Finding, ...] = (must(RIVAL, not found, note=", ".join(found), retry_after_s=1),)
        wish, now = self.account.book.wishes.get(instrument.held), self.account.kernel.now
        if wish is not None and wish.until > now and self._outranks(wish.instance, instance):
            wait = -(-(wish.until - now) // SECOND)
            gates += (must("not-outranked", False, note=wish.instance, retry_after_s=wait),)
        return gates

    def denied(self, instance: str, instrument: Instrument, rule: str) -> None:
        """An instance was kept from opening by others. Where it outranks them all, they give way: it may ask again."""
        if rule != f"{KERNEL}.{RIVAL}":
            return
        rivals = self._rivals(instance, instrument)
        if not all(self._outranks(instance, rival) for rival in rivals):
            return
        account, held = self.account, instrument.held
        until = account.kernel.now + KEPT_FREE
        account.emit(f.Outranked(time=account.kernel.now, instance=instance, token=held, until=until))
        for rival in rivals:
            account.trading.narrow(f"{instance} has a higher priority than {rival}", rival, held)

    def _rivals(self, instance: str, instrument: Instrument) -> list[str]:
        """Other instances of which something would open a position in the same, in the order of their names."""
        account, held = self.account, instrument.held
        found: set[str] = set()
        desk = account.book.desks.get(instrument.venue)
        for order in desk.orders.values() if desk is not None else ():
            placed = order.placed
            if placed.opens and placed.instance != instance and placed.instrument.held == held:
                found.add(placed.instance)
        for plan in account.book.plans.values():
            started = plan.started
            goes_on = started.instrument.held == held and not plan.ending and not plan.narrowed
            if goes_on and started.instance != instance and account.plans.opens(plan):
                found.add(started.instance)
        return sorted(found)

    def _outranks(self, instance: str, other: str) -> bool:
        return self.priority.get(instance, 0) > self.priority.get(other, 0)

    # ---- that none trades with another ----

    def met(self, ticker: Ticker, wanted: PlaceOrder) -> list[ExchangeOrder]:
        """Own orders that rest where this one would trade at once, oldest first. At the market, it is taken to reach as
        far as the account's slippage."""
        desk = self.account.book.desks.get(ticker.instrument.venue)
        if desk is None or not desk.orders or POST_ONLY in wanted.flags:
            return []
        other: Side = "sell" if wanted.side == "buy" else "buy"
        resting = [
            order
            for order in desk.working(ticker.instrument.id)
            if order.side == other and order.placed.new.lives in RESTING and order.placed.new.trigger is None
        ]
        if not resting:
            return []
        reach = wanted.price or self._reach(ticker, wanted.side)
        buys = wanted.side == "buy"
        return [each for each in resting if each.price and (each.price <= reach if buys else each.price >= reach)]

    def _reach(self, ticker: Ticker, side: Side) -> int:
        bps = self.account.trading.wiring[ticker.instrument.venue].slippage_bps
        return -(-ticker.to_buy() * (BPS + bps) // BPS) if side == "buy" else ticker.to_sell() * (BPS - bps) // BPS

    def self_trade(self, met: list[ExchangeOrder], plan: str, leg: str, *, opens: bool) -> tuple[Finding, ...]:
        """What is found of an order that would meet own ones: it waits, if it opens a position, or a plan repeats it;
        else it is only said, for nothing holds up what reduces one."""
        if not met:
            return ()
        note = ", ".join(order.id for order in met)
        if opens:
            return (must("no-self-trade", False, note=note, retry_after_s=1),)
        carried = self.account.book.plans.get(plan)
        waits = carried is not None and carried.leg(leg).tries < PATIENCE
        return (Finding(rule="no-self-trade", ok=False, found=False, note=note, severity="deny" if waits else "warn"),)
