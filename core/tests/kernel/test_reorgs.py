"""Reorgs: an entry, the approval of its exit, an exit, in every combination, and what the new branch makes of them."""

from itertools import permutations, product

import pytest
from world import CHAIN, ETHER, FINALITY, OWNER, Setup, Token, World, address, hash_of, pool_of, target, token_of

from sniper.kernel import facts as f
from sniper.kernel.asks import ReadBalances, Settle
from sniper.kernel.wiring import ExecutionWiring
from sniper.types import BPS

TOKEN = token_of(1)

STAGES = ("entry", "approve", "exit")


def staged(stages: int, share_bps: int = BPS) -> World:
    """The first ``stages`` of entry, approval and exit are included and booked, each in a block of its own."""
    world = World()
    world.mine()
    world.open()
    if stages == 3:
        world.settle()
        world.close(share_bps=share_bps)
    for _ in range(stages if stages < 3 else 1):
        world.answer_all()
        world.mine(most=1)
        world.answer_all()
    included = [r.tx.purpose for block in world.chain.blocks for r in block.receipts.values()]
    assert included == list(STAGES[:stages])
    return world


def rest(world: World) -> None:
    """Honest from here on: books and chain must agree to the unit, with no unexplained adjustment."""
    for _ in range(25):
        world.answer_all()
        world.check()
        world.mine()
    world.answer_all()
    world.check()
    assert not world.book.halted
    assert not world.book.orders
    world.check_against_chain()
    assert len(world.of(f.Adjusted)) == 1, "the first reading of the wallet, and nothing unexplained since"
    assert len({fact.intent for fact in world.of(f.OrderPlaced) if fact.side == "increase"}) == 1
    world.check_replay()


@pytest.mark.parametrize(
    ("stages", "depth", "keep"),
    [(s, d, k) for s, d, k in product((1, 2, 3), (1, 2, 3), (True, False)) if d <= s],
)
def test_what_a_reorg_takes_back_happens_again_and_is_booked_once(stages: int, depth: int, keep: bool) -> None:
    world = staged(stages)
    world.chain.reorg(depth, keep=keep)
    world.chain.mine(most=0)
    world.deliver()
    world.check()
    rest(world)
    assert (TOKEN in world.book.positions) == (stages < 3)


@pytest.mark.parametrize(("stages", "depth"), [(2, 2), (3, 2), (3, 3)])
def test_taken_back_together_and_included_in_one_block(stages: int, depth: int) -> None:
    world = staged(stages)
    world.chain.reorg(depth)
    world.mine()
    rest(world)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_settlements_after_a_reorg_may_arrive_in_any_order(order: tuple[int, ...]) -> None:
    world = staged(3)
    world.chain.reorg(3)
    world.chain.mine(most=0)
    for _ in range(3):
        world.chain.mine(most=1)
    world.deliver()
    asks = {ask.body.submission.purpose: ask for ask in world.asked(Settle)}  # type: ignore[union-attr]
    assert set(asks) == set(STAGES)
    for index in order:
        world.answer(asks[STAGES[index]])
        world.check()
    rest(world)
    assert not world.book.positions
    booked = [fact for fact in world.of(f.Booked) if not fact.undo][-3:]
    assert [fact.attempt for fact in booked] == [attempt for attempt, tx in world.sent[:3]], "in the order of nonces"


def test_a_part_that_was_sold_is_held_again() -> None:
    world = staged(3, share_bps=4_000)
    held = world.book.positions[TOKEN].amount
    world.chain.reorg(1, keep=False)
    world.chain.mine(most=0)
    world.deliver()
    position = world.book.positions[TOKEN]
    assert position.amount > held
    assert position.state == "closing"
    rest(world)
    assert world.book.positions[TOKEN].amount == held


def test_an_entry_that_fails_in_its_new_block_leaves_no_position() -> None:
    world = staged(2)
    world.chain.reorg(2)
    world.chain.mine(most=0, trades=((pool_of(1), 60 * ETHER),))
    world.deliver()
    rest(world)
    assert not world.book.positions
    assert world.of(f.OrderEnded)[-1].state == "failed"


