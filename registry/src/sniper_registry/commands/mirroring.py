"""Copies of registries, and whether one is whole."""

import time
from pathlib import Path

import click

from sniper.cli.output import json_option, print_json
from sniper_registry.commands.operator import FILE, directory_argument


@click.command("mirror")
@click.argument("where")
@directory_argument
@click.option("--root", "root_file", type=FILE, help="The root to trust, when the mirror is made.")
@click.option("--fingerprint", help="SHA-256 of the root to trust, when the mirror is made.")
def mirror(where: str, directory: Path, root_file: Path | None, fingerprint: str | None) -> None:
    """Copy the registry at WHERE into DIRECTORY, or bring the copy up to date.

    Every byte is verified before it becomes visible, and the pages are written from what was verified. Run it more
    often than every two days: the copy is as old as its timestamp.
    """
    from sniper_registry.client.client import RegistryClient
    from sniper_registry.client.mirroring import STATE, mirror
    from sniper_registry.client.registries import located, root_of

    state = directory / STATE
    client = RegistryClient(located(where), state)
    try:
        if not client.trusts:
            client.trust(root_of(located(where), root_file, fingerprint))
        done = mirror(client, directory)
    finally:
        client.close()
    click.echo(f"{directory} holds {done.names} plugins; {done.files} files, {done.fetched:,} bytes were fetched")


@click.command("verify")
@directory_argument
@click.option("--root", "root_file", type=FILE, help="The root to trust. Default: the repository's own first one.")
@json_option
@click.pass_context
def verify(ctx: click.Context, directory: Path, root_file: Path | None, as_json: bool) -> None:
    """Check the repository or mirror in DIRECTORY from the root on, and name each fault.

    Signatures, expiry, hashes, who owns which names, that releases are what they describe, lists and pages. Exit code 1
    where something is wrong.
    """
    from sniper_registry.client.registries import read_root
    from sniper_registry.repository.verifying import verify

    faults = verify(directory, read_root(root_file) if root_file else None, time.time)
    if as_json:
        print_json([fault._asdict() for fault in faults])
    else:
        for fault in faults:
            click.echo(f"{fault.where}: {fault.what}")
        click.echo(f"{len(faults)} faults" if faults else f"{directory} is whole")
    if faults:
        ctx.exit(1)
