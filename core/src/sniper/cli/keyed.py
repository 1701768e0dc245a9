"""The key of a command: under the same one it is carried out once, however often it is asked."""

import click

key_option = click.option(
    "--key",
    help="Name of this command: asked again under the same one it is carried out once. Default: a new one.",
)


def keyed(key: str | None) -> dict[str, str]:
    """What goes along with the command; without a key a new one is made for it."""
    return {} if key is None else {"key": key}
