"""``sniper plugins new``."""

from pathlib import Path

import click

from sniper_sdk.installing import install_command
from sniper_sdk.templates.package import KINDS, write_package


@click.command("new")
@click.argument("kind", type=click.Choice(sorted(KINDS)))
@click.argument("name")
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write it. Default: ./sniper-KIND-NAME.",
)
def new(kind: str, name: str, directory: Path | None) -> None:
    """Write a plugin package that passes its tests at once: pyproject.toml, code, conformance tests and README."""
    where = write_package(kind, name, directory or Path(f"sniper-{KINDS[kind].of or kind}-{name}"))
    click.echo(f"wrote {where}")
    click.echo(f"next: {install_command(where)} && sniper plugins test {where}")
