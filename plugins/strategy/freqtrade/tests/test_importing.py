import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
from click.testing import CliRunner

from sniper_strategy_freqtrade.errors import BadStrategy
from sniper_strategy_freqtrade.import_ import import_
from sniper_strategy_freqtrade.importing import load, made
from sniper_strategy_freqtrade.rules import Rules, Terms

STRATEGIES = Path(__file__).parent / "strategies"

OLD = """
from freqtrade.strategy import IStrategy

class Old(IStrategy):
    INTERFACE_VERSION = 2
    timeframe = "5m"
    stoploss = -0.1
    def populate_buy_trend(self, dataframe, metadata):
        return dataframe
"""


def written(directory: Path, text: str) -> Path:
    path = directory / "mine.py"
    path.write_text(text)
    return path


def test_an_unmodified_file_computes_its_signals() -> None:
    strategy = made(load(STRATEGIES / "averages.py"), {})
    closes = 100 + 10 * np.sin(np.arange(200) / 9)
    frame = pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), closes) | {"volume": 1.0})
    for step in (strategy.populate_indicators, strategy.populate_entry_trend, strategy.populate_exit_trend):
        frame = step(frame, {"pair": "BTC/USDT"})
    assert (frame["enter_long"].sum(), frame["exit_long"].sum()) == (3, 4), "the wave turns seven times"


def test_nothing_is_left_under_the_names_of_freqtrade() -> None:
    load(STRATEGIES / "averages.py")
    assert not [name for name in sys.modules if name.partition(".")[0] in ("freqtrade", "technical")]


def test_an_import_inside_of_a_method_is_answered_while_it_runs(tmp_path: Path) -> None:
    text = OLD.replace("= 2", "= 3").replace("buy", "entry")
    text = text.replace("return", "from freqtrade.strategy import timeframe_to_minutes as m; return m('1h'),")
    assert made(load(written(tmp_path, text)), {}).populate_entry_trend(None, {}) == (60, None)


def test_modules_beside_the_file_are_its_own(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("from freqtrade.strategy import IntParameter\nSTOP = -0.2\n")
    text = "from beside import STOP\n" + OLD.replace("= 2", "= 3").replace("buy", "entry").replace("-0.1", "STOP")
    assert load(written(tmp_path, text)).stoploss == -0.2
    assert "beside" not in sys.modules


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OLD, "populate_buy_trend is called populate_entry_trend now"),
        (OLD.replace("buy", "entry"), "INTERFACE_VERSION is 2"),
        (OLD.replace("= 2", "= 3").replace("buy", "entry").replace("stoploss", "stop"), "lacks stoploss"),
        ("from freqtrade.freqai import x\n", "imports freqtrade.freqai, which is not there"),
        ("from freqtrade.strategy import nothing\n", "imports nothing from freqtrade.strategy"),
        ("def broken(:\n", "does not load: SyntaxError"),
        ("x = 1\n", "has 0 strategies"),
    ],
)
def test_what_cannot_be_run_is_refused_with_its_reason(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadStrategy, match=said):
        load(written(tmp_path, text))


def searched(directory: Path, found: str) -> Path:
    for name in ("base.py", "searched.py"):
        (directory / name).write_text((STRATEGIES / name).read_text())
    (directory / "searched.json").write_text(found)
    return directory / "searched.py"


def test_found_parameters_come_before_the_strategys_own_tables_and_those_before_defaults() -> None:
    found = made(load(STRATEGIES / "searched.py", "Searched"), {})
    values = {name: parameter.value for name, parameter in found.enumerate_parameters()}
    assert values == {"buy_level": 44.3, "slack": 9, "high": 61, "strict": False, "protection_rest": 7}
    assert [name for name, _ in found.enumerate_parameters("buy")] == ["buy_level", "slack", "strict"]
    rules = Rules(found, Terms())
    assert (rules.slots, rules.stoploss, rules.roi) == (2, -0.024, ((0, 0.021), (45, 0.007)))
    assert (rules.trailing, rules.positive, rules.offset, rules.only_offset) == (True, 0.006, 0.013, True)


def test_what_a_file_of_parameters_leaves_out_stays(tmp_path: Path) -> None:
    path = searched(tmp_path, json.dumps({"strategy_name": "Searched", "params": {"sell": {"high": 70}}}))
    found = made(load(path, "Searched"), {})
    assert (found.high.value, found.buy_level.value, found.stoploss, found.trailing_stop) == (70, 20.0, -0.05, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not a file of parameters"),
        ("[]", "is not a file of parameters"),
        ('{"strategy_name": "Other", "params": {}}', "is of 'Other', not of Searched"),
        ('{"strategy_name": "Searched", "params": {"roi": 5}}', "each space under params is a table"),
    ],
)
def test_parameters_that_are_not_of_this_strategy_are_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadStrategy, match=said):
        load(searched(tmp_path, text), "Searched")


def test_a_parameter_without_a_space_is_refused(tmp_path: Path) -> None:
    text = "from freqtrade.strategy import IntParameter\n" + OLD.replace("= 2", "= 3").replace("buy", "entry")
    path = written(tmp_path, text.replace("    stoploss", "    length = IntParameter(1, 9, default=2)\n    stoploss"))
    with pytest.raises(BadStrategy, match="parameter length has no space"):
        made(load(path), {})


def test_the_command_lists_what_a_strategy_uses_and_writes_its_section(tmp_path: Path) -> None:
    target = tmp_path / "section.toml"
    arguments = [str(STRATEGIES / "averages.py"), "--instrument", "binance:ETH/BTC", "--json", "--output", str(target)]
    done = CliRunner().invoke(import_, arguments)
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert found["features"] == ["minimal_roi", "startup candles", "stoploss"]
    assert found["timeframe_s"] == 300
    assert target.read_text() == found["section"]
    assert 'instruments = ["binance:ETH/BTC"]' in found["section"]
    again = CliRunner().invoke(import_, arguments)
    assert isinstance(again.exception, BadStrategy), "a file that is there is not overwritten"
