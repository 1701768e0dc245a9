"""What the operator of a repository types."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sniper_registry.commands.passwords import new_password, password_for, password_option, plain_option

if TYPE_CHECKING:
    from sniper_registry.repository.repository import Repository

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)

directory_argument = click.argument("directory", type=FOLDER)
keys_option = click.option(
    "--keys", type=FOLDER, help="Folder of the operator's keys. Default: DIRECTORY-keys, beside the repository."
)
more_option = click.option(
    "--key-file", "more", type=FILE, multiple=True, help="A key of the operator's that lies elsewhere. May be repeated."
)


def opened(directory: Path, keys: Path | None, more: tuple[Path, ...], descriptor: int | None) -> "Repository":
    """The repository with the operator's keys."""
    from sniper_registry.repository.repository import Repository

    folder = Repository(directory, keys=keys).keys
    files = [*sorted(folder.glob("*.key")), *more]
    return Repository(directory, keys=keys, more=more, password=password_for(files, descriptor))


@click.command("init")
@directory_argument
@keys_option
@click.option("--root-keys", default=3, show_default=True, help="How many keys the root has.")
@click.option("--threshold", default=2, show_default=True, help="How many of them sign each new root.")
@password_option
@plain_option
def init(
    directory: Path, keys: Path | None, root_keys: int, threshold: int, password_fd: int | None, no_password: bool
) -> None:
    """Make an empty repository in DIRECTORY, and the operator's keys beside it.

    Prints the fingerprint of the root: tell it to traders on another way than the repository itself. Take the root keys
    off this machine afterwards; they are needed to change keys, and for nothing else.
    """
    from sniper_registry.repository.repository import Repository

    repository = Repository(directory, keys=keys, password=new_password(password_fd, no_password))
    fingerprint = repository.init(root_keys=root_keys, threshold=threshold)
    click.echo(f"repository   {repository.directory}")
    click.echo(f"keys         {repository.keys}")
    click.echo(f"fingerprint  {fingerprint}")


@click.command("publisher")
@directory_argument
@click.argument("publisher")
@click.option(
    "--key", "public", multiple=True, help="Public key (ed25519:…) or key file of a new publisher. May be repeated."
)
@click.option("--threshold", default=1, show_default=True, help="How many of its keys sign each release.")
@click.option("--name", "names", multiple=True, help="A distribution that belongs to it from now on. May be repeated.")
@click.option("--similar", is_flag=True, help="You looked at the names: they may be like those of others.")
@click.option("--official", is_flag=True, help="It is the project itself, which owns the first-party plugins.")
@keys_option
@more_option
@password_option
def publisher(
    directory: Path,
    publisher: str,
    public: tuple[str, ...],
    threshold: int,
    names: tuple[str, ...],
    similar: bool,
    official: bool,
    keys: Path | None,
    more: tuple[Path, ...],
    password_fd: int | None,
) -> None:
    """Admit PUBLISHER to the repository in DIRECTORY by its keys, and give it names."""
    from sniper_registry.errors import PublishRefused
    from sniper_registry.repository.keys import public_key, public_of

    repository = opened(directory, keys, more, password_fd)
    if not public and not names:
        raise PublishRefused("say by which keys it signs with --key, or which names belong to it with --name")
    if public:
        found = [public_of(Path(each)) if Path(each).is_file() else public_key(each) for each in public]
        repository.add_publisher(publisher, found, threshold, official=official)
        click.echo(f"{publisher} publishes with {threshold} of {len(found)} keys")
    for name in names:
        repository.claim(publisher, name, similar=similar)
        click.echo(f"{name} belongs to {publisher}")


@click.command("revoke")
@directory_argument
@click.argument("name")
@click.argument("version")
@click.option("--reason", required=True, help="What traders are told, in one line.")
@keys_option
@more_option
@password_option
def revoke(
    directory: Path,
    name: str,
    version: str,
    reason: str,
    keys: Path | None,
    more: tuple[Path, ...],
    password_fd: int | None,
) -> None:
    """Say that VERSION of NAME may be installed and run no more. There is no way back: what is repaired is a new
    version.

    Traders hear of it when they install, and at each start.
    """
    revoked = opened(directory, keys, more, password_fd).revoke(name, version, reason)
    click.echo(f"{revoked.name} {revoked.version} is revoked: {revoked.reason}")


@click.command("timestamp")
@directory_argument
@keys_option
@more_option
@password_option
def timestamp(directory: Path, keys: Path | None, more: tuple[Path, ...], password_fd: int | None) -> None:
    """Sign anew what would expire. Run it daily: a repository whose timestamp is older than two days is refused."""
    repository = opened(directory, keys, more, password_fd)
    repository.refresh_timestamp()
    view = repository.view()
    click.echo(f"valid until {view.expires:%Y-%m-%d %H:%M} UTC; the root until {view.root.expires:%Y-%m-%d}")


@click.command("serve")
@directory_argument
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8750, show_default=True, type=click.IntRange(0, 65535), help="0: any that is free.")
def serve(directory: Path, host: str, port: int) -> None:
    """Serve the repository or mirror in DIRECTORY over HTTP, for use on this machine and for tests, until interrupted.

    Any web server can do it: these are static files.
    """
    from sniper_registry.repository.serving import server

    running = server(directory, host, port)
    click.echo(f"http://{host}:{running.server_address[1]}")
    try:
        running.serve_forever()
    finally:
        running.server_close()
