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


@pytest.fixture(params=["node", "local"])
async def ground(devchain: DevChain, request: pytest.FixtureRequest) -> AsyncIterator[Ground]:
    """Scenarios are played on the node, and in a worker."""
    made = Ground(devchain, "newest" if request.param == "node" else None)
    yield made
    await made.close()
