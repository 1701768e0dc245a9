"""Bars of instruments, one set per process, shared by all accounts: told by their source, or made out of trades.

A bar that is made out of trades holds those of ``[start, start + interval)``, by the times at which they were known,
and starts at a multiple of its interval since 1970. It is told at its end, before anything else of that moment, by
whatever event or clock comes then first. An interval without a trade has no bar, for nothing is known of its prices;
one of which not every trade was heard (listening began within it, or the instrument was stale) has none either.

Where a source tells the same bar, that counts which is known first.
"""

from typing import TYPE_CHECKING, Final

from sniper.bars import BadBars
from sniper.errors import SniperError
from sniper.events import Bar

if TYPE_CHECKING:
    from sniper.kernel.instances import Instance

KEPT: Final = 500
"""Bars that are remembered of each series. ``FULL``: so many, and those before them are forgotten."""
FULL: Final = 2 * KEPT
NEVER: Final = 2**63


class BarsNotAsked(SniperError, LookupError):
    """Bars that no strategy or sizer of the account has asked for."""

    code = "bars-not-asked"


class Series:
    """The bars of one instrument and one interval (ns).

    bars     The newest `KEPT` of them, newest last, and some before them.
    hearing  Strategy instances that asked for them, in the order of their accounts; ``accounts``: whose view has them.
    since    From when on all trades were heard, ns UTC; `NEVER`: they are not.
    end      Of the interval that ``start`` begins and trades are gathered for, ns UTC; 0: of none.
    """

    __slots__ = (
        "accounts", "bars", "close", "end", "hearing", "high", "instrument", "interval", "low", "open", "since",
        "start", "volume",
    )  # fmt: skip

    def __init__(self, instrument: str, interval: int) -> None:
        self.instrument = instrument
        self.interval = interval
        self.bars: list[Bar] = []
        self.hearing: tuple[Instance, ...] = ()
        self.accounts: tuple[str, ...] = ()
        self.since = NEVER
        self.start = self.end = 0
        self.open = self.high = self.low = self.close = self.volume = 0

    def add(self, bar: Bar) -> bool:
        """Remember a bar that is over. Whether it is news: later than all that are known."""
        bars = self.bars
        if bars and bar.start <= bars[-1].start:
            return False
        bars.append(bar)
        if len(bars) > FULL:  # not with each bar: that moves all of them
            del bars[:-KEPT]
        return True

    def newest(self) -> list[Bar]:
        """The newest `KEPT`, or as many as there are."""
        bars = self.bars
        if len(bars) > KEPT:
            del bars[:-KEPT]
        return bars

    def made(self) -> Bar | None:
        """The bar of the interval that is over; None where not all of it was heard."""
        start, end = self.start, self.end
        self.end = 0
        if start < self.since:
            return None
        return Bar(
            time=end,
            instrument=self.instrument,
            interval=self.interval,
            start=start,
            open=self.open,
            high=self.high,
            low=self.low,
            close=self.close,
            volume=self.volume,
        )


class Bars:
    """All series. ``due``: when the first interval of one is over for which there are trades, ns UTC."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, int], Series] = {}
        self.of: dict[str, tuple[Series, ...]] = {}
        """By instrument, the shortest interval first."""
        self._sorted: tuple[Series, ...] = ()
        self.due = NEVER

    def want(self, account: str, asked: tuple[tuple[str, int], ...], hearing: "Instance | None" = None) -> None:
        """Somebody of an account asks for bars; ``hearing``: who is told of each. Raises `BadBars`."""
        for instrument, interval in asked:
            if type(instrument) is not str or type(interval) is not int or interval <= 0:
                raise BadBars(
                    f"bars of {instrument!r} over {interval!r} ns: name an instrument by its id, and the interval as a "
                    "positive int of ns"
                )
        for key in asked:
            series = self.known.get(key)
            if series is None:
                series = self.known[key] = Series(*key)
                self._sorted = tuple(self.known[each] for each in sorted(self.known))
                self.of[key[0]] = tuple(each for each in self._sorted if each.instrument == key[0])
            if account not in series.accounts:
                series.accounts = (*series.accounts, account)
            if hearing is not None and hearing not in series.hearing:
                series.hearing = (*series.hearing, hearing)

    def seen(self, account: str, instrument: str, interval: int) -> list[Bar]:
        """What an account sees of a series. Raises `BarsNotAsked`."""
        series = self.known.get((instrument, interval))
        if series is None or account not in series.accounts:
            raise BarsNotAsked(
                f"{account} has not asked for bars of {instrument} over {interval} ns: name them in bars() of the "
                "strategy or sizer that reads them"
            )
        return series.newest()

    def heard_from(self, instrument: str, since: int) -> None:
        """All trades of an instrument are heard from this moment on (ns UTC), or from none on (`NEVER`)."""
        for series in self.of.get(instrument, ()):
            series.since = since

    def trade(self, every: tuple[Series, ...], price: int, size: int, now: int) -> None:
        """A trade at ``now``, in the series of its instrument. Hot."""
        for series in every:
            if series.end:
                if price > series.high:
                    series.high = price
                elif price < series.low:
                    series.low = price
                series.close = price
                series.volume += size
            else:
                interval = series.interval
                series.start = start = now - now % interval
                series.end = end = start + interval
                self.due = min(self.due, end)
                series.open = series.high = series.low = series.close = price
                series.volume = size

    def over(self) -> "list[tuple[Bar, tuple[Instance, ...]]]":
        """The bars that are over first, all of that moment, by the ids of their instruments, the shortest interval of
        each first; and who hears of each."""
        at = self.due
        found = []
        due = NEVER
        for series in self._sorted:
            if series.end == at:
                bar = series.made()
                if bar is not None and series.add(bar):
                    found.append((bar, series.hearing))
            elif series.end and series.end < due:
                due = series.end
        self.due = due
        return found
