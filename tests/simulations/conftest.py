import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for `ground` and `plays`, which the importlib mode does not find

from ground import Ground

from sniper_sdk.devchain import DevChain


@pytest.fixture(scope="module")
def devchain() -> Iterator[DevChain]:
    with DevChain(hardfork="cancun") as running:
        yield running


@pytest.fixture
async def ground(devchain: DevChain) -> AsyncIterator[Ground]:
    made = Ground(devchain)
    yield made
    await made.close()
