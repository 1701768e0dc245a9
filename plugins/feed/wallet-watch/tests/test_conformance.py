from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from watching import Context

from sniper.evm.rpc import Endpoints, Provider
from sniper_feed_wallet_watch import sniper_feeds
from sniper_feed_wallet_watch.config import WalletWatchConfig
from sniper_feed_wallet_watch.feed import WalletWatch
from sniper_sdk import FeedConformance, PackageConformance
from sniper_sdk.devchain import DevChain, calldata


class TestPackage(PackageConformance):
    distribution = "sniper-feed-wallet-watch"


class TestWalletWatch(FeedConformance):
    emits = sniper_feeds()[0].emits
    batches = 2

    @pytest.fixture
    async def context(self, chain: DevChain) -> AsyncIterator[Context]:
        async with Endpoints(chain.chain_id, [Provider(url=chain.rpc_url, rate=1_000, burst=1_000)]) as endpoints:
            yield Context(endpoints)

    @pytest.fixture
    def make_feed(self, chain: DevChain, context: Context) -> Callable[[Any], WalletWatch]:
        def made(resume: Any) -> WalletWatch:
            owner = chain.accounts[0].address
            config = {"wallets": {"whale": {"addresses": [owner]}}, "poll_s": 0.01}
            feed = WalletWatch(WalletWatchConfig.model_validate(config), context)
            feed.last = chain.block_number()
            return feed

        return made

    @pytest.fixture
    def produce(self, chain: DevChain, context: Context) -> Callable[[], Awaitable[None]]:
        async def produced() -> None:
            wrap = calldata("deposit()")
            chain.send(chain.accounts[0], chain.addresses.weth, wrap, value=10)
            send = calldata("transfer(address,uint256)", chain.accounts[1].address, 1)
            chain.send(chain.accounts[0], chain.addresses.weth, send)
            number = chain.block_number()
            hash_ = chain.rpc.call("eth_getBlockByNumber", hex(number), False)["hash"]
            context.resume = {"number": number, "hash": hash_, "recent": ((number, hash_),)}

        return produced
