"""The file that says which plugins a config runs with: written by freeze, committed beside the config, read by sync."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from sniper.environments.environment import Environment
from sniper.errors import PluginError
from sniper.settings.toml import inline
from sniper_registry.installing.wheel import NAME

FORMAT: Final = 1
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_HEAD: Final = """\
# The plugins that a config runs with, each with the hash of its wheel and of all of its dependencies.
# Written by: sniper plugins freeze. Installed elsewhere by: sniper plugins sync
"""


class Kept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One plugin. Its fields are those of `Environment`; ``trusted``: whether it ran in sniper itself."""

    name: str
    version: str
    sha256: str
    source: str
    publisher: str = ""
    permissions: tuple[str, ...] = ()
    trusted: bool = False
    lock: tuple[str, ...] = ()

    def is_of(self, environment: Environment) -> bool:
        """Whether that is installed, with that lock and these permissions."""
        there = (environment.sha256, environment.lock, environment.permissions, environment.publisher)
        return there == (self.sha256, self.lock, self.permissions, self.publisher)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    plugin: tuple[Kept, ...] = ()


def kept(environment: Environment, *, trusted: bool) -> Kept:
    return Kept(
        name=environment.distribution,
        version=environment.version,
        sha256=environment.sha256,
        source=environment.source,
        publisher=environment.publisher,
        permissions=environment.permissions,
        trusted=trusted,
        lock=environment.lock,
    )


def written(plugins: Iterable[Kept]) -> str:
    """The file's text, by name: the same plugins give the same text."""
    lines = [_HEAD + f"format = {FORMAT}"]
    for each in sorted(plugins, key=lambda plugin: plugin.name):
        lines += ["", "[[plugin]]"]
        for key, value in msgspec.to_builtins(each).items():
            lines += _key(key, value)
    return "\n".join(lines) + "\n"


def read(file: Path) -> tuple[Kept, ...]:
    """The plugins of a file. Raises `PluginError` where it cannot be read or names one twice."""
    try:
        document: Mapping[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
        found = msgspec.convert(document, _File)
    except OSError as error:
        raise PluginError(f"{file}: cannot be read: {error.strerror}; write one with sniper plugins freeze") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise PluginError(f"{file}: is no file of sniper plugins freeze: {error}") from error
    if found.format != FORMAT:
        raise PluginError(
            f"{file}: its format is {found.format}, and this sniper reads {FORMAT}; upgrade sniper-registry"
        )
    names = [each.name for each in found.plugin]
    for each in found.plugin:
        if not NAME.fullmatch(each.name):
            raise PluginError(f"{file}: {each.name[:100]!r} is no name of a plugin")
        if names.count(each.name) > 1:
            raise PluginError(f"{file}: names {each.name} twice; keep one")
        if not _HEX.fullmatch(each.sha256):
            raise PluginError(f"{file}: the sha256 of {each.name} is not 64 small hexadecimal digits")
    return found.plugin


def _key(key: str, value: Any) -> list[str]:  # Any: of TOML
    if isinstance(value, list | tuple) and len(value) > 1:
        return [f"{key} = [", *(f"    {inline(each)}," for each in value), "]"]
    return [f"{key} = {inline(list(value) if isinstance(value, tuple) else value)}"]
