"""The transactions of one plan: signed behind one another, sent together, and what is left where one of them fails."""

from dataclasses import replace
from typing import Any

import pytest
from world import CHAIN, ETHER, ROUTER, USD, Setup, Token, World, pool_of, token_of

from sniper.kernel import facts as f
from sniper.kernel.asks import Ask, Send, Settle, Sign
from sniper.kernel.book import allowance_id
from sniper.kernel.wiring import ExecutionWiring

QUICK = ExecutionWiring(replace_after_blocks=2, max_attempts=3)
DOLLARS = Setup(quote=USD, execution=QUICK)
BUNDLES = replace(DOLLARS, atomic=True)
BOTH = pytest.mark.parametrize("setup", [DOLLARS, BUNDLES], ids=["one by one", "as one"])
SPENT = allowance_id(f"{CHAIN}:{USD}", ROUTER)
TOKEN = token_of(1)


def opened(setup: Setup = DOLLARS, *, answered: bool = True) -> World:
    """An approval of dollars, and the purchase behind it."""
    world = World(setup)
    world.open()
    if answered:
        world.answer_all()
    return world


def one(world: World, kind: type) -> Ask:
    (ask,) = world.asked(kind)
    return ask


def leaving(world: World) -> list[list[str]]:
    """Purposes of what each open broadcast carries."""
    asks = [ask.body.submission for ask in world.asked(Send) if isinstance(ask.body, Send)]
    return [[each.purpose for each in (*sent.before, sent)] for sent in asks]


def purposes(world: World) -> list[tuple[int, str]]:
    return [(tx.nonce, tx.purpose) for _, tx in world.sent]


def ended(world: World) -> tuple[str, str]:
    fact: Any = world.of(f.OrderEnded)[-1]
    return fact.state, fact.reason


def next_nonce(world: World) -> int:
    (sender,) = world.book.senders.values()
    return sender.next_nonce


def audited(world: World) -> None:
    world.check()
    world.check_against_chain()
    world.check_replay()


@BOTH
def test_an_approval_and_its_swap_are_in_one_block(setup: Setup) -> None:
    world = opened(setup)
    block = world.mine()
    assert [receipt.tx.purpose for receipt in block.receipts.values()] == ["approve", "entry"]
    world.settle()
    assert world.book.positions[TOKEN].amount
    assert ended(world) == ("done", "")
    audited(world)


def test_nothing_leaves_before_all_of_it_is_signed_and_a_swap_not_before_a_node_has_its_approval() -> None:
    world = opened(answered=False)
    world.answer(one(world, Sign))
    assert not world.asked(Send)
    world.answer(one(world, Sign))
    assert leaving(world) == [["approve"]]
    world.answer(one(world, Send))
    assert leaving(world) == [["entry"]]


def test_where_an_executor_can_send_them_as_one_they_are_one_submission() -> None:
    world = opened(BUNDLES, answered=False)
    world.answer_all(Sign)
    assert leaving(world) == [["approve", "entry"]]
    world.answer_all(Send)
    (order,) = world.book.orders.values()
    assert [attempt.state for attempt in order.attempts] == ["sent", "sent"]


@BOTH
def test_where_the_signer_refuses_the_swap_nothing_is_approved_and_both_nonces_are_free(setup: Setup) -> None:
    world = opened(setup, answered=False)
    world.answer(one(world, Sign))
    world.answer(one(world, Sign), how="refused")
    assert ended(world) == ("failed", "not signed: signer-refused: refused")
    assert (world.sent, next_nonce(world)) == ([], 0)
    world.bought(2)
    audited(world)


def test_a_bundle_that_would_revert_costs_neither_its_swap_nor_its_approval() -> None:
    world = opened(BUNDLES, answered=False)
    world.answer_all(Sign)
    world.answer(one(world, Send), how="not-sent")
    assert ended(world) == ("cancelled", "not-sent")
    assert next_nonce(world) == 0
    world.bought(2)
    audited(world)


def test_an_approval_that_was_not_sent_takes_its_swap_along() -> None:
    world = opened(answered=False)
    world.answer_all(Sign)
    world.answer(one(world, Send), how="not-sent")
    assert ended(world)[0] == "cancelled"
    assert (world.sent, next_nonce(world)) == ([], 0)


