"""A release on a shelf of its own, where it runs in workers alone."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import msgspec

from sniper.environments.environment import MANIFEST, Environment, write
from sniper.environments.licences import key_file
from sniper.environments.manifest import listed
from sniper.environments.shelf import Shelf
from sniper_registry.results.declared import ResultsError


def isolated(wheel: Path, shelf: Path) -> None:
    """Install a wheel and its dependencies. What it asks for is asked of nobody and not granted: nothing answers in a
    generated market, and what it could read here would leave in its trades. A paid one needs no licence here. Raises
    `ResultsError` with what ``sniper plugins install`` said."""
    command = [sys.executable, "-m", "sniper", "plugins", "install", str(wheel.resolve()), "--accept-permissions"]
    environment = {**os.environ, "SNIPER_PLUGINS": str(shelf)}
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-3:]
        raise ResultsError(f"{wheel.name} cannot be installed: {' '.join(said)[:600]}")
    for each in Shelf(shelf).environments():
        manifest = _without_key(each)
        write(
            msgspec.structs.replace(each, permissions=(), manifest_sha256=manifest),  # type: ignore[type-var]  # a struct
            each.directory,
        )


def _without_key(environment: Environment) -> str:
    """Take away the key by which a paid plugin asks for a licence: nobody buys one to compute its results. The hash of
    the list of what is left."""
    key_file(environment).unlink(missing_ok=True)
    manifest = listed(environment.site).encode()
    (environment.directory / MANIFEST).write_bytes(manifest)
    return hashlib.sha256(manifest).hexdigest()
