"""What an exit must hold."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, ClassVar

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper.config import Config
from sniper.events import Event, TimerFired
from sniper.exit import Exit, Sell
from sniper.kernel.timers import Owner, Timers
from sniper.plugin import State
from sniper.strategy import SetTimer, handlers_of
from sniper.types import BPS, SECOND
from sniper_sdk import strategies
from sniper_sdk.bench import MOST_ACTIONS
from sniper_sdk.builders import BuiltPosition, BuiltView
from sniper_sdk.conformance.drawing import some
from sniper_sdk.conformance.playing import Case, Player, written
from sniper_sdk.conformance.stateful import Stateful

_OWNER = Owner(strategies.ACCOUNT, strategies.INSTANCE, strategies.TOKENS[0], "exit")


@dataclass(frozen=True)
class Moment:
    """A piece of an exit's history: an event, or (None) a new value of the position."""

    position: BuiltPosition
    view: BuiltView
    value: int
    event: Event | None


class ExitPlayer(Player):
    """Guards one position: opened at the first moment, then valued or told of events; timers fire in between."""

    def __init__(self, rule: Exit) -> None:
        super().__init__(rule)
        self.timers = Timers()
        self.opened = False
        self.now = 0

    def step(self, given: Moment) -> list[bytes]:
        rule: Any = self.instance  # Any: handlers have names of their own
        answers: list[bytes] = []
        if not self.opened:
            self.opened = True
            self.now = given.view.now
            answers += self._done(rule.opened(given.position, given.view), "opened")
        handlers = handlers_of(type(rule))
        while (due := self.timers.due(given.view.now)) is not None:
            at, _, key = due
            self.now = max(self.now, at)
            if TimerFired in handlers:
                fired = TimerFired(time=self.now, key=key)
                here = replace(given.view, now=self.now)
                answers += self._done(getattr(rule, handlers[TimerFired])(fired, given.position, here), "TimerFired")
        self.now = given.view.now
        if given.event is None:
            sell = rule.valued(given.position, given.value, given.view)
            assert sell is None or type(sell) is Sell, f"valued returned {sell!r}; return a Sell or None"
            answers += self._done(iter(() if sell is None else (sell,)), "valued")
        elif (handler := handlers.get(type(given.event))) is not None:
            answers += self._done(getattr(rule, handler)(given.event, given.position, given.view), handler)
        return answers

    def _done(self, actions: Any, where: str) -> list[bytes]:  # Any: what the plugin gives
        found = list(islice(actions, MOST_ACTIONS + 1))
        assert len(found) <= MOST_ACTIONS, f"{where} yields more than {MOST_ACTIONS} actions; end it"
        for action in found:
            if type(action) is SetTimer:
                self.timers.set(_OWNER, action.key, action.at)
                continue
            assert type(action) is Sell, f"{where} yielded {action!r}; an exit yields Sell or SetTimer"
            share = action.share_bps
            assert type(share) is int, f"{where} sells {share!r}, which is no integer"
            assert 1 <= share <= BPS, f"{where} sells {share} bps of what is held; give 1 to {BPS}"
            assert action.reason, f"{where} sells for no reason: one sentence for people stands first in `sniper why`"
        return [written(action, where) for action in found]


class ExitConformance(Stateful):
    """Never raises, whatever the position, its value and the events; sells shares from 1 to 10000 bps; and what every
    plugin that keeps state must hold.

        class TestStopLoss(ExitConformance):
            exit = StopLoss
            config = StopLossConfig()
    """

    kind: ClassVar[str] = "exit"
    exit: ClassVar[type[Exit]]
    config: ClassVar[Config]

    def events(self) -> SearchStrategy[Event]:
        """Events of the position's pool and token; timers that the exit sets fire by themselves."""
        kinds = [kind for kind in handlers_of(self.exit) if kind is not TimerFired]
        return strategies.events(*(kinds or [TimerFired]))

    def cases(self) -> SearchStrategy[Case]:
        token = strategies.TOKENS[0]
        gaps = st.sampled_from((0, 1, SECOND, 12 * SECOND, 7200 * SECOND))
        held = st.tuples(strategies.amounts(2**128), st.sampled_from(("open", "closing", "stuck")))
        worth = strategies.amounts(2**128)
        value = worth | worth.map(int.__neg__)  # below zero: sold short, and more than the cost is lost
        pieces = st.lists(st.tuples(gaps, held, value, st.none() | self.events(), st.integers(0, 1)), max_size=12)
        worlds = st.lists(strategies.views(), min_size=2, max_size=2)
        return st.builds(self._case, strategies.positions(token), worlds, pieces)

    def sources(self) -> Iterable[type[State | Event | Config]]:
        return (self.exit, type(self.config), *handlers_of(self.exit))

    def _case(self, opened: BuiltPosition, worlds: list[BuiltView], pieces: list[Any]) -> Case:
        now = opened.opened_at
        moments = [Moment(replace(opened, state="open"), replace(worlds[0], now=now), opened.cost, None)]
        for gap, (amount, state), value, event, world in pieces:
            now += gap
            position = replace(opened, amount=amount, state=state)
            worth = value if opened.cost else max(0, value)
            timed = None if event is None else msgspec.structs.replace(event, time=now)
            moments.append(Moment(position, replace(worlds[world], now=now), worth, timed))
        return Case(self._start, moments)

    def _start(self) -> Player:
        return ExitPlayer(self.exit(config=self.config))  # type: ignore[call-arg]  # every exit declares it

    def test_what_it_sells_is_between_1_and_10000_bps_of_any_position(self) -> None:
        for case in some(self.cases(), 2 * self.examples):
            case.start().play(case.history)
