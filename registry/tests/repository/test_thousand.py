"""What a look at a large repository costs: 1,000 releases of 250 plugins by 50 publishers.

``-s`` shows the figures of docs/registry.md.
"""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from tuf.api.metadata import DelegatedRole, TargetFile

from sniper_registry.client.client import RegistryClient
from sniper_registry.client.mirroring import mirror
from sniper_registry.places import pattern_of, role_of
from sniper_registry.repository.serving import server
from sniper_registry.repository.submission import signed_role, targets_of
from sniper_registry.repository.verifying import verify

pytestmark = pytest.mark.long

PUBLISHERS, PLUGINS, VERSIONS = 50, 5, 4
WANTED = "sniper-strategy-plugin-25-2"
T = TypeVar("T")


@pytest.fixture(scope="module")
def large(worlds: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Signed by everybody as it would be release by release, and written in one change."""
    world = worlds(tmp_path_factory.mktemp("large"))
    world.repository.init()
    signers = {
        f"publisher-{'abcdefghij'[number // 10]}{'klmnopqrst'[number % 10]}": number for number in range(PUBLISHERS)
    }
    with world.repository.change() as change:
        change.edit("targets")
        for publisher, number in signers.items():
            signer = world.key(publisher)
            targets: dict[str, TargetFile] = {}
            names = [f"sniper-strategy-plugin-{number}-{plugin}" for plugin in range(PLUGINS)]
            for name in names:
                change.touched.add(name)
                for version in range(VERSIONS):
                    wheel = world.wheel(name, f"1.{version}.0")
                    release = world.described(wheel, publisher)
                    files = targets_of(wheel, release, msgspec.json.encode(release))
                    targets |= {path: TargetFile.from_data(path, data, ["sha256"]) for path, data in files.items()}
                    for path, data in files.items():
                        change.bring(path, data)
            delegations = change.delegations()
            delegations.keys[signer.public_key.keyid] = signer.public_key
            change.delegated()[role_of(publisher)] = delegated(publisher, signer.public_key.keyid, names)
            change.adopt(role_of(publisher), signed_role(1, targets, [signer], world.now))
    return world


def delegated(publisher: str, keyid: str, names: list[str]) -> DelegatedRole:
    return DelegatedRole(role_of(publisher), [keyid], 1, terminating=True, paths=[pattern_of(name) for name in names])


@pytest.fixture(scope="module")
def address(large: Any) -> Iterator[str]:
    running = server(large.path, "127.0.0.1", 0)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_address[1]}"
    running.shutdown()
    running.server_close()
    thread.join()


class Stopwatch:
    """Prints how long each step took and how many bytes it fetched."""

    def __init__(self, client: RegistryClient) -> None:
        self._client = client

    def __call__(self, what: str, step: Callable[[], T]) -> tuple[T, int]:
        before, start = self._client.fetched, time.perf_counter()
        done = step()
        took, fetched = time.perf_counter() - start, self._client.fetched - before
        print(f"\n{what:32} {took * 1000:8.1f} ms {fetched:10,} bytes", end="")
        return done, fetched


def test_a_look_fetches_what_it_needs_and_no_more(large: Any, address: str, tmp_path: Path) -> None:
    root = (large.path / "metadata" / "1.root.json").read_bytes()
    client = RegistryClient(address, tmp_path / "trader", clock=lambda: large.now)
    timed = Stopwatch(client)
    _, first = timed("first refresh", lambda: client.trust(root))
    release, found = timed("find", lambda: client.find(WANTED))
    _, wheel = timed("fetch", lambda: client.fetch(release, tmp_path))
    _, listed = timed("search", lambda: client.search("plugin"))
    _, revoked = timed("revoked", client.revoked)
    client.close()
    again = RegistryClient(address, tmp_path / "trader", clock=lambda: large.now)
    timed = Stopwatch(again)
    _, nothing = timed("refresh, nothing is new", again.refresh)
    _, kept = timed("find, kept", lambda: again.find(WANTED))
    again.close()
    assert release.version == "1.3.0"
    assert first < 128 << 10
    assert found < 64 << 10
    assert wheel == release.size
    assert listed < 128 << 10
    assert (revoked, kept) == (0, 0)
    assert nothing < 2 << 10, "only the timestamp"


def test_a_publish_a_mirror_and_a_check_come_to_an_end(large: Any, tmp_path: Path) -> None:
    client = RegistryClient(large.path, tmp_path / "mirror" / ".mirror", clock=lambda: large.now)
    client.trust((large.path / "metadata" / "1.root.json").read_bytes())
    timed = Stopwatch(client)
    timed("mirror", lambda: mirror(client, tmp_path / "mirror"))
    timed("mirror, nothing is new", lambda: mirror(client, tmp_path / "mirror"))
    faults, _ = timed("verify", lambda: verify(tmp_path / "mirror", None, lambda: large.now))
    timed("publish", lambda: large.publish(WANTED, "2.0.0", "publisher-cp"))
    assert faults == []
    assert client.find(WANTED).version == "1.3.0", "one look stays one look"
