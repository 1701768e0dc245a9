"""``sniper plugins uninstall``."""

import click

from sniper.cli.output import json_option
from sniper.environments import trust
from sniper.environments.shelf import Shelf
from sniper_registry.installing.change import Change
from sniper_registry.installing.commands.options import dry_run_option, show
from sniper_registry.installing.installer import is_trusted


@click.command()
@click.argument("distribution")
@dry_run_option
@json_option
def uninstall(distribution: str, dry_run: bool, as_json: bool) -> None:
    """Take DISTRIBUTION off the shelf, with its environment. Stop a run that uses it first."""
    shelf = Shelf()
    environment = shelf.demand(distribution)
    change = Change(before=environment, after=None, trusted=is_trusted(shelf, environment))
    if not dry_run:
        with shelf.changing():
            shelf.remove(distribution)
            trust.withdraw(shelf.directory, distribution)
    show(change, as_json=as_json, done=not dry_run)
    if not as_json and not dry_run:
        click.echo(f"{change.before} is uninstalled")
