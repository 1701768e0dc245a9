"""`sniper dev` as an author meets it: a real process, real files, and what it says after each change."""

import json
import os
import queue
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sniper_sdk.dev.differing import Difference, differences
from sniper_sdk.templates.package import write_package

HANGS_S = 60
"""Guards against hanging; nothing is timed."""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A new sizer, beside what an installer would have written of it."""
    directory = write_package("sizer", "moon-shot", tmp_path / "project")
    project = tomllib.loads((directory / "pyproject.toml").read_text())["project"]
    info = directory / "src" / "sniper_sizer_moon_shot-0.1.0.dist-info"
    info.mkdir()
    requires = "".join(f"Requires-Dist: {line}\n" for line in project["dependencies"])
    readme = (directory / "README.md").read_text()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.4\nName: {project['name']}\nVersion: 0.1.0\n{requires}\n{readme}"
    )
    (info / "entry_points.txt").write_text("[sniper.plugins]\nsizer-moon-shot = sniper_sizer_moon_shot\n")
    return directory


@pytest.fixture
def source(package: Path) -> Path:
    return package / "src" / "sniper_sizer_moon_shot" / "sizer.py"


def started(package: Path, *options: str) -> "subprocess.Popen[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {"PYTHONPATH": str(package / "src"), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "sniper", "dev", *options]
    return subprocess.Popen(
        command, cwd=package, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


Told = Callable[[], dict[str, Any]]


@pytest.fixture
def told(package: Path) -> Iterator[Told]:
    """What the running command says next."""
    process = started(package, "--json")
    assert process.stdout is not None
    lines: queue.Queue[str] = queue.Queue()
    output = process.stdout

    def read() -> None:
        for line in output:
            lines.put(line)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield lambda: json.loads(lines.get(timeout=HANGS_S))
    finally:
        process.terminate()
        process.wait(HANGS_S)
        reader.join(HANGS_S)


def test_each_change_is_replayed_and_told_and_a_half_saved_file_ends_nothing(source: Path, told: Told) -> None:
    first = told()
    assert first["error"] == ""
    assert first["decisions"] > 10
    assert first["changed"] == []

    sound = source.read_text()
    source.write_text(sound.replace("// BPS", "// (2 * BPS)"))
    second = told()
    assert second["decisions"] == first["decisions"]
    assert second["changed"]
    for each in second["changed"]:
        assert each["where"].startswith("TestMoonShot ")
        assert each["was"] != each["now"]

    source.write_text(sound[: len(sound) // 2] + "\ndef (")
    broken = told()
    assert "SyntaxError" in broken["error"]
    assert broken["decisions"] == 0

    source.write_text(sound.replace("// BPS", "// (2 * BPS)") + "\n# as it was before it broke\n")
    assert told()["changed"] == [], "it is compared with the last replay that went well"

    source.write_text(sound)
    assert {each["where"] for each in told()["changed"]} == {each["where"] for each in second["changed"]}


def test_what_is_saved_without_a_change_is_not_replayed(package: Path, source: Path, told: Told) -> None:
    told()
    text = source.read_text()
    source.write_text(text)
    (package / "notes.txt").write_text("no source")
    source.write_text(text.replace("// BPS", "// (2 * BPS)"))
    assert told()["changed"], "the first answer after the first replay is that of the change"


@pytest.mark.long
def test_tests_and_config_are_watched_too(package: Path, told: Told) -> None:
    first = told()
    file = package / "tests" / "test_conformance.py"
    file.write_text(file.read_text().replace("config = MoonShotConfig()", "config = MoonShotConfig(share_bps=1)"))
    assert told()["changed"]
    assert first["changed"] == []


def test_once_tells_it_and_ends(package: Path, source: Path) -> None:
    process = started(package, "--once")
    output, _ = process.communicate(timeout=HANGS_S)
    assert process.returncode == 0, output
    assert "the first replay" in output
    source.write_text("raise RuntimeError('no')\n")
    process = started(package, "--once", "--json")
    output, _ = process.communicate(timeout=HANGS_S)
    assert process.returncode == 1
    assert "no" in json.loads(output)["error"]


@pytest.mark.long
def test_a_replay_that_does_not_end_is_ended(package: Path, source: Path) -> None:
    source.write_text(source.read_text() + "\nwhile True:\n    pass\n")
    process = started(package, "--once", "--json", "--patience", "5")
    output, _ = process.communicate(timeout=HANGS_S)
    assert process.returncode == 1
    assert "took more than 5 s" in json.loads(output)["error"]


def test_differences_are_by_place() -> None:
    before = (("a", "1"), ("b", "2"), ("c", "3"))
    after = (("a", "1"), ("b", "5"), ("d", "4"))
    assert differences(before, after) == [
        Difference("b", "2", "5"),
        Difference("d", None, "4"),
        Difference("c", "3", None),
    ]
    assert differences(after, after) == []
