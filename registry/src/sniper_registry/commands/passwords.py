"""Passwords of key files, as the commands ask for them: at a prompt or from a descriptor, never from an argument."""

from collections.abc import Iterable
from pathlib import Path

import click

from sniper_registry.errors import KeyUnusable

password_option = click.option(
    "--password-fd", type=click.IntRange(0), help="Descriptor that holds the password of the keys. Default: a prompt."
)
plain_option = click.option("--no-password", is_flag=True, help="Leave new keys unencrypted, for trying it out.")


def new_password(descriptor: int | None, plain: bool) -> bytes | None:
    """The password of keys that are about to be made; None: they are not encrypted."""
    from sniper.signing.password import from_descriptor, from_prompt

    if plain:
        if descriptor is not None:
            raise KeyUnusable("--no-password and --password-fd exclude each other; give one of them")
        return None
    if descriptor is not None:
        return bytes(from_descriptor(descriptor).view)
    first = bytes(from_prompt("Password of the new keys: ").view)
    if bytes(from_prompt("Again: ").view) != first:
        raise KeyUnusable("the two passwords differ; nothing was written")
    return first


def password_for(files: Iterable[Path], descriptor: int | None) -> bytes | None:
    """The password of those key files; nobody is asked for one where none is encrypted."""
    from sniper.signing.password import from_descriptor, from_prompt
    from sniper_registry.repository.keys import is_sealed

    if descriptor is not None:
        return bytes(from_descriptor(descriptor).view)
    if not any(is_sealed(file) for file in files):
        return None
    return bytes(from_prompt("Password of the keys: ").view)
