"""Risk checks that run in workers. One that is late, dies or raises denies what increases and never holds up a sale."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Final

import msgspec

from sniper.codec import encode
from sniper.errors import PluginError, PluginFault
from sniper.events import Event
from sniper.io import Io
from sniper.isolation import handed
from sniper.isolation.asking import Desk, Far, converse, seeing
from sniper.isolation.broker import IoAsks, errand
from sniper.isolation.declared import event_of, told_event
from sniper.isolation.describing import Housed, traits_of
from sniper.isolation.far_config import FarConfig
from sniper.isolation.host import WorkerLost
from sniper.isolation.network import Requests
from sniper.isolation.packing import pack
from sniper.isolation.place import WITHIN_S
from sniper.isolation.strategies import FarState, far_plugin, reported
from sniper.plugin import Frozen
from sniper.risk import Evidence, Finding, Findings, RiskCheck, RiskProbe, RiskWatch, Trips, must
from sniper.specs import Spec
from sniper.strategy import on
from sniper.types import Entry, Roundtrip
from sniper.view import View

LOOKS_S: Final = 3.0
"""Seconds that a probe may compute, what it waits for not counted."""
MOST_EVIDENCE: Final = 64 << 10
"""Bytes of what a probe brings back: it goes on record."""
RETRY_S: Final = 5
"""Seconds after which a denial by a lost answer may fare better: its worker may be there again."""


def far_risk(
    environment: Housed, spec: Spec[Any], *, within_s: float = WITHIN_S
) -> "type[RiskCheck | RiskProbe[Any] | RiskWatch]":
    """A risk check, probe or watch that the kernel asks like any other, and whose code runs in workers, one for each
    account; a probe has one more, which looks.

    Raises `PluginError` where the plugin cannot be described, and `IsolationError`.
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
            more[f"handles_{method}"] = on(event_of(str(each["event"]), each["schema"]))(_handler(method))
    elif traits.get("form") == "probe":
        base = FarProbe
    else:
        raise PluginError(f"{environment.distribution}: {spec.factory} is no check; derive it from one of sniper.risk")
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


class FarEvidence(Evidence):
    """What a probe in a worker brought back, as it wrote it. ``buy_tax_bps`` and ``sell_tax_bps`` in it count for its
    own judgement alone."""

    data: bytes


class FarProbe(RiskProbe[FarEvidence]):
    """See `sniper.risk.RiskProbe`; `far_risk` makes a class of it for each plugin. ``at``: the worker that judges;
    ``looks``: the one that looks, and what lets one probe look at a time. Any: they have no wire form."""

    environment: ClassVar[Housed]
    factory: ClassVar[str]
    who: ClassVar[str]
    within_s: ClassVar[float]
    config: FarConfig
    at: list[Any] = []
    looks: list[Any] = []

    kept = FarCheck.kept
    keep = FarCheck.keep
    desk = FarCheck.desk

    def hire(self, account: str) -> Desk:
        """Let its workers begin to start."""
        desk = Desk(self.environment, self.factory, self.config, account, self.within_s)
        self.at[:] = [desk]
        self.looks[:] = [Desk(self.environment, self.factory, self.config, account, LOOKS_S), asyncio.Lock()]
        return desk

    def staff(self) -> tuple[Desk, ...]:
        """The workers that it has."""
        return (*self.at, *self.looks[:1])

    async def probe(self, intent: Entry, io: Io) -> FarEvidence:
        if not self.looks:
            await asyncio.to_thread(self.hire(intent.account).worker.wait)  # as `FarCheck.desk`, without a standstill
        desk, lock = self.looks
        asks = IoAsks(io, intent.chain_id, Requests(self.environment.permissions))
        async with lock:
            data = await errand(desk.worker, "probed", encode(intent), _evidence, asks)
        return FarEvidence(data=data)

    def judge(self, intent: Entry, view: View, found: FarEvidence) -> Findings:
        given = pack(encode(intent), found.data)
        try:
            yield from list(converse(self, seeing(view), "judged", "judge", given, handed.finding))
        except WorkerLost as error:
            reported(view, error)
            yield must("answers", False, note=str(error), retry_after_s=RETRY_S)


def _evidence(data: bytes) -> bytes:
    if len(data) > MOST_EVIDENCE:
        raise PluginFault(f"it brought back {len(data)} bytes; at most {MOST_EVIDENCE} are put on record")
    return data


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
