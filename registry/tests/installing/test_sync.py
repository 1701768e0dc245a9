"""What freeze writes, sync installs elsewhere: the very same, or nothing."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_wheels import NAME, library, sha256, wheel

from sniper.cli import main
from sniper.environments import trust
from sniper.environments.shelf import Shelf

PACKAGE = "sniper_strategy_breakout"
OTHER = "sniper-risk-thunder"
Sniper = Callable[..., Any]
RISK = """
from sniper import RiskCheckSpec, hookimpl

@hookimpl
def sniper_risk_checks():
    return [RiskCheckSpec(name="thunder", summary="Hears", factory="sniper_risk_thunder.strategy:Thunder")]
"""
THUNDER = """
from sniper.risk import RiskCheck, must

class Thunder(RiskCheck):
    def judge(self, intent, view):
        yield must("quiet", True)
"""


def thunder(directory: Path, **more: Any) -> Path:
    package = "sniper_risk_thunder"
    files = {f"{package}/__init__.py": RISK, f"{package}/strategy.py": THUNDER}
    return wheel(directory, name=OTHER, files=files, **more)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheels, and the file of a shelf with two plugins: one trusted, one with a dependency and a permission."""
    directory = tmp_path_factory.mktemp("written")
    library(directory, "acme_math", "1.0", {"acme_math.py": "one = 1\n"})
    path = wheel(directory, permissions=["secret:acme"], requires=["sniper-core>=0.1", "acme-math"])
    plugins = ["plugins", "install", str(path), "--wheels", str(directory), "--offline", "--accept-permissions"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SNIPER_PLUGINS", str(directory / "shelf"))
        assert main(plugins) == 0
        assert main(["plugins", "install", str(thunder(directory))]) == 0
        assert main(["plugins", "trust", OTHER, "--yes"]) == 0
        assert main(["plugins", "freeze", "--output", str(directory / "sniper-plugins.toml")]) == 0
    return directory


@pytest.fixture
def wheels(tmp_path: Path, written: Path) -> Path:
    copied = tmp_path / "wheels"
    copied.mkdir()
    for file in written.glob("*.whl"):
        shutil.copy(file, copied)
    return copied


@pytest.fixture
def frozen(written: Path, sniper: Sniper, tmp_path: Path) -> Path:
    """The file, beside a shelf that is empty."""
    return Path(shutil.copy(written / "sniper-plugins.toml", tmp_path))


def test_the_same_is_installed_elsewhere_and_frozen_alike(frozen: Path, sniper: Sniper, wheels: Path) -> None:
    done = sniper("plugins", "sync", frozen, "--wheels", wheels, "--offline")
    assert done.code == 0, done.err
    assert "2 change(s), 0 as they were" in done.out
    assert f"isolated here unless you say --trust: {OTHER}" in done.out
    assert Shelf().names() == (OTHER, NAME)
    assert sniper("plugins", "freeze").out == frozen.read_text().replace("trusted = true", "trusted = false")
    again = sniper("plugins", "sync", frozen, "--wheels", wheels, "--offline", "--trust", "--json").json
    assert (again["changes"], again["kept"]) == ([], [OTHER, NAME])
    assert sniper("plugins", "freeze").out == frozen.read_text()


def test_what_the_file_does_not_name_goes(frozen: Path, sniper: Sniper, wheels: Path, tmp_path: Path) -> None:
    sniper("plugins", "sync", frozen, "--wheels", wheels, "--offline", "--trust")
    only = tmp_path / "only.toml"
    text = frozen.read_text()
    only.write_text(text[: text.index("[[plugin]]")] + text[text.rindex("[[plugin]]") :])
    plan = sniper("plugins", "sync", only, "--dry-run", "--json").json
    assert [(each["action"], each["distribution"]) for each in plan["changes"]] == [("uninstall", OTHER)]
    assert Shelf().names() == (OTHER, NAME)
    assert sniper("plugins", "sync", only).code == 0
    assert Shelf().names() == (NAME,)
    assert trust.given(Shelf().directory) == {}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('"secret:acme"', '"secret:other"'), "its release says that it asks for secret:other, but it asks for"),
        (("acme-math==1.0", "acme-math==1.1"), "acme-math"),
        (('permissions = ["secret:acme"]', "permissions = []"), "says that it asks for nothing, but it asks for"),
        (('publisher = ""', 'publisher = "acme"'), "by acme; what was found is"),
        (('source = "wheel"', 'source = "registry"'), "nobody can be asked for"),
        (('version = "1.0"', 'version = "1.1"'), "what was found is"),
        (("format = 1", "format = 2"), "its format is 2, and this sniper reads 1"),
        (('name = "sniper-risk-thunder"', 'name = "../../evil"'), "'../../evil' is no name of a plugin"),
        (('name = "sniper-risk-thunder"', 'name = "sniper-strategy-breakout"'), "names sniper-strategy-breakout twice"),
        (("trusted", "trustd"), "is no file of sniper plugins freeze"),
    ],
    ids=lambda each: each[1] if isinstance(each, tuple) else "",
)
def test_anything_else_than_the_file_says_stops_all_of_it(
    frozen: Path, sniper: Sniper, wheels: Path, monkeypatch: pytest.MonkeyPatch, change: tuple[str, str], says: str
) -> None:
    monkeypatch.setenv("SNIPER_REGISTRIES", str(frozen.parent / "no-registries"))
    text = frozen.read_text()
    assert change[0] in text
    frozen.write_text(text.replace(*change))
    done = sniper("plugins", "sync", frozen, "--wheels", wheels, "--offline")
    assert done.code != 0
    assert says in done.err
    assert Shelf().names() == ()


