"""The formulas against a search for what they maximise, the estimates against markets whose parameters are known."""

from math import exp, log, sqrt
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.instrument import COIN
from sniper.types import SECOND
from sniper_sdk import Floor
from sniper_sdk.builders import INSTRUMENT, instrument
from sniper_strategy_avellaneda_stoikov.strategy import AvellanedaStoikov, AvellanedaStoikovConfig, optimal

BTC = instrument()
FUNDS = {"binance:USDT": 10**6 * COIN, "binance:BTC": 10 * COIN}


def config(**changed: Any) -> AvellanedaStoikovConfig:
    return AvellanedaStoikovConfig.model_validate(
        {"instrument": INSTRUMENT, "size": "0.01", "max_inventory": "0.05", **changed}
    )


def floor(**changed: Any) -> Floor:
    return Floor(AvellanedaStoikov, config(**changed), instruments=[BTC], balances=FUNDS)


def model(tested: Floor) -> AvellanedaStoikov:
    strategy = tested.strategy
    assert isinstance(strategy, AvellanedaStoikov)
    return strategy


# ---- the formulas ----


def best(gamma: float, k: float, edge: float) -> float:
    """By golden section: the δ with the largest rate of expected utility, e^(-kδ)·(1 - e^(-γ(δ + edge)))."""
    low, high, ratio = -edge, -edge + 100 / k, (sqrt(5) - 1) / 2

    def worth(delta: float) -> float:
        return exp(-k * (delta + edge)) * (1 - exp(-gamma * (delta + edge)))

    for _ in range(200):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if worth(left) < worth(right):
            low = left
        else:
            high = right
    return (low + high) / 2


