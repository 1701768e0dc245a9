"""Attacks on a trader by whoever serves, copies or stands before a registry, and by thieves of its keys.

Each is carried out on a real repository, and each has a control: the same client takes what was not attacked.
"""

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from securesystemslib.signer import CryptoSigner, Signer
from tuf.api.metadata import DelegatedRole, Metadata, Root, TargetFile

from sniper.index import RegistryError, RegistryRefused, RegistryUnreachable, ReleaseRevoked
from sniper_registry.client import fetching
from sniper_registry.client.index import RegistryIndex
from sniper_registry.client.registries import Registries
from sniper_registry.repository.change import meta_of
from sniper_registry.repository.serving import server

DUSK = "sniper-exit-dusk"
DAY = 86_400.0


class Thief:
    """Signs with keys that were stolen, or with keys of its own, into a copy of the repository.

    keys  By role: who signs it now. What is missing keeps the signatures that it had.
    """

    def __init__(self, path: Path, now: float, **keys: list[Signer]) -> None:
        self.metadata, self.now, self.keys = path / "metadata", now, keys
        self.path = path

    def role(self, name: str) -> Metadata[Any]:
        """The newest of a role."""
        if name == "timestamp":
            return Metadata.from_file(str(self.metadata / "timestamp.json"))
        versions = [int(file.name.split(".")[0]) for file in self.metadata.glob(f"*.{name}.json")]
        return Metadata.from_file(str(self.metadata / f"{max(versions)}.{name}.json"))

    def sign(self, name: str, metadata: Metadata[Any], *signers: Signer) -> None:
        signed = metadata.signed
        if signers or name in self.keys:
            metadata.signatures.clear()
            for signer in signers or self.keys[name]:
                metadata.sign(signer, append=True)
        file = "timestamp.json" if name == "timestamp" else f"{signed.version}.{name}.json"
        (self.metadata / file).write_bytes(metadata.to_bytes())

    def commit(self, *roles: tuple[str, Metadata[Any]], bump: int = 1) -> None:
        """Snapshot and timestamp that name these roles as they are now."""
        snapshot, timestamp = self.role("snapshot"), self.role("timestamp")
        for name, metadata in roles:
            snapshot.signed.meta[f"{name}.json"] = meta_of(metadata)
        snapshot.signed.version += bump
        self.sign("snapshot", snapshot)
        timestamp.signed.snapshot_meta = meta_of(snapshot)
        timestamp.signed.version += bump
        self.sign("timestamp", timestamp)

    def target(self, path: str, data: bytes) -> TargetFile:
        """A target of these bytes, which lie where they would be asked for."""
        target = TargetFile.from_data(path, data, ["sha256"])
        folder, _, name = path.rpartition("/")
        file = self.path / "targets" / folder / f"{target.hashes['sha256']}.{name}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return target


def operators(world: Any, *roles: str) -> dict[str, list[Signer]]:
    """Keys of the operator, stolen."""
    root = world.repository.tree.root().signed
    operator = world.repository.view().operator
    ids = {
        role: root.roles[role].keyids if role in root.roles else operator.get_delegated_role(role).keyids
        for role in roles
    }
    return {role: world.repository.signers(list(keyids)) for role, keyids in ids.items()}


@pytest.fixture(autouse=True)
def control(world: Any) -> None:
    """Without an attack a trader gets the wheel."""
    client = world.client()
    assert client.fetch(client.find(DUSK), world.folder).exists()


# Tampering.


def rewritten(file: Path, old: bytes, new: bytes) -> None:
    data = file.read_bytes()
    assert old in data
    file.write_bytes(data.replace(old, new))


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets", "index", "publisher.acme"])
def test_metadata_that_were_changed_are_refused(world: Any, role: str) -> None:
    world.publish(DUSK, "1.2.0")
    world.repository.award(DUSK, "1.2.0", "gold")
    world.repository.revoke(DUSK, "1.0.0", "old")
    thief = Thief(world.path, world.now)
    metadata = thief.role(role)
    metadata.signed.expires += timedelta(days=1)
    thief.sign(role, metadata)
    with pytest.raises(RegistryRefused):
        world.client().find(DUSK)


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets", "index", "publisher.acme"])
def test_metadata_that_somebody_else_signed_are_refused(world: Any, role: str) -> None:
    world.publish(DUSK, "1.2.0")
    world.repository.award(DUSK, "1.2.0", "gold")
    world.repository.revoke(DUSK, "1.0.0", "old")
    thief = Thief(world.path, world.now, **operators(world, "snapshot", "timestamp"))
    metadata = thief.role(role)
    thief.sign(role, metadata, CryptoSigner.generate_ed25519())
    if role not in ("timestamp", "snapshot"):
        thief.commit((role, metadata))
    with pytest.raises(RegistryRefused):
        world.client().find(DUSK)


