"""What scenarios have looked at before: where they trade the same pool on a later block, that is read at once."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from sniper.runtime.errand import Lacks

MOST_POOLS: Final = 500
MOST_KEYS: Final = 2_000
"""Accounts and words of one pool; above that all are forgotten."""

Key = tuple[int, str, str]
"""A chain's id, a scenario's function and a pool."""


class Habits:
    """Only hints: what they hold is read anew for each block, and what they lack is asked for when it is wanted."""

    def __init__(self) -> None:
        self._looked: OrderedDict[Key, tuple[set[str], set[tuple[str, int]]]] = OrderedDict()

    def of(self, key: Key) -> Lacks:
        """What to read."""
        accounts, slots = self._looked.get(key, (set(), set()))
        return Lacks(accounts=tuple(sorted(accounts)), slots=tuple(sorted(slots)))

    def add(self, key: Key, accounts: Iterable[str], slots: Iterable[tuple[str, int]]) -> None:
        """What a scenario was told of."""
        known = self._looked.setdefault(key, (set(), set()))
        self._looked.move_to_end(key)
        known[0].update(accounts)
        known[1].update(slots)
        if len(known[0]) + len(known[1]) > MOST_KEYS:
            self.forget(key)
        if len(self._looked) > MOST_POOLS:
            self._looked.popitem(last=False)

    def forget(self, key: Key) -> None:
        """It is too much, or cannot be read."""
        self._looked.pop(key, None)
