"""What is heard of revoked releases where something is wrong, here or there: what is known is told all the same."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sniper.index import RegistryError, RegistryRefused, RegistryUnreachable, Release, Revocation
from sniper_registry.client.client import RegistryClient
from sniper_registry.client.index import RegistryIndex
from sniper_registry.client.memory import Memory
from sniper_registry.client.registries import Registries

DUSK, NOON = "sniper-exit-dusk", "sniper-exit-noon"
WRITER = """
import sys
from pathlib import Path
from sniper_registry.repository.tree import write

print("ready", flush=True)
sys.stdin.readline()
for turn in range(100):
    write(Path(sys.argv[1]), b"whole")
"""


@pytest.fixture
def registries(world: Any, worlds: Any, tmp_path: Path) -> Registries:
    """Of this user: ``a``, which has revoked noon, and ``b``, the world's, which has revoked dusk. Both were heard."""
    other = worlds(tmp_path / "other")
    other.folder.mkdir()
    other.repository.init(root_keys=1, threshold=1)
    other.repository.add_publisher("acme", [other.key("acme").public_key])
    other.publish(NOON, "1.0.0")
    other.repository.revoke(NOON, "1.0.0", "bad")
    world.repository.revoke(DUSK, "1.0.0", "old")
    made = Registries(tmp_path / "registries", clock=lambda: world.now)
    for name, each in (("a", other), ("b", world)):
        made.add(str(each.path), fingerprint=each.repository.fingerprint(), name=name)
    assert [each.name for each in RegistryIndex(made).revoked()] == [DUSK, NOON]
    return made


def known(error: RegistryError) -> list[str]:
    return [f"{each.name} {each.version}" for each in error.known]


def test_a_revocation_of_a_version_that_is_none_is_refused_and_the_rest_is_heard(
    world: Any, registries: Registries
) -> None:
    bad = Revocation(name=DUSK, version="not a version", sha256="0" * 64, reason="x", at=1)
    with world.repository.change() as change:
        change.put("targets", "revoked.json", msgspec.json.encode((*world.repository.revoked(), bad)))
    with pytest.raises(RegistryRefused, match="'not a version' of sniper-exit-dusk, which is no version") as raised:
        RegistryIndex(registries).revoked()
    assert known(raised.value) == [f"{DUSK} 1.0.0", f"{NOON} 1.0.0"]


@pytest.mark.parametrize("what", ["targets", "metadata"])
def test_a_registrys_folder_that_cannot_be_used_silences_nobody(
    world: Any, registries: Registries, tmp_path: Path, what: str
) -> None:
    folder = tmp_path / "registries" / "b" / what
    folder.rename(tmp_path / "away")
    folder.write_text("a file where a folder should be")
    if what == "metadata":
        folder.unlink()
        folder.mkdir()
        (folder / "root.json").mkdir()
    with pytest.raises(RegistryUnreachable) as raised:
        RegistryIndex(registries).revoked()
    assert known(raised.value) == [f"{DUSK} 1.0.0", f"{NOON} 1.0.0"]


@pytest.mark.parametrize("damage", ["text", "folder", "version"])
def test_a_damaged_memory_of_one_registry_does_not_silence_another_one(
    registries: Registries, tmp_path: Path, damage: str
) -> None:
    seen = tmp_path / "registries" / "b" / "seen.json"
    if damage == "version":
        seen.write_bytes(seen.read_bytes().replace(b'"version":"1.0.0"', b'"version":"first"'))
    else:
        seen.unlink()
        seen.mkdir() if damage == "folder" else seen.write_text("{")
    with pytest.raises(RegistryRefused, match=r"seen\.json") as raised:
        RegistryIndex(registries).revoked()
    assert known(raised.value) == [f"{NOON} 1.0.0"]


def test_a_fault_of_the_client_is_told_as_a_registry_that_was_not_heard(
    registries: Registries, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(client: RegistryClient) -> tuple[Revocation, ...]:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(RegistryClient, "revoked", fails)
    with pytest.raises(RegistryUnreachable, match="ZeroDivisionError: division by zero") as raised:
        RegistryIndex(registries).revoked()
    assert isinstance(raised.value.__cause__, ZeroDivisionError)
    assert known(raised.value) == [f"{DUSK} 1.0.0", f"{NOON} 1.0.0"]


# Several processes, or threads, at once.


def test_two_processes_may_write_one_file_at_once(tmp_path: Path) -> None:
    file = tmp_path / "seen.json"
    command = [sys.executable, "-c", WRITER, str(file)]
    writers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for each in writers:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in writers:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    assert [each.communicate()[1] for each in writers] == ["", ""]
    assert [each.name for each in tmp_path.iterdir()] == ["seen.json"]
    assert file.read_bytes() == b"whole"


def test_what_one_hears_is_not_lost_while_another_one_notes_a_release(
    world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading and writing of the one, the other one tries to change the same file."""
    release: Release = world.repository.releases(DUSK)[0]
    revocation = world.repository.revocation_of(release, "bad")
    one, other = Memory(tmp_path / "seen.json"), Memory(tmp_path / "seen.json")
    hearing = threading.Thread(target=other.hear, args=((revocation,),))
    read = Memory._read

    def read_slowly(memory: Memory) -> Any:
        found = read(memory)
        if memory is one:
            hearing.start()
            hearing.join(0.2)  # without a lock it is through by now
        return found

    monkeypatch.setattr(Memory, "_read", read_slowly)
    one.note([release])
    hearing.join()
    monkeypatch.undo()
    assert other.revoked() == (revocation,)
    one.note([release])