@pytest.mark.parametrize("length", [-1, 0, 1], ids=["shorter", "same length", "longer"])
def test_a_wheel_that_was_changed_is_refused_and_nothing_is_left(world: Any, tmp_path: Path, length: int) -> None:
    client = world.client()
    release = client.find(DUSK)
    (wheel,) = (world.path / "targets" / "files" / DUSK).glob(f"{release.sha256}.*.whl")
    data = wheel.read_bytes()
    wheel.unlink()  # it is linked into packages/
    wheel.write_bytes(data[: len(data) + min(length, 0) - 1] + b"x" * (1 + max(length, 0)))
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(RegistryRefused):
        client.fetch(release, into)
    assert list(into.iterdir()) == []


@pytest.mark.parametrize("path", ["revoked.json", "catalogue.json", "awards.json"])
def test_a_list_that_was_changed_is_refused(world: Any, path: str) -> None:
    world.repository.revoke(DUSK, "1.0.0", "old")
    world.repository.award(DUSK, "1.1.0", "gold")
    for file in (world.path / "targets").glob(f"*.{path}"):
        file.write_bytes(b"{}" if path == "awards.json" else b"[]")
    client = world.client()
    with pytest.raises(RegistryRefused):
        client.search("") if path == "catalogue.json" else client.find(DUSK)


def test_a_page_that_was_changed_changes_nothing(world: Any) -> None:
    page = world.path / "simple" / DUSK / "index.html"
    page.write_text(page.read_text().replace("1.1.0", "6.6.6"))
    assert world.client().find(DUSK).version == "1.1.0"


# Rollback, freeze, mixing.


def taken_back(world: Any, old: Path, *names: str) -> None:
    """Put files of an old copy in place of the new ones."""
    for name in names:
        (world.path / "metadata" / name).write_bytes((old / "metadata" / name).read_bytes())


def test_an_old_timestamp_is_refused_by_who_saw_a_newer_one(world: Any) -> None:
    old = world.copy("old")
    world.publish(DUSK, "1.2.0")
    assert world.client().find(DUSK).version == "1.2.0"
    taken_back(world, old, "timestamp.json")
    with pytest.raises(RegistryRefused, match="older state"):
        world.client().find(DUSK)


@pytest.mark.parametrize("role", ["snapshot", "targets", "publisher.acme"])
def test_an_old_role_is_refused_even_under_a_new_timestamp(world: Any, role: str) -> None:
    """A thief of the online keys takes back one role."""
    old = world.copy("old")
    world.publish(DUSK, "1.2.0")
    world.repository.revoke(DUSK, "1.0.0", "old")
    assert world.client().find(DUSK).version == "1.2.0"
    thief = Thief(world.path, world.now, **operators(world, "snapshot", "timestamp"))
    before = Thief(old, world.now).role(role)
    if role == "snapshot":
        timestamp = thief.role("timestamp")
        timestamp.signed.snapshot_meta = meta_of(before)
        timestamp.signed.version += 1
        thief.sign("timestamp", timestamp)
    else:
        thief.commit((role, before))
    with pytest.raises(RegistryRefused, match="older state"):
        world.client().find(DUSK)


def test_a_release_that_was_seen_may_not_disappear(world: Any) -> None:
    """A thief of the publisher's key takes back a release that repaired something."""
    assert world.client().find(DUSK).version == "1.1.0"
    thief = Thief(world.path, world.now, **operators(world, "snapshot", "timestamp"))
    thief.keys["publisher.acme"] = [world.key("acme")]
    role = thief.role("publisher.acme")
    role.signed.targets = {path: each for path, each in role.signed.targets.items() if "1.1.0" not in path}
    role.signed.version += 1
    thief.sign("publisher.acme", role)
    thief.commit(("publisher.acme", role))
    with pytest.raises(RegistryRefused, match=r"1\.1\.0 was there before, and is gone"):
        world.client().find(DUSK)
    assert world.client("another").find(DUSK).version == "1.0.0", "who never saw it cannot know"


