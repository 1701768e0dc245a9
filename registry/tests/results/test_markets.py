import hashlib
from itertools import pairwise
from statistics import correlation

import pytest

from sniper_registry.results import markets
from sniper_registry.results.markets import MODELS, bars, csv, seed_of, together

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


@pytest.mark.parametrize("model", MODELS)
def test_instruments_of_a_market_open_together_and_move_together_by_half(model: str) -> None:
    first, second, third = together(model, seed_of(SHA, model, 0), 2_000, 3)
    assert [each.time for each in first] == [each.time for each in second] == [each.time for each in third]
    assert len({each[-1].close for each in (first, second, third)}) == 3
    for each in (first, second, third):
        assert all(0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in each)
    moves = [[bar.close / bar.open - 1 for bar in each] for each in (first, second)]
    assert 0.4 < correlation(*moves) < 0.75


def test_several_are_the_same_on_every_machine_and_one_alone_is_what_it_was() -> None:
    found = together("crashes", 7, 1_000, 2)
    digests = [hashlib.sha256(csv(each).encode()).hexdigest()[:16] for each in found]
    assert digests == ["cd6d93c043fe559f", "76ae8bfeca09096f"]
    assert together("trends", 7, 500, 1) == [list(bars("trends", 7, 500))]
