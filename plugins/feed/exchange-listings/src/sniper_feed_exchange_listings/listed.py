"""What of an exchange's list of instruments is new, and what is gone. Pure, and as large as that list."""

from collections.abc import Sequence
from typing import NamedTuple

from sniper.instrument import Instrument


class Change(NamedTuple):
    """Of one base asset. ``kind``: ``listing``, where the exchange had nothing of it; ``market``, where it is traded
    against something else, too; ``delisting``, where nothing of it is left. ``instruments``: ids, sorted."""

    kind: str
    code: str
    instruments: tuple[str, ...]


class Listed:
    """Of one exchange. What is missing counts as gone after several looks: a list may be incomplete for a while."""

    def __init__(self, gone_after: int) -> None:
        self._gone_after = gone_after
        self._base: dict[str, str] = {}
        self._missing: dict[str, int] = {}
        self._began = False

    def changes(self, found: Sequence[Instrument]) -> list[Change]:
        """Since the look before; nothing at the first one, nor where the list is empty."""
        if not found:
            return []
        codes = set(self._base.values())
        new: dict[str, list[str]] = {}
        for instrument in found:
            if instrument.id not in self._base:
                code = instrument.base.partition(":")[2]
                self._base[instrument.id] = code
                new.setdefault(code, []).append(instrument.id)
        gone = self._gone({instrument.id for instrument in found})
        if not self._began:
            self._began = True
            return []
        came = [
            Change("market" if code in codes else "listing", code, tuple(sorted(ids)))
            for code, ids in sorted(new.items())
        ]
        return came + [Change("delisting", code, tuple(sorted(ids))) for code, ids in sorted(gone.items())]

    def _gone(self, here: set[str]) -> dict[str, list[str]]:
        self._missing = {id_: self._missing.get(id_, 0) + 1 for id_ in self._base if id_ not in here}
        gone: dict[str, list[str]] = {}
        for id_, looks in self._missing.items():
            if looks >= self._gone_after:
                gone.setdefault(self._base.pop(id_), []).append(id_)
        left = set(self._base.values())
        return {code: ids for code, ids in gone.items() if code not in left}
