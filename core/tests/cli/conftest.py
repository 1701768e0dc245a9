"""A directory with a config file, for commands that read the record; `scripted` writes the record itself."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "kernel"), str(HERE.parent / "runtime")]
"""For `scripted`, the `world` that it scripts, and `running`."""

FILE = """
mode = "live"
data_dir = "data"
[chain.local]
id = 1
endpoints = ["ws://127.0.0.1:8545"]
wrapped_native = "0x5fbdb2315678afecb367f032d93f642f64180aa3"
local = true
[account.main]
address = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
[strategy.script]
plugin = "launch-snipe"
exits = ["stop-loss"]
[sizer.fixed]
amount = 1
[feed.evm-logs]
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the config file is; ``data`` in it is the data directory."""
    (tmp_path / "sniper.toml").write_text(FILE)
    (tmp_path / "data").mkdir()
    return tmp_path
