"""Rotation and recovery, and what a thief can still do afterwards: nothing."""

from pathlib import Path
from typing import Any

import pytest
from tuf.api.metadata import Metadata

from sniper.index import RegistryRefused, ReleaseRevoked, ReleaseUnknown
from sniper_registry.errors import KeyUnusable, PublishRefused
from sniper_registry.repository import rotating, tree
from sniper_registry.repository.change import meta_of
from sniper_registry.repository.keys import public_of
from sniper_registry.repository.verifying import verify
from sniper_registry.repository.view import read_role

DUSK = "sniper-exit-dusk"
FAR = 2**31


def whole(world: Any) -> None:
    assert verify(world.path, (world.path / "metadata" / "1.root.json").read_bytes(), lambda: world.now) == []


@pytest.mark.parametrize("role", rotating.OPERATORS)
def test_a_role_gets_new_keys_and_traders_follow(world: Any, role: str) -> None:
    assert world.client().find(DUSK).version == "1.1.0"
    old = rotating.rotate(world.repository, role)
    whole(world)
    assert world.client().find(DUSK).version == "1.1.0"
    assert world.client("who comes later").find(DUSK).version == "1.1.0"
    assert not set(old) & set(world.repository.tree.root().signed.keys if role != "index" else ())
    for keyid in old:
        (file,) = [each for each in world.repository.keys.glob("*.key") if public_of(each).keyid == keyid]
        file.unlink()
    world.repository._signers.clear()
    world.publish(DUSK, "1.2.0")
    world.repository.revoke(DUSK, "1.0.0", "old")
    whole(world)
    assert world.client().find(DUSK).version == "1.2.0"


def test_the_root_may_change_many_times_between_two_looks(world: Any) -> None:
    world.client()
    for role in ("root", "timestamp", "root", "snapshot", "targets", "root"):
        rotating.rotate(world.repository, role)
    assert world.client().find(DUSK).version == "1.1.0"


def test_a_new_root_needs_the_threshold_of_the_old_ones_keys(world: Any) -> None:
    for number in (1, 2):
        (world.repository.keys / f"root-{number}.key").unlink()
    with pytest.raises(KeyUnusable, match="2 of 3 keys, and 1 are at hand"):
        rotating.rotate(world.repository, "timestamp")
    whole(world)


def test_a_root_is_renewed_before_it_expires(world: Any) -> None:
    world.now += 300 * 86_400
    rotating.renew_root(world.repository)
    world.now += 100 * 86_400
    world.repository.refresh_timestamp()
    whole(world)
    assert world.client("later").find(DUSK).version == "1.1.0"


