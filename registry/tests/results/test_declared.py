import tomllib
import zipfile
from pathlib import Path

import pytest

from sniper_registry.results.declared import Declared, ResultsError, from_wheel, parsed

GOOD = """
[strategy.acme]
instrument = "{instrument}"
size = "10"
pairs = [["{instrument}", 1]]
[vary]
fast = "5:30:5"
slow = "0.5:2:log"
"""


def test_it_says_how_a_strategy_is_tried() -> None:
    found = parsed(GOOD)
    assert found == Declared(
        "acme",
        {"instrument": "{instrument}", "size": "10", "pairs": [["{instrument}", 1]]},
        {"fast": "5:30:5", "slow": "0.5:2:log"},
    )
    assert 'instrument = "x:A/B"' in found.config(["x:A/B"])
    assert 'pairs = [["x:A/B", 1]]' in found.config(["x:A/B"])
    assert found.varied() == ("strategy.acme.fast=5:30:5", "strategy.acme.slow=0.5:2:log")


def test_a_strategy_of_several_instruments_names_each_and_their_coins() -> None:
    text = """
    [strategy.acme]
    exchange = "{exchange}"
    pairs = ["{instrument}", "{instrument:3}"]
    targets = { "{base}" = 1, "{base:2}" = 2 }
    """
    found = parsed(text)
    assert found.instruments == 3
    written = tomllib.loads(found.config(["x:A/Q", "x:B/Q", "x:C/Q"]))["strategy"]["acme"]
    assert written == {"exchange": "x", "pairs": ["x:A/Q", "x:C/Q"], "targets": {"A": 1, "B": 2}}
    assert parsed(GOOD).instruments == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[strategy", "is not TOML"),
        (GOOD + "[venue.results]\ntaker_fee = 0", "venue may not stand there"),
        (GOOD + "[results]\nsharpe = 9", "results may not stand there"),
        ("[vary]\nfast = '1:2'", "needs one section"),
        (GOOD + "[strategy.other]\ninstrument = 'x'", "needs one section"),
        ("strategy = 3", "needs one section"),
        ("[strategy.'a/b']\nx = '{instrument}'", "'a/b' is no section"),
        ("[strategy.acme]\ninstrument = 'binance:BTC/USDT'", "would not trade the market"),
        (GOOD.replace("5:30:5", "5"), "is no range"),
        (GOOD.replace('"5:30:5"', "5"), "is no range"),
        (GOOD.replace("fast =", '"a=b --vary c" ='), "is no range"),
        ("vary = 3\n[strategy.acme]\nx = '{instrument}'", "6 parameters at most"),
        (GOOD.replace('"10"', '"{instrument:9}"'), "8 instruments at most, not 9"),
        (GOOD + "\n".join(f'k{number} = "1:2"' for number in range(5)), "6 parameters at most"),
    ],
)
def test_what_it_may_not_say_is_refused(text: str, said: str) -> None:
    with pytest.raises(ResultsError, match=said):
        parsed(text)


def wheel(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path / "acme-1-py3-none-any.whl", "w") as opened:
        for name, text in files.items():
            opened.writestr(name, text)
    return path / "acme-1-py3-none-any.whl"


def test_a_wheel_has_it_in_its_package(tmp_path: Path) -> None:
    assert from_wheel(wheel(tmp_path, {"acme/results.toml": GOOD})).strategy == "acme"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "holds 0 files"),
        ({"results.toml": GOOD, "acme/deep/results.toml": GOOD}, "holds 0 files"),
        ({"a/results.toml": GOOD, "b/results.toml": GOOD}, "holds 2 files"),
        ({"a/results.toml": " " * 70_000}, "70,000 bytes"),
    ],
)
def test_a_wheel_without_it_is_refused(tmp_path: Path, files: dict[str, str], said: str) -> None:
    with pytest.raises(ResultsError, match=said):
        from_wheel(wheel(tmp_path, files))


def test_what_is_no_wheel_is_refused(tmp_path: Path) -> None:
    (tmp_path / "acme-1-py3-none-any.whl").write_text("no")
    with pytest.raises(ResultsError, match="name a wheel"):
        from_wheel(tmp_path / "acme-1-py3-none-any.whl")
