import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sniper.cli.licence import licence as keep
from sniper.environments.licences import LicenceError, check
from sniper_registry.licences import key
from sniper_registry.licences.commands import licence, licence_key

NAME = "sniper-strategy-acme"


def ran(command: object, *words: object) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words], catch_exceptions=False)  # type: ignore[arg-type]


@pytest.fixture
def public(tmp_path: Path) -> str:
    return ran(licence_key, tmp_path / "key").output.strip()


def issued(home: Path, *words: object) -> Result:
    return ran(licence, home / "ada", "--key", home / "key", "--for", NAME, "--holder", "Ada", "--serial", 7, *words)


def test_what_a_publisher_sells_a_trader_keeps_and_starts_with(
    tmp_path: Path, public: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "for Ada, until 20" in issued(tmp_path, "--days", 30, "--versions", ">=1,<2").output
    monkeypatch.setenv("SNIPER_PLUGINS", str(tmp_path / "shelf"))
    assert ran(keep, tmp_path / "ada").output.startswith(f"kept: {NAME} >=1,<2, for Ada, until 20")
    assert check(tmp_path / "shelf", NAME, "1.2", public).serial == "7"


def test_a_key_is_for_its_owner_alone_and_never_written_over(tmp_path: Path, public: str) -> None:
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(LicenceError, match="File exists"):
        key.create(tmp_path / "key")
    assert public not in (tmp_path / "key").read_text()


def test_a_key_that_others_can_read_signs_nothing(tmp_path: Path, public: str) -> None:
    os.chmod(tmp_path / "key", 0o644)
    with pytest.raises(LicenceError, match="can be read by others"):
        issued(tmp_path)
    assert not (tmp_path / "ada").exists()


def test_a_file_without_a_key_is_refused_without_telling_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret words")
    with pytest.raises(LicenceError, match="holds no key") as raised:
        issued(tmp_path)
    assert "secret words" not in str(raised.value)


def test_a_licence_is_not_written_over(tmp_path: Path, public: str) -> None:
    issued(tmp_path)
    before = (tmp_path / "ada").read_bytes()
    with pytest.raises(LicenceError, match="is there already"):
        issued(tmp_path, "--days", 3)
    assert (tmp_path / "ada").read_bytes() == before
