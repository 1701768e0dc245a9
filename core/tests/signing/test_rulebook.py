"""Rules change by what the operator signed and by nothing else, and never back."""

from pathlib import Path
from typing import Any

import pytest

from sniper.signer import KillLevel, SignerRefused
from sniper.signing.errors import LedgerError, RulesError, StartError
from sniper.signing.key import LocalKey
from sniper.signing.rulebook import RuleBook, read, signed, unsigned
from sniper.signing.rules import parse_rules
from sniper.signing.secret import SecretBuffer

World = Any
"""The class of the sdk, as tests of signers have it."""


def key_of(digit: str) -> LocalKey:
    secret = SecretBuffer(32)
    secret.view[:] = bytes.fromhex(digit * 64)
    return LocalKey(secret)


OPERATOR, STRANGER = key_of("5"), key_of("6")


def text(world: World, version: int, most: int = 10) -> bytes:
    return (
        f'version = {version}\n[accounts]\nalice = ["{world.sender}"]\n[chains.{world.chain}]\n'
        f"max_fee = {world.ether}\nmax_value = {most}\nmax_value_per_hour = 100\nmax_value_per_day = 100\n"
    ).encode()


def file(world: World, version: int, most: int = 10, key: LocalKey = OPERATOR) -> bytes:
    return signed(text(world, version, most), key, "here")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.rules"


def test_a_signed_file_says_who_signed_it_and_is_signed_once(world: World) -> None:
    once = file(world, 1)
    assert read(once, "here").operator == OPERATOR.address
    assert unsigned(once) == text(world, 1)
    assert read(signed(once, STRANGER, "here"), "here").operator == STRANGER.address
    assert signed(once, OPERATOR, "here") == once


def test_rules_without_a_version_are_not_signed(world: World) -> None:
    with pytest.raises(RulesError, match="no version"):
        signed(text(world, 1).replace(b"version = 1\n", b""), OPERATOR, "here")


def test_newer_rules_of_the_operator_hold_from_the_next_request_on(world: World, path: Path) -> None:
    book = RuleBook(path, file(world, 1, most=10), OPERATOR.address)
    assert book.judge.chain(world.chain).rules.max_value == 10
    book.apply(file(world, 3, most=20))
    assert (book.version, book.judge.chain(world.chain).rules.max_value) == (3, 20)
    book.apply(file(world, 3, most=20))  # the same again


@pytest.mark.parametrize(
    ("rule", "make"),
    [
        ("rules-signature", lambda w: text(w, 9)),
        ("rules-signature", lambda w: file(w, 9, key=STRANGER)),
        ("rules-signature", lambda w: file(w, 9).replace(b"max_value = 10\n", b"max_value = 99\n")),
        ("rules-signature", lambda w: file(w, 9) + b"version = 9\n"),
        ("rules-signature", lambda w: file(w, 9)[:-3]),
        ("rules-signature", lambda w: b""),
        ("rules-signature", lambda w: b"\xff" * 200),
        ("rules-version", lambda w: file(w, 2, most=99)),
        ("rules-version", lambda w: file(w, 1)),
    ],
)
def test_what_is_not_signed_or_not_newer_changes_nothing(world: World, path: Path, rule: str, make: Any) -> None:
    book = RuleBook(path, file(world, 2), OPERATOR.address)
    before = path.read_bytes()
    with pytest.raises(SignerRefused) as caught:
        book.apply(make(world))
    assert caught.value.rule == rule
    assert book.judge.chain(world.chain).rules.max_value == 10
    assert path.read_bytes() == before


def test_what_was_applied_outlives_a_restart_with_the_file_of_before(world: World, path: Path) -> None:
    RuleBook(path, file(world, 1), OPERATOR.address).apply(file(world, 2, most=20))
    again = RuleBook(path, file(world, 1), OPERATOR.address)
    assert (again.version, again.judge.chain(world.chain).rules.max_value) == (2, 20)
    assert RuleBook(path, file(world, 3, most=30), OPERATOR.address).version == 3


def test_an_equal_version_with_other_rules_does_not_start(world: World, path: Path) -> None:
    RuleBook(path, file(world, 1), OPERATOR.address)
    with pytest.raises(SignerRefused, match="rules-version"):
        RuleBook(path, file(world, 1, most=99), OPERATOR.address)


def test_once_there_was_an_operator_no_start_goes_without_it(world: World, path: Path) -> None:
    RuleBook(path, file(world, 1), OPERATOR.address)
    loose = parse_rules(world.rules(), "here")
    with pytest.raises(StartError, match=OPERATOR.address):
        RuleBook(path, loose, "")
    with pytest.raises(StartError, match=OPERATOR.address):
        RuleBook(path, file(world, 9, key=STRANGER), STRANGER.address)


def test_rules_that_nobody_signed_do_not_start_for_an_operator(world: World, path: Path) -> None:
    with pytest.raises(RulesError, match="signed"):
        RuleBook(path, parse_rules(world.rules(), "here"), OPERATOR.address)
    with pytest.raises(RulesError, match="not signed"):
        RuleBook(path, text(world, 1), OPERATOR.address)
    with pytest.raises(SignerRefused, match="rules-signature"):
        RuleBook(path, file(world, 1, key=STRANGER), OPERATOR.address)
    assert not path.exists()


def test_without_an_operator_nothing_changes(world: World, path: Path) -> None:
    book = RuleBook(path, parse_rules(world.rules(), "here"), "")
    with pytest.raises(SignerRefused, match="without an operator"):
        book.apply(file(world, 9))
    book.judge.check(world.entry(), KillLevel.OFF)


def test_rules_that_cannot_be_kept_do_not_hold(world: World, tmp_path: Path) -> None:
    book = RuleBook(tmp_path / "s.rules", file(world, 1), OPERATOR.address)
    book._path = tmp_path / "none" / "s.rules"
    with pytest.raises(LedgerError, match="cannot be written"):
        book.apply(file(world, 2, most=20))
    assert book.version == 1
