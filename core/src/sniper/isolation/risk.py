"""Risk checks that run in workers. One that is late, dies or raises denies what increases and never holds up a sale."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import msgspec

from sniper.codec import encode
from sniper.errors import PluginError, PluginFault
from sniper.events import Event
from sniper.isolation import handed
from sniper.isolation.asking import Desk, Far, converse, seeing
from sniper.isolation.declared import event_of, told_event
from sniper.isolation.describing import Housed, traits_of
from sniper.isolation.far_config import FarConfig
from sniper.isolation.host import WITHIN_S, WorkerLost
from sniper.isolation.strategies import FarState, far_plugin, reported
from sniper.plugin import Frozen
from sniper.risk import Finding, Findings, RiskCheck, RiskProbe, RiskWatch, Trips, must
from sniper.specs import Spec
from sniper.strategy import on
from sniper.types import Entry, Roundtrip
from sniper.view import View

RETRY_S = 5
"""Seconds after which a denial by a lost answer may fare better: its worker may be there again."""


def far_risk(
    environment: Housed, spec: Spec[Any], *, within_s: float = WITHIN_S
) -> "type[RiskCheck | RiskProbe[Any] | RiskWatch]":
    """A risk check or watch that the kernel asks like any other, and whose code runs in workers, one for each account.

    Raises `PluginError` where the plugin cannot be described, or is a probe, which reaches out; and `IsolationError`.
    """
    traits = traits_of(environment, spec)
    more: dict[str, Any] = {"exchanges": bool(traits.get("exchanges"))}
    if traits.get("roundtrips"):
        more["judge_roundtrip"] = _judge_roundtrip
    base: type
    if traits.get("form") == "check":
        base = FarCheck
    elif traits.get("form") == "watch":
        base = FarWatch
        for each in traits["handlers"]:
            method = str(each["method"])
            more[method] = on(event_of(str(each["event"]), each["schema"]))(_handler(method))
    else:
        raise PluginError(
            f"{environment.distribution}: {spec.name} is a probe, which needs explicit trust: sniper plugins trust "
            f"{environment.distribution}"
        )
    made: type[RiskCheck] = far_plugin(base, environment, spec, within_s, more)
    return made


class FarCheck(RiskCheck):
    """See `sniper.risk.RiskCheck`; `far_risk` makes a class of it for each plugin. ``at``: its worker, once it has
    one. Any: a `Desk`, which has no wire form."""

    environment: ClassVar[Housed]
    factory: ClassVar[str]
    who: ClassVar[str]
    within_s: ClassVar[float]
    config: FarConfig
    at: list[Any] = []

    @property
    def kept(self) -> bytes:
        """It keeps nothing."""
        return b""

    def keep(self, kept: bytes) -> None:
        """It keeps nothing."""

    def desk(self, account: str) -> Desk:
        """Its worker; see `FarState.desk`."""
        if not self.at:
            self.hire(account).worker.wait()
        desk: Desk = self.at[0]
        return desk

    def hire(self, account: str) -> Desk:
        """Let its worker begin to start."""
        desk = Desk(self.environment, self.factory, self.config, account, self.within_s)
        self.at[:] = [desk]
        return desk

    def staff(self) -> tuple[Desk, ...]:
        """The workers that it has."""
        return tuple(self.at)

    def judge(self, intent: Entry, view: View) -> Findings:
        return _judged(self, intent, view, "judge", sale=intent.side == "reduce")


class FarWatch(FarState, RiskWatch):
    """See `sniper.risk.RiskWatch`; `far_risk` makes a class of it for each plugin. One that missed an event denies
    until a process starts, as any watch does."""

    def hears_prices(self) -> bool:
        wants: dict[str, Any] = msgspec.json.decode(self.config.section.wants, type=dict)
        return bool(wants["hears_prices"])

    def judge(self, intent: Entry, view: View) -> Findings:
        return _judged(self, intent, view, "judge", sale=intent.side == "reduce")


def _judge_roundtrip(self: Far, intent: Roundtrip, view: View) -> Findings:
    return _judged(self, intent, view, "judge_roundtrip", sale=False)


def _handler(method: str) -> Callable[..., Trips]:
    def handle(self: FarWatch, event: Event, view: View) -> Trips:
        yield from converse(self, seeing(view), "event", method, told_event(event), handed.trip)

    return handle


def _judged(far: Far, what: Frozen, view: View, method: str, *, sale: bool) -> Iterator[Finding]:
    """What it finds; all of it or nothing. Of a sale it finds nothing where it fails, and silence holds up no sale."""
    try:
        yield from list(converse(far, seeing(view), "judge", method, encode(what), handed.finding))
    except WorkerLost as error:
        reported(view, error)
        if not sale:
            yield must("answers", False, note=str(error), retry_after_s=RETRY_S)
    except PluginFault as error:
        if not sale:
            raise
        reported(view, error)
