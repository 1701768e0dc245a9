"""``sniper plugins licence``."""

from pathlib import Path

import click


@click.command("licence")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def licence(file: Path) -> None:
    """Keep the licence in FILE of a plugin that needs one.

    Starts look for it, without a network. Whether it is signed with its plugin's key is looked at there, for only the
    plugin's release says which key that is.
    """
    from sniper.environments import licences
    from sniper.environments.shelf import shelf_directory

    kept = licences.keep(shelf_directory(), file.read_bytes(), str(file))
    click.echo(
        f"kept: {kept.distribution} {kept.versions or 'all versions'}, for {kept.holder}, {licences.until(kept)}"
    )
