from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest
import talib
from pydantic import ValidationError

from sniper.events import Bar
from sniper.instrument import COIN
from sniper.types import SECOND, Open
from sniper_sdk.builders import INSTRUMENT, view
from sniper_sizer_atr.sizer import Atr, AtrConfig, average_true_range

EQUITY = 100_000 * COIN
HOUR = 3600 * SECOND


def history(count: int, seed: int = 1) -> list[Bar]:
    """Bars with gaps between them."""
    random, price, found = Random(seed), 6_000_000, list[Bar]()
    for n in range(count):
        opened = price + random.randint(-9_000, 9_000)
        price = opened + random.randint(-20_000, 20_000)
        high, low = max(opened, price) + random.randint(0, 5_000), min(opened, price) - random.randint(0, 5_000)
        found.append(
            Bar(time=(n + 1) * HOUR, instrument=INSTRUMENT, interval=HOUR, start=n * HOUR, open=opened, high=high,
                low=low, close=price, volume=1)
        )  # fmt: skip
    return found


def size(bars: list[Bar], **section: Any) -> int:
    here = view(quote="binance:USDT", cash=EQUITY, equity=EQUITY, bars={(INSTRUMENT, HOUR): bars})
    return Atr(config=AtrConfig(**{"risk_bps": 100, **section})).size(
        Open(token="binance:BTC", reason="a test"), "binance:USDT", here
    )


@pytest.mark.parametrize("period", [1, 5, 14])
@pytest.mark.parametrize("count", [20, 113, 400])
def test_the_range_is_that_of_ta_lib(period: int, count: int) -> None:
    bars = history(count)
    high, low, close = (np.array([getattr(bar, name) for bar in bars], float) for name in ("high", "low", "close"))
    expected = talib.ATR(high, low, close, period)[-1] if period > 1 else talib.TRANGE(high, low, close)[-1]
    found = average_true_range(bars, period)
    assert found is not None
    assert float(found) == pytest.approx(expected, rel=1e-9)


def test_a_fall_by_so_many_ranges_costs_the_given_part_of_the_equity() -> None:
    bars = history(200)
    extent = average_true_range(bars[-113:], 14)
    assert extent is not None
    amount = size(bars, multiple="2.5", max_share_bps=10**6, risk_bps=10)
    lost = amount * Fraction(5, 2) * extent / bars[-1].close
    assert float(lost) == pytest.approx(float(EQUITY) / 1_000, rel=1e-12)


def test_old_bars_beyond_what_counts_change_nothing() -> None:
    assert size(history(400)) == size(history(400)[-113:])


def test_there_must_be_more_bars_than_the_period() -> None:
    assert size(history(14)) == 0
    assert size(history(15)) > 0


def test_the_share_bounds_what_hardly_moves() -> None:
    assert size(history(100), risk_bps=10_000, max_share_bps=3_000) == EQUITY * 3 // 10


@pytest.mark.parametrize("section", [{"risk_bps": 0}, {"multiple": 0}, {"period": 0}])
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        size([], **section)
