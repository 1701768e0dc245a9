"""Positions by average cost: nothing is made or lost by rounding, above zero and below."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from sniper.exchange_orders import Fill, Side
from sniper.instrument import COIN, Instrument
from sniper.kernel.exchange.holdings import Change, change_of, traded

BTC = Instrument(
    id="x:BTC/USDT", kind="spot", base="x:BTC", quote="x:USDT", settle="x:USDT", tick=COIN // 100, lot=COIN // 1000
)


def fill(side: Side, size: int, price: int, fee: int = 0, fee_asset: str = "x:USDT") -> Fill:
    return Fill(
        id="1",
        client_id="c",
        venue_id="v",
        instrument=BTC.id,
        side=side,
        size=size,
        price=price,
        value=BTC.value(price, size),
        fee=fee,
        fee_asset=fee_asset,
        maker=False,
        time=0,
    )


def test_what_is_bought_costs_its_price_and_fee() -> None:
    change = change_of(BTC, fill("buy", 100, 4_000_000, fee=4 * COIN), 0, 0)
    assert change == Change(amount=COIN // 10, cash=-4_004 * COIN, cost=4_004 * COIN, realised=0)


def test_a_fee_in_what_is_bought_makes_it_less() -> None:
    change = change_of(BTC, fill("buy", 100, 4_000_000, fee=COIN // 10_000, fee_asset="x:BTC"), 0, 0)
    assert (change.amount, change.cost) == (COIN // 10 - COIN // 10_000, 4_000 * COIN)


def test_half_of_it_sold_takes_half_of_the_cost() -> None:
    change = change_of(BTC, fill("sell", 50, 4_100_000), COIN // 10, 4_000 * COIN)
    assert (change.cost, change.realised) == (-2_000 * COIN, 50 * COIN)


def test_what_is_sold_short_gains_where_it_is_bought_back_for_less() -> None:
    short = traded(0, 0, -COIN, 100 * COIN)
    assert (short.cost, short.realised) == (-100 * COIN, 0)
    assert traded(-COIN, -100 * COIN, COIN, -90 * COIN).realised == 10 * COIN


def test_what_goes_beyond_zero_opens_anew_at_its_own_price() -> None:
    change = traded(COIN, 50 * COIN, -3 * COIN, 180 * COIN)
    assert (change.realised, 50 * COIN + change.cost) == (10 * COIN, -120 * COIN)


AMOUNTS = st.integers(-(10**21), 10**21)


@given(st.lists(st.tuples(AMOUNTS, st.integers(1, 10**6)), min_size=1, max_size=30))
def test_profit_is_what_came_less_what_went_once_it_is_flat(trades: list[tuple[int, int]]) -> None:
    held = cost = cash = realised = 0
    for amount, price in [*trades, (-sum(amount for amount, _ in trades), 7)]:
        change = traded(held, cost, amount, -amount * price)
        assert change.cash == change.realised - change.cost
        held, cost = held + change.amount, cost + change.cost
        cash, realised = cash + change.cash, realised + change.realised
        assert (cost > 0) <= (held > 0), "what is held above zero has cost something, below it brought something"
    assert (held, cost, realised) == (0, 0, cash)


@given(st.integers(1, 10**21), st.integers(0, 10**24), st.integers(1, 10**21))
def test_a_part_takes_its_share_of_the_cost_rounded_down(held: int, cost: int, part: int) -> None:
    part = min(part, held)
    released = -traded(held, cost, -part, 0).cost
    assert 0 <= Fraction(cost * part, held) - released < 1
