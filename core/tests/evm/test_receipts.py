from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sniper.errors import RpcError
from sniper.evm.receipts import settle
from sniper.evm.rpc import Endpoints
from sniper.evm.transaction import Transaction, signed

from .conftest import CHAIN, RICH, FakeNode

FORWARDER, TOKEN, BURNER, EMPTY, FRIEND = ("0x" + digit * 40 for digit in "56789")
# Sends half of the value it got back to its caller, and logs.
FORWARD = "60006000600060006002340433620186a0f160006000a000"
# Answers any call with 777.
ANSWER = "61030960005260206000f3"


async def balance(endpoints: Endpoints, address: str) -> int:
    return int(await endpoints.call("eth_getBalance", (address, "latest")), 16)


async def send(endpoints: Endpoints, to: str, value: int) -> str:
    nonce = int(await endpoints.call("eth_getTransactionCount", (RICH.address, "pending")), 16)
    payload = Transaction(
        chain_id=CHAIN, nonce=nonce, max_priority_fee=10**9, max_fee=10**11, gas=200_000, to=to, value=value
    ).payload()
    outcome = await endpoints.send_raw(signed(payload, RICH.sign(payload)))
    await endpoints.call("evm_mine")
    return outcome.hash


@pytest.fixture(autouse=True)
async def contracts(endpoints: Endpoints) -> None:
    for address, code in ((FORWARDER, FORWARD), (TOKEN, ANSWER), (BURNER, "5b600056")):
        await endpoints.call("anvil_setCode", (address, "0x" + code))


async def test_the_native_difference_is_exact_with_fee_and_internal_transfer(endpoints: Endpoints) -> None:
    before = await balance(endpoints, RICH.address)
    tx = await send(endpoints, FORWARDER, 1000)
    settlement = await settle(endpoints, tx, RICH.address, [TOKEN, BURNER, EMPTY])
    assert settlement is not None
    assert settlement.success
    assert settlement.native_exact
    assert settlement.native_difference == await balance(endpoints, RICH.address) - before
    assert settlement.native_difference == -500 - settlement.fee
    assert settlement.fee == settlement.gas_used * settlement.gas_price
    assert (settlement.sender, settlement.to, settlement.contract) == (RICH.address, FORWARDER, None)
    assert [log.address for log in settlement.logs] == [FORWARDER]
    assert settlement.tokens == {TOKEN: 777, BURNER: None, EMPTY: None}


async def test_another_transaction_of_the_same_block_is_not_counted(endpoints: Endpoints) -> None:
    await endpoints.call("evm_setAutomine", (False,))
    try:
        nonce = int(await endpoints.call("eth_getTransactionCount", (RICH.address, "pending")), 16)
        hashes = []
        for at, value in enumerate((10, 2000)):
            payload = Transaction(
                chain_id=CHAIN,
                nonce=nonce + at,
                max_priority_fee=10**9,
                max_fee=10**11,
                gas=21_000,
                to=FRIEND,
                value=value,
            ).payload()
            hashes.append((await endpoints.send_raw(signed(payload, RICH.sign(payload)))).hash)
        await endpoints.call("evm_mine")
    finally:
        await endpoints.call("evm_setAutomine", (True,))
    first, second = [await settle(endpoints, tx, FRIEND, []) for tx in hashes]
    assert first is not None
    assert second is not None
    assert first.block == second.block
    assert (first.native_difference, second.native_difference) == (10, 2000)


async def test_who_had_no_part_in_it_has_no_difference(endpoints: Endpoints) -> None:
    settlement = await settle(endpoints, await send(endpoints, FORWARDER, 10), EMPTY, [])
    assert settlement is not None
    assert (settlement.native_difference, settlement.native_exact) == (0, True)


async def test_a_transaction_without_receipt_is_none(endpoints: Endpoints) -> None:
    assert await settle(endpoints, "0x" + "00" * 32, RICH.address, [TOKEN]) is None


RECEIPT = {
    "blockNumber": "0x10",
    "blockHash": "0x" + "b1" * 32,
    "transactionIndex": "0x0",
    "gasUsed": "0x5208",
    "effectiveGasPrice": "0x2",
    "status": "0x0",
    "from": RICH.address,
    "to": TOKEN,
    "logs": [],
}


