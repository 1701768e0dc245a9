from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from sniper.evm.rpc import Endpoints
from sniper.evm.transaction import transaction_hash
from sniper.executor import Submission, Swap
from sniper.types import NATIVE, Mode
from sniper_executor_private import sniper_executors
from sniper_executor_private.executor import Private, PrivateConfig
from sniper_sdk import ExecutorConformance, PackageConformance
from sniper_sdk.devchain import CHAIN_ID, DevChain
from sniper_sdk.relay import Builder, Relay

GWEI, ETHER = 10**9, 10**18
DEPOSIT = bytes.fromhex("d0e30db0")


class TestPackage(PackageConformance):
    distribution = "sniper-executor-private"


class Context:
    def __init__(self, chain: DevChain) -> None:
        self.chain = chain
        self.kept = Endpoints(CHAIN_ID, [chain.rpc_url], timeout=2.0)

    def endpoints(self, chain_id: int) -> Any:
        return self.kept

    def block(self, chain_id: int) -> int:
        return self.chain.block_number()

    def withheld(self, submission: Submission) -> str:
        return ""


class TestPurchase(ExecutorConformance):
    """Wrapping ether stands for a swap of the native coin against a token."""

    executor_type = Private

    @pytest.fixture
    def chain(self) -> Iterator[DevChain]:
        with DevChain(automine=False, order="fifo") as running:
            yield running

    @pytest.fixture
    def builder(self, chain: DevChain) -> Builder:
        return Builder(chain)

    @pytest.fixture
    async def executor(self, chain: DevChain, builder: Builder) -> AsyncIterator[Private]:
        context: Any = Context(chain)
        async with Relay(builder) as relay:
            made = Private(PrivateConfig(endpoints=(SecretStr(relay.url),)), context)
            yield made
            await made.close()
        await context.kept.close()

    @pytest.fixture
    def include(self, builder: Builder) -> Callable[[], Awaitable[None]]:
        async def included() -> None:
            builder.build()

        return included

    @pytest.fixture
    def submission(self, chain: DevChain) -> Submission:
        owner, weth = chain.accounts[3], chain.addresses.weth
        raw = owner.sign(
            {
                "type": 2, "chainId": CHAIN_ID, "nonce": 0, "maxPriorityFeePerGas": GWEI, "maxFeePerGas": 100 * GWEI,
                "gas": 100_000, "value": ETHER, "data": DEPOSIT, "to": weth,
            }
        )  # fmt: skip
        swap = Swap(
            chain_id=CHAIN_ID, owner=owner.address.lower(), token_in=NATIVE, token_out=weth.lower(), pool="", amm="",
            pool_data=0, amount_in=ETHER, min_out=ETHER, deadline=0, allowance=0, opens=True,
        )  # fmt: skip
        return Submission(
            account="main", attempt="main/s/1.0#1", chain_id=CHAIN_ID, owner=owner.address.lower(), purpose="entry",
            nonce=0, gas=100_000, max_fee=100 * GWEI, max_priority_fee=GWEI, tx_hash=transaction_hash(raw), raw=raw,
            swap=swap, held=((weth.lower(), 0),),
        )  # fmt: skip


def test_the_spec_names_its_modes() -> None:
    assert {Mode(mode) for mode in sniper_executors()[0].modes} == Private.modes
