"""Compiled contracts: from the pinned npm packages, each with the hash that its creation code must have."""

import json
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from sniper.errors import SniperError
from sniper.evm.keccak import keccak256
from sniper_sdk.npm.packages import Progress, packages


class ArtifactMismatch(SniperError, ValueError):
    """A contract's creation code is not the one whose hash this package keeps."""

    code = "artifact-mismatch"


class UnknownArtifact(SniperError, LookupError):
    """No artifact has that name."""

    code = "unknown-artifact"


@dataclass(frozen=True)
class Artifact:
    """A compiled contract: its ABI as solc's JSON, and its creation code without constructor arguments."""

    name: str
    abi: tuple[dict[str, Any], ...]  # solc's JSON, whose values are of many types
    bytecode: bytes

    @property
    def constructor_types(self) -> tuple[str, ...]:
        """The ABI types of the constructor's arguments, in order."""
        for entry in self.abi:
            if entry["type"] == "constructor":
                return tuple(_abi_type(argument) for argument in entry["inputs"])
        return ()


def _abi_type(argument: dict[str, Any]) -> str:
    """solc writes a struct as ``tuple`` with components."""
    kind: str = argument["type"]
    if not kind.startswith("tuple"):
        return kind
    members = ",".join(_abi_type(component) for component in argument["components"])
    return f"({members}){kind.removeprefix('tuple')}"


def checked(artifact: Artifact, expected: str) -> Artifact:
    """`artifact` itself if the keccak of its creation code is `expected` (hex); raises `ArtifactMismatch`."""
    found = keccak256(artifact.bytecode).hex()
    if found != expected:
        raise ArtifactMismatch(
            f"{artifact.name}: creation code hashes to {found}, expected {expected}; delete the directory that "
            "SNIPER_CACHE names (default ~/.cache/sniper) to make it again, and do not use it if that does not help"
        )
    return artifact


@cache
def known_artifacts() -> dict[str, dict[str, str]]:
    """``artifacts.toml``: for each name its package, its path in that package, the keccak of its creation code, and
    ``abi``, the path of its ABI where that is a file of its own."""
    known: dict[str, dict[str, str]] = tomllib.loads(files(__package__).joinpath("artifacts.toml").read_text())
    return known


def artifact(name: str, progress: Progress | None = None) -> Artifact:
    """The contract of that name, for example ``UniswapV2Factory``; its hash was checked.

    Raises `UnknownArtifact`, `ArtifactMismatch`, and what `packages` raises.
    """
    try:
        entry = known_artifacts()[name]
    except KeyError:
        raise UnknownArtifact(f"no artifact {name!r}; known are {', '.join(sorted(known_artifacts()))}") from None
    directory = packages(progress) / entry["package"]
    document = json.loads((directory / entry["path"]).read_text())
    if "abi" in entry:
        abi, code = json.loads((directory / entry["abi"]).read_text()), document["creationCode"]
    else:
        abi, code = document["abi"], document["bytecode"]
        code = code["object"] if isinstance(code, dict) else code  # foundry says more than the code
    # truffle writes it without the prefix
    return checked(Artifact(name, tuple(abi), bytes.fromhex(code.removeprefix("0x"))), entry["keccak"])
