"""From what a plan wants to the orders that there are: withdraw what does not fit, place what is missing."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from sniper.kernel import facts as f
from sniper.kernel.exchange.exits import KEY as EXIT
from sniper.kernel.exchange.tickers import Ticker
from sniper.kernel.exchange.trading import REDUCE_ONLY, Until
from sniper.kernel.plans import fold
from sniper.kernel.plans.book import PlanState
from sniper.kernel.plans.rule import Rule, Want
from sniper.kernel.timers import Owner
from sniper.types import SECOND, PlaceOrder

if TYPE_CHECKING:
    from sniper.kernel.account import Account

PLANS: Final = "?plans"
"""Owns the timers of plans; no exchange has this name."""
MOST_TRIES: Final = 3
"""Refusals in a row after which what opens a position is given up. What only reduces never is."""
NOTHING_HELD: Final = "nothing is held any more that it could reduce"
LONGEST_WAIT: Final = 6
"""It is tried again after 1, 2, 4, … seconds, and 2 to the power of this at most."""


class Carrying:
    """What is on its way counts as filled until it is known not to be."""

    def __init__(self, account: "Account") -> None:
        self.account = account
        self.owner = Owner(account.name, "", "", PLANS)

    def work(self, plan: PlanState, rule: Rule[Any], now: int) -> tuple[str, str]:
        """Bring a plan to where it wants to be. Where it has ended with that: in which state, and why."""
        if not plan.ending and rule.expired(now):
            self.end(plan, "expired")
        wants = self._wanted(plan, rule)
        self._withdraw(plan, wants)
        for want in wants.values():
            if not plan.ending and (want.reduce_only or not plan.narrowed):
                self._place(plan, rule, want)
        self._withdraw(plan, self._wanted(plan, rule))
        return self._ended(plan, rule)

    def end(self, plan: PlanState, state: str, note: str = "") -> None:
        """Let a plan end in this state once nothing of it is on its way."""
        if not plan.ending:
            self.account.emit(f.PlanEnding(time=self.account.kernel.now, plan=plan.id, state=state, note=note))

    def give_up(self, plan: PlanState, rule: Rule[Any], state: str, note: str) -> None:
        """What it opens is given up. What was opened, or is being opened while nobody knows, stays protected."""
        if not rule.protects():
            self.end(plan, state, note)
        elif not plan.narrowed and not plan.ending:
            self.account.emit(f.PlanNarrowed(time=self.account.kernel.now, plan=plan.id, reason=f"{state}: {note}"))

    def refused(self, plan: PlanState, rule: Rule[Any], leg: str, note: str, *, reduces: bool) -> None:
        """An order of a leg was not taken: it is tried again, unless it opens a position and that was tried often."""
        tries = plan.leg(leg).tries + 1
        if tries >= MOST_TRIES and not reduces:
            self.give_up(plan, rule, "failed", note)
            return
        self._wait(plan, leg, self.account.kernel.now + (SECOND << min(tries - 1, LONGEST_WAIT)), note, tries)

    def unheld(self, plan: PlanState) -> None:
        """Let a plan of one order, which the exchange holds, end where nothing is left that it could reduce."""
        started = plan.started
        ticker = self.account.kernel.tickers.known.get(started.instrument.id)
        orders = self.account.trading.desks[started.instrument.venue].book.orders
        held = [orders[key] for leg in plan.legs.values() for key in leg.working]
        if ticker is None or not held:
            return
        if self.account.trading.reducible(ticker, held[0].side) < ticker.instrument.lot:
            self.end(plan, "cancelled", NOTHING_HELD)

    def _wanted(self, plan: PlanState, rule: Rule[Any]) -> dict[str, Want]:
        if plan.ending:
            return {}
        wants = (want for want in rule.wants(lambda leg: self._on_way(plan, leg)) if want.size > 0)
        return {want.leg: want for want in wants if want.reduce_only or not plan.narrowed}

    def _withdraw(self, plan: PlanState, wants: dict[str, Want]) -> None:
        """Cancel the orders that no leg wants as they are."""
        desk = self.account.trading.desks[plan.started.instrument.venue]
        for name in sorted(plan.legs):
            want = wants.get(name)
            room = want.size if want is not None else 0
            for key in list(plan.legs[name].working):
                order = desk.book.orders[key]
                left = order.placed.new.size - order.filled
                new = order.placed.new
                if want is not None and left <= room and (new.price, new.trigger) == (want.price, want.trigger):
                    room -= left
                elif not order.cancelling:
                    desk.cancel(key)

    def _place(self, plan: PlanState, rule: Rule[Any], want: Want) -> None:
        """Place what is missing of a leg: never more than what is left, less all that is on its way."""
        known = self.account.trading.desks[plan.started.instrument.venue].book.known
        waits = plan.leg(want.leg).retry_at > self.account.kernel.now
        if not known or waits or (rule.exclusive and any(self._others(plan, want.leg))):
            return
        pool = rule.pool(want.leg)
        on_way = sum(self._on_way(plan, name) for name in plan.legs if rule.pool(name) == pool)
        left = rule.left(pool) - on_way
        size = min(want.size - self._on_way(plan, want.leg), left)
        ticker = self.account.kernel.tickers.known.get(plan.started.instrument.id)
        if size <= 0 or ticker is None:
            return
        if want.reduce_only:
            size = self._capped(plan, rule, ticker, want, size)
            if not size:
                return
            if REDUCE_ONLY in ticker.instrument.flags:
                want = want._replace(flags=(*want.flags, REDUCE_ONLY))
        size = self._whole(ticker, want, size, left)
        for part in self._parts(ticker, want, size):
            if not self._order(plan, rule, ticker, want, part):
                return

    def _parts(self, ticker: Ticker, want: Want, size: int) -> Iterator[int]:
        """A size in orders that the exchange takes."""
        most, least = ticker.instrument.max_size or size, self._least(ticker, want)
        while size > 0:
            part = min(size, most)
            if 0 < size - part < least:
                part = max(least, size - least)
            yield part
            size -= part

    def _order(self, plan: PlanState, rule: Rule[Any], ticker: Ticker, want: Want, size: int) -> bool:
        """Whether an order was placed."""
        started = plan.started
        wanted = PlaceOrder(
            key=started.key,
            instrument=started.instrument.id,
            side=want.side,
            size=size,
            reason=f"{want.leg} of plan {started.plan}",
            price=want.price,
            lives=want.lives,
            flags=want.flags,
        )
        trading = self.account.trading
        reduces = not trading.opened(ticker, want.side, size)
        until = Until(want.type, want.trigger) if want.trigger is not None else None
        denials = trading.place(started.instance, wanted, started.plan, want.leg, until)
        if denials.rule:
            retry = denials.retry(self.account.kernel.now)
            if retry is not None and retry.when == "time":
                self._wait(plan, want.leg, retry.not_before, denials.rule)
            elif reduces:
                self.refused(plan, rule, want.leg, denials.rule, reduces=True)
            else:
                self.give_up(plan, rule, "denied", denials.rule)
        return not denials.rule

    def _capped(self, plan: PlanState, rule: Rule[Any], ticker: Ticker, want: Want, size: int) -> int:
        """Of what only reduces, as much as there is to reduce and no other order is about to."""
        trading, lot = self.account.trading, ticker.instrument.lot
        held, waiting = trading.reducible(ticker, want.side), trading.waiting(ticker, want.side)
        if ticker.instrument.linear:
            waiting -= trading.held_back(ticker, want.side)  # it holds nothing, and is cut to what is there by then
        claimed = self.account.desk_exits.claimed(ticker.instrument, want.side, plan.started.key)
        free = (held - waiting - claimed) // lot
        if held < lot:
            self._nothing_held(plan, rule)
        elif free < min(size, self._least(ticker, want)) and waiting + claimed > self._on_way(plan, want.leg) * lot:
            if plan.started.key.startswith(EXIT):
                self.account.desk_exits.make_room(ticker.instrument, want.side, size * lot)
            elif want.trigger is None:
                self.account.plans.take_back(ticker.instrument, want.side)
            self.refused(plan, rule, want.leg, "other orders hold what it would reduce", reduces=True)
        return max(0, min(size, free))

    def _nothing_held(self, plan: PlanState, rule: Rule[Any]) -> None:
        note = NOTHING_HELD
        opening = any(left > 0 for _, left in rule.opening()) or any(leg.working for leg in plan.legs.values())
        if rule.protects() and opening:
            self.give_up(plan, rule, "cancelled", note)
        else:
            self.end(plan, "cancelled", note)

    def _whole(self, ticker: Ticker, want: Want, size: int, left: int) -> int:
        """As much of ``size`` as the exchange takes, so that it takes the rest too; 0: it waits for more."""
        least = self._least(ticker, want)
        rest = left - size
        if 0 < rest < least and size - (least - rest) >= least:
            size -= least - rest
        elif 0 < rest < least and not want.settled:
            return 0
        return size if size >= least else 0

    def _least(self, ticker: Ticker, want: Want) -> int:
        """The smallest order that the exchange takes, lots."""
        return self.account.trading.least(ticker, want.side, want.price or want.trigger, reduces=want.reduce_only)

    def _ended(self, plan: PlanState, rule: Rule[Any]) -> tuple[str, str]:
        if any(leg.working for leg in plan.legs.values()):
            return "", ""
        if plan.ending:
            return plan.ending, plan.note
        if plan.narrowed and not rule.guards() and not (rule.over() and plan.filled()):
            return "cancelled", plan.narrowed
        return ("done", "") if rule.over() else self._dust(plan, rule)

    def _dust(self, plan: PlanState, rule: Rule[Any]) -> tuple[str, str]:
        """Whether all that is left is less than what the exchange takes: how it ends then, and why."""
        ticker = self.account.kernel.tickers.known.get(plan.started.instrument.id)
        wants = list(self._wanted(plan, rule).values())
        if ticker is None or not wants or not all(want.settled for want in wants):
            return "", ""
        least = min(self._least(ticker, want) for want in wants)
        left = [rule.left(pool) for pool in rule.pools()]
        if max(left) >= least:
            return "", ""
        return "done", f"{sum(left)} lots are left, less than the exchange takes"

    def _wait(self, plan: PlanState, leg: str, until: int, note: str, tries: int = 0) -> None:
        now = self.account.kernel.now
        until = max(until, now + 1)
        fact = f.PlanWaits(time=now, plan=plan.id, leg=leg, tries=tries or plan.leg(leg).tries, until=until, note=note)
        self.account.emit(fact)
        self.account.kernel.timers.set(self.owner, f"{plan.id}?{leg}", until)

    def _on_way(self, plan: PlanState, leg: str) -> int:
        return fold.on_way(self.account.book, plan, leg)

    def _others(self, plan: PlanState, leg: str) -> Iterator[bool]:
        return (bool(other.working) for name, other in plan.legs.items() if name != leg)
