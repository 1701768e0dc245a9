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
from sniper_strategy_mean_reversion.strategy import MeanReversion, MeanReversionConfig

MINUTE = 60 * SECOND
BTC = "binance:BTC"


def bars(closes: list[int]) -> list[Bar]:
    return bar_series(closes, 60, wick=900)


def wanted(made: list[Bar], *, held: bool) -> list[str]:
    positions = [position(BTC)] if held else []
    here = view(tickers=[ticker()], bars={(INSTRUMENT, MINUTE): made}, positions=positions)
    return [type(intent).__name__ for intent in Bench(MeanReversion, CONFIG, here).send(made[-1])]


CONFIG = MeanReversionConfig(instrument=INSTRUMENT, interval_s=60, period=10, width=1.2, rsi_period=6, max_rsi=40.0)


def test_it_buys_what_fell_far_and_sells_what_is_back() -> None:
    closes, seen = random_walk(400, 0.003, 12), dict[tuple[str, ...], int]()
    weakness = talib.RSI(np.array(closes, float), 6)
    for n in range(20, 400):
        window = np.array(closes[n - 9 : n + 1], float)
        below = closes[n] < window.mean() - 1.2 * window.std()
        found = wanted(bars(closes[: n + 1]), held=False)
        assert found == (["Open"] if below and weakness[n] < 40 else [])
        left = wanted(bars(closes[: n + 1]), held=True)
        assert left == (["Close"] if closes[n] > window.mean() else [])
        for each in (found, left):
            seen[tuple(each)] = seen.get(tuple(each), 0) + 1
    assert min(seen.values()) > 10


@pytest.mark.parametrize("section", [{"width": 0}, {"period": 1}, {"max_rsi": -1}])
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MeanReversionConfig(instrument=INSTRUMENT, **section)
