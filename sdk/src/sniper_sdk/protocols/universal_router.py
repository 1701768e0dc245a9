"""Permit2 at its canonical address, and the Universal Router over Uniswap V2, V3 and V4."""

from dataclasses import dataclass
from typing import Final, Self

from sniper.evm.keccak import keccak256
from sniper_sdk.devchain import DevChain
from sniper_sdk.npm import ArtifactMismatch, artifact
from sniper_sdk.protocols.uniswap_v4 import UniswapV4

PERMIT2: Final = "0x000000000022d473030f116ddee9f6b43ac78ba3"

_RUNTIME_START: Final = bytes.fromhex("6040608081526004908136101561001557")
_RUNTIME_SIZE: Final = 9_152
_RUNTIME_KECCAK: Final = "a1ad0529565c25202190d4ae7f75d4ca08dc432cc760544ee7d0313b68e82ecd"
_NOWHERE: Final = "0x" + "00" * 20


@dataclass(frozen=True)
class UniversalRouter:
    """Where the router stands; Permit2 is at `PERMIT2`."""

    router: str

    @classmethod
    def deployed(cls, chain: DevChain, v4: UniswapV4) -> Self:
        """Deploy both, over the chain's own V2 and V3. Nothing is bridged and no position is migrated."""
        put_permit2(chain)
        at = chain.addresses
        pair, pool = (keccak256(artifact(name).bytecode) for name in ("UniswapV2Pair", "UniswapV3Pool"))
        places = (PERMIT2, at.weth, at.v2_factory, at.v3_factory, pair, pool, v4.manager)
        return cls(chain.deploy(artifact("UniversalRouter"), (*places, at.v3_positions, _NOWHERE, _NOWHERE)))


def put_permit2(chain: DevChain) -> None:
    """Permit2's code at `PERMIT2`; raises `ArtifactMismatch`. It lies inside the script that deploys it for tests."""
    script = artifact("DeployPermit2").bytecode
    start = script.index(_RUNTIME_START)
    runtime = script[start : start + _RUNTIME_SIZE]
    if keccak256(runtime).hex() != _RUNTIME_KECCAK:
        raise ArtifactMismatch(f"Permit2 hashes to {keccak256(runtime).hex()}, expected {_RUNTIME_KECCAK}")
    chain.rpc.call("anvil_setCode", PERMIT2, "0x" + runtime.hex())