def test_a_release_that_was_seen_may_not_change(world: Any) -> None:
    assert world.client().find(DUSK).version == "1.1.0"
    thief = Thief(world.path, world.now, **operators(world, "snapshot", "timestamp"))
    thief.keys["publisher.acme"] = [world.key("acme")]
    forged(thief, world, DUSK, "1.1.0", "Sells to the thief")
    with pytest.raises(RegistryRefused, match="a release never changes"):
        world.client().find(DUSK)


def forged(thief: Thief, world: Any, name: str, version: str, summary: str, publisher: str = "acme") -> None:
    """A release that the thief made, signed as that publisher's."""
    wheel = world.wheel(name, version, summary)
    release = world.described(wheel, publisher)
    role = thief.role(f"publisher.{publisher}")
    files = {
        f"files/{name}/{wheel.filename}": wheel.content,
        f"files/{name}/{wheel.filename}.metadata": wheel.metadata,
        f"files/{name}/{version}.json": msgspec.json.encode(release),
    }
    role.signed.targets |= {path: thief.target(path, data) for path, data in files.items()}
    role.signed.version += 1
    thief.sign(f"publisher.{publisher}", role)
    thief.commit((f"publisher.{publisher}", role))


def test_a_state_that_is_held_back_is_refused_when_it_expires(world: Any) -> None:
    world.now += 1.9 * DAY
    assert world.client().find(DUSK).version == "1.1.0"
    world.now += 0.2 * DAY
    with pytest.raises(RegistryRefused, match="too old"):
        world.client().find(DUSK)


@pytest.mark.parametrize("role", ["snapshot", "targets", "index", "publisher.acme", "root"])
def test_no_role_outlives_its_time(world: Any, role: str) -> None:
    """A thief of the online keys can go on signing timestamps, and nothing else."""
    days = {"snapshot": 7, "targets": 180, "index": 90, "publisher.acme": 730, "root": 365}
    order = ["snapshot", "index", "targets", "root", "publisher.acme"]
    thief = Thief(world.path, world.now, **operators(world, "targets", "index", "snapshot", "timestamp"))
    world.now += (days[role] + 1) * DAY
    later = datetime.fromtimestamp(world.now, UTC) + timedelta(days=1)
    kept = [name for name in order[: order.index(role)] if name != "root"]
    if role == "publisher.acme":
        renewed_root(world, later)
    roles = []
    for name in (each for each in kept if each != "snapshot"):
        metadata = thief.role(name)
        metadata.signed.version += 1
        metadata.signed.expires = later
        thief.sign(name, metadata)
        roles.append((name, metadata))
    snapshot, timestamp = thief.role("snapshot"), thief.role("timestamp")
    snapshot.signed.meta |= {f"{name}.json": meta_of(metadata) for name, metadata in roles}
    if role != "snapshot":
        snapshot.signed.expires = later
    snapshot.signed.version += 1
    thief.sign("snapshot", snapshot)
    timestamp.signed.snapshot_meta = meta_of(snapshot)
    timestamp.signed.expires = later
    timestamp.signed.version += 1
    thief.sign("timestamp", timestamp)
    with pytest.raises(RegistryRefused, match="too old"):
        world.client().find(DUSK)


def renewed_root(world: Any, expires: datetime) -> None:
    metadata = world.repository.tree.root()
    metadata.signed.version += 1
    metadata.signed.expires = expires
    metadata.signatures.clear()
    for signer in operators(world, "root")["root"]:
        metadata.sign(signer, append=True)
    (world.path / "metadata" / f"{metadata.signed.version}.root.json").write_bytes(metadata.to_bytes())


@pytest.mark.parametrize("role", ["targets", "publisher.acme", "index"])
def test_states_are_not_mixed(world: Any, role: str) -> None:
    """A mirror serves one role of an older state under the name of the newer one."""
    old = world.copy("old")
    world.publish(DUSK, "1.2.0")
    world.repository.revoke(DUSK, "1.0.0", "old")
    thief = Thief(world.path, world.now)
    newer, older = thief.role(role), Thief(old, world.now).role(role)
    (world.path / "metadata" / f"{newer.signed.version}.{role}.json").write_bytes(older.to_bytes())
    with pytest.raises(RegistryError):
        world.client().find(DUSK)


