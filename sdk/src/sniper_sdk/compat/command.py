"""``sniper plugins check-compat``."""

from pathlib import Path

import click

from sniper.cli import exit_codes
from sniper.cli.output import json_option, print_json


@click.command("check-compat")
@click.argument("wheel", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--against", metavar="VERSION", help="A kept API instead of that of the installed sniper-core.")
@click.option("--strict", is_flag=True, help="Warnings fail, too.")
@json_option
@click.pass_context
def check_compat(ctx: click.Context, wheel: Path, against: str | None, strict: bool, as_json: bool) -> None:
    """Say from a plugin's wheel alone whether it works with this version of sniper; nothing of it is run.

    Reads what it requires and offers, and what its code uses of the API.

    Exit code 1 where it does not work.
    """
    from sniper_sdk.compat.check import problems
    from sniper_sdk.compat.model import api_of
    from sniper_sdk.compat.reading import installed_api
    from sniper_sdk.compat.wheel import read_wheel

    read = read_wheel(wheel)
    api = installed_api() if against is None else api_of(against)
    found = problems(read, api)
    works = not any(each.severity == "error" or strict for each in found)
    if as_json:
        fields = ("severity", "code", "place", "message")
        told = [{field: getattr(each, field) for field in fields} for each in found]
        named = {"distribution": read.distribution, "version": read.version, "core": api.version}
        print_json({**named, "works": works, "problems": told})
    else:
        for each in found:
            mark = click.style(each.severity, fg="red" if each.severity == "error" else "yellow")
            click.echo(f"{mark} {each.place}: {each.message} [{each.code}]")
        verdict = "works" if works else "does not work"
        click.echo(f"{read.distribution} {read.version} {verdict} with sniper-core {api.version}")
    if not works:
        ctx.exit(exit_codes.FAILURE)
