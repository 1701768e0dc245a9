from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper_app_data.moments import clock
from sniper_app_data.numbers import Steps
from sniper_app_data.stamps import UNITS, Clock

NOON = 1_704_110_400
BERLIN = ZoneInfo("Europe/Berlin")


def read(column: object, zone: str | None = None) -> Steps:
    return Clock(ZoneInfo(zone) if zone else None).read(column)


def codes(found: Steps) -> list[tuple[int, str]]:
    return [(each.row, each.code) for each in found.wrong]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("kind", [pa.int64(), pa.string()])
def test_a_number_has_the_unit_in_which_it_is_a_time(unit: str, kind: object) -> None:
    numbers = [NOON * 10**9 // UNITS[unit], (NOON + 60) * 10**9 // UNITS[unit]]
    found = read(pa.array(numbers).cast(kind))
    assert (found.values.tolist(), found.wrong) == ([NOON * 10**9, (NOON + 60) * 10**9], [])


def test_a_row_in_another_unit_is_told() -> None:
    found = read(pa.array([NOON, NOON * 1000, NOON + 1]))
    assert codes(found) == [(1, "other-unit")]
    assert codes(read(pa.array(["1704110400", "1704110400000", ""]))) == [(1, "other-unit"), (2, "no-time")]


def test_fractions_of_seconds_are_kept() -> None:
    assert read(pa.array([NOON + 0.5])).values.tolist() == [NOON * 10**9 + 5 * 10**8]
    assert read(pa.array(["1704110400.000000001"])).values.tolist() == [NOON * 10**9 + 1]


def test_texts_say_their_zone_or_are_told() -> None:
    assert read(pa.array(["2024-01-01T12:00:00Z"])).values.tolist() == [NOON * 10**9]
    assert read(pa.array(["2024-01-01T14:00:00+02:00", "2024-01-01T12:00:00Z"])).values.tolist() == [NOON * 10**9] * 2
    assert codes(read(pa.array(["2024-01-01 12:00:00"]))) == [(0, "no-zone")]
    assert read(pa.array(["2024-01-01 12:00:00"]), "UTC").values.tolist() == [NOON * 10**9]
    assert read(pa.array(["2024-01-01 13:00:00"]), "Europe/Berlin").values.tolist() == [NOON * 10**9]


def test_dates_say_their_zone_or_are_told() -> None:
    naive = pa.array([datetime(2024, 1, 1, 12)], pa.timestamp("ns"))
    assert codes(read(naive)) == [(0, "no-zone")]
    assert read(naive, "UTC").values.tolist() == [NOON * 10**9]
    assert read(pa.array([datetime(2024, 1, 1, 12, tzinfo=UTC)], pa.timestamp("ms", "UTC"))).values.tolist() == [
        NOON * 10**9
    ]
    assert codes(read(pa.array([None, datetime(2024, 1, 1, 12)], pa.timestamp("ns")), "UTC")) == [(0, "no-time")]


def test_an_hour_that_a_clock_shows_twice_or_never_is_told() -> None:
    twice, never, once = "2024-10-27 02:30:00", "2024-03-31 02:30:00", "2024-03-31 03:30:00"
    assert codes(read(pa.array([twice, never, once]), "Europe/Berlin")) == [(0, "no-time"), (1, "no-time")]


@pytest.mark.parametrize("value", ["yesterday", "", "12", "1.2.3", "999999999999999999999"])
def test_what_is_no_time_is_told(value: str) -> None:
    assert codes(read(pa.array(["2024-01-01T12:00:00Z", value]))) == [(1, "no-time")]


@given(st.integers(NOON * 10**9, NOON * 10**9 + 10**15))
def test_a_time_is_shown_as_it_is_read(ns: int) -> None:
    assert read(pa.array([clock(ns)])).values.tolist() == [ns]
