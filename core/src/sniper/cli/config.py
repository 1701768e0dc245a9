"""``sniper config``: check and show the config file."""

from pathlib import Path
from typing import Any

import click

from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json
from sniper.settings import file
from sniper.settings.toml import inline


@click.command()
@click.argument("path", metavar="[FILE]", required=False, type=click.Path(dir_okay=False, path_type=Path))
@json_option
@click.pass_obj
def check(invocation: Invocation, path: Path | None, as_json: bool) -> None:
    """Check FILE, or the config file in use: its keys, its values, and the plugins that it names."""
    invocation.config = path or invocation.config
    resolved = invocation.resolved()
    source = resolved.settings.source
    if as_json:
        print_json(
            {
                "file": str(source),
                "mode": resolved.mode.value,
                "accounts": [each.name for each in resolved.accounts],
                "refused": list(resolved.refused),
            }
        )
        return
    for line in resolved.refused:
        click.echo(f"warning: {line}", err=True)
    counts = (
        f"{len(resolved.accounts)} account(s), {sum(len(each.strategies) for each in resolved.accounts)} strategies"
    )
    click.echo(f"{source}: in order. Mode {resolved.mode}, {counts}.")


@click.command()
@json_option
@click.option("--canonical", is_flag=True, help="Print the exact text that the journal keeps.")
@click.pass_obj
def show(invocation: Invocation, as_json: bool, canonical: bool) -> None:
    """Show all settings with their defaults, as a run would use them. Secrets are left out."""
    resolved = invocation.resolved()
    if canonical:
        click.echo(resolved.canonical())
    elif as_json:
        print_json(resolved.manifest())
    else:
        click.echo(f"# {file.demand(invocation.config)}, with defaults")
        _print_tables("", resolved.manifest())


def _print_tables(path: str, table: dict[str, Any]) -> None:
    values = {key: value for key, value in table.items() if not isinstance(value, dict)}
    if values:
        click.echo(f"\n[{path}]" if path else "")
    for key, value in values.items():
        click.echo(f"{key} = {inline(value)}" if value is not None else f"# {key} is not set")
    for key, value in table.items():
        if isinstance(value, dict):
            _print_tables(f"{path}.{key}".lstrip("."), value)
