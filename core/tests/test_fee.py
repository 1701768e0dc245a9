"""The next base fee, against the specification's own cases and, where it is there, a real series."""

import csv
import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.fee import Block, next_base_fee

LIMIT = 30_000_000
"""Of Ethereum's blocks when the real series was recorded."""


def block(base_fee: int, used: int, limit: int = LIMIT) -> Block:
    return Block(
        time=0, chain_id=1, number=1, hash="", parent="", timestamp=0, base_fee=base_fee, gas_used=used, gas_limit=limit
    )


@pytest.mark.parametrize(("used", "following"), [
    (10_000_000, 1_000_000_000), (9_000_000, 987_500_000), (11_000_000, 1_012_500_000),
    (0, 875_000_000), (20_000_000, 1_125_000_000),
])  # fmt: skip
def test_the_base_fee_follows_the_gas_used(used: int, following: int) -> None:
    assert next_base_fee(block(10**9, used, 20_000_000)) == following


def test_a_base_fee_rises_by_one_wei_at_least() -> None:
    assert next_base_fee(block(7, LIMIT // 2 + 1)) == 8
    assert next_base_fee(block(7, LIMIT // 2 - 1)) == 7


@given(st.integers(0, 10**15), st.integers(0, LIMIT))
def test_it_changes_by_an_eighth_at_most(base_fee: int, used: int) -> None:
    following = next_base_fee(block(base_fee, used))
    assert base_fee - base_fee // 8 <= following <= base_fee + max(1, base_fee // 8)


def test_every_step_of_a_real_series_is_one_that_some_block_can_lead_to() -> None:
    """The series tells base fees, rounded to 1,000 wei, and no gas used: so each step is solved for it."""
    data = Path(os.environ.get("SNIPER_DATA", Path(__file__).parents[3] / "shared/data"))
    file = data / "fees/mainnet_basefee_21527387.csv"
    if not file.exists():
        pytest.skip(f"no {file}: name the directory with SNIPER_DATA")
    with file.open() as lines:
        rows = list(csv.DictReader(lines))
    numbers = [int(row["block"]) for row in rows]
    assert numbers == list(range(numbers[0], numbers[0] + len(rows)))
    fees = [round(float(row["basefee_gwei"]) * 10**6) * 1000 for row in rows]
    unexplained = []
    for before, after in pairwise(fees):
        low, high = 0, LIMIT
        while low < high:  # the least gas that leads at least as high
            middle = (low + high) // 2
            low, high = (low, middle) if next_base_fee(block(before, middle)) >= after else (middle + 1, high)
        if abs(next_base_fee(block(before, low)) - after) > 1_100:  # both ends were rounded by 500 wei at most
            unexplained.append((before, after))
    assert unexplained == []
    assert len(fees) > 300
