"""``sniper plugins verify``."""

import hashlib
from typing import Any

import click

from sniper.cli import exit_codes
from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json
from sniper.environments import revocations, trust
from sniper.environments.environment import Environment
from sniper.environments.manifest import differences
from sniper.environments.news import ask
from sniper.environments.shelf import Shelf
from sniper.errors import PluginError
from sniper_registry.installing import lock
from sniper_registry.installing.base import base
from sniper_registry.installing.wheel import inspect


@click.command()
@click.argument("distributions", nargs=-1)
@click.option("--offline", is_flag=True, help="Do not ask the registries what was revoked since.")
@json_option
@click.pass_context
def verify(ctx: click.Context, distributions: tuple[str, ...], offline: bool, as_json: bool) -> None:
    """Read every file of the installed environments again, and ask what was revoked.

    DISTRIBUTIONS: only these. Exit code 1 where anything is wrong.
    """
    shelf = Shelf()
    troubles = () if offline else ask(ctx.ensure_object(Invocation).survey(), shelf)
    known = revocations.known(shelf.directory)
    words = trust.given(shelf.directory)
    records = [(name, shelf.record(name)) for name in distributions or shelf.names()]
    found = [(name, record, _wrong(record, known)) for name, record in records]
    if as_json:
        print_json(
            {
                "environments": [
                    {**_described(name, record, words.get(name)), "wrong": wrong} for name, record, wrong in found
                ],
                "not_asked": list(troubles),
            }
        )
    else:
        for line in troubles:
            click.echo(f"warning: {line}", err=True)
        for name, record, wrong in found:
            shown = name if isinstance(record, PluginError) else str(record)
            click.echo(f"{shown}: {'in order' if not wrong else 'NOT in order'}")
            for line in wrong:
                click.echo(f"  {line}")
    if any(wrong for _, _, wrong in found):
        ctx.exit(exit_codes.FAILURE)


def _wrong(environment: Environment | PluginError, known: revocations.Known) -> list[str]:
    """What speaks against using it: its record, its files, its wheel, a revocation, what sniper-core became since."""
    if isinstance(environment, PluginError):
        return [str(environment)]
    wrong = list(differences(environment.directory, environment.manifest_sha256))
    try:
        known.demand_none(environment)
    except PluginError as error:
        wrong.append(str(error))
    try:
        digest = hashlib.sha256(environment.kept_wheel.read_bytes()).hexdigest()
    except OSError as error:
        return [*wrong, f"its wheel cannot be read: {error.strerror}"]
    if digest != environment.sha256:
        return [*wrong, "its wheel was changed"]
    try:
        lock.given(inspect(environment.kept_wheel), environment.lock, base())
    except PluginError as error:
        wrong.append(str(error))
    return wrong


def _described(name: str, record: Environment | PluginError, word: trust.Trust | None) -> dict[str, Any]:
    """Any: JSON."""
    environment = record if isinstance(record, Environment) else None
    return {
        "distribution": name,
        "version": environment.version if environment else None,
        "sha256": environment.sha256 if environment else None,
        "publisher": (environment.publisher or None) if environment else None,
        "trusted": bool(environment and word and word.holds(environment)),
    }