def test_a_snapshot_of_another_state_is_refused(world: Any) -> None:
    old = world.copy("old")
    world.publish(DUSK, "1.2.0")
    newer, older = (Thief(path, world.now).role("snapshot") for path in (world.path, old))
    (world.path / "metadata" / f"{newer.signed.version}.snapshot.json").write_bytes(older.to_bytes())
    with pytest.raises(RegistryRefused):
        world.client().find(DUSK)


# Keys.


def test_a_publishers_key_signs_no_other_publishers_name(world: Any) -> None:
    """The delegated role of bolt names a release of acme's plugin; even the online keys do not help."""
    thief = Thief(world.path, world.now, **operators(world, "snapshot", "timestamp"))
    thief.keys["publisher.bolt"] = [world.key("bolt")]
    forged(thief, world, DUSK, "9.0.0", "Sells to the thief", "bolt")
    assert world.client().find(DUSK).version == "1.1.0"


def test_a_release_of_another_publisher_in_ones_own_role_is_refused(world: Any) -> None:
    """acme's own role describes a release as that of bolt."""
    thief = Thief(world.path, world.now, **operators(world, "snapshot", "timestamp"))
    thief.keys["publisher.acme"] = [world.key("acme")]
    role, wheel = thief.role("publisher.acme"), world.wheel(DUSK, "1.2.0")
    release = world.described(wheel, "bolt")
    role.signed.targets |= {
        f"files/{DUSK}/{wheel.filename}": thief.target(f"files/{DUSK}/{wheel.filename}", wheel.content),
        f"files/{DUSK}/1.2.0.json": thief.target(f"files/{DUSK}/1.2.0.json", msgspec.json.encode(release)),
    }
    role.signed.version += 1
    thief.sign("publisher.acme", role)
    thief.commit(("publisher.acme", role))
    with pytest.raises(RegistryRefused, match="another name, version, publisher or wheel"):
        world.client().find(DUSK)


def test_a_name_that_was_seen_stays_with_its_publisher(world: Any) -> None:
    """A thief of the operator's keys takes the name from acme, and bolt signs the same wheels and one more."""
    assert world.client().find(DUSK).version == "1.1.0"
    thief = Thief(world.path, world.now, **operators(world, "targets", "snapshot", "timestamp"))
    thief.keys["publisher.bolt"] = [world.key("bolt")]
    role = thief.role("targets")
    delegated = role.signed.delegations.roles
    delegated["publisher.acme"].paths = []
    delegated["publisher.bolt"].paths.append(f"files/{DUSK}/*")
    role.signed.version += 1
    thief.sign("targets", role)
    thief.commit(("targets", role))
    for version, summary in (
        ("1.0.0", "Sells when the day ends"),
        ("1.1.0", "Sells when the day ends"),
        ("6.6.6", "x"),
    ):
        forged(thief, world, DUSK, version, summary, "bolt")
    assert world.client("who never saw it").find(DUSK).version == "6.6.6"
    with pytest.raises(RegistryRefused, match="belonged to acme and belongs to bolt now"):
        world.client().find(DUSK)


def test_a_revocation_that_was_heard_of_stays(world: Any) -> None:
    """A thief of the operator's keys lets a revoked release run again."""
    world.repository.revoke(DUSK, "1.1.0", "sends your keys to a stranger")
    assert world.client().find(DUSK).version == "1.0.0"
    thief = Thief(world.path, world.now, **operators(world, "targets", "snapshot", "timestamp"))
    role = thief.role("targets")
    role.signed.targets["revoked.json"] = thief.target("revoked.json", b"[]")
    role.signed.version += 1
    thief.sign("targets", role)
    thief.commit(("targets", role))
    assert world.client("who never heard").find(DUSK).version == "1.1.0"
    with pytest.raises(RegistryRefused, match=r"1\.1\.0 was revoked .* and is so no longer"):
        world.client().find(DUSK)


