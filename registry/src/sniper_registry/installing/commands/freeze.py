"""``sniper plugins freeze``."""

from pathlib import Path

import click
import msgspec

from sniper.cli.output import json_option, print_json
from sniper.environments.shelf import Shelf, replace_file
from sniper_registry.installing.frozen import kept, written
from sniper_registry.installing.installer import is_trusted


@click.command()
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file. Default: print it."
)
@json_option
def freeze(output: Path | None, as_json: bool) -> None:
    """Say exactly which plugins are installed in environments of their own, for `sniper plugins sync` elsewhere.

    Commit the file beside the config.
    """
    shelf = Shelf()
    plugins = [kept(each, trusted=is_trusted(shelf, each)) for each in shelf.environments()]
    if output:
        replace_file(output.absolute(), written(plugins).encode())
    if as_json:
        print_json([msgspec.to_builtins(each) for each in plugins])
    elif output:
        click.echo(f"{output}: {len(plugins)} plugin(s)")
    else:
        click.echo(written(plugins), nl=False)
