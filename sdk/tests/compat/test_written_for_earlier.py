"""Plugins as their authors wrote them for an earlier version of the API work with the core of today."""

import hashlib
import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import pytest

KEPT = Path(__file__).with_name("written_for_0_1_0.toml")
SHA256 = "95f8cb35df5d0b8ae7bf1ae39e4375c407fe90966859176aee3f7d8bb7e0b075"
"""Nobody may mend these plugins: where they break, the core has broken them."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    for name, text in tomllib.loads(KEPT.read_text()).items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (root / "src" / "sniper_acme" / "py.typed").touch()
    return root


@pytest.fixture(scope="module")
def wheel(project: Path) -> Path:
    run(Path(sys.executable), "-m", "hatchling", "build", "-t", "wheel", cwd=project)
    (built,) = (project / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of an environment in which the wheel is installed, beside the core and the sdk of today."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, symlinks=True)
    (packages,) = (home / "lib").glob("python*/site-packages")
    (packages / "workspace.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    install = ("-m", "uv", "pip", "install", "--quiet", "--offline", "--no-deps", "--python", str(home / "bin/python"))
    run(Path(sys.executable), *install, str(wheel), cwd=home)
    return home / "bin" / "python"


def run(python: Path, *arguments: str, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))}
    done = subprocess.run(
        [str(python), *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


def test_they_are_as_their_authors_wrote_them() -> None:
    assert hashlib.sha256(KEPT.read_bytes()).hexdigest() == SHA256


@pytest.mark.parametrize("against", [(), ("--against", "0.1.0")], ids=["today", "as it was"])
def test_their_wheel_is_found_to_work(wheel: Path, against: tuple[str, ...]) -> None:
    told = json.loads(
        run(
            Path(sys.executable),
            "-m",
            "sniper",
            "plugins",
            "check-compat",
            str(wheel),
            *against,
            "--json",
            cwd=wheel.parent,
        )
    )
    assert told["works"]
    assert told["problems"] == []


def test_installed_they_are_found_and_loaded(python: Path, project: Path) -> None:
    found = json.loads(run(python, "-m", "sniper", "plugins", "list", "--json", cwd=project))
    mine = {f"{each['kind']}.{each['name']}" for each in found["plugins"] if each["distribution"] == "sniper-acme"}
    assert {"risk.round-amounts", "strategy.patient", "amm.peg", "venue.peg-router", "feed.announcements"} <= mine
    package = "tests/test_package.py"
    run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", package, cwd=project)


@pytest.mark.long
def test_their_tests_and_suites_still_pass(python: Path, project: Path) -> None:
    run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", "tests", cwd=project)
