"""What is measured of an instance from the journals of runs, and how it is held against its gates."""

import json
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest
from ladder import PROMOTION, World, order

from sniper.finding import Finding
from sniper.instrument import COIN
from sniper.kernel.wiring import PromotionWiring
from sniper.runtime.promotion.gates import fall, sharpe
from sniper.runtime.promotion.measuring import Measured, Measuring
from sniper.settings.model import Promotion
from sniper.types import DAY, SECOND, PlaceOrder

HOURS = 3_600 * SECOND
DAYS = 12


def script(days: int = DAYS, skip: int = -1) -> dict[int, list[PlaceOrder]]:
    """Buys at the first of four trades of each day, and sells at the third. ``skip``: a day without."""
    found: dict[int, list[PlaceOrder]] = {}
    for day in range(days):
        if day != skip:
            found[4 * day + 1] = [order(key=f"in{day}")]
            found[4 * day + 3] = [order("sell", key=f"out{day}")]
    return found


def day(gain: int, base: int = 1_000_000) -> tuple[int, ...]:
    """Prices of four trades: an order of each is filled by the next one."""
    return (base, base, base + gain, base + gain)


def run(where: Path, gains: list[int], *, base: int = 1_000_000, skip: int = -1, stages: int = -1) -> World:
    """The journal of a run with a day for each gain, in ticks for each lot; ``stages``: how far it rises first, and
    -1: it has no ladder."""
    world = World(script(len(gains), skip), PROMOTION if stages >= 0 else None, every=6 * HOURS)
    world.rise(max(0, stages))
    for gain in gains:
        world.trades(*day(gain, base))
    world.write(where)
    return world


GAINS = [1_000, 3_000, -1_000, 2_000] * 3


def promotion(tmp_path: Path, **changes: Any) -> Promotion:
    usual: dict[str, Any] = {
        "capital": str(1_000 * COIN),
        "paper": tmp_path / "paper",
        "shares_bps": (1_000, 10_000),
        "rise": {"min_days": 10, "min_trades": 10, "max_drawdown_bps": 200},
    }
    return Promotion.model_validate(usual | changes)


def measured(tmp_path: Path, asked: Promotion) -> Measured:
    measuring = Measuring(tmp_path / "live", {"s": asked}, {"main": ["s", "another"], "other": []})
    try:
        (found,) = measuring.measured()
        return found
    finally:
        measuring.close()


def by_rule(findings: tuple[Finding, ...]) -> dict[str, tuple[bool, Any]]:
    return {each.rule: (each.ok, each.found) for each in findings}


def test_on_paper_it_shows_days_trades_and_what_it_earned(tmp_path: Path) -> None:
    run(tmp_path / "live", [], stages=0)
    run(tmp_path / "paper", GAINS)
    found = measured(tmp_path, promotion(tmp_path))
    assert (found.stage, found.hold) == ("paper", ())
    gates = by_rule(found.rise)
    assert gates["trades"] == (True, 12)
    assert gates["days"] == (True, 12)
    assert gates["drawdown"] == (True, 10)  # a dollar of a thousand
    assert gates["profit-factor"] == (True, 6_000)
    assert gates["sharpe"][0]
    assert all(ok for ok, _ in gates.values())


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({"min_days": 13}, "days"),
        ({"min_trades": 13}, "trades"),
        ({"min_sharpe": 99.0}, "sharpe"),
        ({"min_profit_factor": 6.5}, "profit-factor"),
        ({"max_drawdown_bps": 9}, "drawdown"),
    ],
)
def test_each_gate_stands_alone(tmp_path: Path, changes: dict[str, Any], broken: str) -> None:
    run(tmp_path / "live", [], stages=0)
    run(tmp_path / "paper", GAINS)
    usual = {"min_days": 10, "min_trades": 10, "max_drawdown_bps": 200}
    found = measured(tmp_path, promotion(tmp_path, rise=usual | changes))
    assert [finding.rule for finding in found.rise if not finding.ok] == [broken]


def test_nothing_on_record_passes_nothing(tmp_path: Path) -> None:
    run(tmp_path / "live", [], stages=0)
    gates = by_rule(measured(tmp_path, promotion(tmp_path)).rise)
    assert gates["on-record"][0] is False
    assert gates["sharpe"][0] is False
    assert gates["profit-factor"][0] is False


def test_what_was_earned_before_it_was_taken_back_counts_no_more(tmp_path: Path) -> None:
    live = World({}, every=DAY)
    live.rise(1)
    live.trades(*[1_000_000] * 8)
    live.ordered("demote")
    live.write(tmp_path / "live")
    run(tmp_path / "paper", GAINS)
    gates = by_rule(measured(tmp_path, promotion(tmp_path)).rise)
    assert gates["trades"] == (False, 5)
    assert gates["days"] == (False, 4)


