"""What an epoch was decided with: code, config, interpreter. Stands first in each epoch of the journal."""

import hashlib
import importlib.util
import json
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import importlib_metadata

import sniper
from sniper.catalogue import CORE, Catalogue
from sniper.journal.reader import manifest as recorded
from sniper.journal.segments import HEADER_SIZE, list_segments, read_header, segment_path
from sniper.settings.canonical import canonical
from sniper.settings.resolved import Configured, Resolved

_SHELL = ("cli", "journal", "readmodels", "runtime", "settings")
"""Packages of the core that decide nothing; what the wiring makes of a config is `_WIRING`."""
_WIRING = "runtime/wire.py"


def manifest(resolved: Resolved, catalogue: Catalogue) -> bytes:
    """Canonical JSON. Equal manifests decide alike; what is not in it decides nothing.

    Of plugins it holds those that the config uses: installing another one changes no decision.
    """
    used = {(each.spec.kind, each.spec.name) for each in _used(resolved)}
    body: dict[str, Any] = {
        "core": {"version": _version(CORE), "code": _core_hash()},
        "plugins": {
            extension.id: {
                "distribution": extension.origin.distribution,
                "version": extension.origin.version,
                "code": extension.environment.code if extension.environment else _module_hash(extension.spec.factory),
            }
            for extension in catalogue.extensions
            if extension.key in used
        },
        "config": resolved.deciding(),
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
    }
    return canonical(body).encode()


@dataclass(frozen=True)
class Epoch:
    """A stretch of a journal under one manifest. ``first``: its first record, which is the manifest itself, unless the
    journal was pruned after it."""

    number: int
    first: int
    manifest: bytes


def epochs(directory: Path) -> list[Epoch]:
    """The epochs of a journal, oldest first. Raises `JournalError`."""
    found: dict[int, int] = {}
    for number in list_segments(directory):
        path = segment_path(directory, number)
        with path.open("rb") as file:
            header = read_header(file.read(HEADER_SIZE), path.name)
        found.setdefault(header.epoch, header.first)
    return [Epoch(number, first, recorded(directory, number)) for number, first in sorted(found.items())]


def differences(before: bytes, now: bytes) -> list[str]:
    """Dotted names of what differs between two manifests, for people."""
    return sorted(_differences("", json.loads(before), json.loads(now)))


def explain(recorded_one: bytes, present: bytes) -> list[str]:
    """What differs, and what to do to have it again: one line each. Empty where nothing does."""
    before, now = json.loads(recorded_one), json.loads(present)
    lines = []
    if before["core"] != now["core"]:
        lines.append(_code(CORE, before["core"], now["core"]))
    for name in sorted({*before["plugins"], *now["plugins"]}):
        one, other = before["plugins"].get(name), now["plugins"].get(name)
        if one is None:
            lines.append(f"{name} was not used: take it out of the config")
        elif other is None:
            lines.append(f"{name} is not used now: install {one['distribution']}=={one['version']} and configure it")
        elif one != other:
            lines.append(_code(one["distribution"], one, other))
    lines += [
        f"{name} was {before[name]} and is {now[name]}"
        for name in ("implementation", "python")
        if before[name] != now[name]
    ]
    lines += [
        f"config {path} was {_at(before['config'], path)} and is {_at(now['config'], path)}"
        for path in sorted(_differences("", before["config"], now["config"]))
    ]
    return lines


def _code(distribution: str, before: dict[str, str], now: dict[str, str]) -> str:
    if before["version"] == now["version"]:
        wanted, found = before["code"][:12], now["code"][:12]
        return f"{distribution} {now['version']} has other code now ({wanted} then, {found} now): take the old one back"
    return (
        f"{distribution} was {before['version']} and is {now['version']}: install {distribution}=={before['version']}"
    )


def _at(table: Any, path: str) -> str:
    """What stands at a dotted path, as JSON. Any: plain data."""
    for part in path.split("."):
        table = table.get(part) if isinstance(table, dict) else None
    return json.dumps(table) if table is not None else "not set"


def _differences(path: str, one: Any, other: Any) -> set[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        found: set[str] = set()
        for key in {*one, *other}:
            found |= _differences(f"{path}.{key}" if path else key, one.get(key), other.get(key))
        return found
    return set() if one == other else {path}


def _used(resolved: Resolved) -> Iterator[Configured]:
    for account in resolved.accounts:
        yield from account.risk
        for strategy in account.strategies:
            yield from (strategy.plugin, *strategy.exits)
            if strategy.sizer is not None:
                yield strategy.sizer
    for each in (resolved.policies, resolved.amms, resolved.venues):
        yield from each
    yield resolved.fee


def _version(distribution: str) -> str:
    try:
        return importlib_metadata.version(distribution)
    except importlib_metadata.PackageNotFoundError:
        return "unknown"


def _core_hash() -> str:
    directory = Path(sniper.__file__).parent
    paths = [path for path in directory.rglob("*.py") if path.relative_to(directory).parts[0] not in _SHELL]
    return _hash(directory, [*paths, directory / _WIRING])


def _module_hash(factory: str) -> str:
    """SHA-256 over the sources of the package that holds a factory."""
    found = importlib.util.find_spec(factory.partition(":")[0].partition(".")[0])
    if found is None or found.origin is None:
        return ""
    directory = Path(found.origin).parent
    return _hash(directory, list(directory.rglob("*.py")))


def _hash(directory: Path, paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.relative_to(directory).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
