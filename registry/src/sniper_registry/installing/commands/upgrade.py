"""``sniper plugins upgrade``."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from packaging.version import Version

from sniper.cli import exit_codes
from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json
from sniper.environments import revocations
from sniper.environments.environment import Environment
from sniper.environments.news import indexes
from sniper.environments.shelf import Shelf
from sniper.errors import PluginError
from sniper.isolation.words import harmless
from sniper_registry.installing.commands.options import (
    accept_option,
    demand_accepted,
    dry_run_option,
    supply,
    supply_options,
    warn_of_news,
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
@click.pass_context
def upgrade(
    ctx: click.Context,
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

    An older release is never installed, also where the installed one was revoked; it is named then. Exit code 1 where
    one is revoked and has no newer release, or its record is damaged.
    """
    invocation = ctx.ensure_object(Invocation)
    shelf = Shelf()
    installer = Installer(shelf, supply(wheels, offline), described)
    warn_of_news(invocation.survey(), shelf, offline=offline)
    known = revocations.known(shelf.directory)
    chosen, troubles = _chosen(shelf, distributions)
    asked = list(indexes(invocation.survey()).values())
    changes: list[dict[str, Any]] = []
    for environment in chosen:
        index, release = found(environment.distribution, None, asked)
        if Version(release.version) <= Version(environment.version):
            same = {"action": "none", "distribution": environment.distribution, "version": environment.version}
            if revocation := known.of(environment):
                changes.append({**same, "revoked": True, "sound": release.version})
                troubles.append(
                    f"{environment} was revoked: {harmless(revocation.reason, 300)}. No newer release is without the "
                    f"fault; an older one is: sniper plugins install {release.name}=={release.version}"
                )
                continue
            changes.append(same)
            if not as_json:
                newest = Version(release.version) == Version(environment.version)
                said = "is the newest release" if newest else f"is newer than what may be had: {release.version}"
                click.echo(f"{environment} {said}")
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
    for line in troubles:
        click.echo(f"error: {line}", err=True)
    if troubles:
        ctx.exit(exit_codes.FAILURE)


def _chosen(shelf: Shelf, distributions: tuple[str, ...]) -> tuple[list[Environment], list[str]]:
    """What may be upgraded, and what is wrong with the records of others."""
    if not distributions:
        records = shelf.records().values()
        sound = [each for each in records if isinstance(each, Environment) and each.source == "registry"]
        return sound, [str(each) for each in records if isinstance(each, PluginError)]
    chosen = [shelf.demand(each) for each in distributions]
    for each in chosen:
        if each.source != "registry":
            raise PluginError(
                f"{each} came from no registry ({each.source}), so nobody says what its upgrade is; install the new "
                "one as you installed this one"
            )
    return chosen, []
