"""A repository with two publishers and a few releases, made once and copied for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from securesystemslib.signer import Signer

from sniper.index import Release
from sniper_registry.client.client import RegistryClient
from sniper_registry.repository import keys
from sniper_registry.repository.repository import Repository
from sniper_registry.repository.submission import described
from sniper_registry.wheel import Wheel, parse
from sniper_sdk.conformance.index import plugin_wheel

NOW = 1_800_000_000.0
DAY = 86_400.0
SPECS = """
from sniper import ExitSpec, hookimpl

@hookimpl
def sniper_exits():
    return [ExitSpec(name="dusk", summary="Sells at dusk", factory="sniper_exit_dusk.rule:Dusk",
                     permissions=("secret:sun", "network:sun.example"))]
"""


class World:
    """A repository in a folder, its publishers' keys, and a clock that stands still until a test moves it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = NOW
        self.repository = Repository(folder / "repo", clock=lambda: self.now)
        self.path = self.repository.directory
        self._clients: list[RegistryClient] = []

    def key(self, name: str) -> Signer:
        """A publisher's key, made when it is asked for first."""
        file = self.folder / f"{name}.key"
        if not file.exists():
            keys.create(file, None)
        return keys.load(file, None)

    def wheel(self, name: str, version: str, summary: str = "Sells when the day ends", source: str = SPECS) -> Wheel:
        filename = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        return parse(filename, plugin_wheel(name, version, summary, source))

    def described(self, wheel: Wheel, publisher: str = "acme") -> Release:
        return described(wheel, publisher=publisher, requires=(), published_at=int(self.now * 10**9))

    def publish(self, name: str, version: str, publisher: str = "acme") -> Release:
        wheel = self.wheel(name, version)
        return self.repository.publish(wheel, self.described(wheel, publisher), self.key(publisher))

    def client(self, name: str = "trader", where: str | Path | None = None, patience_s: float = 20.0) -> RegistryClient:
        """One more look of a trader, who trusts the first root."""
        folder = self.folder / name
        client = RegistryClient(where or self.path, folder, clock=lambda: self.now, patience_s=patience_s)
        self._clients.append(client)
        if not folder.exists():
            client.trust((self.path / "metadata" / "1.root.json").read_bytes())
        return client

    def copy(self, name: str) -> Path:
        """The repository as it is now, elsewhere: what a mirror kept, or an attacker."""
        return Path(shutil.copytree(self.path, self.folder / name))

    def close(self) -> None:
        for client in self._clients:
            client.close()


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    world = World(tmp_path_factory.mktemp("stocked"))
    world.repository.init()
    for publisher in ("acme", "bolt"):
        world.repository.add_publisher(publisher, [world.key(publisher).public_key])
    world.publish("sniper-exit-dusk", "1.0.0")
    world.publish("sniper-exit-dusk", "1.1.0")
    world.publish("sniper-risk-thunder", "0.1.0", "bolt")
    return world.folder


@pytest.fixture
def world(stocked: Path, tmp_path: Path) -> Iterator[World]:
    world = World(Path(shutil.copytree(stocked, tmp_path / "world")))
    yield world
    world.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[World]:
    """A repository without publishers."""
    world = World(tmp_path)
    world.repository.init()
    yield world
    world.close()


@pytest.fixture(scope="session")
def worlds() -> type[World]:
    """For a test that fills one by itself."""
    return World
