"""What is wrong with market data: each row that is, with its value and what to do."""

from collections import Counter
from collections.abc import Collection
from typing import Final, NamedTuple

from sniper.errors import SniperError

ACCEPTABLE: Final = {
    "unsorted": "its rows are sorted",
    "duplicate": "it is taken once",
    "conflict": "the new row takes the old one's place",
    "no-number": "the row is left out",
    "no-time": "the row is left out",
    "other-unit": "the row is left out",
    "dust": "it is rounded to the step next to it",
    "off-tick": "the row is left out",
    "not-positive": "the row is left out",
    "negative": "the row is left out",
    "high-low": "the row is left out",
    "misaligned": "the row is left out",
    "no-side": "the row is taken without a side",
    "too-large": "the row is left out",
    "truncated": "what is whole is taken",
    "not-a-line": "the line is left out",
}
"""Problems that ``--accept`` takes, and what becomes of them then."""

ADVICE: Final = {
    "unsorted": "sort the file by time",
    "duplicate": "remove one of them",
    "conflict": "find out which of the two is right",
    "no-number": "correct the value",
    "no-time": "correct the time stamp",
    "no-zone": "say in which zone these times are, such as --zone UTC",
    "other-unit": "give all time stamps of the file in one unit",
    "dust": "write the number as it was, without what arithmetic left behind",
    "off-tick": "say the right --tick and --lot, or correct the value",
    "not-positive": "correct the value, which must be above 0",
    "negative": "correct the value, which must not be below 0",
    "high-low": "correct the bar: its high must be the highest of its prices, its low the lowest",
    "misaligned": "say the right --zone or --interval, or --stamped close where times are those of the closes",
    "no-side": 'write "buy" or "sell", the side of who came later',
    "too-large": "correct the value, or give the instrument a larger step",
    "truncated": "fetch the file again",
    "not-a-line": "correct the line",
    "columns": "name the columns: --columns time=…,price=…",
    "gap": "fetch what is missing, where there is any",
}
NOTICES: Final = frozenset({"gap"})
"""Told, and no reason to refuse: a market may have been closed, or nobody traded."""


class Problem(NamedTuple):
    """One of them. ``place``: the file, and the line or row in it; ``value``: what stands there."""

    code: str
    place: str
    value: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.code}: {self.what}: {self.value}; {self.advice}"

    @property
    def advice(self) -> str:
        """What to do."""
        effect = ACCEPTABLE.get(self.code)
        return ADVICE[self.code] + (f", or say --accept {self.code} ({effect})" if effect else "")


class BadData(SniperError, ValueError):
    """Market data that is not taken as it is. ``problems``: all of them."""

    code = "bad-data"

    def __init__(self, message: str, problems: "Problems") -> None:
        super().__init__(message)
        self.problems = problems


MOST: Final = 100_000
"""Problems of one code that are kept; those behind them are only counted."""


class Problems:
    """Those of one import or check.

    accepted  Codes that are dealt with instead of being refused. ``found``: of each code the first `MOST`.
    """

    def __init__(self, accepted: Collection[str] = ()) -> None:
        self.accepted = frozenset(accepted)
        self.found: list[Problem] = []
        self._counts: Counter[str] = Counter()

    def add(self, code: str, place: str, value: object, what: str) -> None:
        """One more."""
        self._counts[code] += 1
        if self._counts[code] <= MOST:
            self.found.append(Problem(code, place, str(value), what))

    def refused(self) -> dict[str, int]:
        """How many of each code stop an import."""
        return {code: count for code, count in self.counts().items() if code not in self.accepted | NOTICES}

    def counts(self) -> dict[str, int]:
        """How many of each code."""
        return dict(sorted(self._counts.items()))

    def demand_none(self, what: str) -> None:
        """Raises `BadData` where one of them is neither accepted nor a mere notice."""
        stopping = self.refused()
        if stopping:
            told = ", ".join(f"{count} {code}" for code, count in stopping.items())
            raise BadData(f"{what}: {sum(stopping.values())} problems ({told}); nothing was stored", self)
