"""``sniper plugins test``."""

from pathlib import Path

import click

from sniper.cli import exit_codes
from sniper.cli.output import json_option, print_json, print_table
from sniper.errors import PluginError
from sniper_sdk.levels.award import Award, award
from sniper_sdk.levels.project import Project
from sniper_sdk.levels.rules import LEVELS
from sniper_sdk.levels.session import Result
from sniper_sdk.levels.statement import write_statement

_COLOURS = {"bronze": "yellow", "silver": "white", "gold": "bright_yellow", "platinum": "bright_cyan"}
_SHOWN = 5


@click.command("test")
@click.argument("plugin", default=".", metavar="[DIST|PATH]")
@click.option("--list", "kind", metavar="KIND", help="Print what the suite of a kind checks, and run nothing.")
@click.option("--level", "demanded", type=click.Choice(LEVELS), help="Fail below this level.")
@click.option("--no-level", "plain", is_flag=True, help="Run the suites alone, without measuring: faster.")
@click.option("--long", is_flag=True, help="Run tests that are marked long, too.")
@click.option(
    "--write",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the level there, for `sniper registry publish`.",
)
@json_option
@click.pass_context
def check(
    ctx: click.Context,
    plugin: str,
    kind: str | None,
    demanded: str | None,
    plain: bool,
    long: bool,
    file: Path | None,
    as_json: bool,
) -> None:
    """Run the conformance suite of an installed plugin and say its level: bronze, silver, gold or platinum.

    A distribution, or the package in PATH with its own tests. What these hold already is not tested twice.

    Exit code 1 where something does not hold, or the level is below the one demanded.
    """
    if kind is not None:
        _list(kind, as_json)
        return
    if plain and (demanded or file):
        raise click.UsageError("--level and --write need what --no-level leaves out; give one of them")
    found = award(Project.of(plugin), measured=not plain, long=long)
    if as_json:
        print_json(found.told())
    else:
        _print(found)
    if file is not None and found.ok:
        write_statement(found, file)
    below = demanded is not None and (found.level is None or LEVELS.index(found.level) < LEVELS.index(demanded))
    if not found.ok or below:
        ctx.exit(exit_codes.FAILURE)


def _list(kind: str, as_json: bool) -> None:
    from sniper_sdk.conformance.listing import behaviours, suites_of

    suites = suites_of(kind)
    if not suites:
        from sniper.catalogue import CONTRACTS

        raise PluginError(f"there is no suite for {kind!r}; kinds are {', '.join(sorted({*CONTRACTS, 'exchange'}))}")
    told = {suite.__name__: behaviours(suite) for suite in suites}
    if as_json:
        print_json(
            {name: [{"behaviour": each.name, "what": each.what} for each in found] for name, found in told.items()}
        )
        return
    for name, found in told.items():
        click.echo(click.style(f"{name}: {len(found)} behaviours", bold=True))
        for each in found:
            click.echo(f"  {each.what}")


def _print(found: Award) -> None:
    results, distribution = found.outcome.results, found.project.distribution
    marks = {"passed": click.style("ok  ", fg="green"), "failed": click.style("FAIL", fg="red"), "skipped": "skip"}
    for suite in dict.fromkeys(each.suite for each in results):
        click.echo(click.style(suite, bold=True))
        for each in (each for each in results if each.suite == suite):
            click.echo(f"  {marks[each.outcome]} {each.behaviour}")
            _indent(each)
    counts = {outcome: sum(each.outcome == outcome for each in results) for outcome in marks}
    click.echo(f"{distribution}: " + ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count))
    if found.judged:
        click.echo()
        _print_level(found)


def _indent(result: Result) -> None:
    for line in result.message.splitlines() if result.outcome != "passed" else ():
        click.echo(f"         {line}")


def _print_level(found: Award) -> None:
    rows = [
        (
            "ok" if each.holds else "-",
            each.rule.level,
            each.rule.id,
            f"{each.measured.value:g}",
            each.rule.threshold,
            each.rule.what,
        )
        for each in found.judged
    ]
    print_table(("", "level", "rule", "is", "must be", "what"), rows)
    level = found.level
    name = click.style(level, fg=_COLOURS[level], bold=True) if level else "no level yet"
    click.echo(f"{found.project.distribution} {found.project.version}: {name}")
    if found.next is None:
        return
    click.echo(f"for {found.next}:")
    for each in found.missing:
        click.echo(f"  {each.rule.id}: {each.measured.value:g}, must be {each.rule.threshold}: {each.rule.mend}")
        for line in each.measured.found[:_SHOWN]:
            click.echo(f"      {line}")
        if len(each.measured.found) > _SHOWN:
            click.echo(f"      and {len(each.measured.found) - _SHOWN} more (--json shows all)")
