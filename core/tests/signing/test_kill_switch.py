from pathlib import Path

import pytest

from sniper.signer import KillLevel
from sniper.signing.kill_switch import KillSwitchFile, stricter


def test_no_file_stops_nothing(tmp_path: Path) -> None:
    assert KillSwitchFile(tmp_path / "k").level() is KillLevel.OFF


@pytest.mark.parametrize("level", list(KillLevel))
@pytest.mark.parametrize("end", ["", "\n", " \r\n"])
def test_the_file_holds_a_level(tmp_path: Path, level: KillLevel, end: str) -> None:
    (tmp_path / "k").write_text(level.value + end)
    assert KillSwitchFile(tmp_path / "k").level() is level


def test_every_change_is_seen_by_the_next_request(tmp_path: Path) -> None:
    path = tmp_path / "k"
    switch = KillSwitchFile(path)
    for level in [*KillLevel, *reversed(KillLevel), KillLevel.FREEZE, KillLevel.OFF, KillLevel.FLATTEN]:
        path.write_text(level.value)
        assert switch.level() is level
    path.unlink()
    assert switch.level() is KillLevel.OFF


def test_the_names_of_the_levels_differ_in_length() -> None:
    """So that a change is seen even if the file's time did not move on."""
    assert len({len(level.value) for level in KillLevel}) == len(KillLevel)


@pytest.mark.parametrize("content", [b"", b"stop", b"\xff", b"off off", b"x" * 10_000])
def test_what_cannot_be_read_freezes(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "k").write_bytes(content)
    switch = KillSwitchFile(tmp_path / "k")
    assert switch.level() is KillLevel.FREEZE
    (tmp_path / "k").write_text("off")
    assert switch.level() is KillLevel.OFF


def test_a_directory_in_its_place_freezes(tmp_path: Path) -> None:
    assert KillSwitchFile(tmp_path).level() is KillLevel.FREEZE


def test_the_stricter_of_two_levels_holds() -> None:
    levels = list(KillLevel)
    for number, one in enumerate(levels):
        for other in levels[number:]:
            assert stricter(one, other) is stricter(other, one) is other
