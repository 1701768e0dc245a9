"""The review of whole wheels: their files, permissions against the last release, licences."""

import json
import stat
import zipfile
from pathlib import Path

import pytest

from sniper_registry.errors import PublishRefused
from sniper_registry.review import archive, licence, permissions
from sniper_registry.review.finding import Finding, Weight, ordered, refused
from sniper_registry.review.review import review
from sniper_registry.wheel import parse
from sniper_sdk.levels.statement import contents_of_wheel

from .wheels import broken, described, wheel


def rules(findings: tuple[Finding, ...], weight: Weight = Weight.REFUSE) -> set[str]:
    return {each.rule for each in findings if each.weight is weight}


def test_an_honest_wheel_is_refused_nothing_and_shown_nothing(tmp_path: Path) -> None:
    made = wheel(tmp_path)
    found = review(made, described(made), None)
    assert not refused(found)
    assert rules(found, Weight.LOOK) == set()


@pytest.mark.parametrize(
    ("path", "data", "rule"),
    [
        ("{package}/evil.pth", "import os", "at-start"),
        ("evil.pth", "import os", "at-start"),
        ("sitecustomize.py", "", "at-start"),
        ("{package}/conftest.py", "", "at-start"),
        ("other/__init__.py", "", "outside"),
        ("{package}-1.0.0.data/scripts/run", "#!/bin/sh", "outside"),
        ("numpy.py", "", "outside"),
        ("{package}/x.pyc", b"\0", "binary"),
        ("{package}/__pycache__/x.cpython-311.pyc", b"\0", "binary"),
        ("../escape.py", "", "path"),
        ("/etc/cron.d/x", "", "path"),
        ("{package}/a\\b.py", "", "path"),
        ("{package}/STRATEGY.py", "", "path"),
        ("{package}/latin.py", b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "unreadable"),
        ("{package}/rot.py", "# coding: rot13\nvzcbeg bf\n", "unreadable"),
        ("{package}/rot.py", "# coding: utf-7\nx = 1\n", "unreadable"),
        ("{package}/broken.py", "def (", "unreadable"),
        ("{package}/deep.py", "x = " + "(" * 300 + ")" * 300, "unreadable"),
        ("{package}/huge.py", "#" * (archive.LARGEST_SOURCE + 1), "unreadable"),
        ("{package}/bomb.txt", b"0" * (archive.LARGEST_MEMBER + 1), "too-much"),
        ("{package}/steal.py", "import base64\nexec(base64.b64decode('eA=='))\n", "decoded-code"),
    ],
)
def test_what_no_wheel_of_a_plugin_may_hold_is_refused(tmp_path: Path, path: str, data: str | bytes, rule: str) -> None:
    made = wheel(tmp_path, files={path: data})
    assert rule in rules(review(made, described(made), None))


def test_a_wheel_whose_module_cannot_be_unpacked_is_refused(tmp_path: Path) -> None:
    made = broken(wheel(tmp_path), "sniper_strategy_turtle/strategy.py")
    found = list(archive.reviewed(made, ()))
    assert [(each.rule, each.weight) for each in found] == [("unreadable", Weight.REFUSE)]
    assert "unreadable" in rules(review(made, described(made), None))


def test_a_record_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    made = wheel(tmp_path, files={"{info}/RECORD": "x" * 131_073}, record=False)
    assert "unreadable" in rules(review(made, described(made), None))


@pytest.mark.parametrize("member", ["METADATA", "entry_points.txt"])
def test_metadata_that_cannot_be_unpacked_are_refused(tmp_path: Path, member: str) -> None:
    made = broken(wheel(tmp_path), f"sniper_strategy_turtle-1.0.0.dist-info/{member}")
    with pytest.raises(PublishRefused, match="is damaged"):
        parse(made.name, made.read_bytes())


def test_machine_code_is_shown_to_a_person(tmp_path: Path) -> None:
    made = wheel(tmp_path, files={"{package}/fast.cpython-311-x86_64-linux-gnu.so": b"\x7fELF"})
    assert "binary" in rules(review(made, described(made), None), Weight.LOOK)


def test_a_record_that_does_not_list_what_is_there_is_refused(tmp_path: Path) -> None:
    made = wheel(tmp_path, record=False)
    assert "record" in rules(review(made, described(made), None))
    made = wheel(tmp_path)
    with zipfile.ZipFile(made, "a") as opened:
        opened.writestr("sniper_strategy_turtle/later.py", "x = 1")
    assert "record" in rules(review(made, described(made), None))


