from collections.abc import AsyncIterator, Iterator

import pytest

from sniper_risk_holders.check import Holders, HoldersConfig, Holding
from sniper_sdk.devchain import DevChain
from sniper_sdk.probing import Probing


@pytest.fixture(scope="module")
def devchain() -> Iterator[DevChain]:
    with DevChain() as running:
        yield running


@pytest.fixture
async def world(devchain: DevChain) -> AsyncIterator[Probing[Holding]]:
    async with Probing(devchain, lambda **section: Holders(config=HoldersConfig(**section))) as made:
        yield made
