"""The signer is killed (SIGKILL) and cannot come back; what was signed before sells the position all the same."""

import os
import signal
from pathlib import Path

import pytest
from stand import Stand
from stand.market import SUPPLY, Launch

from sniper.kernel import facts as f
from sniper_sdk.zoo import V2Pool, approve


def sold_by_the_whale(stand: Stand, launch: Launch, share: int) -> None:
    """Part of its tokens, of 1,000 of the supply, in the next block."""
    router = stand.chain.addresses.v2_router
    approving = approve(launch.token, router)
    stand.chain.submit(launch.whale, approving.to, approving.data, 0, gas=3_500_000)
    sale = V2Pool(launch.token, stand.chain.addresses).sell(launch.whale.address, SUPPLY * share // 1_000)
    stand.chain.submit(launch.whale, sale.to, sale.data, 0, gas=3_500_000)


def hidden(keys: list[str], *, hide: bool) -> None:
    """So that nothing can start the signer again; or so that it can."""
    for key in keys:
        Path(key if hide else f"{key}.gone").rename(f"{key}.gone" if hide else key)


@pytest.mark.parametrize("floor", [1_500, 6_000], ids=["as good as a new one", "worse than a new one"])
async def test_the_stop_loss_sells_by_what_was_signed_before_the_signer_died(stand: Stand, floor: int) -> None:
    """What is as good leaves at once; what is worse only once the signer was asked and gave nothing."""
    document = stand.document
    document["account"]["main"]["execution"] |= {
        "presigned_exits": True,
        "presigned_floor_bps": floor,
        "exit_slippage_bps": 200,  # the room that a sale from before must leave the price
    }
    document["strategy"]["launch-snipe"]["exits"] = ["stop-loss"]
    document["exit"] = {"stop-loss": {"loss_bps": 800}}
    await stand.start()
    launch = await stand.hold_a_launch()
    asset = launch.asset(stand.chain)
    nonce = stand.nonce()
    await stand.mine_until(
        lambda record: (kept := record.books["main"].presigned.get(asset)) and kept.sale.sign.nonce == nonce
    )
    kept = stand.record.books["main"].presigned[asset]
    hidden(document["signer"]["keystore"]["keystores"], hide=True)
    os.kill(stand.bot.signer_pid, signal.SIGKILL)
    sold_by_the_whale(stand, launch, 35)
    await stand.mine_until(
        lambda record: asset not in record.books["main"].positions and not record.books["main"].orders
    )
    (sale,) = stand.record.attempts("exit", "included")
    signed = [moved for moved in stand.record.all(f.AttemptMoved) if moved.attempt == sale.attempt and moved.raw]
    assert [moved.raw for moved in signed] == [kept.raw]
    refused = [moved for moved in stand.record.attempts("exit", "dropped") if moved.note.startswith("not signed")]
    assert bool(refused) == (floor == 6_000)
    assert stand.nonce() == nonce + 1
    assert stand.chain.token_balance(launch.token, stand.owner) == 0
    assert stand.differences() == []
    hidden(document["signer"]["keystore"]["keystores"], hide=False)
    await stand.restart()
    await stand.mine_until(lambda record: not record.books["main"].orders)
    assert stand.nonce() == nonce + 1
    assert stand.differences() == []
    assert await stand.replayed() == 0
