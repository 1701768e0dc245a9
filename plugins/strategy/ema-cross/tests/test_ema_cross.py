from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.events import OrderChanged
from sniper.instrument import COIN
from sniper.types import SECOND
from sniper_sdk import Bench, Floor
from sniper_sdk.builders import INSTRUMENT, instrument, ticker, view
from sniper_strategy_ema_cross.averages import Averages
from sniper_strategy_ema_cross.strategy import EmaCross, EmaCrossConfig

FUNDS = {"binance:USDT": 10**5 * COIN}


def config(**changed: Any) -> EmaCrossConfig:
    section = {"instrument": INSTRUMENT, "size": "0.1", "interval_s": 0, "fast": 2, "slow": 4, **changed}
    return EmaCrossConfig.model_validate(section)


def floor(**changed: Any) -> Floor:
    return Floor(EmaCross, config(**changed), instruments=[instrument()], balances=FUNDS)


prices = st.lists(st.integers(1, 10**7), min_size=1, max_size=60)


@given(prices=prices, fast=st.integers(1, 5), more=st.integers(1, 8))
def test_exponential_averages_say_what_exact_ones_say(prices: list[int], fast: int, more: int) -> None:
    slow, averages, exact = fast + more, Averages(fast=fast, slow=fast + more), list[Fraction]()
    for n, price in enumerate(prices, 1):
        found = averages.add(price)
        exact = [
            Fraction(price) if n == 1 else (price * 2 + held * (length - 1)) / (length + 1)
            for held, length in zip(exact or [Fraction(0)] * 2, (fast, slow), strict=True)
        ]
        if n < slow:
            assert found == 0
        elif abs(exact[0] - exact[1]) > Fraction(1, 10**6):
            assert found == (1 if exact[0] > exact[1] else -1)


@given(prices=prices, fast=st.integers(1, 5), more=st.integers(1, 8))
def test_simple_averages_are_exact(prices: list[int], fast: int, more: int) -> None:
    slow = fast + more
    averages = Averages(kind="sma", fast=fast, slow=slow)
    for n in range(1, len(prices) + 1):
        found = averages.add(prices[n - 1])
        mean = [Fraction(sum(prices[max(0, n - length) : n]), length) for length in (fast, slow)]
        assert found == (0 if n < slow else 1 if mean[0] >= mean[1] else -1)


def test_it_buys_when_the_faster_average_rises_above_and_sells_when_it_falls_below() -> None:
    tested = floor()
    tested.trades(100, 90, 80, 70, 60, 95, 100, 100)
    assert [(new.side, new.size, new.price) for new in tested.placed] == [("buy", 10_000, None)]
    assert tested.fills[0].price == 100, "it rose at 95, and the next trade filled the order"
    tested.trades(60, 50, 50)
    assert [fill.side for fill in tested.fills] == ["buy", "sell"]
    assert tested.held("binance:BTC") == 0


def test_bars_count_at_their_close() -> None:
    tested = floor(interval_s=60)
    tested.sleep((110 - tested.now // SECOND % 60) * SECOND)
    for close in (100, 90, 80, 70, 60, 95, 100):
        tested.trade(500, after=20 * SECOND)
        tested.trade(close, after=40 * SECOND)
    assert [(fill.side, fill.price) for fill in tested.fills] == [("buy", 500)], "the trade after the bar that rose"


def test_what_was_denied_is_tried_again_after_its_time() -> None:
    tested = Floor(EmaCross, config(retry_s=10), instruments=[instrument()], balances={"binance:USDT": COIN})
    tested.trades(6_000_000, 6_000_000, 6_000_000, 6_000_000, 6_000_000)
    assert tested.denied == ["kernel.cash"]
    tested.sleep(10 * SECOND)
    assert tested.denied == ["kernel.cash"] * 2


def test_nothing_is_bought_while_prices_are_stale() -> None:
    tested = floor()
    tested.trades(100, 90, 80, 70, 60)
    tested.stale(True)
    tested.trades(95, 100)
    assert tested.placed == []
    tested.stale(False)
    assert [new.side for new in tested.placed] == ["buy"]


def test_what_a_kill_switch_cancels_is_not_ordered_again_at_once() -> None:
    bench = Bench(EmaCross, config(), view(tickers=[ticker()]))
    denied = OrderChanged(time=1, key="order", order="", instrument=INSTRUMENT, state="denied", filled=0)
    assert bench.send(denied) == []
    assert list(bench.timers) == ["order"]


def test_its_trades_are_those_of_a_plain_loop_over_the_same_prices() -> None:
    """The independent count: cross, then trade at the next price."""
    random, price, series = Random(3), 6_000_000, list[int]()
    for _ in range(3_000):
        price += random.randint(-2_000, 2_000)
        series.append(price)
    tested = floor(fast=10, slow=20, size="0.001")
    tested.trades(*series)
    fast = slow = float(series[0])
    held, expected, wanted = False, list[tuple[str, int]](), ""
    for n, each in enumerate(series):
        if wanted:
            expected.append((wanted, each))
            held, wanted = wanted == "buy", ""
        fast, slow = fast + (each - fast) * 2 / 11, slow + (each - slow) * 2 / 21
        if n >= 19 and (fast >= slow) != held:
            wanted = "buy" if fast >= slow else "sell"
    assert [(fill.side, fill.price) for fill in tested.fills] == expected
    assert len(expected) > 50


@pytest.mark.parametrize("section", [{"fast": 4}, {"size": "0"}, {"average": "wma"}, {"interval_s": -1}])
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config(**section)
