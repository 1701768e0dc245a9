"""Make an environment in a directory that nobody uses yet: uv unpacks, and that is compared with what was inspected."""

import hashlib
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from sniper.environments.environment import MANIFEST, SITE, WHEELS, Environment, Offered, read, write
from sniper.environments.manifest import listed
from sniper.plugin import Frozen
from sniper_registry.installing import lock, uv
from sniper_registry.installing.base import base
from sniper_registry.installing.described import checked
from sniper_registry.installing.refused import WheelRefused
from sniper_registry.installing.uv import Supply
from sniper_registry.installing.wheel import Wheel

Describe = Callable[[Environment], tuple[Offered, ...]]
"""Imports the modules of an environment in a worker and says what they offer."""

_WRITTEN: Final = frozenset({"INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"})
"""What uv adds to the ``.dist-info`` of what it installs."""


class Wish(Frozen, kw_only=True, array_like=False):
    """What is to be installed, and what its source says of it.

    requires     The lock that came with it; None: one is made here.
    publisher    Who signed it, and ``root``, by which that publisher is known; as of `Environment`.
    permissions  What its release says it asks for; None where there is no release, and what its specs say counts.
    """

    wheel: Wheel
    source: str
    requires: tuple[str, ...] | None = None
    permissions: tuple[str, ...] | None = None
    publisher: str = ""
    root: str = ""
    level: str = ""


def make(wish: Wish, into: Path, supply: Supply, describe: Describe) -> Environment:
    """The environment of a release, complete in the new directory ``into``; nothing names it yet.

    Raises `WheelRefused`, `InstallConflict`, `InstallFailed` and what ``describe`` raises.
    """
    wheel = wish.wheel
    into.mkdir()
    scratch = into / "scratch"
    scratch.mkdir()
    kept = into / WHEELS / wheel.filename
    kept.parent.mkdir()
    shutil.copyfile(wheel.path, kept)
    held = base()
    if wish.requires is None:
        lines = lock.resolved(wheel, held, supply, scratch)
    else:
        lines = lock.given(wheel, wish.requires, held)
    _unpack(wheel, kept, lines, into / SITE, supply, scratch)
    shutil.rmtree(scratch)
    _compare(wheel, into / SITE)
    lock.demand_consistent(into / SITE, held)
    environment = Environment(
        distribution=wheel.distribution,
        version=wheel.version,
        sha256=wheel.sha256,
        wheel=wheel.filename,
        modules=wheel.modules,
        requires=wheel.requires,
        lock=lines,
        publisher=wish.publisher,
        root=wish.root,
        source=wish.source,
        level=wish.level,
        licence=wheel.licence,
        native=wheel.native,
        summary=wheel.summary,
        path=str(into),
    )
    offered = checked(environment, wheel.package, describe(environment))
    asked = tuple(sorted({permission for each in offered for permission in each.parsed().permissions}))
    if wish.permissions is not None and set(asked) != set(wish.permissions):
        raise WheelRefused(
            f"{wheel}: its release says that it asks for {_said(wish.permissions)}, but it asks for {_said(asked)}; "
            "tell its publisher, and do not install it"
        )
    # Listed when the plugin's code has run in the worker, which may write nowhere: so this holds that it did not.
    manifest = listed(into / SITE)
    (into / MANIFEST).write_text(manifest)
    described = msgspec.structs.replace(  # type: ignore[type-var]  # a msgspec struct
        environment, offered=offered, permissions=asked, manifest_sha256=_digest(manifest.encode())
    )
    write(described, into)
    return read(into)


def _unpack(wheel: Wheel, kept: Path, lines: tuple[str, ...], site: Path, supply: Supply, scratch: Path) -> None:
    wanted = scratch / "wanted.txt"
    own = f"{wheel.distribution} @ {kept.as_uri()} --hash=sha256:{wheel.sha256}"
    wanted.write_text("".join(f"{line}\n" for line in (*lines, own)))
    uv.run(
        *("pip", "install", "--target", str(site), "--requirements", str(wanted)),
        *("--no-deps", "--require-hashes", "--only-binary", ":all:"),
        # A link would let whoever writes to uv's cache write to the environment.
        *("--link-mode", "copy", "--compile-bytecode", "--quiet"),
        *uv.interpreter(),
        *supply.arguments,
        cwd=scratch,
    )
    # What dependencies bring for users to run or for every interpreter to execute is for nobody here.
    shutil.rmtree(site / "bin", ignore_errors=True)
    (site / ".lock").unlink(missing_ok=True)
    for stray in (*site.glob("*.pth"), *site.glob("*.dist-info/direct_url.json")):
        stray.unlink()


def _compare(wheel: Wheel, site: Path) -> None:
    """Raise `WheelRefused` where uv and the inspection read the archive differently, or a dependency brings what takes
    the place of something else."""
    info = f"{wheel.package}-{wheel.version}.dist-info"
    # Of two that bring one file, the last to be unpacked wins, and which that is, is for chance to decide.
    for other in site.glob("*.dist-info/RECORD"):
        if other.parent.name != info and f"\n{wheel.package}/" in f"\n{other.read_text(errors='replace')}":
            raise WheelRefused(f"{wheel}: {other.parent.name[:-10]} brings files of {wheel.package}; do not install it")
    found: dict[str, str] = {}
    for line in listed(site).splitlines():
        digest, path = line.split("  ", 1)
        if path.partition("/")[0] in (wheel.package, info) and "__pycache__" not in path:
            found[path] = digest
    record = f"{info}/RECORD"
    wanted = {path: digest for path, digest in wheel.files.items() if path != record}
    changed = sorted(path for path, digest in wanted.items() if found.get(path) != digest)
    added = sorted(found.keys() - wanted.keys() - {record, *(f"{info}/{name}" for name in _WRITTEN)})
    if changed or added:
        raise WheelRefused(
            f"{wheel}: {(changed + added)[0]} was unpacked otherwise than it was read; do not install it"
        )
    reserved = {*sys.stdlib_module_names, "sniper"}
    for entry in sorted(site.iterdir()):
        if not entry.name.endswith(".dist-info") and entry.name.partition(".")[0] in reserved:
            raise WheelRefused(
                f"{wheel}: a dependency brings {entry.name}, which would take the place of what Python or sniper brings"
            )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _said(permissions: tuple[str, ...]) -> str:
    return ", ".join(sorted(permissions)) or "nothing"
