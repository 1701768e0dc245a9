"""The tables of orders, attempts and positions: no fact leads outside of them."""

import itertools

import pytest
from world import ACCOUNT, CHAIN, OWNER, pool_of, token_of

from sniper.codec import encode
from sniper.errors import IllegalTransition
from sniper.kernel import facts as f
from sniper.kernel.asks import Ask, ReadBalances
from sniper.kernel.book import Book, Position
from sniper.kernel.fold import fold
from sniper.kernel.orders import ATTEMPT, IN_FLIGHT, ORDER, POSITION, move
from sniper.types import NATIVE, FeeBid, Step

QUOTE = f"{CHAIN}:{NATIVE}"
BID = FeeBid(max_priority_fee=1, max_fee=2)
ORDER_ID = "main/script/1.0"


def funded() -> Book:
    book = Book(account=ACCOUNT)
    fold(book, f.Synced(time=0, chain_id=CHAIN, owner=OWNER, nonce=0))
    fold(book, f.Adjusted(time=0, asset=QUOTE, delta=10_000, reason="deposit"))
    return book


def placed(order: str = ORDER_ID, *, token: int = 1, side: str = "increase", amount: int = 100) -> f.OrderPlaced:
    step = Step(purpose="entry", to=OWNER, data=b"", value=0, gas=10)
    return f.OrderPlaced(
        time=0,
        order=order,
        intent=order.removesuffix(".0"),
        instance="script",
        side=side,
        chain_id=CHAIN,
        owner=OWNER,
        token=token_of(token),
        quote=QUOTE,
        pool=pool_of(token),
        venue="router",
        amount_in=amount,
        expected_out=1,
        min_out=1,
        cash=amount if side == "increase" else 0,
        gas=10,
        exit_gas=5,
        steps=(step, step),
    )


def attempted(attempt: str = f"{ORDER_ID}#0", *, nonce: int = 0) -> f.AttemptMade:
    return f.AttemptMade(
        time=0, attempt=attempt, order=attempt.partition("#")[0], step=0, nonce=nonce, bid=BID, block=1
    )


def moved(state: str) -> f.AttemptMoved:
    return f.AttemptMoved(time=0, attempt=f"{ORDER_ID}#0", order=ORDER_ID, state=state)


def with_order() -> Book:
    book = funded()
    fold(book, placed())
    fold(book, attempted())
    return book


def refuses(book: Book, fact: f.Fact) -> None:
    """It raises, and nothing is changed."""
    before = encode(book)
    with pytest.raises(IllegalTransition):
        fold(book, fact)
    assert encode(book) == before


@pytest.mark.parametrize("table", [ATTEMPT, ORDER, POSITION])
def test_tables_name_only_states_that_they_have(table: dict[str, frozenset[str]]) -> None:
    for following in table.values():
        assert following <= set(table)


@pytest.mark.parametrize("table", [ATTEMPT, ORDER, POSITION])
def test_move_allows_what_the_table_says_and_nothing_else(table: dict[str, frozenset[str]]) -> None:
    for old, new in itertools.product(table, table):
        if new in table[old]:
            assert move(table, "it", old, new) == new
        else:
            with pytest.raises(IllegalTransition, match=f"from {old} to {new}"):
                move(table, "it", old, new)


@pytest.mark.parametrize(("old", "new"), list(itertools.product(ATTEMPT, ATTEMPT)))
def test_no_fact_moves_an_attempt_outside_of_the_table(old: str, new: str) -> None:
    book = with_order()
    book.orders[ORDER_ID].attempts[0].state = old
    if new in ATTEMPT[old]:
        fold(book, moved(new))
        assert book.orders[ORDER_ID].attempts[0].state == new
    else:
        refuses(book, moved(new))


@pytest.mark.parametrize(("old", "new"), list(itertools.product(ORDER, ORDER)))
def test_no_fact_moves_an_order_outside_of_the_table(old: str, new: str) -> None:
    book = with_order()
    order = book.orders[ORDER_ID]
    order.state = old
    if new == "working":
        fact: f.Fact = f.OrderReopened(time=0, order=ORDER_ID, step=0)
    else:
        fact = f.OrderEnded(time=0, order=ORDER_ID, state=new)
    if new in ORDER[old]:
        fold(book, fact)
        assert order.state == new
    else:
        refuses(book, fact)