def test_a_name_that_is_owned_twice_is_refused(world: Any) -> None:
    """A thief of the operator's key gives acme's name to bolt as well."""
    thief = Thief(world.path, world.now, **operators(world, "targets", "snapshot", "timestamp"))
    role = thief.role("targets")
    role.signed.delegations.roles["publisher.bolt"].paths.append(f"files/{DUSK}/*")
    role.signed.version += 1
    thief.sign("targets", role)
    thief.commit(("targets", role))
    with pytest.raises(RegistryRefused, match=r"belongs to publisher\.acme and publisher\.bolt at once"):
        world.client().find(DUSK)


@pytest.mark.parametrize("pattern", ["files/*/*", "files/sniper-exit-*/*", "*/*/*", f"files/{DUSK}/1.*"])
def test_a_publisher_who_was_given_more_than_names_owns_nothing_alone(world: Any, pattern: str) -> None:
    thief = Thief(world.path, world.now, **operators(world, "targets", "snapshot", "timestamp"))
    role = thief.role("targets")
    delegated: dict[str, DelegatedRole] = role.signed.delegations.roles
    delegated["publisher.bolt"].paths = [pattern]
    role.signed.delegations.roles = {"publisher.bolt": delegated.pop("publisher.bolt"), **delegated}
    role.signed.version += 1
    thief.sign("targets", role)
    thief.commit(("targets", role))
    with pytest.raises(RegistryRefused):
        world.client().find(DUSK)


@pytest.mark.parametrize("signatures", ["one of two", "one twice", "strangers", "none"])
def test_a_root_below_its_threshold_is_not_believed(world: Any, signatures: str) -> None:
    """A thief of one root key names its own keys for everything."""
    own = CryptoSigner.generate_ed25519()
    stolen = operators(world, "root")["root"][0]
    metadata = world.repository.tree.root()
    root: Root = metadata.signed
    for role in ("root", "targets", "snapshot", "timestamp"):
        root.add_key(own.public_key, role)
        root.roles[role].threshold = 1
    root.version += 1
    metadata.signatures.clear()
    by: dict[str, list[Signer]] = {
        "one of two": [stolen, own],
        "one twice": [stolen],
        "strangers": [own],
        "none": [],
    }
    for signer in by[signatures]:
        metadata.sign(signer, append=True)
    if signatures == "one twice":
        document = json.loads(metadata.to_bytes())
        document["signatures"].append(dict(document["signatures"][0], keyid="f" * 64))
        data = json.dumps(document).encode()
    else:
        data = metadata.to_bytes()
    (world.path / "metadata" / "2.root.json").write_bytes(data)
    with pytest.raises(RegistryRefused):
        world.client().find(DUSK)


# Endless and slow.


