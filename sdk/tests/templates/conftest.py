"""The packages of all kinds, installed once for all tests of this directory."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for `generated_packages`, which the importlib mode does not find

from generated_packages import Packages, made


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Packages:
    return made(tmp_path_factory.mktemp("new"))
