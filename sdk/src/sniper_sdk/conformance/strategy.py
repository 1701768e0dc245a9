"""What a strategy must hold."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper.codec import decode, encode
from sniper.config import Config
from sniper.events import Event, Started, TimerFired
from sniper.plugin import State
from sniper.strategy import Strategy, handlers_of
from sniper.types import BPS, SECOND, Arbitrage, CancelOrder, Close, Intent, PlaceOrder, Provide, StartPlan, Withdraw
from sniper_sdk import builders, strategies
from sniper_sdk.bench import Bench
from sniper_sdk.builders import BuiltView
from sniper_sdk.conformance.drawing import for_all
from sniper_sdk.conformance.playing import Case, Player, written
from sniper_sdk.conformance.stateful import Stateful


class StrategyPlayer(Player):
    """Pieces of a history are (event, view); timers fire in between."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        super().__init__(bench.strategy)

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        bench = Bench.__new__(Bench)
        vars(bench).update({name: value for name, value in vars(self.bench).items() if name != "strategy"})
        return {**state, "bench": bench}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        assert isinstance(self.instance, Strategy)
        self.bench.strategy = self.instance

    def step(self, given: tuple[Event, BuiltView]) -> list[bytes]:
        event, view = given
        self.bench.view = view
        intents = self.bench.send(event)
        for intent in intents:
            _check(intent)
        timers = repr(sorted(self.bench.timers.items())).encode()
        return [*(written(intent, type(event).__name__) for intent in intents), timers]


def _check(intent: Intent) -> None:
    if isinstance(intent, CancelOrder):
        assert intent.key, f"{intent!r} names no order"
        return
    assert intent.reason, f"{intent!r} gives no reason: one sentence for people stands first in `sniper why`"
    if isinstance(intent, Close):
        assert 1 <= intent.share_bps <= BPS, f"{intent!r} closes {intent.share_bps} bps; give 1 to {BPS}"
        return
    if isinstance(intent, Withdraw):
        assert 0 <= intent.share_bps <= BPS, f"{intent!r} takes {intent.share_bps} bps out; give 0 to {BPS}"
        return
    if isinstance(intent, Provide):
        assert intent.lower < intent.upper, f"{intent!r} ends where it begins"
        assert min(intent.max_quote or 0, intent.max_token or 0) >= 0, f"{intent!r} may put in less than nothing"
        return
    if isinstance(intent, PlaceOrder):
        assert intent.key, f"{intent!r} has no key to cancel it by"
        assert intent.size > 0, f"{intent!r} has a size of {intent.size} lots"
        assert intent.price is None or intent.price > 0, f"{intent!r} has a price of {intent.price} ticks"
        return
    if isinstance(intent, StartPlan):
        assert intent.key, f"{intent!r} has no key to cancel it by"
        return
    if isinstance(intent, Arbitrage):
        assert intent.min_profit > 0, f"{intent!r} is content with no profit"
        assert intent.allowance >= 0, f"{intent!r} approves less than nothing"
    if intent.max_spend is not None:
        assert intent.max_spend >= 0, f"{intent!r} may spend less than nothing"


class StrategyConformance(Stateful):
    """Replay identity, snapshot round trip at any point, the same in another process, purity, a step budget.

        class TestLaunchSnipe(StrategyConformance):
            strategy = LaunchSnipe
            config = LaunchSnipeConfig(min_liquidity=10**18)

    Histories are drawn from all events that the strategy subscribed to, in the small world of `sniper_sdk.strategies`,
    with views that know any part of it. Override `events` or `views` where the strategy needs rarer ones.
    """

    kind: ClassVar[str] = "strategy"
    strategy: ClassVar[type[Strategy]]
    config: ClassVar[Config]

    def events(self) -> SearchStrategy[Event]:
        """What is sent; times are set to increase. Timers that the strategy sets fire by themselves."""
        kinds = [kind for kind in handlers_of(self.strategy) if kind is not TimerFired]
        return strategies.events(*(kinds or [TimerFired]))

    def views(self) -> SearchStrategy[BuiltView]:
        """What handlers see; ``now`` is set to the event's time."""
        return strategies.views()

    def cases(self) -> SearchStrategy[Case]:
        gaps = st.sampled_from((0, 1, SECOND, 12 * SECOND, 3600 * SECOND))
        pieces = st.lists(st.tuples(gaps, self.events(), st.integers(0, 2)), max_size=12)
        worlds = st.lists(self.views(), min_size=3, max_size=3)
        return st.builds(self._case, worlds, pieces)

    def sources(self) -> Iterable[type[State | Event | Config]]:
        return (self.strategy, type(self.config), *handlers_of(self.strategy))

    def _case(self, worlds: list[BuiltView], pieces: list[tuple[int, Event, int]]) -> Case:
        import msgspec

        now, history = strategies.NOW, []
        for gap, event, world in pieces:
            now += gap
            history.append((msgspec.structs.replace(event, time=now), replace(worlds[world], now=now)))  # type: ignore[type-var]
        return Case(self._start, history)

    def _start(self) -> Player:
        return StrategyPlayer(Bench(self.strategy, self.config))

    def test_backtest_paper_and_live_decide_alike(self) -> None:
        """The mode of a run, which its first event tells, changes no decision."""

        def check(case: Case) -> None:
            answers = []
            for mode in ("backtest", "paper", "shadow", "live", "replay"):
                player = case.start()
                view = case.history[0][1] if case.history else builders.view(now=strategies.NOW)
                player.step((Started(time=strategies.NOW, mode=mode), replace(view, now=strategies.NOW)))
                answers.append((player.play(case.history), player.saved()))
            assert all(each == answers[0] for each in answers), (
                "it decides otherwise in another mode: what was backtested is not what would trade"
            )

        for_all(check, shrinks=False, examples=min(self.examples, 10), case=self.cases())

    def test_a_journal_that_is_read_back_leads_to_the_same_decisions(self) -> None:
        """Events that went through the journal's encoding lead to the same decisions as those that came just now."""

        def check(case: Case) -> None:
            journaled = [(decode(encode(event), type(event)), view) for event, view in case.history]
            assert case.start().play(journaled) == case.start().play(case.history), (
                "events that were read from a journal lead to other decisions: compare values, never identity"
            )

        for_all(check, shrinks=False, examples=min(self.examples, 10), case=self.cases())

    def test_it_wants_cycles_of_two_hops_at_least(self) -> None:
        hops = self.strategy(config=self.config).cycle_hops()  # type: ignore[call-arg]  # every strategy declares it
        assert type(hops) is int, f"cycle_hops() is {hops!r}, which is no number of pools"
        assert hops >= 2, f"cycle_hops() is {hops}; a way round has at least 2"

    def test_it_subscribes_to_something(self) -> None:
        assert handlers_of(self.strategy), (
            f"{self.strategy.__name__} handles no event: mark a method with @on(EventType)"
        )
