"""Nodes that are on another branch: one that comes back so after its death, and two of them that take turns."""

import random

import pytest
from stand import Stand
from stand.audit import audit, reconciled
from stand.busy import Crowd, Killer, bought

from sniper.events import Reorg
from sniper_sdk.devchain import DevChain
from sniper_sdk.faults import FaultProxy

TURNS = 3


@pytest.mark.parametrize("bot_dies", [True, pytest.param(False, marks=pytest.mark.long)])
async def test_a_node_that_comes_back_on_a_branch_without_what_was_bought(
    stand: Stand[FaultProxy], bot_dies: bool
) -> None:
    chain = stand.chain
    await stand.start()
    before = chain.state()
    gone = await stand.hold_a_launch()
    if bot_dies:
        await stand.bot.kill()
    height = chain.block_number()
    chain.restart(before)
    stand.node.target = chain.rpc_url
    other = stand.market.launch()
    while chain.block_number() <= height:
        chain.mine()
    if bot_dies:
        await stand.start()
    asset = other.asset(chain)
    await stand.until(lambda record: record.entries_of().get(asset))
    await stand.mine_until(lambda record: asset in record.books["main"].positions and not record.books["main"].orders)
    assert stand.record.all(Reorg)
    assert gone.asset(chain) not in stand.record.books["main"].positions
    assert await audit(stand) == []
    await stand.sell(other)
    assert await audit(stand) == []
    assert await stand.replayed() == 0


async def takes_turns(stand: Stand[FaultProxy], second: FaultProxy, other: DevChain) -> None:
    """The bot hears of one branch alone, then of the other one, then of both; people trade on the first."""
    crowd = Crowd(stand, random.Random(1))
    for _ in range(TURNS):
        crowd.launches.append(stand.market.launch())
        second.dead = True
        await crowd.for_seconds(1.0)
        await stand.until(lambda record: record.head == stand.chain.block_number())
        second.dead, stand.node.dead = False, True
        other.mine(2)
        await stand.until(lambda record: record.head == other.block_number())
        stand.node.dead = False
        await crowd.for_seconds(0.5)
        other.mine()
        await crowd.for_seconds(0.5)


@pytest.mark.long
async def test_two_nodes_that_disagree_and_take_turns(stand: Stand[FaultProxy]) -> None:
    with DevChain(automine=False) as other:
        other.restart(stand.chain.state())
        async with FaultProxy(other.rpc_url) as second:
            stand.document["chain"]["dev"]["endpoints"] = [stand.node.url, second.url]
            await stand.start()
            await takes_turns(stand, second, other)
            second.target = stand.chain.rpc_url  # they agree again
            await Killer(stand, Crowd(stand, random.Random()), random.Random()).settle()
            assert await audit(stand) == []
            assert bought(stand)
            assert len(stand.record.all(Reorg)) >= 2 * TURNS
            assert await reconciled(stand)
            assert await stand.replayed() == 0