def test_a_wheel_that_is_not_the_one_is_not_taken(frozen: Path, sniper: Sniper, wheels: Path) -> None:
    digest = sha256(thunder(wheels, requires=["sniper-core>=0.1", "msgspec"]))
    assert digest not in frozen.read_text()
    done = sniper("plugins", "sync", frozen, "--wheels", wheels, "--offline")
    assert done.code == 6
    assert f"{OTHER} 1.0 came from no registry (wheel), and its wheel" in done.err
    assert Shelf().names() == ()


def test_two_that_offer_the_same_are_refused_with_both_named(
    frozen: Path, sniper: Sniper, wheels: Path, tmp_path: Path
) -> None:
    package = "sniper_strategy_eruption"
    init = (
        "from sniper import StrategySpec, hookimpl\n@hookimpl\ndef sniper_strategies():\n"
        f"    return [StrategySpec(name='breakout', summary='Another', factory='{package}.strategy:Breakout')]\n"
    )
    digest = sha256(wheel(wheels, name="sniper-strategy-eruption", files={f"{package}/__init__.py": init}))
    more = f'\n[[plugin]]\nname = "sniper-strategy-eruption"\nversion = "1.0"\nsha256 = "{digest}"\nsource = "wheel"\n'
    frozen.write_text(frozen.read_text() + more)
    done = sniper("plugins", "sync", frozen, "--wheels", wheels, "--offline")
    assert done.code == 6
    assert f"{NAME} 1.0 and sniper-strategy-eruption 1.0 both offer strategy.breakout" in done.err
    assert Shelf().names() == ()


def test_trust_that_a_file_says_is_not_given_to_what_collides_with_sniper_itself(
    sniper: Sniper, wheels: Path, tmp_path: Path
) -> None:
    library(wheels, "click", "1.0", {"click/__init__.py": "x = 1\n"})
    supply = ("--wheels", wheels, "--offline")
    assert sniper("plugins", "install", wheel(wheels, requires=["click<2"]), *supply).code == 0
    frozen = tmp_path / "frozen.toml"
    frozen.write_text(sniper("plugins", "freeze").out.replace("trusted = false", "trusted = true"))
    for words in ((), ("--dry-run",)):  # also where it is installed already
        done = sniper("plugins", "sync", frozen, *supply, "--trust", *words)
        assert done.code == 6
        assert f"{NAME} 1.0 brings click 1.0, but sniper's own environment holds click" in done.err
    sniper("plugins", "uninstall", NAME)
    assert sniper("plugins", "sync", frozen, *supply, "--trust").code == 6
    assert (Shelf().names(), trust.given(Shelf().directory)) == ((), {})
    assert sniper("plugins", "sync", frozen, *supply).code == 0


def test_trust_that_a_file_says_is_not_given_to_two_that_collide(sniper: Sniper, wheels: Path, tmp_path: Path) -> None:
    library(wheels, "acme_math", "1.1", {"acme_math.py": "one = 2\n"})
    supply = ("--wheels", wheels, "--offline")
    assert sniper("plugins", "install", thunder(wheels, requires=["acme-math==1.0"]), *supply).code == 0
    assert sniper("plugins", "install", wheel(wheels, requires=["acme-math==1.1"]), *supply).code == 0
    assert sniper("plugins", "trust", NAME, "--yes").code == 0
    frozen = tmp_path / "frozen.toml"
    text = sniper("plugins", "freeze").out
    frozen.write_text(
        "trusted = true".join(text.replace("trusted = true", "trusted = false").split("trusted = false", 1))
    )
    done = sniper("plugins", "sync", frozen, *supply, "--trust")  # the other one is trusted, and stays so
    assert done.code == 6
    assert f"{OTHER} 1.0 brings acme-math 1.0, but {NAME} 1.0 holds acme-math 1.1" in done.err
    assert list(trust.given(Shelf().directory)) == [NAME]
