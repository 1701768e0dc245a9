import asyncio
import random
from typing import Any

import pytest

from sniper.errors import RpcError
from sniper.events import Block, Log, Reorg
from sniper_feed_evm_logs.errors import ReorgTooDeep, StandsStill
from sniper_feed_evm_logs.filters import Wanted


def topic(number: int) -> str:
    return "0x" + number.to_bytes(32, "big").hex()


def logs(reader: Any) -> list[tuple[int, int, int]]:
    """(emitter's topic, data, block) of all logs that were read."""
    return [
        (int(event.topics[0], 16), int.from_bytes(event.data, "big"), event.block)
        for batch in reader.batches
        for event in batch
        if isinstance(event, Log)
    ]


def busy_block(chain: Any, seed: random.Random) -> None:
    for _ in range(seed.randrange(4)):
        chain.emit(seed.randrange(2), seed.randrange(1, 4), seed.randrange(1000), tip=seed.randrange(1, 5) * 10**9)
    chain.mine()


@pytest.mark.parametrize("transport", ["http", "ws"])
async def test_each_block_comes_once_with_its_logs_in_order(chain: Any, readers: Any, transport: str) -> None:
    reader = readers(chain.rpc_url if transport == "http" else chain.ws_url)
    await reader.next()
    for number in range(3):
        chain.emit(0, 1, 10 * number, tip=2 * 10**9)
        chain.emit(0, 3, 999)
        chain.emit(1, 2, 10 * number + 1)
        chain.mine()
        await reader.until(chain.head())
    heads = [batch[0] for batch in reader.batches]
    assert all(isinstance(head, Block) for head in heads)
    assert [head.number for head in heads] == list(range(heads[0].number, heads[0].number + 4))
    first = heads[1].number
    assert logs(reader) == [(kind, 10 * number + kind - 1, first + number) for number in range(3) for kind in (1, 2)]
    assert heads[1].base_fee > 0


async def test_a_block_tells_the_tips_that_were_paid_in_it(chain: Any, readers: Any) -> None:
    """Read a while after the block: anvil knows its fees a moment later than the block itself."""
    reader = readers(chain.rpc_url)
    await reader.next()
    await reader.stop()
    chain.emit(0, 1, 0, tip=3 * 10**9)
    chain.emit(1, 1, 0, tip=10**9)
    chain.emit(0, 1, 0, tip=2 * 10**9)
    chain.mine(3)
    await reader.until(chain.head())
    assert [batch[0].tips for batch in reader.batches[1:2]] == [(10**9, 2 * 10**9, 3 * 10**9)]


async def test_addresses_narrow_a_subscription_and_watched_addresses_need_no_topic(chain: Any, readers: Any) -> None:
    reader = readers(chain.rpc_url)
    reader.context.subscriptions = [([chain.emitters[0]], [topic(1)]), ([chain.emitters[1]], [topic(2)])]
    await reader.next()
    for emitter in (0, 1):
        for kind in (1, 2, 3):
            chain.emit(emitter, kind, 10 * emitter + kind)
    chain.mine()
    await reader.until(chain.head())
    assert sorted(data for _, data, _ in logs(reader)) == [1, 12]
    reader.context.addresses.add(chain.emitters[0])
    chain.emit(0, 3, 100)
    chain.emit(1, 3, 101)
    chain.mine()
    await reader.until(chain.head())
    assert [data for _, data, _ in logs(reader)][2:] == [100]


def test_no_subscription_asks_for_no_log() -> None:
    assert Wanted((), ()).filters() == []


def test_a_subscription_without_topics_and_addresses_asks_for_everything() -> None:
    assert Wanted([((), ()), (["0x1"], ["0x2"])], ["0x3"]).filters() == [{}]


