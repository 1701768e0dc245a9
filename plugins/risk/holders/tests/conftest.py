import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for `holders_world`, which the importlib mode does not find

from holders_world import World

from sniper_sdk.devchain import DevChain


@pytest.fixture(scope="module")
def devchain() -> Iterator[DevChain]:
    with DevChain() as running:
        yield running


@pytest.fixture
async def world(devchain: DevChain) -> AsyncIterator[World]:
    made = World(devchain)
    yield made
    await made.close()
