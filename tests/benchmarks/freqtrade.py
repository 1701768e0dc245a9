"""Strategies of freqtrade on 500,000 candles, by the plugin that runs them and by freqtrade itself in the same run.

The candles are generated: five minutes each, log-returns of N(0, 1e-3), in whole ticks. Both read them from files and
load the strategy before the clock starts, which is the CPU time of a process; what is timed is everything from there to
the list of trades: columns, signals, trades (`sniper_strategy_freqtrade.candles.backtest` here,
``Backtesting.backtest_one_strategy`` there). The trades of both are compared, to 1e-8.

freqtrade stands in an environment of its own, which ``make freqtrade`` installs. Where it is not, the plugin is
measured alone.
"""

import gc
import json
import resource
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import numpy as np
import pandas as pd
from figures import Figure

from sniper_strategy_freqtrade.candles import backtest
from sniper_strategy_freqtrade.importing import load, made
from sniper_strategy_freqtrade.precision import Steps
from sniper_strategy_freqtrade.rules import Terms

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".cache" / "freqtrade" / "bin" / "python"
TESTS = ROOT / "plugins" / "strategy" / "freqtrade" / "tests"
sys.path.insert(0, str(TESTS / "compared"))  # what is compared is written down there
from freqtrade_corpus import differences, trades_of  # noqa: E402

COUNT = 500_000
RUNS = 3
PAIR, CASH, STAKE, FEE, PER = "BTC/USDT", 100_000.0, 100.0, 0.001, 100
STEPS = Steps(Decimal("0.01"), Decimal("0.00001"), 0.00001, 5.0)
STRATEGIES = {
    "averages, returns, a stop": ("averages", "Averages", 10),
    "a trailing stop": ("stops", "TrailingPositive", 10),
    "custom_exit in each candle": ("hooks", "CustomExit", None),
    "custom_stoploss in each candle": ("stops", "CustomStop", None),
}
"""File, class, and how many times as fast it should be."""


def written(directory: Path, count: int) -> Path:
    draw = np.random.Generator(np.random.PCG64(43))
    close = 20_000 * np.exp(np.cumsum(draw.normal(0, 1e-3, count)))
    opened = np.concatenate(([20_000.0], close[:-1]))
    high = np.maximum(opened, close) * (1 + np.abs(draw.normal(0, 4e-4, count)))
    low = np.minimum(opened, close) * (1 - np.abs(draw.normal(0, 4e-4, count)))
    ticks = {
        name: np.rint(prices * PER).astype(np.int64)
        for name, prices in (("open", opened), ("high", high), ("low", low), ("close", close))
    }
    path = directory / "candles.npz"
    date = 1_700_006_400_000 + np.arange(count, dtype=np.int64) * 300_000
    np.savez(path, date=date, **ticks, volume=draw.integers(1, 10**6, count).astype(float))
    return path


def own(path: Path, name: str) -> dict[str, Any]:
    """One run in this process: its CPU seconds, its trades, and the most memory that the process had."""
    with np.load(path) as columns:
        frame = pd.DataFrame({column: columns[column] for column in columns})
    frame["date"] = pd.to_datetime(frame["date"], unit="ms", utc=True)
    for column in ("open", "high", "low", "close"):
        frame[column] /= PER
    file, strategy, _ = STRATEGIES[name]
    loaded = made(load(TESTS / "strategies" / f"{file}.py", strategy), {"stake_currency": "USDT"})
    terms = Terms(cash=CASH, stake=STAKE, slots=1, fee=FEE)
    gc.collect()
    began = process_time()
    manager = backtest(loaded, {PAIR: frame}, {PAIR: STEPS}, terms, stake_currency="USDT")
    taken = process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cpu": taken, "trades": trades_of(manager), "rss": peak}


def ours(path: Path, name: str) -> dict[str, Any]:
    """The same in a process of its own."""
    found = path.with_name("ours.json")
    subprocess.run([sys.executable, __file__, path, name, found], check=True)
    return dict(json.loads(found.read_text()))


def theirs(path: Path) -> dict[str, dict[str, Any]]:
    """freqtrade's run of each strategy, all in one process."""
    jobs = {
        name: {
            "strategy": strategy,
            "path": str(TESTS / "strategies"),
            "pairs": [PAIR],
            "currency": "USDT",
            "cash": CASH,
            "stake": STAKE,
            "slots": 1,
            "fee": FEE,
            "stacking": False,
            "timeouts": {"unit": "minutes"},
            "candles": [[PAIR, "5m", "candles"]],
        }
        for name, (_, strategy, _) in STRATEGIES.items()
    }
    markets = {PAIR: [float(STEPS.tick), float(STEPS.lot), STEPS.least_amount, STEPS.least_value]}
    told = {"jobs": jobs, "candles": {"candles": [str(path), PER]}, "markets": markets}
    wanted, found = path.with_name("jobs.json"), path.with_name("theirs.json")
    wanted.write_text(json.dumps(told))
    subprocess.run([PYTHON, TESTS / "compared" / "run_freqtrade.py", wanted, found], check=True)
    return dict(json.loads(found.read_text()))


def figures(*, quick: bool) -> list[Figure]:
    count, runs = (COUNT // 50, 1) if quick else (COUNT, RUNS)
    there = PYTHON.is_file()
    if not there:
        print(f"freqtrade is not in {PYTHON.parents[1]}: the plugin is measured alone; `make freqtrade` installs it")
    here: dict[str, list[dict[str, Any]]] = {name: [] for name in STRATEGIES}
    peers: dict[str, list[dict[str, Any]]] = {name: [] for name in STRATEGIES}
    with tempfile.TemporaryDirectory(prefix="sniper-bench-") as directory:
        path = written(Path(directory), count)
        for _ in range(runs):
            for name, run in (theirs(path) if there else {}).items():
                peers[name].append(run)
            for name in STRATEGIES:
                here[name].append(ours(path, name))
    found: list[Figure] = []
    for name, (_, _, target) in STRATEGIES.items():
        mine = median(run["cpu"] for run in here[name])
        beside = {"trades": len(here[name][0]["trades"]), "peak MB": max(run["rss"] for run in here[name])}
        if there:
            peer = median(run["cpu"] for run in peers[name])
            found.append(Figure(f"{name}: times as fast as freqtrade", peer / mine, "", target, more=True))
            differ = len(differences(here[name][0]["trades"], peers[name][0]["trades"]))
            found.append(Figure(f"{name}: values of trades that differ", differ, "", 0))
            beside["freqtrade"] = peer
        found.append(Figure(f"{name}: {count:,} candles", mine, "CPU s", beside=beside))
    return found


if __name__ == "__main__":
    Path(sys.argv[3]).write_text(json.dumps(own(Path(sys.argv[1]), sys.argv[2]), default=float))
