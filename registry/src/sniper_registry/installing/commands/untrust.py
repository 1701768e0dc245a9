"""``sniper plugins untrust``."""

import click

from sniper.cli.output import json_option, print_json
from sniper.environments import trust as trusting
from sniper.environments.shelf import Shelf


@click.command()
@click.argument("distribution")
@json_option
def untrust(distribution: str, as_json: bool) -> None:
    """No longer let DISTRIBUTION run in sniper itself: from the next start on it is isolated again."""
    shelf = Shelf()
    with shelf.changing():
        environment = shelf.demand(distribution)
        trusting.withdraw(shelf.directory, distribution)
    if as_json:
        print_json({"distribution": distribution, "version": environment.version, "trusted": False})
    else:
        click.echo(f"{environment} runs isolated from the next start on")