@pytest.mark.parametrize("seed", range(4))
async def test_random_disconnects_and_restarts_change_nothing_in_the_stream(
    chain: Any, readers: Any, proxy: Any, seed: int
) -> None:
    chance = random.Random(seed)
    calm = readers(chain.ws_url)
    disturbed = readers(f"ws://127.0.0.1:{proxy.port}", f"http://127.0.0.1:{proxy.port}", range_blocks=7)
    await calm.next()
    await disturbed.next()
    for _ in range(40):
        match chance.choice(["block", "block", "blocks", "cut", "stop", "die", "read"]):
            case "block":
                busy_block(chain, chance)
            case "blocks":
                for _ in range(chance.randrange(40)):
                    busy_block(chain, chance)
            case "cut":
                proxy.cut()
            case "stop":
                await disturbed.stop()
            case "die":
                await disturbed.stop()
                disturbed.forget()
            case "read":
                await disturbed.until(chain.head())
    await calm.until(chain.head())
    await disturbed.until(chain.head())
    assert disturbed.stream == calm.stream
    assert len(calm.batches) > 50


@pytest.mark.parametrize("transport", ["http", "ws"])
async def test_a_reorg_goes_back_to_the_common_ancestor_and_gives_the_new_branch(
    chain: Any, readers: Any, transport: str
) -> None:
    reader = readers(chain.rpc_url if transport == "http" else chain.ws_url)
    await reader.next()
    for number in range(5):
        chain.emit(0, 1, number)
        chain.mine()
        await reader.until(chain.head())
    ancestor = reader.context.resume["number"] - 3
    chain.reorg(3)
    chain.emit(0, 1, 77)
    chain.mine()
    await reader.until(chain.head())
    at = next(n for n, batch in enumerate(reader.batches) if isinstance(batch[0], Reorg))
    assert reader.batches[at][0].ancestor == ancestor
    assert [batch[0].number for batch in reader.batches[at + 1 :]] == [ancestor + n for n in (1, 2, 3, 4)]
    assert [key[5][-1] for key in reader.book if key[0] == "log"] == [0, 1, 77]


@pytest.mark.parametrize("seed", range(4))
async def test_after_any_reorgs_and_disconnects_what_is_left_is_the_chain(
    chain: Any, readers: Any, proxy: Any, seed: int
) -> None:
    chance = random.Random(seed)
    reader = readers(f"ws://127.0.0.1:{proxy.port}", chain.rpc_url, window=12, range_blocks=5)
    first = chain.block_number()
    await reader.next()
    for _ in range(30):
        match chance.choice(["block", "blocks", "reorg", "fork", "cut", "die", "read"]):
            case "block":
                busy_block(chain, chance)
            case "blocks":
                for _ in range(chance.randrange(1, 25)):
                    busy_block(chain, chance)
            case "reorg":
                await reader.until(chain.head())
                chain.reorg(min(chance.randrange(1, 6), chain.block_number() - first))
            case "fork":
                snapshot = chain.snapshot()
                for _ in range(chance.randrange(1, 5)):
                    busy_block(chain, chance)
                await reader.until(chain.head())
                chain.revert(snapshot)
                for _ in range(6):
                    busy_block(chain, chance)
            case "cut":
                proxy.cut()
            case "die":
                await reader.stop()
                reader.forget()
            case "read":
                await reader.until(chain.head())
    busy_block(chain, chance)
    await reader.until(chain.head())
    fresh = readers(chain.rpc_url)
    block = chain.rpc.call("eth_getBlockByNumber", hex(first), False)
    fresh.context.resume = {"number": first, "hash": block["hash"]}
    await fresh.until(chain.head())
    assert [key for key in reader.book if key[1] > first] == fresh.stream


