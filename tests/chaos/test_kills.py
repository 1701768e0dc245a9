"""SIGKILL of the bot and of the node at seeded moments of a busy run: nothing lost, nothing twice, nothing unexplained.

Each long test makes twenty-five kills of the bot; together they are 500 on the public pool, 100 while trades are
played, and through a relay that lies 100 with each of `private` and `bundle`.
"""

import random

import pytest
from stand import Stand
from stand.audit import audit, played, reconciled
from stand.busy import Crowd, Killer, bought

from sniper_sdk.faults import FaultProxy
from sniper_sdk.relay import Fault, FaultKind, Relay

KILLS = 25
LIES = (FaultKind.LOSE_ANSWER, FaultKind.ANSWER_TWICE, FaultKind.DENY, FaultKind.DROP)


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
    if not bought(stand):
        await stand.hold_a_launch()
    assert bought(stand)
    assert await stand.replayed() == 0
    return killer


async def killed_at_relay(stand: Stand[FaultProxy], relay: Relay, executor: str, seed: int, kills: int) -> None:
    """As `killed`; each tenth request of the relay meets one of its lies."""
    stand.document["chain"]["dev"]["executor"] = executor
    stand.document["executor"] = {executor: {"endpoints": [relay.url], "timeout_s": 5.0, "fallback_blocks": 4}}
    relay.faults.add(*(Fault(kind, percent=10) for kind in LIES))
    await killed(stand, seed, kills)
    sent = {method for method, _ in relay.asked}
    assert sent & {"eth_sendPrivateTransaction", "eth_sendBundle"}
    assert await reconciled(stand)


async def test_kills_of_bot_and_node_in_a_busy_run(stand: Stand[FaultProxy]) -> None:
    await killed(stand, 1, 3)
    assert await reconciled(stand)


async def test_kills_while_trades_are_played(stand: Stand[FaultProxy]) -> None:
    stand.document["mode"] = "paper"
    await killed(stand, 2, 2, node=False)
    assert stand.nonce() == 0


@pytest.mark.parametrize("executor", ["private", pytest.param("bundle", marks=pytest.mark.long)])
async def test_kills_while_a_relay_has_what_was_signed(relayed: Stand[FaultProxy], relay: Relay, executor: str) -> None:
    await killed_at_relay(relayed, relay, executor, 3, 2)


@pytest.mark.long
@pytest.mark.parametrize("executor", ["private", "bundle"])
@pytest.mark.parametrize("seed", range(300, 304))
async def test_a_hundred_kills_while_a_relay_has_what_was_signed(
    relayed: Stand[FaultProxy], relay: Relay, executor: str, seed: int
) -> None:
    await killed_at_relay(relayed, relay, executor, seed, KILLS)


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
