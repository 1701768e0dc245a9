"""A search over a grid of parameters, with one process and with two: what the second one brings."""

import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from figures import Figure
from startup import CONFIG

from sniper.settings import file
from sniper_app_optimise.pools import Processes
from sniper_app_optimise.search import Search
from sniper_app_optimise.space import Range
from sniper_app_optimise.trials import Job

BARS = 5_000
RANGES = (Range("strategy.ema-cross.fast", 2, 41), Range("strategy.ema-cross.slow", 50, 290, 10))
"""40 times 25 values."""
SEVENTEEN = 17


def prepared(directory: Path) -> Job:
    """Bars that go up and down, and the job on them."""
    price, rows = 40_000, ["time,open,high,low,close,volume"]
    for number in range(BARS):
        close = price + (number * SEVENTEEN % 41 - 20) + (6 if number // 300 % 2 else -6)
        rows.append(f"{1_704_067_200 + 60 * number},{price},{max(price, close) + 3},{min(price, close) - 3},{close},1")
        price = close
    (directory / "bars.csv").write_text("\n".join(rows) + "\n")
    (directory / "sniper.toml").write_text(CONFIG)
    about = ["--as", "bars", "--instrument", "gen:BTC/USDT", "--tick", "0.01", "--lot", "0.001"]
    command = [sys.executable, "-m", "sniper", "data", "import", "bars.csv", *about]
    subprocess.run(command, cwd=directory, capture_output=True, check=True)
    config = directory / "sniper.toml"
    return Job(config, file.read(config), directory / "market", 0, (1 << 63) - 1, (None,))


def taken(job: Job, trials: int, workers: int) -> float:
    """Seconds, the start of the processes included."""
    search = Search(RANGES, sampler="grid", metric="sharpe", seed=1)
    began = perf_counter()
    with Processes(job, workers) as pool:
        found = list(search.outcomes(pool, trials, lambda _: None))
    seconds = perf_counter() - began
    wrong = [each.error for each in found if each.error]
    if wrong or len(found) != trials:
        raise AssertionError(f"{len(found)} of {trials} trials, {wrong[:1]}")
    return seconds


def figures(*, quick: bool) -> list[Figure]:
    trials = 100 if quick else 1_000
    with tempfile.TemporaryDirectory() as directory:
        job = prepared(Path(directory))
        one, two = taken(job, trials, 1), taken(job, trials, 2)
    return [
        Figure(
            f"search: {trials:,} backtests of {BARS:,} bars, two processes beside one", one / two, "times", 1.8, True
        ),
        Figure("backtests, with two processes", trials / two, "a second", more=True),
    ]
