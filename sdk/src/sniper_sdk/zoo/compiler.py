"""The zoo's contracts, compiled on first use and checked against the hashes kept here."""

import tomllib
from functools import cache
from importlib.resources import files

from sniper_sdk.npm import Artifact, Progress, UnknownArtifact, checked
from sniper_sdk.solidity import compiled


def contract(name: str, progress: Progress | None = None) -> Artifact:
    """The contract of that name, for example ``FeeToken``; compiled by solc 0.8 on the first use of any of them.

    Raises `UnknownArtifact`, `ArtifactMismatch`, and what `compiled` raises.
    """
    built = compiled(files(__package__).joinpath("contracts"), progress)
    if name not in built:
        raise UnknownArtifact(f"the zoo has no contract {name!r}; it has {', '.join(sorted(built))}")
    return checked(built[name], _hashes()[name])


@cache
def _hashes() -> dict[str, str]:
    return tomllib.loads(files(__package__).joinpath("bytecode.toml").read_text())
