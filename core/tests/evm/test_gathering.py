"""Questions of the same moment, against a node whose answers the test decides."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sniper.errors import RpcError
from sniper.evm.rpc import Endpoints, NodeError

from .conftest import CHAIN, FakeNode

StartFake = Callable[..., Awaitable[FakeNode]]


async def test_what_is_asked_in_one_moment_is_one_exchange(fake: StartFake) -> None:
    node = await fake()
    node.reply = lambda request: [node.answer(each, each["params"][0]) for each in request]
    async with Endpoints(CHAIN, [node.url]) as endpoints:
        await endpoints.connect()
        node.seen.clear()
        answers = await asyncio.gather(*(endpoints.ask("eth_getCode", (str(n),)) for n in range(5)))
    assert answers == ["0", "1", "2", "3", "4"]
    assert node.seen == [["eth_getCode"] * 5]


async def test_one_that_the_node_refuses_goes_to_another_node_and_the_others_do_not(fake: StartFake) -> None:
    poor, rich = await fake(), await fake()

    def lacks_one(request: list[Any]) -> list[dict[str, Any]]:
        refused = [poor.error(each, -32000, "missing trie node") for each in request]
        return [
            no if each["params"][0] == "old" else poor.answer(each, "poor")
            for each, no in zip(request, refused, strict=True)
        ]

    poor.reply = lacks_one
    rich.reply = lambda request: [rich.answer(each, "rich") for each in request]
    async with Endpoints(CHAIN, [poor.url, rich.url]) as endpoints:
        await endpoints.connect()
        # The faster one is asked first; let that be the poor one.
        endpoints.endpoints[0].latency, endpoints.endpoints[1].latency = 0.0, 1.0
        rich.seen.clear()
        new, old = await asyncio.gather(*(endpoints.ask("eth_getCode", (each,)) for each in ("new", "old")))
    assert (new, old) == ("poor", "rich")
    assert rich.seen == [["eth_getCode"]]


async def test_a_contract_that_fails_fails_for_whom_asked_alone(fake: StartFake) -> None:
    node = await fake()
    node.reply = lambda request: [
        node.error(each, 3, "execution reverted") if each["params"][0] == "bad" else node.answer(each, "good")
        for each in request
    ]
    async with Endpoints(CHAIN, [node.url]) as endpoints:
        asked = (endpoints.ask("eth_call", (each,)) for each in ("bad", "good"))
        bad, good = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(bad, NodeError)
    assert bad.execution_failed
    assert good == "good"


async def test_who_gives_up_waits_for_nobody_and_harms_nobody(fake: StartFake) -> None:
    node = await fake()
    async with Endpoints(CHAIN, [node.url]) as endpoints:
        await endpoints.connect()
        gives_up = asyncio.create_task(endpoints.ask("eth_getCode", ("a",)))
        waits = asyncio.create_task(endpoints.ask("eth_getCode", ("b",)))
        await asyncio.sleep(0)  # both have asked
        gives_up.cancel()
        assert await waits == "0x01"
        with pytest.raises(asyncio.CancelledError):
            await gives_up


async def test_where_no_node_answers_each_is_told_so(fake: StartFake) -> None:
    node = await fake()
    async with Endpoints(CHAIN, [node.url], timeout=0.3, attempt_timeout=0.1) as endpoints:
        await endpoints.connect()
        node.status, node.reply = 500, lambda _: "out of order"
        asked = (endpoints.ask("eth_getCode", (each,)) for each in ("a", "b"))
        found = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(each) for each in found] == [RpcError, RpcError]


async def test_what_cannot_be_sent_at_all_fails_for_whom_asked_and_keeps_nobody_waiting(fake: StartFake) -> None:
    node = await fake()
    async with Endpoints(CHAIN, [node.url]) as endpoints:
        await endpoints.connect()
        asked = (endpoints.ask("eth_getCode", (each,)) for each in (object(), "good"))
        async with asyncio.timeout(20):
            bad, good = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(bad, TypeError)
    assert good == "0x01"
