"""Copies, and the check that names what is wrong with one."""

import json
import shutil
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tuf.api.metadata import TargetFile

from sniper.index import RegistryRefused, RegistryUnreachable
from sniper_registry.client.client import RegistryClient
from sniper_registry.client.mirroring import STATE, mirror
from sniper_registry.repository.rotating import recover
from sniper_registry.repository.serving import server
from sniper_registry.repository.submission import signed_role
from sniper_registry.repository.verifying import verify

DUSK = "sniper-exit-dusk"


@pytest.fixture
def address(world: Any) -> Iterator[str]:
    """The repository over HTTP."""
    running = server(world.path, "127.0.0.1", 0)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_address[1]}"
    running.shutdown()
    running.server_close()
    thread.join()


def copied(world: Any, where: str | Path, name: str = "mirror") -> Path:
    directory: Path = world.folder / name
    client = RegistryClient(where, directory / STATE, clock=lambda: world.now)
    try:
        if not client.trusts:
            client.trust((world.path / "metadata" / "1.root.json").read_bytes())
        mirror(client, directory)
    finally:
        client.close()
    return directory


def first_root(world: Any) -> bytes:
    data: bytes = (world.path / "metadata" / "1.root.json").read_bytes()
    return data


def faults(world: Any, directory: Path | None = None) -> list[str]:
    return [
        f"{each.where}: {each.what}" for each in verify(directory or world.path, first_root(world), lambda: world.now)
    ]


def test_a_mirror_is_whole_and_serves_like_the_registry(world: Any, address: str) -> None:
    world.repository.revoke(DUSK, "1.0.0", "old")
    directory = copied(world, address)
    assert faults(world, directory) == []
    shutil.rmtree(world.path / "packages")
    client = world.client("of the mirror", where=directory)
    assert client.find(DUSK).version == "1.1.0"
    assert client.fetch(client.find(DUSK), world.folder).exists()
    for page in ("index.html", f"{DUSK}/index.html", f"{DUSK}/index.json"):
        assert (directory / "simple" / page).read_text() == (world.path / "simple" / page).read_text()


def test_a_mirror_is_brought_up_to_date_by_what_is_new_alone(world: Any, address: str) -> None:
    copied(world, address)
    world.publish(DUSK, "1.2.0")
    client = RegistryClient(address, world.folder / "mirror" / STATE, clock=lambda: world.now)
    done = mirror(client, world.folder / "mirror")
    client.close()
    assert done.files <= 10
    assert faults(world, world.folder / "mirror") == []
    assert world.client("late", where=world.folder / "mirror").find(DUSK).version == "1.2.0"


@pytest.mark.parametrize(
    "pattern", ["targets/files/*/*.whl", "targets/*revoked.json", "metadata/*.publisher.acme.json"]
)
def test_a_mirror_of_a_registry_that_was_changed_stays_as_it_was(world: Any, pattern: str) -> None:
    directory = copied(world, world.path)
    world.publish(DUSK, "1.2.0")
    world.repository.revoke(DUSK, "1.0.0", "old")
    for file in world.path.glob(pattern):
        data = file.read_bytes()
        file.unlink()
        file.write_bytes(data.replace(b"e", b"f"))
    before = (directory / "metadata" / "timestamp.json").read_bytes()
    with pytest.raises((RegistryRefused, RegistryUnreachable)):
        copied(world, world.path)
    assert (directory / "metadata" / "timestamp.json").read_bytes() == before


@pytest.mark.parametrize("path", [f"files/{DUSK}/9.9.9.json", "files/../../x", "/etc/x", "revoked.json"])
def test_a_mirror_copies_no_target_that_is_not_its_signers_own(world: Any, path: str) -> None:
    """The keys of bolt and of the operator were stolen."""
    directory = copied(world, world.path)
    before = (directory / "metadata" / "timestamp.json").read_bytes()
    with world.repository.change() as change:
        role = change.role("publisher.bolt")
        targets = {**role.targets, path: TargetFile.from_data(path, b"[]", ["sha256"])}
        signed = signed_role(role.version + 1, targets, [world.key("bolt")], world.now)
        change.adopt("publisher.bolt", signed)
    with pytest.raises(RegistryRefused, match="which is not its own"):
        copied(world, world.path)
    assert (directory / "metadata" / "timestamp.json").read_bytes() == before
    assert any(fault.startswith(f"{path}: is signed by publisher.bolt") for fault in faults(world))


def test_a_mirror_drops_what_a_recovery_took_back(world: Any) -> None:
    world.publish(DUSK, "6.6.6")
    world.publish("sniper-exit-night", "6.6.6")
    directory = copied(world, world.path)
    recover(world.repository, "acme", [(DUSK, "6.6.6"), ("sniper-exit-night", "6.6.6")], "stolen")
    copied(world, world.path)
    for path in (world.path, directory):
        assert faults(world, path) == []
        assert list((path / "packages").rglob("*6.6.6*")) == []
        assert not (path / "simple" / "sniper-exit-night").exists()