@contextmanager
def serving(answer: Callable[[socket.socket, str], None]) -> Iterator[str]:
    """A server that does with each connection what ``answer`` does, which is given the path that was asked for."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    def talk(connection: socket.socket) -> None:
        try:
            with connection:
                path = connection.recv(65536).split(b" ")[1].decode()
                answer(connection, path)
        except (OSError, IndexError):
            return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def gone(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize("header", [b"", b"Content-Length: 999999999999\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_data_without_end_are_cut_off(world: Any, header: bytes) -> None:
    sent = 0

    def endless(connection: socket.socket, path: str) -> None:
        nonlocal sent
        if "root.json" in path:
            gone(connection)
            return
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + header + b"\r\n")
        while True:
            connection.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            sent += 4096

    with serving(endless) as where, pytest.raises(RegistryRefused, match="more than it may"):
        world.client(where=where).find(DUSK)
    assert sent < 16 << 20


@pytest.mark.parametrize("drip", [b"x", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_data_that_come_too_slowly_are_given_up(world: Any, drip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "LEAST_RATE", 1 << 30)  # so that patience alone counts
    ended = threading.Event()

    def slow(connection: socket.socket, path: str) -> None:
        connection.sendall(drip)
        while not ended.wait(0.05):
            connection.sendall(b"y")

    with serving(slow) as where:
        client = world.client("slow", where=world.path)
        client.close()
        late = world.client("slow", where=where, patience_s=0.3)
        with pytest.raises(RegistryUnreachable, match=r"too slow|cannot be reached"):
            late.refresh()
        ended.set()


def test_a_pipe_in_a_mirror_does_not_stop_the_client(world: Any) -> None:
    (world.path / "metadata" / "timestamp.json").unlink()
    os.mkfifo(world.path / "metadata" / "timestamp.json")
    with pytest.raises(RegistryUnreachable):
        world.client().refresh()


def test_a_link_in_a_mirror_is_not_followed(world: Any, tmp_path: Path) -> None:
    file = world.path / "metadata" / "timestamp.json"
    other = tmp_path / "elsewhere.json"
    file.rename(other)
    file.symlink_to(other)
    with pytest.raises(RegistryUnreachable):
        world.client().refresh()


def test_a_redirection_is_not_followed(world: Any) -> None:
    def elsewhere(connection: socket.socket, path: str) -> None:
        if "root.json" in path:
            gone(connection)
            return
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n")

    with serving(elsewhere) as where, pytest.raises(RegistryUnreachable, match="302"):
        world.client(where=where).refresh()


# Paths.

TRICKS = [
    "../../../etc/passwd",
    "/etc/passwd",
    "..%2f..%2fx",
    "a/b",
    "a\\b.whl",
    ".hidden.whl",
    "x.whl\n",
    "",
    "sniper_exit_dusk-1.2.0-py3-none-any.whl/../../x",
]


@pytest.mark.parametrize("filename", TRICKS)
def test_a_wheel_whose_name_leads_elsewhere_is_refused(world: Any, tmp_path: Path, filename: str) -> None:
    """acme's key was stolen; the description names a file to write."""
    thief = Thief(world.path, world.now, **operators(world, "snapshot", "timestamp"))
    thief.keys["publisher.acme"] = [world.key("acme")]
    role, wheel = thief.role("publisher.acme"), world.wheel(DUSK, "1.2.0")
    release = {**msgspec.to_builtins(world.described(wheel)), "filename": filename}
    path = f"files/{DUSK}/1.2.0.json"
    role.signed.targets[path] = thief.target(path, msgspec.json.encode(release))
    role.signed.targets[f"files/{DUSK}/{filename}"] = TargetFile.from_data(filename, wheel.content, ["sha256"])
    role.signed.version += 1
    thief.sign("publisher.acme", role)
    thief.commit(("publisher.acme", role))
    client = world.client()
    with pytest.raises(RegistryRefused):
        client.find(DUSK, "1.2.0")
    assert client.find(DUSK, "1.1.0").version == "1.1.0"


@pytest.mark.parametrize(
    "name", ["../acme", "sniper-exit-dusk/../x", "Sniper-Exit-Dusk", "sniper_exit_dusk", "*", "", "a/*"]
)
def test_a_name_that_is_a_path_or_a_pattern_is_unknown(world: Any, name: str) -> None:
    with pytest.raises(RegistryError):
        world.client().find(name)


def test_a_version_that_is_none_is_refused(world: Any) -> None:
    thief = Thief(world.path, world.now, **operators(world, "snapshot", "timestamp"))
    thief.keys["publisher.acme"] = [world.key("acme")]
    role = thief.role("publisher.acme")
    role.signed.targets[f"files/{DUSK}/../x.json"] = TargetFile.from_data("x", b"{}", ["sha256"])
    role.signed.version += 1
    thief.sign("publisher.acme", role)
    thief.commit(("publisher.acme", role))
    with pytest.raises(RegistryRefused, match="is no version"):
        world.client().find(DUSK)


# Revocation and being offline.


def test_a_revoked_release_is_neither_found_nor_fetched_again(world: Any) -> None:
    client = world.client()
    release = client.find(DUSK)
    world.repository.revoke(DUSK, "1.1.0", "sends your keys to a stranger")
    assert world.client().find(DUSK).version == "1.0.0"
    with pytest.raises(ReleaseRevoked, match="sends your keys to a stranger"):
        world.client().find(DUSK, "1.1.0")
    with pytest.raises(ReleaseRevoked, match="sends your keys to a stranger"):
        world.client().fetch(release, world.folder)


