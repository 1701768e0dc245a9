"""A shelf of the test's own, and the commands as a trader types them."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sniper.cli import main
from sniper.environments.shelf import Shelf

sys.path.insert(0, str(Path(__file__).parent))  # for `small_wheels`


class Done(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # Any: JSON
        return json.loads(self.out)


Sniper = Callable[..., Done]


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setenv("SNIPER_PLUGINS", str(tmp_path / "shelf"))
    return Shelf()


@pytest.fixture
def sniper(shelf: Shelf, capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sniper:
    """Runs ``sniper`` with these words; the shelf is the test's own, the directory holds no config."""
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> Done:
        capfd.readouterr()
        code = main([str(word) for word in words])
        return Done(code, *capfd.readouterr())

    return run
