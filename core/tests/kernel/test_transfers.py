"""Money that goes to own wallets: by hand, and by itself."""

from typing import Any

import pytest
from world import ACCOUNT, CHAIN, ETHER, FINALITY, USD, Setup, World, token_of

from sniper.events import Transfer
from sniper.kernel import facts as f
from sniper.kernel.asks import ReadBalances, Sign
from sniper.kernel.wiring import TreasuryWiring
from sniper.types import NATIVE, SECOND

COLD = "0x" + "c0" * 20
OTHER = "0x" + "c1" * 20
COIN = f"{CHAIN}:{NATIVE}"


def world(**setup: Any) -> World:
    return World(Setup(treasury=TreasuryWiring(to=(COLD, OTHER)), **setup))


def send(world: World, amount: int, to: str = COLD, asset: str = COIN) -> list[f.Fact]:
    return world.tell(Transfer(time=world.tick(), account=ACCOUNT, asset=asset, to=to, amount=amount))


def denied(world: World) -> list[str]:
    return [verdict.rule for verdict in world.of(f.Verdict) if not verdict.allowed]


def checked(world: World) -> None:
    world.check()
    world.check_replay()
    world.check_against_chain()


def test_what_is_sent_leaves_the_books_and_is_neither_profit_nor_loss() -> None:
    sending = world()
    before = sending.book.cash[COIN]
    send(sending, 2 * ETHER, OTHER)
    sending.settle()
    (booked,) = sending.of(f.Booked)
    assert booked.cash == -2 * ETHER
    assert booked.realised == -booked.gas < 0
    assert sending.book.cash[COIN] == before - 2 * ETHER - booked.gas
    assert sending.book.equity[str(CHAIN)] == -booked.gas
    (order,) = sending.of(f.OrderEnded)
    assert order.state == "done"
    checked(sending)


def test_a_token_is_sent_by_its_own_contract() -> None:
    sending = world(quote=USD)
    asset = f"{CHAIN}:{USD}"
    before = sending.book.cash[asset]
    send(sending, 5 * ETHER, asset=asset)
    (placed,) = sending.of(f.OrderPlaced)
    assert (placed.steps[0].to, placed.steps[0].value, placed.steps[0].purpose) == (USD, 0, "transfer")
    sending.settle()
    assert sending.book.cash[asset] == before - 5 * ETHER
    checked(sending)


def test_the_coin_that_pays_for_gas_can_be_sent_by_an_account_that_pays_with_a_token() -> None:
    sending = world(quote=USD)
    send(sending, ETHER)
    sending.settle()
    (booked,) = sending.of(f.Booked)
    assert (booked.cash, booked.realised) == (-ETHER, 0)
    checked(sending)


@pytest.mark.parametrize(
    ("rule", "amount", "to", "asset"),
    [
        ("own-wallet", ETHER, "0x" + "ba" * 20, COIN),
        ("own-asset", ETHER, COLD, f"{CHAIN}:0x" + "11" * 20),
        ("amount", 0, COLD, COIN),
        ("free-cash", 10 * ETHER, COLD, COIN),
    ],
)
def test_what_is_refused_leaves_nothing_behind(rule: str, amount: int, to: str, asset: str) -> None:
    sending = world()
    send(sending, amount, to, asset)
    assert denied(sending) == [f"kernel.{rule}"]
    assert not sending.of(f.OrderPlaced)
    checked(sending)


def test_nothing_is_sent_where_no_wallet_is_named_nor_where_trades_are_played() -> None:
    for unable, rule in ((World(Setup()), "own-wallet"), (world(signs=False), "sends")):
        send(unable, ETHER)
        assert denied(unable) == [f"kernel.{rule}"]


def test_what_an_entry_has_reserved_is_not_sent() -> None:
    sending = world()
    sending.open(amount=6 * ETHER)
    sending.answer_all()
    send(sending, 5 * ETHER)
    assert denied(sending) == ["kernel.free-cash"]
    sending.settle()
    checked(sending)


