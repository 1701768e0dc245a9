"""Trust is a word about one release; without it nothing of a plugin reaches sniper itself."""

import importlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_wheels import NAME, library, wheel

from sniper.catalogue import Catalogue
from sniper.environments import revocations, trust
from sniper.environments.environment import Environment
from sniper.environments.manifest import EnvironmentChanged, listed
from sniper.environments.shelf import Shelf
from sniper.errors import PluginError
from sniper.index import Revocation
from sniper.isolation.strategies import FarStrategy
from sniper_registry.installing.hostable import demand_hostable
from sniper_registry.installing.refused import InstallConflict

PACKAGE = "sniper_strategy_breakout"
Sniper = Callable[..., Any]

WITH_EXIT = """
from sniper import ExitSpec, StrategySpec, hookimpl

@hookimpl
def sniper_strategies():
    return [StrategySpec(name="breakout", summary="Buys", factory="sniper_strategy_breakout.strategy:Breakout")]

@hookimpl
def sniper_exits():
    return [ExitSpec(name="breakdown", summary="Sells", factory="sniper_strategy_breakout.exit:Breakdown")]
"""
EXIT = """
import click
from sniper.exit import Exit

class Breakdown(Exit):
    pass

Breakdown.__abstractmethods__ = frozenset()
"""


