import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.errors import ConfigError
from sniper.evm.blob_fee import (
    BPO1,
    BPO2,
    CANCUN,
    GAS_PER_BLOB,
    OSAKA,
    PRAGUE,
    BlobSchedule,
    blob_base_fee,
    next_excess_blob_gas,
)

SCHEDULES = [CANCUN, PRAGUE, OSAKA, BPO1, BPO2]
GWEI = 10**9


@pytest.mark.parametrize(("excess", "fee"), [
    (0, 1), (2_314_057, 1), (2_314_058, 2), (10 * 1024 * 1024, 23),
])  # fmt: skip
def test_cancun_prices_excess_as_the_clients_tests_do(excess: int, fee: int) -> None:
    assert blob_base_fee(excess, CANCUN) == fee


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_full_block_raises_the_fee_by_at_most_an_eighth_and_a_bit(schedule: BlobSchedule) -> None:
    before = 200 * schedule.update_fraction // 10
    after = next_excess_blob_gas(before, schedule.most * GAS_PER_BLOB, 0, schedule)
    growth = blob_base_fee(after, schedule) / blob_base_fee(before, schedule)
    assert math.isclose(growth, math.exp((schedule.most - schedule.target) * GAS_PER_BLOB / schedule.update_fraction))
    assert 1.08 < growth < 1.126


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_block_at_its_target_changes_nothing(schedule: BlobSchedule) -> None:
    excess = 50 * schedule.update_fraction
    assert next_excess_blob_gas(excess, schedule.target * GAS_PER_BLOB, GWEI, schedule) == excess


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_excess_never_falls_below_nothing(schedule: BlobSchedule) -> None:
    assert next_excess_blob_gas(0, (schedule.target - 1) * GAS_PER_BLOB, GWEI, schedule) == 0
    assert next_excess_blob_gas(GAS_PER_BLOB, 0, GWEI, schedule) == 0


def test_osaka_holds_the_fee_where_execution_costs_more() -> None:
    excess, used = 20 * GAS_PER_BLOB, 6 * GAS_PER_BLOB
    assert next_excess_blob_gas(excess, used, 17, PRAGUE) == excess
    # 2**13 gas at a base fee above 16 times the blob fee is more than what a blob pays: 2**17 gas at 1 wei
    assert next_excess_blob_gas(excess, used, 16, OSAKA) == excess
    assert next_excess_blob_gas(excess, used, 17, OSAKA) == excess + used * 3 // 9


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.sampled_from(SCHEDULES))
def test_more_excess_never_costs_less(excess: int, more: int, schedule: BlobSchedule) -> None:
    assert 1 <= blob_base_fee(excess, schedule) <= blob_base_fee(excess + more, schedule)


@given(st.integers(0, 60), st.sampled_from(SCHEDULES))
def test_the_series_is_the_exponential(tenths: int, schedule: BlobSchedule) -> None:
    excess = tenths * schedule.update_fraction // 2
    exact = math.exp(excess / schedule.update_fraction)
    assert math.isclose(blob_base_fee(excess, schedule), exact, rel_tol=1e-6, abs_tol=1.0001)


@pytest.mark.parametrize(("target", "most", "fraction"), [(0, 6, 1), (7, 6, 1), (3, 6, 0)])
def test_refuses_a_schedule_that_no_chain_can_have(target: int, most: int, fraction: int) -> None:
    with pytest.raises(ConfigError, match="blob schedule"):
        BlobSchedule(target=target, most=most, update_fraction=fraction)
