"""Reorgs of a real node take back what the bot did: positions and books follow, and nothing is bought twice."""

import pytest
from stand import Stand
from stand.market import Launch
from stand.record import approved

from sniper.events import Block, Reorg
from sniper.kernel import facts as f

GONE = "retracted above"


@pytest.fixture
async def witnessed(stand: Stand) -> Stand:
    """Running, with a strategy beside that says what it was told of reorgs."""
    stand.add_strategy("witness", "main")
    await stand.start()
    return stand


async def follow(stand: Stand) -> None:
    """Wait until the bot stands on the chain's present branch."""
    head = stand.chain.rpc.call("eth_getBlockByNumber", "latest", False)["hash"]
    await stand.until(lambda record: record.all(Block)[-1].hash == head and record.quiet)


def told(stand: Stand) -> list[str]:
    """What the witness was told, in order."""
    return [fact.reason for fact in stand.record.all(f.IntentFormed) if fact.instance == "witness"]


def bought_once(stand: Stand, launch: Launch) -> bool:
    """One entry was ordered, in one signed form, and what it brought counts once."""
    asset = launch.asset(stand.chain)
    entries = {fact.order for fact in stand.record.all(f.OrderPlaced) if fact.side == "increase"}
    signed = {moved.tx_hash for moved in stand.record.attempts("entry", "signed")}
    bought = sum(1 if not b.undo else -1 for b in stand.record.all(f.Booked) if b.order in entries and b.cash)
    return stand.record.entries_of() == {asset: 1} and len(signed) == 1 and bought == 1


async def test_an_entry_that_is_taken_back_is_sent_again_and_counts_once(witnessed: Stand) -> None:
    stand = witnessed
    launch = stand.market.launch()
    asset = launch.asset(stand.chain)
    await stand.until(lambda record: record.attempts("entry", "sent"))
    await stand.mine()
    assert stand.record.books["main"].positions[asset].amount > 0
    ancestor = stand.chain.block_number() - 1
    stand.chain.reorg(1)
    await follow(stand)
    assert [event.ancestor for event in stand.record.all(Reorg)] == [ancestor]
    assert told(stand) == [f"{GONE} {ancestor}"]
    position = stand.record.books["main"].positions[asset]
    assert (position.amount, position.cost, position.state) == (0, 0, "opening")
    assert stand.record.books["main"].cash[f"{stand.chain.chain_id}:0x{'0' * 40}"] == stand.chain.balance(stand.owner)
    await stand.mine_until(lambda record: not record.books["main"].orders)
    assert stand.record.books["main"].positions[asset].amount == stand.chain.token_balance(launch.token, stand.owner)
    assert bought_once(stand, launch)
    assert stand.differences() == []
    await stand.sell(launch)
    assert stand.differences() == []
    assert stand.nonce() == 3


async def test_an_entry_that_comes_again_in_another_place_is_booked_as_it_then_was(witnessed: Stand) -> None:
    """The other branch has a purchase before ours, so the same signed bytes bring less."""
    stand = witnessed
    launch = stand.market.launch()
    asset = launch.asset(stand.chain)
    await stand.until(lambda record: record.attempts("entry", "sent"))
    snapshot = stand.chain.snapshot()
    await stand.mine()
    first = stand.record.books["main"].positions[asset].amount
    stand.chain.revert(snapshot)
    stand.market.buy(launch, 10**17)
    stand.chain.mine(2)
    await follow(stand)
    await stand.mine_until(lambda record: not record.books["main"].orders)
    assert 0 < stand.record.books["main"].positions[asset].amount < first
    assert bought_once(stand, launch)
    assert stand.differences() == []
    await stand.sell(launch)
    assert stand.differences() == []


async def test_an_approval_that_is_taken_back_is_there_before_the_sale(witnessed: Stand) -> None:
    stand = witnessed
    launch = await stand.hold_a_launch()
    stand.chain.reorg(1)
    await follow(stand)
    assert len(told(stand)) == 1
    assert stand.chain.token_balance(launch.token, stand.owner) > 0
    assert approved(stand.chain, launch.asset(stand.chain)) not in stand.record.books["main"].allowances
    assert [found for found in stand.differences() if "has not ended" not in found] == []
    await stand.sell(launch)
    assert bought_once(stand, launch)
    assert stand.differences() == []


