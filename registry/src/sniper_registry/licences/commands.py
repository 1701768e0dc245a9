"""``sniper registry licence-key`` and ``sniper registry licence``."""

import time
from pathlib import Path

import click

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("licence-key")
@click.argument("file", type=_FILE)
def licence_key(file: Path) -> None:
    """Write a new key for licences to FILE, and print its public half.

    The public half belongs into the file licence.key of the plugin's package: each release then needs a licence that
    is signed with FILE. It is another key than the one that signs releases, for it is used for each sale.
    """
    from sniper_registry.licences import key

    click.echo(key.create(file))


@click.command("licence")
@click.argument("file", type=_FILE)
@click.option("--key", "key_file", required=True, type=_FILE, help="What sniper registry licence-key wrote.")
@click.option("--for", "distribution", required=True, help="The plugin, such as sniper-strategy-acme.")
@click.option("--holder", required=True, help="Whose licence it is: a name or an address.")
@click.option("--serial", required=True, help="Its number in your books.")
@click.option("--versions", default="", help="What it covers, such as '>=1,<2'.  [default: all]")
@click.option("--days", type=click.IntRange(1, 36_500), help="How long from now on.  [default: without an end]")
def licence(
    file: Path, key_file: Path, distribution: str, holder: str, serial: str, versions: str, days: int | None
) -> None:
    """Sign a licence for a holder, into FILE, which goes to them."""
    from sniper.environments.licences import Licence, LicenceError, signed, until
    from sniper_registry.licences import key

    now = int(time.time())
    made = Licence(
        distribution=distribution,
        versions=versions,
        holder=holder,
        serial=serial,
        issued_at=now,
        expires_at=now + days * 86_400 if days else 0,
    )
    content = signed(made, key.read(key_file))
    try:
        with file.open("xb") as opened:
            opened.write(content)
    except FileExistsError as error:
        raise LicenceError(f"{file} is there already; name another file, for a licence is not written over") from error
    click.echo(f"{file}: {distribution} {versions or 'all versions'}, for {holder}, {until(made)}")
