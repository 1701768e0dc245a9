"""What is under way is found, not looked for: what an answer costs does not grow with what else is under way."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from world import Setup, World, target

from sniper.kernel.asks import Settle
from sniper.kernel.book import Order
from sniper.kernel.execution import Execution
from sniper.kernel.index import Index


class Watched(dict[str, Any]):  # Any: what the table holds
    """A table that counts the rows that somebody looks through."""

    seen = 0

    def __iter__(self) -> Iterator[str]:
        self.seen += len(self)
        return super().__iter__()

    def keys(self) -> Any:  # Any: the view of a dict cannot be named
        self.seen += len(self)
        return super().keys()

    def values(self) -> Any:  # Any: as for keys
        self.seen += len(self)
        return super().values()

    def items(self) -> Any:  # Any: as for keys
        self.seen += len(self)
        return super().items()


def watched(world: World) -> list[Watched]:
    """The tables of orders, asks, positions and guards, watched from now on."""
    book, account = world.book, world.account
    book.orders, book.ended, book.asks = Watched(book.orders), Watched(book.ended), Watched(book.asks)
    book.positions, book.closed = Watched(book.positions), Watched(book.closed)
    guards = account.exits.guards = account.sales.guards = Watched(account.exits.guards)
    return [book.orders, book.ended, book.asks, book.positions, book.closed, guards]


def seen(tables: list[Watched]) -> int:
    return sum(table.seen for table in tables)


def bought(trades: int) -> World:
    """So many positions: one block has all entries, the next one the approvals of their exits."""
    world = World(Setup(tokens=trades, strategies=(("script", (target(),)),)))
    world.mine()
    for token in range(1, trades + 1):
        world.open(token)
        world.answer_all()
    world.settle()
    assert len(world.book.positions) == trades
    assert not world.book.orders
    return world


def test_after_a_reorg_each_transaction_is_settled_by_one_question() -> None:
    world = bought(12)
    world.chain.reorg(2)
    world.chain.mine()
    world.deliver()
    asked = [ask.body.submission.nonce for ask in world.asked(Settle)]  # type: ignore[union-attr]
    assert asked == list(range(24)), "in the order in which alone they can be booked"
    world.answer_all()
    assert not world.book.orders
    world.check()
    world.check_against_chain()


def test_no_settlement_looks_through_what_is_under_way() -> None:
    world = bought(8)
    world.chain.reorg(2)
    world.chain.mine()
    world.deliver()
    tables = watched(world)
    world.answer_all(Settle)
    assert not world.book.orders
    assert seen(tables) == 0


def test_settlements_that_come_too_early_look_through_nothing_either() -> None:
    world = bought(8)
    world.chain.reorg(2)
    world.chain.mine()
    world.deliver()
    tables = watched(world)
    for ask in world.asked(Settle)[:0:-1]:
        world.answer(ask)
    assert len(world.book.orders) == 8
    assert seen(tables) == 0


def test_a_reorg_takes_back_many_trades_by_looking_through_the_tables_as_often_as_for_few() -> None:
    rounds = []
    for trades in (4, 16):
        world = bought(trades)
        tables = watched(world)
        world.chain.reorg(2)
        world.chain.mine(most=0)
        world.deliver()
        assert len(world.book.orders) == trades
        rounds.append(seen(tables) / trades)
    assert rounds[1] <= rounds[0]


def test_many_orders_at_once_are_signed_one_after_the_other_each_looked_at_a_few_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[str] = []
    advance = Execution.advance

    def counted(execution: Execution, order: Order) -> None:
        looked.append(order.id)
        advance(execution, order)

    monkeypatch.setattr(Execution, "advance", counted)
    world = World(Setup(tokens=16))
    world.mine()
    for token in range(1, 17):
        world.open(token)
    tables = watched(world)
    world.answer_all()
    assert [attempt.nonce for _, attempt in world.book.in_flight()] == list(range(16))
    assert max(Counter(looked).values()) == 3, "when it was placed, when it is its turn, and when it was signed"
    assert seen(tables) == 0


def test_the_index_of_a_restored_book_is_the_one_that_grew() -> None:
    world = bought(3)
    world.chain.reorg(1)
    world.chain.mine(most=1)
    world.deliver()
    grown = world.book.indexed
    assert world.book.in_flight()
    world.restart()
    assert world.book.index is None or world.book.index is not grown
    for name in Index.__slots__:
        assert getattr(world.book.indexed, name) == getattr(grown, name)
