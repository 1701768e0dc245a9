"""A stand behind the fault proxy, over HTTP or WebSocket."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from stand import Stand, Trader

from sniper_sdk.devchain import DevChain
from sniper_sdk.faults import FaultProxy, Schedule


@pytest.fixture
async def node(chain: DevChain, tmp_path: Path) -> AsyncIterator[FaultProxy]:
    """Says what the chain says until its schedule gets a fault; what went wrong is in ``faults.jsonl``."""
    async with FaultProxy(chain.rpc_url, Schedule(seed=1, log=tmp_path / "faults.jsonl")) as proxy:
        yield proxy


@pytest.fixture
async def stand(chain: DevChain, node: FaultProxy, tmp_path: Path) -> AsyncIterator[Stand[FaultProxy]]:
    """With one account, ``main``, that trades until the last block of the test."""
    made = Stand(chain, node, tmp_path, (Trader.named("main"),))
    rules = made.document["signer"]["keystore"]["rules"]["chains"][str(chain.chain_id)]
    made.document["risk"]["limits"]["max_spend_per_day"] = rules["max_value_per_day"] = 10**20
    rules["max_value_per_hour"] = 10**20
    yield made
    if made.bot.running:
        await made.bot.kill()
    made.record.close()
