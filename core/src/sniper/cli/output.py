"""What commands print: tables for people, JSON for programs. Colours and boxes only on a terminal."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click

from sniper.errors import SniperError

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

_EXACT = 2**53


def print_json(data: Any) -> None:
    """Print plain data; integers that a double cannot hold become text. Any: what `json` takes."""
    click.echo(json.dumps(_exact(data), indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table: boxed on a terminal, else aligned columns without any cutting."""
    cells = [list(row) for row in rows]
    if not sys.stdout.isatty():
        widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
        for row in [[name.upper() for name in columns], *cells]:
            click.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=box.SIMPLE_HEAD, header_style="bold")
    for row in cells:
        table.add_row(*(Text(text) for text in row))
    Console().print(table)


def report(error: SniperError, *, as_json: bool, traceback: bool) -> None:
    """Print an error that ended a command to stderr."""
    if traceback:
        import traceback as tracebacks

        tracebacks.print_exception(error, file=sys.stderr)
    if as_json:
        click.echo(json.dumps({"error": {"code": error.code, "message": str(error)}}), err=True)
        return
    for line in str(error).splitlines():
        click.echo(f"{click.style('error', fg='red', bold=True)} {line}", err=True)


def _exact(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _exact(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_exact(value) for value in data]
    if isinstance(data, int) and not isinstance(data, bool) and abs(data) > _EXACT:
        return str(data)
    return data
