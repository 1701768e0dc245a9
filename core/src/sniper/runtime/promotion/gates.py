"""Gates: what an instance has shown, held against what its config asks for."""

import json
from collections.abc import Iterator, Sequence
from math import sqrt
from statistics import fmean, stdev
from typing import Final, NamedTuple

from sniper.finding import Finding, at_least, at_most, must
from sniper.runtime.promotion.track import Ordered, Shown, Track
from sniper.settings.model import Promotion
from sniper.types import BPS, DAY, SECOND

YEAR: Final = 365
"""Days of one; what is traded here has no holidays."""
FEWEST_FILLS: Final = 5
FEWEST_ORDERS: Final = 10
"""Compared with those on paper; of fewer, nothing takes an instance back."""
MILLE: Final = 1_000


class Runs(NamedTuple):
    """Whose records are measured. ``shadow`` None: there is no such stage."""

    live: Track
    paper: Track
    shadow: Track | None


class Compared(NamedTuple):
    """Orders of two runs within the time that both cover.

    same    Pairs of the same kind at about the same time. ``mine``, ``theirs``: how many there were.
    """

    same: tuple[tuple[Ordered, Ordered], ...]
    mine: int
    theirs: int

    @property
    def parity_bps(self) -> int:
        """Of all orders, those that are in both."""
        together = self.mine + self.theirs
        return 2 * len(self.same) * BPS // together if together else 0


def rise(promotion: Promotion, stage: str, runs: Runs, account: str, instance: str) -> tuple[Finding, ...]:
    """The gates of the stage that follows; nothing, where none does."""
    names = [name for name, _ in promotion.stages]
    if stage not in names or stage == names[-1]:
        return ()
    if stage == "backtest":
        return tuple(_validated(promotion))
    share, live = dict(promotion.stages)[stage], runs.live.shown(account, instance)
    if share:
        since = live.stage.time if live.stage is not None else 0
        return (
            *_earned(promotion, runs.live, account, instance, since, share),
            *_same(promotion, runs, account, instance, since),
        )
    run = runs.shadow if stage == "shadow" else runs.paper
    assert run is not None  # the ladder has a stage for it
    if stage == "shadow":
        return tuple(_decided(promotion, run, runs.paper, account, instance, live.counts_from))
    return tuple(_earned(promotion, run, account, instance, live.counts_from, BPS))


def hold(promotion: Promotion, stage: str, runs: Runs, account: str, instance: str) -> tuple[Finding, ...]:
    """What a live stage must hold against the run on paper, as far as there is enough to compare."""
    live = runs.live.shown(account, instance)
    if not dict(promotion.stages).get(stage) or live.stage is None:
        return ()
    found = compared(runs.live, runs.paper, account, instance, live.stage.time, promotion.same_within_s * SECOND)
    worse = slippage(found, live, runs.paper.shown(account, instance))
    findings = []
    if found.mine + found.theirs >= FEWEST_ORDERS:
        findings.append(at_least("parity", found.parity_bps, promotion.hold.min_parity_bps, unit="bps"))
    if len(worse) >= FEWEST_FILLS:
        findings.append(at_most("slippage", round(fmean(worse)), promotion.hold.max_slippage_bps, unit="bps"))
    return tuple(findings)


# ---- what stages ask for ----


