"""Sales that are signed beforehand: sent without the signer, never two of them, and signed anew when they are stale."""

from dataclasses import replace
from typing import Any

import pytest
from world import BPS, ETHER, Setup, Token, World, address, pool_of, target, token_of

from sniper.kernel import facts as f
from sniper.kernel.asks import Presign, Send, Sign
from sniper.kernel.wiring import ExecutionWiring

RULES = ExecutionWiring(presigned=True, presigned_floor_bps=1_500, presigned_drift_bps=300, exit_slippage_bps=200)
STOP = (("script", (target(stop=9_000),)),)
SETUP = Setup(execution=RULES, strategies=STOP)
TOKEN = token_of(1)


def kept(world: World, token: int = 1) -> f.Presigned:
    return world.book.presigned[token_of(token)]


def holding(setup: Setup = SETUP, *tokens: int) -> World:
    """Positions whose sales are signed beforehand."""
    world = World(setup)
    for token in tokens or (1,):
        world.bought(token)
    for _ in range(3):
        world.mine()
        world.answer_all()
    return world


def falls(world: World, tenths: int, token: int = 1) -> None:
    """The price of a token falls by about so many tenths, in a block."""
    world.mine(trades=((pool_of(token), -(10**24) * tenths // 15),))


def without_signer(world: World) -> None:
    """All that is asked of the signer fails; the rest goes well."""
    for _ in range(200):
        ask: Any = next(iter(world.asks.values()), None)
        if ask is None:
            return
        world.answer(ask, how="refused" if isinstance(ask.body, Sign | Presign) else "")
    raise AssertionError(f"asks never end: {list(world.asks)}")


def sales(world: World) -> list[Any]:
    """Sales that were sent: nonce, and hash."""
    return [tx for _, tx in world.sent if tx.purpose == "exit"]


def audited(world: World) -> None:
    world.check()
    world.check_against_chain()
    world.check_replay()


def test_a_position_has_a_sale_that_is_signed_and_nothing_is_sent() -> None:
    world = holding()
    sale, position = kept(world).sale, world.book.positions[TOKEN]
    assert (sale.sign.nonce, sale.amount_in) == (world.chain.ledger.nonce, position.amount)
    assert sale.min_out == sale.quoted * 8_500 // BPS
    assert not sales(world)
    audited(world)


def test_it_is_not_signed_where_nobody_wants_that() -> None:
    world = holding(replace(SETUP, execution=ExecutionWiring()))
    assert not world.book.presigned


def test_it_is_not_signed_again_while_it_is_good() -> None:
    world = holding()
    before = kept(world)
    for _ in range(5):
        world.mine()
        world.answer_all()
    assert kept(world) is before


def test_it_is_signed_anew_when_price_or_nonce_moved() -> None:
    world = holding()
    first = kept(world)
    world.mine(trades=((pool_of(1), 4 * ETHER),))
    for _ in range(2):
        world.mine()
        world.answer_all()
    second = kept(world)
    assert second.sale.min_out > first.sale.min_out
    world.bought(2)
    for _ in range(3):
        world.mine()
        world.answer_all()
    assert kept(world).sale.sign.nonce == kept(world, 2).sale.sign.nonce == world.chain.ledger.nonce


def test_with_one_block_few_are_signed_and_all_have_their_turn() -> None:
    world = holding(replace(SETUP, tokens=5), 1, 2, 3, 4, 5)
    world.close(5)
    world.settle()
    world.mine()
    assert len(world.asked(Presign)) == 2
    for _ in range(6):
        world.answer_all()
        world.mine()
    assert {kept(world, n).sale.sign.nonce for n in range(1, 5)} == {world.chain.ledger.nonce}


def test_an_exit_sends_it_at_once_where_it_is_as_good_as_a_new_one() -> None:
    world = holding(replace(SETUP, execution=replace(RULES, presigned_floor_bps=400, exit_slippage_bps=500)))
    before = kept(world)
    world.close()
    assert not world.asked(Sign)
    assert [ask.body.submission.raw for ask in world.asked(Send) if isinstance(ask.body, Send)] == [before.raw]
    world.settle()
    audited(world)


def test_an_exit_that_is_no_emergency_has_a_better_one_signed() -> None:
    world = holding()
    world.close()
    assert [ask.body.data for ask in world.asked(Sign) if isinstance(ask.body, Sign)] != [kept(world).sale.sign.data]
    assert len(world.asked(Sign)) == 1


def test_a_stop_sends_it_without_asking_the_signer() -> None:
    world = holding()
    before = kept(world)
    falls(world, 1)
    assert not world.asked(Sign)
    (send,) = world.asked(Send)
    assert isinstance(send.body, Send)
    assert send.body.submission.raw == before.raw
    world.settle()
    assert TOKEN not in world.book.positions
    assert TOKEN not in world.book.presigned
    audited(world)


@pytest.mark.parametrize("reorg", [False, True])
def test_without_a_signer_the_position_is_sold_by_what_was_signed_before(*, reorg: bool) -> None:
    world = holding()
    before = kept(world)
    world.close()
    without_signer(world)
    world.mine()
    without_signer(world)
    if reorg:
        world.chain.reorg(1, keep=False)
        world.chain.mine(most=0)
        world.deliver()
        without_signer(world)
        world.mine()
        without_signer(world)
    assert TOKEN not in world.book.positions
    assert {tx.nonce for tx in sales(world)} == {before.sale.sign.nonce}
    audited(world)


def test_without_a_signer_nothing_is_sold_that_would_not_bring_its_floor() -> None:
    world = holding()
    falls(world, 5)
    for _ in range(5):
        without_signer(world)
        world.mine()
    assert not sales(world)
    assert world.book.positions[TOKEN].amount
    world.settle(20)
    assert TOKEN not in world.book.positions, "and once it is back it signs as ever"
    audited(world)


def test_of_several_positions_one_is_sold_without_a_signer() -> None:
    world = holding(SETUP, 1, 2)
    world.close(1)
    world.close(2)
    for _ in range(4):
        without_signer(world)
        world.mine()
    without_signer(world)
    assert len({tx.nonce for tx in sales(world)}) == 1
    assert len(world.book.positions) == 1
    for _ in range(40):
        world.answer_all()
        world.mine()
    assert not world.book.positions
    audited(world)


def test_a_freeze_sends_none_of_them_and_signs_none() -> None:
    world = holding()
    world.kill("freeze")
    falls(world, 1)
    for _ in range(3):
        without_signer(world)
        world.mine()
    assert not sales(world)
    assert not world.asked(Presign)


def test_a_flatten_may_use_it() -> None:
    world = holding()
    world.kill("flatten")
    assert not world.asked(Sign)
    world.settle()
    assert not world.book.positions
    audited(world)


@pytest.mark.parametrize("lose", range(4))
def test_a_crash_around_its_leaving_has_one_effect(lose: int) -> None:
    world = holding()
    falls(world, 1)
    world.answer(world.asked(Send)[0], how="lost")
    world.crash(lose)
    world.settle(12)
    assert TOKEN not in world.book.positions
    assert len([r for b in world.chain.blocks for r in b.receipts.values() if r.tx.purpose == "exit"]) == 1
    audited(world)


def test_a_snapshot_keeps_it() -> None:
    world = holding()
    before = kept(world)
    world.restart()
    assert kept(world) == before


def test_what_was_refused_once_is_not_sent_again_but_signed_to_insist_on_less() -> None:
    world = holding()
    before = kept(world)
    falls(world, 1)
    (send,) = world.asked(Send)
    world.answer(send, how="not-sent")
    for _ in range(3):
        if not world.asked(Sign):
            world.mine()
    assert not world.asked(Send), "the very bytes that would revert"
    (ask,) = world.asked(Sign)
    assert isinstance(ask.body, Sign)
    assert (ask.body.nonce, ask.body.data != before.sale.sign.data) == (before.sale.sign.nonce, True)
    world.settle()
    assert TOKEN not in world.book.positions
    audited(world)


def test_what_was_refused_once_is_sent_again_where_there_is_no_signer() -> None:
    world = holding()
    before = kept(world)
    falls(world, 1)
    (send,) = world.asked(Send)
    world.answer(send, how="not-sent")
    for _ in range(3):
        without_signer(world)
        world.mine()
    assert [tx.nonce for tx in sales(world)] == [before.sale.sign.nonce]
    assert TOKEN not in world.book.positions
    audited(world)


def test_an_emergency_has_one_signed_where_the_price_is_close_to_what_it_insists_on() -> None:
    """A sale that reverts costs a block, and a signature takes milliseconds."""
    world = holding()
    before = kept(world)
    world.mine(trades=((pool_of(1), -(10**24) * 8 // 100),))
    out = world.account.exits.guards[TOKEN].quote(before.sale.amount_in)
    assert before.sale.min_out <= out <= before.sale.min_out * 103 // 100
    assert not world.asked(Send)
    assert len(world.asked(Sign)) == 1
    world.settle()
    assert TOKEN not in world.book.positions
    audited(world)


def test_one_whose_approval_failed_after_it_was_signed_is_not_sent() -> None:
    world = World(SETUP)
    world.chain.tokens[address(1)] = Token(approvable=False)
    world.open()
    for _ in range(3):
        world.answer_all()
        world.mine()
    world.answer_all()
    assert kept(world).sale.sign.nonce == world.chain.ledger.nonce, "signed while the approval was on its way"
    falls(world, 1)
    assert not world.asked(Send)
    assert len(world.asked(Sign, purpose="approve")) == 1
