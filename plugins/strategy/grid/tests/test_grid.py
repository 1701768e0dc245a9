from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.events import OrderChanged
from sniper.instrument import COIN
from sniper.strategy import PlaceOrder
from sniper.types import SECOND
from sniper_sdk import Bench, Floor
from sniper_sdk.builders import INSTRUMENT, bar_series, instrument, ticker, view
from sniper_strategy_grid.strategy import Grid, GridConfig, levels

SECTION = {"instrument": INSTRUMENT, "lower": "100", "upper": "140", "levels": 5, "spacing": "even", "size": "1"}
LOTS = 100_000


def floor(funds: int = 10**4, of: Any = None, **changed: Any) -> Floor:
    config = GridConfig.model_validate({**SECTION, **changed})
    listed = of or instrument(maker_fee=0, taker_fee=0)
    return Floor(Grid, config, instruments=[listed], balances={"binance:USDT": funds * COIN})


def book(tested: Floor) -> dict[str, int | None]:
    return {key: price for key, (_, _, price) in sorted(tested.working().items())}


def test_it_bids_at_each_level_below_the_market() -> None:
    tested = floor()
    tested.trade(12_500)
    assert book(tested) == {"0/buy": 10_000, "1/buy": 11_000, "2/buy": 12_000}
    assert {new.flags for new in tested.placed} == {("post-only",)}
    tested.trade(13_500)
    assert book(tested) == {"0/buy": 10_000, "1/buy": 11_000, "2/buy": 12_000, "3/buy": 13_000}


def test_what_was_bought_is_sold_one_level_higher_and_bought_again() -> None:
    tested = floor()
    tested.trades(12_500, 12_500, 11_900, 11_900)
    assert book(tested) == {"0/buy": 10_000, "1/buy": 11_000, "2/sell": 13_000}
    tested.trades(13_100)
    assert book(tested)["2/buy"] == 12_000
    assert [(fill.side, fill.price) for fill in tested.fills] == [("buy", 12_000), ("sell", 13_000)]
    assert tested.held("binance:USDT") == (10**4 + 10) * COIN


@given(st.lists(st.integers(9_000, 15_000), min_size=1, max_size=60))
def test_the_books_are_those_of_its_cells_and_each_round_gains_a_level(prices: list[int]) -> None:
    tested = floor()
    for price in prices:
        tested.trades(price, price)  # so that orders rest before anything can fill them
    strategy = tested.strategy
    assert isinstance(strategy, Grid)
    held = sum(cell.held for cell in strategy.cells.values())
    assert tested.held("binance:BTC") == held * 10**13
    assert 0 <= held <= 4 * LOTS
    bought = {fill.price for fill in tested.fills if fill.side == "buy"}
    assert bought <= {10_000, 11_000, 12_000, 13_000}
    rounds = sum(fill.side == "sell" for fill in tested.fills)
    cost = sum((10_000 + 1_000 * int(name)) * cell.held for name, cell in strategy.cells.items()) * 10**11
    assert tested.held("binance:USDT") == 10**4 * COIN + rounds * 10 * COIN - cost


def test_stale_prices_withdraw_all_and_what_was_bought_is_not_forgotten() -> None:
    tested = floor()
    tested.trades(12_500, 11_900)
    tested.stale(True)
    assert book(tested) == {}
    tested.stale(False)
    assert book(tested) == {"0/buy": 10_000, "1/buy": 11_000, "2/sell": 13_000}


def test_the_stop_sells_everything_and_ends_the_grid() -> None:
    tested = floor(stop="98")
    tested.trades(12_500, 10_500, 9_800, 9_700)
    tested.trade(9_700)
    assert book(tested) == {}
    assert tested.held("binance:BTC") == 0
    before = len(tested.placed)
    tested.trades(12_500, 12_500)
    assert len(tested.placed) == before


def test_a_fee_in_coins_leaves_less_to_sell_and_stops_no_cell() -> None:
    bench = Bench(Grid, GridConfig.model_validate(SECTION), view())
    held = view(tickers=[ticker(last=12_500, bid=12_490, ask=12_510)], cash={"binance:BTC": 999 * COIN // 1_000})
    bench.view = held
    bought = OrderChanged(time=0, key="2/buy", order="main/s/1.1", instrument=INSTRUMENT, state="filled", filled=LOTS)
    (sale,) = [each for each in bench.send(bought) if isinstance(each, PlaceOrder) and each.side == "sell"]
    assert (sale.key, sale.size) == ("2/sell", 99_900)
    sold = OrderChanged(time=1, key="2/sell", order="main/s/2.1", instrument=INSTRUMENT, state="filled", filled=99_900)
    small = instrument(min_value=50 * COIN)
    bench.view = view(tickers=[ticker(small, last=12_500, bid=12_490, ask=12_510)], cash={"binance:BTC": 0})
    again = {each.key: each.size for each in bench.send(sold) if isinstance(each, PlaceOrder)}
    assert again["2/buy"] == LOTS - 100, "what is left is too small to be sold, and is part of the next round"


def test_bars_alone_move_it_too() -> None:
    tested = floor()
    minute = 60 * SECOND
    start = (tested.now // minute + 1) * minute
    for n, bar in enumerate(bar_series([12_500, 11_900, 13_100], 60)):
        begins = start + n * minute
        tested.play(msgspec.structs.replace(bar, time=begins + minute, start=begins))
    assert book(tested) == {"0/buy": 10_000, "1/buy": 11_000, "2/buy": 12_000, "3/buy": 13_000}
    assert [fill.side for fill in tested.fills] == ["buy", "sell"]


def test_what_was_denied_is_tried_again_after_its_time_and_not_before() -> None:
    tested = floor(funds=105, retry_s=10)
    tested.trades(12_500)
    assert book(tested) == {"0/buy": 10_000}
    assert tested.denied == ["kernel.cash"] * 2
    tested.trades(12_600, 13_500)
    assert tested.denied == ["kernel.cash"] * 3
    tested.sleep(10 * SECOND)
    assert tested.denied == ["kernel.cash"] * 6


def test_orders_below_what_the_exchange_takes_are_not_placed() -> None:
    tested = floor(of=instrument(min_value=115 * COIN))
    tested.trade(12_500)
    assert book(tested) == {"2/buy": 12_000}
    assert tested.denied == []


@given(
    lower=st.integers(1, 10**24),
    more=st.integers(1, 10**24),
    count=st.integers(2, 60),
    tick=st.sampled_from((1, 7, 10**16)),
)
def test_levels_of_a_ratio_are_the_whole_parts_of_the_exact_roots(lower: int, more: int, count: int, tick: int) -> None:
    last, upper = count - 1, lower + more
    found = levels(lower, upper, count, "ratio", 1)
    for n, price in enumerate(found):
        wanted = lower ** (last - n) * upper**n
        assert price**last <= wanted < (price + 1) ** last
    assert levels(lower, upper, count, "ratio", tick) == tuple(max(1, price // tick) for price in found)
    assert (found[0], found[-1]) == (lower, upper)
    even = levels(lower, upper, count, "even", 1)
    assert (even[0], even[-1]) == (lower, upper)
    assert max(b - a for a, b in pairwise(even)) - (upper - lower) // last in (0, 1)


@pytest.mark.parametrize("section", [{"upper": "100"}, {"levels": 1}, {"stop": "100"}, {"size": 0}, {"spacing": "odd"}])
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GridConfig.model_validate({**SECTION, **section})
