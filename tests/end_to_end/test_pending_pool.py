"""A live bot that watches the public pool, on a real chain that mines when the test says so."""

import asyncio

from stand import Stand

from sniper.events import Block, OwnTransaction, PendingLiquidity, PoolTips
from sniper.runtime.control import ask
from sniper_sdk.devchain import DevChain, calldata


async def test_what_the_bot_sent_is_known_and_what_its_key_signed_elsewhere_is_shown(
    stand: Stand, chain: DevChain
) -> None:
    stand.document["feed"]["pending-pool"] = {"poll_s": 0.02}
    stand.document["fee"] = {"pending-pool": {}}  # hears of the tips
    await stand.start()
    stand.market.launch()
    await stand.until(lambda record: record.all(OwnTransaction))
    (sent,) = stand.record.attempts("entry", "signed")
    (own,) = stand.record.all(OwnTransaction)
    assert (own.tx_hash, own.sender) == (sent.tx_hash, stand.owner)
    assert (await asyncio.to_thread(ask, stand.data, {"command": "status"}))["strangers"] == []

    by_hand = chain.submit(stand.traders[0].key, chain.accounts[0].address, value=10**17, nonce=1)
    await stand.until(lambda record: len(record.all(OwnTransaction)) == 2)
    (shown,) = (await asyncio.to_thread(ask, stand.data, {"command": "status"}))["strangers"]
    assert (shown["account"], shown["tx_hash"], shown["nonce"]) == ("main", by_hand, 1)
    assert "was not sent here" in stand.bot.words()


async def test_liquidity_and_tips_are_on_record_before_the_block_and_replay_gives_the_same(
    stand: Stand, chain: DevChain
) -> None:
    stand.document["feed"]["pending-pool"] = {"poll_s": 0.02, "tips_s": 1}
    await stand.start()
    pair = ("0x" + "c0" * 20, chain.addresses.weth)
    made = chain.submit(chain.accounts[5], chain.addresses.v2_factory, calldata("createPair(address,address)", *pair))
    await stand.until(lambda record: record.all(PendingLiquidity))
    (hint,) = stand.record.all(PendingLiquidity)
    assert (hint.tx_hash, hint.creates) == (made, True)
    await stand.until(lambda record: any(each.offers for each in record.all(PoolTips)))
    before = stand.record.position(PendingLiquidity)
    await stand.mine()
    assert before < stand.record.position(Block, lambda block: block.number == chain.block_number())
    assert await stand.replayed() == 0
