from collections.abc import Awaitable, Callable

import pytest

from sniper.errors import RpcError
from sniper.evm.rpc import Endpoints, NodeError
from sniper.evm.simulate import BlockOverride, SimulatedCall, StateOverride, simulate

from .conftest import CHAIN, FakeNode

SENDER, COUNTER, REVERTS, CLOCK = ("0x" + digit * 40 for digit in "1234")
# Adds one to slot 0, stores it, logs it with topic 7, returns it.
COUNT = bytes.fromhex("600054600101806000556000526007602060 00a160206000f3".replace(" ", ""))
# Reverts with Panic(0x12).
PANIC = bytes.fromhex("634e487b7160e01b600052601260045260246000fd")
TIME = bytes.fromhex("4260005260206000f3")


async def test_calls_see_what_the_calls_before_them_changed(endpoints: Endpoints) -> None:
    call = SimulatedCall(sender=SENDER, to=COUNTER)
    overrides = {COUNTER: StateOverride(code=COUNT, slots={0: 40})}
    first, second = await simulate(endpoints, [call, call], block=0, state_overrides=overrides)
    assert (int.from_bytes(first.data, "big"), int.from_bytes(second.data, "big")) == (41, 42)
    assert first.success
    assert first.reason is None
    assert second.gas_used > 21_000
    (log,) = second.logs
    assert (log.address, log.topics, log.data) == (COUNTER, ("0x" + f"{7:064x}",), second.data)


async def test_nothing_of_a_simulation_stays(endpoints: Endpoints) -> None:
    call = SimulatedCall(sender=SENDER, to=COUNTER)
    for _ in range(2):
        (result,) = await simulate(endpoints, [call], block=0, state_overrides={COUNTER: StateOverride(code=COUNT)})
        assert int.from_bytes(result.data, "big") == 1
    assert await endpoints.call("eth_getCode", (COUNTER, "latest")) == "0x"


async def test_a_revert_has_its_reason_and_does_not_stop_the_calls_after_it(endpoints: Endpoints) -> None:
    overrides = {REVERTS: StateOverride(code=PANIC), COUNTER: StateOverride(code=COUNT)}
    calls = [SimulatedCall(sender=SENDER, to=to, gas=100_000) for to in (REVERTS, COUNTER)]
    reverted, counted = await simulate(endpoints, calls, block=0, state_overrides=overrides)
    assert (reverted.success, reverted.reason) == (False, "panic 0x12: division by zero")
    assert reverted.data.hex().startswith("4e487b71")
    assert counted.success


async def test_burning_all_gas_is_a_failed_call(endpoints: Endpoints) -> None:
    call = SimulatedCall(sender=SENDER, to=REVERTS, gas=50_000)
    (result,) = await simulate(
        endpoints, [call], block=0, state_overrides={REVERTS: StateOverride(code=bytes.fromhex("5b600056"))}
    )
    assert (result.success, result.gas_used) == (False, 50_000)
    assert result.reason


async def test_block_and_balance_overrides_hold(endpoints: Endpoints) -> None:
    call = SimulatedCall(sender=SENDER, to=CLOCK, value=5)
    (result,) = await simulate(
        endpoints,
        [call],
        block=0,
        state_overrides={CLOCK: StateOverride(code=TIME), SENDER: StateOverride(balance=5)},
        block_overrides=BlockOverride(time=4_000_000_000),
    )
    assert int.from_bytes(result.data, "big") == 4_000_000_000


async def test_sending_more_than_the_sender_has_is_the_node_s_error(endpoints: Endpoints) -> None:
    with pytest.raises(NodeError, match="nsufficient funds"):
        await simulate(endpoints, [SimulatedCall(sender=SENDER, to=CLOCK, value=5)], block=0)


async def test_a_node_without_the_method_is_named_with_the_remedy(fake: Callable[..., Awaitable[FakeNode]]) -> None:
    node = await fake()
    node.reply = lambda requests: [node.error(requests[0], -32601, "the method eth_simulateV1 does not exist")]
    async with Endpoints(CHAIN, [node.url]) as endpoints:
        with pytest.raises(RpcError, match="has no eth_simulateV1: use"):
            await simulate(endpoints, [SimulatedCall(sender=SENDER, to=CLOCK)], block=0)


@pytest.mark.parametrize("result", [[], [{"calls": []}], [{"calls": [{"status": "0x1"}]}], "0x", None])
async def test_a_simulation_that_makes_no_sense_is_an_error(
    fake: Callable[..., Awaitable[FakeNode]], result: object
) -> None:
    node = await fake()
    node.reply = lambda requests: [node.answer(requests[0], result)]
    async with Endpoints(CHAIN, [node.url]) as endpoints:
        with pytest.raises(RpcError, match="eth_simulateV1"):
            await simulate(endpoints, [SimulatedCall(sender=SENDER, to=CLOCK)], block=0)
