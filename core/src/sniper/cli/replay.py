"""``sniper replay``: run a journal again."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sniper.cli import exit_codes
from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json
from sniper.cli.progress import bar

if TYPE_CHECKING:
    from sniper.runtime.replay import Replayed


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--verify", is_flag=True, help="Exit with code 4 where the same code and config decide otherwise.")
@click.option("--epoch", type=int, help="Only this epoch of the journal.")
@click.option("--allow-different", is_flag=True, help="Go on with other code or another config: what would be decided.")
@json_option
@click.pass_context
def replay(
    ctx: click.Context, run: Path, verify: bool, epoch: int | None, allow_different: bool, as_json: bool
) -> None:
    """Run the journal of RUN (its data_dir, or the journal in it) again, and compare every decision with the record.

    The config is the copy that the run kept, unless sniper's own --config names one. Nothing is sent and nothing is
    asked: all answers are in the journal.
    """
    from sniper.runtime.kept import locate
    from sniper.runtime.replay import replay as replayed

    invocation = ctx.ensure_object(Invocation)
    with bar("replaying") as progress:
        result, _ = replayed(
            locate(run), config=invocation.config, epoch=epoch, allow_different=allow_different, progress=progress
        )
    if as_json:
        print_json(_data(result))
    else:
        _print(result)
    if verify and not result.ok:
        ctx.exit(exit_codes.JOURNAL)


def _data(result: "Replayed") -> dict[str, Any]:
    return {
        "ok": result.ok,
        "epochs": result.epochs,
        "first_record": result.begin,
        "end": result.end,
        "inputs": result.inputs,
        "facts": result.facts,
        "seconds": round(result.seconds, 3),
        "rate": result.rate,
        "mismatches": [asdict(each) for each in result.mismatches],
        "redecided": [asdict(each) for each in result.redecided],
        "differing": {str(number): lines for number, lines in result.differing.items()},
    }


def _print(result: "Replayed") -> None:
    epochs = ", ".join(str(number) for number in result.epochs)
    click.echo(
        f"records {result.begin} to {result.end} (epoch {epochs}): {result.inputs:,} inputs, {result.facts:,} facts, "
        f"{result.seconds:.2f} s, {result.rate:,} a second"
    )
    for number, lines in result.differing.items():
        for line in lines:
            click.echo(f"epoch {number}: {line}")
    for mismatch in result.redecided:
        click.echo(f"{click.style('re-decided', fg='yellow')} {mismatch}")
    for mismatch in result.mismatches:
        click.echo(f"{click.style('differs', fg='red', bold=True)} {mismatch}")
    if result.ok and not result.differing:
        click.echo(click.style("every decision is what was recorded", fg="green"))
