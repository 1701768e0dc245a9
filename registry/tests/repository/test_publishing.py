"""What gets into a repository, what does not, and what a trader finds of it."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tuf.api.metadata import Metadata, TargetFile, Targets

from sniper.index import Index
from sniper_registry.client.index import RegistryIndex
from sniper_registry.client.registries import Registries
from sniper_registry.errors import KeyUnusable, PublishRefused, RepositoryUnusable
from sniper_registry.repository import keys, tree
from sniper_registry.repository.repository import Repository
from sniper_registry.repository.submission import Submission, prepared
from sniper_registry.wheel import parse
from sniper_sdk import IndexConformance
from sniper_sdk.conformance.index import PUBLISHER, Stock, plugin_wheel

NEW = "sniper-exit-dawn"


class TestRegistryIndex(IndexConformance):
    def make(self, directory: Path, stock: Stock) -> Index:
        repository = Repository(directory / "repo")
        repository.init(root_keys=1, threshold=1)
        key = keys.create(directory / "acme.key", None)
        repository.add_publisher(PUBLISHER, [key])
        signer = keys.load(directory / "acme.key", None)
        for release, wheel in stock.wheels:
            repository.publish(parse(release.filename, wheel), release, signer)
        for each in stock.revoked:
            repository.revoke(each.name, each.version, each.reason)
        registries = Registries(directory / "registries")
        registries.add(str(repository.directory), fingerprint=repository.fingerprint())
        return RegistryIndex(registries)


def test_a_trader_finds_what_a_wheel_says_of_itself(world: Any) -> None:
    release = world.client().find("sniper-exit-dusk", "1.0.0")
    assert release.permissions == ("network:sun.example", "secret:sun")
    assert (release.kind, release.summary, release.licence) == ("exit", "Sells when the day ends", "MIT")
    assert release.publisher == "acme"


def test_a_level_is_the_registrys_word_and_shows_up_everywhere(world: Any) -> None:
    world.repository.award("sniper-exit-dusk", "1.1.0", "gold", {"sharpe": "0.4"})
    client = world.client()
    release = client.find("sniper-exit-dusk")
    assert release.level == "gold"
    assert [each.level for each in client.search("dusk")] == ["gold"]
    assert client.find("sniper-exit-dusk", "1.0.0").level == ""
    assert msgspec.json.decode(client.results(release)) == {"sharpe": "0.4"}


def test_a_release_never_changes(world: Any) -> None:
    wheel = world.wheel("sniper-exit-dusk", "1.1.0", "Sells at another time")
    with pytest.raises(PublishRefused, match="raise the version"):
        world.repository.publish(wheel, world.described(wheel), world.key("acme"))


def test_a_name_belongs_to_who_published_it_first(world: Any) -> None:
    wheel = world.wheel("sniper-exit-dusk", "2.0.0")
    with pytest.raises(PublishRefused, match="belongs to acme"):
        world.repository.publish(wheel, world.described(wheel, "bolt"), world.key("bolt"))


def test_a_key_that_is_another_publishers_signs_nothing(world: Any) -> None:
    wheel = world.wheel(NEW, "1.0.0")
    with pytest.raises(PublishRefused, match="not signed by the keys of acme"):
        world.repository.publish(wheel, world.described(wheel), world.key("bolt"))


def changed(world: Any, edit: Callable[[Targets], None]) -> Submission:
    """A submission whose role acme itself changed before signing it."""
    wheel = world.wheel("sniper-exit-dusk", "1.2.0")
    submission = world.repository.prepare(wheel, world.described(wheel), [world.key("acme")])
    metadata: Metadata[Targets] = Metadata.from_bytes(submission.metadata)
    edit(metadata.signed)
    metadata.sign(world.key("acme"))
    return msgspec.convert({**msgspec.to_builtins(submission), "metadata": metadata.to_bytes()}, Submission)


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (lambda role: role.targets.pop("files/sniper-exit-dusk/1.0.0.json"), "leaves out a release"),
        (
            lambda role: role.targets.update(
                {"files/sniper-exit-dusk/1.0.0.json": TargetFile.from_data("x", b"other", ["sha256"])}
            ),
            "changes or leaves out",
        ),
        (
            lambda role: role.targets.update(
                {"files/sniper-risk-thunder/9.json": TargetFile.from_data("x", b"other", ["sha256"])}
            ),
            "names other files",
        ),
        (lambda role: setattr(role, "version", role.version + 1), "version 4 instead of 3"),
        (lambda role: setattr(role, "version", role.version - 1), "version 2 instead of 3"),
        (lambda role: setattr(role, "expires", role.expires + timedelta(days=999)), "valid for"),
        (lambda role: setattr(role, "unrecognized_fields", {"x": 1}), "more than targets"),
    ],
)
def test_a_publisher_signs_one_more_release_and_nothing_else(world: Any, edit: Any, why: str) -> None:
    before = world.path.joinpath("metadata", "timestamp.json").read_bytes()
    with pytest.raises(PublishRefused, match=why):
        world.repository.accept(changed(world, edit))
    assert world.path.joinpath("metadata", "timestamp.json").read_bytes() == before


def test_a_publisher_awards_itself_no_level_and_describes_its_own_wheel(world: Any) -> None:
    wheel = world.wheel("sniper-exit-dusk", "1.2.0")
    current = world.repository.view().held("publisher.acme")
    for field, value, why in (("level", "platinum", "awards itself"), ("permissions", [], "another permissions")):
        described = {**msgspec.to_builtins(world.described(wheel)), field: value}
        release = msgspec.convert(described, type(world.described(wheel)))
        with pytest.raises(PublishRefused, match=why):
            world.repository.accept(prepared(current, wheel, release, [world.key("acme")], world.now))


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("spec(permissions=('network:' + HOST,))", "write a tuple of texts"),
        ("spec(**KEYS)", "write each argument"),
        ("def (", "no Python"),
    ],
)
def test_permissions_that_cannot_be_read_without_running_are_refused(world: Any, source: str, why: str) -> None:
    with pytest.raises(PublishRefused, match=why):
        world.wheel(NEW, "1.0.0", source=source)


def test_a_lock_pins_all_that_a_wheel_requires(world: Any) -> None:
    wheel = parse("sniper_exit_dawn-1.0-py3-none-any.whl", plugin_wheel(NEW, "1.0", "Sells", requires=("numpy>=2",)))
    with pytest.raises(PublishRefused, match="does not pin numpy"):
        world.repository.publish(wheel, world.described(wheel), world.key("acme"))


class TestKilled:
    """A process that is killed while it publishes, before each of its writes in turn."""

    def publish_and_die(self, world: Any, writes: int) -> bool:
        """Publish in a child that ends before write number ``writes``; whether it came to its end."""
        child = os.fork()
        if child == 0:
            original, done = tree.write, 0

            def write(file: Path, data: bytes) -> None:
                nonlocal done
                if done == writes:
                    os._exit(9)
                done += 1
                original(file, data)

            tree.write = write
            try:
                world.publish("sniper-exit-dusk", "1.2.0")
            finally:
                os._exit(0)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    def test_the_repository_is_the_old_one_or_the_new_one_and_can_be_written_again(self, world: Any) -> None:
        versions, writes, finished = [], 0, False
        while not finished:
            finished = self.publish_and_die(world, writes)
            client = world.client(f"trader-{writes}")
            newest = client.find("sniper-exit-dusk")
            client.fetch(newest, world.folder)
            assert [each.version for each in client.search("dusk")] == [newest.version]
            versions.append(newest.version)
            if newest.version == "1.2.0":
                break
            writes += 1
        assert writes >= 8, "a publish makes more writes than that"
        assert versions == ["1.1.0"] * writes + ["1.2.0"]

    def test_pages_that_were_left_behind_are_written_with_the_next_change(self, world: Any) -> None:
        page = world.path / "simple" / "sniper-exit-dusk" / "index.html"
        writes = 0
        while world.client(f"trader-{writes}").find("sniper-exit-dusk").version == "1.1.0":
            self.publish_and_die(world, writes)
            writes += 1
        assert "1.2.0" not in page.read_text()
        world.repository.refresh_timestamp()
        assert "1.2.0" in page.read_text()


def test_keys_are_for_their_owner_alone_and_never_in_the_repository(empty: Any) -> None:
    assert {file.stat().st_mode & 0o777 for file in empty.repository.keys.glob("*.key")} == {0o600}
    assert empty.repository.keys.stat().st_mode & 0o777 == 0o700
    with pytest.raises(RepositoryUnusable, match="name another folder"):
        Repository(empty.path, keys=empty.path / "keys")
    file = next(empty.repository.keys.glob("root-*.key"))
    file.chmod(0o644)
    with pytest.raises(KeyUnusable, match="others may read it"):
        keys.load(file, None)


def test_an_encrypted_key_needs_its_password_and_shows_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "acme.key"
    key = keys.create(file, b"correct horse")
    private = keys.load(file, b"correct horse")._private_key.private_bytes_raw().hex()  # type: ignore[attr-defined]
    assert private not in file.read_text()
    assert private not in repr(keys.load(file, b"correct horse"))
    assert keys.public_of(file) == key
    for wrong in (None, b"battery staple"):
        with pytest.raises(KeyUnusable) as raised:
            keys.load(file, wrong)
        assert "horse" not in str(raised.value)
    changed = file.read_text().replace(keys.public_text(key), "ed25519:" + "0" * 64)
    file.write_text(changed)
    with pytest.raises(KeyUnusable):
        keys.load(file, b"correct horse")


def test_what_is_there_is_not_overwritten(empty: Any) -> None:
    with pytest.raises(RepositoryUnusable, match="not empty"):
        empty.repository.init()
    with pytest.raises(KeyUnusable, match="never overwritten"):
        empty.repository.new_key("root-1")
