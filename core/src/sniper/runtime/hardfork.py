"""By whose rules a chain plays: what its node says of its hard fork."""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sniper.evm.rpc import Endpoints

LOCAL: Final = {"cancun": "CANCUN"}
"""Hard forks by whose rules the local EVM (pyrevm 0.3.7, which is revm 8) plays right, and what it calls them. It takes
other ones without a word, and plays them wrong: later ones as this one, and SELFDESTRUCT always by EIP-6780."""

NEWEST: Final = "newest"
"""Nobody says; so it may be newer than anything that is known here."""


async def read_hardfork(endpoints: "Endpoints") -> str:
    """The chain's hard fork in lower case, such as ``"cancun"``; `NEWEST` where its node does not tell.

    anvil tells its name. Others tell the precompiled contracts of the fork (``eth_config``, EIP-7910): those of
    EIP-2537 came with Prague, that of EIP-4844 with Cancun. Raises `RpcError`.
    """
    info, config = await endpoints.batch([("anvil_nodeInfo", ()), ("eth_config", ())])
    if isinstance(info, dict) and info.get("hardFork"):
        return str(info["hardFork"]).lower()
    current: Any = config.get("current") if isinstance(config, dict) else None
    precompiles = current.get("precompiles") if isinstance(current, dict) else None
    if not isinstance(precompiles, dict) or "KZG_POINT_EVALUATION" not in precompiles:
        return NEWEST
    return NEWEST if any(name.startswith("BLS12") for name in precompiles) else "cancun"