def test_of_a_bundle_that_relays_refuse_the_swap_is_cancelled_first() -> None:
    world = opened(BUNDLES, answered=False)
    world.answer_all(Sign)
    world.answer(one(world, Send), how="rejected")
    world.mine()
    world.answer_all(Sign, Send)
    assert purposes(world)[0] == (1, "cancel")
    world.settle()
    assert ended(world) == ("cancelled", "cancelled")
    assert TOKEN not in world.book.positions
    audited(world)


@BOTH
def test_where_the_swap_reverts_what_was_approved_stays_approved(setup: Setup) -> None:
    world = opened(setup)
    world.mine(trades=((pool_of(1), 60 * ETHER),))
    world.settle()
    assert ended(world) == ("failed", "too little out")
    assert world.book.allowances == {SPENT: ETHER // 10}
    assert not world.book.reserved(f"{CHAIN}:{USD}")
    audited(world)


@BOTH
def test_where_the_approval_reverts_a_swap_that_waits_is_cancelled(setup: Setup) -> None:
    world = opened(setup)
    world.chain.tokens[USD] = Token(approvable=False)
    world.mine(most=1)
    world.answer_all()
    world.mine(most=0)
    world.answer_all(Sign, Send)
    assert purposes(world)[-1] == (1, "cancel")
    world.settle()
    assert ended(world) == ("failed", "approve")
    assert [receipt.tx.purpose for block in world.chain.blocks for receipt in block.receipts.values()] == [
        "approve",
        "cancel",
    ]
    world.check()
    world.check_replay()


@BOTH
def test_both_are_outbid_the_approval_first_and_neither_is_an_orphan(setup: Setup) -> None:
    world = opened(setup)
    for _ in range(2):
        world.mine(most=0)
    world.answer_all(Sign)
    (order,) = world.book.orders.values()
    assert [(a.nonce, a.replaces[-2:], a.cancel) for a in order.attempts[2:]] == [(0, "#0", False), (1, "#1", False)]
    world.answer_all()
    world.settle()
    assert ended(world) == ("done", "")
    assert world.book.positions[TOKEN].amount
    audited(world)


@BOTH
def test_an_entry_that_is_late_loses_its_swap_before_its_approval(setup: Setup) -> None:
    world = opened(replace(setup, execution=replace(QUICK, deadline_s=20)))
    world.mine(most=0)
    world.mine(most=0)
    before = len(world.sent)
    world.answer_all(Sign, Send)
    cancelled = [nonce for nonce, purpose in purposes(world)[before:] if purpose == "cancel"]
    assert cancelled == [1, 0]
    world.settle()
    assert ended(world) == ("cancelled", "cancelled")
    assert not world.book.allowances
    audited(world)


@BOTH
@pytest.mark.parametrize("keep", [True, False], ids=["comes back", "is dropped"])
def test_a_reorg_puts_both_back_and_both_are_done_once(setup: Setup, *, keep: bool) -> None:
    world = opened(setup)
    world.mine()
    world.answer_all()
    assert world.book.positions[TOKEN].amount
    world.chain.reorg(1, keep=keep)
    world.chain.mine(most=0)
    world.deliver()
    (order,) = world.book.orders.values()
    assert order.step == 0
    assert {a.state for a in order.attempts if a.step < 2} == {"unknown"}
    assert not world.book.allowances
    world.settle()
    assert ended(world) == ("done", "")
    audited(world)


def test_a_swap_that_is_answered_before_its_approval_is_booked_in_the_same_block() -> None:
    world = opened()
    world.mine()
    approval, swap = world.asked(Settle)
    world.answer(swap)
    world.answer(approval)
    world.answer(one(world, Settle))
    assert world.book.positions[TOKEN].amount


@pytest.mark.parametrize("signed", [1, 2])
@BOTH
def test_a_crash_between_the_signatures_doubles_nothing(setup: Setup, signed: int) -> None:
    world = opened(setup, answered=False)
    for _ in range(signed):
        world.answer(one(world, Sign))
    world.crash()
    world.settle()
    entries = [receipt for block in world.chain.blocks for receipt in block.receipts.values()]
    assert [receipt.tx.purpose for receipt in entries] == ["approve", "entry", "approve"]
    audited(world)


def test_what_is_frozen_between_the_signatures_does_not_leave() -> None:
    world = opened(answered=False)
    world.answer(one(world, Sign))
    world.kill("freeze")
    world.answer_all()
    for _ in range(3):
        world.mine()
        world.answer_all()
    assert {purpose for _, purpose in purposes(world)} <= {"cancel"}
