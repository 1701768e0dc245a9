"""``sniper registry receipt``."""

from pathlib import Path
from typing import Any

import click

from sniper_registry.service.commands.asking import MarketplaceRefused, asked_json

_MOST_WORK = 28
"""Bits that a service may ask for: some minutes."""


@click.command("receipt")
@click.argument("wheel", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--service", required=True, help="The marketplace, such as https://plugins.example.")
def receipt(wheel: Path, service: str) -> None:
    """Ask a marketplace for a receipt that you have WHEEL, and print it.

    It takes some seconds of one processor. After some days a plugin can be rated with it, on the marketplace's page.
    """
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    from sniper_registry.service.work import bits_of, number_for, proof_of

    try:
        name, version, _, _ = parse_wheel_filename(wheel.name)
    except InvalidWheelFilename as error:
        raise MarketplaceRefused(f"{wheel.name} is no wheel: {error}") from error
    fields = {"name": str(name), "version": str(version)}
    challenge = _text(service, asked_json(service, "/api/1/receipts/challenge", fields), "challenge")
    try:
        bits = bits_of(challenge)
    except ValueError as error:
        raise MarketplaceRefused(f"{service} sends a challenge that is none") from error
    if bits > _MOST_WORK:
        raise MarketplaceRefused(f"{service} asks for more work than a receipt is worth ({bits} bits)")
    answer = {"challenge": challenge, "proof": proof_of(challenge, wheel), "number": number_for(challenge)}
    click.echo(_text(service, asked_json(service, "/api/1/receipts", answer), "receipt"))


def _text(service: str, found: dict[str, Any], wanted: str) -> str:  # Any: JSON of a server
    text = found.get(wanted)
    if not isinstance(text, str) or not text.isprintable():
        raise MarketplaceRefused(f"{service} answers without a {wanted}")
    return text
