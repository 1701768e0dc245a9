"""A fake node stands between the feed and the real one and tells one lie; nothing false may pass."""

from collections.abc import Callable
from typing import Any

import pytest

from sniper.errors import RpcError
from sniper_feed_evm_logs.asking import ask
from sniper_feed_evm_logs.errors import NotThere
from sniper_feed_evm_logs.header import Header, Memory, header

Lie = Callable[[str, list[Any], Any], Any]


def altered(method: str, change: Callable[[Any], Any]) -> Lie:
    """A lie in the results of one method that are worth lying about."""
    return lambda asked, params, result: change(result) if asked == method and result else result


def of_another_block(logs: Any) -> Any:
    return [{**log, "blockHash": "0x" + "ab" * 32} for log in logs]


REFUSED = {
    "a log that is marked as removed": altered("eth_getLogs", lambda logs: [{**log, "removed": True} for log in logs]),
    "a log of another block": altered("eth_getLogs", of_another_block),
    "a log of another number": altered("eth_getLogs", lambda logs: [{**log, "blockNumber": "0x1"} for log in logs]),
    "a log that nobody asked for": altered("eth_getLogs", lambda logs: [{**log, "topics": []} for log in logs]),
    "two logs at one index": altered("eth_getLogs", lambda logs: [*logs, {**logs[0], "data": "0x00"}]),
    "a log without data": altered("eth_getLogs", lambda logs: [{**log, "data": None} for log in logs]),
    "no list of logs": altered("eth_getLogs", lambda logs: {"logs": logs}),
    "another block than asked for": altered("eth_getBlockByHash", lambda block: {**block, "hash": "0x" + "cd" * 32}),
    "another parent": altered("eth_getBlockByHash", lambda block: {**block, "parentHash": "0x" + "ef" * 32}),
    "a block without a number": altered("eth_getBlockByHash", lambda block: {**block, "number": None}),
}


def three_logs(chain: Any) -> None:
    for number in range(3):
        chain.emit(0, 1, number)
    chain.mine()


@pytest.mark.parametrize("lie", REFUSED.values(), ids=REFUSED)
async def test_a_lie_is_refused_and_the_honest_endpoint_is_asked(chain: Any, readers: Any, fake: Any, lie: Lie) -> None:
    honest, deceived = readers(chain.rpc_url), readers(fake.url, chain.rpc_url)
    await honest.next()
    await deceived.next()
    fake.lie = lie
    for _ in range(3):
        three_logs(chain)
        await deceived.until(chain.head())
        await honest.until(chain.head())
    assert deceived.stream == honest.stream
    assert len([key for key in deceived.stream if key[0] == "log"]) == 9


@pytest.mark.parametrize("lie", REFUSED.values(), ids=REFUSED)
async def test_with_nobody_honest_the_feed_ends_with_an_error_that_names_the_liar(
    chain: Any, readers: Any, fake: Any, lie: Lie
) -> None:
    reader = readers(fake.url, timeout=0.3)
    await reader.next()
    fake.lie = lie
    three_logs(chain)
    with pytest.raises(RpcError, match=fake.url):
        await reader.until(chain.head())
    assert len(reader.stream) == 1


async def test_repeated_and_shuffled_logs_are_put_in_order(chain: Any, readers: Any, fake: Any) -> None:
    honest, deceived = readers(chain.rpc_url), readers(fake.url)
    await honest.next()
    await deceived.next()
    fake.lie = altered("eth_getLogs", lambda logs: [*reversed(logs), *logs])
    three_logs(chain)
    await deceived.until(chain.head())
    await honest.until(chain.head())
    assert deceived.stream == honest.stream


async def test_half_a_batch_is_no_answer(chain: Any, readers: Any, fake: Any) -> None:
    reader = readers(fake.url, chain.rpc_url)
    await reader.next()
    fake.half = True
    three_logs(chain)
    await reader.until(chain.head())
    assert len([key for key in reader.stream if key[0] == "log"]) == 3


async def test_a_block_that_is_missing_at_one_endpoint_is_read_from_another(
    chain: Any, readers: Any, fake: Any
) -> None:
    reader = readers(fake.url, chain.rpc_url)
    await reader.next()
    fake.lie = altered("eth_getBlockByHash", lambda block: None)
    three_logs(chain)
    await reader.until(chain.head())
    assert len([key for key in reader.stream if key[0] == "log"]) == 3


async def test_what_one_endpoint_does_not_have_is_asked_of_the_next_and_all_must_lack_it(
    chain: Any, readers: Any, fake: Any
) -> None:
    fake.lie = altered("eth_getBlockByNumber", lambda block: None)

    async def newest(*urls: str) -> str:
        latest = [("eth_getBlockByNumber", ("latest", False))]
        return str(await ask(readers(*urls).context.endpoints, latest, lambda results: header(results[0]).hash))

    assert await newest(fake.url, chain.rpc_url) == chain.head()
    with pytest.raises(NotThere):
        await newest(fake.url)


async def test_an_older_head_after_a_newer_one_is_no_reorg(chain: Any, readers: Any, fake: Any) -> None:
    reader = readers(fake.url)
    await reader.next()
    for _ in range(3):
        chain.mine()
        await reader.until(chain.head())
    old = chain.rpc.call("eth_getBlockByNumber", hex(chain.block_number() - 2), False)
    looks = 0

    def stale(method: str, params: list[Any], result: Any) -> Any:
        nonlocal looks
        if method == "eth_getBlockByNumber" and params[0] == "latest" and looks < 3:
            looks += 1
            return old
        return result

    fake.lie = stale
    chain.mine()
    await reader.until(chain.head())
    assert looks == 3
    assert [key[0] for key in reader.stream] == ["block"] * 5


async def test_headers_that_do_not_follow_each_other_are_refused_while_catching_up(
    chain: Any, readers: Any, fake: Any
) -> None:
    honest, deceived = readers(chain.rpc_url), readers(fake.url, chain.rpc_url)
    await honest.next()
    await deceived.next()
    await deceived.stop()
    for _ in range(30):
        three_logs(chain)
    second = hex(deceived.context.resume["number"] + 2)
    fake.lie = lambda method, params, result: (
        {**result, "parentHash": "0x" + "12" * 32} if params and params[0] == second else result
    )
    await deceived.until(chain.head())
    await honest.until(chain.head())
    assert deceived.stream == honest.stream


async def test_an_answer_that_is_too_large_makes_the_next_range_smaller(chain: Any, readers: Any, fake: Any) -> None:
    honest, limited = readers(chain.rpc_url), readers(fake.url)
    await honest.next()
    await limited.next()
    await limited.stop()
    for _ in range(40):
        three_logs(chain)

    sizes: list[int] = []

    def watch(method: str, params: list[Any], result: Any) -> Any:
        if method == "eth_getLogs" and "fromBlock" in params[0]:
            sizes.append(int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16) + 1)
        return result

    fake.lie = watch
    fake.most_logs = 12
    await limited.until(chain.head())
    await honest.until(chain.head())
    assert limited.stream == honest.stream
    assert sizes[:4] == [24, 12, 6, 3]


def test_memory_keeps_twice_its_window_and_no_more() -> None:
    memory = Memory(window=4)
    for number in range(100):
        memory.append(Header(number, f"h{number}", f"h{number - 1}", 0, 0, 0, 0))
    assert [memory.at(number) for number in (100, 99, 92, 91)] == [None, "h99", "h92", "h91"]
    assert memory.at(90) is None
