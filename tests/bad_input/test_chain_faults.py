"""Nodes that are dead, wrong or lying: the bot says so, buys nothing on what it cannot know, and loses no block."""

import asyncio
from typing import Any

import pytest
from stand import Stand

from sniper.cli import exit_codes
from sniper.events import Block, FeedStale, Log
from sniper.kernel import facts as f


def fed(stand: Stand) -> tuple[list[int], list[tuple[int, int, str]]]:
    """Numbers of the blocks and places of the logs that the kernel was handed, in order."""
    stand.record.read()
    events = stand.record.chain_events()
    return (
        [event.number for event in events if isinstance(event, Block)],
        [(event.block, event.index, event.tx_hash) for event in events if isinstance(event, Log)],
    )


def assert_nothing_is_missing(stand: Stand, pool: str) -> None:
    """Every block once and in order, and every log of ``pool`` that the real node has, once and in order."""
    numbers, logs = fed(stand)
    assert numbers == list(range(numbers[0], stand.chain.block_number() + 1))
    assert logs == sorted(set(logs))
    query = {"address": pool, "fromBlock": hex(numbers[0]), "toBlock": "latest"}
    # Swap, Mint and the like are wanted as far as the pool's formula needs them; each Sync is.
    sync = "0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1"
    true = [log for log in stand.chain.rpc.call("eth_getLogs", query) if log["topics"][0] == sync]
    places = [(int(log["blockNumber"], 16), int(log["logIndex"], 16), log["transactionHash"]) for log in true]
    assert places
    assert set(places) <= set(logs)


async def test_a_dead_node_at_the_start_is_named_and_the_next_start_goes_on(stand: Stand) -> None:
    await stand.start()
    launch = await stand.hold_a_launch()
    await stand.bot.stop()
    await stand.node.stop()
    await stand.bot.start(stand.config)
    ended = await stand.bot.ended()
    assert ended.code == exit_codes.CHAIN
    for word in (f"chain {stand.chain.chain_id}", "no endpoint answered", stand.node.url, "cannot be reached"):
        assert word in ended.words
    assert "Traceback" not in ended.words
    await stand.node.start()
    await stand.start()
    await stand.sell(launch)
    assert stand.differences() == []
    assert_nothing_is_missing(stand, launch.pool)


async def test_a_node_of_another_chain_is_refused_with_both_numbers(stand: Stand) -> None:
    await stand.start()
    await stand.bot.stop()
    stand.node.lie = lambda method, params, result: "0x1" if method == "eth_chainId" else result
    await stand.bot.start(stand.config)
    ended = await stand.bot.ended()
    assert ended.code == exit_codes.CHAIN
    for word in ("serves chain 1", f"the config says chain {stand.chain.chain_id}", "correct the URL or the chain id"):
        assert word in ended.words
    assert stand.nonce() == 0


async def test_a_node_that_dies_stops_entries_and_its_return_fills_the_gap(stand: Stand) -> None:
    """A launch that waits to be tradable is tried again with the next block: with none that a dead node would show."""
    await stand.start()
    held = await stand.hold_a_launch()
    slow = stand.market.launch("SlowStartToken")
    asset = slow.asset(stand.chain)

    def tries() -> int:
        stand.record.read()
        return sum(intent.token == asset for intent in stand.record.all(f.IntentFormed))

    def denied() -> bool:
        stand.record.read()
        of_token = {i.intent for i in stand.record.all(f.IntentFormed) if i.token == asset}
        return any(v.rule == "honeypot.can-buy" for v in stand.record.all(f.Verdict) if v.intent in of_token)

    await stand.until(lambda _: denied())
    stand.node.dead = True
    await stand.until(lambda record: any(stale.stale for stale in record.all(FeedStale)))
    tried = tries()
    missed = [stand.market.launch() for _ in range(2)]
    sent = stand.nonce()
    assert tries() == tried
    stand.node.dead = False
    await stand.until(lambda record: not record.all(FeedStale)[-1].stale)
    await stand.until(lambda _: tries() > tried)
    await stand.until(lambda record: all(record.entries_of().get(each.asset(stand.chain)) for each in missed))
    assert stand.nonce() >= sent
    await stand.mine_until(lambda record: not record.books["main"].orders)
    for launch in (held, *missed):
        await stand.sell(launch)
    assert stand.differences() == []
    assert_nothing_is_missing(stand, missed[0].pool)
    assert stand.record.entries_of() == {each.asset(stand.chain): 1 for each in (held, *missed)}


async def test_logs_that_come_twice_and_out_of_order_are_put_in_order(stand: Stand) -> None:
    def repeats(method: str, params: list[Any], result: Any) -> Any:
        return [*reversed(result), *result] if method == "eth_getLogs" else result

    stand.node.lie = repeats
    await stand.start()
    launch = await stand.hold_a_launch()
    await stand.sell(launch)
    assert stand.differences() == []
    assert stand.record.entries_of() == {launch.asset(stand.chain): 1}
    assert_nothing_is_missing(stand, launch.pool)


@pytest.mark.parametrize(
    "lie", ["logs of another block", pytest.param("two logs in one place", marks=pytest.mark.long)]
)
async def test_a_lie_is_named_and_nothing_is_decided_on_it(stand: Stand, lie: str) -> None:
    def tell(method: str, params: list[Any], result: Any) -> Any:
        if method != "eth_getLogs" or not result:
            return result
        if lie == "logs of another block":
            return [{**log, "blockNumber": hex(int(log["blockNumber"], 16) - 1)} for log in result]
        return [*result, {**result[0], "data": "0x" + "00" * 64}]

    await stand.start()
    stand.node.lie = tell
    launch = stand.market.launch()
    await stand.until(lambda record: any(stale.stale for stale in record.all(FeedStale)))
    assert stand.record.all(f.OrderPlaced) == []
    said = stand.bot.words()
    for word in ("feed stopped", "evm-logs-31337", "block", "127.0.0.1"):
        assert word in said
    stand.node.lie = lambda method, params, result: result
    await stand.until(lambda record: record.entries_of().get(launch.asset(stand.chain)))
    await stand.mine_until(lambda record: not record.books["main"].orders)
    await stand.sell(launch)
    assert stand.differences() == []
    assert_nothing_is_missing(stand, launch.pool)


async def test_the_fake_node_says_that_it_is_one(stand: Stand) -> None:
    import aiohttp

    body = {"jsonrpc": "2.0", "id": 1, "method": "web3_clientVersion", "params": []}
    async with asyncio.timeout(5), aiohttp.ClientSession() as session, session.post(stand.node.url, json=body) as told:
        assert "not a node" in (await told.json())["result"]
