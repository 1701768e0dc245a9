"""Two and three simulated exchanges at different prices."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.events import InstrumentStale, OrderChanged
from sniper.instrument import COIN
from sniper.strategy import PlaceOrder
from sniper.types import SECOND
from sniper_sdk import Bench, Floor
from sniper_sdk.builders import instrument, ticker, view
from sniper_strategy_exchange_arbitrage.strategy import ExchangeArbitrage, ExchangeArbitrageConfig

ONE, TWO, THREE = "one:BTC/USDT", "two:BTC/USDT", "three:BTC/USDT"
LISTED = [instrument(ONE), instrument(TWO, tick=COIN // 10, lot=COIN // 10_000), instrument(THREE)]
FUNDS = {f"{place}:{code}": 10**5 * COIN for place in ("one", "two", "three") for code in ("USDT", "BTC")}
PLACES = ("one", "two", "three")


def config(**changed: Any) -> ExchangeArbitrageConfig:
    return ExchangeArbitrageConfig.model_validate({"instruments": [ONE, TWO, THREE], "size": "0.5", **changed})


def floor(funds: dict[str, int] | None = None, latency: int = 0, **changed: Any) -> Floor:
    balances = {**FUNDS, **(funds or {})}
    return Floor(ExchangeArbitrage, config(**changed), instruments=LISTED, balances=balances, latency=latency)


def uneven(tested: Floor) -> int:
    strategy = tested.strategy
    assert isinstance(strategy, ExchangeArbitrage)
    return strategy.uneven


def total(tested: Floor, code: str) -> int:
    return sum(tested.held(f"{place}:{code}") for place in PLACES)


def test_it_buys_where_it_is_cheap_and_sells_where_it_is_dear_the_same_number_of_coins() -> None:
    tested = floor()
    tested.prices(5_999_000, 6_000_000, instrument=ONE)
    tested.prices(602_000, 602_100, instrument=TWO)
    assert [(new.instrument, new.side, new.size, new.price, new.lives) for new in tested.placed] == [
        (ONE, "buy", 50_000, 6_000_000, "ioc"),
        (TWO, "sell", 5_000, 602_000, "ioc"),
    ]
    tested.prices(602_000, 602_100, instrument=TWO)
    tested.prices(6_019_000, 6_020_000, instrument=THREE)
    assert len(tested.fills) == 1, "the cheap one has not been heard of again"
    tested.prices(5_999_000, 6_000_000, instrument=ONE)
    assert total(tested, "BTC") == 3 * 10**5 * COIN
    gained = total(tested, "USDT") - 3 * 10**5 * COIN
    assert gained == 30_100 * COIN - 30_000 * COIN - 30_100 * COIN // 1000 - 30_000 * COIN // 1000


def test_what_fees_would_eat_is_left_alone() -> None:
    tested = floor(min_gain_bps=10)
    tested.prices(5_999_000, 6_000_000, instrument=ONE)
    tested.prices(601_700, 601_800, instrument=TWO)
    assert tested.placed == []
    tested.prices(601_900, 602_000, instrument=TWO)
    assert len(tested.placed) == 2


def test_no_more_is_ordered_than_is_offered_and_can_be_paid_for() -> None:
    tested = floor()
    tested.prices(5_999_000, 6_000_000, size=12_345, instrument=ONE)
    tested.prices(603_000, 603_100, instrument=TWO)
    assert [new.size for new in tested.placed] == [12_340, 1_234]
    poor = floor({"one:USDT": 600 * COIN, "two:BTC": COIN})
    poor.prices(5_999_000, 6_000_000, instrument=ONE)
    poor.prices(603_000, 603_100, instrument=TWO)
    assert [new.size for new in poor.placed] == [990, 99]
    empty = floor({"two:BTC": 0})
    empty.prices(5_999_000, 6_000_000, instrument=ONE)
    empty.prices(603_000, 603_100, instrument=TWO)
    assert empty.placed == []


def test_what_one_leg_left_is_evened_out_where_that_costs_least() -> None:
    tested = floor()
    tested.prices(6_005_000, 6_005_100, instrument=THREE)
    tested.prices(5_999_000, 6_000_000, instrument=ONE)
    tested.prices(603_000, 603_100, instrument=TWO)
    tested.prices(590_000, 590_100, instrument=TWO)
    tested.prices(5_999_000, 6_000_000, instrument=ONE)
    assert [(fill.instrument, fill.side) for fill in tested.fills] == [(ONE, "buy")]
    assert uneven(tested) == COIN // 2
    tested.prices(5_999_000, 6_000_000, instrument=ONE)
    assert tested.working(THREE) == {"even/sell": ("sell", 50_000, 5_974_975)}
    tested.prices(6_005_000, 6_005_100, instrument=THREE)
    assert uneven(tested) == 0
    assert total(tested, "BTC") == 3 * 10**5 * COIN


def test_stale_exchanges_take_no_part() -> None:
    tested = floor()
    tested.prices(5_999_000, 6_000_000, instrument=ONE)
    tested.stale(True, instrument=ONE)
    tested.prices(603_000, 603_100, instrument=TWO)
    assert tested.placed == []
    tested.stale(False, instrument=ONE)
    assert len(tested.placed) == 2


def test_after_a_denial_it_pauses() -> None:
    tickers = [ticker(LISTED[0], bid=5_999_000, ask=6_000_000), ticker(LISTED[1], bid=603_000, ask=603_100)]
    bench = Bench(ExchangeArbitrage, config(retry_s=10), view(tickers=tickers, cash=FUNDS))
    denied = OrderChanged(time=1, key="buy", order="", instrument=ONE, state="denied", filled=0, note="kernel.cash")
    fresh = InstrumentStale(time=2, instrument=ONE, stale=False)
    assert bench.send(denied, fresh) == []
    assert len(bench.sleep(seconds=10)) == 2


@given(
    asks=st.tuples(st.integers(5_000, 6_000), st.integers(5_000, 6_000)),
    spread=st.integers(1, 50),
    fees=st.tuples(st.integers(0, 20_000), st.integers(0, 20_000)),
    least=st.integers(1, 500),
)
def test_what_it_trades_gains_what_it_must_at_the_known_prices(
    asks: tuple[int, int], spread: int, fees: tuple[int, int], least: int
) -> None:
    listed = [instrument(ONE, taker_fee=fees[0]), instrument(TWO, taker_fee=fees[1])]
    tickers = [ticker(of, bid=ask - spread, ask=ask) for of, ask in zip(listed, asks, strict=True)]
    here = view(tickers=tickers, cash=FUNDS)
    bench = Bench(ExchangeArbitrage, config(instruments=[ONE, TWO], min_gain_bps=least), here)
    placed = bench.send(InstrumentStale(time=0, instrument=ONE, stale=False))

    def gain(buy: int, sell: int, size: int) -> tuple[int, int]:
        paid = listed[buy].value(asks[buy], size) * (10**6 + fees[buy])
        brought = listed[sell].value(asks[sell] - spread, size) * (10**6 - fees[sell])
        return brought - paid, paid

    best = max((gain(0, 1, 1), gain(1, 0, 1)))
    if not placed:
        assert best[0] * 10_000 < least * best[1]
        return
    buy, sell = placed
    assert isinstance(buy, PlaceOrder)
    assert isinstance(sell, PlaceOrder)
    assert (buy.side, sell.side, buy.size) == ("buy", "sell", sell.size)
    won, paid = gain(LISTED_AT[buy.instrument], LISTED_AT[sell.instrument], buy.size)
    assert won * 10_000 >= least * paid


LISTED_AT = {ONE: 0, TWO: 1}


def test_in_a_wild_market_with_latency_books_and_legs_agree() -> None:
    tested, random, middle = floor(latency=SECOND, min_gain_bps=1), Random(3), 600_000
    for _ in range(600):
        middle += random.randint(-300, 300)
        of = random.choice((ONE, TWO, THREE))
        price = middle + random.randint(-3_000, 3_000)
        unit = 1 if of == TWO else 10
        tested.prices((price - 5) * unit, (price + 5) * unit, instrument=of, size=random.randint(1, 10**5))
    tested.sleep(10 * SECOND)
    assert len(tested.fills) > 50
    assert total(tested, "BTC") - 3 * 10**5 * COIN == uneven(tested)
    assert abs(uneven(tested)) <= COIN // 2


@pytest.mark.parametrize("section", [{"instruments": [ONE]}, {"instruments": [ONE, "one:BTC/USDC"]}, {"size": "0"}])
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config(**section)
