"""Installing wheels with the real uv: what is on the shelf afterwards, and that nothing is after a failure."""

import os
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from small_wheels import NAME, STRATEGY, library, sha256, wheel

from sniper.catalogue import Catalogue
from sniper.environments import revocations
from sniper.environments.shelf import Shelf

PACKAGE = "sniper_strategy_breakout"
USES = "from sniper_strategy_breakout.events import TOPIC\n"
Sniper = Callable[..., Any]


def files(directory: Path) -> dict[str, bytes]:
    """All but what was learned of revocations on the way."""
    return {
        str(file.relative_to(directory)): file.read_bytes()
        for file in directory.rglob("*")
        if file.is_file() and file.name != revocations.FILE
    }


def test_an_installed_wheel_is_listed_as_isolated_and_never_imported(
    tmp_path: Path, sniper: Sniper, shelf: Shelf
) -> None:
    path = wheel(tmp_path)
    done = sniper("plugins", "install", path)
    assert done.code == 0, done.err
    assert f"{NAME} 1.0 is installed" in done.out
    listed = sniper("plugins", "list", "--json").json["plugins"]
    (found,) = [each for each in listed if each["distribution"] == NAME]
    assert (found["kind"], found["name"], found["isolated"], found["first_party"]) == (
        "strategy",
        "breakout",
        True,
        False,
    )
    assert found["location"] == str(shelf.demand(NAME).site)
    assert PACKAGE not in sys.modules
    assert str(shelf.directory) not in "".join(sys.path)


def test_what_is_installed_is_the_wheel_and_its_record_says_where_from(
    tmp_path: Path, sniper: Sniper, shelf: Shelf
) -> None:
    path = wheel(tmp_path, permissions=["network:api.acme.com"])
    assert sniper("plugins", "install", path, "--accept-permissions").code == 0
    found = shelf.demand(NAME)
    assert (found.version, found.sha256, found.wheel, found.source) == ("1.0", sha256(path), path.name, "wheel")
    assert found.permissions == ("network:api.acme.com",)
    assert found.kept_wheel.read_bytes() == path.read_bytes()
    assert (found.site / PACKAGE / "strategy.py").is_file()
    assert not list(found.site.glob("*/direct_url.json"))


def test_its_keys_are_shown_from_what_it_said_of_itself(tmp_path: Path, sniper: Sniper) -> None:
    sniper("plugins", "install", wheel(tmp_path))
    (key,) = sniper("plugins", "info", "strategy.breakout", "--json").json["config"]
    assert key == {"key": "bps", "type": "integer", "required": False, "default": "300", "help": "How far it must rise"}


def test_a_dry_run_shows_everything_and_changes_nothing(tmp_path: Path, sniper: Sniper, shelf: Shelf) -> None:
    path = wheel(tmp_path, permissions=["network:api.acme.com"])
    plan = sniper("plugins", "install", path, "--dry-run", "--json").json
    assert plan["action"] == "install"
    assert plan["sha256"] == sha256(path)
    assert plan["extensions"] == ["strategy.breakout"]
    assert plan["isolated"]
    assert not plan["done"]
    (permission,) = plan["permissions"]
    assert permission["permission"] == "network:api.acme.com"
    assert permission["means"] == "may exchange data with api.acme.com over HTTPS: what it knows can leave there"
    told = sniper("plugins", "install", path, "--dry-run").out
    assert "nobody signed it" in told
    assert "it may exchange data with api.acme.com" in told
    assert shelf.names() == ()
    assert not [file for file in files(shelf.directory) if not file.startswith(".")]


def test_permissions_are_granted_by_a_word_or_nothing_is_installed(
    tmp_path: Path, sniper: Sniper, shelf: Shelf
) -> None:
    path = wheel(tmp_path, permissions=["secret:acme-key"])
    done = sniper("plugins", "install", path)
    assert done.code == 6
    assert "asks for secret:acme-key, which was not granted; nothing was changed" in done.err
    assert shelf.names() == ()
    assert sniper("plugins", "install", path, "--accept-permissions").code == 0
    assert shelf.names() == (NAME,)


def test_dependencies_are_installed_beside_it_pinned_and_by_hash(tmp_path: Path, sniper: Sniper, shelf: Shelf) -> None:
    mirror = tmp_path / "mirror"
    deep = library(mirror, "acme_deep", "2.1", {"acme_deep.py": "depth = 3\n"})
    direct = library(mirror, "acme_math", "1.4", {"acme_math/__init__.py": "one = 1\n"}, ["acme-deep>=2"])
    path = wheel(tmp_path, requires=["sniper-core>=0.1", "acme-math>=1", "msgspec"])
    done = sniper("plugins", "install", path, "--wheels", mirror, "--offline")
    assert done.code == 0, done.err
    assert "+ acme-deep==2.1" in done.out
    assert "+ acme-math==1.4" in done.out
    found = shelf.demand(NAME)
    assert found.lock == (
        f"acme-deep==2.1 --hash=sha256:{sha256(deep)}",
        f"acme-math==1.4 --hash=sha256:{sha256(direct)}",
    )
    assert (found.site / "acme_deep.py").is_file()
    assert not (found.site / "msgspec").exists()


