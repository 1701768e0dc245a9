"""Calls run one after the other in one simulated block, by ``eth_simulateV1`` (execution-apis; geth 1.14.9 and later).

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

__all__ = ["BlockOverride", "CallResult", "SimulatedCall", "StateOverride", "simulate"]

_NO_METHOD: Final = -32601


class SimulatedCall(Struct, frozen=True, kw_only=True):
    """``value`` in wei; ``gas`` None leaves the limit to the node."""

    sender: str
    to: str
    data: bytes = b""
    value: int = 0
    gas: int | None = None


class StateOverride(Struct, frozen=True, kw_only=True):
    """What an account is changed to before the first call. ``slots``: single storage words, slot to value."""

    balance: int | None = None
    nonce: int | None = None
    code: bytes | None = None
    slots: Mapping[int, int] = {}


class BlockOverride(Struct, frozen=True, kw_only=True):
    """What the simulated block is told to be. ``time``: Unix seconds, above the parent's; ``base_fee`` in wei."""

    number: int | None = None
    time: int | None = None
    gas_limit: int | None = None
    base_fee: int | None = None
    fee_recipient: str | None = None


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
    body: dict[str, Any] = {"calls": [_call(call) for call in calls]}
    if state_overrides:
        body["stateOverrides"] = {address: _state(override) for address, override in state_overrides.items()}
    if block_overrides:
        body["blockOverrides"] = _block(block_overrides)
    options = {"blockStateCalls": [body], "validation": False, "traceTransfers": False}
    try:
        answer = await endpoints.call("eth_simulateV1", (options, block_parameter(block)))
    except NodeError as error:
        if error.number != _NO_METHOD:
            raise
        raise RpcError(
            f"{error.endpoint} has no eth_simulateV1: use a node that simulates (geth 1.14.9, anvil)"
        ) from None
    try:
        results = [_result(each) for each in answer[0]["calls"]]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as cause:
        raise RpcError(f"chain {endpoints.chain_id}: eth_simulateV1 gave {answer!r:.200}: {cause!r}") from None
    if len(results) != len(calls):
        raise RpcError(f"chain {endpoints.chain_id}: eth_simulateV1 ran {len(results)} of {len(calls)} calls")
    return results


def _call(call: SimulatedCall) -> dict[str, str]:
    body = {"from": call.sender, "to": call.to, "input": "0x" + call.data.hex(), "value": hex(call.value)}
    return body if call.gas is None else {**body, "gas": hex(call.gas)}


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
    return body if override.fee_recipient is None else {**body, "feeRecipient": override.fee_recipient}


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