def test_two_members_of_one_name_are_refused_before_either_is_read(tmp_path: Path) -> None:
    made = wheel(tmp_path)
    with zipfile.ZipFile(made, "a") as opened, pytest.warns(UserWarning, match="Duplicate"):
        opened.writestr("sniper_strategy_turtle/strategy.py", "import os\nos.system('x')")
    assert rules(review(made, described(made), None)) == {"path"}


def test_a_link_is_refused(tmp_path: Path) -> None:
    made = wheel(tmp_path)
    with zipfile.ZipFile(made, "a") as opened:
        link = zipfile.ZipInfo("sniper_strategy_turtle/link.py")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc/passwd")
    assert "path" in rules(review(made, described(made), None))


def test_a_file_that_is_no_wheel_is_refused(tmp_path: Path) -> None:
    made = tmp_path / "sniper_strategy_turtle-1.0.0-py3-none-any.whl"
    made.write_bytes(b"PK\x03\x04 no")
    assert rules(review(made, described(made), None)) == {"unreadable"}


def test_a_damaged_member_is_refused_and_not_passed_over(tmp_path: Path) -> None:
    made = wheel(tmp_path, files={"{package}/data.txt": "x" * 5000})
    data = bytearray(made.read_bytes())
    at = data.index(b"data.txt") + len(b"data.txt")
    data[at + 3] ^= 0xFF
    made.write_bytes(bytes(data))
    assert "unreadable" in rules(review(made, described(made), None))


def test_permissions_of_an_update_are_told_against_the_last_release() -> None:
    found = permissions.reviewed(("network:a.example", "secret:key"), ("network:a.example", "read:/srv/x"))
    assert [(each.weight, each.text.partition(":")[0]) for each in ordered(found)] == [
        (Weight.LOOK, "asks anew for secret"),
        (Weight.NOTE, "asks for network"),
        (Weight.NOTE, "no longer asks for read"),
    ]
    assert permissions.reviewed(("network:a.example",), None)[0].weight is Weight.LOOK, "a first release is looked at"
    assert "no worker can be given that" in permissions.reviewed(("network:*",), ())[0].text


@pytest.mark.parametrize(
    ("text", "paid", "weight"),
    [
        ("Apache-2.0", False, Weight.NOTE),
        ("MIT OR Apache-2.0", False, Weight.NOTE),
        ("GPL-3.0-only", False, Weight.NOTE),
        ("LicenseRef-Acme", True, Weight.LOOK),
        ("MIT", True, Weight.LOOK),
        ("free for all", False, Weight.REFUSE),
        ("", False, Weight.REFUSE),
        ("Apache 2", False, Weight.REFUSE),
    ],
)
def test_a_licence_is_one_that_a_machine_understands(text: str, paid: bool, weight: Weight) -> None:
    assert ordered(licence.reviewed(text, paid=paid))[0].weight is weight


def test_an_update_that_changes_licence_or_is_silent_is_looked_at(tmp_path: Path) -> None:
    first = described(wheel(tmp_path))
    made = wheel(tmp_path, version="1.1.0", licence="MIT")
    found = review(made, described(made, licence="MIT", changelog=" "), first)
    assert rules(found, Weight.LOOK) == {"licence", "changelog"}


def test_findings_survive_being_stored() -> None:
    finding = Finding("loot", Weight.REFUSE, "names x", "a.py", 3)
    assert Finding.of(finding.plain()) == finding


def test_a_claimed_level_is_held_against_the_wheel_and_left_to_a_person(tmp_path: Path) -> None:
    made = wheel(tmp_path)
    release = described(made)
    told = {"distribution": release.name, "version": "1.0.0", "level": "gold", "contents": contents_of_wheel(made)}

    def found(**other: str) -> Finding:
        claim = json.dumps({**told, **other}).encode()
        return next(each for each in review(made, release, None, claim) if each.rule == "level")

    assert found().weight is Weight.LOOK
    assert "gold is claimed of this very code" in found().text
    for wrong in ({"contents": "0" * 64}, {"version": "2.0.0"}, {"distribution": "sniper-amm-x"}, {"level": "diamond"}):
        assert found(**wrong).weight is Weight.REFUSE
    for nonsense in (b"[]", b"{", b"null"):
        assert "level" in rules(review(made, release, None, nonsense))
