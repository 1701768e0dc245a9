"""``sniper plugins trust``."""

import sys
import time

import click

from sniper.cli.output import json_option, print_json
from sniper.environments import revocations
from sniper.environments import trust as trusting
from sniper.environments.manifest import check
from sniper.environments.shelf import Shelf
from sniper_registry.installing.hostable import demand_hostable, host_path
from sniper_registry.installing.refused import NotAccepted


@click.command()
@click.argument("distribution")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def trust(distribution: str, yes: bool, as_json: bool) -> None:
    """Let the installed release of DISTRIBUTION run in sniper itself, with all of sniper's rights.

    Nothing holds its code back then, permissions neither: it can read keys and send orders. Trust is of this release
    with these dependencies and permissions alone; any other one runs isolated until you trust it, too.
    """
    shelf = Shelf()
    with shelf.changing():
        environment = shelf.demand(distribution)
        check(environment)
        revocations.known(shelf.directory).demand_none(environment)
        words = trusting.given(shelf.directory)
        others = [each for name, each in shelf.sound().items() if (word := words.get(name)) and word.holds(each)]
        demand_hostable(environment, others, host_path(shelf))
        if not yes:
            click.echo(f"{environment}, sha256 {environment.sha256}", err=True)
            click.echo("It will run with all of sniper's rights: read keys, send orders, reach any host.", err=True)
            if as_json or not sys.stdin.isatty() or not click.confirm("Trust it?", err=True):
                raise NotAccepted(f"{environment} is not trusted: nobody said so; say it with --yes")
        trusting.give(shelf.directory, environment, time.time_ns())
    if as_json:
        print_json({"distribution": distribution, "version": environment.version, "trusted": True})
    else:
        click.echo(f"{environment} is trusted: it runs in sniper itself from the next start on")
