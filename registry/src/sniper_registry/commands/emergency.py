"""Other keys, and what to do when one was stolen: docs/registry.md is the runbook."""

from pathlib import Path

import click

from sniper_registry.commands.operator import FILE, directory_argument, keys_option, more_option, opened
from sniper_registry.commands.passwords import password_for, password_option


@click.command("rotate")
@directory_argument
@click.argument("whose")
@click.option("--key", "new", type=FILE, multiple=True, help="A new key file of a publisher. May be repeated.")
@click.option("--threshold", default=1, show_default=True, help="How many of them sign each release.")
@click.option("--renew", is_flag=True, help="Sign the root anew with the keys that it has.")
@keys_option
@more_option
@password_option
def rotate(
    directory: Path,
    whose: str,
    new: tuple[Path, ...],
    threshold: int,
    renew: bool,
    keys: Path | None,
    more: tuple[Path, ...],
    password_fd: int | None,
) -> None:
    """Replace the keys of WHOSE: root, targets, index, snapshot, timestamp, or a publisher's name.

    New keys of the operator are made, encrypted like the old ones. A publisher brings its own with --key; its releases
    are signed anew by them. From then on the old keys sign nothing. All but index and publishers need the root's keys.
    """
    from sniper_registry.errors import PublishRefused
    from sniper_registry.repository import rotating
    from sniper_registry.repository.keys import load

    repository = opened(directory, keys, more, password_fd)
    if renew:
        if whose != "root":
            raise PublishRefused("--renew is for the root; sniper registry timestamp signs the other roles anew")
        rotating.renew_root(repository)
        click.echo(f"the root is signed until {repository.view().root.expires:%Y-%m-%d}")
        return
    if whose in rotating.OPERATORS:
        for keyid in rotating.rotate(repository, whose):
            click.echo(f"{keyid[:16]}  signs nothing any more; destroy it and its copies")
        click.echo(f"{whose} has new keys in {repository.keys}; the fingerprint is {repository.fingerprint()}")
        return
    if not new:
        raise PublishRefused(f"say by which new keys {whose} signs, with --key FILE")
    password = password_for(new, None)
    signers = [load(file, password) for file in new]
    signed = rotating.resigned(repository, whose, signers)
    rotating.rotate_publisher(repository, whose, [each.public_key for each in signers], signed, threshold)
    click.echo(f"{whose} signs with {threshold} of {len(signers)} new keys; the old ones sign nothing any more")


@click.command("recover")
@directory_argument
@click.argument("publisher")
@click.option("--bad", multiple=True, help="NAME==VERSION that the thief may have made. May be repeated.")
@click.option("--reason", default="its publisher's key was stolen", show_default=True, help="What traders are told.")
@click.option("--key", "new", type=FILE, help="A new key file of the publisher. Default: the operator signs meanwhile.")
@keys_option
@more_option
@password_option
def recover(
    directory: Path,
    publisher: str,
    bad: tuple[str, ...],
    reason: str,
    new: Path | None,
    keys: Path | None,
    more: tuple[Path, ...],
    password_fd: int | None,
) -> None:
    """Take PUBLISHER's names back from a thief of its key, at once and as a whole.

    The stolen key signs nothing any more, the bad releases are revoked and gone, and what remains is signed anew.
    Without --key the operator signs it, and nothing is published until sniper registry rotate gives the publisher new
    keys.
    """
    from sniper_registry.errors import PublishRefused
    from sniper_registry.repository import rotating
    from sniper_registry.repository.keys import load

    pairs: list[tuple[str, str]] = []
    for each in bad:
        name, equal, version = each.partition("==")
        if not equal or not name or not version:
            raise PublishRefused(f"--bad {each!r} is no release; write NAME==VERSION")
        pairs.append((name, version))
    repository = opened(directory, keys, more, password_fd)
    signers = [load(new, password_for([new], None))] if new else []
    for revoked in rotating.recover(repository, publisher, pairs, reason, signers):
        click.echo(f"{revoked.name} {revoked.version} is revoked: {revoked.reason}")
    by = "its new key" if new else "the operator; give it new keys with sniper registry rotate"
    click.echo(f"what remains of {publisher} is signed by {by}")
