from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.errors import ConfigError
from sniper_app_data import ranges

RANGES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8)


@given(RANGES, st.integers(0, 40), st.integers(0, 40))
def test_what_is_missing_is_each_moment_that_no_range_holds(done: list[tuple[int, int]], begin: int, end: int) -> None:
    held = {moment for first, last in done for moment in range(first, last)}
    found = [moment for first, last in ranges.missing(done, begin, end) for moment in range(first, last)]
    assert found == [moment for moment in range(begin, end) if moment not in held]


@given(RANGES)
def test_joined_ranges_hold_the_same_moments_and_do_not_touch(done: list[tuple[int, int]]) -> None:
    found = ranges.joined(done)
    assert [each for pair in found for each in pair] == sorted({each for pair in found for each in pair})
    moments = {moment for first, last in done for moment in range(first, last)}
    assert {moment for first, last in found for moment in range(first, last)} == moments


def test_a_file_that_is_no_list_of_ranges_is_told(tmp_path: Path) -> None:
    assert ranges.read(tmp_path) == []
    (tmp_path / ranges.FILE).write_text("{")
    with pytest.raises(ConfigError, match="downloaded again"):
        ranges.read(tmp_path)
