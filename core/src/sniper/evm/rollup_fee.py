"""What a rollup takes for posting a transaction's data to its L1, beside gas used times gas price.

Chains of the OP stack take it from the sender's balance apart from gas; Arbitrum turns it into gas, so that it is part
of what ``eth_estimateGas`` says. The parameters are those that the chain's own contracts tell: the predeploys
``GasPriceOracle`` (0x4200…000F) and ``L1Block`` (0x4200…0015), and the precompile ``ArbGasInfo`` (0x…6C).
"""

from typing import Final

from msgspec import Struct

from sniper.evm.fastlz import fastlz_length
from sniper.types import BPS

__all__ = ["OpFees", "arbitrum_data_gas", "arbitrum_units", "ecotone_fee", "fjord_fee"]

SCALE: Final = 10**6
"""``DECIMALS`` is 6: scalars and estimated sizes are millionths."""
NON_ZERO_GAS: Final = 16
"""L1 gas for a byte of calldata (EIP-2028); zero bytes cost a quarter."""
SIGNATURE_BYTES: Final = 68
"""What the contracts add to an unsigned transaction, all of it counted as bytes that are not zero."""
FJORD_INTERCEPT: Final = -42_585_600
FJORD_COEFFICIENT: Final = 836_500
FJORD_SMALLEST: Final = 100 * SCALE


class OpFees(Struct, frozen=True, kw_only=True):
    """What ``L1Block`` says in one block. Fees in wei per (blob) gas of L1, scalars in millionths."""

    l1_base_fee: int
    blob_base_fee: int
    base_fee_scalar: int
    blob_base_fee_scalar: int

    @property
    def scaled(self) -> int:
        """Wei for one byte, in millionths."""
        return NON_ZERO_GAS * self.base_fee_scalar * self.l1_base_fee + self.blob_base_fee_scalar * self.blob_base_fee


def ecotone_fee(unsigned: bytes, fees: OpFees) -> int:
    """Wei for the data of a transaction, by the rules of Ecotone (``GasPriceOracle._getL1FeeEcotone``; OP stack
    specification, "Ecotone L1-Cost fee changes"). ``unsigned``: its RLP without the signature, which is added here."""
    zeros = unsigned.count(0)
    gas = NON_ZERO_GAS * (len(unsigned) - zeros + SIGNATURE_BYTES) + NON_ZERO_GAS // 4 * zeros
    return gas * fees.scaled // (NON_ZERO_GAS * SCALE)


def fjord_fee(unsigned: bytes, fees: OpFees) -> int:
    """Wei for the data of a transaction since Fjord, by its FastLZ size (``GasPriceOracle._getL1FeeFjord``; OP stack
    specification, "Fjord L1-Cost fee changes"). ``unsigned`` as in `ecotone_fee`."""
    size = FJORD_INTERCEPT + FJORD_COEFFICIENT * (fastlz_length(unsigned) + SIGNATURE_BYTES)
    return max(size, FJORD_SMALLEST) * fees.scaled // SCALE**2


def arbitrum_units(compressed_bytes: int, *, estimate: bool = True) -> int:
    """L1 gas that a transaction counts for. ``compressed_bytes``: its length under brotli, level 0. With ``estimate``
    padded as the node does for transactions that are not signed yet (Nitro, ``arbos/l1pricing``: 16 bytes and 1%)."""
    units = compressed_bytes * NON_ZERO_GAS
    return (units + 16 * NON_ZERO_GAS) * (BPS + 100) // BPS if estimate else units


def arbitrum_data_gas(units: int, price_per_unit: int, base_fee: int, lowest_base_fee: int | None = None) -> int:
    """L2 gas that pays for the data, a part of the transaction's gas limit (Nitro, ``arbos/tx_processor.go``,
    ``GetPosterGas``). ``price_per_unit``: wei, ``ArbGasInfo.getL1BaseFeeEstimate``; ``base_fee``: of the L2, wei.

    ``lowest_base_fee``: ``getMinimumGasPrice``; where it is given, the answer is that of ``eth_estimateGas``: with the
    cost a tenth higher and the base fee an eighth lower, down to this.
    """
    cost = units * price_per_unit
    if lowest_base_fee is not None:
        cost, base_fee = cost * 11_000 // BPS, max(base_fee * 7 // 8, lowest_base_fee)
    return cost // base_fee if base_fee else 0
