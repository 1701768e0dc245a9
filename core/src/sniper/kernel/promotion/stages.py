"""Stages of strategy instances: an instance is promoted by what others measured, and takes itself back.

Promotion goes up the ladder by one stage at a time, when all gates of the next one were passed and a person says so, or
the config lets it. Back it goes at once: by what the kernel itself sees of its losses and errors, and by what was
measured against other runs. Only entries depend on it; exits and what is open never do.
"""

from typing import TYPE_CHECKING

from sniper.events import Event, StageMeasured, StageOrdered, WorthChanged
from sniper.kernel import facts as f
from sniper.kernel.promotion.book import KEPT_ORDERS, Stage
from sniper.kernel.wiring import PromotionWiring
from sniper.risk import Finding, at_most, must
from sniper.types import BPS, place_of

if TYPE_CHECKING:
    from sniper.kernel.account import Account

LOST = ("rejected", "failed")
"""Ends of orders that count as errors."""


class Stages:
    """Of one account. ``wiring``: of the instances that have a ladder; the others trade in full."""

    def __init__(self, account: "Account") -> None:
        self.account = account
        found = {each.name: each.promotion for each in account.wiring.strategies}
        self.wiring: dict[str, PromotionWiring] = {
            name: promotion for name, promotion in found.items() if promotion is not None
        }
        self._places = (*(str(account.wiring.chain_id),), *sorted(each.venue for each in account.wiring.desks))

    # ---- what entries ask ----

    def share(self, instance: str) -> int:
        """How much of what an instance wants is traded, bps."""
        if instance not in self.wiring:
            return BPS
        stage = self.account.book.stages.get(instance)
        return stage.share_bps if stage is not None else 0

    def gates(self, instance: str) -> tuple[Finding, ...]:
        """Whether an instance may enter at its stage; nothing of one without a ladder."""
        if instance not in self.wiring:
            return ()
        stage = self.account.book.stages.get(instance)
        if stage is None:
            return (must("stage", False, note="it has none yet"),)
        finding = Finding(rule="stage", ok=stage.share_bps > 0, found=stage.share_bps, unit="bps", note=stage.stage)
        return (finding,)

    def scaled(self, instance: str, amount: int, least: int = 0) -> int:
        """What is traded of an amount that an instance wants, rounded down; never less than ``least`` of it, which is
        what only reduces. Where nothing may be entered, the gate says so."""
        share = self.share(instance)
        return max(min(least, amount), amount * share // BPS) if 0 < share < BPS else amount

    # ---- what moves it ----

    def began(self) -> None:
        """A process took over, perhaps with another ladder: each instance stands where the books say, or at the
        beginning."""
        book = self.account.book
        for name in sorted(self.wiring):
            stage, ladder = book.stages.get(name), self.wiring[name].stages
            shares = dict(ladder)
            if stage is None:
                self._move(name, *ladder[0], "it begins here")
            elif stage.stage not in shares:
                self._move(name, *ladder[0], f"the config has no stage {stage.stage} any more", back=True)
            elif stage.share_bps != shares[stage.stage]:
                self._move(name, stage.stage, shares[stage.stage], "the config says another share")
            if not book.stages[name].share_bps:
                self.account.safely(self.account.trading.narrow, self._standing(name), name)

    def measured(self, event: StageMeasured) -> None:
        """What an instance has shown, here and in other runs. What was measured at another stage is late."""
        wiring, stage = self.wiring.get(event.instance), self.account.book.stages.get(event.instance)
        if wiring is None or stage is None or stage.stage != event.stage:
            return
        broken = tuple(finding for finding in event.hold if not finding.ok)
        if broken and stage.share_bps:
            self._back(event.instance, broken)
            return
        following = _beside(wiring, stage.stage, 1)
        passed = bool(event.rise) and all(finding.ok for finding in event.rise)
        if following is None or not (passed or stage.proposed):
            return
        if passed and wiring.automatic:
            self._move(event.instance, *following, "all its gates are passed", event.rise)
        elif stage.proposed != (following[0] if passed else ""):
            name = following[0] if passed else ""
            self.account.emit(
                f.StageProposed(time=self.account.kernel.now, instance=event.instance, stage=name, evidence=event.rise)
            )

    def refusal(self, event: StageOrdered) -> str:
        """Why a person's word cannot be followed; empty where it can. Nothing skips a stage upwards."""
        wiring, stage = self.wiring.get(event.instance), self.account.book.stages.get(event.instance)
        if wiring is None or stage is None:
            section = f"[promotion.{event.instance}]"
            return f"{event.instance} has no stages: they come with a section {section}, and in mode live alone"
        names = [name for name, _ in wiring.stages]
        at = names.index(stage.stage)
        if event.action == "demote":
            lower = names[:at]
            if not lower:
                return f"{event.instance} is at {stage.stage}, which is its first stage"
            if event.stage and event.stage not in lower:
                return f"{event.instance} is at {stage.stage}; below that are {', '.join(lower)}, and no {event.stage}"
            return ""
        if at + 1 == len(names):
            return f"{event.instance} is at {stage.stage}, which is its last stage"
        following = names[at + 1]
        if event.stage not in ("", following):
            return f"{event.instance} is at {stage.stage}; no stage is skipped, and the next one is {following}"
        if not event.force and stage.proposed != following:
            return f"{following} is not proposed for {event.instance}: its gates are not all passed"
        return ""

    def ordered(self, event: StageOrdered) -> None:
        """A person moves an instance. What cannot be is not done; whoever sends commands has said so."""
        if self.refusal(event):
            return
        instance, stage = event.instance, self.account.book.stages[event.instance]
        wiring = self.wiring[instance]
        if event.action == "promote":
            following = _beside(wiring, stage.stage, 1)
            assert following is not None  # else it was refused
            evidence = stage.evidence if stage.proposed else ()
            self._move(instance, *following, event.reason or "by hand", evidence)
        else:
            lower = next((each for each in wiring.stages if each[0] == event.stage), None)
            self._back(instance, (), event.reason or "by hand", lower)

    # ---- what takes it back ----

    def over(self, fact: f.OrderEnded | f.ExchangeOrderMoved) -> None:
        """An order ended badly: once this event is handled, look whether there were too many."""
        if fact.state not in LOST:
            return
        book = self.account.book
        if isinstance(fact, f.OrderEnded):
            instance = book.order_of(fact.order).placed.instance
        else:
            instance = book.desks[fact.venue].order_of(fact.order).instance
        if instance in self.wiring:
            event = WorthChanged(time=self.account.kernel.now, place="", token="", venue="", instance=instance)
            self.account.kernel.later.append((self, event))

    def deliver(self, event: Event) -> None:
        """What an instance holds is worth something else, it earned something, or an order of it failed."""
        if type(event) is not WorthChanged or event.instance not in self.wiring:
            return
        stage = self.account.book.stages.get(event.instance)
        if stage is not None and stage.share_bps:
            findings = self._found(event.instance, self.wiring[event.instance], stage)
            broken = tuple(finding for finding in findings if not finding.ok)
            if broken:
                self._back(event.instance, broken)

    def _found(self, instance: str, wiring: PromotionWiring, stage: Stage) -> tuple[Finding, ...]:
        capital = max(1, wiring.capital * stage.share_bps // BPS)
        lost = max(self._lost(place, instance, stage) for place in self._places)
        return (
            at_most("drawdown", -(-lost * BPS // capital), wiring.max_drawdown_bps, unit="bps"),
            at_most("errors", sum(stage.recent), wiring.max_errors, unit=f"of the last {KEPT_ORDERS} orders"),
        )

    def _lost(self, place: str, instance: str, stage: Stage) -> int:
        """Below the highest that it had earned at this stage, with what is open; quote asset, base units. An open gain
        is none yet, and what nothing prices now has not lost anything."""
        book, view = self.account.book, self.account.view
        flow = book.instance_profits.get(f"{place}:{instance}")
        lost = flow.below(stage.since, stage.base.get(place, 0)) if flow is not None else 0
        for token, position in sorted(book.positions.items()):
            if position.instance == instance and place_of(position.quote) == place and position.amount:
                worth = view.worth(token)
                if worth is not None:
                    lost += max(0, position.cost - worth)
        return lost

    def _back(
        self, instance: str, evidence: tuple[Finding, ...], reason: str = "", to: tuple[str, int] | None = None
    ) -> None:
        """Down by one stage, or to one that is named."""
        wiring, stage = self.wiring[instance], self.account.book.stages[instance]
        lower = to or _beside(wiring, stage.stage, -1)
        if lower is None:
            return
        told = reason or ", ".join(f"{each.rule} {each.found}, limit {each.limit} {each.unit}" for each in evidence)
        self._move(instance, *lower, told, evidence, back=True)
        self.account.safely(self.account.trading.narrow, self._standing(instance), instance)

    def _move(
        self,
        instance: str,
        stage: str,
        share_bps: int,
        reason: str,
        evidence: tuple[Finding, ...] = (),
        *,
        back: bool = False,
    ) -> None:
        self.account.emit(
            f.StageMoved(
                time=self.account.kernel.now,
                instance=instance,
                stage=stage,
                share_bps=share_bps,
                reason=reason,
                evidence=evidence,
                back=back,
            )
        )

    def _standing(self, instance: str) -> str:
        stage = self.account.book.stages[instance]
        return f"strategy {instance} is at stage {stage.stage}: {stage.reason}"


def _beside(wiring: PromotionWiring, stage: str, by: int) -> tuple[str, int] | None:
    """The stage above or below one."""
    names = [name for name, _ in wiring.stages]
    at = names.index(stage) + by
    return wiring.stages[at] if 0 <= at < len(names) else None
