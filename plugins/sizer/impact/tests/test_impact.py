from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.instrument import COIN
from sniper.types import BPS, Open, split_asset
from sniper_sdk import builders
from sniper_sdk.builders import INSTRUMENT, QUOTE, TOKEN, BuiltView, instrument, ticker, view
from sniper_sizer_impact.sizer import Impact, ImpactConfig

MONEY = split_asset(QUOTE)[1]


def size(here: BuiltView, quote: str, token: str, **section: Any) -> int:
    config = ImpactConfig(**{"max_impact_bps": 100, **section})
    return Impact(config=config).size(Open(token=token, reason="a test"), quote, here)


def exchange(**parts: Any) -> BuiltView:
    return view(quote="binance:USDT", cash=10**9 * COIN, **parts)


def at_exchange(here: BuiltView, **section: Any) -> int:
    return size(here, "binance:USDT", "binance:BTC", **section)


def test_without_a_book_it_is_what_stands_at_the_best_price() -> None:
    assert at_exchange(exchange(tickers=[ticker(ask=6_000_000, ask_size=50_000)])) == 30_000 * COIN
    assert at_exchange(exchange(tickers=[ticker(ask=6_000_000, ask_size=50_000)]), take_bps=2_500) == 7_500 * COIN


def test_nothing_is_bought_at_stale_prices_and_at_what_is_not_listed() -> None:
    assert at_exchange(exchange(tickers=[ticker(stale=True)])) == 0
    assert at_exchange(exchange()) == 0


@given(
    levels=st.lists(st.tuples(st.integers(1, 200), st.integers(1, 10**6)), min_size=1, max_size=8),
    most=st.integers(1, 300),
)
def test_with_a_book_it_is_all_that_is_offered_up_to_the_bound(levels: list[tuple[int, int]], most: int) -> None:
    asks, price = list[tuple[int, int]](), 6_000_000
    for gap, lots in levels:
        price += gap * 100
        asks.append((price, lots))
    of = instrument()
    here = exchange(tickers=[ticker(of)], depths={INSTRUMENT: builders.depth(bids=[(5_999_999, 1)], asks=asks)})
    bound = asks[0][0] * (BPS + most) // BPS
    expected = sum(of.value(at, lots) for at, lots in asks if at <= bound)
    assert at_exchange(here, max_impact_bps=most) == min(expected, 10**9 * COIN)


@given(
    reserves=st.tuples(st.integers(10**12, 10**24), st.integers(10**12, 10**24)),
    fee=st.sampled_from((0, 30, 100)),
    most=st.integers(1, 2_000),
)
def test_in_a_pool_it_is_the_largest_amount_within_the_bound(reserves: tuple[int, int], fee: int, most: int) -> None:
    pool = builders.pool(reserves=reserves, fee_bps=fee)
    cash = 10**30
    found = size(view(pools=[pool], cash=cash), QUOTE, TOKEN, max_impact_bps=most)
    least = pool.price(MONEY) * (BPS - most) / BPS
    assert not found or pool.amount_out(MONEY, found) + 1 > found * least
    assert pool.amount_out(MONEY, found + 1) + 1 <= (found + 1) * least


def test_no_more_is_paid_than_its_bounds_say() -> None:
    here = exchange(tickers=[ticker(ask=6_000_000, ask_size=50_000)])
    assert at_exchange(here, max_amount="12.5") == 25 * COIN // 2
    assert size(view(pools=[builders.pool()], cash=3), QUOTE, TOKEN) == 3
    assert size(view(cash=3), QUOTE, TOKEN) == 0


@pytest.mark.parametrize("section", [{"max_impact_bps": 0}, {"take_bps": 0}, {"max_amount": 0.5}])
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        at_exchange(exchange(), **section)
