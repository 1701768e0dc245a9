"""The level file: what a plugin reached, bound to the code that reached it. ``sniper plugins test --write FILE``.

A statement is its author's claim. Whoever lists it compares `contents` with the wheel that was published, and may run
the suites again; the rules by which it was judged are named by their hash.
"""

import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

import importlib_metadata

from sniper.errors import PluginError
from sniper_sdk.levels.award import Award

SCHEMA: Final = 1
"""Of the file. New fields may come at any time; whatever else changes is another number."""
_LEFT_OUT: Final = frozenset({"__pycache__"})


def statement(award: Award) -> dict[str, Any]:  # Any: JSON
    """What the file holds. Raises `PluginError` where no level was awarded, for there is nothing to state then."""
    if award.level is None:
        missing = ", ".join(each.rule.id for each in award.missing) or "run without --no-level"
        raise PluginError(f"{award.project.distribution} has no level yet, so no level file is written: {missing}")
    return {
        "schema": SCHEMA,
        "distribution": award.project.distribution,
        "version": award.project.version,
        "level": award.level,
        "contents": contents_of_package(award.project.package),
        "rules": hashlib.sha256(files(__package__).joinpath("rules.toml").read_bytes()).hexdigest(),
        "core": importlib_metadata.version("sniper-core"),
        "sdk": importlib_metadata.version("sniper-sdk"),
        "unmet": [each.rule.id for each in award.judged if not each.holds],
    }


def write_statement(award: Award, file: Path) -> None:
    """Write it whole or not at all. Raises `PluginError`, also for a place that cannot be written."""
    text = json.dumps(statement(award), indent=2) + "\n"
    draft = file.with_name(f"{file.name}.draft")
    try:
        draft.write_text(text)
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise PluginError(f"{file} cannot be written: {error.strerror}; name another one with --write") from error


def contents_of_package(package: Path) -> str:
    """The hash of an installed package's files: sha256 of the lines ``"<sha256>  <package>/<path>"``, sorted by path;
    what Python compiles for itself is left out."""
    found = {
        file.relative_to(package.parent).as_posix(): file.read_bytes()
        for file in package.rglob("*")
        if file.is_file() and not _LEFT_OUT & set(file.parts)
    }
    return _hash(found)


def contents_of_wheel(wheel: Path) -> str:
    """The same of a wheel, whose package is called after its distribution. Raises `PluginError` for what is none."""
    package = wheel.name.partition("-")[0].lower()
    try:
        with ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.startswith(f"{package}/") and not name.endswith("/")]
            found = {name: archive.read(name) for name in names if not _LEFT_OUT & set(PurePosixPath(name).parts)}
    except (OSError, BadZipFile) as error:
        raise PluginError(f"{wheel} is no wheel: {error}") from error
    return _hash(found)


def _hash(found: Mapping[str, bytes]) -> str:
    lines = (f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(found.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
