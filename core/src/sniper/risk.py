"""Write a risk check: yield one finding for each rule; any that fails denies."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Generic, TypeVar

from sniper.config import Config
from sniper.finding import Finding, Sure, at_least, at_most, must
from sniper.io import Io
from sniper.plugin import Frozen, State, Stateless
from sniper.retry import Retry
from sniper.strategy import on
from sniper.types import Entry, KillLevel, Roundtrip
from sniper.view import View

__all__ = [
    "Config",
    "Entry",
    "Evidence",
    "Finding",
    "Findings",
    "Io",
    "KillLevel",
    "Retry",
    "RiskCheck",
    "RiskProbe",
    "RiskWatch",
    "Roundtrip",
    "Sure",
    "Trip",
    "Trips",
    "View",
    "at_least",
    "at_most",
    "must",
    "on",
]

Findings = Iterator[Finding]


class Evidence(Frozen):
    """Facts that a probe brought back; journaled, so that the judgement repeats without the network.

    Evidence with the fields ``buy_tax_bps`` and ``sell_tax_bps`` (int, None where not measured) also tells the kernel
    what the token takes from a purchase and a sale: from then on minimum outputs and position values count it in.
    """


class RiskCheck(Stateless):
    """A check that knows enough from the view. Pure and stateless; no findings at all is a Deny.

    exchanges  Whether it judges orders at exchanges as well, whose `Entry.pool` is an instrument. One that does not is
               not asked about them; where it is a policy, they are denied.
    """

    exchanges: ClassVar[bool] = False

    @abstractmethod
    def judge(self, intent: Entry, view: View) -> Findings: ...

    def judge_roundtrip(self, intent: Roundtrip, view: View) -> Findings:
        """Judge an arbitrage, which holds nothing after its transaction. `judge` never sees one, and a check that does
        not override this is not asked; where it is a policy, the arbitrage is denied."""
        yield must("judges-roundtrips", False, note="this check says nothing of arbitrages")


E = TypeVar("E", bound=Evidence)


class RiskProbe(Stateless, Generic[E]):
    """A check that must look first. Late or failed is a Deny. What it looks at is on a chain: orders at exchanges wait
    for none."""

    exchanges: ClassVar[bool] = False

    @abstractmethod
    async def probe(self, intent: Entry, io: Io) -> E:
        """Gather facts, judge nothing. Runs in the shell under a deadline."""

    @abstractmethod
    def judge(self, intent: Entry, view: View, found: E) -> Findings:
        """Judge the facts. Pure: replay and other thresholds need no network."""


class Trip(Frozen, tag="trip"):
    """Pull the kill switch of this account. It stays at ``level`` until a person lowers it, restarts included.

    reason  One sentence, for people: what was seen, and what is allowed.
    """

    level: KillLevel
    reason: str


Trips = Iterator[Trip]


class RiskWatch(State):
    """A check that remembers what it saw, and may be a circuit breaker. Pure.

    Declare ``config`` (a `Config`) and any state as fields; state fields need defaults. Events are handled with `on`,
    as ``handler(self, event, view) -> Trips``: those of its account's chain, and what strategies of its account are
    told, such as `sniper.events.PositionClosed`. A reorg is told as `sniper.events.Retracted`.

    A handler that raises denies every entry until a process starts: what missed an event cannot say that all is well.
    ``exchanges`` is that of `RiskCheck`.
    """

    exchanges: ClassVar[bool] = False

    def hears_prices(self) -> bool:
        """Whether `sniper.events.WorthChanged` is told with each change of a position's pool, which is often, or only
        where money was booked. Asked once, before it has seen anything."""
        return True

    @abstractmethod
    def judge(self, intent: Entry, view: View) -> Findings:
        """As `RiskCheck.judge`, and by what was seen. It changes no field."""

    def judge_roundtrip(self, intent: Roundtrip, view: View) -> Findings:
        """As `RiskCheck.judge_roundtrip`."""
        yield must("judges-roundtrips", False, note="this check says nothing of arbitrages")