def test_freeze_holds_it_and_no_entries_does_not() -> None:
    sending = world()
    sending.kill("no-entries")
    send(sending, ETHER)
    sending.settle()
    assert len(sending.of(f.Booked)) == 1
    sending.kill("freeze")
    send(sending, ETHER)
    assert denied(sending) == ["kernel.not-frozen"]


def test_a_reorg_takes_it_back_and_it_goes_out_once() -> None:
    sending = world()
    send(sending, 3 * ETHER)
    sending.settle()
    sending.chain.reorg(1)
    sending.mine(most=0)
    assert sending.book.cash[COIN] == 10 * ETHER
    sending.settle()
    assert [booked.undo for booked in sending.of(f.Booked)] == [False, True, False]
    sent = {tx.nonce for _, tx in sending.sent if tx.purpose == "transfer"}
    assert len(sent) == 1
    checked(sending)


def test_one_that_does_not_get_into_a_block_is_outbid_and_ends_once() -> None:
    sending = world()
    send(sending, ETHER)
    sending.answer_all()
    for _ in range(30):
        sending.mine(most=0)
        sending.answer_all()
    assert len({attempt.nonce for attempt in sending.of(f.AttemptMade)}) == 1
    assert len(sending.of(f.AttemptMade)) > 1
    sending.settle(40)
    assert len(sending.of(f.OrderEnded)) == 1
    checked(sending)


def test_what_is_above_the_line_is_swept_down_to_what_is_kept_and_not_again_before_that_is_final() -> None:
    treasury = TreasuryWiring(to=(COLD,), sweep_above=8 * ETHER, keep=6 * ETHER)
    sweeping = World(Setup(treasury=treasury))
    sweeping.mine()
    sweeping.settle()
    (placed,) = sweeping.of(f.OrderPlaced)
    assert (placed.side, placed.amount_in, placed.steps[0].to) == ("transfer", 4 * ETHER, COLD)
    assert sweeping.book.cash[COIN] < 6 * ETHER
    for _ in range(3):
        sweeping.mine()
    assert len(sweeping.of(f.OrderPlaced)) == 1
    checked(sweeping)


def test_nothing_is_swept_while_an_order_is_under_way() -> None:
    sweeping = World(Setup(treasury=TreasuryWiring(to=(COLD,), sweep_above=8 * ETHER)))
    sweeping.open()
    sweeping.answer_all()
    for _ in range(3):
        sweeping.mine(most=0)
    assert [placed.side for placed in sweeping.of(f.OrderPlaced)] == ["increase"]
    sweeping.settle()
    sweeping.mine()
    assert [placed.side for placed in sweeping.of(f.OrderPlaced)] == ["increase", "transfer"]


def test_what_the_way_out_costs_is_kept_again_where_a_reorg_takes_a_sale_back() -> None:
    sending = world()
    sending.bought(1)
    kept = sending.book.positions[token_of(1)].exit_gas
    assert kept > 0
    sending.close(1)
    sending.settle()
    assert token_of(1) not in sending.book.positions
    sending.chain.reorg(1, keep=False)
    sending.mine(most=0)
    sending.answer_all(ReadBalances)
    assert sending.book.positions[token_of(1)].exit_gas == kept
    send(sending, sending.book.cash[COIN] - kept)
    assert denied(sending) == ["kernel.free-cash"]
    sending.settle(20)
    checked(sending)


def test_what_the_signer_refuses_is_not_swept_again_with_each_block() -> None:
    sweeping = World(Setup(treasury=TreasuryWiring(to=(COLD,), sweep_above=8 * ETHER, keep=6 * ETHER)))
    sweeping.mine()
    for _ in range(3 * FINALITY):
        for ask in sweeping.asked(Sign):
            sweeping.answer(ask, how="refused")
        sweeping.answer_all()
        sweeping.mine()
    assert [order.state for order in sweeping.of(f.OrderEnded)] == ["failed"]
    sweeping.clock(sweeping.now + 3_600 * SECOND)
    sweeping.mine()
    assert len(sweeping.of(f.OrderPlaced)) == 2
    sweeping.check()
    sweeping.check_replay()
