"""What a blob costs: the base fee per unit of blob gas, computed from the parent block (EIP-4844).

The rule is one, its numbers change with the fork (EIP-7840 names them a schedule; EIP-7892 lets a fork change nothing
else). Osaka adds a floor that follows the base fee of execution (EIP-7918).
"""

from typing import Final

from msgspec import Struct

from sniper.errors import ConfigError

__all__ = ["BPO1", "BPO2", "CANCUN", "OSAKA", "PRAGUE", "BlobSchedule", "blob_base_fee", "next_excess_blob_gas"]

GAS_PER_BLOB: Final = 2**17
"""EIP-4844."""
MIN_BASE_FEE_PER_BLOB_GAS: Final = 1
"""Wei, EIP-4844."""
BLOB_BASE_COST: Final = 2**13
"""Execution gas for which a blob pays at least, EIP-7918."""


class BlobSchedule(Struct, frozen=True, kw_only=True):
    """Of one fork of one chain. ``target``, ``most``: blobs in a block. ``reserve``: whether EIP-7918 is in force.

    Raises `ConfigError` for numbers that no chain can have.
    """

    target: int
    most: int
    update_fraction: int
    reserve: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.target <= self.most or self.update_fraction < 1:
            raise ConfigError(
                f"blob schedule {self!r}: target must be from 1 to most, and update_fraction at least 1; take the "
                "chain's own blobSchedule (EIP-7840)"
            )


CANCUN: Final = BlobSchedule(target=3, most=6, update_fraction=3_338_477)
"""EIP-4844."""
PRAGUE: Final = BlobSchedule(target=6, most=9, update_fraction=5_007_716)
"""EIP-7691."""
OSAKA: Final = BlobSchedule(target=6, most=9, update_fraction=5_007_716, reserve=True)
"""As Prague, with EIP-7918."""
BPO1: Final = BlobSchedule(target=10, most=15, update_fraction=8_346_193, reserve=True)
"""EIP-7892, first change of Ethereum's schedule (EIP-8134)."""
BPO2: Final = BlobSchedule(target=14, most=21, update_fraction=11_684_671, reserve=True)
"""EIP-7892, second change."""


def blob_base_fee(excess_blob_gas: int, schedule: BlobSchedule) -> int:
    """Wei per unit of blob gas in a block whose header says ``excess_blob_gas`` (EIP-4844,
    ``get_base_fee_per_blob_gas``)."""
    return _fake_exponential(MIN_BASE_FEE_PER_BLOB_GAS, excess_blob_gas, schedule.update_fraction)


def next_excess_blob_gas(excess_blob_gas: int, blob_gas_used: int, base_fee: int, schedule: BlobSchedule) -> int:
    """``excess_blob_gas`` of the block after one with these three in its header (EIP-4844 ``calc_excess_blob_gas``,
    with the reserve price of EIP-7918 where the schedule has it). ``base_fee``: of execution, wei per gas."""
    target = schedule.target * GAS_PER_BLOB
    total = excess_blob_gas + blob_gas_used
    if total < target:
        return 0
    if schedule.reserve and BLOB_BASE_COST * base_fee > GAS_PER_BLOB * blob_base_fee(excess_blob_gas, schedule):
        return excess_blob_gas + blob_gas_used * (schedule.most - schedule.target) // schedule.most
    return total - target


def _fake_exponential(factor: int, numerator: int, denominator: int) -> int:
    """About ``factor * e ** (numerator / denominator)`` by its Taylor series in integers (EIP-4844)."""
    total, term, n = 0, factor * denominator, 1
    while term > 0:
        total += term
        term = term * numerator // (denominator * n)
        n += 1
    return total // denominator