def test_a_mirror_writes_pages_from_what_is_signed_whatever_the_registry_shows(world: Any) -> None:
    page = world.path / "simple" / DUSK / "index.html"
    good = page.read_text()
    page.write_text(good.replace("sha256=", "sha256=0"))
    assert (copied(world, world.path) / "simple" / DUSK / "index.html").read_text() == good


def changed(pattern: str, edit: Callable[[bytes], bytes] = lambda data: data[:-1] + b"~") -> Callable[[Path], None]:
    def change(path: Path) -> None:
        files = sorted(path.glob(pattern), key=lambda file: (len(file.name), file.name))
        data = files[-1].read_bytes()
        files[-1].unlink()
        files[-1].write_bytes(edit(data))

    return change


def missing(pattern: str) -> Callable[[Path], None]:
    def remove(path: Path) -> None:
        sorted(path.glob(pattern), key=lambda file: (len(file.name), file.name))[-1].unlink()

    return remove


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        (changed(f"targets/files/{DUSK}/*1.1.0*.whl"), "is not what was signed"),
        (changed(f"packages/{DUSK}/*1.1.0*.whl"), "packages/sniper-exit-dusk"),
        (changed(f"simple/{DUSK}/index.html"), "simple/sniper-exit-dusk/index.html: says something else"),
        (changed("simple/index.json"), "simple/index.json: says something else"),
        (lambda path: (path / "simple" / "evil.html").write_text("x"), "is a page of nothing"),
        (lambda path: (path / "packages" / DUSK / "evil.whl").write_text("x"), "evil.whl: is signed by nobody"),
        (changed("metadata/*.publisher.acme.json", lambda data: data.replace(b"3", b"4")), "publisher.acme"),
        (missing("metadata/*.publisher.acme.json"), "publisher.acme"),
        (missing("metadata/*.snapshot.json"), "snapshot"),
        (missing("metadata/timestamp.json"), "timestamp"),
        (missing("targets/*revoked.json"), "revoked.json"),
        (missing(f"targets/files/{DUSK}/*.metadata"), ".metadata"),
    ],
)
def test_each_fault_of_a_repository_is_named(world: Any, attack: Callable[[Path], None], said: str) -> None:
    assert faults(world) == []
    attack(world.path)
    assert any(said in fault for fault in faults(world)), faults(world)


def test_what_expired_is_named(world: Any) -> None:
    world.now += 8 * 86_400
    assert [fault.split(":")[0] for fault in faults(world)] == ["timestamp", "snapshot"]


def test_all_faults_are_named_not_only_the_first(world: Any) -> None:
    changed("simple/index.html")(world.path)
    changed(f"packages/{DUSK}/*1.1.0*.whl")(world.path)
    missing("targets/files/sniper-risk-thunder/*.metadata")(world.path)
    assert len(faults(world)) >= 3


def test_pages_are_json_for_who_asks_for_it(world: Any, address: str) -> None:
    kind = "application/vnd.pypi.simple.v1+json"
    request = urllib.request.Request(f"{address}/simple/{DUSK}/", headers={"Accept": kind})
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["Content-Type"] == kind
        page = json.load(answer)
    assert page["versions"] == ["1.0.0", "1.1.0"]
    assert page["files"][0]["core-metadata"]["sha256"]
    with urllib.request.urlopen(f"{address}/simple/{DUSK}/") as answer:
        assert answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_installers_take_a_release_from_the_pages_by_its_hash(
    world: Any, address: str, tmp_path: Path, installer: str
) -> None:
    """uv reads the JSON pages over HTTP, pip the HTML pages of a mirror on disk."""
    world.repository.revoke(DUSK, "1.1.0", "bad")
    release = world.client().find(DUSK)
    wanted, target = tmp_path / "wanted.txt", tmp_path / "target"
    wanted.write_text(f"{DUSK}=={release.version} --hash=sha256:{release.sha256}\n")
    index = f"{address}/simple/" if installer == "uv" else (copied(world, address) / "simple").as_uri()
    command = {
        "uv": ["uv", "pip", "install", "--no-config", "--no-cache"],
        "pip": ["pip", "--isolated", "--disable-pip-version-check", "--no-cache-dir", "install"],
    }[installer]
    options = ["--no-deps", "--require-hashes", "--index-url", index, "--target", str(target), "-r", str(wanted)]
    done = subprocess.run([sys.executable, "-m", *command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (target / "sniper_exit_dusk" / "__init__.py").exists()
