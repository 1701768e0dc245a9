from typing import Any

import pytest

from sniper_registry.results.declared import Declared, ResultsError
from sniper_registry.results.recompute import _traded
from sniper_registry.results.run import Amount
from sniper_registry.results.summary import lower_bound, spread, summed

DAY = 86_400 * 10**9


def run(total: float, sharpe: float | None, returns: int = 125) -> dict[str, Any]:
    return {
        "seed": "7",
        "fills": 3,
        "denied": {},
        "measured": {"total": total, "sharpe": sharpe, "returns": returns, "period": DAY, "max_drawdown": -0.1},
    }


def test_a_short_history_counts_for_less() -> None:
    assert lower_bound(2.0, DAY, 125) < lower_bound(2.0, DAY, 1_000) < lower_bound(2.0, DAY, 100_000) < 2.0


def test_the_bound_is_that_of_the_formula() -> None:
    # once = 2 / sqrt(365) = .104685; its error sqrt((1 + once²/2) / 364) = .052558; in a year sqrt(365) times
    assert lower_bound(2.0, DAY, 365) == pytest.approx((0.104685 - 1.644854 * 0.052558) * 365**0.5, abs=1e-4)


def test_the_spread_over_seeds_is_told_with_how_many_it_is_of() -> None:
    assert spread([0.3, None, 0.1, 0.2]) == {"least": 0.1, "middle": 0.2, "most": 0.3, "known": 3}
    assert spread([None]) == {"least": None, "middle": None, "most": None, "known": 0}


def test_no_digit_is_published_that_depends_on_the_machine() -> None:
    assert spread([0.1 + 0.2])["middle"] == 0.3


def test_a_market_without_a_ratio_has_no_bound() -> None:
    found = summed("d", "1", "ab", Declared("s", {}, {}), Amount(), {"trends": [run(0.0, None), run(0.1, 1.0)]})
    assert found["models"]["trends"]["sharpe_at_least"]["known"] == 1
    assert "searched" not in found["models"]["trends"]


def test_what_never_traded_is_no_result_and_says_why() -> None:
    silent = [{"fills": 0, "denied": {"kernel.cash": 9, "limits": 1}}, {"fills": 0, "denied": {}}]
    with pytest.raises(ResultsError, match=r"most often it was denied by kernel\.cash"):
        _traded(silent)
    _traded([*silent, run(0.1, 1.0)])
