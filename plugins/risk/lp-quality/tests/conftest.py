from collections.abc import AsyncIterator, Iterator

import pytest

from sniper_risk_lp_quality.check import Liquidity, LpQuality, LpQualityConfig
from sniper_sdk.devchain import DevChain
from sniper_sdk.probing import Probing


@pytest.fixture(scope="module")
def devchain() -> Iterator[DevChain]:
    with DevChain() as running:
        yield running


@pytest.fixture
async def world(devchain: DevChain) -> AsyncIterator[Probing[Liquidity]]:
    async with Probing(devchain, lambda **section: LpQuality(config=LpQualityConfig(**section))) as made:
        yield made
