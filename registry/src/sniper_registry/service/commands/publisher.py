"""What a publisher types who sends releases to a marketplace."""

import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sniper_registry.commands.passwords import password_for, password_option
from sniper_registry.service.commands.asking import MarketplaceRefused, asked, decoded

if TYPE_CHECKING:
    from securesystemslib.signer import Signer
    from tuf.api.metadata import Metadata, Targets

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("prove")
@click.argument("key", type=_FILE)
@click.argument("challenge")
@password_option
def prove(key: Path, challenge: str, password_fd: int | None) -> None:
    """Sign the CHALLENGE of a marketplace with KEY, which registers the key there. Signs nothing else."""
    from sniper_registry.repository.keys import load
    from sniper_registry.service.possession import prove as signed

    click.echo(signed(load(key, password_for([key], password_fd)), challenge))


@click.command("submit")
@click.argument("wheel", type=_FILE)
@click.option("--service", required=True, help="The marketplace, such as https://plugins.example.")
@click.option("--publisher", required=True, help="Your account there.")
@click.option("--key", required=True, type=_FILE, help="Your key, which is registered there.")
@click.option("--token-file", required=True, type=_FILE, help="Holds a token for uploads; only you may read it.")
@click.option("--lock", type=_FILE, help="Requirements with hashes. Default: uv resolves what the wheel requires.")
@click.option("--changelog", type=_FILE, help="What is new, as text.")
@click.option("--level", type=_FILE, help="What sniper plugins test --write wrote of this code.")
@password_option
def submit(
    wheel: Path,
    service: str,
    publisher: str,
    key: Path,
    token_file: Path,
    lock: Path | None,
    changelog: Path | None,
    level: Path | None,
    password_fd: int | None,
) -> None:
    """Sign WHEEL here and send it to a marketplace, where it is reviewed before it is published.

    The key stays here. What you published before is signed along with it, after it was checked to be your own.
    """
    from sniper_registry.repository.keys import load
    from sniper_registry.repository.publishing import locked
    from sniper_registry.repository.submission import described, prepared
    from sniper_registry.requirements import lines_of
    from sniper_registry.wheel import read

    token = _token(token_file)
    signer = load(key, password_for([key], password_fd))
    found = read(wheel)
    release = described(
        found,
        publisher=publisher,
        requires=lines_of(lock.read_text()) if lock else locked(found),
        published_at=time.time_ns(),
        changelog=changelog.read_text().strip() if changelog else "",
    )
    sent = prepared(_role(service, publisher, signer), found, release, [signer], time.time())
    files = {
        "role": ("role.json", sent.metadata),
        "release": ("release.json", sent.release),
        "wheel": (sent.filename, sent.wheel),
    }
    if level:
        files["level"] = ("level.json", level.read_bytes())
    body, kind = _form(files)
    headers = {"Content-Type": kind, "Authorization": f"Bearer {token}"}
    told = decoded(service, asked(service, f"/api/1/uploads/{found.name}", body, headers))
    click.echo(f"{found.name} {found.version} is {told.get('state')} (upload {told.get('id')})")
    for each in told.get("findings") or ():
        place = f" {each['file']}:{each['line']}" if each.get("file") else ""
        click.echo(f"{each['weight']:<7} {each['rule']}{place}: {each['text']}")
    if told.get("state") == "refused":
        raise MarketplaceRefused("the automated review refused it; see above")


def _role(service: str, publisher: str, signer: "Signer") -> "Metadata[Targets] | None":
    """What the publisher signed last, checked to be signed by this key: who else could slip something under it?"""
    from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError

    from sniper_registry.repository.view import read_role

    try:
        metadata = read_role(asked(service, f"/api/1/roles/{publisher}"))
    except MarketplaceRefused as error:
        if error.status == 404:
            return None
        raise
    except ValueError as error:
        raise MarketplaceRefused(f"{service} hands out a role that is none: {error}") from error
    key = signer.public_key
    try:
        key.verify_signature(metadata.signatures[key.keyid], metadata.signed_bytes)
    except (KeyError, UnverifiedSignatureError, VerificationError):
        raise MarketplaceRefused(
            f"what {service} says that you published before is not signed by this key: nothing was signed. Sign with "
            "the key that signed the last release, or change keys first: docs/registry.md"
        ) from None
    return metadata


def _token(file: Path) -> str:
    if file.stat().st_mode & 0o077:
        raise MarketplaceRefused(f"{file} may be read by others; chmod 600 it, and make a new token")
    token = file.read_text().strip()
    if not token.isascii() or not token.isprintable() or " " in token or not token:
        raise MarketplaceRefused(f"{file} holds no token")
    return token


def _form(files: Mapping[str, tuple[str, bytes]]) -> tuple[bytes, str]:
    """Files as multipart/form-data (RFC 7578), and the content type."""
    boundary = secrets.token_hex(16)
    parts = []
    for field, (name, data) in files.items():
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
        parts += [head.encode(), data, b"\r\n"]
    return b"".join([*parts, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"
