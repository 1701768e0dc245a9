"""Every command on a page exists and takes what is given to it. Nothing is run."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import click
import pytest
from pages import PAGES, ROOT, all_blocks, prose

from sniper.cli.root import root

TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
_SEPARATORS = re.compile(r"\s(?:\||\|\||&&|;|>>?|<)\s")
_ENVIRONMENT = re.compile(r"[A-Z_]+=\S*")
Command = tuple[str, str]


def shown() -> Iterator[Command]:
    """(where, command) of each command in a shell block, of each line behind a prompt, and of those in the text."""
    for block in all_blocks("sh", "console"):
        text = block.text.replace("\\\n", " ")
        for line in text.splitlines():
            if block.language == "console":
                if not line.startswith("$ "):
                    continue
                line = line[2:]
            for command in _SEPARATORS.split(f"{line.partition(' #')[0]} "):
                yield str(block), command.strip()
    for page in PAGES:
        for inline in re.findall(r"`((?:sniper|make) [^`]+)`", prose(page)):
            yield str(page.relative_to(ROOT)), inline


def commands(program: str) -> list[Any]:
    found = []
    for where, command in shown():
        words = [word for word in shlex.split(command) if not _ENVIRONMENT.fullmatch(word)]
        if words and words[0].rpartition("/")[2] == program:
            found.append(pytest.param(words[1:], id=f"{where} {command}"))
    return found


@pytest.mark.parametrize("words", commands("sniper"))
def test_a_command_of_sniper_exists_and_takes_its_arguments(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(click.Path, "convert", lambda self, value, param, ctx: value)  # files of an example
    command: click.Command = root()
    context = command.make_context("sniper", list(words), resilient_parsing=len(words) == 0)
    rest = [*context._protected_args, *context.args]
    while isinstance(command, click.Group) and rest:
        name, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command, bare = found, not rest  # `sniper why` in the text is the command itself
        context = found.make_context(name, list(rest), parent=context, resilient_parsing=bare)
        rest = [*context._protected_args, *context.args] if isinstance(command, click.Group) else []


@pytest.mark.parametrize("words", commands("make"))
def test_a_make_target_exists(words: list[str]) -> None:
    targets = {word for word in words if "=" not in word}
    assert targets <= TARGETS, f"the Makefile has no {', '.join(targets - TARGETS)}"
