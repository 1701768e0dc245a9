"""Against the examples of the papers, brute force, and what must hold of noise and of skill."""

from itertools import combinations

import numpy as np
import pytest

from sniper_app_optimise import luck


def noise(periods: int, trials: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.01, (periods, trials))


def test_the_example_of_the_deflated_sharpe_ratio() -> None:
    # Bailey and López de Prado 2014, "A numerical example": 100 trials, variance 1/2 and ratio 2.5 a year of 250 days
    benchmark = luck.best_by_luck(0.5 / 250, 100)
    assert benchmark == pytest.approx(0.1132, abs=1e-4)
    found = luck.probabilistic_sharpe(2.5 / 250**0.5, 1250, -3, 10, benchmark)
    assert found == pytest.approx(0.9004, abs=1e-4)


def test_more_trials_make_the_same_ratio_less_of_a_skill() -> None:
    assert luck.best_by_luck(1.0, 10) < luck.best_by_luck(1.0, 100) < luck.best_by_luck(1.0, 1000)
    assert luck.best_by_luck(1.0, 1) == 0


def test_the_best_of_noise_has_no_skill_and_what_has_some_is_seen() -> None:
    nothing = noise(1000, 50)
    assert luck.deflated_sharpe(nothing) < 0.9
    something = nothing.copy()
    something[:, 7] += 0.002
    assert luck.deflated_sharpe(something) > 0.99


def test_overfitting_is_what_counting_every_half_gives() -> None:
    returns = noise(40, 5)
    parts = np.array_split(returns, 4)
    below, count = 0, 0
    for chosen in combinations(range(4), 2):
        inside = np.concatenate([parts[i] for i in chosen])
        outside = np.concatenate([parts[i] for i in range(4) if i not in chosen])
        best = int((inside.mean(axis=0) / inside.std(axis=0)).argmax())
        ratios = outside.mean(axis=0) / outside.std(axis=0)
        rank = ((ratios < ratios[best]).sum() + 1) / 6
        below += rank <= 0.5
        count += 1
    assert luck.overfitting(returns, blocks=4) == pytest.approx(below / count)


def test_overfitting_of_noise_is_likely_and_of_skill_is_not() -> None:
    nothing = noise(1000, 30)
    something = nothing.copy()
    something[:, 3] += 0.003
    found = [luck.overfitting(noise(1000, 30, seed)) or 0 for seed in range(8)]
    assert 0.3 < sum(found) / 8 < 0.7
    assert luck.overfitting(something) == 0
    assert luck.overfitting(nothing[:, :1]) is None


def test_what_chance_explains_is_told_from_what_it_does_not() -> None:
    nothing = noise(500, 20)
    something = nothing.copy()
    something[:, 3] += 0.004
    assert luck.by_chance(nothing, seed=1) > 0.1
    assert luck.by_chance(something, seed=1) < 0.01
    assert luck.by_chance(nothing, seed=1) == luck.by_chance(nothing, seed=1)


def test_walking_forward_never_trains_on_what_comes() -> None:
    returns = noise(100, 3)
    returns[:50, 0] += 0.01
    returns[50:, 0] -= 0.02
    returns[50:, 1] += 0.01
    folds = luck.walk_forward(returns, 4)
    assert [(fold.begin, fold.end) for fold in folds] == [(20, 40), (40, 60), (60, 80), (80, 100)]
    assert folds[0].trial == folds[1].trial == 0
    for fold in folds:
        ratios = luck.sharpe(returns[: fold.begin])
        assert fold.trial == int(ratios.argmax())
        assert fold.trained == pytest.approx(float(ratios.max()))
        assert fold.tested == pytest.approx(float(luck.sharpe(returns[fold.begin : fold.end])[fold.trial]))


def test_purging_leaves_out_what_is_beside_a_test() -> None:
    returns = noise(40, 4)
    (_, second, *_) = luck.purged(returns, 4, purge=3)
    train = np.concatenate([returns[:7], returns[23:]])
    assert (second.begin, second.end) == (10, 20)
    assert second.trained == pytest.approx(float(luck.sharpe(train).max()))


def test_trades_drawn_anew_surround_what_they_were() -> None:
    trades = [0.01, -0.005, 0.02, -0.01] * 25
    found = luck.drawn(trades, seed=1)
    assert found is not None
    assert found.total[0] < sum(trades) < found.total[2]
    assert found.fall[0] <= found.fall[1] <= found.fall[2] <= 0
    assert luck.drawn([], seed=1) is None


def test_returns_that_do_not_vary_have_no_ratio() -> None:
    assert luck.sharpe(np.zeros((10, 2))).tolist() == [0, 0]
    assert luck.deflated_sharpe(np.zeros((10, 2))) == pytest.approx(0.5)
