from pathlib import Path

import pytest

from sniper.signing import keyfile
from sniper.signing.password import of_text
from sniper_sdk.signer_world import SignerWorld


@pytest.fixture(scope="session")
def world() -> type[SignerWorld]:
    return SignerWorld


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "key.json"
    keyfile.create(path, of_text(SignerWorld.password), SignerWorld.key, work_factor=2)
    return path
