"""What a node, or the way to it, can do wrong."""

from dataclasses import dataclass, field
from enum import StrEnum

from sniper.errors import SniperError

EVENT = "eth_subscription"
"""The method of a WebSocket's events: faults act on them as on answers."""
SENDING = "eth_sendRawTransaction"


class FaultScheduleError(SniperError, ValueError):
    """A fault that cannot be, or a written schedule that cannot be read."""

    code = "fault-schedule"


class FaultKind(StrEnum):
    """What happens to one request. Of a batch, those about the answer happen to the answer of all of it."""

    FORGET = "forget"
    """Says that it has taken the transaction, and no node ever hears of it. Only for ``eth_sendRawTransaction``."""
    LATE = "late"
    """The node has it at once, the client its answer some seconds later."""
    TWICE = "twice"
    """The same answer two times. Over HTTP the second comes where nobody asked; over WebSocket its id is used up."""
    NEVER = "never"
    """The node has it; no answer comes, and the connection stays. An event: it is swallowed."""
    CUT = "cut"
    """The node has it, and the connection breaks before the answer, with all subscriptions and what they would have
    told."""
    DEAF = "deaf"
    """The connection breaks before the node has heard of it. Not for events: as `CUT`."""
    ERROR = "error"
    """The node has not heard of it; the answer is a JSON-RPC error. Not for events: swallowed."""
    GARBLE = "garble"
    """The node has it; of the answer the first half comes."""
    ELSEWHERE = "elsewhere"
    """Another node answers, ``FaultProxy.other``: one that is behind, or on another branch. Not for events."""


@dataclass(frozen=True)
class Fault:
    """methods  Which requests; empty: all. ``EVENT``: the events of a subscription.
    percent  Of the requests, drawn with the seed. ``times``: how often at most; None: until it is taken away.
    seconds  How late, for `FaultKind.LATE`.
    """

    kind: StrEnum
    methods: frozenset[str] | set[str] = field(default_factory=frozenset)
    percent: int = 100
    times: int | None = None
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.kind is FaultKind.FORGET and self.methods != {SENDING}:
            raise FaultScheduleError(f'only a transaction can be forgotten: use methods={{"{SENDING}"}}')
        object.__setattr__(self, "methods", frozenset(self.methods))


@dataclass(frozen=True)
class Fired:
    """One line of a schedule: this happened to the ``nth`` request with this method, counted from 1."""

    method: str
    nth: int
    kind: StrEnum
    seconds: float = 0.0
