"""One strategy on a fake clock: send events, read intents, let time pass.

bench = Bench(LaunchSnipe, CONFIG, view(pools=[pool(created_at=1)]))
assert [intent.token for intent in bench.send(ADDED)] == [TOKEN]
"""

from dataclasses import replace
from itertools import islice
from typing import Final

from sniper.config import Config
from sniper.errors import PluginFault
from sniper.events import Event, TimerFired, narrowed, tag_of
from sniper.kernel.timers import Owner, Timers
from sniper.strategy import SetTimer, Strategy, handlers_of
from sniper.types import (
    SECOND,
    Arbitrage,
    CancelOrder,
    Close,
    Intent,
    Open,
    PlaceOrder,
    Provide,
    StartPlan,
    Withdraw,
)
from sniper_sdk import builders
from sniper_sdk.builders import BuiltView

__all__ = ["Bench"]

MOST_ACTIONS: Final = 1000
"""What one handler may yield for one event before it counts as endless."""

_OWNER: Final = Owner("main", "bench")


class Bench:
    """Calls the real handlers as the kernel does, and keeps the timers that they set. It judges, sizes and trades
    nothing: what the kernel would answer (`EntryDenied`, `OrderChanged`, …) the test sends itself.

    strategy  The instance; its fields are its state.
    view      What handlers see; replace it to let the world change. The bench sets its ``now``.
    now       ns UTC.
    """

    def __init__(self, strategy: type[Strategy], config: Config, view: BuiltView | None = None) -> None:
        self.strategy = strategy(config=config)  # type: ignore[call-arg]  # every strategy declares it
        self.view = builders.view() if view is None else view
        self.now = self.view.now
        self._timers = Timers()

    @property
    def timers(self) -> dict[str, int]:
        """What is set: deadlines (ns UTC) by key, the earliest first."""
        return {key: at for at, _, key in self._timers.dump()}

    def send(self, *events: Event) -> list[Intent]:
        """What the strategy wants after these events; timers that are due before one of them fire before it.

        Events whose tag no handler subscribed to are not delivered. Raises `ValueError` for an event from the past, and
        `PluginFault` for actions that are none.
        """
        intents: list[Intent] = []
        for event in events:
            intents += self._advance(event.time)
            intents += self._deliver(event)
        return intents

    def sleep(self, *, seconds: int) -> list[Intent]:
        """What the strategy wants while time passes and nothing happens but its timers."""
        return self._advance(self.now + seconds * SECOND)

    def _advance(self, to: int) -> list[Intent]:
        if to < self.now:
            raise ValueError(f"time {to} lies before the bench's now, {self.now}: time never decreases")
        intents: list[Intent] = []
        while (due := self._timers.due(to)) is not None:
            at, _, key = due
            self.now = max(self.now, at)
            intents += self._deliver(TimerFired(time=self.now, key=key))
        self.now = to
        return intents

    def _deliver(self, event: Event) -> list[Intent]:
        intents: list[Intent] = []
        for kind, handler in handlers_of(type(self.strategy)).items():
            if tag_of(kind) == tag_of(type(event)):
                intents += self._handle(handler, narrowed(event, kind))
        return intents

    def _handle(self, handler: str, event: Event) -> list[Intent]:
        cls = type(self.strategy)
        self.view = replace(self.view, now=self.now)
        actions = list(islice(getattr(self.strategy, handler)(event, self.view), MOST_ACTIONS + 1))
        if len(actions) > MOST_ACTIONS:
            raise PluginFault(f"{cls.__name__}.{handler} yields more than {MOST_ACTIONS} actions for one event; end it")
        intents: list[Intent] = []
        for action in actions:
            if type(action) is Open and not cls.opens:
                raise PluginFault(f"{cls.__name__}.{handler} yielded {action!r}, but its class says that it opens none")
            if type(action) is SetTimer:
                self._timers.set(_OWNER, action.key, action.at)
            elif isinstance(
                action, Open | Close | Arbitrage | Provide | Withdraw | PlaceOrder | StartPlan | CancelOrder
            ):
                intents.append(action)
            else:
                raise PluginFault(
                    f"{cls.__name__}.{handler} yielded {action!r}; a strategy yields Open, Close, Arbitrage, "
                    "Provide, Withdraw, PlaceOrder, StartPlan, CancelOrder or SetTimer"
                )
        return intents
