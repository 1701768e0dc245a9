"""Rollups' own contracts, from which a bot reads what they take for data, at their places on a dev chain.

Those of the OP stack up to Fjord are the real ones. Those of Isthmus and Jovian, which no package has, and Arbitrum's,
which is a part of its node, are our own and say so. A `DevChain` with ``optimism=True`` takes what they say from
whoever sends: its node reads the storage of ``L1Block`` as op-geth does, and follows the rules of Isthmus.
"""

from importlib.resources import files

from sniper.evm.rollup_fee import ArbitrumFees, OpFees, RollupFees
from sniper.evm.rollup_prices import ARB_GAS_INFO, GAS_PRICE_ORACLE, L1_BLOCK
from sniper_sdk.devchain import DevChain
from sniper_sdk.npm import Artifact, artifact
from sniper_sdk.solidity import compiled

__all__ = ["set_prices"]

FORKS = {"bedrock": 0, "ecotone": 0x1, "fjord": 0x101}
"""Storage of the real ``GasPriceOracle``: two flags in its first word."""


def set_prices(chain: DevChain, prices: RollupFees) -> None:
    """Let the chain's contracts say this from its next block on, and be there from now on."""
    if isinstance(prices, ArbitrumFees):
        _place(chain, ARB_GAS_INFO, chain.deploy(_own("ArbPrices")))
        _write(chain, ARB_GAS_INFO, 0, prices.byte_price)
        _write(chain, ARB_GAS_INFO, 1, prices.gas_price)
        _write(chain, ARB_GAS_INFO, 2, prices.lowest_gas_price)
        return
    _op(chain, prices)


def _op(chain: DevChain, prices: OpFees) -> None:
    bedrock = prices.fork == "bedrock"
    if prices.fork in FORKS:
        block, oracle = chain.deploy(artifact("L1Block")), chain.deploy(artifact("GasPriceOracle"))
        _place(chain, L1_BLOCK, block)
        _place(chain, GAS_PRICE_ORACLE, oracle)
        _write(chain, GAS_PRICE_ORACLE, 0, FORKS[prices.fork])
    else:
        later = chain.deploy(_own("LaterPredeploy"))
        _place(chain, L1_BLOCK, later)
        _place(chain, GAS_PRICE_ORACLE, later)
        _write(chain, GAS_PRICE_ORACLE, 9, int(prices.fork == "jovian"))
    _write(chain, L1_BLOCK, 1, prices.l1_base_fee)
    _write(chain, L1_BLOCK, 3, 0 if bedrock else prices.base_fee_scalar << 96 | prices.blob_base_fee_scalar << 64)
    _write(chain, L1_BLOCK, 5, prices.overhead)
    _write(chain, L1_BLOCK, 6, prices.base_fee_scalar if bedrock else 0)
    _write(chain, L1_BLOCK, 7, prices.blob_base_fee)
    _write(chain, L1_BLOCK, 8, prices.operator_scalar << 64 | prices.operator_constant)


def _own(name: str) -> Artifact:
    return compiled(files("sniper_sdk").joinpath("contracts"))[name]


def _place(chain: DevChain, address: str, made: str) -> None:
    chain.rpc.call("anvil_setCode", address, chain.rpc.call("eth_getCode", made, "latest"))


def _write(chain: DevChain, address: str, slot: int, value: int) -> None:
    chain.rpc.call("anvil_setStorageAt", address, hex(slot), "0x" + value.to_bytes(32, "big").hex())
