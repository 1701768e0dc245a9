import hashlib
from itertools import pairwise

import pytest

from sniper_registry.results import markets
from sniper_registry.results.markets import MODELS, bars, csv, seed_of

SHA = "ab" * 32


@pytest.mark.parametrize("model", MODELS)
def test_prices_are_whole_and_a_bar_holds_together(model: str) -> None:
    last = None
    for each in bars(model, seed_of(SHA, model, 0), 2_000):
        assert 0 < each.low <= min(each.open, each.close) <= max(each.open, each.close) <= each.high
        assert each.volume > 0
        assert (each.time - markets.BEGIN) % markets.HOUR == 0
        if last is not None:
            assert each.time > last.time
            assert each.open == last.close
        last = each


@pytest.mark.parametrize(
    ("model", "digest"),
    [
        ("random-walk", "d7154b5ae2ee73f1"),
        ("trends", "9cebf535bab5122f"),
        ("mean-reverting", "e2071308b74740b8"),
        ("crashes", "f83b31c96f96559b"),
    ],
)
def test_a_market_is_the_same_on_every_machine(model: str, digest: str) -> None:
    assert hashlib.sha256(csv(bars(model, 7, 3_000)).encode()).hexdigest()[:16] == digest


def test_a_market_follows_from_the_wheel_the_model_and_its_number() -> None:
    seeds = {seed_of(sha, model, number) for sha in (SHA, "cd" * 32) for model in MODELS for number in range(5)}
    assert len(seeds) == 2 * len(MODELS) * 5


def test_a_random_walk_leads_nowhere_on_average() -> None:
    ends = [list(bars("random-walk", seed, 500))[-1].close for seed in range(60)]
    assert abs(sum(ends) / len(ends) / markets.FIRST - 1) < 0.05


def test_crashes_fall_and_have_gaps() -> None:
    found = [each for seed in range(5) for each in bars("crashes", seed, 2_000)]
    assert any(after.time - before.time > markets.HOUR for before, after in pairwise(found))
    assert min(each.close for each in found) < markets.FIRST * 7 // 10


def test_a_model_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="'bull' is none of random-walk"):
        next(bars("bull", 1, 1))
