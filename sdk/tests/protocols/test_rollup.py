"""What rollups' contracts say is read as it is, and the fee of a transaction is what the real ones compute."""

import random
from collections.abc import AsyncIterator, Iterator

import pytest
from msgspec.structs import replace

from sniper.errors import RpcError
from sniper.evm.abi import function
from sniper.evm.rollup_fee import ArbitrumFees, OpFees, OpFork, RollupFees, operator_fee
from sniper.evm.rollup_prices import GAS_PRICE_ORACLE, read_prices
from sniper.evm.rpc import Endpoints
from sniper.evm.transaction import Transaction
from sniper_sdk.devchain import DevChain
from sniper_sdk.protocols import set_prices

OP = OpFees(l1_base_fee=23_456_789_012, blob_base_fee=3_456_789, base_fee_scalar=5_227, blob_base_fee_scalar=1_014_213)
LATER = replace(OP, operator_scalar=2_000_000, operator_constant=10**12)
BEDROCK = replace(OP, fork="bedrock", overhead=188, base_fee_scalar=684_000, blob_base_fee_scalar=0)
NITRO = ArbitrumFees(byte_price=16 * 31_000_000_007, gas_price=12_000_000, lowest_gas_price=10_000_000)
L1_FEE = function("getL1Fee(bytes)(uint256)")


@pytest.fixture(scope="module")
def chain() -> Iterator[DevChain]:
    with DevChain(contracts=False) as running:
        yield running


@pytest.fixture
async def endpoints(chain: DevChain) -> AsyncIterator[Endpoints]:
    made = Endpoints(chain.chain_id, [chain.rpc_url])
    yield made
    await made.close()


def fork(fees: OpFees, name: OpFork) -> OpFees:
    return replace(fees, fork=name)


@pytest.mark.parametrize("said", [
    BEDROCK, fork(OP, "ecotone"), fork(OP, "fjord"), fork(LATER, "isthmus"), fork(LATER, "jovian"), NITRO,
])  # fmt: skip
async def test_what_the_contracts_say_is_read(chain: DevChain, endpoints: Endpoints, said: RollupFees) -> None:
    set_prices(chain, said)
    kind = "op" if isinstance(said, OpFees) else "arbitrum"
    assert await read_prices(kind, endpoints, chain.block_number()) == said


@pytest.mark.parametrize("fees", [BEDROCK, fork(OP, "ecotone"), fork(OP, "fjord")])
def test_a_transaction_costs_what_the_real_contract_says(chain: DevChain, fees: OpFees) -> None:
    set_prices(chain, fees)
    rng = random.Random(5)
    for length in (0, 4, 68, 260, 1_000):
        unsigned = Transaction(
            chain_id=10,
            nonce=rng.randrange(10**6),
            max_priority_fee=rng.randrange(10**9),
            max_fee=10**9,
            gas=rng.randrange(10**6),
            to="0x" + rng.randbytes(20).hex(),
            value=rng.randrange(10**18),
            data=rng.randbytes(length // 2) + bytes(length // 2),
        ).payload()
        (told,) = L1_FEE.decode(chain.call(GAS_PRICE_ORACLE, L1_FEE.encode(unsigned)))
        assert fees.fee(unsigned, 21_000) == told > 0
        assert fees.gas(unsigned) == 0


@pytest.mark.parametrize("kind", ["op", "arbitrum"])
async def test_a_chain_of_another_kind_is_told_from_one_that_does_not_answer(kind: str) -> None:
    with DevChain(contracts=False) as plain:
        endpoints = Endpoints(plain.chain_id, [plain.rpc_url])
        with pytest.raises(RpcError, match=f"change rollup = '{kind}'"):
            await read_prices(kind, endpoints, plain.block_number())  # type: ignore[arg-type]
        await endpoints.close()


def test_a_node_of_the_op_stack_takes_what_is_computed_to_within_a_hundredth() -> None:
    said = replace(LATER, fork="isthmus", operator_scalar=4_000_000)
    with DevChain(contracts=False, optimism=True, chain_id=10) as chain:
        set_prices(chain, said)
        payer = chain.accounts[3]
        data = random.Random(7).randbytes(400)
        before, nonce = chain.balance(payer.address), chain.nonce(payer.address)
        receipt = chain.send(payer, "0x" + "2" * 40, data, gas=200_000)
        took = before - chain.balance(payer.address) - receipt.fee
        unsigned = Transaction(
            chain_id=10,
            nonce=nonce,
            max_priority_fee=10**9,
            max_fee=101 * 10**9,
            gas=200_000,
            to="0x" + "2" * 40,
            data=data,
        ).payload()
        operator = operator_fee(receipt.gas_used, "isthmus", said.operator_scalar, said.operator_constant)
        assert took > operator
        assert abs(said.fee(unsigned, receipt.gas_used) - took) * 100 < took
