"""Sources are built by an explicit word alone, and what was built runs isolated like any other wheel."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_wheels import INIT, NAME, STRATEGY

from sniper.catalogue import Catalogue
from sniper.environments.shelf import Shelf

PACKAGE = "sniper_strategy_breakout"
Sniper = Callable[..., Any]
PROJECT = f"""
[project]
name = "{NAME}"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["sniper-core>=0.1,<0.2"]
[project.entry-points."sniper.plugins"]
breakout = "{PACKAGE}"
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[tool.hatch.build.targets.wheel]
packages = ["src/{PACKAGE}"]
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    directory = tmp_path / "breakout"
    package = directory / "src" / PACKAGE
    package.mkdir(parents=True)
    (directory / "pyproject.toml").write_text(PROJECT)
    (package / "__init__.py").write_text(INIT.format(package=PACKAGE, more=""))
    (package / "strategy.py").write_text(STRATEGY)
    return directory


def git(directory: Path, *words: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@a.example", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *who, *words], cwd=directory, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_directory_is_built_by_an_explicit_word_and_runs_isolated(
    sources: Path, sniper: Sniper, shelf: Shelf
) -> None:
    done = sniper("plugins", "install", sources, "--offline")
    assert done.code == 6
    assert "building them runs their code as you, with all of your rights" in done.err
    assert shelf.names() == ()
    done = sniper("plugins", "install", sources, "--build", "--offline")
    assert done.code == 0, done.err
    assert (shelf.demand(NAME).source, shelf.demand(NAME).publisher) == ("path", "")
    assert Catalogue.survey().extension("strategy", "breakout").origin.isolated
    assert sorted(each.name for each in sources.iterdir()) == ["pyproject.toml", "src"]


def test_one_revision_of_a_repository_is_built_and_kept_on_record(sources: Path, sniper: Sniper, shelf: Shelf) -> None:
    git(sources, "init", "--quiet")
    git(sources, "add", ".")
    git(sources, "commit", "--quiet", "-m", "first")
    git(sources, "tag", "v1")
    commit = git(sources, "rev-parse", "HEAD")
    (sources / "pyproject.toml").write_text("broken")
    git(sources, "commit", "--quiet", "-a", "-m", "second")
    url = f"git+file://{sources}@v1"
    assert sniper("plugins", "install", url).code == 6
    done = sniper("plugins", "install", url, "--build", "--offline")
    assert done.code == 0, done.err
    assert shelf.demand(NAME).source == f"{url} at {commit}"


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("git+file:///nowhere.git", "git fetch failed; nothing was changed"),
        ("git+ext::sh -c id", "is no URL of a git repository"),
        ("git+file:///nowhere.git@--upload-pack=id", "is no URL of a git repository"),
        ("git+http://host.example/plugin.git", "is no URL of a git repository"),
    ],
)
def test_what_is_no_repository_is_said(sniper: Sniper, shelf: Shelf, target: str, says: str) -> None:
    done = sniper("plugins", "install", target, "--build", "--offline")
    assert done.code == 6
    assert says in done.err
    assert shelf.names() == ()


def test_sources_that_cannot_be_built_change_nothing(sources: Path, sniper: Sniper, shelf: Shelf) -> None:
    (sources / "pyproject.toml").write_text(PROJECT.replace("hatchling.build", "hatchling.gone"))
    done = sniper("plugins", "install", sources, "--build", "--offline")
    assert done.code == 6
    assert "uv build failed; nothing was changed" in done.err
    assert shelf.names() == ()
