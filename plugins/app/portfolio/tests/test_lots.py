from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.kernel.exchange.holdings import traded
from sniper_app_portfolio.lots import Lots, Method, Movement, lots_of

METHODS: tuple[Method, ...] = ("fifo", "lifo", "hifo")


def movement(amount: int, cash: int, time: int = 0, **more: Any) -> Movement:
    values = {"kind": "fill", "account": "main", "asset": "x:BTC", "currency": "x:USDT", "instrument": "x:BTC/USDT"}
    return Movement(**{**values, "instance": "s", "time": time, "amount": amount, "cash": cash, "realised": 0, **more})


def lots(method: Method, *movements: tuple[int, int]) -> Lots:
    found = Lots(method)
    for n, (amount, cash) in enumerate(movements, 1):
        found.take(movement(amount, cash, n))
    return found


SIGNED = st.integers(-(10**6), 10**6).filter(bool)
TRADES = st.lists(
    st.tuples(SIGNED, st.integers(0, 10**9)).map(lambda of: (of[0], -of[1] if of[0] > 0 else of[1])), max_size=25
)
METHOD = st.sampled_from(METHODS)


@given(TRADES, METHOD)
def test_gains_and_what_open_lots_cost_are_all_the_cash_that_moved(trades: list[tuple[int, int]], by: Method) -> None:
    found = lots(by, *trades)
    assert sum(gain.gain for gain in found.gains) - found.cost == sum(cash for _, cash in trades)
    assert found.amount == sum(amount for amount, _ in trades)
    assert len({lot.amount > 0 for lot in found.open}) <= 1
    for gain in found.gains:
        assert gain.gain == gain.proceeds - gain.cost
        assert gain.amount > 0
        assert gain.acquired < gain.disposed


@given(TRADES, st.integers(0, 10**9), METHOD)
def test_once_all_is_sold_every_method_gained_what_the_books_realised(
    trades: list[tuple[int, int]], last: int, by: Method
) -> None:
    held = sum(amount for amount, _ in trades)
    if held:
        trades = [*trades, (-held, last if held > 0 else -last)]
    amount = cost = realised = 0
    for moved, cash in trades:
        change = traded(amount, cost, moved, cash)
        amount, cost, realised = amount + change.amount, cost + change.cost, realised + change.realised
    found = lots(by, *trades)
    assert (amount, cost) == (found.amount, found.cost) == (0, 0)
    assert sum(gain.gain for gain in found.gains) == realised


@given(TRADES)
def test_while_nothing_turns_round_the_dearest_first_gains_least(trades: list[tuple[int, int]]) -> None:
    bought = [(abs(amount), -abs(cash)) for amount, cash in trades]
    if not bought:
        return
    sold = sum(amount for amount, _ in bought) // 2
    gains = {by: sum(gain.gain for gain in lots(by, *bought, (-sold, 10**9)).gains) for by in METHODS} if sold else {}
    if gains:
        assert gains["hifo"] <= min(gains.values()) + len(bought)  # each part is rounded down by less than one


@pytest.mark.parametrize(
    ("by", "cost", "acquired"),
    [("fifo", 100 + 150, [1, 2]), ("lifo", 200 + 150, [3, 2]), ("hifo", 300 + 100, [2, 3])],
)
def test_each_method_takes_its_lots_in_its_order(by: Method, cost: int, acquired: list[int]) -> None:
    found = lots(by, (10, -100), (10, -300), (10, -200), (-15, 600))
    assert [gain.acquired for gain in found.gains] == acquired
    assert sum(gain.cost for gain in found.gains) == cost
    assert sum(gain.proceeds for gain in found.gains) == 600
    assert [gain.amount for gain in found.gains] == [10, 5]


def test_of_two_lots_at_one_price_hifo_takes_the_older() -> None:
    assert lots("hifo", (10, -100), (5, -50), (-1, 20)).gains[0].acquired == 1


def test_what_is_sold_short_is_a_lot_that_buying_closes() -> None:
    found = lots("fifo", (-10, 500), (-10, 700), (15, -600))
    assert [(gain.proceeds, gain.cost, gain.gain) for gain in found.gains] == [(500, 400, 100), (350, 200, 150)]
    assert (found.amount, found.cost) == (-5, -350)
    least = lots("hifo", (-10, 700), (-10, 500), (10, -400))
    assert [gain.proceeds for gain in least.gains] == [500]


def test_one_trade_may_close_all_and_open_the_other_way() -> None:
    found = lots("lifo", (10, -100), (-25, 500))
    assert [(gain.proceeds, gain.cost) for gain in found.gains] == [(200, 100)]
    assert (found.amount, found.cost) == (-15, -300)


def test_dust_is_lost_with_what_it_cost() -> None:
    found = lots("fifo", (10, -100), (-7, 90))
    found.take(movement(-3, 0, 9, kind="dust", realised=-30))
    assert [(gain.kind, gain.gain) for gain in found.gains][1:] == [("dust", -30)]
    assert found.open == []


def test_what_leaves_without_a_sale_takes_its_cost_along_and_gains_nothing() -> None:
    found = lots("fifo", (10, -100), (10, -200))
    found.take(movement(-15, 0, 9, kind="adjusted"))
    assert [(gain.kind, gain.amount, gain.cost, gain.gain) for gain in found.gains] == [
        ("adjusted", 10, 100, 0),
        ("adjusted", 5, 100, 0),
    ]
    assert (found.amount, found.cost) == (5, 100)


def test_what_comes_in_without_a_purchase_has_cost_nothing() -> None:
    found = lots("fifo", (10, -100))
    found.take(movement(5, 0, 9, kind="adjusted"))
    assert [(lot.amount, lot.cost) for lot in found.open] == [(10, 100), (5, 0)]


def test_gas_belongs_to_the_next_lot_or_to_the_newest_and_funding_to_none() -> None:
    found = Lots("fifo")
    found.take(movement(0, -7, 1, kind="costs"))
    found.take(movement(10, -100, 2))
    found.take(movement(0, -3, 3, kind="costs"))
    assert [lot.cost for lot in found.open] == [110]
    found.take(movement(0, -5, 4, kind="costs", realised=-5))
    found.take(movement(0, 8, 5, kind="funding", realised=8))
    assert [lot.cost for lot in found.open] == [110]
    assert [(gain.kind, gain.gain, gain.acquired) for gain in found.gains] == [("costs", -5, 0), ("funding", 8, 0)]


def test_accounts_and_currencies_have_lots_of_their_own() -> None:
    moved = [movement(10, -100), movement(-10, 150, account="other"), movement(5, -60, currency="x:EUR")]
    found = lots_of(moved, "fifo")
    assert {key[0::2]: of.amount for key, of in found.items()} == {
        ("main", "x:USDT"): 10,
        ("other", "x:USDT"): -10,
        ("main", "x:EUR"): 5,
    }
