"""The trader's explicit word that a release may run in sniper itself, and when it lapses.

It is bound to name, version, code (the hash of the wheel and the lock) and permissions: any other release, and the same
one with other dependencies, has to ask anew.
"""

from pathlib import Path

import msgspec

from sniper.environments.environment import Environment
from sniper.environments.shelf import replace_file
from sniper.errors import PluginError
from sniper.plugin import Frozen

FILE = "trust.json"


class Trust(Frozen, kw_only=True, array_like=False):
    """One word.

    code  As `Environment.code`; empty in a word that was given before dependencies counted, which holds for nothing.
    at    Nanoseconds UTC.
    """

    distribution: str
    version: str
    code: str = ""
    permissions: tuple[str, ...]
    at: int

    def holds(self, environment: Environment) -> bool:
        """Whether it was given to this very release, with these dependencies and permissions."""
        given = (self.distribution, self.version, self.code, self.permissions)
        return given == (environment.distribution, environment.version, environment.code, environment.permissions)


class _Kept(msgspec.Struct, frozen=True):
    trusted: tuple[Trust, ...] = ()
    format: int = 1


def given(shelf: Path) -> dict[str, Trust]:
    """All words by distribution. Raises `PluginError` where the file is damaged: then nothing is trusted."""
    file = shelf / FILE
    try:
        kept = msgspec.json.decode(file.read_bytes(), type=_Kept)
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        raise PluginError(f"{file}: cannot be read ({error}); remove it, and trust again what you trusted") from error
    return {each.distribution: each for each in kept.trusted}


def give(shelf: Path, environment: Environment, at: int) -> None:
    """Trust a release. Called while the shelf is held against other changes, as is `withdraw`."""
    word = Trust(
        distribution=environment.distribution,
        version=environment.version,
        code=environment.code,
        permissions=environment.permissions,
        at=at,
    )
    _write(shelf, {**given(shelf), word.distribution: word})


def withdraw(shelf: Path, distribution: str) -> None:
    """No longer trust any release of a distribution."""
    words = given(shelf)
    if words.pop(distribution, None):
        _write(shelf, words)


def _write(shelf: Path, words: dict[str, Trust]) -> None:
    kept = _Kept(trusted=tuple(words[name] for name in sorted(words)))
    replace_file(shelf / FILE, msgspec.json.format(msgspec.json.encode(kept), indent=2) + b"\n")
