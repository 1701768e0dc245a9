"""The leases of a run's accounts: taken before anything is decided, renewed by a thread, watched by a clock that nobody
sets.

A run is sure of its leases until so long before their end that whatever it signed has expired by then. While it is not
sure it decides nothing, signs nothing and sends nothing; it goes on once they are renewed, and ends where one is lost.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from structlog.typing import FilteringBoundLogger

from sniper.errors import ConfigError, SniperError, told
from sniper.lease import Lease, LeaseKeeper, LeaseLost
from sniper.settings.resolved import Resolved

__all__ = ["Leases", "Terms", "owner_of", "terms"]

MARGIN_S: Final = 2
"""For clocks that run at different rates, and for the time between a look at the clock and what follows it."""
LEAST_S: Final = 15
"""How much longer than any order's deadline a lease must be."""
USUAL_S: Final = 60
RENEWALS: Final = 5
"""How often it is tried to renew before a run is not sure any more."""
POLL_S: Final = 0.05
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class Terms:
    """``ttl_s``: after how long another run may take over. ``sure_s``: how long an owner is sure after a renewal."""

    def __init__(self, ttl_s: float, validity_s: float) -> None:
        self.ttl_s = ttl_s
        self.sure_s = ttl_s - validity_s - MARGIN_S


def terms(resolved: Resolved) -> Terms:
    """By the config. Raises `ConfigError` where an order could outlive the lease under which it was signed."""
    deadlines = {account.name: account.execution.deadline_s for account in resolved.accounts}
    longest = max(deadlines.values(), default=0)
    ttl_s = resolved.runtime.lease_s
    if ttl_s is None:
        return Terms(longest + USUAL_S, longest)
    if ttl_s < longest + LEAST_S:
        name = max(deadlines, key=deadlines.__getitem__)
        raise ConfigError(
            f"lease_s is {ttl_s}, but transactions of account {name} are valid for deadline_s = {longest}: another run "
            f"could take over while they are. Set lease_s under [runtime] to {longest + LEAST_S} at least, or "
            f"deadline_s under [account.{name}.execution] to {ttl_s - LEAST_S} at most"
        )
    return Terms(ttl_s, longest)


def owner_of(journal: Path) -> str:
    """Names whoever holds the lock of this journal on this machine since it was started: that lock ends with its
    process, so the next one may take the leases of the last one at once."""
    found = journal.stat()
    boot = _BOOT_ID.read_text().strip()[:8]
    return f"{socket.gethostname()}:{boot}:{found.st_dev:x}.{found.st_ino:x}:{str(journal.parent)[-100:]}"


def boottime() -> float:
    """Seconds since the machine started, suspended or not: CLOCK_BOOTTIME of clock_gettime(2)."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Leases:
    """Of one run. ``clock``: seconds, from anywhere, that go on while the process is stopped."""

    def __init__(
        self,
        keeper: LeaseKeeper,
        accounts: Sequence[str],
        terms: Terms,
        log: FilteringBoundLogger,
        clock: Callable[[], float] = boottime,
    ) -> None:
        self.terms = terms
        self._keeper = keeper
        self._accounts = sorted(accounts)
        self._log = log
        self._clock = clock
        self._held: tuple[Lease, ...] = ()
        self._sure_until = float("-inf")
        self._reason = "its leases are not taken yet"
        self._lost: SniperError | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def fences(self) -> dict[str, int]:
        """The token of each account."""
        return {lease.account: lease.token for lease in self._held}

    def acquire(self, owner: str) -> None:
        """Take all of them, or none; what is held is given back before. Raises what the keeper raises."""
        self._release()
        began = self._clock()
        held: list[Lease] = []
        try:
            for account in self._accounts:
                lease = self._keeper.acquire(account, owner, self.terms.ttl_s)
                held.append(lease)
        except BaseException:
            for lease in held:
                self._keeper.release(lease)
            raise
        self._held, self._sure_until, self._reason = tuple(held), began + self.terms.sure_s, ""

    def follow(self) -> None:
        """Begin to renew them."""
        self._thread = threading.Thread(target=self._renew, name="leases", daemon=True)
        self._thread.start()

    def left_s(self) -> float:
        """For how long the run is still sure; 0 where it is not."""
        return max(0.0, self._sure_until - self._clock())

    def fence(self, account: str) -> int:
        """The token to show now. Raises `LeaseLost` where the run is not sure of its leases."""
        self.demand()
        return self.fences.get(account, 0)

    def demand(self) -> None:
        """Raise `LeaseLost` where the run is not sure of its leases."""
        if self._lost is not None:
            raise self._lost
        if self._clock() >= self._sure_until:
            raise LeaseLost(
                f"the leases of {', '.join(self._accounts)} may end before what is decided now: {self.reason}"
            )

    @property
    def reason(self) -> str:
        """Why they are not renewed; empty while they are."""
        if self._lost is not None:
            return str(self._lost)
        late = "the process was stopped, or the machine was too slow, for longer than the leases allow"
        return self._reason or ("" if self.left_s() else late)

    async def until_sure(self) -> None:
        """Wait until they are renewed. Raises `LeaseLost` where one is lost."""
        while not self.left_s():
            if self._lost is not None:
                raise self._lost
            await asyncio.sleep(POLL_S)

    def close(self) -> None:
        """Stop renewing, and let the next one have them."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        try:
            self._release()
        except SniperError as error:  # they end by themselves
            self._log.warning("a lease is not released", reason=str(error))
        self._keeper.close()

    def _release(self) -> None:
        held, self._held, self._sure_until = self._held, (), float("-inf")
        self._reason = "its leases were released"
        for lease in held:
            self._keeper.release(lease)

    def _renew(self) -> None:
        pause = self.terms.sure_s / RENEWALS
        while not self._stop.wait(pause):
            began = self._clock()
            try:
                for lease in self._held:
                    self._keeper.renew(lease, self.terms.ttl_s)
            except LeaseLost as error:
                self._lost = error
                self._log.error("a lease is lost", reason=str(error))
                return
            except SniperError as error:
                self._say(str(error))
            except Exception as error:  # a plugin's code: the run must know that nothing is renewed
                self._say(told(error))
            else:
                if self._reason:
                    self._log.info("the leases are renewed again")
                self._sure_until, self._reason = began + self.terms.sure_s, ""

    def _say(self, reason: str) -> None:
        if reason != self._reason:
            self._log.warning("the leases are not renewed", reason=reason, sure_for_s=round(self.left_s(), 1))
        self._reason = reason
