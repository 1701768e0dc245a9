"""What a publisher types."""

from pathlib import Path

import click

from sniper_registry.commands.operator import FILE, keys_option, opened
from sniper_registry.commands.passwords import new_password, password_for, password_option, plain_option


@click.command("key")
@click.argument("file", type=FILE)
@password_option
@plain_option
def key(file: Path, password_fd: int | None, no_password: bool) -> None:
    """Write a publisher's new key to FILE (mode 0600) and print its public half, which the registry wants to know."""
    from sniper_registry.repository.keys import create, public_text

    click.echo(public_text(create(file, new_password(password_fd, no_password))))


@click.command("publish")
@click.argument("wheel", type=FILE)
@click.option("--repository", required=True, help="The repository's directory.")
@click.option(
    "--key", "key_files", type=FILE, required=True, multiple=True, help="The publisher's key. May be repeated."
)
@click.option("--lock", type=FILE, help="Requirements with hashes. Default: uv resolves what the wheel requires.")
@click.option("--level", "level_file", type=FILE, help="What sniper plugins test --write wrote of this code.")
@click.option("--changelog", type=FILE, help="What is new, as text.")
@click.option("--similar", is_flag=True, help="You looked at the name: it may be like one of another publisher.")
@keys_option
@password_option
@click.option("--operator-fd", type=click.IntRange(0), help="The same for the operator's keys.")
def publish(
    wheel: Path,
    repository: str,
    key_files: tuple[Path, ...],
    lock: Path | None,
    level_file: Path | None,
    changelog: Path | None,
    similar: bool,
    keys: Path | None,
    password_fd: int | None,
    operator_fd: int | None,
) -> None:
    """Sign WHEEL and publish it.

    Name, version, kind, summary, licence, permissions and requirements are read from the wheel, which is not run. A
    name that nobody has becomes the publisher's own.
    """
    from sniper_registry.client.fetching import is_address
    from sniper_registry.errors import PublishRefused
    from sniper_registry.repository.keys import load
    from sniper_registry.repository.publishing import publish_wheel

    if is_address(repository):
        raise PublishRefused(f"{repository} is not written to; sniper registry submit sends a wheel to a marketplace")

    password = password_for(key_files, password_fd)
    signers = [load(file, password) for file in key_files]
    release = publish_wheel(
        opened(Path(repository), keys, (), operator_fd),
        wheel,
        signers,
        lock=lock,
        level_file=level_file,
        changelog=changelog,
        similar=similar,
    )
    click.echo(f"{release.name} {release.version} is published by {release.publisher}")
    click.echo(f"sha256       {release.sha256}")
    click.echo(f"permissions  {', '.join(release.permissions) or 'none'}")
    click.echo(f"level        {release.level or 'none'}")
