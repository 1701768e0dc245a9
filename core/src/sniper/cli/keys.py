"""``sniper keys``: key files, and what the signer's process may sign. No command prints a secret."""

from pathlib import Path
from typing import Any

import click

from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json
from sniper.errors import ConfigError, SignerError

FILE = click.Path(dir_okay=False, path_type=Path)

password_option = click.option(
    "--password-fd", type=click.IntRange(0), help="Descriptor that holds the password. Default: a prompt."
)


@click.command("new")
@click.argument("file", type=FILE)
@password_option
def new(file: Path, password_fd: int | None) -> None:
    """Write a new key to FILE, encrypted (scrypt), and print its address.

    FILE has mode 0600 and is never overwritten. Whoever loses it, or the password, loses what the address holds.
    """
    from sniper.signing import keyfile
    from sniper.signing.hardening import seal

    seal()
    click.echo(keyfile.create(file, _new_password(password_fd)))


@click.command("import")
@click.argument("file", type=FILE)
@password_option
def import_(file: Path, password_fd: int | None) -> None:
    """Write a key that you have, typed at a prompt, to FILE, encrypted (scrypt), and print its address."""
    import getpass

    from sniper.signing import keyfile
    from sniper.signing.hardening import seal

    seal()
    password = _new_password(password_fd)
    click.echo(keyfile.import_key(file, password, getpass.getpass("Private key, 64 hex digits: ")))


@click.command("list")
@click.argument("files", nargs=-1, type=FILE)
@json_option
@click.pass_obj
def list_(invocation: Invocation, files: tuple[Path, ...], as_json: bool) -> None:
    """List the addresses of key FILES, or without any, those that the config's signer holds while it runs.

    Nothing is decrypted: a file says which address it is for.
    """
    from sniper.signing import keyfile
    from sniper.signing.asking import ask
    from sniper.signing.wire import AddressesAnswer, AddressesAsk

    found: dict[str, str] = {}
    for file in files:
        address = keyfile.read(file).address
        found[str(file)] = f"0x{address.lower().removeprefix('0x')}" if address else "not written in the file"
    if not files:
        path = socket_of(invocation)
        answer = ask(path, AddressesAsk(0))
        if not isinstance(answer, AddressesAnswer):
            raise SignerError(f"the signer at {path} answered with {type(answer).__name__}; start it again")
        found = {address: str(path) for address in answer.addresses}
    if as_json:
        print_json(found)
        return
    for key, value in found.items():
        click.echo(f"{key}  {value}")


def socket_of(invocation: Invocation) -> Path:
    """Where the config's signer listens. Raises `ConfigError` where it has no process."""
    settings = invocation.settings()
    name = settings.runtime.signer
    table = settings.signer.get(name)
    path = table.keys.get("socket") if table is not None else None
    if not isinstance(path, str):
        raise ConfigError(f"[signer.{name}] names no socket, so no process can be asked; give key files instead")
    return Path(path)


def _new_password(descriptor: int | None) -> Any:  # Any: a SecretBuffer, whose module is imported when a command runs
    from sniper.signing.errors import StartError
    from sniper.signing.password import from_descriptor, from_prompt

    if descriptor is not None:
        return from_descriptor(descriptor)
    password = from_prompt()
    if bytes(from_prompt("Again: ").view) != bytes(password.view):
        raise StartError("the two passwords differ; nothing was written")
    return password
