from itertools import pairwise
from math import sqrt
from statistics import fmean
from typing import Any

import pytest
from pydantic import ValidationError

from sniper.instrument import COIN
from sniper.types import DAY, SECOND, Open
from sniper_sdk.builders import INSTRUMENT, BuiltView, bar_series, random_walk, view
from sniper_sizer_volatility_target.sizer import VolatilityTarget, VolatilityTargetConfig

EQUITY = 100_000 * COIN


def size(
    closes: list[int], *, cash: int = EQUITY, max_spend: int | None = None, seconds: int = 300, **section: Any
) -> int:
    config = VolatilityTargetConfig(**{"target_bps": 50, "interval_s": seconds, **section})
    here: BuiltView = view(
        quote="binance:USDT",
        cash=cash,
        equity=EQUITY,
        bars={(INSTRUMENT, seconds * SECOND): bar_series(closes, seconds)},
    )
    return VolatilityTarget(config=config).size(
        Open(token="binance:BTC", reason="a test", max_spend=max_spend), "binance:USDT", here
    )


@pytest.mark.parametrize(("step", "seconds"), [(0.002, 300), (0.01, 3600), (0.03, DAY // SECOND)])
def test_the_position_moves_the_equity_by_its_target_on_a_usual_day(step: float, seconds: int) -> None:
    closes = random_walk(201, step)
    changes = [new / old - 1 for old, new in pairwise(closes)]
    deviation = sqrt(fmean(change**2 for change in changes) * 86_400 / seconds)
    wanted = min(1.0, 0.005 / deviation) * EQUITY
    assert size(closes, seconds=seconds) == pytest.approx(wanted, rel=1e-6)


def test_only_the_newest_changes_count() -> None:
    assert size([*random_walk(200, 0.2), *random_walk(101, 0.002)], bars=100) == size(random_walk(101, 0.002), bars=100)


def test_nothing_is_bought_before_there_are_enough_bars() -> None:
    assert size(random_walk(30, 0.002)) == 0
    assert size(random_walk(31, 0.002)) > 0


def test_a_market_that_does_not_move_is_bought_up_to_the_share() -> None:
    assert size([100] * 50, max_share_bps=2_500) == EQUITY // 4


def test_no_more_is_paid_than_there_is_and_than_the_intent_allows() -> None:
    closes = random_walk(201, 0.002)
    assert size(closes, cash=7) == 7
    assert size(closes, max_spend=5) == 5
    assert size(closes, cash=-1) == 0


@pytest.mark.parametrize("section", [{"target_bps": 0}, {"bars": 500}, {"interval_s": 0}])
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        size([1], **section)