@pytest.mark.parametrize(("old", "new"), list(itertools.product(POSITION, POSITION)))
def test_no_fact_moves_a_position_outside_of_the_table(old: str, new: str) -> None:
    book = with_order()
    position = book.positions[token_of(1)]
    position.state = old
    fact = f.PositionMoved(time=0, token=token_of(1), state=new)
    if new in POSITION[old]:
        fold(book, fact)
        assert position.state == new
        assert (token_of(1) in book.closed) == (new == "closed")
    else:
        refuses(book, fact)


def test_what_is_final_for_an_attempt_is_never_in_flight_again_but_by_a_reorg() -> None:
    for state in ("included", "reverted", "replaced"):
        assert ATTEMPT[state] & IN_FLIGHT == {"unknown"}
    assert not ATTEMPT["dropped"]


def test_an_order_is_placed_once() -> None:
    book = with_order()
    refuses(book, placed())
    fold(book, f.OrderEnded(time=0, order=ORDER_ID, state="failed"))
    refuses(book, placed())


def test_an_order_that_was_never_placed_moves_nowhere() -> None:
    refuses(funded(), moved("signed"))
    refuses(funded(), f.OrderReopened(time=0, order=ORDER_ID, step=0))
    refuses(funded(), f.OrderEnded(time=0, order=ORDER_ID, state="done"))


def test_an_attempt_takes_the_next_nonce_or_that_of_one_that_it_replaces() -> None:
    book = with_order()
    refuses(book, attempted(f"{ORDER_ID}#1", nonce=0))
    refuses(book, attempted(f"{ORDER_ID}#1", nonce=2))
    fold(book, attempted(f"{ORDER_ID}#1", nonce=1))


def test_a_nonce_is_free_again_only_where_it_was_the_last_one_taken() -> None:
    book = with_order()
    fold(book, moved("dropped"))
    assert book.sender(CHAIN, OWNER).next_nonce == 0
    book = with_order()
    fold(book, attempted(f"{ORDER_ID}#1", nonce=1))
    fold(book, moved("dropped"))
    assert book.sender(CHAIN, OWNER).next_nonce == 2


def test_no_more_is_reserved_than_is_free() -> None:
    book = funded()
    refuses(book, placed(amount=9_986))
    fold(book, placed(amount=9_985))
    refuses(book, placed("main/script/2.0", token=2, amount=1))


def test_no_more_is_sold_than_is_held() -> None:
    book = funded()
    refuses(book, placed(side="reduce", amount=1))
    book.positions[token_of(1)] = Position(
        token=token_of(1),
        pool=pool_of(1),
        quote=QUOTE,
        venue="router",
        instance="script",
        chain_id=CHAIN,
        amount=5,
        state="open",
    )
    refuses(book, placed(side="reduce", amount=6))
    fold(book, placed(side="reduce", amount=5))
    assert book.positions[token_of(1)].state == "closing"


def booked(**changes: int) -> f.Booked:
    fields = {"amount": 0, "cash": 0, "gas": 0, "cost": 0, "realised": 0, "block": 2, **changes}
    return f.Booked(time=0, order=ORDER_ID, attempt=f"{ORDER_ID}#0", **fields)


def test_no_booking_leaves_less_than_nothing_or_fills_more_than_was_ordered() -> None:
    refuses(with_order(), booked(gas=10_001))
    refuses(with_order(), booked(cash=-10_001))
    refuses(with_order(), booked(amount=-1))
    refuses(with_order(), booked(cash=-101, amount=1))
    refuses(with_order(), booked(cash=1))
    book = with_order()
    fold(book, booked(cash=-100, gas=7, amount=3, cost=107))
    assert book.cash[QUOTE] == 10_000 - 107
    assert book.orders[ORDER_ID].filled == 100


def test_an_adjustment_never_leaves_less_than_nothing() -> None:
    refuses(funded(), f.Adjusted(time=0, asset=QUOTE, delta=-10_001, reason="loss"))


def test_an_ask_is_open_once() -> None:
    book = funded()
    ask = Ask(id="x", account=ACCOUNT, deadline=1, body=ReadBalances(chain_id=CHAIN, owner=OWNER, tokens=()))
    fold(book, f.Asked(time=0, ask=ask))
    refuses(book, f.Asked(time=0, ask=ask))
