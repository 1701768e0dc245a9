"""A bot on a node of the OP stack, which takes what its ``L1Block`` says of everything that is sent."""

from collections.abc import Iterator
from typing import Any

import pytest
from stand import Stand

from sniper.evm.rollup_fee import OpFees
from sniper.kernel import facts as f
from sniper.types import NATIVE
from sniper_sdk.devchain import DevChain
from sniper_sdk.protocols import set_prices

PRICES = OpFees(
    fork="isthmus",
    l1_base_fee=200 * 10**9,
    blob_base_fee=10**9,
    base_fee_scalar=500_000,
    blob_base_fee_scalar=800_000,
    operator_scalar=2_000_000_000,
    operator_constant=10**12,
)
"""Dearer than any chain's, so that whoever forgot it would be short of cash."""


@pytest.fixture
def chain() -> Iterator[DevChain]:
    with DevChain(automine=False, optimism=True, chain_id=10) as running:
        set_prices(running, PRICES)
        yield running


def receipts_as_op_geth(chain: DevChain, method: str, params: list[Any], result: Any) -> Any:
    """This node takes the fee and does not say so in its receipts: what a transaction's own trace shows beyond its gas
    and the operator's fee is put there. Any: JSON."""
    if method != "eth_getTransactionReceipt" or not isinstance(result, dict):
        return result
    how = {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}
    trace, sender = chain.rpc.call("debug_traceTransaction", params[0], how), result["from"]
    paid = sum(sign * int(trace[when][sender]["balance"], 16) for when, sign in (("pre", 1), ("post", -1)))
    value = int(chain.rpc.call("eth_getTransactionByHash", params[0])["value"], 16) * int(result["status"], 16)
    gas = int(result["gasUsed"], 16)
    operator = gas * PRICES.operator_scalar // 10**6 + PRICES.operator_constant
    beside = paid - value - gas * int(result["effectiveGasPrice"], 16) - operator
    if beside <= 0:
        return result  # a sale: what came in hides it
    return result | {
        "l1Fee": hex(beside),
        "operatorFeeScalar": hex(PRICES.operator_scalar),
        "operatorFeeConstant": hex(PRICES.operator_constant),
    }


async def test_it_is_kept_before_paid_within_that_and_the_books_equal_the_chain(stand: Stand, chain: DevChain) -> None:
    stand.node.lie = lambda *said: receipts_as_op_geth(chain, *said)
    stand.document["chain"]["dev"] |= {"rollup": "op"}
    # This node takes it of what is only simulated as well, for which a simulated wallet has no funds.
    stand.document["plugins"] = {"disable": ["risk.honeypot"]}
    del stand.document["risk"]["honeypot"]
    await stand.start()
    held = await stand.hold_a_launch()
    record = stand.record
    entry = record.all(f.OrderPlaced)[0]
    gas = sum(step.gas for step in entry.steps) * record.all(f.AttemptMade)[0].bid.max_fee
    kept = entry.gas - gas
    first = record.all(f.Booked)[0]
    hash_ = next(moved.tx_hash for moved in record.all(f.AttemptMoved) if moved.attempt == first.attempt and moved.raw)
    receipt = chain.rpc.call("eth_getTransactionReceipt", hash_)
    took = first.gas - int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert 10**14 < took <= kept < 2 * took, "what was kept for data covers what the chain took, and not twice"
    assert record.books["main"].cash[f"10:{NATIVE}"] == chain.balance(stand.owner)
    await stand.sell(held)
    assert record.books["main"].cash[f"10:{NATIVE}"] == chain.balance(stand.owner)
    assert await stand.replayed() == 0
