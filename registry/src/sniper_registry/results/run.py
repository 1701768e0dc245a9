"""One market: the trader's own commands, each in a process of its own, on a directory that is thrown away."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sniper.errors import writable
from sniper_registry.results import markets
from sniper_registry.results.declared import Declared, ResultsError

INSTRUMENT: Final = "results:BASE{}/USDT"
"""The first one has no number."""
MAKER_FEE: Final = "0.0005"
TAKER_FEE: Final = "0.001"
LATENCY_MS: Final = 100
CASH: Final = "10000"
SEED: Final = 1
"""Of the search and of what validate draws."""
DESK: Final = f"""\
mode = "paper"
[venue.results]
plugin = "ccxt"
exchange = "binance"
[account.main.desk.results]
quote = "USDT"
paper_cash = {{ USDT = "{CASH}" }}
paper_latency_ms = {LATENCY_MS}
"""


@dataclass(frozen=True)
class Amount:
    """How much is computed.

    bars    Of each market. ``seeds``: markets of each model. ``trials``: of each search.
    folds   Parts of the time that walk-forward tests on.
    limit   Seconds that one command may take.
    """

    bars: int = 3_000
    seeds: int = 3
    trials: int = 8
    folds: int = 4
    limit: int = 600


def tried(
    declared: Declared, model: str, seed: int, amount: Amount, directory: Path, shelf: Path | None
) -> dict[str, Any]:
    """What came of one market, as plain JSON. Raises `ResultsError` where a command fails, with what it said.

    directory  Empty; what is written into it is not needed afterwards.
    shelf      Where the release is installed; None: strategies of this environment itself are tried.
    """
    names = [INSTRUMENT.format(number or "") for number in (0, *range(2, declared.instruments + 1))]
    config = directory / "sniper.toml"
    config.write_text(f"{DESK}{declared.config(names)}")
    run = _Commands(directory, shelf, amount.limit)
    market = str(directory / "market")
    fees = ["--maker-fee", MAKER_FEE, "--taker-fee", TAKER_FEE]
    steps = ["--tick", "0.01", "--lot", "0.001", *fees]
    for name, bars in zip(names, markets.together(model, seed, amount.bars, len(names)), strict=True):
        (directory / "bars.csv").write_text(markets.csv(bars))
        what = [str(directory / "bars.csv"), "--as", "bars", "--instrument", name]
        run.run("data", "import", *what, *steps, "--data", market)
    played = run.run("backtest", str(config), "--data", market, "--out", str(directory / "run.json"), "--json")
    if played["halted"]:
        raise ResultsError(f"the account was halted: {writable(str(played['halted']))}")
    [desk] = run.run("report", str(directory / "run.json"), "--json")["desks"]
    found = {
        "seed": str(seed),
        "fills": desk["fills"],
        "denied": {each["rule"]: each["count"] for each in played["denied"]},
        "measured": {**desk["metrics"], "period": int(desk["metrics"]["period"])},
    }
    if declared.vary:
        vary = [word for each in declared.varied() for word in ("--vary", each)]
        size = ["--trials", str(amount.trials), "--sampler", "random", "--seed", str(SEED), "--workers", "1"]
        trials = directory / "trials.jsonl"
        run.run("optimise", str(config), "--data", market, *vary, *size, "--out", str(trials), "--json")
        found["validated"] = run.run(
            "validate", str(trials), "--folds", str(amount.folds), "--seed", str(SEED), "--json"
        )
    return found


class _Commands:
    """``sniper`` with nothing of the caller's environment but where programs are."""

    def __init__(self, home: Path, shelf: Path | None, limit: int) -> None:
        self._home = home
        self._limit = limit
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": str(home),
            "SNIPER_PLUGINS": str(shelf or home / "plugins"),
        }

    def run(self, *words: str) -> Any:  # Any: JSON
        command = [sys.executable, "-m", "sniper", *words]
        try:
            done = subprocess.run(
                command, cwd=self._home, env=self._environment, capture_output=True, timeout=self._limit, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise ResultsError(
                f"sniper {words[0]} took more than {self._limit} s; a strategy as slow as this has no results"
            ) from error
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()[-3:]
            raise ResultsError(f"sniper {words[0]} failed: {' '.join(said)[:600]}")
        return json.loads(done.stdout) if words[-1] == "--json" else None