def test_a_live_stage_is_held_against_the_same_orders_on_paper(tmp_path: Path) -> None:
    """A tenth is traded live, at prices that are 0.1% worse when it buys and as good when it sells."""
    run(tmp_path / "live", GAINS, base=1_001_000, stages=1)
    run(tmp_path / "paper", [gain + 1_000 for gain in GAINS])
    found = measured(tmp_path, promotion(tmp_path))
    assert found.stage == "live-10%"
    assert by_rule(found.hold) == {"parity": (True, 10_000), "slippage": (True, 5)}
    gates = by_rule(found.rise)
    assert gates["trades"] == (True, 12)
    assert gates["drawdown"] == (True, 10)  # ten cents of a hundred dollars
    assert gates["slippage"] == (True, 5)


def test_slippage_and_divergence_break_a_live_stage(tmp_path: Path) -> None:
    run(tmp_path / "live", GAINS, base=1_050_000, stages=1)
    run(tmp_path / "paper", [gain + 50_000 for gain in GAINS])
    hold = by_rule(measured(tmp_path, promotion(tmp_path)).hold)
    assert hold["slippage"] == (False, 250)
    assert hold["parity"][0]
    rmtree(tmp_path / "paper")
    late = World(script(), None, every=6 * HOURS)
    late.trades(1_000_000, 1_000_000)  # it does the same, twelve hours later
    late.write(tmp_path / "paper")
    other = measured(tmp_path, promotion(tmp_path))
    assert by_rule(other.hold) == {}  # next to nothing to compare yet
    rmtree(tmp_path / "paper")
    apart = World({n + 1: each for n, each in script().items()}, None, every=6 * HOURS)
    for gain in GAINS:
        apart.trades(*day(gain))
    apart.write(tmp_path / "paper")
    assert by_rule(measured(tmp_path, promotion(tmp_path)).hold)["parity"] == (False, 0)


def test_a_shadow_must_have_wanted_what_was_entered_on_paper(tmp_path: Path) -> None:
    asked = promotion(tmp_path, shadow=tmp_path / "shadow")
    assert [name for name, _ in asked.stages] == ["shadow", "paper", "live-10%", "live-100%"]
    World({}, PromotionWiring(asked.stages, False, 1_000 * COIN, 1_000, 2)).write(tmp_path / "live")
    run(tmp_path / "paper", GAINS)
    run(tmp_path / "shadow", GAINS, skip=4)
    found = measured(tmp_path, asked)
    assert found.stage == "shadow"
    assert by_rule(found.rise) == {"days": (True, 12), "orders": (True, 11), "parity": (True, 9_166)}


@pytest.mark.parametrize(
    ("written", "passed"),
    [
        ({"deflated_sharpe": 0.97, "overfitting": 0.05}, True),
        ({"deflated_sharpe": 0.94, "overfitting": 0.05}, False),
        ({"deflated_sharpe": 0.97, "overfitting": 0.11}, False),
        ({"deflated_sharpe": 0.97, "overfitting": None}, False),
        ({"something": "else"}, False),
    ],
)
def test_a_backtest_must_have_been_validated(tmp_path: Path, written: dict[str, Any], passed: bool) -> None:
    (tmp_path / "validation.json").write_text(json.dumps(written))
    asked = promotion(tmp_path, validation=tmp_path / "validation.json")
    World({}, PromotionWiring(asked.stages, False, 1_000 * COIN, 1_000, 2)).write(tmp_path / "live")
    found = measured(tmp_path, asked)
    assert found.stage == "backtest"
    assert all(finding.ok for finding in found.rise) is passed


def test_more_is_measured_as_journals_grow(tmp_path: Path) -> None:
    run(tmp_path / "live", [], stages=0)
    measuring = Measuring(tmp_path / "live", {"s": promotion(tmp_path)}, {"main": ["s"]})
    (before,) = measuring.measured()
    run(tmp_path / "paper", GAINS)
    (after,) = measuring.measured()
    measuring.close()
    assert by_rule(before.rise)["trades"] == (False, 0)
    assert by_rule(after.rise)["trades"] == (True, 12)


def test_the_ratio_of_days_that_are_alike_is_not_defined() -> None:
    assert sharpe([(0, 5), (DAY, 5)], 0, 2 * DAY) is None
    assert sharpe([(0, 5)], 0, DAY) is None
    ratio = sharpe([(0, 1), (DAY, 3)], 0, 2 * DAY)
    assert ratio is not None
    assert abs(ratio - 2 / 2**0.5 * 365**0.5) < 1e-9  # mean 2, sample deviation √2


def test_a_fall_is_the_deepest_below_the_highest_before() -> None:
    assert fall([(1, 10), (2, -4), (3, 1), (4, -5), (5, 20), (6, -6)]) == 8
    assert fall([]) == 0