async def test_a_branch_that_vanished_while_the_process_was_dead_is_taken_back_by_the_whole_window(
    chain: Any, readers: Any
) -> None:
    reader = readers(chain.rpc_url, window=4)
    await reader.next()
    for _ in range(6):
        chain.mine()
    await reader.until(chain.head())
    await reader.stop()
    reader.forget()
    number = reader.context.resume["number"]
    chain.reorg(2)
    chain.mine()
    await reader.until(chain.head())
    reorgs = [batch[0] for batch in reader.batches if isinstance(batch[0], Reorg)]
    assert [reorg.ancestor for reorg in reorgs] == [number - 4]
    assert reader.book[-1][2] == chain.head()


@pytest.mark.parametrize(("replaced", "ancestor"), [(2, -2), (3, -3), (4, -3)])
async def test_the_kernels_recent_blocks_find_the_ancestor_after_a_restart(
    chain: Any, readers: Any, replaced: int, ancestor: int
) -> None:
    """It names its newest three; where all are gone it goes back to before the oldest."""
    reader = readers(chain.rpc_url)
    await reader.next()
    for _ in range(6):
        chain.mine()
        await reader.until(chain.head())
    await reader.stop()
    reader.forget()
    heads = [batch[0] for batch in reversed(reader.batches[-3:])]
    reader.context.resume["recent"] = tuple((head.number, head.hash) for head in heads)
    chain.reorg(replaced)
    chain.mine()
    await reader.until(chain.head())
    (reorg,) = [batch[0] for batch in reader.batches if isinstance(batch[0], Reorg)]
    assert reorg.ancestor == heads[0].number + ancestor


async def test_a_reorg_deeper_than_the_window_is_an_error_that_says_so(chain: Any, readers: Any) -> None:
    reader = readers(chain.rpc_url, window=3)
    await reader.next()
    for _ in range(8):
        chain.mine()
        await reader.until(chain.head())
    chain.reorg(6)
    chain.mine()
    with pytest.raises(ReorgTooDeep, match="more than 3 blocks"):
        await reader.until(chain.head())


async def test_confirmations_hold_a_block_back(chain: Any, readers: Any) -> None:
    reader = readers(chain.ws_url, confirmations=2)
    await reader.next()
    start = reader.context.resume["number"]
    assert start == chain.block_number() - 2
    chain.emit(0, 1, 5)
    chain.mine()
    await reader.next()
    assert logs(reader) == []
    chain.mine(2)
    await reader.next()
    await reader.next()
    assert logs(reader) == [(1, 5, start + 3)]


async def test_the_same_height_on_another_branch_is_noticed_without_a_new_block(chain: Any, readers: Any) -> None:
    reader = readers(chain.rpc_url)
    await reader.next()
    chain.mine(2)
    await reader.until(chain.head())
    chain.reorg(1)
    await reader.until(chain.head())
    assert isinstance(reader.batches[-2][0], Reorg)


async def test_a_dead_node_ends_the_feed_with_an_error_that_names_it(chain: Any, readers: Any) -> None:
    reader = readers(chain.rpc_url, timeout=0.5)
    await reader.next()
    port = chain.port
    chain.stop()
    with pytest.raises(RpcError, match=str(port)):
        await reader.next()


async def test_a_node_that_stands_still_ends_the_feed_and_the_next_block_is_read_after_a_new_start(
    chain: Any, readers: Any
) -> None:
    reader = readers(chain.rpc_url, silent_s=0.3)
    await reader.next()
    with pytest.raises(StandsStill, match=r"no new block for 0\.3 s"):
        await reader.next()
    await reader.stop()
    reader.forget()
    with pytest.raises(StandsStill):
        await reader.next()
    await reader.stop()
    reader.forget()
    chain.mine(1)
    await reader.until(chain.head())


async def test_a_quiet_chain_is_waited_for_where_no_limit_is_set(chain: Any, readers: Any) -> None:
    reader = readers(chain.rpc_url, silent_s=0)
    await reader.next()
    waiting = asyncio.create_task(reader.next())
    await asyncio.wait([waiting], timeout=0.5)
    assert not waiting.done()
    chain.mine(1)
    await waiting
    assert reader.context.resume["hash"] == chain.head()
