"""A dev chain, a node before it, and a bot that is ready to be started, for tests that cross packages."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for `stand`, which the importlib mode does not find

from stand import FakeNode, Stand, Trader

from sniper_sdk.devchain import DevChain


@pytest.fixture
def chain() -> Iterator[DevChain]:
    """Real Uniswap; mines when it is told to."""
    with DevChain(automine=False) as running:
        yield running


@pytest.fixture
async def node(chain: DevChain) -> AsyncIterator[FakeNode]:
    """Says what the chain says, until a test has it do otherwise."""
    fake = FakeNode(chain.rpc_url)
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
async def stands(chain: DevChain, node: FakeNode, tmp_path: Path) -> AsyncIterator[Callable[..., Stand]]:
    """Makes a stand for accounts of these names, and ends its bot."""
    made: list[Stand] = []

    def make(*names: str) -> Stand:
        made.append(Stand(chain, node, tmp_path, tuple(Trader.named(name) for name in names)))
        return made[-1]

    yield make
    for each in made:
        if each.bot.running:
            await each.bot.kill()
        each.record.close()


@pytest.fixture
def stand(stands: Callable[..., Stand]) -> Stand:
    """With one account, ``main``."""
    return stands("main")