def replying(node: FakeNode, **results: Any) -> Callable[[Any], Any]:
    def one(request: Any) -> Any:
        method = request["method"]
        if method == "eth_getBalance":
            pinned = isinstance(request["params"][1], dict)
            return node.answer(request, hex(900) if pinned else hex(1000))
        if method not in results:
            return node.error(request, -32601, "the method does not exist")
        return node.answer(request, results[method])

    return lambda requests: [one(request) for request in requests]


@pytest.mark.parametrize("trace", [None, {"failed": False, "structLogs": []}])
async def test_without_a_trace_the_block_s_balances_are_used_and_said_to_be_inexact(
    fake: Callable[..., Awaitable[FakeNode]], trace: Any
) -> None:
    node = await fake()
    traced = {} if trace is None else {"debug_traceTransaction": trace}
    node.reply = replying(node, eth_getTransactionReceipt=RECEIPT, eth_call="0x" + f"{5:064x}", **traced)
    async with Endpoints(CHAIN, [node.url]) as endpoints:
        settlement = await settle(endpoints, "0x" + "01" * 32, RICH.address, [TOKEN])
    assert settlement is not None
    assert (settlement.native_difference, settlement.native_exact) == (-100, False)
    assert (settlement.success, settlement.fee, settlement.tokens) == (False, 42000, {TOKEN: 5})
    assert node.seen[-1] == ["eth_call", "eth_getBalance", "eth_getBalance"], "one batch"


async def test_a_receipt_that_makes_no_sense_is_an_error(fake: Callable[..., Awaitable[FakeNode]]) -> None:
    node = await fake()
    node.reply = replying(node, eth_getTransactionReceipt={**RECEIPT, "gasUsed": None})
    async with Endpoints(CHAIN, [node.url]) as endpoints:
        with pytest.raises(RpcError, match="makes no sense"):
            await settle(endpoints, "0x" + "01" * 32, RICH.address, [])


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [
        ({"balance": "0x64", "nonce": 1}, {"nonce": 2}, 0),
        ({"balance": "0x64"}, {"balance": "0x6e"}, 10),
        ({"balance": "0x64"}, None, -100),
        (None, {"balance": "0xa"}, 10),
        (None, None, 0),
    ],
)
async def test_a_trace_says_changed_untouched_created_and_destroyed(
    fake: Callable[..., Awaitable[FakeNode]], before: Any, after: Any, difference: int
) -> None:
    node = await fake()
    trace = {
        "pre": {} if before is None else {RICH.address.upper().replace("0X", "0x"): before},
        "post": {} if after is None else {RICH.address: after},
    }
    node.reply = replying(node, eth_getTransactionReceipt=RECEIPT, debug_traceTransaction=trace)
    async with Endpoints(CHAIN, [node.url]) as endpoints:
        settlement = await settle(endpoints, "0x" + "01" * 32, RICH.address, [])
    assert settlement is not None
    assert (settlement.native_difference, settlement.native_exact) == (difference, True)


@pytest.mark.parametrize(("said", "fee"), [
    ({}, 0),
    ({"l1Fee": "0x64"}, 100),
    ({"l1Fee": "0x64", "operatorFeeScalar": "0xf4240", "operatorFeeConstant": "0x7"}, 100 + 21_000 + 7),
    ({"l1Fee": "0x64", "operatorFeeScalar": "0x2", "operatorFeeConstant": "0x7", "daFootprintGasScalar": "0x190"},
     100 + 21_000 * 2 * 100 + 7),
])  # fmt: skip
async def test_a_receipt_of_the_op_stack_says_what_it_took_beside_gas(
    fake: Callable[..., Awaitable[FakeNode]], said: dict[str, str], fee: int
) -> None:
    node = await fake()
    node.reply = replying(node, eth_getTransactionReceipt=RECEIPT | said)
    async with Endpoints(CHAIN, [node.url]) as endpoints:
        settlement = await settle(endpoints, "0x" + "01" * 32, RICH.address, [])
    assert settlement is not None
    assert (settlement.fee, settlement.data_fee) == (42_000, fee)
