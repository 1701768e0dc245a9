"""Calls run one after the other in simulated blocks, by ``eth_simulateV1`` (execution-apis; geth 1.14.9 and later).

Each call sees what the calls before it changed: buy, approve and sell in one round trip, under the chain's own rules.
Fees are not charged (the method's ``validation`` is off), so a sender only needs what it sends as value.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from sniper.errors import RpcError
from sniper.evm.log import Log, log_from_json
from sniper.evm.revert import revert_reason
from sniper.evm.rpc import Block, Endpoints, NodeError, block_parameter

__all__ = [
    "BlockOverride",
    "CallResult",
    "SimulatedBlock",
    "SimulatedCall",
    "StateOverride",
    "simulate",
    "simulate_blocks",
]

_NO_METHOD: Final = -32601


class SimulatedCall(Struct, frozen=True, kw_only=True):
    """``value`` in wei; ``gas`` None leaves the limit to the node. ``gas_price``, wei: where it is not 0, the node
    charges the sender."""

    sender: str
    to: str
    data: bytes = b""
    value: int = 0
    gas: int | None = None
    gas_price: int = 0


class StateOverride(Struct, frozen=True, kw_only=True):
    """What an account is changed to before the first call. ``slots``: single storage words, slot to value."""

    balance: int | None = None
    nonce: int | None = None
    code: bytes | None = None
    slots: Mapping[int, int] = {}


class BlockOverride(Struct, frozen=True, kw_only=True):
    """What the simulated block is told to be. ``time``: Unix seconds, above the parent's; ``base_fee`` in wei;
    ``randao``: what PREVRANDAO gives (EIP-4399)."""

    number: int | None = None
    time: int | None = None
    gas_limit: int | None = None
    base_fee: int | None = None
    fee_recipient: str | None = None
    randao: bytes | None = None


class SimulatedBlock(Struct, frozen=True, kw_only=True):
    """One block; ``states`` are changed to before its first call."""

    calls: Sequence[SimulatedCall]
    states: Mapping[str, StateOverride] = {}
    override: BlockOverride = BlockOverride()


class CallResult(Struct, frozen=True, kw_only=True):
    """``data``: what the call returned, also when it reverted; ``reason``: why it failed, None when it did not."""

    success: bool
    data: bytes
    gas_used: int
    logs: tuple[Log, ...]
    reason: str | None


async def simulate(
    endpoints: Endpoints,
    calls: Sequence[SimulatedCall],
    *,
    block: Block,
    state_overrides: Mapping[str, StateOverride] | None = None,
    block_overrides: BlockOverride | None = None,
) -> list[CallResult]:
    """Run ``calls`` on top of the state after ``block``; results in their order.

    Raises `NodeError` when the node does not run them at all (a sender without the value it sends, for one), and
    `RpcError` when no endpoint has the method or an answer makes no sense.
    """
    only = SimulatedBlock(calls=calls, states=state_overrides or {}, override=block_overrides or BlockOverride())
    (results,) = await simulate_blocks(endpoints, [only], block=block)
    return results


async def simulate_blocks(
    endpoints: Endpoints, blocks: Sequence[SimulatedBlock], *, block: Block
) -> list[list[CallResult]]:
    """Run several blocks on top of the state after ``block``; results of each, in their order. Raises as `simulate`
    does."""
    options = {"blockStateCalls": [_body(each) for each in blocks], "validation": False, "traceTransfers": False}
    try:
        answer = await endpoints.call("eth_simulateV1", (options, block_parameter(block)))
    except NodeError as error:
        if error.number != _NO_METHOD:
            raise
        raise RpcError(
            f"{error.endpoint} has no eth_simulateV1: use a node that simulates (geth 1.14.9, anvil)"
        ) from None
    try:
        results = [[_result(each) for each in found["calls"]] for found in answer]
    except (KeyError, TypeError, ValueError, AttributeError) as cause:
        raise RpcError(f"chain {endpoints.chain_id}: eth_simulateV1 gave {answer!r:.200}: {cause!r}") from None
    if len(results) > len(blocks):
        # A node puts empty blocks where numbers are left out.
        ran = iter([found for found in results if found])
        results = [next(ran, []) if each.calls else [] for each in blocks]
    if [len(found) for found in results] != [len(each.calls) for each in blocks]:
        ran_calls, calls = (sum(map(len, found)) for found in (results, [each.calls for each in blocks]))
        raise RpcError(f"chain {endpoints.chain_id}: eth_simulateV1 ran {ran_calls} of {calls} calls")
    return results


def _body(block: SimulatedBlock) -> dict[str, Any]:
    body: dict[str, Any] = {"calls": [_call(call) for call in block.calls]}
    if block.states:
        body["stateOverrides"] = {address: _state(override) for address, override in block.states.items()}
    overrides = _block(block.override)
    if overrides:
        body["blockOverrides"] = overrides
    return body


def _call(call: SimulatedCall) -> dict[str, str]:
    body = {"from": call.sender, "to": call.to, "input": "0x" + call.data.hex(), "value": hex(call.value)}
    if call.gas is not None:
        body["gas"] = hex(call.gas)
    if call.gas_price:
        body["gasPrice"] = hex(call.gas_price)
    return body


def _state(override: StateOverride) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if override.balance is not None:
        body["balance"] = hex(override.balance)
    if override.nonce is not None:
        body["nonce"] = hex(override.nonce)
    if override.code is not None:
        body["code"] = "0x" + override.code.hex()
    if override.slots:
        body["stateDiff"] = {f"{slot:#066x}": f"{value:#066x}" for slot, value in override.slots.items()}
    return body


def _block(override: BlockOverride) -> dict[str, str]:
    numbers = {
        "number": override.number,
        "time": override.time,
        "gasLimit": override.gas_limit,
        "baseFeePerGas": override.base_fee,
    }
    body = {name: hex(value) for name, value in numbers.items() if value is not None}
    if override.fee_recipient is not None:
        body["feeRecipient"] = override.fee_recipient
    if override.randao is not None:
        body["prevRandao"] = "0x" + override.randao.hex()
    return body


def _result(result: Any) -> CallResult:
    success = int(result["status"], 16) == 1
    data = bytes.fromhex(result["returnData"][2:])
    reason = None
    if not success:
        reason = revert_reason(data) if data else str((result.get("error") or {}).get("message") or "no reason given")
    return CallResult(
        success=success,
        data=data,
        gas_used=int(result["gasUsed"], 16),
        logs=tuple(log_from_json(log) for log in result["logs"]),
        reason=reason,
    )
