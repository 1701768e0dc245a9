"""Against what the contracts themselves say: ``GasPriceOracle`` and ``L1Block`` of
@eth-optimism/contracts-bedrock@0.17.3, run on anvil, gave the fees that are kept here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.evm.fastlz import fastlz_length
from sniper.evm.rollup_fee import OpFees, arbitrum_data_gas, arbitrum_units, ecotone_fee, fjord_fee

FEES = OpFees(
    l1_base_fee=23_456_789_012, blob_base_fee=3_456_789, base_fee_scalar=5_227, blob_base_fee_scalar=1_014_213
)
RECORDED = [
    (b"", 133636598731, 196524409899),
    (bytes(400), 330161008630, 196524409899),
    (bytes.fromhex("02f86b0180843b9aca00850ba43b7400830186a094") + bytes(range(256)) * 2, 1175215971198, 513054288935),
    (b"the same again, " * 140, 4535783380477, 196524409899),
    (bytes(i * i % 251 for i in range(3000)), 6011681698821, 517986069001),
    (b"".join((k**9 * 10**12).to_bytes(32, "big") for k in range(60)), 1821289968742, 1270904492475),
    (bytes(range(7)) * 5, 195050476825, 196524409899),
]
"""Unsigned transaction, wei by Ecotone, wei by Fjord."""


@pytest.mark.parametrize(("unsigned", "ecotone", "fjord"), RECORDED)
def test_the_fee_is_what_the_contract_says(unsigned: bytes, ecotone: int, fjord: int) -> None:
    assert ecotone_fee(unsigned, FEES) == ecotone
    assert fjord_fee(unsigned, FEES) == fjord


def test_scalars_weigh_calldata_and_blobs() -> None:
    plain = OpFees(l1_base_fee=10**9, blob_base_fee=0, base_fee_scalar=10**6, blob_base_fee_scalar=0)
    assert ecotone_fee(b"\1" * 32, plain) == (32 + 68) * 16 * 10**9
    assert ecotone_fee(bytes(32), plain) == (32 * 4 + 68 * 16) * 10**9
    blobs = OpFees(l1_base_fee=0, blob_base_fee=10**9, base_fee_scalar=0, blob_base_fee_scalar=10**6)
    assert fjord_fee(b"", blobs) == 100 * 10**9  # 100 bytes at least


@pytest.mark.parametrize(("data", "length"), [
    (b"", 0), (b"a", 2), (bytes(range(33)), 35), (bytes(range(64)), 66),
])  # fmt: skip
def test_short_data_costs_a_byte_for_each_run_of_literals(data: bytes, length: int) -> None:
    assert fastlz_length(data) == length


@given(st.binary(max_size=600))
def test_compressed_data_never_grows_by_more_than_a_thirty_second(data: bytes) -> None:
    assert fastlz_length(data) <= len(data) + -(-len(data) // 32)


@given(st.binary(min_size=1, max_size=40), st.integers(2, 40))
def test_what_repeats_gets_short(unit: bytes, times: int) -> None:
    assert fastlz_length(unit * times) <= fastlz_length(unit) + 32 + len(unit) * times // 50


def test_arbitrum_takes_the_data_as_gas() -> None:
    assert arbitrum_units(100, estimate=False) == 1600
    assert arbitrum_units(100) == (1600 + 256) * 101 // 100
    assert arbitrum_data_gas(1600, 20 * 10**9, 10**8) == 320_000
    assert arbitrum_data_gas(1600, 20 * 10**9, 0) == 0


def test_arbitrum_s_estimate_counts_on_dearer_data_and_cheaper_gas() -> None:
    assert arbitrum_data_gas(1600, 20 * 10**9, 8 * 10**8, 10**8) == 1600 * 22 * 10**9 // (7 * 10**8)
    assert arbitrum_data_gas(1600, 20 * 10**9, 10**8, 10**8) == 352_000  # no cheaper than the chain's lowest
