"""Orders on their way: nonces, broadcasts, replacements, restarts, answers that are late, lost or repeated."""

from itertools import pairwise

import pytest
from world import (
    ACCOUNT,
    CHAIN,
    ETHER,
    FUNDS,
    GAS_APPROVE,
    OWNER,
    ROUTER,
    USD,
    Setup,
    Token,
    Tx,
    Venue,
    World,
    address,
    hash_of,
    token_of,
)

from sniper.codec import decode
from sniper.events import AskFailed, Settled
from sniper.kernel import facts as f
from sniper.kernel.asks import ReadBalances, Send, Settle, Sign
from sniper.kernel.wiring import ExecutionWiring
from sniper.types import NATIVE, asset_id

TOKEN = token_of(1)


def sent(world: World) -> World:
    """An entry is in the mempool."""
    world.open()
    world.answer(world.asked(Sign)[0])
    world.answer(world.asked(Send)[0])
    return world


def raw_of(world: World) -> bytes:
    (send,) = world.asked(Send)
    assert isinstance(send.body, Send)
    return send.body.submission.raw


def attempt(world: World, order: int = 0, number: int = -1) -> "object":
    return list(world.book.orders.values())[order].attempts[number]


def ended(world: World) -> tuple[str, str]:
    fact = world.of(f.OrderEnded)[-1]
    return fact.state, fact.reason


def test_a_broadcast_leaves_only_as_a_command_after_the_signature() -> None:
    world = World()
    world.open()
    assert not world.asked(Send)
    world.answer(world.asked(Sign)[0])
    assert [ask.is_command for ask in world.asked(Send)] == [True]


def test_signatures_are_asked_one_at_a_time_so_that_a_refused_one_gives_its_nonce_back() -> None:
    world = World()
    world.open(1)
    world.open(2)
    (sign,) = world.asked(Sign)
    world.answer(sign, how="refused")
    assert ended(world)[0] == "failed"
    (sign,) = world.asked(Sign)
    assert isinstance(sign.body, Sign)
    assert sign.body.nonce == 0, "the nonce of the refused one"
    world.settle()
    world.check_against_chain()


def test_a_broadcast_without_an_answer_is_unknown_and_leaves_again_unchanged() -> None:
    world = World()
    world.open()
    world.answer(world.asked(Sign)[0])
    before = raw_of(world)
    world.answer(world.asked(Send)[0], how="late")
    assert world.book.orders, "an unknown outcome ends nothing"
    world.mine(most=0)
    assert raw_of(world) == before
    world.settle()
    assert len(world.of(f.OrderPlaced)) == 1
    world.check_against_chain()


def test_a_lost_answer_never_becomes_a_second_purchase() -> None:
    world = World()
    world.open()
    world.answer(world.asked(Sign)[0])
    world.answer(world.asked(Send)[0], how="lost")
    world.mine()
    world.settle()
    assert world.chain.ledger.nonce == 2, "the entry and the approval of its exit"
    world.check()
    world.check_against_chain()


def test_after_a_restart_the_same_bytes_leave_again_and_the_wallet_is_read() -> None:
    world = World()
    world.open()
    world.answer(world.asked(Sign)[0])
    before = raw_of(world)
    world.crash()
    assert raw_of(world) == before
    assert world.asked(ReadBalances)
    assert world.asked(Settle)
    world.open(2)
    assert world.of(f.Verdict)[-1].rule == "kernel.wallet-read"
    world.settle()
    world.check_against_chain()


def test_a_signature_that_was_lost_in_a_crash_is_asked_for_again() -> None:
    world = World()
    world.open()
    (before,) = world.asked(Sign)
    world.crash()
    assert world.asked(Sign) == [before]
    world.settle()
    world.check_against_chain()


