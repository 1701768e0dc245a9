"""What a run uses stays on disk, whatever is changed meanwhile; what nobody uses goes with the next change."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from small_wheels import INIT, NAME, wheel

from sniper.catalogue import Catalogue
from sniper.environments.environment import Environment
from sniper.environments.manifest import EnvironmentChanged
from sniper.environments.shelf import Shelf

PACKAGE = "sniper_strategy_breakout"
OTHER = "sniper-strategy-eruption"
Sniper = Callable[..., Any]

RUN = """
import subprocess, sys
from sniper.catalogue import Catalogue
catalogue = Catalogue.survey()
catalogue.load(catalogue.spec("strategy", "breakout"))
inherited = subprocess.run(["ls", "-l", "/proc/self/fd"], close_fds=False, capture_output=True, text=True).stdout
print("inherited" if "environments" in inherited else "loaded", flush=True)
sys.stdin.read()
"""


@contextmanager
def running() -> Iterator[None]:
    """A process that loaded the strategy, until the end of the block."""
    with subprocess.Popen([sys.executable, "-c", RUN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        assert run.stdout.readline() == "loaded\n"
        yield
        run.communicate("")
    assert run.returncode == 0


def other(directory: Path, version: str = "1.0") -> Path:
    package = OTHER.replace("-", "_")
    init = INIT.format(package=package, more="").replace('name="breakout"', 'name="eruption"')
    return wheel(directory, name=OTHER, version=version, files={f"{package}/__init__.py": init})


@pytest.fixture
def replaced(tmp_path: Path, sniper: Sniper, shelf: Shelf) -> Environment:
    """The environment of a release that another one replaced."""
    sniper("plugins", "install", wheel(tmp_path))
    found = shelf.demand(NAME)
    sniper("plugins", "install", wheel(tmp_path, version="1.1"))
    assert found.directory.is_dir()
    return found


def test_only_a_change_takes_away_what_was_replaced(
    tmp_path: Path, sniper: Sniper, shelf: Shelf, replaced: Environment
) -> None:
    broken = wheel(tmp_path / "broken", version="1.2", files={f"{PACKAGE}/__init__.py": "raise RuntimeError('no')\n"})
    assert sniper("plugins", "install", other(tmp_path), "--dry-run").code == 0
    assert sniper("plugins", "install", broken).code == 6
    assert sniper("plugins", "trust", NAME, "--yes").code == 0
    assert sniper("plugins", "untrust", NAME).code == 0
    sniper("plugins", "freeze", "--output", tmp_path / "frozen.toml")
    assert sniper("plugins", "sync", tmp_path / "frozen.toml", "--dry-run").code == 0
    assert (replaced.site / PACKAGE / "strategy.py").is_file()
    assert sniper("plugins", "install", other(tmp_path)).code == 0
    assert not replaced.directory.exists()


def test_what_a_run_uses_stays_until_it_ends(tmp_path: Path, sniper: Sniper, shelf: Shelf) -> None:
    sniper("plugins", "install", wheel(tmp_path))
    used = shelf.demand(NAME)
    with running():
        sniper("plugins", "install", wheel(tmp_path, version="1.1"))
        sniper("plugins", "install", other(tmp_path))
        sniper("plugins", "uninstall", NAME)
        assert shelf.names() == (OTHER,)
        assert (used.site / PACKAGE / "strategy.py").is_file()
        assert len(list(used.directory.parent.iterdir())) == 2
    sniper("plugins", "install", other(tmp_path, "1.1"))
    assert not used.directory.exists()


def test_what_was_taken_away_before_it_was_held_is_not_used(tmp_path: Path, sniper: Sniper, shelf: Shelf) -> None:
    sniper("plugins", "install", wheel(tmp_path))
    catalogue = Catalogue.survey()
    sniper("plugins", "uninstall", NAME)
    with pytest.raises(EnvironmentChanged, match=f"{NAME} 1.0: its environment was taken away .*; start again"):
        catalogue.load(catalogue.spec("strategy", "breakout"))
