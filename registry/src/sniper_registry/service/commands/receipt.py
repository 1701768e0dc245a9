"""``sniper registry receipt``."""

import http.client
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import click

from sniper.errors import SniperError

_MOST = 64 << 10
_MOST_WORK = 28
"""Bits that a service may ask for: some minutes."""


class ReceiptRefused(SniperError, OSError):
    """A marketplace gives no receipt, or does not answer."""

    code = "receipt-refused"


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
        raise ReceiptRefused(f"{wheel.name} is no wheel: {error}") from error
    challenge = _asked(service, "/api/1/receipts/challenge", {"name": name, "version": str(version)}, "challenge")
    try:
        if bits_of(challenge) > _MOST_WORK:
            raise ReceiptRefused(f"{service} asks for more work than a receipt is worth ({bits_of(challenge)} bits)")
        answer = {"challenge": challenge, "proof": proof_of(challenge, wheel), "number": number_for(challenge)}
    except ValueError as error:
        raise ReceiptRefused(f"{service} sends a challenge that is none") from error
    click.echo(_asked(service, "/api/1/receipts", answer, "receipt"))


def _asked(service: str, path: str, fields: dict[str, str], wanted: str) -> str:
    """Raises `ReceiptRefused`."""
    if not service.startswith(("https://", "http://127.0.0.1", "http://localhost", "http://[::1]")):
        raise ReceiptRefused(f"{service} is asked by https:// only")
    request = urllib.request.Request(  # noqa: S310  # the scheme is checked above
        service.rstrip("/") + path, json.dumps(fields).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # as above
            found: Any = json.loads(answer.read(_MOST))  # Any: JSON of a server
        if not isinstance(found, dict) or not isinstance(found.get(wanted), str) or not found[wanted].isprintable():
            raise ReceiptRefused(f"{service} answers something else than a {wanted}")
        return str(found[wanted])
    except urllib.error.HTTPError as error:
        try:
            why = str(json.loads(error.read(_MOST))["message"])
        except (ValueError, KeyError, TypeError, OSError):
            why = error.reason
        raise ReceiptRefused(f"{service} refuses: {why}") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise ReceiptRefused(f"{service} does not answer: {error}") from error
