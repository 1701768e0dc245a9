"""Which logs are wanted: as filters of ``eth_getLogs``, and as a test of what comes back."""

from collections.abc import Collection, Sequence
from typing import Any

from sniper.evm.log import Log


class Wanted:
    """Subscriptions (addresses, first topics), each open where it is empty, and addresses that are watched as a whole.

    The pairs are merged into at most three filters, because each is a request of its own; a merged filter may give more
    than was wanted, which `wants` leaves out.
    """

    def __init__(self, subscriptions: Sequence[tuple[Sequence[str], Sequence[str]]], watched: Collection[str]) -> None:
        pairs = [
            (frozenset(map(str.lower, addresses)), frozenset(map(str.lower, topics)))
            for addresses, topics in subscriptions
        ]
        self._everything = any(not addresses and not topics for addresses, topics in pairs)
        self._topics = frozenset[str]().union(*(topics for addresses, topics in pairs if not addresses))
        self._addresses = frozenset(map(str.lower, watched)).union(
            *(addresses for addresses, topics in pairs if addresses and not topics)
        )
        self._pairs = [(addresses, topics) for addresses, topics in pairs if addresses and topics]
        self._merged = (
            frozenset[str]().union(*(addresses for addresses, _ in self._pairs)),
            frozenset[str]().union(*(topics for _, topics in self._pairs)),
        )

    def filters(self) -> list[dict[str, Any]]:
        """Without the blocks. Any: JSON."""
        if self._everything:
            return [{}]
        found: list[dict[str, Any]] = []
        if self._topics:
            found.append({"topics": [sorted(self._topics)]})
        if self._addresses:
            found.append({"address": sorted(self._addresses)})
        if self._pairs:
            found.append({"address": sorted(self._merged[0]), "topics": [sorted(self._merged[1])]})
        return found

    def matches(self, log: Log) -> bool:
        """Whether an honest node gives it for one of the `filters`."""
        addresses, topics = self._merged
        return self.wants(log) or (log.address in addresses and bool(log.topics) and log.topics[0] in topics)

    def wants(self, log: Log) -> bool:
        """Whether a subscription asked for it."""
        if self._everything or log.address in self._addresses:
            return True
        if not log.topics:
            return False
        first = log.topics[0]
        return first in self._topics or any(
            log.address in addresses and first in topics for addresses, topics in self._pairs
        )
