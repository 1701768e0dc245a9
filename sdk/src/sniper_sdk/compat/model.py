"""What an API is, as data: modules, their names, and the members of classes, each as one line of text."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec
from packaging.version import Version

from sniper.errors import PluginError
from sniper_sdk.compat.stable import SERIES_PARTS

Kind = Literal["class", "function", "alias", "value", "from"]


class Name(msgspec.Struct, omit_defaults=True, frozen=True):
    """One public name.

    text     Of a function its signature, of an alias the type, of what is defined elsewhere (``from``) its full name.
    bases    Of a class: full names where they are of sniper, else as they are written.
    members  Of a class, own ones alone: signatures, ``"name: type"`` with ``" = ..."`` where there is a default,
             values of enumerations.
    """

    kind: Kind
    text: str = ""
    bases: tuple[str, ...] = ()
    members: dict[str, str] = {}


class Api(msgspec.Struct, frozen=True):
    """Of one version of sniper-core. ``modules``: names by module."""

    version: str
    modules: dict[str, dict[str, Name]]

    def find(self, name: str) -> tuple[str, Name] | None:
        """A name's definition and where that is, followed through modules that only hand it on; None for none."""
        module, _, last = name.rpartition(".")
        found = self.modules.get(module, {}).get(last)
        while found is not None and found.kind == "from" and found.text.startswith("sniper."):
            module, _, last = found.text.rpartition(".")
            found = self.modules.get(module, {}).get(last)
        return None if found is None else (f"{module}.{last}", found)

    def lineage(self, name: str) -> Iterator[tuple[str, Name | None]]:
        """A class and its bases, nearest first; None beside a base of which this API knows nothing."""
        found = self.find(name)
        yield name if found is None else found[0], None if found is None else found[1]
        for base in () if found is None else found[1].bases:
            yield from self.lineage(base)

    def members(self, name: str) -> Mapping[str, str]:
        """Of a class with what it inherits."""
        found: dict[str, str] = {}
        for _, each in self.lineage(name):
            for member, text in () if each is None else each.members.items():
                found.setdefault(member, text)
        return found


def series(version: str) -> tuple[int, ...]:
    """Within which nothing breaks: the first two numbers of a version below 1, else the first."""
    release = Version(version).release
    return release[:SERIES_PARTS] if release[0] == 0 else release[:1]


def frozen() -> tuple[str, ...]:
    """Versions whose API is kept here, the oldest first."""
    found = [file.name.removesuffix(".json") for file in files(__package__).joinpath("api").iterdir()]
    return tuple(sorted((name for name in found if name[:1].isdigit()), key=Version))


@cache
def api_of(version: str) -> Api:
    """A kept API. Raises `PluginError`."""
    file = files(__package__).joinpath("api", f"{version}.json")
    if version not in frozen():
        raise PluginError(f"the API of sniper-core {version} is not kept here; there are {', '.join(frozen())}")
    return msgspec.json.decode(file.read_bytes(), type=Api)


def dumped(api: Api) -> bytes:
    """As a file: modules and names sorted, members as they are declared."""
    return msgspec.json.format(msgspec.json.encode(api), indent=1) + b"\n"
