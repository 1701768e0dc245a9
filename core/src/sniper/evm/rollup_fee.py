"""What a rollup takes for posting a transaction's data to its L1, beside gas used times gas price.

Chains of the OP stack take it from the sender's balance apart from gas; Arbitrum turns it into gas, so that it is part
of what ``eth_estimateGas`` says. `OpFees` and `ArbitrumFees` are what the chain's own contracts tell
(`sniper.evm.rollup_prices`); both say what a transaction takes of each kind.
"""

from typing import Final, Literal

from sniper.evm.fastlz import fastlz_length
from sniper.plugin import Frozen
from sniper.types import BPS

__all__ = [
    "ArbitrumFees",
    "OpFees",
    "OpFork",
    "Rollup",
    "RollupFees",
    "arbitrum_data_gas",
    "arbitrum_units",
    "bedrock_fee",
    "ecotone_fee",
    "fjord_fee",
    "operator_fee",
]

Rollup = Literal["op", "arbitrum"]
"""The kinds of rollups whose prices are read."""
OpFork = Literal["bedrock", "ecotone", "fjord", "isthmus", "jovian"]
"""The upgrades of the OP stack that changed what is taken, oldest first."""

SCALE: Final = 10**6
"""``DECIMALS`` is 6: scalars and estimated sizes are millionths."""
NON_ZERO_GAS: Final = 16
"""L1 gas for a byte of calldata (EIP-2028); zero bytes cost a quarter."""
SIGNATURE_BYTES: Final = 68
"""What the contracts add to an unsigned transaction, all of it counted as bytes that are not zero."""
FJORD_INTERCEPT: Final = -42_585_600
FJORD_COEFFICIENT: Final = 836_500
FJORD_SMALLEST: Final = 100 * SCALE


class OpFees(Frozen, tag="op", kw_only=True):
    """What ``L1Block`` says in one block. Fees in wei per (blob) gas of L1, scalars in millionths.

    fork               By whose rules they count, as ``GasPriceOracle`` says.
    overhead           L1 gas added to each transaction, and ``base_fee_scalar`` is ``l1FeeScalar``: Bedrock alone.
    operator_scalar, operator_constant  Of the operator fee, since Isthmus; the constant in wei.
    """

    l1_base_fee: int
    blob_base_fee: int
    base_fee_scalar: int
    blob_base_fee_scalar: int
    fork: OpFork = "fjord"
    overhead: int = 0
    operator_scalar: int = 0
    operator_constant: int = 0

    @property
    def scaled(self) -> int:
        """Wei for one byte, in millionths."""
        return NON_ZERO_GAS * self.base_fee_scalar * self.l1_base_fee + self.blob_base_fee_scalar * self.blob_base_fee

    def gas(self, unsigned: bytes) -> int:
        """Gas that its limit must hold for data: none."""
        return 0

    def fee(self, unsigned: bytes, gas: int) -> int:
        """Wei that a transaction takes beside its gas. ``unsigned``: see `ecotone_fee`; ``gas``: what it uses."""
        if self.fork == "bedrock":
            return bedrock_fee(unsigned, self)
        data = ecotone_fee(unsigned, self) if self.fork == "ecotone" else fjord_fee(unsigned, self)
        return data + operator_fee(gas, self.fork, self.operator_scalar, self.operator_constant)


class ArbitrumFees(Frozen, tag="arbitrum", kw_only=True):
    """What ``ArbGasInfo.getPricesInWei`` says in one block, wei: for a byte of data, for gas, and for gas at least."""

    byte_price: int
    gas_price: int
    lowest_gas_price: int

    def gas(self, unsigned: bytes) -> int:
        """L2 gas that its limit must hold for data, as if brotli could not make it shorter: what a node compresses is
        not known before, and gas that is not used is not paid for."""
        units = arbitrum_units(len(unsigned) + SIGNATURE_BYTES)
        return arbitrum_data_gas(units, -(-self.byte_price // NON_ZERO_GAS), self.gas_price, self.lowest_gas_price)

    def fee(self, unsigned: bytes, gas: int) -> int:
        """Wei beside gas: none."""
        return 0


RollupFees = OpFees | ArbitrumFees


def operator_fee(gas: int, fork: OpFork, scalar: int, constant: int) -> int:
    """Wei for so much gas used, whatever its price (OP stack specification, Isthmus, "Operator Fee"; since Jovian the
    scalar counts 100 wei and not a millionth: "Jovian: Execution Engine"). It is taken for the gas limit, and what was
    not used is given back."""
    if fork not in ("isthmus", "jovian"):
        return 0
    return (gas * scalar * 100 if fork == "jovian" else gas * scalar // SCALE) + constant


def bedrock_fee(unsigned: bytes, fees: OpFees) -> int:
    """Wei for the data of a transaction before Ecotone (``GasPriceOracle._getL1FeeBedrock``). ``unsigned``: see
    `ecotone_fee`."""
    return (_calldata_gas(unsigned) + fees.overhead) * fees.l1_base_fee * fees.base_fee_scalar // SCALE


def ecotone_fee(unsigned: bytes, fees: OpFees) -> int:
    """Wei for the data of a transaction, by the rules of Ecotone (``GasPriceOracle._getL1FeeEcotone``; OP stack
    specification, "Ecotone L1-Cost fee changes"). ``unsigned``: its RLP without the signature, which is added here."""
    return _calldata_gas(unsigned) * fees.scaled // (NON_ZERO_GAS * SCALE)


def _calldata_gas(unsigned: bytes) -> int:
    """L1 gas for its bytes and those of a signature, as calldata (``GasPriceOracle._getCalldataGas``)."""
    zeros = unsigned.count(0)
    return NON_ZERO_GAS * (len(unsigned) - zeros + SIGNATURE_BYTES) + NON_ZERO_GAS // 4 * zeros


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
