"""The rows of a file as whole numbers, each looked at: what the catalogue stores, and what is wrong with the rest."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from sniper.instrument import Instrument, to_decimal
from sniper_app_data.arrays import Bools, Ints
from sniper_app_data.kinds import KINDS, NO_ID, RATE, Kind, interval_text
from sniper_app_data.moments import clock
from sniper_app_data.numbers import Steps, Wrong, steps_of
from sniper_app_data.problems import Problems
from sniper_app_data.sources import Table
from sniper_app_data.stamps import Clock

BUY: Final = 1
SELL: Final = -1
_KEPT: Final = frozenset({"dust", "no-side"})
_SIDES: Final = {
    **dict.fromkeys(("buy", "b", "bid", "1", "1.0", "false"), BUY),
    **dict.fromkeys(("sell", "s", "ask", "a", "-1", "-1.0", "true"), SELL),
}
"""Of who came later; ``false`` and ``true`` are of a column that says whether the buyer was there first."""


class Reading(NamedTuple):
    """How files are read.

    names     Columns by what they are, as the user says; all others by their usual names.
    zone      Of times without one. ``stamped``: whether a bar's time is its ``open`` or its ``close``.
    interval  Of bars, ns; 0: what is usual between two rows.
    """

    kind: Kind
    instrument: Instrument
    names: Mapping[str, str] = {}
    zone: ZoneInfo | None = None
    stamped: Literal["open", "close"] = "open"
    interval: int = 0


class Rows(NamedTuple):
    """Columns of equal length, of numpy or pyarrow; bars have the time of their close. ``interval``: of bars, ns."""

    columns: dict[str, Any]
    interval: int = 0


def rows_of(table: Table, reading: Reading, problems: Problems) -> Rows | None:
    """All rows of a file that can be taken, sorted by time; None where it has not the columns."""
    sources = _mapped(table, reading, problems)
    if sources is None:
        return None
    clock = Clock(reading.zone)
    parts: dict[str, list[Ints]] = {name: [] for name in reading.kind.columns}
    faults: list[tuple[str, Wrong]] = []
    done = 0
    for batch in table.batches:
        for name, column in reading.kind.columns.items():
            steps = _converted(column.number, batch, sources.get(name), reading.instrument, clock)
            parts[name].append(steps.values)
            faults += [(name, wrong._replace(row=wrong.row + done)) for wrong in steps.wrong]
        done += batch.num_rows
    columns = {name: np.concatenate(found) if found else np.zeros(0, np.int64) for name, found in parts.items()}
    check = _Check(table, reading, problems, columns, done)
    for name, wrong in faults:
        check.fault(name, wrong)
    interval = check.bars() if reading.kind.name == "bars" else 0
    if reading.kind.name == "trades":
        check.trades()
    return Rows(check.kept(), interval)


def _mapped(table: Table, reading: Reading, problems: Problems) -> dict[str, str] | None:
    """Names of the file's columns by ours."""
    by_name = {name.lower(): name for name in table.names}
    found: dict[str, str] = {}
    lacking = []
    for name, column in reading.kind.columns.items():
        asked = reading.names.get(name)
        usual = (asked.lower(),) if asked else column.called
        called = next((by_name[each] for each in usual if each in by_name), None)
        if called is not None:
            found[name] = called
        elif column.needed or asked:
            lacking.append(f"{name} ({asked or ', '.join(column.called)})")
    if lacking:
        what = f"it has no column for {'; '.join(lacking)}"
        problems.add("columns", table.path.name, ", ".join(table.names) or "nothing", what)
        return None
    return found


def _converted(number: str, batch: Any, source: str | None, instrument: Instrument, clock: Clock) -> Steps:
    """A column of one batch. Any: pyarrow's."""
    if source is None:
        return Steps(np.full(batch.num_rows, NO_ID if number == "id" else 0, np.int64), [])
    column = batch.column(source)
    if pa.types.is_null(column.type):
        column = column.cast(pa.string())
    match number:
        case "time":
            return clock.read(column)
        case "side":
            return _sides(column)
        case "id":
            return _ids(column)
    return steps_of(column, {"price": instrument.tick, "size": instrument.lot, "rate": RATE}[number])


def _sides(column: Any) -> Steps:
    texts = pc.utf8_lower(pc.utf8_trim_whitespace(column.cast(pa.string()).fill_null("")))
    kinds = texts.dictionary_encode()
    known = [_SIDES.get(text, 0) for text in kinds.dictionary.to_pylist()]
    values = np.array([*known, 0], np.int64)[kinds.indices.to_numpy(zero_copy_only=False)]
    missing = np.flatnonzero(values == 0)
    return Steps(values, [Wrong(int(row), "no-side", str(texts[int(row)])) for row in missing])


def _ids(column: Any) -> Steps:
    """Ids that are no whole numbers tell no two trades apart here."""
    try:
        return Steps(column.cast(pa.int64()).to_numpy(zero_copy_only=False).astype(np.int64), [])
    except pa.ArrowInvalid:
        return Steps(np.full(len(column), NO_ID, np.int64), [])


