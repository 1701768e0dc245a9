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
