"""``sniper plugins upgrade``."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from packaging.version import Version

from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json
from sniper.environments.environment import Environment
from sniper.environments.news import indexes
from sniper.environments.shelf import Shelf
from sniper.errors import PluginError
from sniper_registry.installing.commands.options import (
    accept_option,
    demand_accepted,
    dry_run_option,
    supply,
    supply_options,
)
from sniper_registry.installing.describing import described
from sniper_registry.installing.installer import Installer
from sniper_registry.installing.source import found, released


@click.command()
@click.argument("distributions", nargs=-1)
@dry_run_option
@accept_option
@supply_options
@json_option
@click.pass_obj
def upgrade(
    invocation: Invocation,
    distributions: tuple[str, ...],
    dry_run: bool,
    accept: bool,
    wheels: tuple[Path, ...],
    offline: bool,
    as_json: bool,
) -> None:
    """Install the newest releases of DISTRIBUTIONS, or of all that came from a registry.

    One at a time: what was upgraded before one that fails stays upgraded. Shows which permissions a release asks for
    that the one before did not, and asks for your word. Trust ends; trust the new release if you mean to.
    """
    shelf = Shelf()
    installer = Installer(shelf, supply(wheels, offline), described)
    asked = list(indexes(invocation.survey()).values())
    changes: list[dict[str, Any]] = []
    for environment in _chosen(shelf, distributions):
        index, release = found(environment.distribution, None, asked)
        if Version(release.version) <= Version(environment.version):
            changes.append({"action": "none", "distribution": environment.distribution, "version": environment.version})
            if not as_json:
                click.echo(f"{environment} is the newest release")
            continue
        with TemporaryDirectory(prefix="sniper-upgrade-") as scratch:
            wish = released(release.name, release.version, Path(scratch), [index])
            with installer.prepared(wish, invocation.survey()) as change:
                if not as_json:
                    click.echo("\n".join(change.told()))
                if not dry_run:
                    demand_accepted(change, accept=accept, asks=not as_json)
                    installer.take(change)
                changes.append({**change.described(), "done": not dry_run})
    if as_json:
        print_json(changes)


def _chosen(shelf: Shelf, distributions: tuple[str, ...]) -> list[Environment]:
    if not distributions:
        return [each for each in shelf.environments() if each.source == "registry"]
    chosen = [shelf.demand(each) for each in distributions]
    for each in chosen:
        if each.source != "registry":
            raise PluginError(
                f"{each} came from no registry ({each.source}), so nobody says what its upgrade is; install the new "
                "one as you installed this one"
            )
    return chosen
