"""``sniper plugins sync``."""

from pathlib import Path

import click

from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json
from sniper.environments.news import indexes
from sniper.environments.shelf import Shelf
from sniper_registry.installing.change import damaged
from sniper_registry.installing.commands.options import dry_run_option, supply, supply_options, warn_of_news
from sniper_registry.installing.describing import described
from sniper_registry.installing.frozen import read
from sniper_registry.installing.installer import Installer
from sniper_registry.installing.syncing import Syncing


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@dry_run_option
@click.option("--trust", "trusting", is_flag=True, help="Also trust what the file says is trusted.")
@supply_options
@json_option
@click.pass_obj
def sync(
    invocation: Invocation,
    file: Path,
    dry_run: bool,
    trusting: bool,
    wheels: tuple[Path, ...],
    offline: bool,
    as_json: bool,
) -> None:
    """Install exactly the plugins of FILE, which `sniper plugins freeze` wrote, and remove all others.

    Each must be the very wheel, with the very dependencies and permissions, that the file says; one that is not stops
    all, and nothing is changed. Permissions that the file says are granted: it is your own.
    """
    plugins = read(file)
    catalogue = invocation.survey()
    installer = Installer(Shelf(), supply(wheels, offline), described)
    warn_of_news(catalogue, installer.shelf, offline=offline)
    syncing = Syncing(installer, list(indexes(catalogue).values()), wheels)
    with syncing.prepared(plugins, catalogue, trusting=trusting) as prepared:
        changes = [change.described() for change in prepared.changes] + [*map(damaged, prepared.damaged)]
        if not as_json:
            for change in prepared.changes:
                click.echo("\n".join(change.told()))
            for name in prepared.damaged:
                click.echo(f"uninstall {name}, whose record is damaged")
        if not dry_run:
            syncing.take(prepared, plugins, trusting=trusting)
    if as_json:
        print_json({"changes": changes, "kept": [each.distribution for each in prepared.kept], "done": not dry_run})
        return
    click.echo(f"{len(changes)} change(s), {len(prepared.kept)} as they were")
    untrusted = [each.name for each in plugins if each.trusted] if not trusting else []
    if untrusted:
        click.echo(f"trusted where this was written, and isolated here unless you say --trust: {', '.join(untrusted)}")
