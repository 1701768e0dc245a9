"""A real node behind the proxy: what a client sees of each fault, and what the node has heard."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sniper.errors import RpcError
from sniper.evm.rpc import Endpoints, Provider, SendKind
from sniper_sdk.devchain import DevChain
from sniper_sdk.faults import EVENT, Fault, FaultKind, FaultProxy, FaultScheduleError, Schedule

SEND = "eth_sendRawTransaction"
NUMBER = "eth_blockNumber"


@pytest.fixture(scope="module")
def chain() -> Iterator[DevChain]:
    with DevChain(automine=False, contracts=False) as running:
        yield running


@pytest.fixture
async def proxy(chain: DevChain) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(chain.rpc_url, Schedule(seed=1)) as running:
        yield running


@pytest.fixture(params=["http", "ws"])
async def client(request: pytest.FixtureRequest, chain: DevChain, proxy: FaultProxy) -> AsyncIterator[Endpoints]:
    url = proxy.url if request.param == "http" else proxy.ws_url
    async with Endpoints(chain.chain_id, [Provider(url=url)], timeout=2.0, attempt_timeout=0.4) as endpoints:
        assert await endpoints.call(NUMBER) == hex(chain.block_number())
        yield endpoints


def transfer(chain: DevChain) -> bytes:
    sender = chain.accounts[0]
    return bytes.fromhex(chain._signed(sender, sender.address, b"", 1, gas=21_000)[2:])


def has(chain: DevChain, raw: bytes) -> bool:
    from sniper.evm.transaction import transaction_hash

    return chain.rpc.call("eth_getTransactionByHash", transaction_hash(raw)) is not None


@pytest.fixture(autouse=True)
def nothing_waits(chain: DevChain) -> Iterator[None]:
    yield
    chain.mine()


async def test_what_is_not_disturbed_is_the_nodes_own_answer(chain: DevChain, client: Endpoints) -> None:
    found = await client.batch([(NUMBER, ()), ("eth_chainId", ()), ("eth_nonsense", ())])
    assert found[:2] == [hex(chain.block_number()), hex(chain.chain_id)]
    assert isinstance(found[2], RpcError)


async def test_a_forgotten_transaction_is_accepted_and_nowhere(
    chain: DevChain, client: Endpoints, proxy: FaultProxy
) -> None:
    proxy.schedule.add(Fault(FaultKind.FORGET, methods={SEND}, times=1))
    raw = transfer(chain)
    assert (await client.send_raw(raw)).kind is SendKind.ACCEPTED
    assert not has(chain, raw)
    assert proxy.sent == ["0x" + raw.hex()]
    assert (await client.send_raw(raw)).kind is SendKind.ACCEPTED
    assert has(chain, raw)


@pytest.mark.parametrize(
    ("kind", "heard"),
    [
        (FaultKind.NEVER, True),
        (FaultKind.CUT, True),
        (FaultKind.GARBLE, True),
        (FaultKind.DEAF, False),
        (FaultKind.ERROR, False),
    ],
)
async def test_a_send_without_an_answer_may_have_arrived_or_not(
    chain: DevChain, client: Endpoints, proxy: FaultProxy, kind: FaultKind, heard: bool
) -> None:
    proxy.schedule.add(Fault(kind, methods={SEND}, times=1))
    raw = transfer(chain)
    if kind is FaultKind.ERROR:
        assert (await client.send_raw(raw)).kind is SendKind.REJECTED
    else:
        with pytest.raises(RpcError):
            await client.send_raw(raw)
    assert has(chain, raw) is heard
    assert [fired.kind for fired in proxy.schedule.fired] == [kind]


async def test_a_late_answer_comes(client: Endpoints, proxy: FaultProxy) -> None:
    proxy.schedule.add(Fault(FaultKind.LATE, methods={NUMBER}, times=1, seconds=0.05))
    loop = asyncio.get_running_loop()
    began = loop.time()
    await client.call(NUMBER)
    assert loop.time() - began >= 0.05


async def test_an_answer_that_comes_twice_is_no_other_requests_answer(
    chain: DevChain, client: Endpoints, proxy: FaultProxy
) -> None:
    proxy.schedule.add(Fault(FaultKind.TWICE, methods={NUMBER}))
    for _ in range(3):
        assert await client.call(NUMBER) == hex(chain.block_number())
        assert await client.call("eth_chainId") == hex(chain.chain_id)


async def test_another_node_answers_what_goes_elsewhere(chain: DevChain, client: Endpoints, proxy: FaultProxy) -> None:
    with DevChain(automine=False, contracts=False) as other:
        other.mine(50)
        proxy.other = other.rpc_url
        proxy.schedule.add(Fault(FaultKind.ELSEWHERE, methods={NUMBER}, times=1))
        assert await client.call(NUMBER) == hex(other.block_number())
        assert await client.call(NUMBER) == hex(chain.block_number())


async def _subscribed(proxy: FaultProxy, session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
    socket = await session.ws_connect(proxy.ws_url)
    await socket.send_str(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]}))
    assert "result" in json.loads((await socket.receive()).data)
    return socket


def _number(message: aiohttp.WSMessage) -> int:
    told: dict[str, Any] = json.loads(message.data)
    return int(told["params"]["result"]["number"], 16)


async def test_events_are_swallowed_doubled_or_cut_off_with_the_socket(chain: DevChain, proxy: FaultProxy) -> None:
    async with asyncio.timeout(10), aiohttp.ClientSession() as session:
        socket = await _subscribed(proxy, session)
        proxy.schedule.add(Fault(FaultKind.NEVER, methods={EVENT}, times=2))
        proxy.schedule.add(Fault(FaultKind.TWICE, methods={EVENT}, times=1))
        proxy.schedule.add(Fault(FaultKind.CUT, methods={EVENT}, times=1))
        head = chain.block_number()
        chain.mine(3)
        assert [_number(await socket.receive()) for _ in range(2)] == [head + 3] * 2
        chain.mine()
        assert (await socket.receive()).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE)
        await (await _subscribed(proxy, session)).close()


async def test_a_dead_proxy_answers_nobody_and_comes_back(client: Endpoints, proxy: FaultProxy) -> None:
    proxy.dead = True
    proxy.cut()
    with pytest.raises(RpcError):
        await client.call(NUMBER)
    proxy.dead = False
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(RpcError):  # the pause that its failures have earned may be longer than a request
                assert await client.call(NUMBER)
                break


async def _played(chain: DevChain, schedule: Schedule, order: list[str]) -> list[str]:
    """What became of each request, by method and count."""
    told = []
    async with FaultProxy(chain.rpc_url, schedule) as proxy, aiohttp.ClientSession() as session:
        for number, method in enumerate(order):
            body = {"jsonrpc": "2.0", "id": number, "method": method, "params": []}
            try:
                async with session.post(proxy.url, json=body) as answer:
                    text = await answer.text()
                    told.append(f"{method} {'garbled' if not text.endswith('}') else 'error' in text}")
            except aiohttp.ClientError:
                told.append(f"{method} cut")
    return sorted(told)


FAULTS = (Fault(FaultKind.ERROR, percent=30), Fault(FaultKind.CUT, percent=30), Fault(FaultKind.GARBLE, percent=20))


async def test_a_written_schedule_does_the_same_again(chain: DevChain, tmp_path: Path) -> None:
    log = tmp_path / "faults.jsonl"
    order = [NUMBER, "eth_chainId"] * 10
    first = Schedule(seed=5, log=log)
    first.add(*FAULTS)
    once = await _played(chain, first, order)
    assert {"garbled", "cut", "True", "False"} == {each.split()[1] for each in once}
    again = Schedule.again(log)
    # in another order: which request of a method meets a fault does not depend on the others
    assert await _played(chain, again, sorted(order)) == once
    assert sorted(map(str, again.fired)) == sorted(map(str, first.fired))
    seeded = Schedule(seed=5)
    seeded.add(*FAULTS)
    assert await _played(chain, seeded, order) == once


def test_a_line_that_is_no_fault_is_named(tmp_path: Path) -> None:
    log = tmp_path / "faults.jsonl"
    log.write_text('{"method": "eth_call", "nth": 1, "kind": "explode"}\n')
    with pytest.raises(FaultScheduleError, match=r"faults\.jsonl:1 is no fault"):
        Schedule.again(log)


def test_only_transactions_can_be_forgotten() -> None:
    with pytest.raises(FaultScheduleError, match="only a transaction"):
        Fault(FaultKind.FORGET, methods={NUMBER})
