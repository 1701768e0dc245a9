"""``sniper plugins test``."""

import contextlib
import io
import tomllib
from pathlib import Path

import click
import pytest

from sniper.catalogue import Catalogue
from sniper.cli import exit_codes
from sniper.cli.output import json_option, print_json
from sniper.errors import PluginError
from sniper_sdk.conformance.pytest_plugin import GENERIC
from sniper_sdk.installing import install_command


class Results:
    """Gathers what pytest reports: (suite, behaviour, outcome, message)."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str, str]] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """pytest's hook: a kind that the author's own tests hold is not tested by the generic suite again."""
        own = {base for item in items if not _is_generic(item) for base in _suites(item)}
        items[:] = [item for item in items if not (_is_generic(item) and _suites(item) & own)]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """pytest's hook, called for setup, call and teardown of each test."""
        if report.when != "call" and report.outcome == "passed":
            return
        parts = report.nodeid.split("::")
        suite, behaviour = (parts[-2] if len(parts) > 2 else Path(parts[0]).name), parts[-1]
        self.rows.append((suite, _sentence(behaviour), report.outcome, _message(report)))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """pytest's hook: a file that cannot be imported is a failure too."""
        if report.failed:
            self.rows.append((report.nodeid or "collection", "can be imported", "failed", str(report.longrepr)))


@click.command("test")
@click.argument("plugin", default=".", metavar="[DIST|PATH]")
@json_option
@click.pass_context
def check(ctx: click.Context, plugin: str, as_json: bool) -> None:
    """Run the conformance suite of an installed plugin: a distribution, or the package in PATH with its own tests.

    What the package's own tests hold already is not tested twice.

    Exit code 1 where something does not hold.
    """
    path = Path(plugin)
    distribution, own = (_project(path), path / "tests") if path.is_dir() else (plugin, None)
    _demand(distribution)
    rows = _run(distribution, own if own is not None and own.is_dir() else None)
    failed = [row for row in rows if row[2] == "failed"]
    if as_json:
        fields = ("suite", "behaviour", "outcome", "message")
        results = [dict(zip(fields, row, strict=True)) for row in rows]
        print_json({"distribution": distribution, "ok": not failed and bool(rows), "results": results})
    else:
        _print(distribution, rows)
    if failed or not rows:
        ctx.exit(exit_codes.FAILURE)


def _project(path: Path) -> str:
    file = path / "pyproject.toml"
    try:
        return str(tomllib.loads(file.read_text())["project"]["name"])
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise PluginError(
            f"{file} names no project ({type(error).__name__}); give a plugin's directory, or a distribution's name"
        ) from error


def _demand(distribution: str) -> None:
    found = Catalogue.survey()
    known = {each.origin.distribution for each in (*found.extensions, *found.disabled)}
    if distribution not in known | {problem.distribution for problem in found.problems}:
        raise PluginError(f"{distribution} is not installed in this environment; install it: {install_command('PATH')}")


def _run(distribution: str, own: Path | None) -> list[tuple[str, str, str, str]]:
    results = Results()
    arguments = ["--sniper-plugin", distribution, "-p", "no:terminal", "-p", "no:cacheprovider", "-W", "ignore"]
    paths = (
        [str(own)] if own else ["--rootdir", str(Path(__file__).parent), "-c", "/dev/null", "-o", "asyncio_mode=auto"]
    )
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        pytest.main([*arguments, *paths], plugins=[results])
    return results.rows


def _print(distribution: str, rows: list[tuple[str, str, str, str]]) -> None:
    marks = {"passed": click.style("ok  ", fg="green"), "failed": click.style("FAIL", fg="red"), "skipped": "skip"}
    for suite in dict.fromkeys(row[0] for row in rows):
        click.echo(click.style(suite, bold=True))
        for _, behaviour, outcome, message in (row for row in rows if row[0] == suite):
            click.echo(f"  {marks[outcome]} {behaviour}")
            for line in message.splitlines() if outcome != "passed" else ():
                click.echo(f"         {line}")
    counts = {outcome: sum(row[2] == outcome for row in rows) for outcome in marks}
    click.echo(f"{distribution}: " + ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count))


def _is_generic(item: pytest.Item) -> bool:
    return item.path == GENERIC


def _suites(item: pytest.Item) -> set[type]:
    """The suites of this package that an item's class derives from."""
    mro: tuple[type, ...] = getattr(getattr(item, "cls", None), "__mro__", ())
    return {base for base in mro if base.__module__.startswith(__package__) and base.__name__.endswith("Conformance")}


def _sentence(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ")


def _message(report: pytest.TestReport) -> str:
    """What an author must know: the assertion's own words, or why it was skipped; else the end of the traceback."""
    if report.outcome == "passed":
        return ""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(crash.message if crash is not None else report.longrepr)
    return "\n".join(text.removeprefix("AssertionError: ").splitlines()[:12])
