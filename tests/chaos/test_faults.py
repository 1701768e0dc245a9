"""A node that forgets, answers late, twice, never or in pieces, or two that disagree: trades end, books are right."""

import random

import pytest
from stand import Stand
from stand.audit import audit, reconciled
from stand.busy import Crowd, Killer, bought

from sniper_sdk.devchain import DevChain
from sniper_sdk.faults import EVENT, Fault, FaultKind, FaultProxy

SEND = {"eth_sendRawTransaction"}
ROUNDS = 4

FAULTS = {
    "sends are accepted and forgotten": [Fault(FaultKind.FORGET, methods=SEND, percent=50)],
    "sends arrive, and no answer comes": [
        Fault(FaultKind.CUT, methods=SEND, percent=40),
        Fault(FaultKind.GARBLE, methods=SEND, percent=40),
    ],
    "sends do not arrive": [
        Fault(FaultKind.DEAF, methods=SEND, percent=40),
        Fault(FaultKind.ERROR, methods=SEND, percent=40),
    ],
    "everything comes late or twice": [
        Fault(FaultKind.LATE, percent=20, seconds=0.2),
        Fault(FaultKind.TWICE, percent=30),
    ],
    "some of everything": [
        Fault(FaultKind.FORGET, methods=SEND, percent=15),
        Fault(FaultKind.CUT, percent=2),
        Fault(FaultKind.DEAF, percent=2),
        Fault(FaultKind.GARBLE, percent=2),
        Fault(FaultKind.ERROR, percent=2),
        Fault(FaultKind.LATE, percent=5, seconds=0.3),
        Fault(FaultKind.TWICE, percent=5),
    ],
    "sockets are cut with events in the gap": [
        Fault(FaultKind.NEVER, methods={EVENT}, percent=20),
        Fault(FaultKind.TWICE, methods={EVENT}, percent=10),
        Fault(FaultKind.CUT, methods={EVENT}, percent=10),
    ],
}
OFTEN = ("some of everything",)


async def trades_through(stand: Stand[FaultProxy], seed: int) -> None:
    """Some busy rounds with what the schedule does, then some blocks without, and the audit."""
    rng = random.Random(seed)
    crowd = Crowd(stand, rng)
    for _ in range(ROUNDS):
        crowd.launches.append(stand.market.launch())
        await crowd.for_seconds(1.5)
    stand.node.schedule.clear()
    assert stand.node.schedule.fired
    await Killer(stand, crowd, rng).settle()
    if not bought(stand):  # no entry was sure enough while the nodes contradicted each other
        await stand.hold_a_launch()
    assert await audit(stand) == []
    assert bought(stand)
    assert await reconciled(stand)
    assert await stand.replayed() == 0


@pytest.mark.parametrize("how", [pytest.param(how, marks=() if how in OFTEN else pytest.mark.long) for how in FAULTS])
async def test_a_busy_run_goes_on_and_the_books_are_right_while(stand: Stand[FaultProxy], how: str) -> None:
    stand.document["account"]["main"]["execution"]["replace_after_blocks"] = 3
    if "socket" in how:
        stand.document["chain"]["dev"]["endpoints"] = [stand.node.ws_url]
    await stand.start()
    stand.node.schedule.add(*FAULTS[how])
    await trades_through(stand, sorted(FAULTS).index(how))


@pytest.mark.long
async def test_a_second_node_that_stands_still_answers_now_and_then(stand: Stand[FaultProxy]) -> None:
    """It shows an old head, no receipt, and the nonce and balances of before: nothing of that may be believed."""
    with DevChain(automine=False) as stale:
        await stand.start()
        stale.restart(stand.chain.state())
        stand.node.other = stale.rpc_url
        stand.node.schedule.add(Fault(FaultKind.ELSEWHERE, percent=10))
        await trades_through(stand, 77)


@pytest.mark.long
async def test_a_second_node_on_another_branch_answers_now_and_then(stand: Stand[FaultProxy]) -> None:
    with DevChain(automine=False) as other:
        await stand.start()
        other.restart(stand.chain.state())
        other.fund(stand.owner, 5 * 10**18)
        other.mine(5)
        stand.node.other = other.rpc_url
        stand.node.schedule.add(Fault(FaultKind.ELSEWHERE, percent=5))
        await trades_through(stand, 78)
