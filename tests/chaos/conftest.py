"""A stand behind the fault proxy, over HTTP or WebSocket; and one whose blocks come from a builder behind a relay."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from stand import Stand, Trader
from stand.built import BuiltChain

from sniper_sdk.devchain import DevChain
from sniper_sdk.faults import FaultProxy, Schedule
from sniper_sdk.relay import Relay

PLENTY = 10**20


@pytest.fixture
async def node(chain: DevChain, tmp_path: Path) -> AsyncIterator[FaultProxy]:
    """Says what the chain says until its schedule gets a fault; what went wrong is in ``faults.jsonl``."""
    async with FaultProxy(chain.rpc_url, Schedule(seed=1, log=tmp_path / "faults.jsonl")) as proxy:
        yield proxy


@pytest.fixture
async def stand(chain: DevChain, node: FaultProxy, tmp_path: Path) -> AsyncIterator[Stand[FaultProxy]]:
    """With one account, ``main``, that trades until the last block of the test."""
    made = _busy(chain, node, tmp_path)
    yield made
    await _ended(made)


@pytest.fixture
def built_chain() -> Iterator[BuiltChain]:
    with BuiltChain() as running:
        yield running


@pytest.fixture
async def relay(built_chain: BuiltChain) -> AsyncIterator[Relay]:
    """Where executors send."""
    async with Relay(built_chain.builder, seed=1) as running:
        yield running


@pytest.fixture
async def relayed(built_chain: BuiltChain, tmp_path: Path) -> AsyncIterator[Stand[FaultProxy]]:
    """As ``stand``, on a chain that is built; its node is one of the public pool."""
    async with Relay(built_chain.builder, name="public") as public, FaultProxy(public.url) as proxy:
        made = _busy(built_chain, proxy, tmp_path)
        yield made
        await _ended(made)


def _busy(chain: DevChain, node: FaultProxy, directory: Path) -> Stand[FaultProxy]:
    made = Stand(chain, node, directory, (Trader.named("main"),))
    rules = made.document["signer"]["keystore"]["rules"]["chains"][str(chain.chain_id)]
    made.document["risk"]["limits"]["max_spend_per_day"] = rules["max_value_per_day"] = PLENTY
    rules["max_value_per_hour"] = PLENTY
    return made


async def _ended(stand: Stand[FaultProxy]) -> None:
    if stand.bot.running:
        await stand.bot.kill()
    stand.record.close()
