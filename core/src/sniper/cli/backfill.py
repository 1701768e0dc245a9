"""``sniper data backfill``: the past of a chain as a journal."""

import asyncio
from dataclasses import asdict
from pathlib import Path

import click

from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json
from sniper.cli.progress import bar


@click.command()
@click.argument("run", type=click.Path(file_okay=False, path_type=Path))
@click.option("--chain", required=True, help="A chain of the config, whose endpoints are asked.")
@click.option("--from-block", "first", required=True, type=click.IntRange(1), help="The first block.")
@click.option("--to-block", "last", required=True, type=click.IntRange(1), help="The last block, a final one.")
@json_option
@click.pass_obj
def backfill(invocation: Invocation, run: Path, chain: str, first: int, last: int, as_json: bool) -> None:
    """Write the past of a chain into a journal in RUN, as if a run of the config had been there: its blocks, and the
    logs that its AMMs and checks listen to. Then: sniper backtest --journal RUN.

    The same command goes on where one ended. Each block must follow the one before, so none is missing. What only a run
    would have asked at that time is not there: pools that are older than the first block, evidence of probes.
    """
    from sniper.runtime.backfill import backfill as filled
    from sniper.runtime.kept import JOURNAL
    from sniper.types import Mode

    resolved = invocation.resolved(mode=Mode.BACKTEST)
    with bar("reading") as progress:
        result = asyncio.run(filled(resolved, invocation.catalogue(), chain, first, last, run / JOURNAL, progress))
    if as_json:
        print_json(asdict(result))
    else:
        click.echo(
            f"blocks {result.first} to {result.last}, none missing; {result.new:,} are new, with {result.logs:,} logs"
        )