def test_a_rotation_that_is_killed_leaves_a_repository_that_traders_take(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, left = tree.write, 0

    class Killed(BaseException):
        pass

    def write(file: Path, data: bytes) -> None:
        nonlocal left
        if left == 0:
            raise Killed
        left -= 1
        original(file, data)

    done, writes = False, 0
    while not done:
        left = writes
        with monkeypatch.context() as patch:
            patch.setattr(tree, "write", write)
            try:
                rotating.rotate(world.repository, "timestamp")
                done = True
            except Killed:
                pass
        assert world.client(f"trader-{writes}").find(DUSK).version == "1.1.0"
        assert world.client().find(DUSK).version == "1.1.0"
        writes += 1
    assert writes > 4


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets", "publisher.acme"])
def test_a_fast_forward_by_a_thief_is_overcome_by_new_keys(world: Any, role: str) -> None:
    """The thief of the online keys shows version 2**31 of a role to a trader; the operator takes new keys."""
    stolen = {
        name: world.repository.signers(list(world.repository.tree.root().signed.roles[name].keyids))
        for name in ("targets", "snapshot", "timestamp")
    }
    good = world.copy("good")
    metadata = world.path / "metadata"
    timestamp: Metadata[Any] = Metadata.from_file(str(metadata / "timestamp.json"))
    snapshot = world.repository.tree.snapshot()
    if role == "timestamp":
        timestamp.signed.version = FAR
    else:
        held = world.repository.view().held(role) if role != "snapshot" else None
        if held is not None:
            held.signed.version = FAR
            held.signatures.clear()
            for signer in stolen["targets"] if role == "targets" else [world.key("acme")]:
                held.sign(signer, append=True)
            (metadata / f"{FAR}.{role}.json").write_bytes(held.to_bytes())
            snapshot.signed.meta[f"{role}.json"] = meta_of(held)
        snapshot.signed.version = FAR if role == "snapshot" else snapshot.signed.version + 1
        snapshot.sign(stolen["snapshot"][0])
        (metadata / f"{snapshot.signed.version}.snapshot.json").write_bytes(snapshot.to_bytes())
        timestamp.signed.snapshot_meta = meta_of(snapshot)
        timestamp.signed.version += 1
    timestamp.sign(stolen["timestamp"][0])
    (metadata / "timestamp.json").write_bytes(timestamp.to_bytes())
    assert world.client().find(DUSK).version == "1.1.0"

    world.path.rename(world.folder / "attacked")
    good.rename(world.path)
    with pytest.raises(RegistryRefused, match="older state"):
        world.client().find(DUSK)
    for each in ("targets", "snapshot", "timestamp"):
        rotating.rotate(world.repository, each)
    assert world.client().find(DUSK).version == "1.1.0"


def test_a_stolen_online_key_signs_nothing_after_the_rotation(world: Any) -> None:
    old = world.repository.signers(list(world.repository.tree.root().signed.roles["timestamp"].keyids))
    rotating.rotate(world.repository, "timestamp")
    world.client()
    file = world.path / "metadata" / "timestamp.json"
    timestamp: Metadata[Any] = Metadata.from_file(str(file))
    timestamp.signed.version += 1
    timestamp.sign(old[0])
    file.write_bytes(timestamp.to_bytes())
    with pytest.raises(RegistryRefused, match="not signed by whom it has to be"):
        world.client().refresh()


def test_a_publisher_changes_its_key_and_the_old_one_signs_nothing(world: Any) -> None:
    new = world.key("acme-2")
    signed = rotating.resigned(world.repository, "acme", [new])
    rotating.rotate_publisher(world.repository, "acme", [new.public_key], signed)
    assert world.repository.publishers()["acme"].keyids == [new.public_key.keyid]
    whole(world)
    assert world.client().find(DUSK).version == "1.1.0"
    with pytest.raises(PublishRefused, match="not signed by the keys of acme"):
        world.publish(DUSK, "1.2.0")
    wheel = world.wheel(DUSK, "1.2.0")
    world.repository.publish(wheel, world.described(wheel), new)
    assert world.client().find(DUSK).version == "1.2.0"


def test_a_publisher_changes_keys_only_with_the_same_releases_signed_by_them(world: Any) -> None:
    new, other = world.key("acme-2"), world.key("other")
    signed = rotating.resigned(world.repository, "acme", [other])
    with pytest.raises(PublishRefused, match="not signed by the new keys"):
        rotating.rotate_publisher(world.repository, "acme", [new.public_key], signed)
    with pytest.raises(PublishRefused, match="one of another publisher"):
        rotating.rotate_publisher(world.repository, "acme", [world.key("bolt").public_key], signed)
    role = read_role(rotating.resigned(world.repository, "acme", [new]) or b"")
    role.signed.targets.popitem()
    role.sign(new)
    with pytest.raises(PublishRefused, match="other releases"):
        rotating.rotate_publisher(world.repository, "acme", [new.public_key], role.to_bytes())
    whole(world)


class TestRecovery:
    """acme's key was stolen, and the thief published 6.6.6."""

    @pytest.fixture(autouse=True)
    def stolen(self, world: Any) -> None:
        world.client().find(DUSK)
        world.publish(DUSK, "6.6.6")
        assert world.client().find(DUSK).version == "6.6.6"

    def test_the_bad_release_is_revoked_and_the_good_ones_stay(self, world: Any) -> None:
        rotating.recover(world.repository, "acme", [(DUSK, "6.6.6")], "its publisher's key was stolen")
        whole(world)
        for trader in ("trader", "who never saw it"):
            client = world.client(trader)
            assert client.find(DUSK).version == "1.1.0"
            assert client.fetch(client.find(DUSK), world.folder).exists()
            with pytest.raises(ReleaseRevoked, match="key was stolen"):
                client.find(DUSK, "6.6.6")
            assert [each.version for each in client.releases(DUSK)] == ["1.0.0", "1.1.0"]
        assert [(each.name, each.version) for each in world.client().revoked()] == [(DUSK, "6.6.6")]
        assert [each.version for each in world.client().search("dusk")] == ["1.1.0"]

    def test_the_thief_publishes_nothing_more(self, world: Any) -> None:
        rotating.recover(world.repository, "acme", [(DUSK, "6.6.6")], "stolen")
        with pytest.raises(PublishRefused, match="not signed by the keys of acme"):
            world.publish(DUSK, "6.6.7")

    def test_metadata_of_the_thief_are_refused_even_with_the_online_keys(self, world: Any) -> None:
        rotating.recover(world.repository, "acme", [(DUSK, "6.6.6")], "stolen")
        view = world.repository.view()
        role, snapshot, timestamp = (
            view.held("publisher.acme"),
            world.repository.tree.snapshot(),
            world.repository.tree.timestamp(),
        )
        role.signed.version += 1
        role.sign(world.key("acme"))
        metadata = world.path / "metadata"
        (metadata / f"{role.signed.version}.publisher.acme.json").write_bytes(role.to_bytes())
        snapshot.signed.meta["publisher.acme.json"] = meta_of(role)
        snapshot.signed.version += 1
        snapshot.sign(world.repository.signers(view.root.roles["snapshot"].keyids)[0])
        (metadata / f"{snapshot.signed.version}.snapshot.json").write_bytes(snapshot.to_bytes())
        timestamp.signed.snapshot_meta = meta_of(snapshot)
        timestamp.signed.version += 1
        timestamp.sign(world.repository.signers(view.root.roles["timestamp"].keyids)[0])
        (metadata / "timestamp.json").write_bytes(timestamp.to_bytes())
        with pytest.raises(RegistryRefused, match="not signed by whom it has to be"):
            world.client().find(DUSK)

    def test_the_publisher_goes_on_with_a_new_key(self, world: Any) -> None:
        rotating.recover(world.repository, "acme", [(DUSK, "6.6.6")], "stolen", [world.key("acme-2")])
        wheel = world.wheel(DUSK, "1.2.0")
        world.repository.publish(wheel, world.described(wheel), world.key("acme-2"))
        assert world.client().find(DUSK).version == "1.2.0"

    def test_a_release_of_somebody_else_or_of_nobody_changes_nothing(self, world: Any) -> None:
        for bad, error in ((("sniper-risk-thunder", "0.1.0"), PublishRefused), ((DUSK, "9.9.9"), ReleaseUnknown)):
            with pytest.raises(error):
                rotating.recover(world.repository, "acme", [bad], "stolen")
        assert world.client().find(DUSK).version == "6.6.6"
