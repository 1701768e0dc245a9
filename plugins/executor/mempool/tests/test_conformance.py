from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from sniper.evm.abi import function
from sniper.evm.rpc import Endpoints
from sniper.evm.transaction import transaction_hash
from sniper.executor import Submission, Swap
from sniper.types import NATIVE, Mode
from sniper_executor_mempool import sniper_executors
from sniper_executor_mempool.executor import Mempool, MempoolConfig
from sniper_sdk import ExecutorConformance, PackageConformance
from sniper_sdk.devchain import CHAIN_ID, DevChain

GWEI, ETHER = 10**9, 10**18


class TestPackage(PackageConformance):
    distribution = "sniper-executor-mempool"


class Context:
    def __init__(self, chain: DevChain) -> None:
        self._chain = chain
        self._endpoints = Endpoints(CHAIN_ID, [chain.rpc_url], timeout=2.0)

    def endpoints(self, chain_id: int) -> Any:
        return self._endpoints

    def block(self, chain_id: int) -> int:
        return self._chain.block_number()

    def base_fee(self, chain_id: int) -> int:
        raise AssertionError("the kernel decides on fees")

    def quote(self, swap: Swap) -> int:
        raise AssertionError("what is sent is not played")


class OnTheChain(ExecutorConformance):
    executor_type = Mempool

    @pytest.fixture
    def chain(self) -> Iterator[DevChain]:
        with DevChain(automine=False) as running:
            yield running

    @pytest.fixture
    async def executor(self, chain: DevChain) -> AsyncIterator[Mempool]:
        context = Context(chain)
        yield Mempool(MempoolConfig(), context)
        await context.endpoints(CHAIN_ID).close()

    @pytest.fixture
    def include(self, chain: DevChain) -> Callable[[], Awaitable[None]]:
        async def included() -> None:
            chain.mine()

        return included


class TestPurchase(OnTheChain):
    """Wrapping ether stands for a swap of the native coin against a token."""

    @pytest.fixture
    def submission(self, chain: DevChain) -> Submission:
        return submission(chain, function("deposit()").encode(), ETHER, min_out=ETHER)


class TestPurchaseThatReverts(OnTheChain):
    @pytest.fixture
    def submission(self, chain: DevChain) -> Submission:
        return submission(chain, function("withdraw(uint256)").encode(ETHER), 0, min_out=1)


def test_the_spec_names_its_modes() -> None:
    assert {Mode(mode) for mode in sniper_executors()[0].modes} == Mempool.modes


def submission(chain: DevChain, data: bytes, value: int, *, min_out: int) -> Submission:
    owner, weth = chain.accounts[3], chain.addresses.weth
    raw = owner.sign(
        {
            "type": 2, "chainId": CHAIN_ID, "nonce": 0, "maxPriorityFeePerGas": GWEI, "maxFeePerGas": 100 * GWEI,
            "gas": 100_000, "value": value, "data": data, "to": weth,
        }
    )  # fmt: skip
    swap = Swap(
        chain_id=CHAIN_ID, owner=owner.address.lower(), token_in=NATIVE, token_out=weth.lower(), pool="", amm="",
        pool_data=0, amount_in=value, min_out=min_out, deadline=0, allowance=0, opens=True,
    )  # fmt: skip
    return Submission(
        account="main", attempt="main/s/1.0#1", chain_id=CHAIN_ID, owner=owner.address.lower(), purpose="entry",
        nonce=0, gas=100_000, max_fee=100 * GWEI, max_priority_fee=GWEI, tx_hash=transaction_hash(raw), raw=raw,
        swap=swap, held=((weth.lower(), 0),),
    )  # fmt: skip