async def test_an_exit_that_is_taken_back_is_sold_again(witnessed: Stand) -> None:
    stand = witnessed
    launch = await stand.hold_a_launch()
    asset = launch.asset(stand.chain)
    held = stand.record.books["main"].positions[asset].amount
    await stand.sell(launch)
    assert stand.differences() == []
    (exit_,) = stand.record.attempts("exit", "signed")
    stand.chain.reorg(stand.chain.block_number() - stand.chain.receipt(exit_.tx_hash).block + 1)
    await follow(stand)
    assert stand.record.all(Reorg)
    assert stand.record.books["main"].positions[asset].amount == held
    await stand.mine_until(lambda record: asset not in record.books["main"].positions)
    await stand.mine_until(lambda record: not record.books["main"].orders)
    assert stand.chain.token_balance(launch.token, stand.owner) == 0
    assert bought_once(stand, launch)
    assert stand.differences() == []
    assert stand.nonce() == 3


async def test_a_whole_trade_that_is_taken_back_is_made_again_in_one_block(witnessed: Stand) -> None:
    """Entry, approval and exit come again side by side, so balances at the block's end tell nothing of each."""
    stand = witnessed
    launch = stand.market.launch()
    asset = launch.asset(stand.chain)
    await stand.until(lambda record: record.attempts("entry", "sent"))
    start = stand.chain.block_number()
    await stand.mine_until(lambda record: not record.books["main"].orders)
    stand.kill_switch("flatten")  # sells at any price, so that the sale holds on the other branch, too
    await stand.mine_until(lambda record: asset not in record.books["main"].positions)
    await stand.mine_until(lambda record: not record.books["main"].orders)
    assert stand.differences() == []
    stand.kill_switch("off")
    await stand.until(lambda record: record.books["main"].kill == "off")
    stand.chain.reorg(stand.chain.block_number() - start)
    await follow(stand)
    assert stand.nonce() == 3
    stand.chain.mine()
    assert stand.chain.token_balance(launch.token, stand.owner) == 0
    hashes = [moved.tx_hash for moved in stand.record.all(f.AttemptMoved) if moved.state == "signed"]
    assert len({stand.chain.receipt(hash_).block for hash_ in hashes}) == 1
    await stand.mine_until(
        lambda record: not record.books["main"].orders and asset not in record.books["main"].positions
    )
    assert stand.record.entries_of() == {asset: 1}
    assert stand.nonce() == 3
    assert stand.chain.token_balance(launch.token, stand.owner) == 0
    assert stand.differences() == []
    assert await stand.replayed() == 0


async def test_a_launch_that_is_taken_back_with_its_entry_leaves_nothing_but_its_gas(witnessed: Stand) -> None:
    stand = witnessed
    launch = stand.market.launch()
    await stand.until(lambda record: record.attempts("entry", "sent"))
    await stand.mine()
    ancestor = stand.chain.block_number() - 2  # the pool was opened in the block before the entry
    stand.chain.reorg(2)
    await follow(stand)
    assert told(stand) == [f"{GONE} {ancestor}"]
    await stand.mine_until(lambda record: not record.books["main"].orders)
    book = stand.record.books["main"]
    assert launch.asset(stand.chain) not in book.positions or not book.positions[launch.asset(stand.chain)].amount
    assert stand.differences() == []
    honest = await stand.hold_a_launch()
    await stand.sell(honest)
    assert stand.differences() == []


async def test_a_reorg_while_the_bot_is_down_is_followed_at_the_next_start(witnessed: Stand) -> None:
    stand = witnessed
    launch = await stand.hold_a_launch()
    await stand.bot.kill()
    stand.chain.reorg(2)
    stand.chain.mine(3)
    await stand.start()
    assert stand.record.all(Reorg)
    await stand.mine_until(lambda record: not record.books["main"].orders)
    await stand.sell(launch)
    assert bought_once(stand, launch)
    assert stand.differences() == []
