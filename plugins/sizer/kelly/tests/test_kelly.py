from itertools import pairwise
from math import log
from statistics import fmean, pvariance
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.instrument import COIN
from sniper.types import BPS, SECOND, Open
from sniper_sdk.builders import INSTRUMENT, bar_series, random_walk, view
from sniper_sizer_kelly.sizer import Kelly, KellyConfig

EQUITY = 100_000 * COIN
HOUR = 3600 * SECOND


def size(closes: list[int] | None = None, **section: Any) -> int:
    here = view(
        quote="binance:USDT",
        cash=EQUITY * 10**6,
        equity=EQUITY,
        bars={(INSTRUMENT, HOUR): bar_series(closes or [], 3600)},
    )
    config = KellyConfig(**{"fraction_bps": BPS, "max_share_bps": BPS, **section})
    return Kelly(config=config).size(Open(token="binance:BTC", reason="a test"), "binance:USDT", here)


@given(win=st.integers(1, 9_999), payoff=st.integers(1, 100_000), loss=st.integers(1, 10_000))
def test_no_other_stake_makes_wealth_grow_faster(win: int, payoff: int, loss: int) -> None:
    """A stake f gains f·b·l with p, and loses f·l without."""
    p, b, lost = win / BPS, payoff / BPS, loss / BPS
    share = size(win_bps=win, payoff_bps=payoff, loss_bps=loss) / EQUITY

    def growth(stake: float) -> float:
        if stake * lost >= 1:
            return float("-inf")
        return p * log(1 + stake * b * lost) + (1 - p) * log(1 - stake * lost)

    for other in (0.0, share * 0.99, share * 1.01, share + 0.01):
        if other <= 1:
            assert growth(share) >= growth(other) - 1e-9


def test_a_part_and_a_cap_of_it_are_staked() -> None:
    assert size(win_bps=6_000) == EQUITY // 5
    assert size(win_bps=6_000, fraction_bps=2_500) == EQUITY // 20
    assert size(win_bps=6_000, max_share_bps=500) == EQUITY // 20
    assert size(win_bps=5_000) == 0


def test_of_returns_it_is_their_mean_over_their_variance() -> None:
    closes = random_walk(301, 0.05, seed=4)
    changes = [new / old - 1 for old, new in pairwise(closes)]
    wanted = fmean(changes) / pvariance(changes)
    assert 0 < wanted < 10
    assert size(closes, fraction_bps=500) == pytest.approx(min(1.0, wanted / 20) * EQUITY, rel=1e-5)
    assert size([10_000 - 10 * n - n % 3 for n in range(300)]) == 0, "what falls is not bought"


def test_nothing_is_bought_before_there_are_enough_bars() -> None:
    rising = [1_000 + n * (n % 3) for n in range(200)]
    assert size(rising[:100]) == 0
    assert size(rising[:101]) > 0


@pytest.mark.parametrize("section", [{"win_bps": 0}, {"win_bps": 10_000}, {"max_share_bps": 10_001}, {"bars": 50}])
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        size(**section)
