"""Strategies that run in workers: a class for the kernel, which decides nothing itself."""

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from sniper.events import Event
from sniper.isolation import handed
from sniper.isolation.asking import Desk, converse, seeing
from sniper.isolation.declared import event_of, told_event
from sniper.isolation.describing import Housed, place_of, traits_of
from sniper.isolation.far_config import FarConfig, far_config
from sniper.isolation.host import WorkerLost
from sniper.isolation.place import WITHIN_S
from sniper.plugin import State
from sniper.specs import Spec
from sniper.strategy import Actions, Strategy, on
from sniper.view import View


class FarState(State):
    """What strategies and watches in workers have in common: their state is what the worker wrote, and which worker
    that is, no snapshot tells."""

    derived: ClassVar[tuple[str, ...]] = ("at",)
    environment: ClassVar[Housed]
    factory: ClassVar[str]
    who: ClassVar[str]
    within_s: ClassVar[float]
    config: FarConfig
    kept: bytes = b""
    at: Any = None  # Any: a `Desk`, which has no wire form

    def keep(self, kept: bytes) -> None:
        """Its state, after a call."""
        self.kept = kept

    def desk(self, account: str) -> Desk:
        """Its worker; a new one where its config changed. The first one is waited for, as long as its start may take: a
        run starts all of them before the first event (`sniper.isolation.staff`)."""
        if self.at is None:
            self.hire(account).worker.wait()
        elif self.at.config is not self.config:
            self.at.worker.close()
            self.hire(account)
        desk: Desk = self.at
        return desk

    def hire(self, account: str) -> Desk:
        """Let its worker begin to start."""
        self.at = desk = Desk(self.environment, self.factory, self.config, account, self.within_s)
        return desk

    def staff(self) -> tuple[Desk, ...]:
        """The workers that it has."""
        return () if self.at is None else (self.at,)


class FarStrategy(FarState, Strategy):
    """See `sniper.strategy.Strategy`; `far_strategy` makes a class of it for each plugin."""

    def cycle_hops(self) -> int:
        return int(self._wants()["cycle_hops"])

    def instruments(self) -> tuple[str, ...]:
        return tuple(str(each) for each in self._wants()["instruments"])

    def bars(self) -> tuple[tuple[str, int], ...]:
        return tuple((str(instrument), int(interval)) for instrument, interval in self._wants()["bars"])

    def depth(self) -> tuple[str, ...]:
        return tuple(str(each) for each in self._wants()["depth"])

    def _wants(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.config.section.wants, type=dict)
        return found


def far_strategy(environment: Housed, spec: Spec[Any], *, within_s: float = WITHIN_S) -> type[Strategy]:
    """A strategy that the kernel runs like any other, and whose code runs in workers, one for each instance.

    Raises `PluginError` where the plugin cannot be described, and `IsolationError` where no worker can run here.
    """
    traits = traits_of(environment, spec)
    handlers = {
        f"handles_{each['method']}": on(event_of(str(each["event"]), each["schema"]))(_handler(str(each["method"])))
        for each in traits["handlers"]
    }
    fields = {**handlers, "opens": bool(traits["opens"])}
    made: type[Strategy] = far_plugin(FarStrategy, environment, spec, within_s, fields)
    return made


def _handler(method: str) -> Callable[..., Actions]:
    def handle(self: FarStrategy, event: Event, view: View) -> Actions:
        try:
            yield from converse(self, seeing(view), "event", method, told_event(event), handed.action)
        except WorkerLost as error:
            # It missed this event, and goes on with the next one that its worker is there for.
            reported(view, error)

    return handle


def reported(view: View, error: Exception) -> None:
    """Say it where the operator sees it."""
    elsewhere = getattr(view, "elsewhere", None)
    if elsewhere is not None:
        elsewhere.report(f"a worker of {view.account} did not answer", error)


def far_plugin(
    base: Any, environment: Housed, spec: Spec[Any], within_s: float, more: dict[str, Any]
) -> Any:  # Any: a subclass of ``base``
    """The class of one plugin, with these fields and methods."""
    return type(base)(
        "Far" + "".join(part.title() for part in spec.name.split("-")),
        (base,),
        {
            "__module__": __name__,
            "__qualname__": f"far({environment.distribution}:{spec.factory})",
            "__annotations__": {"config": far_config(place_of(environment), spec.factory)},
            "environment": environment,
            "factory": spec.factory,
            "who": f"{spec.kind}.{spec.name}",
            "within_s": within_s,
            **more,
        },
    )


__all__ = ["FarState", "FarStrategy", "far_plugin", "far_strategy", "reported"]
