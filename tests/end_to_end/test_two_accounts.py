"""Two accounts with two keys on one chain: each has its own books, its own nonces and its own misfortunes."""

from collections.abc import Callable

import pytest
from stand import Stand, differences

from sniper.kernel import facts as f


@pytest.fixture
def pair(stands: Callable[..., Stand]) -> Stand:
    """Accounts ``alice`` and ``bob``."""
    return stands("alice", "bob")


def all_differences(stand: Stand) -> list[str]:
    """Of both accounts."""
    return [
        f"{trader.name}: {found}"
        for trader in stand.traders
        for found in differences(stand.record, stand.chain, trader.address, trader.name)
    ]


def idle(stand: Stand, name: str) -> Callable[[object], bool]:
    """Whether an account has nothing under way."""
    return lambda _: not stand.record.books[name].orders and not stand.record.books[name].pending


async def test_each_account_buys_and_sells_with_its_own_key_and_its_own_books(pair: Stand) -> None:
    stand = pair
    await stand.start()
    launch = stand.market.launch()
    asset = launch.asset(stand.chain)
    for name in ("alice", "bob"):
        await stand.until(lambda record, name=name: record.entries_of(name).get(asset))
    for name in ("alice", "bob"):
        await stand.mine_until(idle(stand, name))
    assert all(stand.chain.token_balance(launch.token, trader.address) > 0 for trader in stand.traders)
    assert all_differences(stand) == []
    await stand.restart()
    stand.market.buy(launch, 8 * 10**18)
    await stand.mine_until(lambda record: not any(book.positions for book in record.books.values()))
    for name in ("alice", "bob"):
        await stand.mine_until(idle(stand, name))
    assert all_differences(stand) == []
    assert [stand.nonce(number) for number in (0, 1)] == [3, 3]
    owners = {(fact.owner, ask) for ask in ("alice", "bob") for fact in stand.record.all(f.OrderPlaced, ask)}
    assert owners == {(trader.address, trader.name) for trader in stand.traders}
    assert await stand.replayed() == 0


async def test_a_strategy_that_raises_stops_in_its_own_account_alone(pair: Stand) -> None:
    stand = pair
    stand.add_strategy("faulty", "bob")
    await stand.start()
    launch = stand.market.launch()
    asset = launch.asset(stand.chain)
    await stand.until(lambda record: record.all(f.InstanceMoved))
    (moved,) = stand.record.all(f.InstanceMoved)
    assert (moved.instance, moved.state) == ("faulty", "stopped")
    assert "a defect of this strategy" in moved.reason
    assert not stand.record.all(f.InstanceMoved, "alice")
    for name in ("alice", "bob"):  # bob's other strategy goes on as well
        await stand.until(lambda record, name=name: record.entries_of(name).get(asset))
        await stand.mine_until(idle(stand, name))
    assert "a defect of this strategy" in stand.bot.words()
    second = await stand.hold_a_launch()
    assert stand.record.entries_of("alice") == {asset: 1, second.asset(stand.chain): 1}
    for each in (launch, second):
        stand.market.buy(each, 8 * 10**18)
    await stand.mine_until(lambda record: not any(book.positions for book in record.books.values()))
    for name in ("alice", "bob"):
        await stand.mine_until(idle(stand, name))
    assert all_differences(stand) == []
    assert len(stand.record.all(f.InstanceMoved)) == 1


async def test_an_account_whose_money_is_gone_does_not_hold_up_the_other(pair: Stand) -> None:
    stand = pair
    stand.chain.fund(stand.traders[1].address, 0)
    await stand.start()
    launch = await stand.hold_a_launch()
    assert stand.record.entries_of("alice") == {launch.asset(stand.chain): 1}
    assert stand.record.entries_of("bob") == {}
    await stand.until(lambda record: any(v.rule == "kernel.free-cash" for v in record.all(f.Verdict, "bob")))
    await stand.sell(launch)
    assert all_differences(stand) == []
    assert stand.nonce(1) == 0
