"""One account that trades from several wallets: which one an order goes out from, and what belongs to whom."""

from dataclasses import replace

import pytest
from world import (
    ACCOUNT,
    CHAIN,
    ETHER,
    FINALITY,
    FUNDS,
    OWNER,
    SECOND_WALLET,
    USD,
    WETH,
    Purse,
    Setup,
    Splitting,
    World,
    address,
    pool_of,
    target,
    token_of,
    twin_of,
)

from sniper.events import Resume, Started, Transfer
from sniper.kernel import facts as f
from sniper.kernel.asks import Send, Sign, SimulateSell
from sniper.kernel.book import allowance_id
from sniper.kernel.wiring import ExecutionWiring, GasWiring, TreasuryWiring
from sniper.proposal import Leg
from sniper.types import NATIVE

COIN = f"{CHAIN}:{NATIVE}"
TWO = Setup(tokens=6, further=(SECOND_WALLET,), execution=ExecutionWiring(max_pending=2))
COLD = "0x" + "c0" * 20


@pytest.fixture
def world() -> World:
    return World(TWO)


def senders(world: World) -> list[str]:
    return [order.owner for order in world.of(f.OrderPlaced)]


def denied(world: World) -> str:
    return str(world.of(f.Verdict)[-1].rule)


def test_entries_go_out_from_the_wallet_that_has_the_fewest_on_their_way(world: World) -> None:
    for token in (1, 2, 3):
        world.open(token)
    assert senders(world) == [OWNER, SECOND_WALLET, OWNER]
    world.settle()
    world.open(4)
    world.open(5)
    assert senders(world)[3:] == [OWNER, SECOND_WALLET], "as if nothing had been: nothing is on its way"
    world.settle()
    world.check()
    world.check_against_chain()


def test_each_wallet_has_nonces_and_signatures_of_its_own(world: World) -> None:
    for token in (1, 2, 3):
        world.open(token)
    assert [ask.body.sender for ask in world.asked(Sign)] == [OWNER, SECOND_WALLET], "one of each at a time"  # type: ignore[union-attr]
    world.answer_all(Sign)
    assert [(tx.sender, tx.nonce) for tx in map(_decoded, world.asked(Send))] == [
        (OWNER, 0),
        (SECOND_WALLET, 0),
        (OWNER, 1),
    ]


def test_an_entry_waits_where_each_wallet_has_as_many_on_their_way_as_it_may(world: World) -> None:
    for token in (1, 2, 3, 4, 5):
        world.open(token)
    assert senders(world) == [OWNER, SECOND_WALLET] * 2
    assert denied(world) == "kernel.wallet-free"
    world.settle()
    world.open(5)
    assert len(senders(world)) == 5


