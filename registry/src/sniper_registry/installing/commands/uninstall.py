"""``sniper plugins uninstall``."""

import click

from sniper.cli.output import json_option, print_json
from sniper.environments import trust
from sniper.environments.environment import Environment
from sniper.environments.shelf import Shelf
from sniper_registry.installing.change import Change, damaged
from sniper_registry.installing.commands.options import dry_run_option, show
from sniper_registry.installing.installer import is_trusted


@click.command()
@click.argument("distribution")
@dry_run_option
@json_option
def uninstall(distribution: str, dry_run: bool, as_json: bool) -> None:
    """Take DISTRIBUTION off the shelf, with its environment.

    A run that uses it goes on; the files go with the first change after that run has ended.
    """
    shelf = Shelf()
    record = shelf.record(distribution)
    trusted = isinstance(record, Environment) and is_trusted(shelf, record)
    if not dry_run:
        with shelf.changing():
            shelf.remove(distribution)
            trust.withdraw(shelf.directory, distribution)
    if isinstance(record, Environment):
        show(Change(before=record, after=None, trusted=trusted), as_json=as_json, done=not dry_run)
    elif as_json:
        print_json({**damaged(distribution), "done": not dry_run})
    else:
        click.echo(f"uninstall {distribution}, whose record is damaged")
    if not as_json and not dry_run:
        name = record if isinstance(record, Environment) else f"{distribution}, whose record is damaged,"
        click.echo(f"{name} is uninstalled")
