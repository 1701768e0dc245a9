import os
import select
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from sniper.signing import keyfile
from sniper.signing.password import of_text
from sniper_sdk.signer_world import SignerWorld
from sniper_signer_keystore.client import KeystoreConfig, KeystoreSigner


@pytest.fixture(scope="session")
def world() -> type[SignerWorld]:
    return SignerWorld


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "key.json"
    keyfile.create(path, of_text(SignerWorld.password), SignerWorld.key, work_factor=2)
    return path


@pytest.fixture
def run() -> Iterator[Path]:
    """A directory with a path short enough for a socket."""
    with TemporaryDirectory(prefix="signer-", dir="/tmp") as name:
        yield Path(name)


@pytest.fixture
def config(run: Path, key_file: Path) -> KeystoreConfig:
    return KeystoreConfig(socket=run / "s.sock", keystores=(key_file,), rules=SignerWorld.rules(), start_timeout=30)


@pytest.fixture
async def signer(config: KeystoreConfig) -> AsyncIterator[KeystoreSigner]:
    """A real one, open."""
    signer = KeystoreSigner(config, lambda: of_text(SignerWorld.password))
    await signer.open()
    yield signer
    await signer.close()


@pytest.fixture
def wait_for_end() -> Callable[[int], None]:
    """Wait until a process, ours or not, has ended."""

    def wait(pid: int) -> None:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        assert poll.poll(20_000), f"process {pid} still runs"
        os.close(descriptor)

    return wait
