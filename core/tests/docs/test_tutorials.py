"""Each tutorial is followed to its end, in an empty directory, by somebody who does nothing else than what it says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pages import ROOT, TUTORIALS, Block, blocks
from reader import Departed, Reader, agrees, steps


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_who_follows_a_tutorial_gets_what_it_shows(page: Path, tmp_path: Path) -> None:
    found = blocks(page, "sh", "console", "python", "toml", "md", "solidity")
    assert any(block.language == "console" for block in found)
    with Reader(tmp_path) as reader:
        for block in found:
            reader.follow(block)
    style(reader.written)


def style(files: list[Path]) -> None:
    """Each package, and what lies outside of packages, is in the style that `plugins new` sets."""
    roots: dict[Path, set[str]] = {}
    for file in (file for file in files if file.suffix == ".py"):
        root = next((place for place in file.parents if (place / "pyproject.toml").exists()), file.parent)
        roots.setdefault(root, set()).add(str(file))
    settings = ("--isolated", "--no-cache", "--line-length", "120")
    for root, code in roots.items():
        for command in (("check", *settings, "--select", "E,F,W,I,UP,B,SIM"), ("format", *settings, "--diff")):
            ruff = [sys.executable, "-m", "ruff", *command, *sorted(code)]
            done = subprocess.run(ruff, cwd=root, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr


def test_every_tutorial_is_listed_in_the_order_of_reading() -> None:
    listed = re.findall(r"\]\(([\w-]+\.md)\)", (ROOT / "docs/tutorials/index.md").read_text())
    assert sorted(set(listed)) == [page.name for page in TUTORIALS]


def block(language: str, text: str) -> Block:
    return Block(ROOT / "page.md", 1, language, text)


def test_a_reader_stays_in_one_shell(tmp_path: Path) -> None:
    with Reader(tmp_path) as reader:
        reader.follow(block("sh", "mkdir here && cd here\nNAME=you\ncat > a <<'EOF'\nhello\nEOF\n"))
        reader.follow(block("toml", "# deep/b.toml\nx = 1\n"))
        reader.follow(
            block("console", "$ cat a; echo $NAME; cat \\\n    deep/b.toml\nhello\nyou\nx = 1\n$ false\n$ echo $?\n1\n")
        )
    assert (tmp_path / "here/deep/b.toml").read_text() == "x = 1\n"


@pytest.mark.parametrize(
    ("language", "text"),
    [("sh", "true\nfalse\n"), ("console", "$ echo one\ntwo\n"), ("console", "$ false\n"), ("console", "$ echo one\n")],
)
def test_a_reader_stops_where_a_page_is_wrong(language: str, text: str, tmp_path: Path) -> None:
    with Reader(tmp_path) as reader, pytest.raises(Departed):
        reader.follow(block(language, text))


def test_nothing_that_a_reader_started_goes_on(tmp_path: Path) -> None:
    with Reader(tmp_path) as reader:
        reader.follow(block("sh", "sleep 1000 & echo $! > pid\n"))
        pid = int((tmp_path / "pid").read_text())
    assert not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]


def test_dots_stand_for_anything() -> None:
    assert agrees("a … c\n…\nend", "a b c\n1\n2\nend\n")
    assert agrees("…\nend", "end")
    assert not agrees("a … c", "a b c\nmore")
    assert not agrees("", "something")


def test_a_command_goes_on_where_its_line_says_so() -> None:
    found = [step.command for step in steps(block("sh", "# why\na \\\n  b\n\nc\n"))]
    assert found == ["a \\\n  b", "c"]
