"""The bot is killed in the middle of each state of an order and started again: nothing is lost, nothing done twice.

The moment is not a matter of luck: the node or the signer holds back the answer that would end the state, the journal
shows that the state is reached, and then the process is killed.
"""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from stand import Record, Stand
from stand.market import Launch

from sniper.kernel import facts as f
from sniper.kernel.asks import Probe, Send, Settle, Sign
from sniper_sdk.devchain import DevChain

Reached = Callable[[Record], object]


@dataclass(frozen=True)
class State:
    """When to kill.

    held     Method whose answers wait at the node; ``unheard``: the real node has not got the request either.
    frozen   The signer is stopped before the launch.
    reached  What the journal then shows.
    phase    ``entry``: from the launch on; ``included``: from the block of the entry on; ``exit``: once it sells.
    mined    Blocks that are mined while the bot is down.
    often    Whether it is part of the normal run; the others differ from one that is by little.
    """

    reached: Reached
    held: str = ""
    unheard: bool = False
    frozen: bool = False
    phase: str = "entry"
    mined: int = 0
    often: bool = True


def _settling(record: Record) -> bool:
    """The chain has the entry, and what it did was asked but not answered."""
    return any(isinstance(ask.body, Settle) for ask in record.books["main"].asks.values())


STATES = {
    "a probe is asked": State(lambda r: r.asks(Probe), held="eth_simulateV1"),
    "a signature is asked": State(lambda r: r.asks(Sign), frozen=True),
    "signed, and not sent": State(lambda r: r.asks(Send), held="eth_sendRawTransaction", unheard=True),
    "sent, and the answer lost": State(lambda r: r.asks(Send), held="eth_sendRawTransaction"),
    "sent, and mined meanwhile": State(lambda r: r.attempts("entry", "sent"), mined=2, often=False),
    "included, and not settled": State(_settling, held="eth_getTransactionReceipt", phase="included"),
    "an approval is signed, and not sent": State(
        lambda r: r.attempts("approve", "signed"), held="eth_sendRawTransaction", unheard=True, phase="included"
    ),
    "an approval is on its way": State(lambda r: r.attempts("approve", "sent"), phase="included"),
    "an approval is mined meanwhile": State(
        lambda r: r.attempts("approve", "sent"), phase="included", mined=1, often=False
    ),
    "an exit is signed, and not sent": State(
        lambda r: r.attempts("exit", "signed"), held="eth_sendRawTransaction", unheard=True, phase="exit", often=False
    ),
    "an exit is on its way": State(lambda r: r.attempts("exit", "sent"), phase="exit", often=False),
    "an exit is mined meanwhile": State(lambda r: r.attempts("exit", "sent"), phase="exit", mined=2),
}


async def _reach(stand: Stand, state: State) -> Launch:
    """Bring the bot into the state, by what happens on the chain."""
    if state.phase == "exit":
        launch = await stand.hold_a_launch()
        reached = stand.node.hold(state.held, before=state.unheard) if state.held else None
        stand.market.buy(launch, 8 * 10**18)
        stand.chain.mine()
    else:
        early = state.phase == "entry"
        reached = stand.node.hold(state.held, before=state.unheard) if state.held and early else None
        if state.frozen:
            os.kill(stand.bot.signer_pid, signal.SIGSTOP)
        launch = stand.market.launch()
        if not early:
            await stand.until(lambda record: record.attempts("entry", "sent"))
            reached = stand.node.hold(state.held, before=state.unheard) if state.held else None
            stand.chain.mine()
    if reached is not None:
        await reached.wait()
    await stand.until(state.reached)
    return launch


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if state.often else pytest.mark.long) for name, state in STATES.items()]
)
async def test_killed_while(stand: Stand, chain: DevChain, name: str) -> None:
    state = STATES[name]
    await stand.start()
    launch = await _reach(stand, state)
    await stand.bot.kill()
    if state.held:
        stand.node.release(state.held)
    chain.mine(state.mined)
    await stand.start()
    asset = launch.asset(chain)
    await stand.mine_until(lambda record: record.entries_of().get(asset) and not record.books["main"].orders)
    if asset in stand.record.books["main"].positions:
        await stand.sell(launch)
    assert stand.differences() == []
    assert stand.record.entries_of() == {asset: 1}
    assert chain.token_balance(launch.token, stand.owner) == 0
    # entry, approval and exit: not one transaction more, and no second form of any
    assert stand.nonce() == 3
    assert len({moved.tx_hash for moved in stand.record.all(f.AttemptMoved) if moved.state == "signed"}) == 3
