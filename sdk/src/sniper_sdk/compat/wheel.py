"""A wheel, read: metadata, entry points and parsed modules. Nothing of it is written to disk or imported."""

import ast
import configparser
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Final
from zipfile import BadZipFile, ZipFile

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from sniper.errors import PluginError

_MOST_BYTES: Final = 64 << 20
"""Of all modules and metadata together, unpacked."""


@dataclass(frozen=True)
class Wheel:
    """
    distribution  Normalised. ``package``: how its one package is called by convention.
    metadata      Of ``METADATA``. ``entry_points``: names and targets, by group.
    files         All that it holds. ``modules``: parsed, by dotted name; ``broken``: those that are no Python, and why.
    """

    file: Path
    distribution: str
    version: str
    metadata: Message
    entry_points: Mapping[str, Mapping[str, str]]
    files: tuple[str, ...]
    modules: Mapping[str, ast.Module]
    broken: Mapping[str, str]

    @property
    def package(self) -> str:
        """``sniper_risk_limits``"""
        return self.distribution.replace("-", "_")

    def place(self, module: str) -> str:
        """The file of a module, for messages."""
        path = module.replace(".", "/")
        return next((name for name in (f"{path}.py", f"{path}/__init__.py") if name in self.files), path)

    def within(self, module: str) -> str:
        """The package that a module is in, for relative imports."""
        return module if self.place(module).endswith("__init__.py") else module.rpartition(".")[0]


def read_wheel(file: Path) -> Wheel:
    """Raises `PluginError` for what is no wheel, or too large to be looked at."""
    try:
        name, version, _, _ = parse_wheel_filename(file.name)
        with ZipFile(file) as archive:
            return _read(file, str(canonicalize_name(name)), str(version), archive)
    except InvalidWheelFilename as error:
        raise PluginError(f"{file.name} is not called as a wheel is: {error}") from error
    except (OSError, BadZipFile, UnicodeDecodeError, configparser.Error) as error:
        raise PluginError(f"{file} cannot be read as a wheel: {error}") from error


def _read(file: Path, distribution: str, version: str, archive: ZipFile) -> Wheel:
    infos = [each for each in archive.infolist() if not each.is_dir()]
    wanted = [each for each in infos if each.filename.endswith((".py", "/METADATA", "/entry_points.txt"))]
    if sum(each.file_size for each in wanted) > _MOST_BYTES:
        raise PluginError(f"{file.name} unpacks to more than {_MOST_BYTES >> 20} MiB of modules; nothing looks at that")
    names = tuple(sorted(each.filename for each in infos))
    modules: dict[str, ast.Module] = {}
    broken: dict[str, str] = {}
    for each in wanted:
        if each.filename.endswith(".py"):
            parts = each.filename.removesuffix(".py").split("/")
            module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            try:
                modules[module] = ast.parse(archive.read(each))
            except (SyntaxError, ValueError) as error:
                broken[each.filename] = str(error)
    info = next((name.partition("/")[0] for name in names if name.endswith(".dist-info/METADATA")), None)
    if info is None:
        raise PluginError(f"{file.name} has no METADATA; build it with a build backend, such as hatchling")
    metadata = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
    points = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    points.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    if f"{info}/entry_points.txt" in names:
        points.read_string(archive.read(f"{info}/entry_points.txt").decode())
    groups = {group: dict(points.items(group)) for group in points.sections()}
    return Wheel(file, distribution, version, metadata, groups, names, modules, broken)