def _validated(promotion: Promotion) -> Iterator[Finding]:
    path, asked = promotion.validation, promotion.rise
    assert path is not None  # the ladder has a stage for it
    try:
        found = json.loads(path.read_text())
        skill, fitted = found["deflated_sharpe"], found["overfitting"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield must("validated", False, note=f"{path} is nothing that sniper validate --json printed: {error!r}")
        return
    for rule, value in (("deflated-sharpe", skill), ("overfitting", fitted)):
        if not isinstance(value, int | float):
            yield must(rule, False, note="the validation could not tell")
    if isinstance(skill, int | float):
        yield at_least("deflated-sharpe", int(skill * BPS), round(asked.min_deflated_sharpe * BPS), unit="bps")
    if isinstance(fitted, int | float):
        yield at_most("overfitting", -int(-fitted * BPS // 1), round(asked.max_overfitting * BPS), unit="bps")


def _decided(
    promotion: Promotion, shadow: Track, paper: Track, account: str, instance: str, since: int
) -> Iterator[Finding]:
    """A shadow holds nothing, so it wants again and again what others hold by now: of the entries on paper, how many
    it wanted as well is what can be compared."""
    asked, within = promotion.rise, promotion.same_within_s * SECOND
    yield from _on_record(shadow, account, since, asked.min_days)
    entries = [each for each in shadow.shown(account, instance).orders if each.opens and each.at >= since]
    yield at_least("orders", len(entries), asked.min_trades)
    found = compared(shadow, paper, account, instance, since, within, entries=True)
    same = len(found.same) * BPS // found.theirs if found.theirs else 0
    note = "" if found.theirs else "nothing was entered on paper in the same time"
    yield at_least("parity", same, asked.min_parity_bps, unit="bps", note=note)


def _earned(promotion: Promotion, run: Track, account: str, instance: str, since: int, share: int) -> Iterator[Finding]:
    asked, shown = promotion.rise, run.shown(account, instance)
    capital = max(1, promotion.capital * share // BPS)
    yield from _on_record(run, account, since, asked.min_days)
    yield at_least("trades", shown.closed(since), asked.min_trades)
    places = ", ".join(sorted(shown.places))
    yield must("one-place", len(shown.places) < 2, note=f"profits in several coins are no sum: {places}")
    earned = shown.earned(since)
    begin, end = max(since, run.first.get(account, 0)), run.last.get(account, 0)
    ratio = sharpe(earned, begin, end)
    limit = round(asked.min_sharpe * MILLE)
    if ratio is None:
        yield must("sharpe", False, note="its days do not differ yet")
    else:
        yield at_least("sharpe", int(ratio * MILLE), limit, unit="thousandths")
    gains, losses = sum(each for _, each in earned if each > 0), -sum(each for _, each in earned if each < 0)
    if losses:
        factor = gains * MILLE // losses
        yield at_least("profit-factor", factor, round(asked.min_profit_factor * MILLE), unit="thousandths")
    else:
        yield must("profit-factor", gains > 0, note="it has lost nothing" if gains else "it has gained nothing")
    yield at_most("drawdown", -(-fall(earned) * BPS // capital), asked.max_drawdown_bps, unit="bps")


def _same(promotion: Promotion, runs: Runs, account: str, instance: str, since: int) -> Iterator[Finding]:
    asked = promotion.rise
    found = compared(runs.live, runs.paper, account, instance, since, promotion.same_within_s * SECOND)
    yield at_least("parity", found.parity_bps, asked.min_parity_bps, unit="bps")
    worse = slippage(found, runs.live.shown(account, instance), runs.paper.shown(account, instance))
    if len(worse) < FEWEST_FILLS:
        yield must("slippage", False, note=f"{len(worse)} orders were filled here and on paper, of {FEWEST_FILLS}")
    else:
        yield at_most("slippage", round(fmean(worse)), asked.max_slippage_bps, unit="bps")


def _on_record(run: Track, account: str, since: int, days: int) -> Iterator[Finding]:
    if account not in run.last:
        yield must("on-record", False, note=f"{run.directory} has nothing of account {account}")
    begin = max(since, run.first.get(account, 0))
    yield at_least("days", max(0, run.last.get(account, 0) - begin) // DAY, days)


# ---- figures ----


def sharpe(earned: Sequence[tuple[int, int]], begin: int, end: int) -> float | None:
    """Of the profit of each whole day between two times, ns, for a year: mean by sample deviation (Sharpe 1994). None
    where there are no two days, or all are alike."""
    days = [0] * (max(0, end - begin) // DAY)
    for at, profit in earned:
        day = (at - begin) // DAY
        if 0 <= day < len(days):
            days[day] += profit
    if len(days) < 2 or len(set(days)) == 1:
        return None
    scale = max(abs(day) for day in days)
    shares = [day / scale for day in days]
    return fmean(shares) / stdev(shares) * sqrt(YEAR)


def fall(earned: Sequence[tuple[int, int]]) -> int:
    """The most that what was earned ever stood below its highest, base units."""
    total = highest = deepest = 0
    for _, profit in earned:
        total += profit
        highest = max(highest, total)
        deepest = max(deepest, highest - total)
    return deepest


def compared(
    mine: Track, theirs: Track, account: str, instance: str, since: int, within: int, *, entries: bool = False
) -> Compared:
    """The orders of two runs from ``since`` on, both ns, and until both have had the time to place the same.
    ``entries``: those alone that open something. Of one kind they are paired in their order."""
    begin = max(since, *(run.first.get(account, 0) for run in (mine, theirs)))
    end = min(run.last.get(account, 0) for run in (mine, theirs)) - within
    kinds: dict[tuple[str, str], tuple[list[Ordered], list[Ordered]]] = {}
    for n, run in enumerate((mine, theirs)):
        for each in run.shown(account, instance).orders:
            if begin <= each.at <= end and (each.opens or not entries):
                kinds.setdefault((each.what, each.side), ([], []))[n].append(each)
    same: list[tuple[Ordered, Ordered]] = []
    for here, there in kinds.values():
        same += _paired(here, there, within)
    return Compared(tuple(same), sum(len(a) for a, _ in kinds.values()), sum(len(b) for _, b in kinds.values()))


def _paired(here: list[Ordered], there: list[Ordered], within: int) -> Iterator[tuple[Ordered, Ordered]]:
    n = m = 0
    while n < len(here) and m < len(there):
        apart = here[n].at - there[m].at
        if abs(apart) <= within:
            yield here[n], there[m]
            n, m = n + 1, m + 1
        elif apart < 0:
            n += 1
        else:
            m += 1


def slippage(found: Compared, mine: Shown, theirs: Shown) -> list[float]:
    """Of each pair that was filled in both runs, by how much mine was the worse price, bps; below zero: the better."""
    worse = []
    for here, there in found.same:
        a, b = mine.fills.get(here.order), theirs.fills.get(there.order)
        if a is None or b is None or not (a.size and a.worth and b.size and b.worth):
            continue
        ratio = (a.worth * b.size) / (b.worth * a.size)
        worse.append((ratio - 1 if here.side == "buy" else 1 - ratio) * BPS)
    return worse
