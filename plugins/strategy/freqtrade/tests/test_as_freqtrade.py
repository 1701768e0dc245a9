"""The same trades as freqtrade's own backtest, which runs in its own environment: `make freqtrade` installs it."""

import json
import os
import re
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from freqtrade_corpus import CASES, STRATEGIES, Market, differences, generated, jobs, ours, recorded_market, trades_of

ROOT = Path(__file__).parents[4]
FREQTRADE = ROOT / ".cache" / "freqtrade"
PROGRAM = Path(__file__).parent / "compared" / "run_freqtrade.py"
DATA = os.environ.get("SNIPER_DATA")
MARKETS = ["generated", *(["recorded"] if DATA else [])]


def market_of(name: str) -> Market:
    return generated() if name == "generated" else recorded_market(Path(DATA or "") / "market")


def theirs(market: Market) -> dict[str, Any]:
    """What freqtrade makes of all strategies, in one process; kept until anything that leads to it changes."""
    told = json.dumps(jobs(market))
    sources = [PROGRAM, PROGRAM.with_name("requirements.txt"), *sorted(STRATEGIES.iterdir())]
    key = sha256(told.encode() + b"".join(path.read_bytes() for path in sources if path.is_file())).hexdigest()[:16]
    kept = ROOT / ".cache" / "freqtrade-results" / f"{key}.json"
    if not kept.is_file():
        python = FREQTRADE / "bin" / "python"
        assert python.is_file(), f"freqtrade is not installed in {FREQTRADE}; run: make freqtrade"
        kept.parent.mkdir(parents=True, exist_ok=True)
        wanted, found = kept.with_suffix(f".{os.getpid()}.jobs"), kept.with_suffix(f".{os.getpid()}.found")
        wanted.write_text(told)
        done = subprocess.run([python, PROGRAM, wanted, found], capture_output=True, text=True, check=False)
        wanted.unlink()
        assert done.returncode == 0, done.stderr
        found.rename(kept)
    return dict(json.loads(kept.read_text()))


@pytest.mark.xdist_group("freqtrade")
@pytest.mark.parametrize("name", MARKETS)
class TestAsFreqtrade:
    def test_each_strategy_makes_the_same_trades(self, name: str) -> None:
        market = market_of(name)
        expected, told = theirs(market), list[str]()
        for case, run in market.cases.items():
            own = trades_of(ours(market, run))
            told += [f"{case}: {each}" for each in differences(own, expected[case]["trades"])]
        assert not told, "\n".join(told[:40])

    def test_what_is_compared_is_worth_comparing(self, name: str) -> None:
        """Each strategy trades, and all that ends a trade is among what ended one."""
        expected = theirs(market_of(name))
        least = 5 if name == "generated" else 1
        assert all(len(run["trades"]) >= least for run in expected.values()), {
            case: len(run["trades"]) for case, run in expected.items()
        }
        reasons = {trade["exit_reason"] for run in expected.values() for trade in run["trades"]}
        assert {"roi", "stop_loss", "trailing_stop_loss", "exit_signal", "down", "force_exit"} <= reasons | {
            "force_exit"
        }


def test_the_comparison_notices_a_difference() -> None:
    market = generated()
    own = trades_of(ours(market, CASES["Crossing"]))
    changed = json.loads(json.dumps(own))
    changed[3]["close_rate"] *= 1 + 1e-7
    changed[4]["orders"][0][1] += 1e-5
    assert not differences(own, own)
    assert len(differences(changed, own)) == 2
    assert differences(own[1:], own)


def test_each_strategy_has_a_name_of_its_own() -> None:
    """freqtrade finds them by that, in all files."""
    names = [
        name for path in STRATEGIES.glob("*.py") for name in re.findall(r"^class (\w+)", path.read_text(), re.MULTILINE)
    ]
    assert len(names) == len(set(names))
