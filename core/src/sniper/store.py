"""Write a store: the index and the read models that are built by following the journal."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sniper.errors import JournalError
from sniper.plugin import Frozen

__all__ = ["Row", "Store", "StoreFenced", "fenced"]

Row = Mapping[str, Any]


class StoreFenced(JournalError):
    """Whoever writes was followed by another owner of the accounts, and must write nothing further."""

    code = "store-fenced"


class Store(ABC):
    """A follower of the journal, never its master: deleting it loses nothing, and it is rebuilt from the segments."""

    @abstractmethod
    def open(self, run: Path) -> None:
        """Open or create it for this run. Raises `StoreLocked` or `JournalError` where that is impossible."""

    @abstractmethod
    def claim(self, fences: Mapping[str, int]) -> None:
        """Say, once it is open, under which token of each account's lease the following writes are made. They are
        remembered. Raises `StoreFenced` where the store has seen a higher one."""

    @abstractmethod
    def position(self) -> int:
        """The number of the first journal record that has not been applied yet."""

    @abstractmethod
    def apply(self, position: int, records: Sequence[tuple[str, int, Frozen]]) -> None:
        """Apply records (stream, kind, struct) that start at ``position``, all or none.

        Raises `StoreFenced` where somebody else has claimed a higher token since, or, without a claim, any.
        """

    @abstractmethod
    def query(self, model: str, **where: object) -> list[Row]:
        """Rows of a read model, such as ``orders``, whose columns equal ``where``."""

    @abstractmethod
    def close(self) -> None: ...


def fenced(claimed: Mapping[str, int], seen: Mapping[str, int]) -> None:
    """Raise `StoreFenced` where the tokens that a store has seen forbid writes under those that were claimed."""
    if seen and not claimed:
        raise StoreFenced("this store is written under leases, and no token was claimed; call claim(fences) first")
    for account, token in sorted(claimed.items()):
        if seen.get(account, 0) > token:
            raise StoreFenced(
                f"account {account} was taken over: the store has seen token {seen[account]}, and this is {token}; "
                "another run follows the journal now, so this one must end"
            )
