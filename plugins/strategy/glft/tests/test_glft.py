"""The closed formulas against the exact solution, which is the ground state of a matrix."""

from math import log, log1p
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from sniper.instrument import COIN
from sniper_sdk import Floor
from sniper_sdk.builders import INSTRUMENT, instrument
from sniper_strategy_glft.strategy import Glft, GlftConfig, asymptotic

BTC = instrument()
FUNDS = {"binance:USDT": 10**6 * COIN, "binance:BTC": 10 * COIN}


def config(**changed: Any) -> GlftConfig:
    return GlftConfig.model_validate({"instrument": INSTRUMENT, "size": "0.01", "max_inventory": "0.05", **changed})


def exact(gamma: float, sigma: float, a: float, k: float, most: int) -> dict[int, tuple[float, float]]:
    """Distances of bid and ask by inventory, within ±``most``, far from the end.

    From the eigenvector f of the smallest eigenvalue of the matrix with αq² on the diagonal and -η beside it:
    δ bid(q) = ln(f(q)/f(q+1))/k + ln(1 + γ/k)/γ, and δ ask(q) the same with q-1 (the paper's theorem 2).
    """
    alpha, eta = k * gamma * sigma**2 / 2, a * (1 + gamma / k) ** -(1 + k / gamma)
    held = np.arange(-most, most + 1)
    matrix = np.diag(alpha * held.astype(float) ** 2)
    matrix -= eta * (np.eye(len(held), k=1) + np.eye(len(held), k=-1))
    _, vectors = np.linalg.eigh(matrix)
    ground = np.abs(vectors[:, 0])
    half = log1p(gamma / k) / gamma
    return {
        int(q): (log(ground[n] / ground[n + 1]) / k + half, log(ground[n] / ground[n - 1]) / k + half)
        for n, q in enumerate(held)
        if 0 < n < len(held) - 1
    }


@pytest.mark.parametrize(
    ("gamma", "sigma", "a", "k"),
    [(0.05, 0.3, 0.9, 0.3), (0.01, 0.3, 0.9, 0.3), (0.01, 1.0, 5.0, 0.5), (0.002, 0.5, 1.0, 0.1)],
)
def test_quotes_are_near_the_exact_ones(gamma: float, sigma: float, a: float, k: float) -> None:
    """Within a tenth of the distance between two neighbouring inventories, while that is small against 1/k."""
    closed, solution = asymptotic(gamma, sigma, a, k), exact(gamma, sigma, a, k, 40)
    assert closed.slope * k < 0.5
    for q in range(-5, 6):
        bid, ask = solution[q]
        assert closed.bid(q) == pytest.approx(bid, abs=0.1 * closed.slope)
        assert closed.ask(q) == pytest.approx(ask, abs=0.1 * closed.slope)


def test_both_sides_are_alike_and_inventory_moves_both_by_the_same() -> None:
    found = asymptotic(0.05, 1.0, 0.9, 0.3)
    assert found.bid(0) == found.ask(0) > 0
    assert found.bid(2) == found.ask(-2)
    assert found.bid(3) - found.bid(2) == pytest.approx(found.slope)
    assert found.bid(1) + found.ask(1) == pytest.approx(found.bid(0) + found.ask(0))


def test_fewer_trades_and_more_movement_widen_the_spread() -> None:
    calm = asymptotic(0.05, 1.0, 0.9, 0.3)
    assert asymptotic(0.05, 2.0, 0.9, 0.3).slope == pytest.approx(2 * calm.slope)
    assert asymptotic(0.05, 1.0, 0.225, 0.3).slope == pytest.approx(2 * calm.slope)


def test_quotes_stand_where_the_formula_puts_them() -> None:
    settings = config(warm_up_s=5, intensity=1.0, depth_bps=4.0, risk_aversion=0.05, requote_bps=0)
    tested = Floor(Glft, settings, instruments=[BTC], balances=FUNDS)
    assert tested.working() == {}
    for n in range(10):
        tested.prices(5_999_990 + 300 * (n % 2), 6_000_010 + 300 * (n % 2))
    strategy, middle = tested.strategy, 6_000_300
    assert isinstance(strategy, Glft)
    sigma = strategy.volatility()
    assert sigma is not None
    wanted = asymptotic(0.05, sigma, 1.0, 0.25)
    working = tested.working()
    bid, ask = working["buy"][2], working["sell"][2]
    assert bid is not None
    assert ask is not None
    assert (middle - bid) / middle * 10_000 == pytest.approx(wanted.bid(0), abs=0.01)
    assert (ask - middle) / middle * 10_000 == pytest.approx(wanted.ask(0), abs=0.01)


@pytest.mark.parametrize("section", [{"risk_aversion": 0}, {"depth_bps": 1.0}])
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config(**section)
