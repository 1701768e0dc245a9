"""One package of each kind, as `sniper plugins new` writes it; and all of them as wheels, installed in one place."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sniper_sdk.templates.package import KINDS, write_package

NAME = "moon-shot"
_BUILD = """
import os, sys
from hatchling.build import build_wheel
for directory in sys.argv[2:]:
    os.chdir(directory)
    build_wheel(sys.argv[1])
"""


def name_of(kind: str) -> str:
    """Two templates may make plugins of one kind, whose packages must not be called alike."""
    return f"{NAME}-2" if KINDS[kind].of else NAME


@dataclass(frozen=True)
class Packages:
    """``root``: a directory of each kind. ``sites``: where their wheels are installed, and nothing else is. That of the
    executor lies apart, for a config that names none must not find two for its mode."""

    root: Path
    sites: tuple[Path, ...]

    def run(
        self, *command: str, cwd: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run this Python in its environment and the one of the wheels; the sources are not on its path."""
        return subprocess.run(
            [sys.executable, *command],
            cwd=cwd or self.root,
            env={**self._environment(), **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self, *command: str, cwd: Path, output: IO[bytes]) -> "subprocess.Popen[bytes]":
        """As `run`, without waiting for its end."""
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=cwd,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )

    def _environment(self) -> dict[str, str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        environment["PYTHONPATH"] = environment["MYPYPATH"] = os.pathsep.join(map(str, self.sites))
        return environment


def made(directory: Path) -> Packages:
    """Generated, built and installed in ``directory``, without a network."""
    apart, others = directory / "executor", directory / "others"
    packages = Packages(directory / "packages", (apart, others))
    wheels = directory / "wheels"
    for kind in KINDS:
        write_package(kind, name_of(kind), packages.root / kind)
    done = packages.run("-c", _BUILD, str(wheels), *(str(packages.root / kind) for kind in KINDS))
    assert done.returncode == 0, done.stderr
    (executor,) = wheels.glob("sniper_executor_*.whl")
    for site, installed in ((apart, {executor}), (others, {*wheels.glob("*.whl")} - {executor})):
        install = ("-m", "uv", "pip", "install", "--offline", "--no-deps", "--quiet", "--target", str(site))
        done = packages.run(*install, *map(str, sorted(installed)))
        assert done.returncode == 0, done.stderr
    return packages
