"""Bars to search on, a search as a trader would call it, and a cluster on this machine."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sniper.cli import main

BEGIN = 1_704_067_200
FILE = """
mode = "paper"
[venue.gen]
plugin = "ccxt"
exchange = "binance"
[account.main.desk.gen]
quote = "USDT"
paper_cash = { USDT = "10000" }
paper_latency_ms = 0
[strategy.ema-cross]
instrument = "gen:BTC/USDT"
size = "0.1"
fast = 2
slow = 4
exits = []
"""
FAST, SLOW = "strategy.ema-cross.fast=2:6", "strategy.ema-cross.slow=4:20"
Searched = tuple[int, Any, str]
"""Exit code, what was printed, as JSON, and what was said beside it."""


@pytest.fixture
def config(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "sniper.toml"
    path.write_text(FILE)
    bars, price = ["time,open,high,low,close,volume"], 40_000
    for number in range(400):
        close = price + (30 if number // 25 % 2 else -28) + number % 7 - 3
        bars.append(f"{BEGIN + number * 60},{price},{max(price, close) + 5},{min(price, close) - 5},{close},10")
        price = close
    (tmp_path / "bars.csv").write_text("\n".join(bars) + "\n")
    words = ["--as", "bars", "--instrument", "gen:BTC/USDT", "--tick", "0.01", "--lot", "0.001"]
    words += ["--taker-fee", "0.0001"]
    assert main(["data", "import", str(tmp_path / "bars.csv"), *words, "--data", str(tmp_path / "market")]) == 0
    capsys.readouterr()
    return path


@pytest.fixture
def search(config: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Searched]:
    def run(*words: str) -> Searched:
        data = str(config.parent / "market")
        code = main(["optimise", str(config), "--data", data, "--vary", FAST, "--vary", SLOW, "--json", *words])
        told = capsys.readouterr()
        return code, json.loads(told.out) if told.out else None, told.err

    return run


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[Callable[[int], str]]:
    """Starts a scheduler with so many workers, processes of this machine, and gives its address."""
    pytest.importorskip("distributed")
    found: list[subprocess.Popen[bytes]] = []
    file = tmp_path / "scheduler.json"

    def begin(what: str, *words: str) -> None:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--scheduler-file", str(file), *words]
        found.append(subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def start(workers: int) -> str:
        begin("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        deadline = time.monotonic() + 60
        while not (file.exists() and file.read_text().rstrip().endswith("}")) and time.monotonic() < deadline:
            time.sleep(0.05)
        for _ in range(workers):
            begin("worker", "--host", "127.0.0.1", "--no-nanny", "--no-dashboard", "--nthreads", "1")
        address: str = json.loads(file.read_text())["address"]
        import distributed

        connect: Any = distributed.Client  # Any: Dask says nothing of its types
        with connect(address, timeout=60, set_as_default=False) as client:
            if workers:
                client.wait_for_workers(workers, timeout=60)
        return address

    yield start
    for process in reversed(found):
        process.kill()
        process.wait()
