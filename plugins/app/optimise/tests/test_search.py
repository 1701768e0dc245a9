"""Searches on imported bars, as a trader would call them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sniper.cli import main

Capture = pytest.CaptureFixture[str]
Search = Callable[..., tuple[int, Any, str]]


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()[1:]]


def test_a_search_finds_keeps_and_goes_on(config: Path, search: Search) -> None:
    whole, parts = config.parent / "whole.jsonl", config.parent / "parts.jsonl"
    code, told, _ = search("--trials", "16", "--out", str(whole))
    assert code == 0
    assert told["trials"] == 16
    best = told["best"][0]
    assert best["metrics"]["sharpe"] == max(each["metrics"]["sharpe"] or -9 for each in lines(whole))
    # begun with fewer, cut within a line, and gone on with
    assert search("--trials", "8", "--out", str(parts))[0] == 0
    parts.write_bytes(parts.read_bytes()[:-10])
    code, again, _ = search("--trials", "16", "--out", str(parts))
    assert code == 0
    assert again["best"] == told["best"]
    assert sorted(map(str, lines(parts))) == sorted(map(str, lines(whole)))


def test_a_trial_is_what_the_backtest_of_its_config_is(config: Path, capsys: Capture, search: Search) -> None:
    out = config.parent / "trials.jsonl"
    _, told, _ = search("--trials", "8", "--sampler", "random", "--out", str(out))
    best = told["best"][0]
    fast, slow = (best["values"][f"strategy.ema-cross.{name}"] for name in ("fast", "slow"))
    config.write_text(config.read_text().replace("fast = 2", f"fast = {fast}").replace("slow = 4", f"slow = {slow}"))
    assert main(["backtest", str(config), "--data", str(config.parent / "market"), "--json"]) == 0
    (desk,) = json.loads(capsys.readouterr().out)["desks"]
    assert len(desk["fills"]) == best["fills"]
    first, last = int(desk["samples"][0][1]), int(desk["samples"][-1][1])
    assert best["metrics"]["total"] == pytest.approx((last - first) / first)


def test_what_cannot_be_run_says_why_and_is_the_worst(config: Path, search: Search) -> None:
    _, told, _ = search("--trials", "85", "--sampler", "grid", "--out", str(config.parent / "g.jsonl"))
    assert told["trials"] == 85
    found = {tuple(each["values"].values()): each for each in lines(config.parent / "g.jsonl")}
    assert "must be below slow" in found[6, 5]["error"]
    assert told["best"][0]["error"] == ""


def test_mistakes_are_told_before_anything_is_run(config: Path, capsys: Capture, search: Search) -> None:
    data = str(config.parent / "market")
    assert main(["optimise", str(config), "--data", data]) == 3
    assert "nothing varies" in capsys.readouterr().err
    assert main(["optimise", str(config), "--data", data, "--vary", "strategy.ema-cros.fast=2:6"]) == 3
    assert "has no [strategy.ema-cros]" in capsys.readouterr().err
    assert main(["optimise", str(config), "--data", data, "--vary", "strategy.ema-cross.fat=2:6"]) == 3
    assert "fat" in capsys.readouterr().err
    out = config.parent / "trials.jsonl"
    assert search("--trials", "1", "--out", str(out))[0] == 0
    code, _, said = search("--trials", "1", "--seed", "2", "--out", str(out))
    assert code == 3
    assert "holds another search (other seed)" in said


def test_luck_is_told_of_a_search(config: Path, capsys: Capture, search: Search) -> None:
    out = config.parent / "trials.jsonl"
    search("--trials", "24", "--out", str(out))
    assert main(["validate", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert 0 <= found["deflated_sharpe"] <= 1
    assert 0 <= found["overfitting"] <= 1
    assert len(found["walk_forward"]) == len(found["purged"]) == 4
    assert set(found["neighbours"]) == {"strategy.ema-cross.fast", "strategy.ema-cross.slow"}
    assert main(["validate", str(out)]) == 0
    assert "any skill, given how many were tried" in capsys.readouterr().out
    assert main(["validate", str(config)]) == 3
    assert "is no file of sniper optimise" in capsys.readouterr().err
