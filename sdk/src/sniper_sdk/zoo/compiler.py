"""The zoo's contracts, compiled on first use and checked against the hashes kept here.

Those directly in ``contracts`` are the demo's, and are compiled without the many in ``traps`` and ``honest``.
"""

import tomllib
from functools import cache
from importlib.resources import files

from sniper_sdk.npm import Artifact, Progress, UnknownArtifact, checked
from sniper_sdk.solidity import compiled

LAUNCHED = ""
"""The folder of those that the demo launches: ``contracts`` itself."""


def contract(name: str, progress: Progress | None = None) -> Artifact:
    """The contract of that name, for example ``FeeToken``; compiled by solc 0.8 on the first use of any in its folder.

    Raises `UnknownArtifact`, `ArtifactMismatch`, and what `compiled` raises.
    """
    for folder, hashes in _hashes().items():
        if name in hashes:
            return checked(built(folder, progress)[name], hashes[name])
    known = sorted(name for hashes in _hashes().values() for name in hashes)
    raise UnknownArtifact(f"the zoo has no contract {name!r}; it has {', '.join(known)}")


def built(folder: str, progress: Progress | None = None) -> dict[str, Artifact]:
    """Every contract in a folder of ``contracts``, as solc makes it, unchecked; raises what `compiled` raises."""
    return compiled(files(__package__).joinpath("contracts"), progress, folder=folder)


@cache
def _hashes() -> dict[str, dict[str, str]]:
    """By folder and name."""
    document = tomllib.loads(files(__package__).joinpath("bytecode.toml").read_text())
    launched = {name: value for name, value in document.items() if isinstance(value, str)}
    return {LAUNCHED: launched, **{name: value for name, value in document.items() if isinstance(value, dict)}}
