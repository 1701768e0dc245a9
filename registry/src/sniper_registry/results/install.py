"""A release on a shelf of its own, where it runs in workers alone."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec

from sniper.environments.environment import write
from sniper.environments.shelf import Shelf
from sniper_registry.results.declared import ResultsError


def isolated(wheel: Path, shelf: Path) -> None:
    """Install a wheel and its dependencies. What it asks for is asked of nobody and not granted: nothing answers in a
    generated market, and what it could read here would leave in its trades. Raises `ResultsError` with what ``sniper
    plugins install`` said."""
    command = [sys.executable, "-m", "sniper", "plugins", "install", str(wheel.resolve()), "--accept-permissions"]
    environment = {**os.environ, "SNIPER_PLUGINS": str(shelf)}
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-3:]
        raise ResultsError(f"{wheel.name} cannot be installed: {' '.join(said)[:600]}")
    for each in Shelf(shelf).environments():
        write(msgspec.structs.replace(each, permissions=()), each.directory)  # type: ignore[type-var]  # a struct
