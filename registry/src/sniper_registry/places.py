"""What lies where in a repository, and who signs it. Everybody reads targets by these paths and by no others.

```
metadata/    N.root.json, timestamp.json, N.snapshot.json, N.<role>.json
targets/     what the metadata names, with its hash before its name (TUF's consistent snapshots)
packages/    the wheels and their metadata once more under their own names, for the pages
simple/      pages for pip and uv (PEP 503, 691, 658): written from what is signed, and never trusted
```

| role | signs |
| --- | --- |
| `targets` (operator) | `revoked.json`, and which publisher owns which names |
| `index` (operator, online) | `catalogue.json`, `awards.json`, `results/…` |
| `publisher.NAME` | `files/DISTRIBUTION/…` of the names it owns |
"""

import re
from typing import Final

from packaging.utils import canonicalize_version, parse_wheel_filename

METADATA: Final = "metadata"
TARGETS: Final = "targets"
PACKAGES: Final = "packages"
SIMPLE: Final = "simple"

INDEX_ROLE: Final = "index"
REVOKED: Final = "revoked.json"
CATALOGUE: Final = "catalogue.json"
AWARDS: Final = "awards.json"
INDEX_PATHS: Final = (CATALOGUE, AWARDS, "results/*/*")

LONGEST_ROOT: Final = 256 << 10
LONGEST_TIMESTAMP: Final = 16 << 10
LONGEST_ROLE: Final = 8 << 20
LONGEST_NOTE: Final = 1 << 20
"""Most bytes of a release's description, and of a wheel's metadata."""
LONGEST_LIST: Final = 32 << 20
"""Most bytes of the lists: revocations, catalogue, awards."""
LONGEST_WHEEL: Final = 256 << 20

_PREFIX: Final = "publisher."
_PUBLISHER: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_DISTRIBUTION: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FILE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+!-]*")


def role_of(publisher: str) -> str:
    """The role by which a publisher signs."""
    return _PREFIX + publisher


def publisher_of(role: str) -> str | None:
    """The publisher whose role this is; None for a role of the operator."""
    return role.removeprefix(_PREFIX) if role.startswith(_PREFIX) else None


def is_publisher(name: str) -> bool:
    """Whether a publisher may be called so."""
    return len(name) <= 40 and _PUBLISHER.fullmatch(name) is not None


def pattern_of(distribution: str) -> str:
    """What a publisher is delegated for one of its names."""
    return f"files/{distribution}/*"


def owned_by(pattern: str) -> str | None:
    """The distribution of such a pattern; None where it is none: nobody may be delegated anything else."""
    found = re.fullmatch(r"files/([^/]*)/\*", pattern)
    return found[1] if found and _DISTRIBUTION.fullmatch(found[1]) else None


def release_path(distribution: str, version: str) -> str:
    """The target with the description of a release."""
    return f"files/{distribution}/{version}.json"


def file_path(distribution: str, filename: str) -> str:
    """The target with a wheel, or with its metadata (``filename`` and ``.metadata``)."""
    return f"files/{distribution}/{filename}"


def results_path(distribution: str, version: str) -> str:
    """The target with what the registry computed of a strategy."""
    return f"results/{distribution}/{version}.json"


def checks_path(distribution: str, version: str) -> str:
    """The target with what a review found out by running a release."""
    return f"results/{distribution}/{version}.checks.json"


def version_of(path: str, distribution: str) -> str | None:
    """The version that a release's path names; None for another target."""
    prefix = f"files/{distribution}/"
    return (
        path.removeprefix(prefix).removesuffix(".json") if path.startswith(prefix) and path.endswith(".json") else None
    )


def is_target(path: str) -> bool:
    """Whether a target may be called so: a path that leads nowhere else, on no system and in no address."""
    if path in (REVOKED, CATALOGUE, AWARDS):
        return True
    parts = path.split("/")
    return (
        len(parts) == 3
        and parts[0] in ("files", "results")
        and _DISTRIBUTION.fullmatch(parts[1]) is not None
        and _FILE.fullmatch(parts[2]) is not None
    )


def hashed(path: str, sha256: str) -> str:
    """Where a target lies below ``targets/``."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{sha256}.{name}"


def is_wheel_of(filename: str, distribution: str, version: str) -> bool:
    """Whether a wheel of this name is one of that release, and its name leads to no other folder."""
    if not _FILE.fullmatch(filename):
        return False
    try:
        name, parsed, _, _ = parse_wheel_filename(filename)
    except ValueError:
        return False
    return name == distribution and str(parsed) == version == canonical(version)


def canonical(version: str) -> str:
    """A version as PEP 440 writes it, trailing zeros kept. Raises ValueError."""
    return canonicalize_version(version, strip_trailing_zero=False)
