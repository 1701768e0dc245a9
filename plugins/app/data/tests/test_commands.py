import json
from pathlib import Path

import pytest
from market import Shop

from sniper.cli import main

Capture = pytest.CaptureFixture[str]
ROWS = [f"{n},{1_704_110_400_000 + n},40000.0{n},0.00{n},buy" for n in range(1, 10)]
ABOUT = ("--as", "trades", "--instrument", "x:BTC/USDT")
STEPS = ("--tick", "0.01", "--lot", "0.001")


@pytest.fixture
def file(shop: Shop) -> Path:
    return shop.file("t.csv", "id,time,price,size,side", *ROWS)


def run(capsys: Capture, shop: Shop, *words: str | Path) -> tuple[int, str, str]:
    code = main(["data", str(words[0]), "--data", str(shop.catalogue.root), *map(str, words[1:])])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_what_is_imported_is_listed_and_in_order(shop: Shop, file: Path, capsys: Capture) -> None:
    assert run(capsys, shop, "import", file, *ABOUT, *STEPS)[:2] == (
        0,
        "x:BTC/USDT trades: 9 rows are new, 0 were there already\n",
    )
    code, out, _ = run(capsys, shop, "list")
    assert code == 0
    assert "x:BTC/USDT  trades  9     2024-01-01T12:00:00.001Z" in out
    (listed,) = json.loads(run(capsys, shop, "list", "--json")[1])
    assert (listed["rows"], listed["tick"], listed["first"]) == (9, "0.01", "1704110400001000000")
    assert run(capsys, shop, "check")[:2] == (0, "x:BTC/USDT trades: 9 rows\n")
    # What is known of the instrument need not be said again.
    assert run(capsys, shop, "import", file, *ABOUT)[0] == 0


def test_bad_rows_are_told_to_people_and_to_programs(shop: Shop, file: Path, capsys: Capture) -> None:
    file.write_text(file.read_text().replace("40000.05", "-1"))
    code, out, err = run(capsys, shop, "import", file, *ABOUT, *STEPS)
    assert (code, out) == (1, "")
    assert "not-positive t.csv:6: price is not above 0: price -1" in err
    assert "1 problems (1 not-positive); nothing was stored" in err
    code, out, _ = run(capsys, shop, "import", file, *ABOUT, *STEPS, "--json")
    told = json.loads(out)
    assert (code, told["error"]["code"], told["counts"]) == (1, "bad-data", {"not-positive": 1})
    assert told["problems"][0]["place"] == "t.csv:6"
    code, out, err = run(capsys, shop, "import", file, *ABOUT, *STEPS, "--accept", "not-positive")
    assert (code, "8 rows are new" in out, "1 trades are missing" in err) == (0, True, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--as", "trades", "--instrument", "BTC/USDT", *STEPS], "write it as binance:BTC/USDT"),
        ([*ABOUT], "--tick 0.01 --lot 0.00001"),
        ([*ABOUT, "--tick", "0", "--lot", "1"], "cannot be"),
        ([*ABOUT, *STEPS, "--zone", "Mars/Base"], "no zone"),
        ([*ABOUT, *STEPS, "--interval", "5x"], "no interval"),
        ([*ABOUT, *STEPS, "--columns", "time"], "time=ts"),
        ([*ABOUT, *STEPS, "--taker-fee", "0.00000015"], "millionths"),
    ],
)
def test_options_that_cannot_be_are_told(shop: Shop, file: Path, capsys: Capture, words: list[str], said: str) -> None:
    code, _, err = run(capsys, shop, "import", file, *words)
    assert (code, said in err) == (3, True), err


def test_a_damaged_catalogue_is_told(shop: Shop, file: Path, capsys: Capture) -> None:
    run(capsys, shop, "import", file, *ABOUT, *STEPS)
    (parquet,) = shop.catalogue.root.rglob("*.parquet")
    parquet.write_bytes(b"nothing")
    code, _, err = run(capsys, shop, "check")
    assert (code, "is not what was written" in err) == (1, True)
    (manifest,) = shop.catalogue.root.rglob("dataset.json")
    manifest.write_text("{")
    assert run(capsys, shop, "list")[0] == 3


def test_a_directory_that_is_no_catalogue_is_told(shop: Shop, capsys: Capture) -> None:
    code, _, err = run(capsys, shop, "list")
    assert (code, "sniper data import makes one" in err) == (3, True)