def test_a_wallet_that_cannot_pay_is_passed_over_and_one_entry_is_paid_by_one_wallet(world: World) -> None:
    world.open(1, 9 * ETHER)
    world.open(2, 9 * ETHER)
    world.open(3, 9 * ETHER)
    assert senders(world) == [OWNER, SECOND_WALLET]
    assert denied(world) == "kernel.free-cash"
    world.open(3, ETHER // 2)
    assert senders(world)[2:] == [OWNER]
    assert world.account.view.cash(COIN) == sum(world.book.free(COIN, wallet) for wallet in (OWNER, SECOND_WALLET))
    world.settle()
    world.check_against_chain()


def test_a_position_is_added_to_and_sold_by_the_wallet_that_has_it(world: World) -> None:
    world.open(1)
    world.open(2)
    world.settle()
    assert world.book.positions[token_of(2)].wallet == SECOND_WALLET
    world.open(3)
    world.open(2)
    world.open(4)
    world.settle()
    assert senders(world)[2:] == [OWNER, SECOND_WALLET, OWNER], "though the first one was free for it, too"
    world.close(2)
    world.settle()
    assert senders(world)[-1] == SECOND_WALLET
    assert token_of(2) not in world.book.positions
    world.check_against_chain()


def test_a_sale_waits_for_no_room_in_its_wallet() -> None:
    world = World(replace(TWO, further=(), execution=ExecutionWiring(max_pending=1)))
    world.bought(1)
    world.open(2)
    world.close(1)
    assert [order.side for order in world.of(f.OrderPlaced)] == ["increase", "increase", "reduce"]
    world.open(3)
    assert denied(world) == "kernel.wallet-free"


def test_what_a_reorg_could_bring_back_is_bought_by_the_wallet_that_had_it(world: World) -> None:
    world.open(1)
    world.open(2)
    world.settle()
    world.close(2)
    world.settle()
    world.open(2)
    assert senders(world)[-1] == SECOND_WALLET
    world.settle()
    world.close(2)
    world.settle()
    world.chain.reorg(1, keep=False)
    world.chain.mine()
    world.deliver()
    world.settle()
    world.check_against_chain()
    world.close(2)
    world.settle()
    for _ in range(FINALITY + 1):
        world.mine()
    world.answer_all()
    world.open(2)
    assert senders(world)[-1] == OWNER, "nothing of it can come back any more"


def test_a_simulated_sale_is_asked_of_the_wallet_that_has_it() -> None:
    world = World(replace(TWO, strategies=(("script", (target(simulates=True),)),)))
    world.open(1)
    world.open(2)
    world.settle()
    world.mine()
    wallets = {ask.body.token: ask.body.wallet for ask in world.asked(SimulateSell)}  # type: ignore[union-attr]
    assert wallets == {token_of(1): OWNER, token_of(2): SECOND_WALLET}


def test_two_wallets_pay_with_an_erc20_at_once_and_each_approves_for_itself() -> None:
    world = World(replace(TWO, quote=USD))
    for token in (1, 2, 3):
        world.open(token, ETHER)
    assert senders(world) == [OWNER, SECOND_WALLET]
    assert denied(world) == "kernel.allowance-free"
    world.settle()
    world.check()
    world.check_against_chain()
    owners = {key.rpartition("@")[2] for key in world.book.allowances}
    assert owners == {OWNER, SECOND_WALLET}
    assert allowance_id(token_of(1), world.setup.venue.router, OWNER) in world.book.allowances


def test_an_arbitrage_goes_out_from_the_wallet_that_has_most() -> None:
    world = World(replace(TWO, twins=True, venue=Splitting()))
    world.open(1, ETHER)
    world.settle()
    world.mine(trades=((pool_of(2), ETHER // 2),))
    legs = (
        Leg(pool=twin_of(2), token_in=WETH, token_out=address(2)),
        Leg(pool=pool_of(2), token_in=address(2), token_out=WETH),
    )
    world.cue("arbitrage", legs=legs)
    assert senders(world) == [OWNER, SECOND_WALLET]
    world.settle()
    world.check_against_chain()


def test_a_sale_that_is_signed_beforehand_is_that_of_the_wallet_which_has_the_position() -> None:
    world = World(replace(TWO, execution=ExecutionWiring(max_pending=2, presigned=True)))
    world.open(1)
    world.open(2)
    world.settle()
    for _ in range(3):
        world.mine()
        world.answer_all()
    found = {(kept.sale.sign.sender, kept.sale.sign.nonce) for kept in world.book.presigned.values()}
    assert found == {(OWNER, 2), (SECOND_WALLET, 2)}
    world.kill("flatten")
    assert not world.asked(Sign), "both go at once, without the signer"
    world.settle()
    assert senders(world)[2:] == [OWNER, SECOND_WALLET]
    assert not world.book.positions
    world.check()
    world.check_against_chain()


# ---- money between wallets ----


def sent(world: World, amount: int, to: str, wallet: str = "") -> None:
    world.tell(Transfer(time=world.tick(), account=ACCOUNT, asset=COIN, to=to, amount=amount, wallet=wallet))


def test_what_one_wallet_sends_to_another_counts_again_once_that_is_read(world: World) -> None:
    sent(world, 2 * ETHER, SECOND_WALLET, OWNER)
    world.answer_all()
    world.mine()
    world.answer_all()
    gas = sum(booked.gas for booked in world.of(f.Booked))
    assert world.book.cash_of(COIN, SECOND_WALLET) == FUNDS + 2 * ETHER
    assert world.book.cash_of(COIN, OWNER) == FUNDS - 2 * ETHER - gas
    assert world.book.cash[COIN] == 2 * FUNDS - gas
    world.check()
    world.check_against_chain()


def test_money_goes_out_from_the_fullest_wallet_unless_one_is_named_and_never_to_itself(world: World) -> None:
    world.open(1, ETHER)
    world.settle()
    sent(world, ETHER, OWNER)
    assert senders(world)[-1] == SECOND_WALLET
    world.settle()
    sent(world, ETHER, OWNER, OWNER)
    assert denied(world) == "kernel.own-wallet"
    sent(world, ETHER, OWNER, COLD)
    assert denied(world) == "kernel.wallet-read", "it is none of the account's"


def test_each_wallet_is_swept_down_to_what_it_keeps() -> None:
    treasury = TreasuryWiring(to=(COLD,), sweep_above=9 * ETHER, keep=8 * ETHER)
    world = World(replace(TWO, treasury=treasury))
    world.settle()
    for _ in range(3):
        world.mine()
        world.settle()
    assert senders(world) == [OWNER, SECOND_WALLET]
    assert all(world.book.cash_of(COIN, wallet) < 9 * ETHER for wallet in (OWNER, SECOND_WALLET))
    world.check_against_chain()


def test_a_wallet_that_runs_short_of_gas_is_given_it_by_another_one_of_the_account() -> None:
    gas = GasWiring(to=(OWNER, SECOND_WALLET), floor=88 * ETHER // 10, ceiling=10 * ETHER, per_day=ETHER)
    rules = ExecutionWiring(max_pending=2, read_wallet_blocks=1)
    world = World(replace(TWO, execution=rules, treasury=TreasuryWiring(to=(), gas=gas)))
    world.open(1, 3 * ETHER // 2)
    for _ in range(6):
        world.answer_all()
        world.mine()
    world.settle()
    gift = world.of(f.OrderPlaced)[-1]
    assert (gift.side, gift.owner, gift.steps[0].to, gift.amount_in) == ("transfer", SECOND_WALLET, OWNER, ETHER)
    assert len(senders(world)) == 2
    world.check()
    world.check_against_chain()


# ---- the list of wallets ----


def begun_with(world: World, *further: str) -> None:
    """Another process begins with other wallets in its config."""
    for block in world.chain.blocks:
        for wallet in further:
            block.ledger.purses.setdefault(wallet, Purse())
    world.setup = replace(world.setup, further=further)
    world.restart()
    world.tell(Started(time=world.tick(), mode="live"))
    world.answer_all()


def test_an_account_with_one_wallet_puts_nothing_about_wallets_on_record() -> None:
    world = World()
    world.bought()
    assert not world.of(f.WalletsSet)
    assert not world.book.purses
    assert world.book.positions[token_of(1)].wallet == ""
    assert all(fact.wallet == "" for fact in world.of(f.Adjusted))


def test_a_second_wallet_leaves_to_the_first_what_it_had() -> None:
    world = World(replace(TWO, further=()))
    world.bought(1)
    begun_with(world, SECOND_WALLET)
    assert world.book.positions[token_of(1)].wallet == OWNER
    world.check_against_chain()
    world.open(2)
    world.open(3)
    world.close(1)
    assert senders(world)[1:] == [OWNER, SECOND_WALLET, OWNER]
    world.settle()
    world.check()
    world.check_against_chain()


def test_what_the_account_had_stays_with_its_wallet_where_that_is_not_named_first_any_more() -> None:
    world = World(replace(TWO, further=()))
    world.bought(1)
    world.chain.ledger.purses[SECOND_WALLET] = Purse()
    world.setup = replace(world.setup, first=SECOND_WALLET)
    begun_with(world, OWNER)
    assert world.book.positions[token_of(1)].wallet == OWNER
    world.check_against_chain()


def test_a_wallet_that_leaves_the_config_takes_its_cash_with_it(world: World) -> None:
    begun_with(world)
    assert world.book.wallets == (OWNER,)
    assert world.book.cash[COIN] == FUNDS
    assert not world.book.halted
    del world.chain.ledger.purses[SECOND_WALLET]
    world.check_against_chain()


def test_a_wallet_that_holds_something_halts_the_account_where_it_leaves_the_config(world: World) -> None:
    world.open(1)
    world.open(2)
    world.settle()
    begun_with(world)
    assert SECOND_WALLET in world.book.halted
    assert world.book.wallets == (OWNER, SECOND_WALLET)


@pytest.mark.parametrize("further", [(), ("0x" + "e3" * 20,)])
def test_the_only_wallet_halts_the_account_where_it_leaves_the_config_and_holds_something(
    further: tuple[str, ...],
) -> None:
    world = World(replace(TWO, further=()))
    world.bought(1)
    held = world.book.positions[token_of(1)].amount
    world.chain.ledger.purses[SECOND_WALLET] = Purse()
    world.setup = replace(world.setup, first=SECOND_WALLET)
    begun_with(world, *further)
    assert OWNER in world.book.halted
    assert world.book.positions[token_of(1)].amount == held
    for wallet in further:
        del world.chain.ledger.purses[wallet]
    world.setup = replace(world.setup, first=OWNER)
    begun_with(world, SECOND_WALLET)
    world.tell(Resume(time=world.tick(), account=ACCOUNT))
    world.close(1)
    world.settle()
    assert token_of(1) not in world.book.positions
    world.check_against_chain()


def test_what_a_wallet_has_that_was_not_taken_up_is_not_counted_once_the_config_is_put_right(world: World) -> None:
    world.open(1)
    world.open(2)
    world.settle()
    begun_with(world, "0x" + "e3" * 20)
    assert SECOND_WALLET in world.book.halted
    begun_with(world, SECOND_WALLET)
    assert world.book.cash[COIN] == sum(world.book.cash_of(COIN, wallet) for wallet in (OWNER, SECOND_WALLET))


@pytest.mark.parametrize("further", [(), ("0x" + "e3" * 20,)])
def test_the_only_wallet_may_be_replaced_where_it_holds_nothing(further: tuple[str, ...]) -> None:
    world = World(replace(TWO, further=()))
    world.chain.ledger.purses[SECOND_WALLET] = Purse()
    world.setup = replace(world.setup, first=SECOND_WALLET)
    begun_with(world, *further)
    assert not world.book.halted
    assert world.book.cash[COIN] == FUNDS * (1 + len(further))
    world.open(1)
    assert senders(world) == [SECOND_WALLET]


def _decoded(ask: object):  # type: ignore[no-untyped-def]
    from world import Tx

    from sniper.codec import decode

    return decode(ask.body.submission.raw, Tx)  # type: ignore[attr-defined]
