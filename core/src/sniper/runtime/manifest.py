"""What an epoch was decided with: code, config, schemas, interpreter. Stands first in each epoch of the journal."""

import hashlib
import importlib.util
import json
import platform
import sys
from pathlib import Path
from typing import Any

import sniper
from sniper.catalogue import Catalogue
from sniper.settings.resolved import Resolved


def manifest(resolved: Resolved, catalogue: Catalogue) -> bytes:
    """Canonical JSON. Equal manifests decide alike; what is not in it decides nothing."""
    body: dict[str, Any] = {
        "core": _package_hash(Path(sniper.__file__).parent, skip=("cli", "runtime")),
        "plugins": {
            extension.id: {
                "distribution": extension.origin.distribution,
                "version": extension.origin.version,
                "code": _module_hash(extension.spec.factory),
            }
            for extension in catalogue.extensions
            if extension.spec.kind != "app"
        },
        "config": resolved.manifest(),
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"), default=str).encode()


def differences(recorded: bytes, present: bytes) -> list[str]:
    """Dotted names of what differs between two manifests, for people."""
    return sorted(_differences("", json.loads(recorded), json.loads(present)))


def _differences(path: str, one: Any, other: Any) -> set[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        found: set[str] = set()
        for key in {*one, *other}:
            found |= _differences(f"{path}.{key}" if path else key, one.get(key), other.get(key))
        return found
    return set() if one == other else {path}


def _module_hash(factory: str) -> str:
    """SHA-256 over the sources of the package that holds a factory."""
    found = importlib.util.find_spec(factory.partition(":")[0].partition(".")[0])
    if found is None or found.origin is None:
        return ""
    return _package_hash(Path(found.origin).parent)


def _package_hash(directory: Path, skip: tuple[str, ...] = ()) -> str:
    digest = hashlib.sha256()
    for path in sorted(directory.rglob("*.py")):
        relative = path.relative_to(directory)
        if relative.parts[0] not in skip:
            digest.update(relative.as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