def test_inputs_that_were_not_durable_are_forgotten_with_all_that_followed() -> None:
    world = World()
    world.open()
    world.crash(lose=1)
    assert not world.book.orders
    world.settle()
    assert world.chain.ledger.nonce == 0


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_a_replacement_has_the_same_nonce_and_outbids_by_an_eighth(rounds: int) -> None:
    world = sent(World())
    for _ in range(rounds * 3):
        world.mine(most=0)
        world.answer_all()
    bids = [tx for _, tx in world.sent]
    assert len(bids) == rounds + 1
    for old, new in pairwise(bids):
        assert new.nonce == old.nonce
        assert new.data == old.data
        assert new.max_fee * 1000 >= old.max_fee * 1125
        assert new.max_priority_fee * 1000 >= old.max_priority_fee * 1125
    world.settle()
    world.check_against_chain()


def test_an_entry_that_nobody_includes_is_cancelled_by_its_own_nonce() -> None:
    world = sent(World(Setup(execution=ExecutionWiring(replace_after_blocks=1, max_attempts=2))))
    for _ in range(3):
        world.mine(most=0)
        world.answer_all()
    last = world.sent[-1][1]
    assert (last.purpose, last.to, last.value, last.nonce) == ("cancel", OWNER, 0, 0)
    world.settle()
    assert ended(world)[0] == "cancelled"
    assert not world.book.positions
    world.check()
    world.check_against_chain()


def test_a_replaced_attempt_may_still_be_the_one_that_is_included() -> None:
    world = sent(World(Setup(execution=ExecutionWiring(replace_after_blocks=1))))
    first = world.sent[0][1]
    world.mine(most=0)
    world.answer_all()
    world.chain.mempool = {hash_of(first): first}
    world.mine()
    world.settle()
    assert [a.state for a in world.book.ended[f"{ACCOUNT}/script/1.0"].attempts][:2] == ["included", "replaced"]
    world.check_against_chain()


def test_a_refused_last_bid_leaves_again_instead_of_waiting_for_ever() -> None:
    world = World(Setup(execution=ExecutionWiring(replace_after_blocks=1, max_attempts=1)))
    world.bought()
    world.close()
    for _ in range(6):
        for ask in list(world.asks.values()):
            world.answer(ask, how="rejected" if isinstance(ask.body, Send) else "")
        world.mine(most=0)
    world.settle()
    assert not world.book.positions, "sold once the node took it"
    world.check_against_chain()


