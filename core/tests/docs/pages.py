"""The pages that people wrote, cut into their fenced blocks."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parents[3]
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
GENERATED = {ROOT / "docs" / name for name in ("hooks.md", "config.md", "cli.md", "errors.md")}
"""Held by `scripts/reference.py --check`, and by the tests of hooks and settings."""
TUTORIALS = sorted(page for page in ROOT.glob("docs/tutorials/*.md") if page.name != "index.md")
"""Followed step by step by test_tutorials.py."""
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(page for page in ROOT.glob("docs/**/*.md") if page not in GENERATED),
        *ROOT.glob("deploy/**/*.md"),
        ROOT / "sdk/README.md",
        ROOT / "registry/README.md",
    ]
)
_BLOCK = re.compile(r"^( *)(`{3,})(\w*)\n(.*?)^\1\2$", re.DOTALL | re.MULTILINE)
_NAME = re.compile(r"# ([\w./-]+\.(?:py|toml|md))\n")


@dataclass(frozen=True)
class Block:
    """``language``: what stands behind the fence. ``line``: of the fence, from 1."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def name(self) -> str:
        """The file that the first line names, as in ``# src/sniper_acme/peg.py``; empty where it names none."""
        found = _NAME.match(self.text)
        return found[1] if found else ""

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path, *languages: str) -> list[Block]:
    """The blocks of a page in one of these languages; those inside of lists without their indentation."""
    text = page.read_text()
    found = (
        Block(page, text.count("\n", 0, match.start()) + 1, match[3], dedent(match[4]))
        for match in _BLOCK.finditer(text)
    )
    return [block for block in found if block.language in languages]


def all_blocks(*languages: str) -> list[Block]:
    """The same of all pages but the tutorials."""
    return [block for page in PAGES if page not in TUTORIALS for block in blocks(page, *languages)]


def prose(page: Path) -> str:
    """A page without its blocks."""
    return _BLOCK.sub("", page.read_text())


def links(text: str) -> Iterator[str]:
    """Where the links of a text lead."""
    for match in re.finditer(r"\]\(([^)\s]+)\)", text):
        yield match[1]
