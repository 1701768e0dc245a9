"""What plugins answered that run in a process of their own: inputs of the kernel, though they come while it decides.

They are put on record where they came, as facts. Where a journal is run again, they are taken from the record in the
same order, so nothing depends on what such a plugin would say now, and no process is started for it.
"""

from collections import deque
from collections.abc import Iterable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from sniper.kernel.facts import Fact, WorkerAnswered

if TYPE_CHECKING:
    from sniper.kernel.kernel import Kernel

MARKET = ""
"""The account of what all accounts share, such as AMMs."""


class Elsewhere:
    """Of one kernel. ``recall`` is called before an event is handled again, with the facts that it led to."""

    def __init__(self, kernel: "Kernel") -> None:
        self._kernel = kernel
        self._recorded: dict[tuple[str, str], deque[WorkerAnswered]] = {}
        self.asks = True
        """Whether plugins are asked. Where a journal is run again, what is not on record was not answered."""

    def begin(self) -> None:
        """An event is handled now: what AMMs are asked meanwhile is decided with."""
        _DECIDING.set(self)

    def end(self) -> None:
        """It was handled: what AMMs are asked from now on is for people and routers."""
        _DECIDING.set(None)

    def recall(self, facts: Iterable[tuple[str, Fact]]) -> None:
        """What is on record of the event that comes next."""
        self._recorded.clear()
        for account, fact in facts:
            if type(fact) is WorkerAnswered:
                self._recorded.setdefault((account, fact.who), deque()).append(fact)

    def recorded(self, account: str, who: str) -> WorkerAnswered | None:
        """What it answered when this was decided first; None: it is decided now."""
        waiting = self._recorded.get((account, who))
        return waiting.popleft() if waiting else None

    def tell(self, account: str, fact: WorkerAnswered) -> None:
        """Put an answer on record."""
        if account == MARKET:
            self._kernel.facts.append((MARKET, fact))
        else:
            self._kernel.accounts[account].emit(fact)

    def report(self, what: str, error: Exception) -> None:
        """See `Kernel.report`."""
        self._kernel.report(what, error)

    @property
    def now(self) -> int:
        """ns UTC."""
        return self._kernel.now


_DECIDING: Final[ContextVar[Elsewhere | None]] = ContextVar("deciding", default=None)


def deciding() -> Elsewhere | None:
    """Of the kernel that handles an event right now, in this thread; None: none does. For what is not told whose it is,
    as an AMM."""
    return _DECIDING.get()