def test_what_one_registry_revoked_is_heard_while_another_one_fails(world: Any, worlds: Any, tmp_path: Path) -> None:
    """Whoever blocks one registry must not silence the others, nor what was heard before."""
    other = worlds(tmp_path / "other")
    other.folder.mkdir()
    other.repository.init(root_keys=1, threshold=1)
    registries = Registries(tmp_path / "registries", clock=lambda: world.now)
    for name, each in (("a", other), ("b", world)):
        registries.add(str(each.path), fingerprint=each.repository.fingerprint(), name=name)
    other.repository.add_publisher("acme", [other.key("acme").public_key])
    other.publish("sniper-exit-noon", "1.0.0")
    other.repository.revoke("sniper-exit-noon", "1.0.0", "bad")
    assert [each.name for each in RegistryIndex(registries).revoked()] == ["sniper-exit-noon"]
    world.repository.revoke(DUSK, "1.1.0", "worse")
    (other.path / "metadata" / "timestamp.json").write_text("{}")
    with pytest.raises(RegistryRefused) as raised:
        RegistryIndex(registries).revoked()
    assert [each.name for each in raised.value.known] == [DUSK, "sniper-exit-noon"]


def test_a_registry_that_says_nothing_neither_holds_up_a_start_nor_silences_another_one(
    world: Any, worlds: Any, tmp_path: Path
) -> None:
    registries = Registries(tmp_path / "registries", clock=lambda: world.now)
    other = worlds(tmp_path / "other")
    other.folder.mkdir()
    other.repository.init(root_keys=1, threshold=1)
    for name, each in (("a", other), ("b", world)):
        registries.add(str(each.path), fingerprint=each.repository.fingerprint(), name=name)
    world.repository.revoke(DUSK, "1.1.0", "worse")
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes the connection, and nothing comes
        silent_one = tmp_path / "registries" / "a" / "registry.json"
        entry = msgspec.json.decode(silent_one.read_bytes())
        silent_one.write_bytes(msgspec.json.encode({**entry, "where": f"http://127.0.0.1:{silent.getsockname()[1]}"}))
        with pytest.raises(RegistryUnreachable, match="the registry a has not answered within 3 s") as raised:
            RegistryIndex(registries, within_s=3).revoked()
    assert [each.name for each in raised.value.known] == [DUSK]


def test_a_name_in_two_registries_is_refused(world: Any, worlds: Any, tmp_path: Path) -> None:
    other = worlds(tmp_path / "other")
    other.folder.mkdir()
    other.repository.init(root_keys=1, threshold=1)
    other.repository.add_publisher("thief", [other.key("thief").public_key])
    other.publish(DUSK, "9.9.9", "thief")
    registries = Registries(tmp_path / "registries", clock=lambda: world.now)
    for name, each in (("a", other), ("b", world)):
        registries.add(str(each.path), fingerprint=each.repository.fingerprint(), name=name)
    with pytest.raises(RegistryRefused, match="in the registries a and b"):
        RegistryIndex(registries).find(DUSK)
    registries.remove("a")
    assert RegistryIndex(registries).find(DUSK).publisher == "acme"


def test_what_was_kept_answers_offline_until_it_expires(world: Any) -> None:
    world.client().find(DUSK)
    world.path.rename(world.folder / "away")
    offline = world.client()
    assert offline.find(DUSK).version == "1.1.0"
    assert offline.offline
    with pytest.raises(RegistryUnreachable):
        offline.fetch(offline.find(DUSK), world.folder)
    world.now += 3 * DAY
    with pytest.raises(RegistryUnreachable, match="too old"):
        world.client().find(DUSK)


def test_a_clean_server_and_a_directory_give_the_same(world: Any) -> None:
    running = server(world.path, "127.0.0.1", 0)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    try:
        client = world.client("over-http", where=f"http://127.0.0.1:{running.server_address[1]}")
        assert client.releases(DUSK) == world.client().releases(DUSK)
        assert client.fetch(client.find(DUSK), world.folder).read_bytes()
    finally:
        client.close()
        running.shutdown()
        running.server_close()
        thread.join()


@pytest.mark.parametrize(
    "path",
    [
        "/../repo-keys/root-1.key",
        "/metadata/../../repo-keys/root-1.key",
        "/metadata/%2e%2e/x",
        "/",
        "/metadata/",
        "/metadata/.hidden",
        "//etc/passwd",
    ],
)
def test_the_server_gives_nothing_but_the_repository(world: Any, path: str) -> None:
    running = server(world.path, "127.0.0.1", 0)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    try:
        with socket.create_connection(("127.0.0.1", int(running.server_address[1]))) as connection:
            connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            assert connection.recv(12) in (b"HTTP/1.1 404", b"HTTP/1.0 404")
    finally:
        running.shutdown()
        running.server_close()
        thread.join()
