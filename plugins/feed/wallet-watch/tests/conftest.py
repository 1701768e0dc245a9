"""A real node, and a feed that is read as the runtime reads one, with the kernel where the test says."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from sniper.evm.rpc import Endpoints, Provider
from sniper_feed_wallet_watch.config import WalletWatchConfig
from sniper_feed_wallet_watch.feed import WalletWatch
from sniper_sdk.devchain import DevChain
from sniper_sdk.faults import FaultProxy

sys.path.insert(0, str(Path(__file__).parent))  # the importlib mode does not find what stands beside it
from watching import Context, Watcher


@pytest.fixture
def chain() -> Iterator[DevChain]:
    with DevChain() as running:
        yield running


@pytest.fixture
async def proxy(chain: DevChain) -> AsyncIterator[FaultProxy]:
    """Between the feed and the node."""
    async with FaultProxy(chain.rpc_url) as running:
        yield running


@pytest.fixture
async def watching(chain: DevChain, proxy: FaultProxy) -> AsyncIterator[Callable[..., Any]]:
    provider = Provider(url=proxy.url, rate=1_000, burst=1_000)
    async with Endpoints(chain.chain_id, [provider], timeout=1) as endpoints:

        @asynccontextmanager
        async def watched(*addresses: str, **options: Any) -> AsyncIterator[Watcher]:
            wallets = {"whale": {"addresses": list(addresses), "strength_bps": 6_000}}
            config = WalletWatchConfig.model_validate({"wallets": wallets, "poll_s": 0.01, **options})
            watcher = Watcher(WalletWatch(config, Context(endpoints)), chain)
            try:
                yield watcher
            finally:
                await watcher.close()

        yield watched