def run(code: str, *options: str) -> Any:
    """In a process of its own: what is imported there stays there. Any: JSON."""
    done = subprocess.run([sys.executable, *options, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


LOADED = """
import json, sys
from sniper.catalogue import Catalogue
catalogue = Catalogue.survey()
cls = catalogue.load(catalogue.spec({kind!r}, {name!r}))
print(json.dumps([cls.__module__, "{package}" in sys.modules]))
"""


def test_an_isolated_strategy_is_loaded_as_one_that_a_worker_runs(tmp_path: Path, sniper: Sniper) -> None:
    sniper("plugins", "install", wheel(tmp_path))
    catalogue = Catalogue.survey()
    assert issubclass(catalogue.load(catalogue.spec("strategy", "breakout")), FarStrategy)
    assert PACKAGE not in sys.modules


def test_a_trusted_one_is_imported_from_its_environment_until_trust_is_withdrawn(
    tmp_path: Path, sniper: Sniper
) -> None:
    sniper("plugins", "install", wheel(tmp_path))
    code = LOADED.format(kind="strategy", name="breakout", package=PACKAGE)
    assert run(code) == ["sniper.isolation.strategies", False]
    done = sniper("plugins", "trust", NAME)
    assert done.code == 6
    assert "is not trusted: nobody said so" in done.err
    assert sniper("plugins", "trust", NAME, "--yes").code == 0
    assert run(code) == [f"{PACKAGE}.strategy", True]
    (found,) = [each for each in Catalogue.survey().extensions if each.environment]
    assert not found.origin.isolated
    assert "trusted" in sniper("plugins", "list").out
    assert sniper("plugins", "untrust", NAME).code == 0
    assert run(code) == ["sniper.isolation.strategies", False]


def test_loading_a_trusted_one_writes_nothing_into_its_environment(
    tmp_path: Path, sniper: Sniper, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    sniper("plugins", "install", wheel(tmp_path, files={f"{PACKAGE}/deep/__init__.py": "", f"{PACKAGE}/exit.py": EXIT}))
    sniper("plugins", "trust", NAME, "--yes")
    environment = shelf.demand(NAME)
    before = listed(environment.site)
    code = LOADED.format(kind="strategy", name="breakout", package=PACKAGE)
    deep = f"import {PACKAGE}.deep; assert {PACKAGE}.deep.__spec__.cached\n"
    run(code + deep, "-O")  # bytecode of its own
    for file in environment.site.rglob("*.py"):
        os.utime(file, (1, 1))  # as a copy of the shelf without times: its bytecode is stale
    run(code + deep)
    assert listed(environment.site) == before
    assert sniper("plugins", "verify").code == 0


def test_a_kind_that_no_worker_runs_needs_trust(tmp_path: Path, sniper: Sniper) -> None:
    path = wheel(tmp_path, files={f"{PACKAGE}/__init__.py": WITH_EXIT, f"{PACKAGE}/exit.py": EXIT})
    plan = sniper("plugins", "install", path, "--json").json
    assert plan["needs_trust"] == ["exit.breakdown"]
    found = Catalogue.survey()
    assert [each.id for each in found.waiting] == ["exit.breakdown"]
    with pytest.raises(PluginError, match=f"needs explicit trust.*sniper plugins trust {NAME}"):
        found.spec("exit", "breakdown")
    assert "isolated, needs trust" in sniper("plugins", "list").out
    sniper("plugins", "trust", NAME, "--yes")
    assert Catalogue.survey().waiting == ()
    code = LOADED.format(kind="exit", name="breakdown", package=PACKAGE)
    assert run(code) == [f"{PACKAGE}.exit", True]


def test_trust_lapses_with_any_other_release(tmp_path: Path, sniper: Sniper, shelf: Shelf) -> None:
    sniper("plugins", "install", wheel(tmp_path))
    sniper("plugins", "trust", NAME, "--yes")
    plan = sniper("plugins", "install", wheel(tmp_path, version="1.1"), "--dry-run", "--json").json
    assert plan["trust_lapses"]
    assert plan["isolated"]
    assert not Catalogue.survey().extension("strategy", "breakout").origin.isolated
    done = sniper("plugins", "install", wheel(tmp_path, version="1.1"))
    assert "trust      lapses" in done.out
    assert Catalogue.survey().extension("strategy", "breakout").origin.isolated
    assert trust.given(shelf.directory) == {}


def test_trust_lapses_where_the_same_version_is_another_wheel(tmp_path: Path, sniper: Sniper) -> None:
    sniper("plugins", "install", wheel(tmp_path))
    sniper("plugins", "trust", NAME, "--yes")
    sniper("plugins", "install", wheel(tmp_path, files={f"{PACKAGE}/new.py": "x = 1\n"}))
    assert Catalogue.survey().extension("strategy", "breakout").origin.isolated


def test_trust_survives_the_same_release_made_anew_and_ends_with_it(
    tmp_path: Path, sniper: Sniper, shelf: Shelf
) -> None:
    path = wheel(tmp_path)
    sniper("plugins", "install", path)
    sniper("plugins", "trust", NAME, "--yes")
    sniper("plugins", "install", path, "--reinstall")
    assert not Catalogue.survey().extension("strategy", "breakout").origin.isolated
    sniper("plugins", "uninstall", NAME)
    assert trust.given(shelf.directory) == {}


def test_trust_lapses_where_the_same_wheel_has_other_dependencies(tmp_path: Path, sniper: Sniper, shelf: Shelf) -> None:
    mirror, frozen = tmp_path / "mirror", tmp_path / "frozen.toml"
    library(mirror, "acme_math", "1.0", {"acme_math.py": "one = 1\n"})
    path = wheel(mirror, requires=["acme-math"])
    supply = ("--wheels", mirror, "--offline")
    sniper("plugins", "install", path, *supply)
    sniper("plugins", "trust", NAME, "--yes")
    sniper("plugins", "freeze", "--output", frozen)
    sniper("plugins", "install", path, *supply, "--reinstall")
    assert not Catalogue.survey().extension("strategy", "breakout").origin.isolated  # the same dependencies
    library(mirror, "acme_math", "1.1", {"acme_math.py": "import os\n"})
    done = sniper("plugins", "install", path, *supply, "--reinstall")
    assert "runs       isolated" in done.out
    assert "trust      lapses" in done.out
    assert Catalogue.survey().extension("strategy", "breakout").origin.isolated
    assert trust.given(shelf.directory) == {}
    sniper("plugins", "trust", NAME, "--yes")
    done = sniper("plugins", "sync", frozen, *supply)
    assert "trust      lapses" in done.out
    assert Catalogue.survey().extension("strategy", "breakout").origin.isolated


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What sniper imports from: a directory whose path begins as the shelf's does."""
    directory = tmp_path / "shelf-venv"
    directory.mkdir()
    monkeypatch.syspath_prepend(str(directory))
    return directory


def unpacked(path: Path, into: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        archive.extractall(into)
    importlib.invalidate_caches()


def test_a_plugin_of_sniper_itself_is_none_of_the_shelf_whose_path_begins_alike(
    tmp_path: Path, sniper: Sniper, shelf: Shelf, beside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked(wheel(tmp_path), beside)
    for module in (PACKAGE, f"{PACKAGE}.strategy"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    assert Catalogue.survey().extension("strategy", "breakout").origin.location == str(beside)
    monkeypatch.delitem(sys.modules, PACKAGE)
    done = sniper("plugins", "install", wheel(tmp_path, version="1.1"))
    assert f"{NAME} 1.0 is installed in {beside}" in done.err
    assert shelf.names() == ()


def test_what_collides_with_sniper_itself_is_found_where_its_path_begins_as_the_shelfs(
    tmp_path: Path, sniper: Sniper, shelf: Shelf, beside: Path
) -> None:
    mirror = tmp_path / "mirror"
    unpacked(library(tmp_path, "acme_math", "2.0", {"acme_math.py": "one = 2\n"}), beside)
    library(mirror, "acme_math", "1.0", {"acme_math.py": "one = 1\n"})
    sniper("plugins", "install", wheel(tmp_path, requires=["acme-math"]), "--wheels", mirror, "--offline")
    done = sniper("plugins", "trust", NAME, "--yes")
    assert done.code == 6
    assert "brings acme-math 1.0, but sniper's own environment holds acme-math 2.0" in done.err
    assert trust.given(shelf.directory) == {}


def test_what_collides_with_sniper_itself_is_not_trusted(tmp_path: Path, sniper: Sniper, shelf: Shelf) -> None:
    mirror = tmp_path / "mirror"
    library(mirror, "click", "1.0", {"click/__init__.py": "x = 1\n"})
    path = wheel(tmp_path, requires=["click<2"])
    assert sniper("plugins", "install", path, "--wheels", mirror, "--offline").code == 0
    done = sniper("plugins", "trust", NAME, "--yes")
    assert done.code == 6
    assert f"{NAME} 1.0 brings click 1.0, but sniper's own environment holds click" in done.err
    assert trust.given(shelf.directory) == {}


def test_what_collides_with_another_trusted_environment_is_not_trusted(tmp_path: Path) -> None:
    made = [tmp_path / name for name in ("one", "two")]
    for directory in made:
        (directory / "site").mkdir(parents=True)
        library(directory, f"acme_{directory.name}", "1.0", {"acme.py": ""})
        info = directory / "site" / f"acme_{directory.name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: acme-{directory.name}\nVersion: 1.0\n")
        (info / "RECORD").write_text("acme.py,,\n")
        (directory / "site" / "acme.py").write_text("")
    one, two = (
        Environment(
            distribution=f"sniper-risk-{each.name}", version="1", sha256="", wheel="", modules=(), path=str(each)
        )
        for each in made
    )
    demand_hostable(one, [], [])
    with pytest.raises(InstallConflict, match=r"sniper-risk-two 1 brings acme \(of acme-two\), but sniper-risk-one 1"):
        demand_hostable(two, [one], [])


@pytest.mark.parametrize("what", ["changed", "added", "missing"])
def test_an_environment_whose_files_changed_is_not_used(
    tmp_path: Path, sniper: Sniper, shelf: Shelf, what: str
) -> None:
    sniper("plugins", "install", wheel(tmp_path))
    file = shelf.demand(NAME).site / PACKAGE / ("other.py" if what == "added" else "strategy.py")
    if what == "missing":
        file.unlink()
    else:
        file.write_text("x = 1\n")
    catalogue = Catalogue.survey()
    with pytest.raises(EnvironmentChanged, match=f"{file.name}: (was|is) {what}"):
        catalogue.load(catalogue.spec("strategy", "breakout"))
    done = sniper("plugins", "verify", "--json")
    assert done.code == 1
    (found,) = done.json["environments"]
    assert len(found["wrong"]) == 1
    assert done.json["environments"][0]["wrong"][0].endswith(what)
    assert sniper("plugins", "trust", NAME, "--yes").code == 6


def test_verify_says_that_all_is_in_order(tmp_path: Path, sniper: Sniper) -> None:
    sniper("plugins", "install", wheel(tmp_path))
    done = sniper("plugins", "verify")
    assert (done.code, done.out) == (0, f"{NAME} 1.0: in order\n")


def revoke(shelf: Shelf, sha256: str = "0" * 64, version: str = "1.0") -> None:
    revoked = Revocation(name=NAME, version=version, sha256=sha256, reason="steals keys\x1b[2J", at=1)
    revocations.learn(shelf.directory, [revoked], at=1)


def test_a_revoked_release_is_refused_at_start_and_says_why(tmp_path: Path, sniper: Sniper, shelf: Shelf) -> None:
    sniper("plugins", "install", wheel(tmp_path))
    sniper("plugins", "trust", NAME, "--yes")
    revoke(shelf)
    found = Catalogue.survey()
    assert [each for each in found.extensions if each.environment] == []
    found.demand_sound()  # the rest of the bot goes on
    with pytest.raises(PluginError, match=r"breakout 1\.0 was revoked: steals keys \[2J\. It is not used\..* upgrade"):
        found.spec("strategy", "breakout")
    assert NAME in [problem.distribution for problem in found.problems]
    assert "was revoked: steals keys" in sniper("plugins", "verify", "--offline").out


def test_a_revoked_release_is_neither_installed_nor_trusted(tmp_path: Path, sniper: Sniper, shelf: Shelf) -> None:
    path = wheel(tmp_path)
    sniper("plugins", "install", path)
    sniper("plugins", "uninstall", NAME)
    revoke(shelf)
    done = sniper("plugins", "install", path)
    assert done.code == 6
    assert "was revoked: steals keys" in done.err
    assert shelf.names() == ()


def test_a_revocation_is_never_forgotten(shelf: Shelf) -> None:
    revoke(shelf)
    revocations.learn(shelf.directory, [], at=5)
    known = revocations.known(shelf.directory)
    assert [each.version for each in known.revoked] == ["1.0"]
    assert known.asked_at == 5
    revocations.learn(shelf.directory, [], at=None)
    assert revocations.known(shelf.directory).asked_at == 5


def test_a_damaged_list_of_revocations_leaves_out_the_shelf_and_says_so(
    tmp_path: Path, sniper: Sniper, shelf: Shelf
) -> None:
    sniper("plugins", "install", wheel(tmp_path))
    (shelf.directory / revocations.FILE).write_text("{")
    found = Catalogue.survey()
    assert [each for each in found.extensions if each.environment] == []
    assert any("it is not known what was revoked" in problem.message for problem in found.problems)
    found.demand_sound()
