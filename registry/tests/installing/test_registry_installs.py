"""Plugins by name, from a real signed repository that the trader added."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from securesystemslib.signer import Signer
from small_wheels import NAME, library, sha256, wheel

from sniper.catalogue import Catalogue
from sniper.environments.licences import LicenceError, public_key
from sniper.environments.shelf import Shelf
from sniper.index import Release
from sniper_registry.client.registries import Registries
from sniper_registry.errors import PublishRefused
from sniper_registry.installing.base import base
from sniper_registry.installing.lock import given
from sniper_registry.installing.refused import WheelRefused
from sniper_registry.installing.wheel import inspect
from sniper_registry.repository import keys
from sniper_registry.repository.publishing import locked
from sniper_registry.repository.repository import Repository
from sniper_registry.repository.submission import described
from sniper_registry.wheel import parse

PACKAGE = "sniper_strategy_breakout"
Sniper = Callable[..., Any]


class Registry:
    """A repository with one publisher, and wheels to publish."""

    def __init__(self, directory: Path) -> None:
        self.wheels = directory / "wheels"
        self.repository = Repository(directory / "repository")
        self.repository.init()
        keys.create(directory / "acme.key", None)
        self.key: Signer = keys.load(directory / "acme.key", None)
        self.repository.add_publisher("acme", [self.key.public_key])

    def trust(self) -> None:
        root = (self.repository.directory / "metadata" / "1.root.json").read_bytes()
        Registries().add(str(self.repository.directory), root=root)

    def publish(self, version: str, lock: Sequence[str] = (), **more: Any) -> Release:
        """Any: of `wheel`."""
        path = wheel(self.wheels, version=version, **more)
        made = parse(path.name, path.read_bytes())
        release = described(made, publisher="acme", requires=lock, published_at=time.time_ns())
        return self.repository.publish(made, release, self.key)


@pytest.fixture
def registry(tmp_path: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setenv("SNIPER_REGISTRIES", str(tmp_path / "registries"))
    made = Registry(tmp_path)
    made.trust()
    return made


def test_a_plugin_is_installed_by_name_and_version(registry: Registry, sniper: Sniper, shelf: Shelf) -> None:
    first = registry.publish("1.0")
    registry.publish("1.1")
    done = sniper("plugins", "install", f"{NAME}==1.0", "--offline")
    assert done.code == 0, done.err
    assert "published by acme, no level" in done.out
    found = shelf.demand(NAME)
    assert (found.version, found.sha256, found.publisher, found.source) == ("1.0", first.sha256, "acme", "registry")
    assert sniper("plugins", "install", NAME, "--json", "--offline").json["from"] == "1.0"
    assert shelf.demand(NAME).version == "1.1"


def test_the_lock_of_the_release_counts_not_what_is_newest(
    registry: Registry, sniper: Sniper, shelf: Shelf, tmp_path: Path
) -> None:
    mirror = tmp_path / "mirror"
    old = library(mirror, "acme_math", "1.0", {"acme_math.py": "one = 1\n"})
    library(mirror, "acme_math", "1.5", {"acme_math.py": "one = 2\n"})
    lock = [f"acme-math==1.0 --hash=sha256:{sha256(old)}"]
    registry.publish("1.0", lock, requires=["sniper-core>=0.1", "acme-math>=1"])
    assert sniper("plugins", "install", NAME, "--wheels", mirror, "--offline").code == 0
    assert shelf.demand(NAME).lock == tuple(lock)
    assert (shelf.demand(NAME).site / "acme_math.py").read_text() == "one = 1\n"


def test_a_dependency_with_another_hash_than_the_lock_is_refused(
    registry: Registry, sniper: Sniper, shelf: Shelf, tmp_path: Path
) -> None:
    mirror = tmp_path / "mirror"
    library(mirror, "acme_math", "1.0", {"acme_math.py": "import os\n"})
    registry.publish("1.0", [f"acme-math==1.0 --hash=sha256:{'0' * 64}"], requires=["sniper-core>=0.1", "acme-math"])
    done = sniper("plugins", "install", NAME, "--wheels", mirror, "--offline")
    assert done.code == 6
    assert "uv pip install failed; nothing was changed" in done.err
    assert "ash mismatch" in done.err
    assert shelf.names() == ()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (f"acme-other==1.0 --hash=sha256:{'0' * 64}", "requires acme-math>=1, which its release does not pin"),
        (f"acme-math==0.9 --hash=sha256:{'0' * 64}", "requires acme-math>=1, but its release pins 0.9"),
        ("acme-math==1.0", "each must be NAME==VERSION --hash"),
        (f"--index-url https://evil.example acme-math==1.0 --hash=sha256:{'0' * 64}", "each must be NAME==VERSION"),
        ("acme-math @ https://evil.example/acme.whl", "each must be NAME==VERSION"),
    ],
)
def test_a_lock_that_does_not_pin_what_the_wheel_requires_is_refused(tmp_path: Path, line: str, says: str) -> None:
    made = inspect(wheel(tmp_path, requires=["sniper-core>=0.1", "acme-math>=1"]))
    with pytest.raises(WheelRefused, match=says):
        given(made, [line], base())


def test_what_publishing_locks_for_all_platforms_is_installed_on_this_one(
    registry: Registry, sniper: Sniper, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = tmp_path / "mirror"
    library(mirror, "acme_math", "1.0", {"acme_math.py": ""}, ["acme-win>=1; sys_platform == 'win32'"])
    library(mirror, "acme_win", "1.0", {"acme_win.py": ""})
    library(mirror, "acme_mac", "1.0", {"acme_mac.py": ""})
    monkeypatch.setenv("UV_FIND_LINKS", str(mirror))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    requires = ["sniper-core>=0.1", "acme-math[fast]>=1", "acme-mac>=1; sys_platform == 'darwin'"]
    path = wheel(tmp_path, requires=requires)
    lock = locked(parse(path.name, path.read_bytes()))
    assert [line.partition(" --hash")[0] for line in lock] == [
        "acme-mac==1.0 ; sys_platform == 'darwin'",
        "acme-math==1.0",
        "acme-win==1.0 ; sys_platform == 'win32'",
    ]
    registry.publish("1.0", lock, requires=requires)
    done = sniper("plugins", "install", NAME, "--wheels", mirror, "--offline")
    assert done.code == 0, done.err
    assert [line.partition(" ")[0] for line in shelf.demand(NAME).lock] == ["acme-math==1.0"]
    assert sniper("plugins", "verify", "--offline").code == 0


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (("acme-math==1.0 ; sys_platform == 'win32'",), "does not pin acme-math"),
        (("acme-math==0.9",), "pins acme-math to 0.9, and acme-math>=1 is required"),
        (("acme-math==one",), "without one version"),
        (("acme-math==1.0 ; tomorrow == '1'",), "without one version"),
        (("acme-math==1.0", "acme-math==1.1 ; python_version >= '3'"), "pins acme-math twice, to 1.0 and 1.1"),
        (("acme-math==1.0 ; sys_platform != 'win32' --index-url https://evil.example",), "without one version"),
    ],
)
def test_a_release_whose_lock_nobody_here_could_install_is_not_published(
    registry: Registry, lines: Sequence[str], says: str
) -> None:
    lock = [f"{line} --hash=sha256:{'0' * 64}" for line in lines]
    with pytest.raises(PublishRefused, match=says):
        registry.publish("1.0", lock, requires=["sniper-core>=0.1", "acme-math>=1"])


def test_a_lock_may_pin_one_distribution_for_each_platform(tmp_path: Path) -> None:
    made = inspect(wheel(tmp_path, requires=["sniper-core>=0.1", "acme-math>=1"]))
    there, here = (f"acme-math=={each} --hash=sha256:{'0' * 64}" for each in ("1.0 ; os_name == 'nt'", "1.1"))
    assert given(made, [there, here], base()) == (here,)


def test_an_upgrade_shows_new_permissions_and_needs_a_word_for_them(
    registry: Registry, sniper: Sniper, shelf: Shelf
) -> None:
    registry.publish("1.0", permissions=["network:api.acme.com"])
    assert sniper("plugins", "install", NAME, "--accept-permissions", "--offline").code == 0
    assert "is the newest release" in sniper("plugins", "upgrade").out
    registry.publish("1.1", permissions=["network:api.acme.com", "secret:wallet"])
    (plan,) = sniper("plugins", "upgrade", "--dry-run", "--json", "--offline").json
    assert [(each["permission"], each["new"]) for each in plan["permissions"]] == [
        ("network:api.acme.com", False),
        ("secret:wallet", True),
    ]
    done = sniper("plugins", "upgrade", "--offline")
    assert done.code == 6
    assert "permission NEW secret:wallet: it has the secret wallet sent with its requests" in done.out
    assert "asks for secret:wallet, which was not granted" in done.err
    assert shelf.demand(NAME).version == "1.0"
    assert sniper("plugins", "upgrade", "--accept-permissions", "--offline").code == 0
    assert shelf.demand(NAME).version == "1.1"


def test_an_upgrade_names_the_good_release_where_the_newest_is_installed_and_revoked(
    registry: Registry, sniper: Sniper, shelf: Shelf
) -> None:
    registry.publish("1.1")
    registry.publish("1.2")
    sniper("plugins", "install", NAME, "--offline")
    registry.repository.revoke(NAME, "1.2", "steals keys")
    assert "1.2 is newer than what may be had: 1.1" in sniper("plugins", "upgrade", "--offline").out
    done = sniper("plugins", "upgrade")
    assert done.code == 1
    assert "newest release" not in done.out
    assert f"{NAME} 1.2 was revoked: steals keys" in done.err
    assert f"sniper plugins install {NAME}==1.1" in done.err
    assert shelf.demand(NAME).version == "1.2"
    done = sniper("plugins", "upgrade", NAME, "--json")
    assert (done.code, done.json) == (
        1,
        [{"action": "none", "distribution": NAME, "version": "1.2", "revoked": True, "sound": "1.1"}],
    )
    assert sniper("plugins", "install", f"{NAME}==1.1", "--offline").code == 0
    assert "1.1 is the newest release" in sniper("plugins", "upgrade").out


def test_an_upgrade_that_asks_for_nothing_new_needs_no_word_and_ends_trust(
    registry: Registry, sniper: Sniper, shelf: Shelf
) -> None:
    registry.publish("1.0")
    sniper("plugins", "install", NAME, "--offline")
    sniper("plugins", "trust", NAME, "--yes")
    registry.publish("1.1")
    done = sniper("plugins", "upgrade", NAME, "--offline")
    assert done.code == 0, done.err
    assert "upgrade sniper-strategy-breakout 1.0 -> 1.1" in done.out
    assert Catalogue.survey().extension("strategy", "breakout").origin.isolated


def test_what_somebody_else_published_takes_no_ones_place(
    registry: Registry, sniper: Sniper, shelf: Shelf, tmp_path: Path
) -> None:
    registry.publish("1.0")
    sniper("plugins", "install", NAME, "--offline")
    done = sniper("plugins", "install", wheel(tmp_path, version="2.0"))
    assert done.code == 6
    assert "was published by acme, and sniper-strategy-breakout 2.0 is by nobody who signed it" in done.err
    assert shelf.demand(NAME).version == "1.0"


def test_a_publisher_of_the_same_name_in_another_registry_is_somebody_else(
    registry: Registry, sniper: Sniper, shelf: Shelf, tmp_path: Path
) -> None:
    registry.publish("1.0")
    assert sniper("plugins", "install", NAME, "--offline").code == 0
    other = Registry(tmp_path / "other")
    other.publish("1.1")
    added = sniper("registry", "list", "--json").json[0]["name"]
    assert sniper("registry", "remove", added).code == 0
    other.trust()
    for words in (("install", f"{NAME}==1.1"), ("upgrade",)):
        done = sniper("plugins", *words, "--offline")
        assert done.code == 6
        assert f"{NAME} 1.0 was published by acme, and {NAME} 1.1 is by acme of another registry" in done.err
    assert shelf.demand(NAME).version == "1.0"
    sniper("registry", "remove", sniper("registry", "list", "--json").json[0]["name"])
    registry.publish("1.2")
    registry.trust()
    assert sniper("plugins", "upgrade", "--offline").code == 0
    assert shelf.demand(NAME).version == "1.2"


def test_a_revoked_release_is_not_installed_and_not_run_at_the_next_start(
    registry: Registry, sniper: Sniper, shelf: Shelf
) -> None:
    registry.publish("1.0")
    sniper("plugins", "install", NAME, "--offline")
    registry.repository.revoke(NAME, "1.0", "steals keys")
    done = sniper("plugins", "verify")
    assert done.code == 1
    assert "breakout 1.0 was revoked: steals keys" in done.out
    assert Catalogue.survey().refusal("strategy", "breakout")
    sniper("plugins", "uninstall", NAME)
    done = sniper("plugins", "install", f"{NAME}==1.0", "--offline")
    assert done.code != 0
    assert "revoked" in done.err
    registry.publish("1.1")
    assert sniper("plugins", "install", NAME, "--offline").code == 0


def test_a_wheel_by_its_path_is_held_against_what_the_registries_revoked(
    registry: Registry, sniper: Sniper, shelf: Shelf
) -> None:
    registry.publish("1.0")
    registry.repository.revoke(NAME, "1.0", "steals keys")
    done = sniper("plugins", "install", registry.wheels / f"{PACKAGE}-1.0-py3-none-any.whl")
    assert done.code == 6
    assert "breakout 1.0 was revoked: steals keys" in done.err
    assert shelf.names() == ()


def test_a_registry_that_is_gone_takes_nothing_back(registry: Registry, sniper: Sniper, shelf: Shelf) -> None:
    registry.publish("1.0")
    sniper("plugins", "install", NAME, "--offline")
    registry.repository.revoke(NAME, "1.0", "steals keys")
    sniper("plugins", "verify")
    registry.repository.directory.rename(registry.repository.directory.with_name("gone"))
    done = sniper("plugins", "verify")
    assert done.code == 1
    assert "was revoked: steals keys" in done.out


def test_the_key_in_its_package_makes_a_release_a_paid_one_before_and_after_it_is_installed(
    registry: Registry, sniper: Sniper, shelf: Shelf
) -> None:
    key = public_key(bytes(range(32)))
    assert registry.publish("1.0").licence_key == ""
    assert not sniper("plugins", "install", NAME, "--offline", "--json").json["needs_licence"]
    assert registry.publish("1.1", files={f"{PACKAGE}/licence.key": f"{key}\n"}).licence_key == key
    assert sniper("plugins", "install", NAME, "--dry-run", "--offline", "--json").json["needs_licence"]
    done = sniper("plugins", "install", NAME, "--offline")
    assert done.code == 0, done.err
    assert "licence    is paid for: it starts with a licence file of its publisher's alone" in done.out
    catalogue = Catalogue.survey()
    with pytest.raises(LicenceError, match="needs a licence"):
        catalogue.load(catalogue.spec("strategy", "breakout"))


def test_a_release_names_the_key_in_its_package_and_no_other(registry: Registry) -> None:
    path = wheel(registry.wheels, files={f"{PACKAGE}/licence.key": public_key(bytes(range(32)))})
    made = parse(path.name, path.read_bytes())
    release = described(made, publisher="acme", requires=(), published_at=time.time_ns())
    free = msgspec.convert({**msgspec.to_builtins(release), "licence_key": ""}, Release)
    with pytest.raises(PublishRefused, match="says another licence_key than its wheel"):
        registry.repository.publish(made, free, registry.key)


@pytest.mark.parametrize("text", ["", "of mine", "ab" * 31, "0" * 2_000])
def test_a_key_of_licences_that_is_none_is_not_published(registry: Registry, text: str) -> None:
    with pytest.raises(PublishRefused, match=r"licence\.key"):
        registry.publish("1.0", files={f"{PACKAGE}/licence.key": text})


def test_search_finds_what_there_is_and_says_what_is_installed(registry: Registry, sniper: Sniper) -> None:
    registry.publish("1.0")
    (found,) = sniper("plugins", "search", "rises", "--json").json
    assert (found["name"], found["publisher"], found["installed"]) == (NAME, "acme", None)
    sniper("plugins", "install", NAME, "--offline")
    assert sniper("plugins", "search", "--json").json[0]["installed"] == "1.0"
    assert sniper("plugins", "search", "nothing").out.count("\n") == 1


def test_info_tells_what_is_installed_and_what_there_is(registry: Registry, sniper: Sniper) -> None:
    registry.publish("1.0", permissions=["network:api.acme.com"])
    before = sniper("plugins", "info", NAME, "--json").json
    assert (before["environment"], before["installed"]) == (None, None)
    sniper("plugins", "install", NAME, "--offline", "--accept-permissions")
    registry.publish("1.1")
    found = sniper("plugins", "info", NAME, "--json").json
    assert (found["environment"]["publisher"], found["environment"]["runs"]) == ("acme", "isolated")
    assert [each["version"] for each in found["releases"]] == ["1.0", "1.1"]
    told = sniper("plugins", "info", NAME).out
    assert "permissions:  network:api.acme.com" in told
    assert told.splitlines()[-2].startswith("1.1")
    done = sniper("plugins", "info", "sniper-risk-nowhere")
    assert done.code == 6
    assert "nobody knows sniper-risk-nowhere" in done.err


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("sniper-strategy-nowhere", "there is no sniper-strategy-nowhere"),
        (f"{NAME}==9.9", "9.9"),
        (f"{NAME}==latest", "is no version"),
        ("../evil", "is neither NAME, NAME==VERSION"),
        ("gone.whl", "there is no such file"),
    ],
)
def test_what_is_not_there_is_said(registry: Registry, sniper: Sniper, target: str, says: str) -> None:
    registry.publish("1.0")
    done = sniper("plugins", "install", target, "--offline")
    assert done.code != 0
    assert says in done.err