def test_a_failed_entry_that_succeeds_in_its_new_block_is_a_position_with_its_exits() -> None:
    world = World(Setup(strategies=(("script", (target(take=12_000),)),)))
    world.mine()
    world.open()
    world.answer_all()
    world.mine(trades=((pool_of(1), 60 * ETHER),))
    world.settle()
    assert not world.book.positions
    world.chain.reorg(1)
    world.chain.mine(most=0)
    world.deliver()
    rest(world)
    assert world.book.positions[TOKEN].amount
    world.mine(trades=((pool_of(1), 20 * ETHER),))
    world.settle()
    assert not world.book.positions, "its exit sold it"


def test_a_sale_that_fails_in_its_new_block_is_tried_again() -> None:
    world = staged(3)
    world.chain.reorg(1)
    world.chain.tokens[address(1)] = Token(sellable=False)
    world.mine()
    world.answer_all()
    assert world.book.positions[TOKEN].amount
    assert world.book.positions[TOKEN].failures == 1
    world.chain.tokens[address(1)] = Token()
    rest(world)
    assert not world.book.positions


def test_an_approval_that_fails_in_its_new_block_does_not_trap_the_position() -> None:
    world = staged(2)
    world.chain.reorg(1)
    world.chain.tokens[address(1)] = Token(approvable=False)
    world.mine()
    world.answer_all()
    assert not world.book.allowances
    world.chain.tokens[address(1)] = Token()
    world.close()
    rest(world)
    assert not world.book.positions


def test_an_approval_of_a_token_that_the_new_branch_has_not_grants_nothing() -> None:
    """To call an address without code succeeds. Nobody may count on that approval when the token comes after all."""
    world = staged(2)
    world.chain.reorg(2)
    world.chain.tokens[address(1)] = Token(there=False)
    world.mine()
    world.settle()
    assert [fact.state for fact in world.of(f.AttemptMoved) if fact.block][-2:] == ["reverted", "included"]
    assert not world.chain.ledger.allowances
    assert not world.book.allowances
    assert not world.book.positions
    world.chain.tokens[address(1)] = Token()
    world.open()
    world.settle()
    assert world.book.allowances
    world.close()
    world.settle()
    assert not world.book.positions
    world.check_against_chain()
    world.check_replay()


def test_an_approval_that_never_comes_back_is_given_again_before_the_sale() -> None:
    world = staged(2)
    world.chain.reorg(1, keep=False)
    world.chain.mine(outside=1)  # its nonce goes to another wallet program
    world.deliver()
    for _ in range(12):
        world.answer_all()
        world.mine()
    world.close()
    world.settle(20)
    assert not world.book.positions
    world.crash()
    world.answer_all()  # what the other program spent is seen when the wallet is read
    world.check_against_chain()


def test_a_token_that_is_bought_twice_survives_a_reorg_of_everything() -> None:
    world = staged(3)
    world.open()
    world.answer_all()
    world.mine(most=1)
    world.answer_all()
    assert world.book.positions[TOKEN].amount
    world.chain.reorg(4)
    world.chain.mine(most=0)
    world.deliver()
    assert world.book.positions[TOKEN].amount == 0
    for _ in range(25):
        world.answer_all()
        world.check()
        world.mine()
    world.answer_all()
    world.check_against_chain()
    assert len(world.of(f.Adjusted)) == 1


def test_a_cancellation_that_is_taken_back_may_lose_against_the_entry() -> None:
    world = World(Setup(execution=ExecutionWiring(replace_after_blocks=1, max_attempts=1)))
    world.open()
    world.answer_all()
    entry = world.sent[0][1]
    world.mine(most=0)
    world.answer_all()
    world.mine()
    world.settle()
    assert world.of(f.OrderEnded)[-1].state == "cancelled"
    world.chain.reorg(1, keep=False)
    world.chain.mempool = {hash_of(entry): entry}
    world.mine()
    rest(world)
    assert world.book.positions[TOKEN].amount


def test_the_profit_of_a_position_that_was_opened_again_is_its_own() -> None:
    world = staged(3)
    before = len(world.of(f.Booked))
    world.open()
    world.settle()
    world.close()
    world.settle()
    second = sum(fact.realised for fact in world.of(f.Booked)[before:])
    assert world.script().heard[-1] == f"closed {TOKEN} {second}"


