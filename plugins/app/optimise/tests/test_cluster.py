"""Searches on a Dask cluster: a real scheduler and real workers, on this machine."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sniper.errors import ConfigError
from sniper_app_optimise import pools
from sniper_app_optimise.trials import Job

Search = Callable[..., tuple[int, Any, str]]


def test_two_workers_find_what_processes_find(
    config: Path, search: Search, scheduler: Callable[[int], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = config.parent / "here.jsonl", config.parent / "there.jsonl"
    assert search("--trials", "8", "--out", str(here))[0] == 0
    address = scheduler(2)
    config.write_text(config.read_text() + f'[optimise]\ncluster = "{address}"\n')
    monkeypatch.chdir(config.parent)
    monkeypatch.setattr(pools, "ProcessPoolExecutor", None)
    code, _, said = search("--trials", "8", "--out", "there.jsonl")
    assert (code, said) == (0, "")
    assert there.read_bytes() == here.read_bytes()
    monkeypatch.setattr("importlib.metadata.distributions", lambda: [])
    with pytest.raises(ConfigError, match="trials would not be the same"):
        pools.Cluster(Job(config, {}, config.parent, 0, 0, ()), address)


def test_a_cluster_that_is_not_there_is_told_before_anything_is_run(
    config: Path, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(pools, "PATIENCE_S", 0.2)
    code, _, said = search("--cluster", "tcp://127.0.0.1:1")
    assert code == 3
    assert "no Dask scheduler answers at tcp://127.0.0.1:1" in said
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, _, said = search("--cluster", "tcp://127.0.0.1:1")
    assert code == 3
    assert "pip install sniper-app-optimise[cluster]" in said
