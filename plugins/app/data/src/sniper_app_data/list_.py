"""``sniper data list``."""

import json
from pathlib import Path

import click

from sniper.cli.output import print_table
from sniper_app_data.options import data_option, json_option


@click.command("list")
@data_option
@json_option
def list_(root: Path, as_json: bool) -> None:
    """List what a catalogue holds: of which instruments, since when, until when, how many rows."""
    from sniper_app_data.catalogue import Catalogue
    from sniper_app_data.moments import clock

    found = []
    for dataset in Catalogue.at(root).datasets():
        parts, instrument = dataset.parts(), dataset.instrument
        if parts:
            size = sum((dataset.directory / part.file).stat().st_size for part in parts)
            first, last, rows = parts[0].first, parts[-1].last, sum(part.rows for part in parts)
            steps = (f"{instrument.price(1):f}", f"{instrument.size(1):f}")
            found.append((dataset, steps, rows, first, last, size))
    if as_json:
        plain = [
            {
                "instrument": dataset.instrument.id,
                "data": dataset.directory.name,
                "tick": tick,
                "lot": lot,
                "rows": rows,
                "first": str(first),
                "last": str(last),
                "bytes": size,
            }
            for dataset, (tick, lot), rows, first, last, size in found
        ]
        click.echo(json.dumps(plain, indent=2, ensure_ascii=False))
        return
    table = [
        (
            dataset.instrument.id,
            dataset.directory.name,
            f"{rows:,}",
            clock(first),
            clock(last),
            f"{tick} / {lot}",
            f"{size / 1e6:.1f} MB",
        )
        for dataset, (tick, lot), rows, first, last, size in found
    ]
    print_table(("instrument", "data", "rows", "first", "last", "tick / lot", "size"), table)
