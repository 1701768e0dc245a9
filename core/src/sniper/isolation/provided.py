"""The packages that a worker takes from the host, whatever its plugin brought along: what its own side is written in.

They are readable where they lie, each by itself: the directory around them, which holds all that is installed in the
host, is not.
"""

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from sniper.errors import IsolationError

PROVIDED = (
    "sniper",
    "msgspec",
    "pydantic",
    "pydantic_core",
    "annotated_types",
    "typing_extensions",
    "typing_inspection",
    "pluggy",
    # Keccak, by which AMMs know the events of their pools: `sniper.evm.keccak`.
    "sha3",
    "_pysha3",
)
"""Importable names. An environment resolves its own dependencies against the host's versions of these."""


@cache
def provided() -> dict[str, str]:
    """By name, the real path of each package's directory, or of a module's file.

    Raises `IsolationError` where one is not installed as files.
    """
    return dict(_located())


def _located() -> Iterator[tuple[str, str]]:
    for name in PROVIDED:
        found = find_spec(name)
        origin = found.origin if found else None
        if not origin or not Path(origin).is_file():
            raise IsolationError(f"workers need {name}, which is not installed here as files; install sniper-core anew")
        path = Path(origin).resolve()
        yield name, str(path.parent if path.name == "__init__.py" else path)
