"""From files to a result: sniper data import, then sniper backtest, as a trader would call them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sniper.cli import main

Capture = pytest.CaptureFixture[str]
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
[sizer.fixed]
amount = "1000 coins"
"""
BEGIN = 1_704_067_200


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "sniper.toml"
    path.write_text(FILE)
    bars, price = ["time,open,high,low,close,volume"], 40_000
    for number in range(600):
        close = price + (20 if number // 20 % 2 else -20)
        bars.append(f"{BEGIN + number * 60},{price},{max(price, close) + 5},{min(price, close) - 5},{close},10")
        price = close
    (tmp_path / "bars.csv").write_text("\n".join(bars) + "\n")
    return path


def imported(config: Path, capsys: Capture) -> str:
    data = str(config.parent / "market")
    words = ["--as", "bars", "--instrument", "gen:BTC/USDT", "--tick", "0.01", "--lot", "0.001"]
    fees = ["--taker-fee", "0.001", "--maker-fee", "0.0002"]
    assert main(["data", "import", str(config.parent / "bars.csv"), *words, *fees, "--data", data]) == 0
    capsys.readouterr()
    return data


def run(config: Path, capsys: Capture, *words: str) -> tuple[int, str, str]:
    code = main(["backtest", str(config), *words])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_a_strategy_is_backtested_on_imported_bars(config: Path, capsys: Capture) -> None:
    data, out = imported(config, capsys), config.parent / "run.json"
    code, printed, _ = run(config, capsys, "--data", data, "--json", "--out", str(out))
    told: dict[str, Any] = json.loads(printed)
    assert code == 0
    assert told == json.loads(out.read_text())
    (desk,) = told["desks"]
    assert len(desk["fills"]) > 10
    assert {fill["instance"] for fill in desk["fills"]} == {"ema-cross"}
    # Decided at the close of a bar, filled at the open of the next: which is that close.
    first = desk["fills"][0]
    assert (int(first["time"]) // 10**9 - BEGIN) % 60 == 0
    assert int(first["fee"]) * 1000 == int(first["value"])
    assert told["declared"] == {
        "fills": {"main@gen": "next-event"},
        "share_bps": 0,
        "queue_power": 0,
        "latency_ns": {"main@gen": 0},
    }
    code, printed, _ = run(config, capsys, "--data", data, "--latency-ms", "70000")
    assert code == 2
    code, printed, _ = run(config, capsys, "--data", data, "--latency-ms", "60000", "--lookahead-check")
    assert code == 0
    assert "no look-ahead: with other futures the same was decided before them" in printed
    assert (
        "assumed: fills next-event; latency 60000 ms to gen and as much back; fees gen:BTC/USDT 2 bps maker" in printed
    )


def test_a_backtest_imports_nothing_heavy_that_it_does_not_use(config: Path, capsys: Capture) -> None:
    words = ["backtest", str(config), "--data", imported(config, capsys)]
    heavy = ["aiohttp", "ccxt", "duckdb", "eth_account", "pyrevm", "rich", "scipy", "sqlalchemy", "web3"]
    code = (
        f"import sys; from sniper.cli import main; done = main({words}); "
        f"sys.exit(str((done, [m for m in {heavy} if m in sys.modules])))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "(0, [])"


def test_what_cannot_be_traded_on_is_told_before_anything_is_played(config: Path, capsys: Capture) -> None:
    data = imported(config, capsys)
    code, _, err = run(config, capsys, "--data", data, "--from", "2025-01-01")
    assert (code, "holds in this time: nothing" in err) == (3, True)
    code, _, err = run(config, capsys, "--data", data, "--from", "2024-01-02", "--to", "2024-01-01")
    assert (code, "is not before" in err) == (3, True)
    code, _, err = run(config, capsys, "--data", data, "--from", "yesterday")
    assert (code, "is no time" in err) == (3, True)
    code, _, err = run(config, capsys, "--data", data, "--fills", "book")
    assert (code, "no books of it" in err) == (3, True)
    code, _, err = run(config, capsys)
    assert (code, "--data DIR, or --journal DIR" in err) == (2, True)
    config.write_text(FILE.replace('"gen:BTC/USDT"', '"gen:ETH/USDT"'))
    code, _, err = run(config, capsys, "--data", data)
    assert (code, "gen:ETH/USDT: there are neither bars of 1m nor trades" in err) == (3, True)
    assert "gen:BTC/USDT (bars-1m)" in err
    config.write_text(FILE.replace('paper_cash = { USDT = "10000" }', ""))
    code, _, err = run(config, capsys, "--data", data)
    assert (code, "paper_cash" in err) == (3, True)


def test_gaps_and_damage_of_the_data_are_told(config: Path, capsys: Capture) -> None:
    file = config.parent / "bars.csv"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:100] + lines[110:]))
    data = imported(config, capsys)
    code, _, err = run(config, capsys, "--data", data)
    assert code == 0
    assert "notice: gen:BTC/USDT bars-1m: 10 are missing from 2024-01-01T01:39:00Z to 2024-01-01T01:50:00Z" in err
    (parquet,) = Path(data).rglob("*.parquet")
    parquet.write_bytes(parquet.read_bytes()[:-100])
    code, _, err = run(config, capsys, "--data", data)
    assert (code, "cannot be read" in err) == (1, True)
