"""Two hundred transactions of one sender wait at once: no nonce is missing, all are mined, the books are the chain."""

import pytest
from stand import Record, Stand
from stand.audit import audit
from stand.market import ETHER

from sniper.kernel import facts as f
from sniper.kernel.asks import Send
from sniper_sdk.devchain import DevChain

COUNT = 200


def states(record: Record) -> list[str]:
    return [attempt.state for _, attempt in record.books["main"].in_flight()]


@pytest.mark.long
async def test_two_hundred_transactions_of_one_sender_wait_without_a_gap_and_are_all_booked(
    stand: Stand, chain: DevChain
) -> None:
    chain.rpc.call("evm_setBlockGasLimit", hex(2 * 10**9))
    chain.fund(stand.owner, 10 * COUNT * ETHER)
    document = stand.document
    document["chain"]["dev"]["endpoints"] = [chain.rpc_url]  # the test looks at the journal too often to be a node, too
    document["strategy"]["launch-snipe"]["max_per_block"] = COUNT
    document["risk"] = {
        "limits": {"max_spend_per_trade": ETHER, "max_spend_per_day": COUNT * ETHER, "max_positions": COUNT},
        "liquidity": document["risk"]["liquidity"],
    }
    rules = document["signer"]["keystore"]["rules"]["chains"][str(chain.chain_id)]
    rules |= {"max_value_per_hour": COUNT * ETHER, "max_value_per_day": COUNT * ETHER}
    launches = [stand.market.prepared() for _ in range(COUNT)]
    await stand.start()
    for launch in launches:
        stand.market.offer(launch)
    chain.mine()
    await stand.until(lambda record: states(record) == ["sent"] * COUNT)
    pool = chain.rpc.call("txpool_status")
    assert (int(pool["pending"], 16), int(pool["queued"], 16)) == (COUNT, 0)
    assert sorted(fact.nonce for fact in stand.record.all(f.AttemptMade)) == list(range(COUNT))
    await stand.mine_until(lambda record: not record.books["main"].orders)
    assert len(stand.record.books["main"].positions) == COUNT
    sent = [ask.body.submission.nonce for ask in stand.record.asks(Send)]
    assert sorted(set(sent)) == list(range(2 * COUNT)), "entries, and the approvals of their exits"
    assert await audit(stand) == []
