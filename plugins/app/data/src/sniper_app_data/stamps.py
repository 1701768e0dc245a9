"""Columns of time stamps as nanoseconds UTC: numbers since 1970 in whatever unit, dates, or texts of either."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from sniper_app_data.arrays import Ints
from sniper_app_data.numbers import Steps, Wrong

UNITS: Final = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_FIRST: Final = 978_307_200 * 10**9
"""2001 in nanoseconds, and 2100: between them, a number has one unit alone that makes it a time."""
_LAST: Final = 4_102_444_800 * 10**9
_NUMBER: Final = frozenset("0123456789.")


class Clock:
    """Reads the time stamps of one file, which are all of one unit.

    zone  Of texts and dates that name none; None: they are told.
    """

    def __init__(self, zone: ZoneInfo | None, unit: str | None = None) -> None:
        self.zone = zone
        self.unit = unit

    def read(self, column: Any) -> Steps:
        """Any: an array of pyarrow. Rows that are no time are 0."""
        if pa.types.is_timestamp(column.type) and (column.type.tz or self.zone == ZoneInfo("UTC")):
            ns = column.cast(pa.timestamp("ns", column.type.tz)).cast(pa.int64())
            wrong = [Wrong(int(row), "no-time", "nothing") for row in np.flatnonzero(ns.is_null().to_numpy(False))]
            return Steps(ns.fill_null(0).to_numpy(zero_copy_only=False), wrong)
        fast = self._whole(column) if pa.types.is_integer(column.type) else self._texts(column)
        return fast if fast is not None else self._one_by_one(column)

    def _whole(self, column: Any) -> Steps | None:
        if column.null_count or not len(column):
            return None
        numbers = column.cast(pa.int64()).to_numpy(zero_copy_only=False)
        self.unit = self.unit or unit_of(int(numbers[0]))
        if self.unit is None:
            return None
        by = UNITS[self.unit]
        return Steps(numbers * by, []) if ((numbers >= _FIRST // by) & (numbers < _LAST // by)).all() else None

    def _texts(self, column: Any) -> Steps | None:
        if not pa.types.is_string(column.type) or column.null_count or not len(column):
            return None
        for kind, known in ((pa.int64(), True), (pa.timestamp("ns", "UTC"), True), (pa.timestamp("ns"), False)):
            try:
                found = column.cast(kind)
            except pa.ArrowInvalid:
                continue
            if pa.types.is_integer(kind):
                return self._whole(found)
            if known or self.zone == ZoneInfo("UTC"):
                return Steps(found.cast(pa.int64()).to_numpy(zero_copy_only=False), [])
        return None

    def _one_by_one(self, column: Any) -> Steps:
        values: Ints = np.zeros(len(column), np.int64)
        wrong: list[Wrong] = []
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("us"), safe=False)
        for row, value in enumerate(column.to_pylist()):
            found = self._one(value)
            if isinstance(found, str):
                wrong.append(Wrong(row, found, "nothing" if value is None or value == "" else str(value)))
            else:
                values[row] = found
        return Steps(values, wrong)

    def _one(self, value: Any) -> int | str:
        """Nanoseconds, or the code of what is wrong. Any: what a cell holds."""
        if isinstance(value, str):
            value = value.strip()
            if value and set(value) <= _NUMBER:
                value = Decimal(value) if value.count(".") < 2 else None
            else:
                try:
                    value = datetime.fromisoformat(value)
                except ValueError:
                    return "no-time"
        if isinstance(value, float):
            value = Decimal(repr(value)) if np.isfinite(value) else None
        if isinstance(value, int | Decimal):
            unit = unit_of(int(value))
            if unit is None:
                return "no-time"
            self.unit = self.unit or unit
            return int(value * UNITS[unit]) if unit == self.unit else "other-unit"
        if not isinstance(value, datetime):
            return "no-time"
        if value.tzinfo is None:
            if self.zone is None:
                return "no-zone"
            value = value.replace(tzinfo=self.zone)
            twice = value.utcoffset() != value.replace(fold=1).utcoffset()
            if twice or value.astimezone(UTC).astimezone(self.zone).replace(fold=0) != value:
                return "no-time"  # the hour that a clock goes through twice, or never
        since: timedelta = value - datetime(1970, 1, 1, tzinfo=UTC)
        return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1_000


def unit_of(number: int) -> str | None:
    """In which unit a number since 1970 is a time of this century; None: in none."""
    return next((unit for unit, by in UNITS.items() if _FIRST <= number * by < _LAST), None)
