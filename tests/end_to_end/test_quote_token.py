"""An account that pays with an ERC-20: the token for trades, ether for gas, and both reconcile to the last unit."""

import pytest
from stand import FUNDS, Stand
from stand.market import Launch

from sniper.events import Reorg
from sniper.kernel import facts as f
from sniper.types import NATIVE
from sniper_sdk.devchain import Account, calldata, topic

UNIT = 10**6
"""Of a dollar token."""
BALANCE = 100_000 * UNIT
AMOUNT = 500 * UNIT
LIQUIDITY = 50_000 * UNIT
TRANSFER = topic("Transfer(address,address,uint256)")


@pytest.fixture
def bank() -> Account:
    """Owns all of the quote token."""
    return Account.named("bank")


@pytest.fixture(params=[pytest.param("PlainToken", marks=pytest.mark.long), "NoReturnToken"])
async def dollars(stand: Stand, bank: Account, request: pytest.FixtureRequest) -> str:
    """Address of a token like USDC, or like USDT, which returns nothing and wants allowances reset; the account has
    some of it and pays with it."""
    stand.chain.fund(bank.address, FUNDS)
    token = stand.market.token(request.param, bank)
    stand.chain.send(bank, token, calldata("transfer(address,uint256)", stand.owner, BALANCE))
    document = stand.document
    document["account"]["main"]["quote"] = token.lower()
    document["strategy"]["launch-snipe"]["min_liquidity"] = 1_000 * UNIT
    document["sizer"]["fixed"]["amount"] = AMOUNT
    document["risk"]["limits"] |= {"max_spend_per_trade": AMOUNT, "max_spend_per_day": 10 * AMOUNT}
    document["risk"]["liquidity"]["min_quote_reserve"] = 1_000 * UNIT
    return token


async def test_buys_and_sells_are_paid_in_the_token_and_gas_in_ether(stand: Stand, bank: Account, dollars: str) -> None:
    quote = f"{stand.chain.chain_id}:{dollars.lower()}"
    await stand.start()
    launches = []
    for _ in range(2):  # the second one finds the allowance that the first one used up
        launches.append(stand.market.launch(liquidity=LIQUIDITY, quote=dollars, quote_owner=bank))
        asset = launches[-1].asset(stand.chain)
        await stand.until(lambda record, asset=asset: record.entries_of().get(asset))
        await stand.mine_until(lambda record: not record.books["main"].orders)
        book = stand.record.books["main"]
        assert book.positions[asset].amount == stand.chain.token_balance(launches[-1].token, stand.owner) > 0
        assert stand.differences(tokens=[dollars]) == []
    book = stand.record.books["main"]
    assert book.cash[quote] == BALANCE - 2 * AMOUNT
    for launch in launches:
        stand.market.buy(launch, LIQUIDITY)
        asset = launch.asset(stand.chain)
        await stand.mine_until(
            lambda record, asset=asset: asset not in record.books["main"].positions and not record.books["main"].orders
        )
        assert stand.differences(tokens=[dollars]) == []
    assert book.cash[quote] > BALANCE
    gas = sum(fact.gas for fact in stand.record.all(f.Booked))
    assert book.cash[f"{stand.chain.chain_id}:{NATIVE}"] == FUNDS - gas == stand.chain.balance(stand.owner)
    assert stand.record.entries_of() == {launch.asset(stand.chain): 1 for launch in launches}
    assert book.reserved(quote) == book.reserved(f"{stand.chain.chain_id}:{NATIVE}") == 0


async def test_an_account_without_ether_for_gas_buys_nothing(stand: Stand, bank: Account, dollars: str) -> None:
    stand.chain.fund(stand.owner, 10**12)
    await stand.start()
    stand.market.launch(liquidity=LIQUIDITY, quote=dollars, quote_owner=bank)
    await stand.until(lambda record: record.all(f.Verdict))
    assert {fact.rule for fact in stand.record.all(f.Verdict)} == {"kernel.free-gas"}
    assert stand.nonce() == 0
    assert stand.differences(tokens=[dollars]) == []