@given(
    gamma=st.floats(0.001, 2),
    sigma=st.floats(0.1, 5),
    k=st.floats(0.05, 5),
    time=st.floats(0, 5),
    inventory=st.integers(-5, 5),
)
def test_each_quote_is_where_its_expected_utility_is_largest(
    gamma: float, sigma: float, k: float, time: float, inventory: int
) -> None:
    """What one more unit is worth to who holds q: s - (1 ± 2q)γσ²(T - t)/2, the paper's reservation bid and ask."""
    found = optimal(gamma, sigma, k, time, inventory)
    risk = gamma * sigma * sigma * time
    bid, ask = found.spread / 2 - found.reservation, found.spread / 2 + found.reservation
    assert bid == pytest.approx(best(gamma, k, -(1 + 2 * inventory) * risk / 2), rel=1e-4, abs=1e-4)
    assert ask == pytest.approx(best(gamma, k, -(1 - 2 * inventory) * risk / 2), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize(("gamma", "spread"), [(0.1, 1.49), (0.01, 1.35)])
def test_the_average_spread_is_that_of_the_papers_simulations(gamma: float, spread: float) -> None:
    """σ = 2, k = 1.5, T = 1: what its tables of 1,000 simulations name."""
    times = [n / 200 for n in range(1, 201)]
    found = [optimal(gamma, 2, 1.5, time, 0).spread for time in times]
    assert sum(found) / len(found) == pytest.approx(spread, abs=0.005)


def test_who_holds_something_quotes_lower_and_who_owes_it_higher() -> None:
    assert optimal(0.1, 2, 1.5, 1, 3).reservation < 0 < optimal(0.1, 2, 1.5, 1, -3).reservation
    assert optimal(0.1, 2, 1.5, 1, 0).reservation == 0


# ---- what is measured ----


def market(tested: Floor, *, seconds: int, sigma: float, a: float, k: float, seed: int = 7) -> None:
    """A middle that moves by ``sigma`` bps per root of a second; orders of rate ``a`` on each side and depth 1/k."""
    random, middle, waiting = Random(seed), 6_000_000.0, 0.0
    for _ in range(seconds):
        middle *= 1 + random.gauss(0, sigma) / 10_000
        price = round(middle)
        tested.prices(price - 5, price + 5)
        waiting -= 1
        while waiting < 0:
            depth = -log(1 - random.random()) / k * price / 10_000
            tested.trade(round(price + random.choice((-1, 1)) * depth), after=1)
            waiting += -log(1 - random.random()) / (2 * a)


def test_what_it_measures_is_what_the_market_was_made_with() -> None:
    tested = floor(volatility_memory_s=4_000, intensity_memory_s=4_000)
    market(tested, seconds=4_000, sigma=1.5, a=0.5, k=0.25)
    found = model(tested).measured()
    assert found is not None
    assert model(tested).volatility() == pytest.approx(1.5, rel=0.08)
    assert found.a == pytest.approx(0.5, rel=0.08)
    assert found.k == pytest.approx(0.25, rel=0.08)


def test_old_markets_fade() -> None:
    tested = floor(volatility_memory_s=100, intensity_memory_s=100)
    market(tested, seconds=500, sigma=8, a=0.5, k=0.5)
    market(tested, seconds=1_500, sigma=1, a=0.5, k=0.05)
    found = model(tested).measured()
    assert found is not None
    assert model(tested).volatility() == pytest.approx(1, rel=0.4)
    assert found.k == pytest.approx(0.05, rel=0.4)


def test_trades_of_one_instant_are_one_order_that_reached_the_farthest() -> None:
    tested = floor()
    tested.prices(5_999_990, 6_000_010)
    tested.trade(6_000_600)
    for price in (6_001_200, 6_000_900):
        tested.trade(price, after=0)
    assert model(tested).trades == pytest.approx(1)
    assert model(tested).depths == pytest.approx(2)


def test_nothing_counts_while_prices_are_stale_and_no_move_across_it() -> None:
    tested = floor()
    tested.prices(5_999_990, 6_000_010)
    tested.stale(True)
    tested.prices(6_299_990, 6_300_010)
    tested.trade(6_400_000)
    tested.sleep(1_000 * SECOND)
    tested.stale(False)
    tested.prices(6_499_990, 6_500_010)
    tested.prices(6_499_990, 6_500_010)
    assert model(tested).squares == 0
    assert model(tested).trades == 0
    assert model(tested).watched == pytest.approx(1)


def test_a_side_without_offers_ends_what_is_measured_until_it_is_back() -> None:
    tested = floor()
    tested.prices(5_999_990, 6_000_010)
    tested.prices(5_999_990, 0)
    tested.prices(6_499_990, 6_500_010, after=1_000 * SECOND)
    assert model(tested).squares == 0
    assert model(tested).watched == 0


# ---- quotes ----


def test_nothing_is_quoted_before_enough_is_known() -> None:
    tested = floor(warm_up_s=60, min_trades=10)
    market(tested, seconds=59, sigma=1, a=1, k=0.2)
    assert tested.placed == []
    market(tested, seconds=10, sigma=1, a=1, k=0.2)
    assert {new.side for new in tested.placed} == {"buy", "sell"}
    silent = floor(warm_up_s=1, min_trades=10**6)
    market(silent, seconds=100, sigma=1, a=1, k=0.2)
    assert silent.placed == []


def test_quotes_stand_where_the_formula_puts_them() -> None:
    tested = floor(warm_up_s=5, intensity=1.0, depth_bps=4.0, risk_aversion=0.05, horizon_s=60, requote_bps=0)
    for n in range(10):
        tested.prices(5_999_990 + 300 * (n % 2), 6_000_010 + 300 * (n % 2))
    sigma = model(tested).volatility()
    assert sigma is not None
    assert sigma == pytest.approx(0.5, rel=1e-3)
    spread = optimal(0.05, sigma, 0.25, 60, 0).spread
    middle = 6_000_300
    working = tested.working()
    bid, ask = working["buy"][2], working["sell"][2]
    assert bid is not None
    assert ask is not None
    assert (middle - bid) / middle * 10_000 == pytest.approx(spread / 2, abs=0.01)
    assert (ask - middle) / middle * 10_000 == pytest.approx(spread / 2, abs=0.01)


def test_time_that_runs_down_brings_quotes_closer() -> None:
    tested = floor(
        warm_up_s=5, intensity=1.0, depth_bps=4.0, risk_aversion=0.05, horizon_s=100, sessions=True, requote_bps=0
    )
    tested.sleep((100 - tested.now // SECOND % 100) * SECOND)
    spreads = []
    for n in range(99):
        tested.prices(5_999_990 + 300 * (n % 2), 6_000_010 + 300 * (n % 2))
        working = tested.working()
        if len(working) == 2:
            bid, ask = working["buy"][2], working["sell"][2]
            assert bid is not None
            assert ask is not None
            spreads.append(ask - bid)
    assert spreads[-1] < spreads[0]


@pytest.mark.parametrize(
    "section", [{"risk_aversion": 0}, {"risk_aversion": float("inf")}, {"intensity": 1.0}, {"horizon_s": 0}]
)
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config(**section)
