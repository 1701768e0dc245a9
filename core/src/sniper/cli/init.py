"""``sniper init``: a config file to begin with."""

from pathlib import Path

import click

from sniper.catalogue import Catalogue
from sniper.errors import ConfigError
from sniper.settings.file import NAME


@click.command()
@click.argument("path", metavar="[FILE]", default=NAME, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite FILE where it exists.")
def init(path: Path, force: bool) -> None:
    """Write a commented config file to FILE (sniper.toml) with every key of sniper and the installed plugins."""
    from sniper.settings.template import template

    text = template(Catalogue.discover())
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise ConfigError(f"{path}: exists already and is left as it is; name another file, or add --force") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}; choose another directory") from error
    click.echo(f"Wrote {path}. Edit it, then: sniper --config {path} config check")
