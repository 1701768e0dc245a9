from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.optimize import linprog

from sniper.instrument import COIN
from sniper.types import SECOND, Open
from sniper_sdk.builders import INSTRUMENT, bar_series, position, random_walk, view
from sniper_sizer_cvar.sizer import Cvar, CvarConfig

EQUITY = 100_000 * COIN
ETH = "binance:ETH/USDT"
HOUR = 3600 * SECOND


def size(closes: list[int], held: dict[str, int] | None = None, other: list[int] | None = None, **section: Any) -> int:
    config = CvarConfig(**{"max_loss_bps": 50, "bars": 200, **section})
    here = view(
        quote="binance:USDT",
        cash=EQUITY,
        equity=EQUITY,
        bars={
            (INSTRUMENT, HOUR): bar_series(closes, 3600),
            **({(ETH, HOUR): bar_series(other, 3600, ETH)} if other else {}),
        },
        positions=[
            position(token, amount=1, cost=cost, pool=f"{token}/USDT", quote="binance:USDT", venue="binance")
            for token, cost in (held or {}).items()
        ],
    )
    return Cvar(config=config).size(Open(token="binance:BTC", reason="a test"), "binance:USDT", here)


def changes(closes: list[int]) -> np.ndarray[Any, np.dtype[np.float64]]:
    prices = np.array(closes[-201:], float)
    return prices[1:] / prices[:-1] - 1


def best(new: Any, held: Any, bound: float, tail: float) -> float:
    """The linear programme of Rockafellar and Uryasev: the largest amount a with t + mean(u)/tail at most the bound,
    u at least the loss beyond t."""
    count = len(new)
    cost = np.concatenate([[-1.0, 0.0], np.zeros(count)])
    beyond = np.hstack([-new[:, None], -np.ones((count, 1)), -np.eye(count)])
    average = np.concatenate([[0.0, 1.0], np.full(count, 1 / (tail * count))])
    found = linprog(
        cost,
        A_ub=np.vstack([beyond, average]),
        b_ub=np.concatenate([held, [bound]]),
        bounds=[(0, 1), (None, None), *[(0, None)] * count],
    )
    assert found.success
    return float(found.x[0])


@pytest.mark.parametrize("seed", range(4))
def test_the_amount_is_that_of_the_linear_programme(seed: int) -> None:
    closes = random_walk(201, 0.02, seed)
    assert size(closes) / EQUITY == pytest.approx(best(changes(closes), np.zeros(200), 0.005, 0.05), rel=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_held_counts_with_its_own_changes(seed: int) -> None:
    closes, other = random_walk(201, 0.02, seed), random_walk(201, 0.005, seed + 50)
    found = size(closes, {"binance:ETH": 20_000 * COIN}, other)
    expected = best(changes(closes), 0.2 * changes(other), 0.005, 0.05)
    assert 0 < expected < 1
    assert found / EQUITY == pytest.approx(expected, rel=1e-4)


def test_what_no_bars_tell_of_moves_like_the_new_one() -> None:
    closes = random_walk(201, 0.02)
    alone = size(closes)
    assert size(closes, {"binance:DOGE": 3_000 * COIN}) == pytest.approx(alone - 3_000 * COIN, rel=1e-4)


def test_nothing_is_bought_where_what_is_held_is_too_much_already() -> None:
    assert size(random_walk(201, 0.02), {"binance:BTC": 90_000 * COIN}) == 0


def test_a_market_without_losses_is_bought_up_to_the_share() -> None:
    assert size(list(range(1_000, 1_201)), max_share_bps=4_000) == EQUITY * 4 // 10


def test_nothing_is_bought_before_there_are_enough_bars() -> None:
    assert size(random_walk(100, 0.0001)) == 0
    assert size(random_walk(101, 0.0001)) > 0


@pytest.mark.parametrize("section", [{"max_loss_bps": 0}, {"tail_bps": 0}, {"bars": 10}])
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        size([1], **section)