def test_a_nonce_that_was_used_outside_ends_the_order_and_frees_its_cash() -> None:
    world = sent(World())
    world.chain.mine(outside=ETHER // 10, most=1)
    world.deliver()
    world.settle(30)
    assert ended(world) == ("failed", "its nonce was used outside sniper")
    assert world.account.view.cash(asset_id(CHAIN, NATIVE)) == world.book.cash[asset_id(CHAIN, NATIVE)]
    world.crash()
    world.answer_all()
    world.check_against_chain()


def test_an_old_answer_does_not_declare_an_included_purchase_superseded() -> None:
    world = sent(World())
    world.mine(most=0)
    world.crash()
    world.hold(world.asked(Settle)[0])  # not included, says the node at this block
    world.mine()
    world.answer_all(ReadBalances)
    assert next(iter(world.book.orders.values())).attempts[0].note == "nonce passed"
    world.mine()
    world.release()
    assert world.book.orders, "it was asked before the nonce had passed"
    world.settle()
    assert world.book.positions[TOKEN].amount
    world.check_against_chain()


def test_a_nonce_counts_as_used_elsewhere_only_a_block_after_it_was_seen() -> None:
    world = sent(World())
    world.mine(outside=1, most=1)
    world.crash()
    world.answer_all(ReadBalances)
    world.answer_all(Settle)
    assert world.book.orders, "another node may lag behind the one that was asked for the nonce"
    world.answer_all()
    world.mine()
    world.answer_all(Settle)
    assert not world.book.orders


def test_a_settlement_of_a_block_that_the_feed_has_not_brought_waits_for_it() -> None:
    world = sent(World())
    world.mine(most=0)
    world.chain.mine()
    world.answer(world.asked(Settle)[0])
    assert not world.book.positions[TOKEN].amount, "a block that may yet be replaced unseen"
    world.chain.reorg(1, keep=False)
    world.chain.mine(most=0)
    world.settle()
    world.check_against_chain()


def test_a_settlement_of_a_block_that_is_gone_is_asked_again() -> None:
    world = sent(World())
    world.mine()
    world.hold(world.asked(Settle)[0])
    world.chain.reorg(1)
    world.chain.mine(most=0)
    world.chain.mine(most=0)
    world.deliver()
    world.release()
    assert not world.book.positions[TOKEN].amount
    world.settle()
    world.check_against_chain()


def test_repeated_late_and_unknown_answers_change_nothing() -> None:
    world = World()
    world.bought()
    for index in range(len(world.told)):
        assert world.repeat(index) == []
    stranger = Settled(time=world.tick(), account="nobody", ask="x", included=True, ok=True)
    assert world.tell(stranger) == []


def test_an_attempt_that_certainly_never_left_gives_its_nonce_back() -> None:
    world = World()
    world.open()
    world.answer(world.asked(Sign)[0])
    world.answer(world.asked(Send)[0], how="not-sent")
    assert ended(world)[0] == "cancelled"
    assert world.book.sender(CHAIN, OWNER).next_nonce == 0
    world.bought(2)
    world.check_against_chain()


def test_a_rebroadcast_that_did_not_leave_says_nothing_of_the_first() -> None:
    world = World()
    world.open()
    world.answer(world.asked(Sign)[0])
    world.answer(world.asked(Send)[0], how="lost")
    world.mine(most=0)
    world.answer(world.asked(Send)[0], how="not-sent")
    assert world.book.orders
    world.settle()
    assert world.book.positions[TOKEN].amount
    world.check_against_chain()


def test_a_reverted_entry_costs_its_gas_and_nothing_else() -> None:
    world = sent(World())
    world.mine(trades=((f"0x{0x1001:040x}", 60 * ETHER),))
    world.settle()
    assert ended(world) == ("failed", "too little out")
    assert not world.book.positions
    assert world.script().heard[-1].startswith("closed")
    world.check()
    world.check_against_chain()


def test_a_fill_is_what_the_balance_says_not_what_was_quoted() -> None:
    world = World()
    world.chain.tokens[address(1)] = Token(buy_tax_bps=200)
    world.bought()
    order = world.of(f.OrderPlaced)[0]
    assert world.book.positions[TOKEN].amount == order.expected_out - order.expected_out * 200 // 10_000
    world.check_against_chain()


@pytest.mark.parametrize("reports", [lambda true: 0, lambda true: true * 1000, lambda true: 7])
def test_a_token_that_lies_about_its_balance_breaks_no_books(reports: object) -> None:
    world = World()
    world.chain.tokens[address(1)] = Token(reports=reports)  # type: ignore[arg-type]
    world.open()
    world.settle()
    world.check()
    assert not world.book.halted
    assert world.book.cash[asset_id(CHAIN, NATIVE)] == world.chain.ledger.native
    world.close()
    world.settle()
    world.check()
    assert world.book.cash[asset_id(CHAIN, NATIVE)] == world.chain.ledger.native


def test_the_exit_is_approved_at_entry_for_the_exact_amount() -> None:
    world = World()
    world.bought()
    approvals = [tx for _, tx in world.sent if tx.purpose == "approve"]
    held = world.book.positions[TOKEN].amount
    assert [(tx.to, tx.data[-32:], tx.gas) for tx in approvals] == [(address(1), held.to_bytes(32, "big"), GAS_APPROVE)]
    assert world.chain.ledger.allowances[f"{address(1)}@{ROUTER}"] == held
    assert bytes.fromhex(ROUTER[2:]) in approvals[0].data
    world.close()
    world.answer_all(Sign)
    assert decode(raw_of(world), Tx).purpose == "exit", "a sale needs no transaction before it"


def test_an_erc20_quote_is_approved_exactly_and_accounted_to_the_unit() -> None:
    world = World(Setup(quote=USD))
    world.bought(1, 3 * ETHER)
    assert world.chain.ledger.allowances.get(f"{USD}@{ROUTER}", 0) == 0, "used up by the entry"
    world.check()
    world.check_against_chain()
    world.bought(2, 5 * ETHER)
    world.close(1)
    world.settle()
    world.check()
    world.check_against_chain()


def test_nothing_is_signed_where_the_mode_does_not_sign() -> None:
    world = World(Setup(signs=False))
    world.open()
    assert not world.asked(Sign)
    (send,) = world.asked(Send)
    assert isinstance(send.body, Send)
    assert send.body.submission.raw == b""
    world.answer(send, how="not-sent")
    assert ended(world)[0] == "cancelled"


def test_a_deposit_is_an_adjustment_when_the_wallet_is_read() -> None:
    world = World()
    world.bought()
    world.mine(deposit=ETHER)
    world.crash()
    world.answer_all()
    assert world.of(f.Adjusted)[-1].delta == ETHER
    world.check()
    world.check_against_chain()


def test_a_wallet_read_before_the_newest_transaction_adjusts_nothing() -> None:
    world = World()
    world.bought()
    world.account.execution.wallet.read(OWNER)
    world.tell(AskFailed(time=world.tick(), account=ACCOUNT, ask="none", code="", message=""))
    world.hold(world.asked(ReadBalances)[0])
    world.close()
    world.settle()
    adjusted = len(world.of(f.Adjusted))
    world.release()
    assert len(world.of(f.Adjusted)) == adjusted
    world.check_against_chain()


def test_a_last_bid_that_the_pool_dropped_goes_out_again() -> None:
    world = World(Setup(execution=ExecutionWiring(replace_after_blocks=1, max_attempts=1)))
    world.bought()
    world.close()
    for _ in range(5):
        world.answer_all()
        world.mine(most=0)
    assert world.chain.mempool
    world.chain.mempool.clear()
    for _ in range(12):
        world.answer_all()
        world.mine()
    world.settle()
    assert TOKEN not in world.book.positions
    world.check_against_chain()


def test_gas_that_a_deposit_paid_which_was_not_read_yet_is_booked() -> None:
    world = World(Setup(quote=USD))
    world.bought()
    world.chain.ledger.native = GAS_APPROVE
    world.crash()
    world.answer_all()
    world.chain.mine(deposit=ETHER)
    world.close()
    world.settle()
    assert not world.book.halted
    assert TOKEN not in world.book.positions
    world.crash()
    world.answer_all()
    world.check_against_chain()


# ---- allowances ----


def purposes(world: World, since: int = 0) -> list[str]:
    return [tx.purpose for _, tx in world.sent[since:]]


def pass_blocks(world: World, blocks: int) -> None:
    for _ in range(blocks):
        world.answer_all()
        world.mine()


def test_an_approval_for_one_router_is_none_for_another() -> None:
    world = World(Setup(quote=USD))
    world.open()
    world.answer_all()
    world.mine(trades=((f"0x{0x1001:040x}", 60 * ETHER),))  # before its swap
    world.settle()
    assert ended(world) == ("failed", "too little out")
    assert world.book.allowances == {f"{CHAIN}:{USD}@{ROUTER}": ETHER // 10}
    other = address(0xB0B)
    world.kernel.wiring.venues["router"] = Venue(router=other)
    before = len(world.sent)
    world.bought(2)
    assert purposes(world, before) == ["approve", "entry", "approve"]
    assert world.book.allowances[f"{CHAIN}:{USD}@{ROUTER}"] == ETHER // 10, "the other router took nothing of it"
    world.check()
    world.check_against_chain()


def test_a_sale_that_reverted_on_an_old_approval_is_followed_by_one_that_approves_anew() -> None:
    world = World()
    world.bought()
    key = f"{address(1)}@{ROUTER}"
    world.chain.ledger.allowances[key] -= 1  # lowered by the token itself, and no event says so
    before = len(world.sent)
    world.close()
    pass_blocks(world, 6)
    assert purposes(world, before) == ["exit", "approve", "exit"]
    assert not world.book.positions
    world.check()
    world.check_replay()


def test_a_sale_that_reverted_on_its_own_approval_does_not_approve_again() -> None:
    world = World()
    world.bought()
    world.chain.ledger.allowances[f"{address(1)}@{ROUTER}"] = 0
    world.chain.tokens[address(1)].sellable = False
    before = len(world.sent)
    world.close()
    pass_blocks(world, 4)  # the sale, then the approval and a second sale
    world.chain.tokens[address(1)].sellable = True
    pass_blocks(world, 12)
    assert purposes(world, before) == ["exit", "approve", "exit", "exit"]
    assert not world.book.positions


def test_a_token_that_wants_a_reset_first_is_sold_after_its_allowance_was_doubted() -> None:
    world = World(Setup(execution=ExecutionWiring(together=False)))
    world.chain.tokens[address(1)].reset_first = True
    world.bought()
    before = len(world.sent)
    world.close()
    world.answer_all()
    world.mine(trades=((f"0x{0x1001:040x}", -(10**24)),))  # what is approved was right: the price fell
    pass_blocks(world, 12)
    assert purposes(world, before) == ["exit", "approve", "approve", "approve", "exit"]
    assert not world.book.positions
    world.check()
    world.check_against_chain()


# ---- deadlines ----


def quick(**rules: int) -> ExecutionWiring:
    return ExecutionWiring(deadline_s=30, replace_after_blocks=1, max_attempts=10, **rules)


def test_an_entry_that_is_late_for_its_deadline_is_replaced_by_a_cancel() -> None:
    world = sent(World(Setup(execution=quick())))
    deadline = world.of(f.OrderPlaced)[0].deadline
    while world.account.chain.timestamp < deadline:
        assert set(purposes(world)) == {"entry"}
        world.mine(most=0)
        world.answer_all()
    assert purposes(world)[-1] == "cancel"
    world.settle()
    assert ended(world)[0] == "cancelled"
    assert not world.book.positions
    world.check()
    world.check_against_chain()


def test_a_sale_that_is_late_for_its_deadline_is_cancelled_and_planned_afresh() -> None:
    world = World(Setup(execution=quick()))
    world.bought()
    world.close()
    world.answer_all()
    first = world.of(f.OrderPlaced)[1]
    while world.account.chain.timestamp < first.deadline:
        assert purposes(world)[-1] == "exit"
        world.mine(most=0)
        world.answer_all()
    assert purposes(world)[-1] == "cancel"
    pass_blocks(world, 5)
    assert ended(world)[0] == "done"
    again = world.of(f.OrderPlaced)[2]
    assert (again.side, again.token) == ("reduce", TOKEN)
    assert again.deadline > first.deadline
    assert not world.book.positions
    world.check()
    world.check_against_chain()


def test_a_nonce_for_which_another_bid_is_made_already_is_not_given_back() -> None:
    world = World(Setup(execution=ExecutionWiring(replace_after_blocks=2)))
    world.open(1)
    world.answer_all(Sign)
    (send,) = world.asked(Send)
    for _ in range(2):
        world.mine(most=0)
    world.answer(send, how="not-sent")
    world.answer_all()
    world.open(2)
    world.answer_all()
    assert [(attempt, tx.nonce) for attempt, tx in world.sent] == [
        ("main/script/1.0#1", 0),
        ("main/script/2.0#0", 1),
    ]
    world.settle()
    world.check()
    world.check_against_chain()


def test_a_swap_whose_approval_took_until_its_deadline_is_not_sent() -> None:
    rules = ExecutionWiring(deadline_s=30, replace_after_blocks=9, together=False)
    world = World(Setup(quote=USD, execution=rules))
    world.open()
    world.answer_all()
    for _ in range(3):
        world.mine(most=0)
        world.answer_all()
    world.settle()
    assert purposes(world) == ["approve"]
    assert ended(world) == ("cancelled", "deadline passed")
    assert not world.book.positions
    world.check()
    world.check_against_chain()


def test_the_approval_after_an_entry_knows_no_deadline() -> None:
    world = World(Setup(execution=quick()))
    world.open()
    world.answer_all()
    world.mine()
    for _ in range(5):
        world.answer_all()
        world.mine(most=0)
    world.settle()
    assert set(purposes(world)) == {"entry", "approve"}
    assert ended(world)[0] == "done"
    world.check_against_chain()


def test_an_executor_is_told_the_deadline_that_the_order_was_planned_with() -> None:
    world = sent(World())
    for _ in range(3):
        world.mine(most=0)
        world.answer_all(Sign)
    (order,) = world.of(f.OrderPlaced)
    swaps = [fact.ask.body.submission.swap for fact in world.of(f.Asked) if isinstance(fact.ask.body, Send | Settle)]
    assert len(swaps) > 2
    assert {swap and swap.deadline for swap in swaps} == {order.deadline}


# ---- the wallet, from time to time ----


def reads(world: World) -> int:
    return sum(isinstance(fact.ask.body, ReadBalances) for fact in world.of(f.Asked))


def test_a_deposit_counts_after_some_blocks_without_a_restart() -> None:
    world = World(Setup(execution=ExecutionWiring(read_wallet_blocks=5)))
    world.answer_all()
    world.mine(deposit=ETHER)
    world.answer_all()
    assert world.book.cash[f"{CHAIN}:{NATIVE}"] == FUNDS
    pass_blocks(world, 5)
    world.answer_all()
    assert world.book.cash[f"{CHAIN}:{NATIVE}"] == FUNDS + ETHER
    assert world.of(f.Adjusted)[-1].reason == "the wallet was read"
    world.check()
    world.check_against_chain()
    world.check_replay()


def test_a_rebase_of_what_is_held_counts_after_some_blocks() -> None:
    world = World(Setup(execution=ExecutionWiring(read_wallet_blocks=5)))
    world.bought()
    held = world.book.positions[TOKEN].amount
    world.chain.tokens[address(1)].reports = lambda amount: 2 * amount
    pass_blocks(world, 7)
    assert world.book.positions[TOKEN].amount == 2 * held


def test_the_wallet_is_read_no_more_often_than_the_config_says() -> None:
    world = World(Setup(execution=ExecutionWiring(read_wallet_blocks=5)))
    before = reads(world)
    pass_blocks(world, 21)
    assert reads(world) - before == 4


def test_the_wallet_is_not_read_while_an_order_is_on_its_way() -> None:
    world = sent(World(Setup(execution=ExecutionWiring(read_wallet_blocks=2, replace_after_blocks=9))))
    before = reads(world)
    for _ in range(8):
        world.mine(most=0)
        world.answer_all()
    assert reads(world) == before


def test_where_trades_are_only_played_the_chain_is_not_asked_what_is_held() -> None:
    world = World(Setup(signs=False, execution=ExecutionWiring(read_wallet_blocks=2)))
    before = reads(world)
    pass_blocks(world, 8)
    assert reads(world) == before


def test_an_answer_about_the_wallet_from_before_what_is_final_does_not_count() -> None:
    world = World(Setup(execution=ExecutionWiring(read_wallet_blocks=2)))
    world.answer_all()
    while not world.asked(ReadBalances):
        world.mine()
    world.hold(world.asked(ReadBalances)[0])
    world.bought()
    pass_blocks(world, 20)
    cash = world.book.cash[f"{CHAIN}:{NATIVE}"]
    assert not world.book.ended, "the order is forgotten"
    world.release()
    assert world.book.cash[f"{CHAIN}:{NATIVE}"] == cash
    assert world.book.sender(CHAIN, OWNER).next_nonce == 2
