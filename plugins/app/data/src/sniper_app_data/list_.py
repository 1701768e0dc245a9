"""``sniper data list``."""

import json
from pathlib import Path

import click

from sniper_app_data.options import data_option, json_option
from sniper_app_data.telling import table


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
            first, last, count = parts[0].first, parts[-1].last, sum(part.rows for part in parts)
            steps = (f"{instrument.price(1):f}", f"{instrument.size(1):f}")
            found.append((dataset, steps, count, first, last, size))
    if as_json:
        plain = [
            {
                "instrument": dataset.instrument.id,
                "data": dataset.directory.name,
                "tick": tick,
                "lot": lot,
                "rows": count,
                "first": str(first),
                "last": str(last),
                "bytes": size,
            }
            for dataset, (tick, lot), count, first, last, size in found
        ]
        click.echo(json.dumps(plain, indent=2, ensure_ascii=False))
        return
    rows = [
        (
            dataset.instrument.id,
            dataset.directory.name,
            f"{count:,}",
            clock(first),
            clock(last),
            f"{tick} / {lot}",
            f"{size / 1e6:.1f} MB",
        )
        for dataset, (tick, lot), count, first, last, size in found
    ]
    click.echo(table(("instrument", "data", "rows", "first", "last", "tick / lot", "size"), rows))
