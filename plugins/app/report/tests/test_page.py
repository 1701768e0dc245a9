import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sniper.cli import main
from sniper.instrument import COIN
from sniper_app_report.charts import line

DAY = 86_400 * 10**9
EVIL = '<script>alert("x")</script>'


@pytest.fixture
def run(tmp_path: Path) -> Path:
    fills = [
        {
            "time": str(number * DAY),
            "instrument": "x:BTC/USDT",
            "instance": EVIL,
            "order": "o",
            "side": "buy" if number % 2 else "sell",
            "size": 10,
            "price": 100 + number,
            "expected": 100 + number,
            "value": str(10 * (100 + number) * 10**13),
            "fee": "0",
            "realised": "0",
            "maker": False,
        }
        for number in range(1, 40)
    ]
    told = {
        "format": "sniper-backtest/1",
        "events": 40,
        "begin": "0",
        "end": str(40 * DAY),
        "declared": {"fills": {"main@x": "next-event"}, "latency_ns": {"main@x": 5_000_000}},
        "instruments": {"x:BTC/USDT": {"tick": str(COIN // 100), "lot": str(COIN // 1000), "kind": "spot"}},
        "orders": 39,
        "denied": [],
        "halted": {},
        "desks": [
            {
                "account": "main",
                "venue": "x",
                "quote": "x:USDT",
                "samples": [[str(n * DAY), str((1000 + n % 7) * COIN), str(n * COIN)] for n in range(41)],
                "fills": fills,
                "funding": [],
            }
        ],
        "prices": {"x:BTC/USDT": [[str(n * DAY), 100 + n] for n in range(41)]},
    }
    path = tmp_path / "run.json"
    path.write_text(json.dumps(told))
    return path


def test_the_page_holds_all_it_shows_and_runs_nothing(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(run), "--title", f"My {EVIL}"]) == 0
    text = run.with_suffix(".html").read_text()
    assert capsys.readouterr().out == f"wrote {run.with_suffix('.html')}\n"
    assert "<script" not in text
    assert "http" not in text.replace("http-equiv", "")
    assert "default-src 'none'" in text
    assert text.count("<svg") == 4
    assert text.count('class="buy"') + text.count('class="sell"') == 39
    for said in (
        "Equity, USDT",
        "Below the peak",
        "Exposure",
        "39 fills",
        "Sharpe",
        "Expected shortfall",
        "next-event",
    ):
        assert said in text
    for drawn in text.split("<svg")[1:]:
        ElementTree.fromstring("<svg" + drawn.partition("</svg>")[0] + "</svg>")


def test_the_same_is_told_to_programs(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(run), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (desk,) = told["desks"]
    assert (told["format"], desk["fills"], desk["metrics"]["returns"]) == ("sniper-report/1", 39, 40)
    assert not run.with_suffix(".html").exists()
    assert main(["report", str(run), "--json", "--out", str(run.with_name("a.html"))]) == 0
    assert run.with_name("a.html").exists()


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": "sniper-backtest/2"}'])
def test_a_file_that_is_no_backtest_is_told(run: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    run.write_text(text)
    assert main(["report", str(run)]) == 3
    assert "is no backtest" in capsys.readouterr().err


def test_long_series_are_thinned_and_keep_their_peaks() -> None:
    series = [(number, 1.0) for number in range(100_000)]
    series[54_321] = (54_321, 9.0)
    drawn = line("x", series)
    assert drawn.count(",") < 5_000
    (polyline,) = [part for part in drawn.split("<") if part.startswith("polyline")]
    heights = {point.split(",")[1] for point in polyline.partition('points="')[2].partition('"')[0].split()}
    assert heights == {"8.0", "196.0"}
