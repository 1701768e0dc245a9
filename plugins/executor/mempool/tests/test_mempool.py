"""On a real node: wrapping ether stands for a swap of the native coin against a token."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from sniper.errors import RpcError
from sniper.evm.abi import function
from sniper.evm.rpc import Endpoints
from sniper.evm.transaction import transaction_hash
from sniper.executor import Submission, Swap
from sniper.types import NATIVE
from sniper_executor_mempool.executor import Mempool, MempoolConfig
from sniper_sdk.devchain import CHAIN_ID, DevChain

GWEI, ETHER = 10**9, 10**18
DEPOSIT = function("deposit()").encode()


@pytest.fixture
def chain() -> Iterator[DevChain]:
    with DevChain(automine=False) as running:
        yield running


class Context:
    def __init__(self, chain: DevChain, *urls: str) -> None:
        self._chain = chain
        self._endpoints = Endpoints(CHAIN_ID, urls or (chain.rpc_url,), timeout=2.0)

    def endpoints(self, chain_id: int) -> Any:
        return self._endpoints

    def block(self, chain_id: int) -> int:
        return self._chain.block_number()

    def base_fee(self, chain_id: int) -> int:
        raise AssertionError("the kernel decides on fees")

    def quote(self, swap: Swap) -> int:
        raise AssertionError("what is sent is not played")


@pytest.fixture
async def context(chain: DevChain) -> AsyncIterator[Context]:
    made = Context(chain)
    yield made
    await made.endpoints(CHAIN_ID).close()


def submission(
    chain: DevChain, data: bytes = DEPOSIT, value: int = ETHER, *, nonce: int = 0, max_fee: int = 100 * GWEI
) -> Submission:
    owner, weth = chain.accounts[3], chain.addresses.weth
    raw = owner.sign(
        {
            "type": 2,
            "chainId": CHAIN_ID,
            "nonce": nonce,
            "maxPriorityFeePerGas": min(GWEI, max_fee),
            "maxFeePerGas": max_fee,
            "gas": 100_000,
            "value": value,
            "data": data,
            "to": weth,
        }
    )
    swap = Swap(
        chain_id=CHAIN_ID,
        owner=owner.address.lower(),
        token_in=NATIVE,
        token_out=weth.lower(),
        pool="",
        amm="",
        pool_data=0,
        amount_in=value,
        min_out=0,
        deadline=0,
        allowance=0,
        opens=True,
    )
    return Submission(
        account="a",
        attempt="a/s/1.0#1",
        chain_id=CHAIN_ID,
        owner=owner.address.lower(),
        purpose="entry",
        nonce=nonce,
        gas=100_000,
        max_fee=max_fee,
        max_priority_fee=min(GWEI, max_fee),
        tx_hash=transaction_hash(raw),
        raw=raw,
        swap=swap,
        held=((weth.lower(), 0),),
    )


async def test_a_transaction_is_sent_included_and_measured_to_the_wei(chain: DevChain, context: Context) -> None:
    mempool, sent = Mempool(MempoolConfig(), context), submission(chain)
    before = chain.balance(sent.owner)
    assert (await mempool.send(sent)).outcome == "accepted"
    assert await mempool.settle(sent) is None
    chain.mine()
    settled = await mempool.settle(sent)
    assert settled is not None
    assert settled.ok
    assert settled.balances == ((chain.addresses.weth.lower(), ETHER),)
    assert settled.native_delta == chain.balance(sent.owner) - before == -ETHER - settled.gas_used * settled.gas_price
    assert settled.block == chain.block_number()
    assert settled.block_hash == chain.rpc.call("eth_getBlockByNumber", "latest", False)["hash"]


@pytest.mark.parametrize("send_to", ["first", "all"])
async def test_sending_and_settling_again_changes_nothing(chain: DevChain, send_to: Any) -> None:
    context = Context(chain, chain.rpc_url, chain.ws_url)
    mempool, sent = Mempool(MempoolConfig(send_to=send_to), context), submission(chain)
    first = await mempool.send(sent)
    again = await mempool.send(sent)
    chain.mine()
    after = await mempool.send(sent)
    assert (first.outcome, again.outcome, after.outcome) == ("accepted", "known", "nonce-too-low")
    assert await mempool.settle(sent) == await mempool.settle(sent)
    assert chain.token_balance(chain.addresses.weth, sent.owner) == ETHER
    await context.endpoints(CHAIN_ID).close()


async def test_confirmations_are_waited_for(chain: DevChain, context: Context) -> None:
    mempool, sent = Mempool(MempoolConfig(confirmations=2), context), submission(chain)
    await mempool.send(sent)
    assert await mempool.settle(sent) is None
    for _ in range(2):
        chain.mine()
        with pytest.raises(RpcError, match="2 must follow"):  # None would say that no block has it
            await mempool.settle(sent)
    chain.mine()
    assert await mempool.settle(sent) is not None


async def test_a_node_that_lags_cannot_say_that_no_block_has_it(chain: DevChain, context: Context) -> None:
    sent, ahead = submission(chain), chain.block_number() + 1
    context.block = lambda chain_id: ahead  # type: ignore[method-assign]
    with pytest.raises(RpcError, match="behind"):
        await Mempool(MempoolConfig(), context).settle(sent)


async def test_a_transaction_that_reverts_costs_gas_and_says_why(chain: DevChain, context: Context) -> None:
    mempool = Mempool(MempoolConfig(), context)
    sent = submission(chain, function("withdraw(uint256)").encode(5), 0)
    await mempool.send(sent)
    chain.mine()
    settled = await mempool.settle(sent)
    assert settled is not None
    assert not settled.ok
    assert settled.native_delta == -settled.gas_used * settled.gas_price
    assert settled.balances == ((chain.addresses.weth.lower(), 0),)
    assert settled.revert_reason


async def test_a_reorg_makes_it_unsettled_again(chain: DevChain, context: Context) -> None:
    mempool, sent = Mempool(MempoolConfig(), context), submission(chain)
    await mempool.send(sent)
    chain.mine()
    assert await mempool.settle(sent) is not None
    chain.reorg(1)
    assert await mempool.settle(sent) is None


@pytest.mark.parametrize(
    ("value", "max_fee", "outcome"),
    [(20_000 * ETHER, 100 * GWEI, "insufficient-funds"), (ETHER, 1, "underpriced")],
)
async def test_what_a_node_refuses_is_told_in_the_words_of_the_contract(
    chain: DevChain, context: Context, value: int, max_fee: int, outcome: str
) -> None:
    refused = await Mempool(MempoolConfig(), context).send(submission(chain, value=value, max_fee=max_fee))
    assert refused.outcome == outcome
    assert refused.message


async def test_a_dead_node_leaves_the_outcome_unknown(chain: DevChain, context: Context) -> None:
    sent = submission(chain)
    chain.stop()
    with pytest.raises(RpcError):
        await Mempool(MempoolConfig(), context).send(sent)
