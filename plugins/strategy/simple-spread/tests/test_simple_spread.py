"""Quotes as the exchange gets them, with the kernel in between."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.events import BookChanged, OrderChanged
from sniper.instrument import COIN, Instrument
from sniper.strategy import CancelOrder, PlaceOrder
from sniper.types import SECOND
from sniper_sdk import Bench, Floor
from sniper_sdk.builders import INSTRUMENT, instrument, order, position, ticker, view
from sniper_strategy_simple_spread.strategy import SimpleSpread, SimpleSpreadConfig

BTC = instrument()
FUNDS = {"binance:USDT": 100_000 * COIN, "binance:BTC": COIN}
LOTS = 1_000
"""0.01 coins."""


def config(**changed: Any) -> SimpleSpreadConfig:
    return SimpleSpreadConfig.model_validate(
        {"instrument": INSTRUMENT, "size": "0.01", "max_inventory": "0.02", "half_spread_bps": 10, **changed}
    )


def floor(of: Instrument = BTC, funds: dict[str, int] | None = None, **changed: Any) -> Floor:
    return Floor(SimpleSpread, config(**changed), instruments=[of], balances=FUNDS if funds is None else funds)


def test_both_sides_are_quoted_at_their_distance_and_post_only() -> None:
    tested = floor()
    tested.prices(5_999_990, 6_000_010)
    assert tested.working() == {"buy": ("buy", LOTS, 5_994_000), "sell": ("sell", LOTS, 6_006_000)}
    assert {new.flags for new in tested.placed} == {("post-only",)}


def test_an_instrument_without_post_only_is_quoted_without_it() -> None:
    tested = floor(instrument(flags=()))
    tested.prices(5_999_990, 6_000_010)
    assert [new.flags for new in tested.placed] == [(), ()]


def test_prices_between_two_ticks_are_rounded_away_from_the_middle() -> None:
    tested = floor(half_spread_bps=1)
    tested.prices(1_233, 1_236)
    assert tested.working() == {"buy": ("buy", LOTS, 1_234), "sell": ("sell", LOTS, 1_235)}


def test_a_quote_stays_until_the_wanted_price_is_far_enough_from_it() -> None:
    tested = floor(requote_bps=5)
    tested.prices(5_999_990, 6_000_010)
    tested.prices(6_001_990, 6_002_010)
    assert tested.working()["buy"] == ("buy", LOTS, 5_994_000)
    assert len(tested.placed) == 2
    tested.prices(6_003_490, 6_003_510)
    tested.prices(6_003_490, 6_003_510)
    assert tested.working() == {"buy": ("buy", LOTS, 5_997_496), "sell": ("sell", LOTS, 6_009_504)}


def test_stale_prices_withdraw_both_quotes_and_fresh_ones_bring_them_back() -> None:
    tested = floor()
    tested.prices(5_999_990, 6_000_010)
    tested.stale(True)
    assert tested.working() == {}
    tested.prices(5_999_990, 6_000_010)
    assert tested.working() == {}
    tested.stale(False)
    assert set(tested.working()) == {"buy", "sell"}


def test_the_side_that_would_lead_beyond_the_inventory_is_not_quoted() -> None:
    tested = floor(max_inventory="0.01")
    tested.prices(5_999_990, 6_000_010)
    tested.prices(5_993_000, 5_993_500)
    assert [fill.side for fill in tested.fills] == ["buy"]
    assert "buy" not in tested.working()
    tested.prices(6_007_000, 6_007_500)
    tested.prices(6_007_000, 6_007_500)
    assert "buy" in tested.working(), "what was bought is sold again"


def test_inventory_moves_both_quotes_against_it() -> None:
    bench = Bench(SimpleSpread, config(skew_bps=3), view())
    bench.view = view(
        tickers=[ticker()],
        cash={"binance:USDT": 10**6 * COIN, "binance:BTC": COIN},
        positions=[position("binance:BTC", amount=COIN // 100)],
    )
    placed = [each for each in bench.send(_over(0)) if isinstance(each, PlaceOrder)]
    assert {each.side: each.price for each in placed} == {"buy": 5_992_200, "sell": 6_004_200}


def _over(at: int) -> OrderChanged:
    return OrderChanged(time=at, key="buy", order="o", instrument=INSTRUMENT, state="cancelled", filled=0)


def test_what_there_is_too_little_for_is_quoted_smaller_or_not_at_all() -> None:
    tested = floor(instrument(taker_fee=0, min_value=10 * COIN), {"binance:USDT": 300 * COIN, "binance:BTC": 10**14})
    tested.prices(5_999_990, 6_000_010)
    assert tested.working() == {"buy": ("buy", 500, 5_994_000)}, "0.0001 coins are worth 6 dollars"


def test_a_side_that_was_refused_waits() -> None:
    bench = Bench(SimpleSpread, config(retry_s=5), view(tickers=[ticker()], cash={"binance:USDT": 10**6 * COIN}))
    refused = OrderChanged(time=SECOND, key="buy", order="", instrument=INSTRUMENT, state="denied", filled=0, note="x")
    assert bench.send(refused) == []
    assert bench.send(_over(2 * SECOND)) == []
    assert [each.key for each in bench.sleep(seconds=5) if isinstance(each, PlaceOrder)] == ["buy"]


def test_where_only_books_are_told_it_quotes_by_them_if_it_should() -> None:
    bids, asks = ((5_999_990, 100), (5_999_000, 100)), ((6_000_010, 100),)
    for follows in (True, False):
        tested = floor(follow_book=follows)
        tested.play(BookChanged(time=tested.now + 1, instrument=INSTRUMENT, bids=bids, asks=asks, last=1, whole=True))
        wanted = {"buy": ("buy", LOTS, 5_994_000), "sell": ("sell", LOTS, 6_006_000)}
        assert tested.working() == (wanted if follows else {})


def test_a_quote_that_is_being_cancelled_is_neither_cancelled_again_nor_doubled() -> None:
    bench = Bench(SimpleSpread, config(), view())
    bench.view = view(
        tickers=[ticker(stale=True)], orders={INSTRUMENT: [order("buy", cancelling=True), order("sell", "sell")]}
    )
    assert bench.send(_over(0)) == [CancelOrder(key="sell")]


def test_nothing_is_quoted_that_would_meet_the_own_quote_of_the_other_side() -> None:
    bench = Bench(SimpleSpread, config(requote_bps=9_000), view())
    held = order("sell", "sell", price=5_990_000)
    bench.view = view(tickers=[ticker()], cash={"binance:USDT": 10**6 * COIN}, orders={INSTRUMENT: [held]})
    assert bench.send(_over(0)) == []


@settings(max_examples=200)
@given(
    bid=st.integers(1, 10**7),
    spread=st.integers(1, 10**4),
    half=st.integers(1, 500),
    skew=st.integers(0, 500),
    held=st.integers(-2, 2),
)
def test_no_quote_reaches_the_other_side_of_the_book(bid: int, spread: int, half: int, skew: int, held: int) -> None:
    here = view(
        tickers=[ticker(bid=bid, ask=bid + spread, last=bid)],
        cash={"binance:USDT": 10**9 * COIN, "binance:BTC": 10 * COIN},
        positions=[position("binance:BTC", amount=held * COIN // 100)] if held else [],
    )
    bench = Bench(SimpleSpread, config(half_spread_bps=half, skew_bps=skew, max_inventory="1"), view())
    bench.view = here
    prices = {each.side: each.price or 0 for each in bench.send(_over(0)) if isinstance(each, PlaceOrder)}
    assert prices.get("buy", 0) < bid + spread
    assert prices.get("sell", 10**9) > bid
    assert prices.get("buy", 0) < prices.get("sell", 10**9)


@pytest.mark.parametrize(
    "section",
    [{"size": "0"}, {"size": 0.1}, {"max_inventory": "0.001"}, {"half_spread_bps": 0}, {"requote_bps": -1}],
)
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config(**section)
