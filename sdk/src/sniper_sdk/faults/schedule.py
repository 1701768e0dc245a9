"""When something goes wrong: drawn from a seed, and written down; or as it was written."""

import json
import random
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Self

from sniper_sdk.faults.fault import Fault, FaultKind, FaultScheduleError, Fired


class Schedule:
    """``fired``: what went wrong so far. ``log``: a file that gets a line of it before it happens.

    Whether the nth request with one method meets a fault follows from the seed, the method and n alone: how requests of
    several methods mix depends on the machine's speed, and must not matter.
    """

    kinds: ClassVar[type[StrEnum]] = FaultKind
    """What can go wrong."""

    def __init__(self, seed: int = 0, *, log: Path | None = None, written: Iterable[Fired] = ()) -> None:
        self.seed = seed
        self.fired: list[Fired] = []
        self._log = log
        self._written = {(each.method, each.nth): each for each in written}
        self._faults: dict[int, Fault] = {}
        self._used: Counter[int] = Counter()
        self._added = 0
        self._asked: Counter[str] = Counter()

    @classmethod
    def again(cls, path: Path) -> Self:
        """What a log says, once more. Raises `FaultScheduleError` where a line is none of a schedule."""
        found = []
        for number, line in enumerate(path.read_text().splitlines(), 1):
            try:
                told = json.loads(line)
                found.append(Fired(told["method"], told["nth"], cls.kinds(told["kind"]), told.get("seconds", 0.0)))
            except (ValueError, KeyError, TypeError) as cause:
                raise FaultScheduleError(f"{path}:{number} is no fault: {line[:200]!r}; a line is {EXAMPLE}") from cause
        return cls(written=found)

    def add(self, *faults: Fault) -> None:
        """From now on. Of several that meet a request the first one happens."""
        for fault in faults:
            self._faults[self._added] = fault
            self._added += 1

    def clear(self) -> None:
        """From now on nothing goes wrong but what is written; what was forgotten stays forgotten."""
        self._faults.clear()

    def draw(self, method: str) -> Fired | None:
        """What goes wrong with the next request of this method."""
        self._asked[method] += 1
        nth = self._asked[method]
        found = self._written.get((method, nth)) or self._drawn(method, nth)
        if found is not None:
            self.fired.append(found)
            if self._log is not None:
                with self._log.open("a") as file:
                    file.write(line(found) + "\n")
        return found

    def _drawn(self, method: str, nth: int) -> Fired | None:
        for number, fault in self._faults.items():
            if fault.methods and method not in fault.methods:
                continue
            if fault.times is not None and self._used[number] >= fault.times:
                continue
            if random.Random(f"{self.seed}/{number}/{method}/{nth}").randrange(100) < fault.percent:
                self._used[number] += 1
                return Fired(method, nth, fault.kind, fault.seconds)
        return None


def line(fired: Fired) -> str:
    """As a schedule is written."""
    told = {"method": fired.method, "nth": fired.nth, "kind": fired.kind.value}
    return json.dumps(told | ({"seconds": fired.seconds} if fired.seconds else {}))


EXAMPLE = line(Fired("eth_sendRawTransaction", 3, FaultKind.LATE, 0.5))
