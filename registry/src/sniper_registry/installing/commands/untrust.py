"""``sniper plugins untrust``."""

import click

from sniper.cli.output import json_option, print_json
from sniper.environments import trust as trusting
from sniper.environments.environment import Environment
from sniper.environments.shelf import Shelf
from sniper.errors import PluginError


@click.command()
@click.argument("distribution")
@json_option
def untrust(distribution: str, as_json: bool) -> None:
    """No longer let DISTRIBUTION run in sniper itself: from the next start on it is isolated again."""
    shelf = Shelf()
    with shelf.changing():
        record = shelf.record(distribution)
        trusting.withdraw(shelf.directory, distribution)
    if as_json:
        version = record.version if isinstance(record, Environment) else None
        print_json({"distribution": distribution, "version": version, "trusted": False})
    else:
        click.echo(
            f"{distribution if isinstance(record, PluginError) else record} runs isolated from the next start on"
        )
