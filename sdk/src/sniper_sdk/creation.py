"""The creation code of a contract that a plugin brings as Solidity: what a wallet sends to deploy it.

The plugin's package has a folder ``contracts`` and a ``bytecode.toml``: contract name = keccak of its creation code
without arguments, so that what is deployed is what its author compiled. The command, and what it prints::

    python -m sniper_sdk.creation sniper_venue_aggregator Aggregator 0xWRAPPED 0xMANAGER 0xVAULT
    0x60e060405234…
"""

import sys
import tomllib
from importlib.resources import files

from sniper.errors import SniperError
from sniper_sdk.devchain.abi import encoded
from sniper_sdk.npm import UnknownArtifact, checked
from sniper_sdk.solidity import CANCUN, compiled


class WrongArguments(SniperError, TypeError):
    """The constructor takes other arguments."""

    code = "creation-arguments"


def creation_code(package: str, name: str, *addresses: str) -> bytes:
    """The creation code with its arguments, all of which are addresses; compiled for `CANCUN` on first use.

    Raises `UnknownArtifact`, `ArtifactMismatch`, `WrongArguments`, and what `compiled` raises.
    """
    expected = tomllib.loads(files(package).joinpath("bytecode.toml").read_text())
    if name not in expected:
        raise UnknownArtifact(f"{package} has no contract {name!r}; it has {', '.join(sorted(expected))}")
    contract = compiled(files(package).joinpath("contracts"), evm_version=CANCUN)[name]
    checked(contract, expected[name])
    types = contract.constructor_types
    if types != ("address",) * len(addresses):
        raise WrongArguments(f"{name} is created with ({', '.join(types)}); {len(addresses)} addresses were given")
    return contract.bytecode + encoded(types, addresses)


def main(arguments: list[str]) -> int:
    """The command of this module; returns its exit code."""
    if len(arguments) < 2:
        print("usage: python -m sniper_sdk.creation PACKAGE CONTRACT [ADDRESS...]", file=sys.stderr)
        return 2
    try:
        print("0x" + creation_code(*arguments).hex())
    except SniperError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
