"""How much was lost: by what was closed within a window, and by what is open."""

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from sniper.events import WorthChanged
from sniper.risk import Entry, Roundtrip, View
from sniper.types import DAY


class Window(IntEnum):
    """Days."""

    DAY = 1
    WEEK = 7
    MONTH = 30

    @property
    def ns(self) -> int:
        return self * DAY


_NAMES = {Window.DAY: "daily", Window.WEEK: "weekly", Window.MONTH: "monthly"}


class Cap(NamedTuple):
    """One limit on what may be lost.

    what    ``loss`` or ``drawdown``; ``window`` None: of all time.
    scope   ``token``, ``venue`` or ``strategy`` where it is that of each alone; empty: of the account.
    limit   Quote asset, base units; None: it is not set.
    """

    what: str
    window: Window | None
    scope: str
    limit: int | None

    @property
    def rule(self) -> str:
        """Its name among the findings, such as ``token-daily-loss``."""
        return "-".join(filter(None, (self.scope, _NAMES[self.window] if self.window else "", self.what)))

    @property
    def key(self) -> str:
        """Its name in the config, such as ``max_daily_loss_per_token``."""
        per = f"_per_{self.scope}" if self.scope else ""
        return f"max_{_NAMES[self.window]}_{self.what}{per}" if self.window else f"max_{self.what}"

    def subject(self, of: Entry | Roundtrip | WorthChanged) -> str:
        """Which token, venue or strategy instance counts, of what is judged or has happened; empty: it is about none
        (an arbitrage is about no token)."""
        if self.scope == "token":
            return "" if isinstance(of, Roundtrip) else of.token
        if self.scope == "venue":
            return of.venue
        return of.instance if self.scope == "strategy" else ""


MANY = 64
"""Positions above which they are not priced where the cap would hold though all of them were lost."""


class Found(NamedTuple):
    """Base units of the quote asset.

    lost      As far as prices tell.
    unpriced  What open positions cost that nothing prices now: as good as lost, for all that is known.
    """

    lost: int
    unpriced: int


def found(
    cap: Cap, subject: str, place: str, view: View, *, last_ns: int | None = None, open_too: bool = True
) -> Found:
    """What counts against a cap now. A loss is what was realised within the window and what each open position would
    lose if it were sold now, whenever it was bought; an open gain counts once it is realised.

    ``last_ns``: another window than the cap's. ``open_too``: whether what is open counts.
    """
    window = last_ns if last_ns is not None else cap.window.ns if cap.window else None
    if cap.what == "drawdown":
        return Found(view.drawdown(place, last_ns=window), 0)
    of = {_ARGUMENT[cap.scope]: subject} if cap.scope else {}
    realised = view.realised(last_ns=window or 0, place=place, **of)
    if not open_too:
        return Found(max(0, -realised), 0)
    held = view.positions.values()
    if len(held) > MANY and cap.limit is not None and sum(each.cost for each in held) - realised <= cap.limit:
        return Found(max(0, -realised), 0)
    lost, unpriced = _open(cap.scope, subject, place, view)
    return Found(max(0, lost - realised), max(0, unpriced - max(0, realised - lost)))


_ARGUMENT = {"token": "token", "venue": "venue", "strategy": "instance"}


def _open(scope: str, subject: str, place: str, view: View) -> tuple[int, int]:
    prefix, lost, unpriced = f"{place}:", 0, 0
    for token, position in view.positions.items():
        counted = (
            not scope
            or (scope == "token" and token == subject)
            or (scope == "venue" and position.venue == subject)
            or (scope == "strategy" and position.instance == subject)
        )
        if not counted or not position.amount or position.state == "written-off" or not token.startswith(prefix):
            continue
        worth = view.worth(token)
        if worth is None:
            unpriced += position.cost
        elif worth < position.cost:
            lost += position.cost - worth
    return lost, unpriced


def subjects(cap: Cap, view: View) -> Iterator[str]:
    """Of whom something is held that counts against a cap; of the account itself, always."""
    if not cap.scope:
        yield ""
    elif cap.scope == "token":
        yield from sorted(view.positions)
    else:
        held = view.positions.values()
        yield from sorted({each.venue if cap.scope == "venue" else each.instance for each in held})
