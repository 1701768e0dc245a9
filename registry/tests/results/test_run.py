"""The trader's own commands on a generated market, with a strategy of this environment."""

from pathlib import Path

import pytest

from sniper_registry.results.declared import ResultsError, parsed
from sniper_registry.results.markets import seed_of
from sniper_registry.results.run import Amount, tried

CROSS = """
[strategy.ema-cross]
instrument = "{instrument}"
size = "5"
interval_s = 3600
exits = []
[vary]
fast = "5:15:5"
"""
REBALANCE = """
[strategy.rebalance]
exchange = "{exchange}"
targets = { "{base}" = "0.4", "{base:2}" = "0.3" }
band_bps = 100
every_s = 3600
bar_s = 3600
exits = []
"""
SMALL = Amount(bars=1_000, seeds=1, trials=2, folds=2)


def test_a_strategy_is_backtested_searched_and_validated_with_costs(tmp_path: Path) -> None:
    found = tried(parsed(CROSS), "trends", seed_of("ab", "trends", 0), SMALL, tmp_path, None)
    assert found["fills"] > 10
    assert found["measured"]["returns"] > 30
    assert found["measured"]["total"] != 0
    assert found["validated"]["trials"] == SMALL.trials
    assert len(found["validated"]["walk_forward"]) == SMALL.folds


def test_a_strategy_of_several_instruments_trades_a_market_of_them(tmp_path: Path) -> None:
    found = tried(parsed(REBALANCE), "random-walk", seed_of("ab", "random-walk", 0), SMALL, tmp_path, None)
    assert found["fills"] > 10
    assert "validated" not in found


def test_what_fails_is_told_as_the_command_said_it(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"sniper backtest failed: .*fast"):
        tried(parsed(CROSS.replace("exits", "fast = 90\nexits")), "trends", 1, SMALL, tmp_path, None)


def test_a_strategy_that_is_not_installed_is_told(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="nobody-has-it"):
        tried(parsed(CROSS.replace("ema-cross", "nobody-has-it")), "trends", 1, SMALL, tmp_path, None)