def test_a_sale_counts_on_an_approval_that_a_reorg_put_on_its_way_again() -> None:
    world = staged(2)
    world.chain.reorg(1)
    world.chain.mine(most=0)
    world.deliver()
    world.answer_all()
    world.close()
    (sale,) = [fact for fact in world.of(f.OrderPlaced) if fact.side == "reduce"]
    assert [step.purpose for step in sale.steps] == ["exit"]
    rest(world)
    assert not world.book.positions


def test_an_answer_about_the_wallet_from_before_a_reorg_does_not_count() -> None:
    world = staged(2)
    world.crash()
    world.hold(world.asked(ReadBalances)[0])
    world.chain.reorg(1)
    world.mine(most=0)
    world.release()
    assert not world.book.senders[f"1:{OWNER}"].known
    rest(world)


def test_nothing_is_signed_with_a_new_nonce_until_the_wallet_is_read_again() -> None:
    world = staged(2)
    world.chain.mine(outside=1)
    world.deliver()
    world.crash()
    world.answer_all()
    world.chain.reorg(1)
    world.chain.mempool = {}
    world.mine(most=0)
    world.open(2)
    assert world.of(f.Verdict)[-1].rule == "kernel.wallet-read"
    world.answer_all()
    world.bought(2)


def test_pools_are_what_they_were_and_exits_value_them_so() -> None:
    world = staged(2)
    before = world.kernel.market.pool(f"1:{pool_of(1)}").impl.reserves  # type: ignore[union-attr]
    world.mine(trades=((pool_of(1), 20 * ETHER),))
    world.chain.reorg(1)
    world.mine(most=0)
    assert world.kernel.market.pool(f"1:{pool_of(1)}").impl.reserves == before  # type: ignore[union-attr]


def test_strategies_are_told() -> None:
    world = staged(1)
    world.chain.reorg(1)
    world.mine()
    assert any(line.startswith("retracted") for line in world.script().heard)


def test_deeper_than_finality_halts() -> None:
    world = World()
    for _ in range(2 * FINALITY):
        world.mine()
    world.chain.reorg(FINALITY + 1)
    for _ in range(FINALITY + 2):
        world.chain.mine()
    world.deliver()
    assert "deeper than the finality" in world.book.halted
    world.open()
    assert world.of(f.Verdict)[-1].rule == "kernel.not-halted"


def test_as_deep_as_finality_does_not_halt() -> None:
    world = World()
    for _ in range(2 * FINALITY):
        world.mine()
    world.chain.reorg(FINALITY)
    world.mine()
    assert not world.book.halted
    world.answer_all()
    world.bought()


def test_what_is_final_is_forgotten() -> None:
    world = staged(3)
    assert world.book.ended
    assert world.book.closed
    for _ in range(FINALITY + 2):
        world.mine()
        world.answer_all()
    assert not world.book.ended
    assert not world.book.closed
    assert not world.account.exits.retired
    world.check()


# ---- nonces that others lose ----


def above_a_lost_nonce(**rules: int) -> World:
    """An entry waits at nonce 2: the transactions of another wallet program that had 0 and 1 are gone for good."""
    world = World(Setup(execution=ExecutionWiring(**rules)))
    for _ in range(2):
        world.chain.mine(outside=1)
    world.deliver()
    world.crash()
    world.answer_all()
    world.open()
    world.answer_all()
    world.chain.reorg(2, keep=False)
    for _ in range(3):
        world.chain.mine()
    world.deliver()
    return world


def test_nonces_that_a_reorg_took_from_others_are_filled_and_what_waited_above_them_goes_on() -> None:
    world = above_a_lost_nonce(replace_after_blocks=2)
    for _ in range(12):
        world.answer_all()
        world.check()
        world.mine()
    world.settle()
    assert world.book.positions[TOKEN].amount
    assert [(tx.nonce, tx.purpose) for _, tx in world.sent if tx.purpose == "cancel"] == [(0, "cancel"), (1, "cancel")]
    assert all(tx.to == OWNER and not tx.value for _, tx in world.sent if tx.purpose == "cancel")
    assert world.of(f.OrderEnded)[-1].state == "done"
    world.check()
    world.crash()
    world.answer_all()
    world.check_against_chain()
    world.check_replay()


