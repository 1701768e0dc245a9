"""Write a store: the index and the read models that are built by following the journal."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sniper.plugin import Frozen

__all__ = ["Row", "Store"]

Row = Mapping[str, Any]


class Store(ABC):
    """A follower of the journal, never its master: deleting it loses nothing, and it is rebuilt from the segments."""

    @abstractmethod
    def open(self, run: Path) -> None:
        """Open or create it for this run. Raises `StoreLocked` or `JournalError` where that is impossible."""

    @abstractmethod
    def position(self) -> int:
        """The number of the first journal record that has not been applied yet."""

    @abstractmethod
    def apply(self, position: int, records: Sequence[tuple[str, int, Frozen]]) -> None:
        """Apply records (stream, kind, struct) that start at ``position``, all or none."""

    @abstractmethod
    def query(self, model: str, **where: object) -> list[Row]:
        """Rows of a read model, such as ``orders``, whose columns equal ``where``."""

    @abstractmethod
    def close(self) -> None: ...
