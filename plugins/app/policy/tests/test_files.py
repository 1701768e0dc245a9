import errno
import hashlib
import json
import os
import pickle
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from sniper_app_policy.files import AddressList, PolicyFile

ONE, OTHER = "0x" + "aB" * 20, "0x" + "12" * 20
HEAD = "# date: 2026-11-20\n# Source: a ministry\n"


def written(directory: Path, name: str, text: str) -> str:
    path = directory / name
    path.write_text(text)
    return str(path)


def refusal(place: object) -> str:
    with pytest.raises(ValidationError) as refused:
        AddressList.model_validate(place)
    return str(refused.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.txt", f"{HEAD}\n{ONE}  # somebody\n{OTHER}\n{ONE.lower()}\n"),
        ("list.csv", f'{HEAD}name,Address\n"A, B",{ONE}\nC,{OTHER}\n'),
        ("list.json", json.dumps({"date": "2026-11-20", "source": "a ministry", "addresses": [ONE, OTHER]})),
    ],
)
def test_text_csv_and_json_say_the_same(tmp_path: Path, name: str, text: str) -> None:
    place = written(tmp_path, name, text)
    read = AddressList.model_validate(place)
    assert read.listed == {ONE.lower(), OTHER}
    assert (read.date, read.source) == (date(2026, 11, 20), "a ministry")
    assert read.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert pickle.loads(pickle.dumps(read)).listed == read.listed


def test_the_config_may_say_day_and_source_of_a_bare_list(tmp_path: Path) -> None:
    place = written(tmp_path, "list.txt", ONE)
    read = AddressList.model_validate({"path": place, "date": "2026-11-01", "source": "compliance"})
    assert (read.date, read.source) == (date(2026, 11, 1), "compliance")


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.txt", ONE, "does not say of which day it is"),
        ("a.txt", f"# date: 2026-11-20\n{ONE}", "does not say whose list it is"),
        ("a.txt", HEAD, "lists no address at all"),
        (
            "a.txt",
            f"{HEAD}{ONE}\n1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa\n",
            "a.txt:4: '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa'",
        ),
        ("a.txt", f"# date: yesterday\n# source: x\n{ONE}", "the date 'yesterday' is none"),
        ("a.csv", f"{HEAD}name,wallet\nA,{ONE}\n", "no column called address, but name, wallet"),
        ("a.csv", f"{HEAD}name,address\nA\n", "a.csv:4: '' is no address"),
        ("a.json", "{", "is no JSON"),
        ("a.json", "[" * 100_000, "is no JSON"),
        ("a.json", "[]", "is no JSON table"),
        ("a.json", '{"addresses": [1]}', "is no JSON table"),
        ("a.json", '{"addresses": ["0x1"]}', "a.json:1: '0x1' is no address"),
    ],
)
def test_a_list_that_cannot_be_relied_on_is_refused(tmp_path: Path, name: str, text: str, told: str) -> None:
    assert told in refusal(written(tmp_path, name, text))


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    assert "No such file or directory; without it nothing is started" in refusal(str(tmp_path / "gone.txt"))
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe")
    assert "is no UTF-8 text" in refusal(str(tmp_path / "bytes.txt"))
    assert "Is a directory" in refusal(str(tmp_path))
    assert "is a relative path" in refusal("list.txt")
    assert "cannot be read" in refusal("no_such_package:list.txt")


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read everything, and tests may run as root: so the refusal is the test's own."""

    def refused(path: Path, mode: str) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    place = written(tmp_path, "list.txt", HEAD + ONE)
    monkeypatch.setattr(Path, "open", refused)
    assert "Permission denied" in refusal(place)


def test_another_file_than_the_one_that_was_checked_is_refused(tmp_path: Path) -> None:
    place = written(tmp_path, "house.cedar", "// one")
    digest = PolicyFile.model_validate(place).sha256
    assert PolicyFile.model_validate({"path": place, "sha256": digest}).text == "// one"
    written(tmp_path, "house.cedar", "// two")
    with pytest.raises(ValidationError, match="it is another file than the one that was checked"):
        PolicyFile.model_validate({"path": place, "sha256": digest})
