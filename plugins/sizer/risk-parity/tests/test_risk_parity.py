from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from skfolio.optimization import RiskBudgeting  # type: ignore[import-untyped]

from sniper.instrument import COIN
from sniper.types import SECOND, Open
from sniper_sdk.builders import INSTRUMENT, bar_series, position, random_walk, view
from sniper_sizer_risk_parity.sizer import RiskParity, RiskParityConfig, equal_risk

EQUITY = 100_000 * COIN
ETH = "binance:ETH/USDT"
HOUR = 3600 * SECOND


def size(of: str = INSTRUMENT, held: int = 0, steps: tuple[float, float] = (0.01, 0.02), **section: Any) -> int:
    config = RiskParityConfig(**{"instruments": (INSTRUMENT, ETH), **section})
    token = of.partition("/")[0]
    here = view(
        quote="binance:USDT",
        cash=EQUITY,
        equity=EQUITY,
        bars={
            (INSTRUMENT, HOUR): bar_series(random_walk(300, steps[0], 1), 3600),
            (ETH, HOUR): bar_series(random_walk(300, steps[1], 2), 3600, ETH),
        },
        positions=[position(token, cost=held)] if held else [],
    )
    return RiskParity(config=config).size(Open(token=token, reason="a test"), "binance:USDT", here)


@settings(max_examples=60)
@example(seed=280, count=11)
@given(seed=st.integers(0, 10**6), count=st.integers(2, 12))
def test_each_weight_contributes_the_same_risk(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    factors = random.normal(size=(count, 3))
    covariance = (factors @ factors.T + np.diag(random.uniform(0.1, 4, count))) * 1e-4
    weights = np.array(equal_risk(covariance.tolist()))
    shares = weights * (covariance @ weights)
    assert (weights > 0).all()
    assert weights.sum() == pytest.approx(1)
    assert shares / shares.sum() == pytest.approx(np.full(count, 1 / count), rel=1e-6)


def test_the_weights_are_those_of_skfolio() -> None:
    prices = np.array([random_walk(400, 0.01 * (n + 1), n) for n in range(4)], float).T
    changes = prices[1:] / prices[:-1] - 1
    model = RiskBudgeting()
    model.fit(changes)
    assert equal_risk(np.cov(changes.T).tolist()) == pytest.approx(model.weights_.tolist(), abs=1e-4)


def test_two_that_move_alone_share_by_the_inverse_of_what_they_move() -> None:
    assert equal_risk([[1.0, 0.0], [0.0, 16.0]]) == pytest.approx([0.8, 0.2])


def test_an_entry_pays_what_its_position_lacks() -> None:
    calm, wild = size(), size(ETH)
    assert calm / EQUITY == pytest.approx(2 / 3, abs=0.06)
    assert calm + wild == pytest.approx(EQUITY, rel=1e-8)
    assert size(held=1_000 * COIN) == calm - 1_000 * COIN
    assert size(held=90_000 * COIN) == 0
    assert size(invested_bps=5_000) == calm // 2


def test_what_is_no_part_of_the_portfolio_gets_nothing() -> None:
    assert size("binance:DOGE/USDT") == 0


def test_one_that_does_not_move_is_no_error() -> None:
    assert size(steps=(0.0, 0.01)) > EQUITY * 99 // 100


def test_nothing_is_bought_before_there_are_enough_bars() -> None:
    assert size(least_bars=300, bars=400) == 0


@pytest.mark.parametrize("section", [{"instruments": ()}, {"invested_bps": 0}])
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        size(**section)
