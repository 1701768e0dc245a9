"""How often something may be tried: counted in the database, by a clock that tests set.

Addresses are kept as keyed hashes only, and no longer than the longest window.
"""

import ipaddress
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from sniper_registry.service.clock import SECOND, Clock
from sniper_registry.service.errors import TooManyAttempts
from sniper_registry.service.secret import Secret
from sniper_registry.service.tables import Attempt


@dataclass(frozen=True)
class Limit:
    """At most ``most`` in ``window_s`` seconds; ``what`` completes "too many ..."."""

    name: str
    most: int
    window_s: int
    what: str


@cache
def all_limits() -> dict[str, Limit]:
    """What ``limits.toml`` says."""
    text = files("sniper_registry.service").joinpath("limits.toml").read_text()
    return {name: Limit(name=name, **values) for name, values in tomllib.loads(text).items()}


class Limiter:
    """Counts attempts. ``what``: counted apart from others of the same limit."""

    def __init__(self, clock: Clock, secret: Secret) -> None:
        self._clock, self._secret = clock, secret

    def demand(self, session: Session, name: str, who: str, what: str = "") -> None:
        """Raise `TooManyAttempts` where the limit is reached."""
        limit = all_limits()[name]
        now = self._clock.now()
        since = now - limit.window_s * SECOND
        who = self._kept(name, who, what)
        counted = select(func.count(), func.min(Attempt.at)).where(
            Attempt.limit == name, Attempt.who == who, Attempt.at > since
        )
        count, first = session.execute(counted).one()
        if count >= limit.most:
            wait = max(1, -((now - first - limit.window_s * SECOND) // SECOND))
            raise TooManyAttempts(f"too many {limit.what}; try again in {_said(wait)}", retry_after_s=wait)

    def count(self, session: Session, name: str, who: str, what: str = "") -> None:
        """One more attempt. What no window reaches any more is forgotten."""
        now = self._clock.now()
        longest = max(limit.window_s for limit in all_limits().values())
        session.execute(delete(Attempt).where(Attempt.at < now - longest * SECOND))
        session.add(Attempt(limit=name, who=self._kept(name, who, what), at=now))

    def forget(self, session: Session, name: str, who: str) -> None:
        """Begin again at nothing: the right password and code came."""
        session.execute(delete(Attempt).where(Attempt.limit == name, Attempt.who == self._kept(name, who)))

    def take(self, session: Session, name: str, who: str, what: str = "") -> None:
        """`demand` and `count`. Who comes at the same time waits, so that no more than the limit get through."""
        if session.get_bind().dialect.name == "postgresql":  # SQLite lets one write at a time anyway
            session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"{name} {who}{what}"))))
        self.demand(session, name, who, what)
        self.count(session, name, who, what)

    def _kept(self, name: str, who: str, what: str = "") -> str:
        """What stands for somebody in the table: of an address, a keyed hash. Of IPv6 the network counts that one
        customer has, for its addresses cost nothing."""
        if not name.endswith("-address"):
            return who + what
        return self._secret.mac("address", _network(who) + what)


def _network(address: str) -> str:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:  # of a proxy that hands over something else
        return address
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.IPv6Network((found, 64), strict=False))
    return str(found)


def _said(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} seconds"
    return f"{-(-seconds // 60)} minutes"
