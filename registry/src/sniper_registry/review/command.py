"""``sniper registry check``."""

from pathlib import Path

import click

from sniper.cli import exit_codes
from sniper.cli.output import json_option, print_json


@click.command("check")
@click.argument("wheel", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--lock",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Dependencies to install, a line each; else they are resolved.",
)
@click.option("--static", is_flag=True, help="Read it alone, and run nothing.")
@json_option
@click.pass_context
def check(ctx: click.Context, wheel: Path, lock: Path | None, static: bool, as_json: bool) -> None:
    """See what a marketplace's review would find of WHEEL, before you send it.

    Its files are read, and its strategies and risk checks are held against their conformance suites in workers, which
    reach nothing. What only a marketplace knows, such as the release before, is not compared.

    Exit code 1 where something refuses it.
    """
    from sniper_registry.review.conformance.behaved import Behaved, findings
    from sniper_registry.review.finding import ordered, refused
    from sniper_registry.review.review import of_file

    found = list(of_file(wheel))
    behaved: tuple[Behaved, ...] = ()
    if not static and not refused(found):
        from sniper_registry.review.conformance.held import held

        behaved = held(wheel, tuple(lock.read_text().splitlines()) if lock else None)
        found += findings(behaved)
    if as_json:
        print_json(
            {"findings": [each.plain() for each in ordered(found)], "behaved": [each.plain() for each in behaved]}
        )
    else:
        for each in ordered(found):
            place = f" {each.file}:{each.line}" if each.file else ""
            click.echo(f"{each.weight:<7} {each.rule}{place}: {each.text}")
    if refused(found):
        ctx.exit(exit_codes.FAILURE)
