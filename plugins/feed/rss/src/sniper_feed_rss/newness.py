"""What of a list that is read again and again is new. Bounded. Pure."""

from typing import Final, NamedTuple

from sniper.types import SECOND

REMEMBERED: Final = 2_000


class Dated(NamedTuple):
    """``at``: ns UTC; 0: unknown."""

    id: str
    at: int


class Newness:
    """Of one source. What stands in its first list is news only where its date says so; later, what was not there."""

    def __init__(self, fresh_s: int) -> None:
        self._fresh = fresh_s * SECOND
        self._seen: dict[str, None] = {}
        self._began = False

    def news(self, found: list[Dated], now: int) -> list[Dated]:
        """The new ones, oldest first, as they stand in a list that has the newest first."""
        new: list[Dated] = []
        for each in reversed(found):
            known = self._seen.pop(each.id, each.id) is None
            self._seen[each.id] = None
            if not known and (each.at >= now - self._fresh if each.at else self._began):
                new.append(each)
        self._began = True
        while len(self._seen) > max(REMEMBERED, len(found)):
            del self._seen[next(iter(self._seen))]
        return new
