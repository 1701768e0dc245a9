"""Write a lease: who may decide for an account now, and the fencing token that tells an old owner from a new one.

A lease ends by itself, by the clock of whoever keeps it and by no other. Its token only grows: whoever is shown one
refuses a lower one from then on, so an owner that slept through the end of its lease has no effect when it wakes up
(Kleppmann, "How to do distributed locking", 2016). An owner measures its own time from the moment *before* it asked, by
a clock that nobody sets: it has stopped before the keeper lets another one in.

Everything here blocks, and is called from one thread at a time that waits for nothing else.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sniper.errors import SniperError
from sniper.plugin import Frozen

__all__ = [
    "Lease",
    "LeaseKeeper",
    "LeaseLost",
    "LeaseTaken",
    "LeaseUnreachable",
    "LeaseUnusable",
    "checked",
    "explained",
    "lost",
]

LONGEST_S = 30 * 86_400
MOST_CHARACTERS = 200


class Lease(Frozen):
    """``account`` is decided for by ``owner`` alone. ``token``: higher than that of every earlier lease of it."""

    account: str
    owner: str
    token: int


class LeaseTaken(SniperError, RuntimeError):
    """Somebody else holds it. ``owner``: who; ``ends_in_s``: when it ends, unless it is renewed."""

    code = "lease-taken"

    def __init__(self, account: str, owner: str, ends_in_s: float) -> None:
        super().__init__(
            f"account {account} is decided for by {owner}, whose lease ends in {max(0.0, ends_in_s):.1f} s unless it "
            "is renewed; stop that run, or wait for its end: sniper run --standby"
        )
        self.account = account
        self.owner = owner
        self.ends_in_s = ends_in_s


class LeaseLost(SniperError, RuntimeError):
    """It is not, or no longer, held under this token: whatever its owner decides now must have no effect."""

    code = "lease-lost"


class LeaseUnreachable(SniperError, ConnectionError):
    """The keeper does not answer. Nothing is known of what was asked; asking again is harmless."""

    code = "lease-unreachable"


class LeaseUnusable(SniperError, ValueError):
    """The keeper cannot be used as it is, or was asked for something that makes no sense."""

    code = "lease-unusable"


class LeaseKeeper(ABC):
    """Keeps the leases of accounts. One per run."""

    @abstractmethod
    def open(self, run: Path) -> None:
        """Make it ready for the run in this directory. Raises `LeaseUnreachable` or `LeaseUnusable`."""

    @abstractmethod
    def acquire(self, account: str, owner: str, ttl_s: float) -> Lease:
        """A new lease, which ends ``ttl_s`` seconds from now. ``owner`` may take its own again at any time: the new one
        ends the old one.

        The first token of an account that the keeper does not know is its clock in whole seconds since 1970, and each
        further one is higher: so tokens grow although a keeper forgot everything.

        Raises `LeaseTaken`, `LeaseUnreachable` and, for names and times that make no sense, `LeaseUnusable`.
        """

    @abstractmethod
    def renew(self, lease: Lease, ttl_s: float) -> None:
        """Let it end ``ttl_s`` seconds from now. One that has ended may be renewed as long as nobody took it.

        Raises `LeaseLost`, `LeaseUnreachable` and `LeaseUnusable`.
        """

    @abstractmethod
    def release(self, lease: Lease) -> None:
        """Let it end now. Of one that was lost, nothing happens. Raises `LeaseUnreachable`."""

    @abstractmethod
    def close(self) -> None:
        """Let go of files and connections, and of no lease. May be called twice; what is closed can be opened again."""


def checked(account: str, owner: str, ttl_s: float) -> None:
    """Raise `LeaseUnusable` for names and times that make no sense. For keepers, before they ask anybody."""
    for what, name in (("account", account), ("owner", owner)):
        if not name or len(name) > MOST_CHARACTERS or not name.isprintable():
            raise LeaseUnusable(f"{what} is {name!r}; it must be 1 to {MOST_CHARACTERS} printable characters")
    if not 0 < ttl_s <= LONGEST_S:  # NaN is refused with them
        raise LeaseUnusable(f"ttl_s is {ttl_s!r}; it must be more than 0 and at most {LONGEST_S} seconds")


def lost(lease: Lease) -> LeaseLost:
    """The error for one that is not held any more."""
    return LeaseLost(
        f"the lease of account {lease.account} under token {lease.token} is not {lease.owner}'s any more; another run "
        "decides for it, or it was released"
    )


@contextmanager
def explained(where: str, *unreachable: type[Exception]) -> Iterator[None]:
    """Turn the errors of a driver into `LeaseUnreachable`, which names where. Never with what a password might be."""
    try:
        yield
    except unreachable as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise LeaseUnreachable(
            f"{where} does not keep leases now: {first}; see that it runs and can be reached"
        ) from error