class _Check:
    """Looks at all rows of one file. ``taken``: those that can be stored."""

    def __init__(
        self, table: Table, reading: Reading, problems: Problems, columns: dict[str, Ints], count: int
    ) -> None:
        self.table = table
        self.reading = reading
        self.problems = problems
        self.columns = columns
        self.taken: Bools = np.ones(count, np.bool_)

    def fault(self, name: str, wrong: Wrong) -> None:
        """A value that could not be converted."""
        step = {"price": self.reading.instrument.tick, "size": self.reading.instrument.lot, "rate": RATE}
        of = step.get(self.reading.kind.columns[name].number)
        what = SAID[wrong.code].format(name=name, step=f"{to_decimal(of):f}" if of else "")
        self._tell(wrong.code, wrong.row, f"{name} {wrong.value}", what)
        if wrong.code not in _KEPT:
            self.taken[wrong.row] = False

    def trades(self) -> None:
        """Prices and sizes are above 0, and no id stands twice."""
        for name in ("price", "size"):
            self._leave("not-positive", self.columns[name] <= 0, f"{name} is not above 0", name)

    def bars(self) -> int:
        """Prices are above 0, the high is the highest and the low the lowest, and all begin where an interval does."""
        columns = self.columns
        prices = [columns[name] for name in ("open", "high", "low", "close")]
        for name in ("open", "high", "low", "close"):
            self._leave("not-positive", columns[name] <= 0, f"{name} is not above 0", name)
        self._leave("negative", columns["volume"] < 0, "volume is below 0", "volume")
        outside = (columns["high"] < np.maximum.reduce(prices)) | (columns["low"] > np.minimum.reduce(prices))
        self._leave("high-low", outside, "a price is above its high or below its low", "open", "high", "low", "close")
        interval = self.reading.interval or _usual_step(columns["time"][self.taken])
        if not interval:
            self.problems.add("columns", self.table.path.name, len(self.taken), "its rows do not tell their interval")
            return 0
        aligned = f"it does not begin with a whole interval of {interval_text(interval)}"
        self._leave("misaligned", columns["time"] % interval != 0, aligned, "time")
        if self.reading.stamped == "open":
            columns["time"] += interval
        return interval

    def kept(self) -> dict[str, Ints]:
        """What is taken, in order; tells what was not in order and what stands twice."""
        self._order()
        order = np.argsort(self.columns["time"][self.taken], kind="stable")
        return {name: values[self.taken][order] for name, values in self.columns.items()}

    def _order(self) -> None:
        rows = np.flatnonzero(self.taken)
        times = self.columns["time"][rows]
        for row in rows[1:][times[1:] < np.maximum.accumulate(times)[:-1]] if len(rows) else ():
            self._tell("unsorted", int(row), clock(self.columns["time"][row]), "it is earlier than a row before it")
        key = self.reading.kind.key
        known = rows[self.columns[key][rows] != NO_ID]
        _, first, which = np.unique(self.columns[key][known], return_index=True, return_inverse=True)
        for row, other in zip(known, known[first[which]], strict=True) if first.size < known.size else ():
            if row != other:
                self._doubled(int(row), int(other))

    def _doubled(self, row: int, first: int) -> None:
        key = self.reading.kind.key
        value = self._shown(row, key)
        if all(values[first] == values[row] for values in self.columns.values()):
            self._tell("duplicate", row, value, f"it is the same as {self.table.place(first)}")
            self.taken[row] = False
        else:
            self._tell("conflict", row, value, f"{self.table.place(first)} has the same {key} and says otherwise")
            self.taken[first] = False

    def _leave(self, code: str, wrong: Bools, what: str, *names: str) -> None:
        for row in np.flatnonzero(wrong & self.taken):
            self._tell(code, int(row), ", ".join(self._shown(int(row), name) for name in names), what)
        self.taken &= ~wrong

    def _shown(self, row: int, name: str) -> str:
        value, instrument = int(self.columns[name][row]), self.reading.instrument
        shown: dict[str, Callable[[int], object]] = {
            "time": clock,
            "price": instrument.price,
            "size": instrument.size,
        }
        return f"{name} {shown.get(self.reading.kind.columns[name].number, str)(value)}"

    def _tell(self, code: str, row: int, value: str, what: str) -> None:
        self.problems.add(code, self.table.place(row), value, what)


SAID: Final = {
    "off-tick": "{name} is no multiple of {step}",
    "dust": "{name} is a multiple of {step} but for what arithmetic with floats left behind",
    "no-number": "{name} is no number",
    "too-large": "{name} is more than 63 bits of steps",
    "no-time": "{name} is no time of this century, or one that a clock shows twice or never",
    "no-zone": "{name} does not say its zone",
    "other-unit": "{name} is in another unit than the rows before it (s, ms, us or ns)",
    "no-side": "{name} says neither who bought nor who sold",
}


def _usual_step(times: Ints) -> int:
    steps = np.diff(np.sort(times))
    values, counts = np.unique(steps[steps > 0], return_counts=True)
    return int(values[counts.argmax()]) if values.size else 0


__all__ = ["BUY", "KINDS", "NO_ID", "SELL", "Reading", "Rows", "rows_of"]
