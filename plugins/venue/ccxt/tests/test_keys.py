"""Keys come from a file that nobody else may read, and go nowhere."""

import copy
import pickle
from pathlib import Path

import pytest

from sniper_venue_ccxt.errors import BadKeys, without_secrets
from sniper_venue_ccxt.keys import read_keys


def test_keys_are_read_by_the_names_of_ccxt(keys: Path) -> None:
    assert set(read_keys(keys).reveal()) == {"apiKey", "secret"}


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o606, 0o700])
def test_a_file_that_others_may_read_is_refused(keys: Path, mode: int) -> None:
    keys.chmod(mode)
    with pytest.raises(BadKeys, match="chmod 0600"):
        read_keys(keys)


@pytest.mark.parametrize(
    "content", ['apiKey = "hidden', 'apikey = "hidden"', "", "apiKey = 17", 'apiKey = ""', 'apiKey = ["hidden"]', "\0"]
)
def test_a_file_that_is_wrong_is_refused_without_showing_it(keys: Path, content: str) -> None:
    keys.write_text(content)
    with pytest.raises(BadKeys) as refusal:
        read_keys(keys)
    assert "hidden" not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadKeys, match=r"none\.toml"):
        read_keys(tmp_path / "none.toml")


def test_keys_show_and_write_nothing_of_themselves(keys: Path) -> None:
    found = read_keys(keys)
    assert "nobody" not in f"{found} {found!r}"
    for write in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(BadKeys):
            write(found)


def test_errors_lose_queries_and_secrets_in_any_form() -> None:
    error = ValueError("GET https://x/y?signature=1&key=a+b failed: a+b, a%2Bb")
    assert without_secrets(error, ["a+b"]) == "ValueError: GET https://x/y?… failed: …, …"
