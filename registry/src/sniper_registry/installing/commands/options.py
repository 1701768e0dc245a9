"""Options that several commands take, and the question that they ask."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from sniper.catalogue import Catalogue
from sniper.cli.output import print_json
from sniper.environments.news import ask
from sniper.environments.shelf import Shelf
from sniper_registry.installing.change import Change
from sniper_registry.installing.refused import NotAccepted
from sniper_registry.installing.uv import Supply

_Command = TypeVar("_Command", bound=Callable[..., Any])  # Any: as click has it

dry_run_option: Final = click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
accept_option: Final = click.option(
    "--accept-permissions", "accept", is_flag=True, help="Grant what is asked for without being asked."
)


def supply_options(command: _Command) -> _Command:
    """``--wheels`` and ``--offline``: where dependencies come from."""
    wheels = click.option(
        "--wheels",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        multiple=True,
        help="Look for dependencies among the wheels of this directory first.",
    )
    offline = click.option("--offline", is_flag=True, help="Use no network: only --wheels and added mirrors.")
    return wheels(offline(command))


def supply(wheels: tuple[Path, ...], offline: bool) -> Supply:
    return Supply(wheels=tuple(str(each.absolute()) for each in wheels), offline=offline)


def warn_of_news(catalogue: Catalogue, shelf: Shelf, *, offline: bool) -> None:
    """Learn what was revoked since, for a wheel by its path may be revoked, too; say what could not be asked."""
    if not offline:
        for line in ask(catalogue, shelf):
            click.echo(f"warning: {line}", err=True)


def show(change: Change, *, as_json: bool, done: bool) -> None:
    """Tell a change: to programs once it is done or will not be, to people before it is."""
    if as_json:
        print_json({**change.described(), "done": done})
    else:
        click.echo("\n".join(change.told()))


def demand_accepted(change: Change, *, accept: bool, asks: bool) -> None:
    """Have the trader's word where a release asks for more than was granted. Raises `NotAccepted`.

    asks  Whether a question may be asked: not where a program reads what is printed.
    """
    if not change.grown or accept:
        return
    assert change.after is not None  # what goes asks for nothing
    if asks and sys.stdin.isatty() and click.confirm("Grant this?"):
        return
    raise NotAccepted(
        f"{change.after} asks for {', '.join(change.grown)}, which was not granted; nothing was changed. To grant it: "
        "--accept-permissions"
    )