def test_what_sniper_itself_imports_for_a_plugin_is_there(tmp_path: Path, sniper: Sniper) -> None:
    """Whatever is behind `sniper.evm.keccak` is sniper-core's own dependency, not the plugin's."""
    code = "from sniper.evm.keccak import keccak256\nTOPIC = keccak256(b'Swap()')\n"
    path = wheel(tmp_path, files={f"{PACKAGE}/events.py": code, f"{PACKAGE}/strategy.py": f"{USES}{STRATEGY}"})
    done = sniper("plugins", "install", path)
    assert done.code == 0, done.err


def test_a_dependency_that_takes_the_place_of_the_standard_library_is_refused(
    tmp_path: Path, sniper: Sniper, shelf: Shelf
) -> None:
    mirror = tmp_path / "mirror"
    library(mirror, "acme_math", "1.4", {"json/__init__.py": "one = 1\n"})
    done = sniper("plugins", "install", wheel(tmp_path, requires=["acme-math"]), "--wheels", mirror, "--offline")
    assert done.code == 6
    assert "a dependency brings json, which would take the place" in done.err
    assert shelf.names() == ()


def test_a_dependency_changes_nothing_of_the_plugin(tmp_path: Path, sniper: Sniper, shelf: Shelf) -> None:
    mirror = tmp_path / "mirror"
    library(mirror, "acme_math", "1.4", {f"{PACKAGE}/strategy.py": "import os\n"})
    done = sniper("plugins", "install", wheel(tmp_path, requires=["acme-math"]), "--wheels", mirror, "--offline")
    assert done.code == 6
    assert f"acme_math-1.4 brings files of {PACKAGE}" in done.err
    assert shelf.names() == ()


def test_what_a_dependency_brings_for_every_interpreter_or_for_users_is_left_out(
    tmp_path: Path, sniper: Sniper, shelf: Shelf
) -> None:
    mirror = tmp_path / "mirror"
    files = {"acme_math.py": "one = 1\n", "acme.pth": "import os\n", "acme_math-1.4.data/scripts/acme": "#!python\n"}
    library(mirror, "acme_math", "1.4", files)
    done = sniper("plugins", "install", wheel(tmp_path, requires=["acme-math"]), "--wheels", mirror, "--offline")
    assert done.code == 0, done.err
    there = {each.name for each in shelf.demand(NAME).site.iterdir()}
    assert "acme_math.py" in there
    assert not {"acme.pth", "bin"} & there
    assert sniper("plugins", "verify").code == 0


def test_sources_of_a_dependency_are_never_built(tmp_path: Path, sniper: Sniper, shelf: Shelf) -> None:
    mirror, ran = tmp_path / "mirror", tmp_path / "ran"
    mirror.mkdir()
    setup = f"open({str(ran)!r}, 'w')\nfrom setuptools import setup\nsetup(name='acme-math', version='1.4')\n"
    with tarfile.open(mirror / "acme_math-1.4.tar.gz", "w:gz") as archive:
        for name, text in {"setup.py": setup, "PKG-INFO": "Metadata-Version: 2.1\nName: acme-math\n"}.items():
            entry = tarfile.TarInfo(f"acme_math-1.4/{name}")
            entry.size = len(text)
            archive.addfile(entry, BytesIO(text.encode()))
    done = sniper("plugins", "install", wheel(tmp_path, requires=["acme-math"]), "--wheels", mirror, "--offline")
    assert done.code == 6
    assert "uv pip compile failed; nothing was changed" in done.err
    assert not ran.exists()
    assert shelf.names() == ()


@pytest.mark.parametrize(
    ("requires", "says"),
    [
        ("sniper-core>=9", r"requires sniper-core>=9, but sniper-core is 0.1.0 here"),
        ("msgspec<0.1", "requires msgspec<0.1, but msgspec is "),
        ("sniper-sdk", "requires sniper-sdk, which is for those who make plugins"),
        ("acme-nowhere", "acme-nowhere"),
    ],
)
def test_what_does_not_fit_here_is_refused_with_both_sides(
    tmp_path: Path, sniper: Sniper, shelf: Shelf, requires: str, says: str
) -> None:
    done = sniper("plugins", "install", wheel(tmp_path, requires=[requires]), "--offline", "--wheels", tmp_path)
    assert done.code == 6
    assert says in done.err
    assert shelf.names() == ()


