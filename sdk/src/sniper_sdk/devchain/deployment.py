"""The contracts that every dev chain has, and the kept state in which they are already deployed."""

import gzip
import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from sniper_sdk.devchain.account import Account
from sniper_sdk.npm import Progress, artifact, cache_root, made_once
from sniper_sdk.npm.artifacts import known_artifacts

if TYPE_CHECKING:
    from sniper_sdk.devchain.chain import DevChain

_NO_DESCRIPTOR = "0x" + "00" * 20  # draws the picture of a position; nothing else asks for it, and it needs linking


@dataclass(frozen=True)
class Addresses:
    """Where the contracts stand: the same on every dev chain, because the deployer and its nonces are."""

    weth: str
    v2_factory: str
    v2_router: str
    v3_factory: str
    v3_positions: str
    v3_router: str
    v3_quoter: str


def deploy_contracts(chain: "DevChain") -> Addresses:
    """WETH9, Uniswap V2 (factory, Router02) and V3 (factory, position manager, SwapRouter02, QuoterV2)."""
    deployer = Account.named("deployer")
    chain.fund(deployer.address, 1_000 * 10**18)

    def deploy(name: str, *arguments: object) -> str:
        return chain.deploy(artifact(name), *arguments, sender=deployer)

    weth = deploy("WETH9")
    v2_factory = deploy("UniswapV2Factory", deployer.address)
    v2_router = deploy("UniswapV2Router02", v2_factory, weth)
    v3_factory = deploy("UniswapV3Factory")
    v3_positions = deploy("NonfungiblePositionManager", v3_factory, weth, _NO_DESCRIPTOR)
    v3_router = deploy("SwapRouter02", v2_factory, v3_factory, v3_positions, weth)
    v3_quoter = deploy("QuoterV2", v3_factory, weth)
    return Addresses(weth, v2_factory, v2_router, v3_factory, v3_positions, v3_router, v3_quoter)


@dataclass(frozen=True)
class DeployedState:
    """A directory with anvil's dump and the addresses in it."""

    directory: Path

    @property
    def dump(self) -> Path:
        """The file for ``--load-state``."""
        return self.directory / "state.json"

    @property
    def addresses(self) -> Addresses:
        """Where the contracts stand in the dump."""
        return Addresses(**json.loads((self.directory / "addresses.json").read_text()))

    @staticmethod
    def write(directory: Path, chain: "DevChain", addresses: Addresses) -> None:
        """Dump `chain` into `directory`, which is made."""
        directory.mkdir()
        (directory / "state.json").write_bytes(gzip.decompress(bytes.fromhex(chain.rpc.call("anvil_dumpState")[2:])))
        (directory / "addresses.json").write_text(json.dumps(asdict(addresses)))


def deployed_state(
    kind: "type[DevChain]", hardfork: str, genesis: list[str], progress: Progress | None = None
) -> DeployedState:
    """The state of a chain with all contracts, made on first use by a chain that starts without them.

    Kept under a name that follows from everything it depends on: the node, the contracts' hashes, the genesis and
    this file.
    """
    parts = [Path(__file__).read_text(), json.dumps(known_artifacts(), sort_keys=True), hardfork, *genesis]
    parts.append(Path(__file__).parents[1].joinpath("npm", "package-lock.json").read_text())
    name = sha256("\0".join(parts).encode()).hexdigest()[:16]

    def make(draft: Path) -> None:
        with kind(hardfork=hardfork, contracts=False, progress=progress) as chain:
            DeployedState.write(draft, chain, deploy_contracts(chain))

    return DeployedState(made_once(cache_root() / "devchain" / name, make))
