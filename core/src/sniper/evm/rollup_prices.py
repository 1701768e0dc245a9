"""What a rollup's own contracts say of its prices: one read of one block."""

from typing import Final, get_args

from sniper.errors import RpcError
from sniper.evm.abi import function
from sniper.evm.revert import Reverted
from sniper.evm.rollup_fee import ArbitrumFees, OpFees, OpFork, Rollup, RollupFees
from sniper.evm.rpc import Block, Endpoints

__all__ = ["ARB_GAS_INFO", "GAS_PRICE_ORACLE", "L1_BLOCK", "read_prices"]

L1_BLOCK: Final = "0x4200000000000000000000000000000000000015"
GAS_PRICE_ORACLE: Final = "0x420000000000000000000000000000000000000f"
ARB_GAS_INFO: Final = "0x000000000000000000000000000000000000006c"
"""A precompile of Nitro."""

NUMBERS: Final = (
    "basefee()",
    "blobBaseFee()",
    "baseFeeScalar()",
    "blobBaseFeeScalar()",
    "l1FeeOverhead()",
    "l1FeeScalar()",
    "operatorFeeScalar()",
    "operatorFeeConstant()",
)
"""Of ``L1Block``. Those of a later upgrade are not there before it, and revert."""
FORKS: Final[tuple[OpFork, ...]] = get_args(OpFork)
PRICES: Final = function("getPricesInWei()(uint256,uint256,uint256,uint256,uint256,uint256)")


async def read_prices(rollup: Rollup, endpoints: Endpoints, block: Block) -> RollupFees:
    """After ``block``. Raises `RpcError`, also where the chain has no such contracts."""
    return await (_op(endpoints, block) if rollup == "op" else _arbitrum(endpoints, block))


async def _op(endpoints: Endpoints, block: Block) -> OpFees:
    named = [(L1_BLOCK, name) for name in NUMBERS]
    named += [(GAS_PRICE_ORACLE, f"is{fork.capitalize()}()") for fork in FORKS[1:]]
    answers = await endpoints.read([(to, function(name).encode()) for to, name in named], block)
    if not _word(answers[0]):
        raise _missing(endpoints, "op", f"L1Block at {L1_BLOCK}")
    numbers = dict(zip(NUMBERS, map(_number, answers), strict=False))
    reached = [fork for fork, answer in zip(FORKS[1:], answers[len(NUMBERS) :], strict=True) if _number(answer)]
    fork: OpFork = reached[-1] if reached else "bedrock"
    return OpFees(
        fork=fork,
        l1_base_fee=numbers["basefee()"],
        blob_base_fee=numbers["blobBaseFee()"],
        base_fee_scalar=numbers["l1FeeScalar()" if fork == "bedrock" else "baseFeeScalar()"],
        blob_base_fee_scalar=numbers["blobBaseFeeScalar()"],
        overhead=numbers["l1FeeOverhead()"],
        operator_scalar=numbers["operatorFeeScalar()"],
        operator_constant=numbers["operatorFeeConstant()"],
    )


async def _arbitrum(endpoints: Endpoints, block: Block) -> ArbitrumFees:
    (answer,) = await endpoints.read([(ARB_GAS_INFO, PRICES.encode())], block)
    if isinstance(answer, Reverted) or len(answer) != 6 * 32:
        raise _missing(endpoints, "arbitrum", f"ArbGasInfo at {ARB_GAS_INFO}")
    _, byte_price, _, lowest, _, gas_price = PRICES.decode(answer)
    return ArbitrumFees(byte_price=byte_price, gas_price=gas_price, lowest_gas_price=lowest)


def _missing(endpoints: Endpoints, rollup: str, contract: str) -> RpcError:
    return RpcError(
        f"chain {endpoints.chain_id} has no {contract}; if it is another kind of chain, change rollup = {rollup!r} of "
        "its [chain.NAME], or take it out"
    )


def _word(answer: bytes | Reverted) -> bool:
    return isinstance(answer, bytes) and len(answer) == 32


def _number(answer: bytes | Reverted) -> int:
    return int.from_bytes(answer, "big") if isinstance(answer, bytes) and len(answer) == 32 else 0
