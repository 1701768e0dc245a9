"""``sniper plugins search``."""

import click
import msgspec

from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json, print_table
from sniper.environments.news import indexes
from sniper.environments.shelf import Shelf


@click.command()
@click.argument("text", nargs=-1)
@json_option
@click.pass_obj
def search(invocation: Invocation, text: tuple[str, ...], as_json: bool) -> None:
    """Find plugins in the registries that you trust, by words of their names and summaries; all without TEXT."""
    found = [each for index in indexes(invocation.survey()).values() for each in index.search(" ".join(text))]
    installed = {name: each.version for name, each in Shelf().sound().items()}
    if as_json:
        print_json([{**msgspec.to_builtins(each), "installed": installed.get(each.name)} for each in found])
        return
    columns = ("name", "version", "summary", "publisher", "level", "licence")
    rows = [(*(getattr(each, column) for column in columns), installed.get(each.name, "")) for each in found]
    print_table((*columns, "installed"), rows)