def test_a_nonce_is_not_filled_before_its_transaction_had_time_to_come_back() -> None:
    world = above_a_lost_nonce(replace_after_blocks=3)
    world.answer_all()
    world.mine(most=0)
    world.answer_all()
    assert not [tx for _, tx in world.sent if tx.purpose == "cancel"]
    for _ in range(2):
        world.chain.mine(most=1, outside=1)
    world.deliver()
    world.settle()
    assert world.book.positions[TOKEN].amount
    assert not [tx for _, tx in world.sent if tx.purpose == "cancel"]


def test_a_filler_that_loses_against_the_transaction_that_came_back_does_no_harm() -> None:
    world = above_a_lost_nonce(replace_after_blocks=2)
    while not [tx for _, tx in world.sent if tx.purpose == "cancel"]:
        world.answer_all()
        world.mine(most=0)
    world.mine(most=1, outside=1)
    for _ in range(8):
        world.answer_all()
        world.check()
        world.mine()
    world.settle()
    assert world.book.positions[TOKEN].amount
    world.crash()
    world.answer_all()
    world.check_against_chain()


def test_a_filler_whose_block_is_taken_back_is_sent_again() -> None:
    world = above_a_lost_nonce(replace_after_blocks=2)
    while not world.of(f.OrderEnded):
        world.answer_all()
        world.check()
        world.mine(most=1)
    world.chain.reorg(4, keep=False)
    for _ in range(25):
        world.chain.mine(most=1)
        world.deliver()
        world.answer_all()
        world.check()
    assert world.of(f.OrderEnded)[-1].state == "done"
    assert world.book.positions[TOKEN].amount
    world.crash()
    world.answer_all()
    world.check_against_chain()
    world.check_replay()


def test_nothing_is_filled_while_everything_is_frozen() -> None:
    world = above_a_lost_nonce(replace_after_blocks=2)
    world.kill("freeze")
    for _ in range(12):
        world.answer_all()
        world.mine(most=0)
    assert not world.of(f.AttemptMade)[-1].step < 0


def test_an_answer_from_a_branch_that_is_gone_does_not_count_however_late_it_comes() -> None:
    world = staged(2)
    world.close()
    world.answer_all()
    world.mine()
    (settle,) = world.asked(Settle)
    world.hold(settle)
    world.chain.reorg(1, keep=False)
    world.chain.mine(most=0)
    world.deliver()
    world.chain.mempool = {}
    for _ in range(FINALITY + 2):
        world.mine(most=0)
    world.release()
    assert world.book.positions[TOKEN].amount, "the sale is in no block"
    rest(world)


def test_a_nonce_that_an_order_of_ours_lost_to_others_is_left_to_that_order() -> None:
    """A node tells of a reorg by its nonce before the feed does: the order takes the nonce again once it is heard."""
    world = staged(1)
    world.chain.mempool = {}
    world.mine(outside=1)  # the approval's nonce
    for _ in range(3):
        world.answer_all()
        world.mine(most=0)
    world.close()
    world.answer_all()
    world.chain.reorg(5, keep=False)
    world.crash()
    world.answer_all()
    assert all(fact.step >= 0 for fact in world.of(f.AttemptMade))
    world.check()
    for _ in range(6):
        world.chain.mine(most=0)
    world.deliver()
    for _ in range(25):
        world.answer_all()
        world.check()
        world.mine()
    assert not world.book.orders
    world.check_replay()


def test_what_changes_after_a_reorg_below_another_one_can_be_taken_back_too() -> None:
    world = World()
    for _ in range(4):
        world.mine()
    trade = ((pool_of(1), ETHER),)
    world.mine(trades=trade)
    pool = world.kernel.market.pool(f"{CHAIN}:{pool_of(1)}")
    assert pool is not None
    world.chain.reorg(1)
    world.deliver()
    world.chain.mine()
    world.chain.reorg(2)
    world.mine(trades=trade)
    assert pool.impl.reserves == world.chain.ledger.reserves[pool_of(1)]
    world.chain.reorg(1)
    world.mine()
    assert pool.impl.reserves == world.chain.ledger.reserves[pool_of(1)]
