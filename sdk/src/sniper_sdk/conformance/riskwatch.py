"""What a risk watch must hold."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper.codec import encode
from sniper.config import Config
from sniper.events import Event, narrowed, tag_of
from sniper.plugin import State
from sniper.risk import Entry, Finding, RiskWatch, Roundtrip, Trip
from sniper.strategy import handlers_of
from sniper.types import SECOND, KillLevel
from sniper_sdk import strategies
from sniper_sdk.builders import BuiltView
from sniper_sdk.conformance.drawing import for_all
from sniper_sdk.conformance.playing import Case, Player, written
from sniper_sdk.conformance.purity import pure
from sniper_sdk.conformance.stateful import Stateful


class WatchPlayer(Player):
    """Pieces of a history are (event, view, entry): it sees the event, and then judges the entry."""

    def step(self, given: tuple[Event, BuiltView, Entry]) -> list[bytes]:
        event, view, entry = given
        watch = self.instance
        assert isinstance(watch, RiskWatch)
        trips: list[Trip] = []
        for kind, handler in handlers_of(type(watch)).items():
            if tag_of(kind) == tag_of(type(event)):
                trips += getattr(watch, handler)(narrowed(event, kind), view)
        for trip in trips:
            assert type(trip) is Trip, f"yielded {trip!r}; a handler of a watch yields Trip"
            assert trip.reason, f"{trip!r} gives no reason: it is what people see when nothing is bought any more"
            assert trip.level is not KillLevel.OFF, "a breaker cannot lower the kill switch"
        before = self.saved()
        findings = list(watch.judge(entry, view))
        _check(findings)
        assert self.saved() == before, "judging changed a field: who judges again would find something else"
        return [written(each, type(event).__name__) for each in (*trips, *findings)]


def _check(findings: list[Finding]) -> None:
    assert findings, "no finding at all, which the kernel takes as a Deny without a reason: yield one for each rule"
    rules = [finding.rule for finding in findings]
    assert all(type(finding) is Finding and finding.rule for finding in findings), f"{findings!r} are no findings"
    assert len(set(rules)) == len(rules), f"one rule yields several findings: {sorted(rules)}"


class RiskWatchConformance(Stateful):
    """What `Stateful` holds, and of its findings what `RiskConformance` does; judging changes nothing.

        class TestMarketStress(RiskWatchConformance):
            watch = MarketStress
            config = MarketStressConfig()

    Histories are drawn from all events that the watch subscribed to. Override `events` or `views` where it needs rarer
    ones.
    """

    kind: ClassVar[str] = "risk"
    watch: ClassVar[type[RiskWatch]]
    config: ClassVar[Config]

    def events(self) -> SearchStrategy[Event]:
        """What it sees; times are set to increase."""
        return strategies.events(*handlers_of(self.watch))

    def views(self) -> SearchStrategy[BuiltView]:
        """What it sees them with; ``now`` is set to the event's time."""
        return strategies.views()

    def cases(self) -> SearchStrategy[Case]:
        gaps = st.sampled_from((0, 1, SECOND, 12 * SECOND, 3600 * SECOND))
        pieces = st.lists(st.tuples(gaps, self.events(), st.integers(0, 2), strategies.entries()), max_size=12)
        worlds = st.lists(self.views(), min_size=3, max_size=3)
        return st.builds(self._case, worlds, pieces)

    def sources(self) -> Iterable[type[State | Event | Config]]:
        return (self.watch, type(self.config), *handlers_of(self.watch))

    def _case(self, worlds: list[BuiltView], pieces: list[tuple[int, Event, int, Entry]]) -> Case:
        import msgspec

        now, history = strategies.NOW, []
        for gap, event, world, entry in pieces:
            now += gap
            told = msgspec.structs.replace(event, time=now)  # type: ignore[type-var]
            history.append((told, replace(worlds[world], now=now), entry))
        return Case(self._start, history)

    def _start(self) -> Player:
        return WatchPlayer(self.watch(config=self.config))  # type: ignore[call-arg]  # every watch declares it

    def test_it_subscribes_to_something(self) -> None:
        assert handlers_of(self.watch), (
            f"{self.watch.__name__} handles no event: mark a method with @on(EventType), or derive it from RiskCheck"
        )

    def test_an_arbitrage_is_judged_alike_each_time_with_a_finding_for_each_rule(self) -> None:
        made: Any = self._start().instance  # Any: whatever the watch is

        def check(intent: Roundtrip, view: BuiltView) -> None:
            with pure():
                findings = list(made.judge_roundtrip(intent, view))
            _check(findings)
            assert [encode(each) for each in made.judge_roundtrip(intent, view)] == [encode(each) for each in findings]

        intents = strategies.structs(Roundtrip)
        for_all(check, shrinks=False, examples=15, intent=intents, view=self.views())
