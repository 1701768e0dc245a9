"""What a mined transaction did to its owner: receipt, native balance difference, token balances.

The native difference comes from the transaction's own trace (``prestateTracer`` with ``diffMode``) and is exact, fees
and internal transfers included. Nodes without it give the balance after the block minus the balance before it: exact
unless another transaction of that block, a withdrawal or a block reward also touched the owner, and ``native_exact`` is
False then. Token balances are those after the whole block, on that fork: other transactions of the block are in them.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from sniper.errors import CodecError, RpcError
from sniper.evm.abi import function
from sniper.evm.log import Log, log_from_json
from sniper.evm.rollup_fee import OpFork, operator_fee
from sniper.evm.rpc import Endpoints, NodeError, block_parameter

__all__ = ["Settlement", "settle"]

_BALANCE_OF = function("balanceOf(address)(uint256)")
_TRACER = {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}


class Settlement(Struct, frozen=True, kw_only=True):
    """``fee``: gas used times effective price, in wei, paid by ``sender``. ``data_fee``: what an OP-stack chain took
    beside it, in wei, where the receipt says it. ``native_difference``: of the owner, in wei, both fees included.
    ``tokens``: balance in base units per token, None for a token that gave no balance."""

    transaction: str
    block: int
    block_hash: str
    transaction_index: int
    success: bool
    sender: str
    to: str | None
    contract: str | None
    gas_used: int
    gas_price: int
    fee: int
    data_fee: int
    logs: tuple[Log, ...]
    native_difference: int
    native_exact: bool
    tokens: dict[str, int | None]


async def settle(
    endpoints: Endpoints, tx_hash: str, owner: str, tokens: Sequence[str], *, seen: int = 0
) -> Settlement | None:
    """None while the transaction has no receipt. Two round trips: receipt and trace, then balances at its block.

    ``seen``: a block that the caller knows of; a node that is behind it cannot say that there is no receipt.

    Raises `RpcError`, also when a reorg removed the block between the two: ask again.
    """
    requests = [("eth_getTransactionReceipt", (tx_hash,)), ("debug_traceTransaction", (tx_hash, _TRACER))]
    receipt, trace, newest = await endpoints.batch([*requests, ("eth_blockNumber", ())])
    if isinstance(receipt, NodeError):
        raise receipt
    if receipt is None:
        if isinstance(newest, NodeError) or int(newest, 16) < seen:
            raise RpcError(f"chain {endpoints.chain_id}: the node that has no {tx_hash} is behind block {seen}")
        return None
    try:
        block, block_hash = int(receipt["blockNumber"], 16), receipt["blockHash"].lower()
        gas_used, gas_price = int(receipt["gasUsed"], 16), int(receipt["effectiveGasPrice"], 16)
        traced = _traced_difference(trace, owner)
        balances, difference = await _balances(endpoints, owner, tokens, block, block_hash, with_native=traced is None)
        return Settlement(
            transaction=tx_hash,
            block=block,
            block_hash=block_hash,
            transaction_index=int(receipt["transactionIndex"], 16),
            success=int(receipt["status"], 16) == 1,
            sender=receipt["from"].lower(),
            to=_address(receipt["to"]),
            contract=_address(receipt.get("contractAddress")),
            gas_used=gas_used,
            gas_price=gas_price,
            fee=gas_used * gas_price,
            data_fee=_data_fee(receipt, gas_used),
            logs=tuple(log_from_json(log) for log in receipt["logs"]),
            native_difference=difference if traced is None else traced,
            native_exact=traced is not None,
            tokens=dict(zip(tokens, balances, strict=True)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as cause:
        raise RpcError(f"chain {endpoints.chain_id}: the receipt of {tx_hash} makes no sense: {cause!r}") from None


def _data_fee(receipt: dict[str, Any], gas_used: int) -> int:
    """``l1Fee`` and the operator fee, as op-geth writes receipts; ``daFootprintGasScalar`` is in those since
    Jovian. Any: JSON."""
    named = ("l1Fee", "operatorFeeScalar", "operatorFeeConstant")
    data, scalar, constant = (int(receipt.get(name) or "0x0", 16) for name in named)
    fork: OpFork = "jovian" if "daFootprintGasScalar" in receipt else "isthmus"
    return data + operator_fee(gas_used, fork, scalar, constant)


def _address(value: str | None) -> str | None:
    return None if value is None else value.lower()


def _traced_difference(trace: Any, owner: str) -> int | None:
    """None when ``trace`` is an error or not a state difference. Any: JSON, of whatever tracer the node has."""
    if not isinstance(trace, dict) or not isinstance(trace.get("pre"), dict) or not isinstance(trace.get("post"), dict):
        return None
    before = {address.lower(): account for address, account in trace["pre"].items()}.get(owner)
    after = {address.lower(): account for address, account in trace["post"].items()}.get(owner)
    start = int((before or {}).get("balance", "0x0"), 16)
    if after is None:
        # In both maps when changed, in the first alone when destroyed, in neither when untouched.
        return -start
    return int(after.get("balance", hex(start)), 16) - start


async def _balances(
    endpoints: Endpoints, owner: str, tokens: Sequence[str], block: int, block_hash: str, *, with_native: bool
) -> tuple[list[int | None], int]:
    """Token balances and, ``with_native``, the owner's native difference over the block, all in one batch."""
    at = block_parameter(block_hash)
    calldata = "0x" + _BALANCE_OF.encode(owner).hex()
    requests: list[tuple[str, Sequence[Any]]] = [
        ("eth_call", ({"to": token, "data": calldata}, at)) for token in tokens
    ]
    if with_native:
        requests += [("eth_getBalance", (owner, at)), ("eth_getBalance", (owner, hex(block - 1)))]
    results = await endpoints.batch(requests)
    difference = 0
    if with_native:
        after, before = (_native_balance(result) for result in results[-2:])
        difference = after - before
    return [_token_balance(result) for result in results[: len(tokens)]], difference


def _native_balance(result: Any | NodeError) -> int:
    if isinstance(result, NodeError):
        raise result
    return int(result, 16)


def _token_balance(result: Any | NodeError) -> int | None:
    if isinstance(result, NodeError):
        if result.execution_failed:
            return None
        raise result
    try:
        balance: int = _BALANCE_OF.decode(bytes.fromhex(result[2:]))[0]
    except CodecError:
        return None
    return balance
