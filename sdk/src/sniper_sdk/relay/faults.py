"""What a relay does wrong when a test wants it to: always the same, for the same seed and the same requests."""

import random
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """Each acts on what carries transactions, and those about answers on every request that is a relay's own."""

    CENSOR = "censor"
    """Takes it, says so, and includes nothing of the sender while the fault stands."""
    DELAY = "delay"
    """Takes it, says so, and shows it to the builder some blocks later."""
    DROP = "drop"
    """Says that it has taken it, and forgets it."""
    LOSE_ANSWER = "lose-answer"
    """Takes it, and the connection breaks before the answer."""
    ANSWER_TWICE = "answer-twice"
    """Takes it, and sends the same answer twice: a client that goes by order takes the second for the next one's."""
    DENY = "deny"
    """Takes it, and answers that it failed."""


@dataclass(frozen=True)
class Fault:
    """methods  Which requests; empty: all. ``sender``: whose transactions, lower-case address; empty: everyone's.

    times   How often; None: until it is taken away. ``percent``: of the requests, drawn with the seed.
    blocks  How late, for `FaultKind.DELAY`.
    """

    kind: FaultKind
    methods: frozenset[str] = frozenset()
    sender: str = ""
    times: int | None = None
    percent: int = 100
    blocks: int = 0


class Faults:
    """``fired``: (number of the request, fault, method), the written schedule of what went wrong."""

    def __init__(self, seed: int) -> None:
        self.fired: list[tuple[int, FaultKind, str]] = []
        self._random = random.Random(seed)
        self._requests = 0
        self._left: dict[Fault, int] = {}

    def add(self, *faults: Fault) -> None:
        """From now on."""
        for fault in faults:
            self._left[fault] = -1 if fault.times is None else fault.times

    def clear(self) -> None:
        """From now on nothing goes wrong; what was censored is seen again, what was dropped stays forgotten."""
        self._left.clear()

    def draw(self, method: str, senders: Collection[str] = ()) -> dict[FaultKind, Fault]:
        """What goes wrong with one request."""
        self._requests += 1
        drawn: dict[FaultKind, Fault] = {}
        for fault in list(self._left):
            if not _meets(fault, method, senders):
                continue
            if not self._left[fault] or self._random.randrange(100) >= fault.percent:
                continue
            self._left[fault] -= 1
            drawn[fault.kind] = fault
            self.fired.append((self._requests, fault.kind, method))
        return drawn

    def censors(self, method: str, senders: Collection[str]) -> bool:
        """Whether transactions of these senders that came by this method are kept out of blocks now."""
        return any(fault.kind is FaultKind.CENSOR and _meets(fault, method, senders) for fault in self._left)


def _meets(fault: Fault, method: str, senders: Collection[str]) -> bool:
    return (not fault.methods or method in fault.methods) and (not fault.sender or fault.sender in senders)
