"""An environment whose record is damaged: it is not used, stands in nobody's way, and is repaired or taken away."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_wheels import INIT, NAME, wheel

from sniper.catalogue import Catalogue
from sniper.environments import environment, trust
from sniper.environments import shelf as shelves
from sniper.environments.environment import RECORD, Environment
from sniper.environments.shelf import Shelf

OTHER = "sniper-strategy-eruption"
Sniper = Callable[..., Any]


def other(directory: Path) -> Path:
    package = OTHER.replace("-", "_")
    init = INIT.format(package=package, more="").replace('name="breakout"', 'name="eruption"')
    return wheel(directory, name=OTHER, files={f"{package}/__init__.py": init})


@pytest.fixture
def damaged(tmp_path: Path, sniper: Sniper, shelf: Shelf) -> Path:
    """The wheel of a plugin that was installed and trusted, and whose record is damaged now, beside a sound one."""
    path = wheel(tmp_path)
    for each in (path, other(tmp_path)):
        assert sniper("plugins", "install", each).code == 0
    assert sniper("plugins", "trust", NAME, "--yes").code == 0
    assert sniper("plugins", "freeze", "--output", tmp_path / "frozen.toml").code == 0
    (shelf.demand(NAME).directory / RECORD).write_text('{"distribution": "sniper-')
    return path


def test_it_is_uninstalled(damaged: Path, sniper: Sniper, shelf: Shelf) -> None:
    plan = sniper("plugins", "uninstall", NAME, "--dry-run", "--json").json
    assert plan == {"action": "uninstall", "distribution": NAME, "from": None, "version": None, "done": False}
    done = sniper("plugins", "uninstall", NAME)
    assert done.code == 0, done.err
    assert f"{NAME}, whose record is damaged, is uninstalled" in done.out
    assert shelf.names() == (OTHER,)
    assert len(list((shelf.directory / "environments").iterdir())) == 1
    assert trust.given(shelf.directory) == {}


def test_a_record_of_what_this_sniper_does_not_know_is_taken_away_likewise(
    tmp_path: Path, sniper: Sniper, shelf: Shelf
) -> None:
    assert sniper("plugins", "install", wheel(tmp_path)).code == 0
    record = shelf.demand(NAME).directory / RECORD
    record.write_text(record.read_text().replace("StrategySpec", "OracleSpec"))
    assert "'OracleSpec' is no spec of sniper" in str(shelf.record(NAME))
    done = sniper("plugins", "uninstall", NAME)
    assert done.code == 0, done.err
    assert shelf.names() == ()


def test_it_is_installed_anew_and_needs_a_new_word_of_trust(damaged: Path, sniper: Sniper, shelf: Shelf) -> None:
    done = sniper("plugins", "install", damaged)
    assert done.code == 0, done.err
    assert "isolated, in a worker of its own" in done.out
    assert shelf.demand(NAME).version == "1.0"
    assert Catalogue.survey().extension("strategy", "breakout").origin.isolated
    assert trust.given(shelf.directory) == {}


def test_it_is_replaced_by_what_a_file_says_or_goes(
    damaged: Path, sniper: Sniper, shelf: Shelf, tmp_path: Path
) -> None:
    frozen, none = tmp_path / "frozen.toml", tmp_path / "none.toml"
    none.write_text("format = 1\n")
    plan = sniper("plugins", "sync", none, "--dry-run", "--json").json["changes"]
    assert [(each["action"], each["distribution"]) for each in plan] == [("uninstall", OTHER), ("uninstall", NAME)]
    done = sniper("plugins", "sync", frozen, "--wheels", tmp_path, "--offline")
    assert done.code == 0, done.err
    assert "1 change(s), 1 as they were" in done.out
    assert shelf.demand(NAME).version == "1.0"
    (shelf.demand(NAME).directory / RECORD).write_text("")
    done = sniper("plugins", "sync", none)
    assert done.code == 0, done.err
    assert f"uninstall {NAME}, whose record is damaged" in done.out
    assert shelf.names() == ()


def test_verify_lists_it_and_goes_on(damaged: Path, sniper: Sniper) -> None:
    done = sniper("plugins", "verify", "--offline", "--json")
    assert done.code == 1
    broken, sound = done.json["environments"]
    assert (sound["distribution"], sound["wrong"]) == (OTHER, [])
    assert (broken["distribution"], broken["version"], broken["trusted"]) == (NAME, None, False)
    assert f"{RECORD}: cannot be read" in broken["wrong"][0]
    told = sniper("plugins", "verify", "--offline").out
    assert f"{OTHER} 1.0: in order" in told
    assert f"{NAME}: NOT in order" in told


def test_what_it_is_not_about_goes_on(damaged: Path, sniper: Sniper, shelf: Shelf) -> None:
    for words in (("search",), ("upgrade",), ("untrust", NAME), ("trust", OTHER, "--yes")):
        done = sniper("plugins", *words)
        assert done.code == (1 if words == ("upgrade",) else 0), (words, done.err)
    assert "cannot be read" in sniper("plugins", "upgrade").err
    assert list(trust.given(shelf.directory)) == [OTHER]


@pytest.mark.parametrize("asks", [Shelf.environments, lambda shelf: shelf.find(NAME)], ids=["all", "one"])
def test_what_another_process_takes_away_meanwhile_is_not_there(
    tmp_path: Path, sniper: Sniper, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, asks: Callable[[Shelf], Any]
) -> None:
    sniper("plugins", "install", wheel(tmp_path))

    def late(directory: Path) -> Environment:
        monkeypatch.setattr(shelves, "read", environment.read)
        with shelf.changing():
            shelf.remove(NAME)
        return environment.read(directory)

    monkeypatch.setattr(shelves, "read", late)
    assert not asks(shelf)
