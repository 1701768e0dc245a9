"""Caps on what an account may spend, hold and lose; some of those on losses are circuit breakers."""

from collections.abc import Iterator

from sniper.events import Block, PositionClosed, WorthChanged, tag_of
from sniper.risk import (
    Entry,
    Finding,
    Findings,
    KillLevel,
    Retry,
    RiskWatch,
    Roundtrip,
    Trip,
    Trips,
    View,
    at_least,
    at_most,
    must,
    on,
)
from sniper.types import DAY, SECOND
from sniper_risk_limits.config import LimitsConfig
from sniper_risk_limits.losses import Cap, found, subjects
from sniper_risk_limits.windows import again_at

__all__ = ["Limits", "LimitsConfig"]

CLOSED = tag_of(PositionClosed)
ANY_SALE = Retry.event(CLOSED)


class Limits(RiskWatch):
    """The view counts what is reserved, so a limit holds however many intents are under way.

    passed  ``(rule, subject)`` of the caps that have tripped and did not hold again since: they trip once. Sorted.
    """

    exchanges = True
    config: LimitsConfig
    passed: list[tuple[str, str]] = []

    # ---- as a check ----

    def judge(self, intent: Entry, view: View) -> Findings:
        if intent.side == "reduce":
            yield must("reduces", True, note="limits hold for entries")
            return
        limits, held = self.config.of(intent.place), view.positions.get(intent.token)
        count = sum(1 for position in view.positions.values() if position.state != "written-off")
        sold = Retry.event(CLOSED, intent.token)
        yield must("new-token", limits.add_to_position or held is None, note=intent.token, retry=sold)
        yield at_most("positions", count + (held is None), limits.max_positions, retry=ANY_SALE)
        yield at_most("trade-spend", intent.amount, limits.max_spend_per_trade, unit="base units")
        if limits.max_spend_per_token is not None:
            cost = intent.amount + view.exposure(intent.place, token=intent.token)
            yield _at_stake("token-spend", intent, cost, limits.max_spend_per_token, "", sold)
        yield from self._exposures(intent, view)
        spent = intent.amount + view.spent(last_ns=DAY, place=intent.place)
        again = None
        if spent > limits.max_spend_per_day:
            most = limits.max_spend_per_day - intent.amount
            again = again_at(view.now, DAY, lambda last: view.spent(last_ns=last, place=intent.place) <= most)
        yield at_most("daily-spend", spent, limits.max_spend_per_day, unit="base units", retry=again)
        yield from self._losses(intent, view)
        yield from _cooldown("cooldown", view.last_entry(), limits.cooldown_s, view.now)
        yield from _cooldown("token-cooldown", view.last_entry(intent.token), limits.token_cooldown_s, view.now)

    def judge_roundtrip(self, intent: Roundtrip, view: View) -> Findings:
        """What one arbitrage may pay, and what may have been lost before it. Its money is back after its transaction,
        or never left, so it is no spending of the day; gas is lost where it fails, and counts as a loss."""
        most = self.config.of(intent.place).max_spend_per_trade
        yield at_most("trade-spend", intent.amount, most, unit="base units")
        yield from self._losses(intent, view)

    def _exposures(self, intent: Entry, view: View) -> Findings:
        limits, place = self.config.of(intent.place), intent.place
        if limits.max_exposure is not None:
            at_stake = intent.amount + view.exposure(place)
            yield _at_stake("exposure", intent, at_stake, limits.max_exposure)
        if limits.max_exposure_per_venue is not None:
            at_stake = intent.amount + view.exposure(place, venue=intent.venue)
            yield _at_stake("venue-exposure", intent, at_stake, limits.max_exposure_per_venue, intent.venue)
        if limits.max_exposure_per_strategy is not None:
            at_stake = intent.amount + view.exposure(place, instance=intent.instance)
            limit = limits.max_exposure_per_strategy
            yield _at_stake("strategy-exposure", intent, at_stake, limit, intent.instance)

    def _losses(self, intent: Entry | Roundtrip, view: View) -> Findings:
        for cap in self.config.of(intent.place).caps:
            subject = cap.subject(intent)
            if cap.limit is None or (cap.scope and not subject):
                continue
            lost, unpriced = found(cap, subject, intent.place, view)
            unknown = f"{unpriced} of it in positions that nothing prices now" if unpriced else ""
            note = "; ".join(filter(None, (subject, unknown)))
            again = self._again(cap, subject, intent.place, view) if lost + unpriced > cap.limit else None
            yield at_most(cap.rule, lost + unpriced, cap.limit, unit="base units", note=note, retry=again)

    @staticmethod
    def _again(cap: Cap, subject: str, place: str, view: View) -> Retry | None:
        """When enough of what counts has left the window; where what is open is too much by itself, after a sale. The
        highest value ever is passed by no time."""
        limit = cap.limit
        if cap.window is None or limit is None:
            return None
        return (
            again_at(view.now, cap.window.ns, lambda last: sum(found(cap, subject, place, view, last_ns=last)) <= limit)
            or ANY_SALE
        )

    # ---- as a breaker ----

    def hears_prices(self) -> bool:
        """A price within a block is anybody's to make, for as long as a transaction takes: open losses are those that
        stand when the next block comes."""
        return False

    @on(WorthChanged)
    def worth_changed(self, event: WorthChanged, view: View) -> Trips:
        """What was realised is lost at once. At an exchange, which has no blocks, the kernel tells of what is held each
        second, and a price there is not anybody's to make."""
        if not event.place.isdecimal():
            yield from self._look_at(event.place, view)
            return
        for cap in self.config.of(event.place).breakers:
            subject = cap.subject(event)
            if subject or not cap.scope:
                lost = found(cap, subject, event.place, view, open_too=False).lost
                if cap.limit is not None and lost > cap.limit:
                    yield from self._passed(cap, subject, lost, event.place, view)

    @on(Block)
    def block(self, event: Block, view: View) -> Trips:
        """What is open as the last block left it. Windows move on, so that a cap which was passed holds again; and what
        a restart found may have passed one."""
        yield from self._look_at(str(event.chain_id), view)

    def _look_at(self, place: str, view: View) -> Iterator[Trip]:
        for cap in self.config.of(place).breakers:
            again = {subject for rule, subject in self.passed if rule == _rule(cap, place)}
            for subject in sorted({*subjects(cap, view), *again}):
                yield from self._look(cap, subject, place, view)

    def _look(self, cap: Cap, subject: str, place: str, view: View) -> Iterator[Trip]:
        """What nothing prices does not count here: a pool that is not read yet must not take a person's time."""
        assert cap.limit is not None  # those of the config that are set
        lost, key = found(cap, subject, place, view).lost, (_rule(cap, place), subject)
        if lost > cap.limit:
            yield from self._passed(cap, subject, lost, place, view)
        elif key in self.passed:
            self.passed.remove(key)

    def _passed(self, cap: Cap, subject: str, lost: int, place: str, view: View) -> Iterator[Trip]:
        """Trip, and not again before it held once more: a person has looked at it."""
        key = _rule(cap, place), subject
        if key not in self.passed:
            self.passed = sorted([*self.passed, key])
            since = f"in the last {cap.window} days" if cap.window else "below the highest ever"
            of = f" of {subject}" if subject else "" if place.isdecimal() else f" at {place}"
            yield Trip(
                level=KillLevel(self.config.trip_level),
                reason=f"{cap.rule}{of}: {lost} base units of the quote asset {since}, {cap.limit} are allowed. "
                "Entries stay denied while that holds: look at the losses, raise "
                f"{cap.key} or wait, then lower the kill switch with sniper kill-switch off --account {view.account}",
            )


def _rule(cap: Cap, place: str) -> str:
    """Of a cap that trips: on chains, which have one coin in common, its name; else that of the exchange, too."""
    return cap.rule if place.isdecimal() else f"{cap.rule}@{place}"


def _at_stake(rule: str, intent: Entry, found: int, limit: int, note: str = "", retry: Retry = ANY_SALE) -> Finding:
    """Worth another try after a sale, unless the entry is too large alone."""
    again = retry if intent.amount <= limit else None
    return at_most(rule, found, limit, unit="base units", note=note, retry=again)


def _cooldown(rule: str, last: int | None, seconds: int, now: int) -> Iterator[Finding]:
    if not seconds:
        return
    if last is None:
        yield must(rule, True, note="no entry so far")
        return
    gone = (now - last) // SECOND
    # Rounded up: asked again exactly then, it passes.
    left = -((now - last - seconds * SECOND) // SECOND)
    yield at_least(rule, gone, seconds, unit="s", retry_after_s=max(1, left))
