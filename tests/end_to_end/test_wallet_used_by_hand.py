"""The wallet's owner sends transactions of their own while the bot trades from it."""

from stand import FUNDS, Stand

from sniper.kernel import facts as f
from sniper.types import NATIVE
from sniper_sdk.devchain import DevChain


async def test_a_nonce_that_was_used_by_hand_costs_the_order_and_nothing_else(stand: Stand, chain: DevChain) -> None:
    """The owner spends from the same wallet while an entry waits: one of the two transactions can be included."""
    await stand.start()
    stand.market.launch()
    await stand.until(lambda record: record.attempts("entry", "sent"))
    (entry,) = stand.record.attempts("entry", "sent")
    chain.rpc.call("anvil_dropAllTransactions")
    owner = stand.traders[0].key
    chain.submit(owner, chain.accounts[0].address, value=10**17, nonce=0)
    chain.mine()
    await stand.mine_until(lambda record: not record.books["main"].orders and record.quiet)
    assert stand.record.attempts("entry", "included") == []
    (ended,) = stand.record.all(f.OrderEnded)
    assert (ended.order, ended.state) == (entry.order, "failed")
    assert "used outside sniper" in ended.reason
    book = stand.record.books["main"]
    assert book.cash[f"{chain.chain_id}:{NATIVE}"] == chain.balance(stand.owner)
    assert stand.record.all(f.Adjusted)[-1].delta == chain.balance(stand.owner) - FUNDS
    second = await stand.hold_a_launch()
    assert chain.token_balance(second.token, stand.owner) > 0
    assert book.cash[f"{chain.chain_id}:{NATIVE}"] == chain.balance(stand.owner)
