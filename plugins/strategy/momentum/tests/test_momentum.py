"""Against a decision that is computed from the closes directly."""

from typing import Any

import numpy as np
import pytest
import talib
from pydantic import ValidationError

from sniper.events import Bar
from sniper.types import SECOND
from sniper_sdk import Bench
from sniper_sdk.builders import INSTRUMENT, bar_series, position, random_walk, ticker, view
from sniper_strategy_momentum.strategy import Momentum, MomentumConfig

MINUTE = 60 * SECOND
BTC = "binance:BTC"


def bars(closes: list[int]) -> list[Bar]:
    return bar_series(closes, 60, wick=900)


def wanted(made: list[Bar], *, held: bool) -> list[str]:
    positions = [position(BTC)] if held else []
    here = view(tickers=[ticker()], bars={(INSTRUMENT, MINUTE): made}, positions=positions)
    return [type(intent).__name__ for intent in Bench(Momentum, CONFIG, here).send(made[-1])]


CONFIG = MomentumConfig(
    instrument=INSTRUMENT, interval_s=60, lookback=12, enter_percent=0.5, leave_percent=-0.2, adx_period=7, min_adx=25.0
)


def test_it_buys_strong_rises_and_sells_what_falls() -> None:
    closes, seen = random_walk(400, 0.003, 11), dict[tuple[str, ...], int]()
    series = np.array(closes, float)
    strength = talib.ADX(series + 900, series - 900, series, 7)
    for n in range(20, 400):
        risen = (closes[n] / closes[n - 12] - 1) * 100
        expected = ["Open"] if risen > 0.5 and strength[n] > 25 else []
        found = wanted(bars(closes[: n + 1]), held=False)
        assert found == expected
        left = wanted(bars(closes[: n + 1]), held=True)
        assert left == (["Close"] if risen < -0.2 else [])
        for each in (found, left):
            seen[tuple(each)] = seen.get(tuple(each), 0) + 1
    assert min(seen.values()) > 10


@pytest.mark.parametrize("section", [{"leave_percent": 2.0}, {"lookback": 1}, {"min_adx": 101.0}])
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MomentumConfig(instrument=INSTRUMENT, **section)
