"""``sniper dev``."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import click

from sniper.cli import exit_codes
from sniper.cli.output import json_option

if TYPE_CHECKING:
    from sniper_sdk.dev.replayed import Replayed
    from sniper_sdk.levels.project import Project

_SUFFIXES: Final = (".py", ".toml", ".json", ".md")
_LOOK_MS: Final = 100
_SHOWN: Final = 10
_LONGEST: Final = 400
"""Characters of a decision."""


@click.command("dev")
@click.argument("directory", default=".", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--run",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Replay the journal of this run instead of what the suites draw.",
)
@click.option("--once", is_flag=True, help="Replay once, and do not watch.")
@click.option("--all", "whole", is_flag=True, help=f"Show every decision that changed, not {_SHOWN} of them.")
@click.option("--patience", default=120.0, show_default=True, help="Seconds that one replay may take.")
@json_option
@click.pass_context
def dev(
    ctx: click.Context, directory: Path, run: Path | None, once: bool, whole: bool, patience: float, as_json: bool
) -> None:
    """Watch the files of a plugin and re-run it on a replay at each change: which decisions are others now?

    DIRECTORY is that of its pyproject.toml. With --json, a line for each replay.
    """
    from sniper_sdk.dev.replayed import replay
    from sniper_sdk.levels.project import Project

    project = Project.of(str(directory))
    teller = _Teller(whole, as_json)
    for _ in _changes(project) if not once else iter([None]):
        begun = perf_counter()
        answer = replay(project.distribution, project.tests, run, patience)
        teller.tell(answer, perf_counter() - begun)
        if once and answer.error:
            ctx.exit(exit_codes.FAILURE)


def _changes(project: "Project") -> Iterator[None]:
    """At first, and whenever a file that matters has other contents. Ends when it is interrupted."""
    from watchfiles import DefaultFilter, watch

    class Sources(DefaultFilter):
        def __call__(self, change: Any, path: str) -> bool:  # Any: an enumeration of watchfiles
            return path.endswith(_SUFFIXES) and super().__call__(change, path)

    assert project.root is not None
    roots = sorted({project.root, project.package})
    seen: str | None = None
    # an empty answer of the watcher at first says that it watches: nothing is lost between that and the first replay
    for _ in watch(*roots, watch_filter=Sources(), debounce=200, step=50, rust_timeout=_LOOK_MS, yield_on_timeout=True):
        found = _contents(roots) if _ or seen is None else seen
        if found != seen:
            seen = found
            yield None


def _contents(roots: list[Path]) -> str:
    found = hashlib.sha256()
    for file in sorted({file for root in roots for suffix in _SUFFIXES for file in root.rglob(f"*{suffix}")}):
        if file.is_file() and not {".venv", "__pycache__", ".git"} & set(file.parts):
            found.update(f"{file}\0".encode())
            found.update(file.read_bytes())
    return found.hexdigest()


class _Teller:
    """Says what changed since the last replay that went well."""

    def __init__(self, whole: bool, as_json: bool) -> None:
        self._whole, self._as_json = whole, as_json
        self._last: tuple[tuple[str, str], ...] | None = None

    def tell(self, answer: "Replayed", seconds: float) -> None:
        from sniper_sdk.dev.differing import differences

        before, self._last = self._last, self._last if answer.error else answer.decisions
        changed = [] if answer.error or before is None else differences(before, answer.decisions)
        if self._as_json:
            told = {
                "decisions": len(answer.decisions),
                "seconds": round(seconds, 3),
                "error": answer.error,
                "changed": [{"where": each.where, "was": each.was, "now": each.now} for each in changed],
            }
            click.echo(json.dumps(told))
            return
        if answer.error:
            click.echo(f"{click.style('error', fg='red', bold=True)} {answer.error}; waiting for a change")
            return
        said = "the first replay" if before is None else f"{len(changed)} changed"
        click.echo(f"{len(answer.decisions)} decisions in {seconds:.1f} s: {said}")
        shown = changed if self._whole else changed[:_SHOWN]
        for each in shown:
            click.echo(f"  {each.where}")
            click.echo(f"    was {_short(each.was)}")
            click.echo(f"    now {_short(each.now)}")
        if len(shown) < len(changed):
            click.echo(f"  and {len(changed) - len(shown)} more (--all shows them)")


def _short(text: str | None) -> str:
    if text is None:
        return "no such decision"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