def test_what_another_plugin_offers_is_refused_with_both_named(tmp_path: Path, sniper: Sniper, shelf: Shelf) -> None:
    sniper("plugins", "install", wheel(tmp_path))
    package = "sniper_strategy_eruption"
    init = (
        (tmp_path / "x").name
        and f"""
from sniper import StrategySpec, hookimpl

@hookimpl
def sniper_strategies():
    return [StrategySpec(name="breakout", summary="Another", factory="{package}.strategy:Breakout")]
"""
    )
    other = wheel(tmp_path, name="sniper-strategy-eruption", files={f"{package}/__init__.py": init})
    done = sniper("plugins", "install", other)
    assert done.code == 6
    assert f"sniper-strategy-eruption 1.0 and {NAME} 1.0 both offer strategy.breakout" in done.err
    assert shelf.names() == (NAME,)


def test_what_sniper_itself_has_installed_is_refused(tmp_path: Path, sniper: Sniper, shelf: Shelf) -> None:
    done = sniper("plugins", "install", wheel(tmp_path, name="sniper-strategy-grid", version="9.0"))
    assert done.code == 6
    assert "sniper-strategy-grid 0.1.0 is installed in " in done.err
    assert shelf.names() == ()


def test_the_same_release_again_changes_nothing(tmp_path: Path, sniper: Sniper, shelf: Shelf) -> None:
    path = wheel(tmp_path)
    sniper("plugins", "install", path)
    before = files(shelf.directory)
    assert sniper("plugins", "install", path, "--json").json["action"] == "none"
    assert files(shelf.directory) == before
    assert sniper("plugins", "install", path, "--reinstall", "--json").json["action"] == "reinstall"
    assert len(list((shelf.directory / "environments").iterdir())) == 2  # the old one goes with the next change


def test_a_failed_upgrade_leaves_what_was_there_byte_for_byte(tmp_path: Path, sniper: Sniper, shelf: Shelf) -> None:
    sniper("plugins", "install", wheel(tmp_path))
    before = files(shelf.directory)
    broken = wheel(tmp_path, version="1.1", files={f"{PACKAGE}/__init__.py": "raise RuntimeError('broken')\n"})
    done = sniper("plugins", "install", broken)
    assert done.code == 6
    assert "broken" in done.err
    assert files(shelf.directory) == before
    assert [each.origin.version for each in Catalogue.survey().extensions if each.environment] == ["1.0"]


def test_uninstalling_takes_it_away_whole(tmp_path: Path, sniper: Sniper, shelf: Shelf) -> None:
    sniper("plugins", "install", wheel(tmp_path))
    assert sniper("plugins", "uninstall", NAME, "--dry-run", "--json").json["action"] == "uninstall"
    assert shelf.names() == (NAME,)
    assert sniper("plugins", "uninstall", NAME).code == 0
    assert shelf.names() == ()
    assert not list((shelf.directory / "environments").iterdir())
    done = sniper("plugins", "uninstall", NAME)
    assert done.code == 6
    assert f"{NAME} is not installed in an environment of its own" in done.err


def test_two_changes_at_once_are_refused(tmp_path: Path, sniper: Sniper, shelf: Shelf) -> None:
    with shelf.changing():
        done = sniper("plugins", "install", wheel(tmp_path))
    assert done.code == 6
    assert "another sniper is changing what is installed" in done.err


_KILLED = """
import os, signal, sys
from sniper.cli import main
from sniper_registry.installing.commands import install
def described(environment):
    os.kill(os.getpid(), signal.SIGKILL)
install.described = described
main(["plugins", "install", sys.argv[1]])
"""


def test_a_kill_in_the_middle_leaves_nothing_visible_and_the_next_change_cleans_up(
    tmp_path: Path, sniper: Sniper, shelf: Shelf
) -> None:
    sniper("plugins", "install", wheel(tmp_path))
    path = wheel(tmp_path, version="1.1")
    done = subprocess.run([sys.executable, "-c", _KILLED, str(path)], check=False, env=dict(os.environ))
    assert done.returncode == -signal.SIGKILL
    assert list(shelf.directory.glob(".making-*/new/site"))
    assert shelf.demand(NAME).version == "1.0"
    assert [each.origin.version for each in Catalogue.survey().extensions if each.environment] == ["1.0"]
    assert sniper("plugins", "install", path).code == 0
    assert shelf.demand(NAME).version == "1.1"
    assert not list(shelf.directory.glob(".making-*"))
