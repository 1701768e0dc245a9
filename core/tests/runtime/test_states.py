"""Tracing is given up where a node has no such method, and not because of one call that it could not trace; and what it
tells of a scenario's own changes is nothing that the block says."""

from typing import Any

import pytest

from sniper.evm.endpoint import ErrorObject, NodeError
from sniper.runtime.errand import Given, Lacks, SlotAt, Traced
from sniper.runtime.stage import Head
from sniper.runtime.states import States

WHO, TOKEN = "0x" + "aa" * 20, "0x" + "bb" * 20


HEAD = Head(
    chain_id=1,
    number=1,
    hash="0x" + "11" * 32,
    time=1,
    interval=12,
    base_fee=1,
    gas_limit=10**7,
    coinbase=WHO,
    randao=b"",
)


class Node:
    """Refuses every trace in the same words."""

    def __init__(self, code: int, words: str) -> None:
        self.code, self.words, self.traced = code, words, 0

    async def call(self, method: str, params: object) -> object:
        assert method == "debug_traceCall"
        self.traced += 1
        raise NodeError("https://node", method, ErrorObject(code=self.code, message=self.words))


async def traced(code: int, words: str) -> int:
    """How many of three calls, one after the other, the node was asked to trace."""
    node, states = Node(code, words), States()
    call = Traced(sender=WHO, to=TOKEN, data=b"", value=0, gas=10**6, accounts=(), slots=())
    for _ in range(3):
        given = await states.given(node, HEAD, Lacks(accounts=(), slots=(), calls=(call,)))  # type: ignore[arg-type]  # what it asks of an `Endpoints`
        assert given == Given(accounts=(), slots=()), "what it wants is read as it turns out"
    return node.traced


@pytest.mark.parametrize("slot", ["0x1", f"{1:#066x}"])
async def test_what_a_scenario_has_changed_is_not_taken_for_the_state_of_the_block(slot: str) -> None:
    class Tells:
        async def call(self, method: str, params: object) -> object:
            return {TOKEN: {"balance": "0x0", "storage": {slot: "0x7", "0x2": "0x8"}}}

        async def batch(self, requests: list[object]) -> list[str]:
            return [f"0x{9:064x}"]

    node: Any = Tells()
    changed = SlotAt(address=TOKEN, slot=1, value=7)
    call = Traced(sender=WHO, to=TOKEN, data=b"", value=0, gas=10**6, accounts=(), slots=(changed,))
    states = States()
    traced = await states.given(node, HEAD, Lacks(accounts=(), slots=(), calls=(call,)))
    assert traced.slots == (SlotAt(address=TOKEN, slot=2, value=8),)
    given = await states.given(node, HEAD, Lacks(accounts=(), slots=((TOKEN, 1),)))
    assert given.slots == (SlotAt(address=TOKEN, slot=1, value=9),)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-32601, "the method debug_traceCall does not exist/is not available"),
        (-32601, "anything"),
        (-32004, "anything"),
        (-32000, "Method not found"),
        (-32600, "this method is not allowed"),
        (-32001, "rpc method is not whitelisted"),
        (-32000, "debug_traceCall is disabled on this endpoint"),
        (-32000, "Unsupported method: debug_traceCall"),
        (-32005, "please upgrade to a paid plan to use tracing"),
    ],
)
async def test_a_node_without_the_method_is_not_asked_again(code: int, words: str) -> None:
    assert await traced(code, words) == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-32000, "execution reverted"),
        (-32000, "insufficient funds for gas * price + value"),
        (-32000, "execution timeout"),
        (-32602, "invalid argument 2: unknown field stateOverrides"),
        (-32000, "header not found"),
        (-32603, "account does not exist"),
    ],
)
async def test_a_call_that_cannot_be_traced_is_the_only_one_that_is_not(code: int, words: str) -> None:
    assert await traced(code, words) == 3
