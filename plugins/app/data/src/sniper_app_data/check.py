"""``sniper data check``."""

import json
from pathlib import Path

import click

from sniper_app_data.options import data_option, json_option
from sniper_app_data.problems import BadData, Problems
from sniper_app_data.telling import plain, tell


@click.command()
@click.argument("instruments", nargs=-1)
@data_option
@json_option
@click.pass_context
def check(ctx: click.Context, instruments: tuple[str, ...], root: Path, as_json: bool) -> None:
    """Read all of a catalogue, or what it has of INSTRUMENTS: prove that each file is what was written and in order,
    and tell all gaps.

    Exit code 1 where something is wrong; a gap alone is not, as a market may have been closed.
    """
    from sniper_app_data.catalogue import Catalogue
    from sniper_app_data.checking import check as checked

    problems = Problems()
    counts = {}
    for dataset in Catalogue.at(root).datasets():
        if not instruments or dataset.instrument.id in instruments:
            counts[dataset.name] = checked(dataset, problems)
    wrong = bool(problems.refused())
    if as_json:
        click.echo(json.dumps({"rows": counts, **plain(problems)}, indent=2, ensure_ascii=False))
        ctx.exit(int(wrong))
    tell(problems)
    for name, count in counts.items():
        gaps = sum(each.code == "gap" and each.place == name for each in problems.found)
        click.echo(f"{name}: {count:,} rows{f', {gaps} gaps' if gaps else ''}")
    if wrong:
        raise BadData(f"{root}: what is stored is damaged; import the same data into another catalogue", problems)
