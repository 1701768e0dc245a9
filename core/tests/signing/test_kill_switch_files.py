"""The switch of each account beside that of everyone."""

from pathlib import Path

import pytest

from sniper.signer import KillLevel
from sniper.signing.kill_switch import KillSwitchFiles


def write(path: Path, level: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(level + "\n")


def test_an_account_stands_at_the_stricter_of_its_own_file_and_that_of_everyone(tmp_path: Path) -> None:
    files = KillSwitchFiles(tmp_path / "kill-switch")
    assert files.level("main") is KillLevel.OFF
    write(tmp_path / "accounts" / "main" / "kill-switch", "no-entries")
    assert [files.level("main"), files.level("other")] == [KillLevel.NO_ENTRIES, KillLevel.OFF]
    write(tmp_path / "kill-switch", "freeze")
    assert [files.level("main"), files.level("other")] == [KillLevel.FREEZE, KillLevel.FREEZE]
    write(tmp_path / "kill-switch", "off")
    write(tmp_path / "accounts" / "main" / "kill-switch", "nonsense")
    assert [files.level("main"), files.level("other")] == [KillLevel.FREEZE, KillLevel.OFF]


@pytest.mark.parametrize("name", ["../main", "", "Main", "a/b", "a" * 3 + "\x00"])
def test_no_path_is_made_of_what_is_no_account(tmp_path: Path, name: str) -> None:
    write(tmp_path / "main" / "kill-switch", "freeze")
    write(tmp_path / "accounts" / "x" / "kill-switch", "freeze")
    assert KillSwitchFiles(tmp_path / "kill-switch").level(name) is KillLevel.OFF


def test_what_is_remembered_of_accounts_is_bounded(tmp_path: Path) -> None:
    files = KillSwitchFiles(tmp_path / "kill-switch")
    for n in range(2_500):
        files.level(f"a{n}")
    assert len(files._own) <= 1_000
