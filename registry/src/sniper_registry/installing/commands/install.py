"""``sniper plugins install``."""

from pathlib import Path
from tempfile import TemporaryDirectory

import click

from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json
from sniper.environments.news import indexes
from sniper.environments.shelf import Shelf
from sniper_registry.installing.commands.options import (
    accept_option,
    demand_accepted,
    dry_run_option,
    show,
    supply,
    supply_options,
    warn_of_news,
)
from sniper_registry.installing.describing import described
from sniper_registry.installing.installer import Installer
from sniper_registry.installing.source import wished


@click.command()
@click.argument("target")
@dry_run_option
@accept_option
@click.option("--reinstall", is_flag=True, help="Also where this very release is installed.")
@click.option("--build", is_flag=True, help="Build TARGET from sources, which runs their code as you.")
@supply_options
@json_option
@click.pass_obj
def install(
    invocation: Invocation,
    target: str,
    dry_run: bool,
    accept: bool,
    reinstall: bool,
    build: bool,
    wheels: tuple[Path, ...],
    offline: bool,
    as_json: bool,
) -> None:
    """Install a plugin into an environment of its own, where it runs isolated.

    TARGET is NAME or NAME==VERSION of a registry that you trust, or a wheel. Or, with --build, sources: a directory, or
    git+URL@REVISION.

    sniper itself never imports what is installed so: its code runs in workers, with the permissions that you grant.
    A failed installation changes nothing.
    """
    installer = Installer(Shelf(), supply(wheels, offline), described)
    warn_of_news(invocation.survey(), installer.shelf, offline=offline)
    with TemporaryDirectory(prefix="sniper-install-") as scratch:
        wish = wished(target, Path(scratch), indexes(invocation.survey()).values(), installer.supply, build=build)
        if not reinstall and (there := installer.holds(wish)):
            if as_json:
                print_json(
                    {"action": "none", "distribution": there.distribution, "version": there.version, "done": True}
                )
            else:
                click.echo(f"{there} is installed already; --reinstall makes its environment anew")
            return
        with installer.prepared(wish, invocation.survey()) as change:
            if dry_run:
                show(change, as_json=as_json, done=False)
                return
            if not as_json:
                show(change, as_json=False, done=False)
            demand_accepted(change, accept=accept, asks=not as_json)
            installer.take(change)
        if as_json:
            show(change, as_json=True, done=True)
        else:
            click.echo(f"{change.after} is installed")
