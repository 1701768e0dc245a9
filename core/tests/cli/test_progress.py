"""Progress bars: only where somebody can see them, and only for what takes long."""

import io
import sys

import pytest

from sniper.cli import progress
from sniper.cli.progress import bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_terminal_there_is_nothing_to_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with bar("replaying") as advance:
        assert advance is None


@pytest.mark.parametrize(("patience_s", "shown"), [(0.0, True), (60.0, False)])
def test_a_bar_appears_once_it_takes_long(patience_s: float, shown: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "PATIENCE_S", patience_s)
    with bar("replaying") as advance:
        assert advance is not None
        for done in range(5):
            advance(done, 5)
    assert ("replaying" in terminal.getvalue()) is shown
