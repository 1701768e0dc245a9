"""A node that leaves a starting bot without answers while much is under way, and then is well again."""

import pytest
from stand import Stand
from stand.audit import audit

from sniper_sdk.faults import Fault, FaultKind, FaultProxy

UNANSWERED = 12
"""About what a start with four orders under way asks at once."""
ASKED_AT_A_START = {"eth_getTransactionReceipt", "eth_getBlockByNumber", "eth_sendRawTransaction"}


@pytest.mark.long
@pytest.mark.parametrize("transport", ["ws", "http"])
async def test_a_start_goes_on_soon_after_its_node_answers_again(stand: Stand[FaultProxy], transport: str) -> None:
    """Each of the unanswered requests once counted as a failure of its own, and cost a doubled pause."""
    stand.document["chain"]["dev"]["endpoints"] = [stand.node.ws_url if transport == "ws" else stand.node.url]
    await stand.start()
    for _ in range(4):
        stand.market.launch()
    await stand.until(lambda record: len(record.entries_of()) == 4)
    await stand.bot.kill()
    stand.node.schedule.add(Fault(FaultKind.NEVER, methods=ASKED_AT_A_START, times=UNANSWERED))
    await stand.start()
    await stand.mine()
    await stand.mine_until(lambda record: not record.books["main"].orders)
    assert await audit(stand) == []