def paid_by_each(stand: Stand, dollars: str, purpose: str) -> dict[str, int]:
    """What the chain says that each included transaction of one purpose did to the owner's balance, by attempt."""
    found = {}
    hashes = {moved.attempt: moved.tx_hash for moved in stand.record.all(f.AttemptMoved) if moved.state == "signed"}
    owner = stand.owner[2:]
    for moved in stand.record.attempts(purpose, "included"):
        moves = [
            (log.topics[1][-40:], log.topics[2][-40:], int(log.data, 16))
            for log in stand.chain.receipt(hashes[moved.attempt]).logs
            if log.address == dollars and log.topics[0] == TRANSFER
        ]
        found[moved.attempt] = sum((to == owner) * value - (from_ == owner) * value for from_, to, value in moves)
    return found


async def launches_and_entries(stand: Stand, bank: Account, dollars: str, count: int) -> list[Launch]:
    """So many launches before the first entry is mined, and then all of them bought."""
    launches = [stand.market.launch(liquidity=LIQUIDITY, quote=dollars, quote_owner=bank) for _ in range(count)]
    for bought in range(1, count + 1):  # a timer brings the next one
        await stand.until(lambda record, bought=bought: len(record.entries_of()) == bought)
        await stand.mine_until(lambda record: not record.books["main"].orders)
    return launches


async def test_entries_at_the_same_time_do_not_use_up_each_others_allowance(
    stand: Stand, bank: Account, dollars: str
) -> None:
    quote = f"{stand.chain.chain_id}:{dollars.lower()}"
    await stand.start()
    launches = await launches_and_entries(stand, bank, dollars, 3)
    assert stand.differences(tokens=[dollars]) == []
    assert stand.record.attempts("entry", "reverted") == []
    book = stand.record.books["main"]
    assert book.cash[quote] == BALANCE - 3 * AMOUNT
    assert [position.cost for position in book.positions.values()] == [AMOUNT] * 3
    assert stand.record.entries_of() == {launch.asset(stand.chain): 1 for launch in launches}


async def test_sales_in_one_block_are_each_booked_with_what_they_brought(
    stand: Stand, bank: Account, dollars: str
) -> None:
    """The balance at the block's end tells what all of them brought together."""
    await stand.start()
    await launches_and_entries(stand, bank, dollars, 2)
    stand.kill_switch("flatten")
    await stand.until(lambda record: len(record.attempts("exit", "sent")) == 2)
    await stand.mine_until(lambda record: not record.books["main"].positions and not record.books["main"].orders)
    exits = stand.record.attempts("exit", "included")
    assert len({moved.block for moved in exits}) == 1
    assert stand.differences(tokens=[dollars]) == []
    booked = {b.attempt: b.cash for b in stand.record.all(f.Booked) if b.cash > 0}
    assert booked == paid_by_each(stand, dollars, "exit")
    assert len(booked) == 2


async def test_a_trade_that_a_reorg_takes_back_is_made_again_in_one_block(
    stand: Stand, bank: Account, dollars: str
) -> None:
    """Its approvals, its entry and its exit come again side by side, with the same bytes."""
    await stand.start()
    before = stand.chain.block_number()
    (launch,) = await launches_and_entries(stand, bank, dollars, 1)
    asset = launch.asset(stand.chain)
    hashes = [moved.tx_hash for moved in stand.record.all(f.AttemptMoved) if moved.state == "signed"]
    first = min(stand.chain.receipt(hash_).block for hash_ in hashes)
    assert first > before
    stand.kill_switch("flatten")
    await stand.mine_until(lambda record: not record.books["main"].positions and not record.books["main"].orders)
    assert stand.differences(tokens=[dollars]) == []
    stand.kill_switch("off")
    await stand.until(lambda record: record.books["main"].kill == "off")
    stand.chain.reorg(stand.chain.block_number() - first + 1)
    await stand.until(lambda record: record.all(Reorg) and record.quiet)
    await stand.mine_until(
        lambda record: asset not in record.books["main"].positions and not record.books["main"].orders
    )
    assert stand.chain.token_balance(launch.token, stand.owner) == 0
    assert stand.differences(tokens=[dollars]) == []
    assert stand.record.entries_of() == {asset: 1}
    assert await stand.replayed() == 0
