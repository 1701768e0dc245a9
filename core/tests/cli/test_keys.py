"""``sniper keys``: what it writes, and that it shows no secret."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from eth_account import Account

KEY = "46" * 32
ADDRESS = "0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f"
PASSWORD = "correct horse battery staple"


def keys(*arguments: str, password: str = PASSWORD, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    """In a process of its own, as a person runs it: it seals itself."""
    readable, writable = os.pipe()
    os.write(writable, password.encode())
    os.close(writable)
    try:
        return subprocess.run(
            [sys.executable, "-m", "sniper", "keys", *arguments, "--password-fd", str(readable)],
            pass_fds=(readable,),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,  # no terminal: what is typed comes from stdin
        )
    finally:
        os.close(readable)


def test_a_new_key_is_in_the_file_alone(tmp_path: Path) -> None:
    done = keys("new", str(tmp_path / "k"))
    assert done.returncode == 0, done.stderr
    account = Account.from_key(Account.decrypt((tmp_path / "k").read_text(), PASSWORD))
    assert done.stdout.strip() == account.address.lower()
    for secret in (account.key.hex(), str(int.from_bytes(account.key, "big")), PASSWORD):
        assert secret not in done.stdout + done.stderr


def test_an_imported_key_is_not_shown_and_its_address_is_listed(tmp_path: Path) -> None:
    done = keys("import", str(tmp_path / "k"), stdin=KEY + "\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith(ADDRESS)
    for secret in (KEY, str(int(KEY, 16)), PASSWORD):
        assert secret not in done.stdout + done.stderr
    arguments = [sys.executable, "-m", "sniper", "keys", "list", str(tmp_path / "k")]
    shown = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert shown.stdout == f"{tmp_path / 'k'}  {ADDRESS}\n"


@pytest.mark.parametrize("typed", ["46" * 31 + "4", "ff" * 32, "my secret words"])
def test_what_is_no_key_is_refused_without_showing_it(tmp_path: Path, typed: str) -> None:
    done = keys("import", str(tmp_path / "k"), stdin=typed + "\n")
    assert done.returncode == 5
    assert typed not in done.stdout + done.stderr
    assert not (tmp_path / "k").exists()


RULES = """version = 3
[accounts]
main = ["0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f"]
[chains.1]
max_fee = 1
max_value = 1
max_value_per_hour = 1
max_value_per_day = 1
"""


def test_rules_are_signed_in_their_file_and_no_secret_is_shown(tmp_path: Path) -> None:
    keys("import", str(tmp_path / "operator"), stdin=KEY + "\n")
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES)
    done = keys("rules", "sign", str(rules), "--key", str(tmp_path / "operator"))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{rules}: version 3, signed by {ADDRESS}\n"
    assert rules.read_text().startswith(RULES + "# signature: 0x")
    for secret in (KEY, str(int(KEY, 16)), PASSWORD):
        assert secret not in done.stdout + done.stderr + rules.read_text()


def test_rules_that_make_no_sense_are_not_signed(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text("x = 1\n")
    done = keys("rules", "sign", str(rules), "--key", str(tmp_path / "none"))
    assert done.returncode == 3
    assert rules.read_text() == "x = 1\n"
