"""SIGKILL of the bot and of the node at seeded moments of a busy run: nothing lost, nothing twice, nothing unexplained.

Each test makes twenty-five kills of the bot; the long ones together 500 in live mode and 100 in paper mode.
"""

import random

import pytest
from stand import Stand
from stand.audit import audit, played, reconciled
from stand.busy import Crowd, Killer, bought

from sniper_sdk.faults import FaultProxy

KILLS = 25


async def killed(stand: Stand[FaultProxy], seed: int, kills: int, *, node: bool = True) -> Killer:
    """So many kills; after each the account is audited."""
    rng = random.Random(seed)
    killer = Killer(stand, Crowd(stand, rng), rng)
    judge = played if stand.document["mode"] == "paper" else audit
    await stand.start()
    while killer.kills < kills:
        await killer.round(node=node)
        await killer.settle()
        assert await judge(stand) == [], f"after {killer.kills} kills"
        print(
            f"seed {seed}: {killer.kills} kills, {killer.node_kills} of the node, {bought(stand)} entries", flush=True
        )
    assert bought(stand)
    assert await stand.replayed() == 0
    return killer


async def test_kills_of_bot_and_node_in_a_busy_run(stand: Stand[FaultProxy]) -> None:
    await killed(stand, 1, 3)
    assert await reconciled(stand)


async def test_kills_while_trades_are_played(stand: Stand[FaultProxy]) -> None:
    stand.document["mode"] = "paper"
    await killed(stand, 2, 2, node=False)
    assert stand.nonce() == 0


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 120))
async def test_five_hundred_kills_in_twenty_runs(stand: Stand[FaultProxy], seed: int) -> None:
    stand.document["chain"]["dev"]["endpoints"] = [stand.node.ws_url if seed % 2 else stand.node.url]
    await killed(stand, seed, KILLS)
    assert await reconciled(stand)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(200, 204))
async def test_a_hundred_kills_while_trades_are_played(stand: Stand[FaultProxy], seed: int) -> None:
    stand.document["mode"] = "paper"
    await killed(stand, seed, KILLS, node=False)
    assert stand.nonce() == 0
