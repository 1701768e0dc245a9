"""Risk watches: checks of one account that remember, and breakers that pull its kill switch."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from sniper.errors import told
from sniper.events import Event
from sniper.kernel import facts as f
from sniper.kernel.given import given
from sniper.kernel.wiring import WatchWiring
from sniper.risk import Finding, RiskWatch, Trip, must
from sniper.strategy import handlers_of
from sniper.types import Entry, KillLevel, Roundtrip
from sniper.view import View

if TYPE_CHECKING:
    from sniper.kernel.account import Account

SEVERITY = tuple(KillLevel)
"""Mildest first."""


class Watch:
    """Runs the handlers of one watch, and lets it judge.

    broken  Why it hears nothing more; empty while it works. It begins anew then, and denies until a process starts:
            what missed an event cannot say that all is well.
    """

    def __init__(self, account: "Account", wiring: WatchWiring) -> None:
        self.account = account
        self.wiring = wiring
        self.name = wiring.name
        self.handlers = handlers_of(wiring.watch)
        self.broken = ""
        self.watch = self.made()

    def made(self) -> RiskWatch:
        """One that has seen nothing."""
        return self.wiring.watch(config=self.wiring.config)  # type: ignore[call-arg]  # every watch declares it

    def hears_prices(self) -> bool:
        """See `RiskWatch.hears_prices`. One that cannot say is told of everything."""
        try:
            return bool(self.watch.hears_prices())
        except Exception as error:  # a plugin's code
            self.stop("hears_prices", error)
            return True

    def deliver(self, event: Event) -> None:
        """Let it see an event, where it asked for such, and do what it wants done."""
        name = self.handlers.get(type(event))
        if name is None or self.broken:
            return
        try:
            for trip in getattr(self.watch, name)(event, self.account.view):
                self._trip(given(trip, Trip))
        except Exception as error:  # a plugin's code: it denies from now on
            self.stop(name, error)

    def stop(self, name: str, error: Exception) -> None:
        """It raised."""
        self.account.kernel.report(f"risk {self.name} of {self.account.name} raised in {name}", error)
        self.broken = told(error) or type(error).__name__
        self.watch = self.made()

    # ---- as a check ----

    def judge(self, intent: Entry, view: View) -> Iterator[Finding]:
        """What it finds about an intent. Broken, it denies what increases; a sale is not held up by a defect."""
        if self.broken:
            severity: Literal["deny", "warn"] = "warn" if intent.side == "reduce" else "deny"
            return iter((Finding(rule="works", ok=False, found=False, note=self.broken, severity=severity),))
        return self.watch.judge(intent, view)

    @property
    def exchanges(self) -> bool:
        """Whether it judges orders at exchanges."""
        return self.wiring.watch.exchanges

    @property
    def judges_roundtrips(self) -> bool:
        """Whether it was written for arbitrages, too."""
        return self.wiring.watch.judge_roundtrip is not RiskWatch.judge_roundtrip

    def judge_roundtrip(self, intent: Roundtrip, view: View) -> Iterator[Finding]:
        """What it finds about an arbitrage."""
        if self.broken:
            return iter((must("works", False, note=self.broken),))
        return self.watch.judge_roundtrip(intent, view)

    # ---- as a breaker ----

    def _trip(self, trip: Trip) -> None:
        """A breaker only ever makes it stricter. Where the account stands as severe already, that may be by the switch
        of everyone; its own is pulled all the same, else lowering that one would undo the trip."""
        account = self.account
        account.kernel.tripped.append((account.name, trip.level, f"{self.name}: {trip.reason}"))
        if SEVERITY.index(trip.level) <= SEVERITY.index(KillLevel(account.book.kill)):
            return
        account.emit(f.Tripped(time=account.kernel.now, check=self.name, level=trip.level.value, reason=trip.reason))
        account.safely(account.trading.killed)
        if trip.level is KillLevel.FLATTEN:
            account.safely(account.sales.flatten, trip.reason)
