"""``sniper journal``: verify, export and prune what was recorded."""

import sys
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec

from sniper.cli import exit_codes
from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json
from sniper.cli.progress import bar
from sniper.errors import SniperError

run_argument = click.argument(
    "run", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="[RUN]"
)


@dataclass(frozen=True)
class Place:
    """A run's directory and the journal in it."""

    run: Path

    @property
    def journal(self) -> Path:
        return self.run / "journal"


def _place(invocation: Invocation, run: Path | None) -> Place:
    """The named run (its data_dir or the journal in it), else the one of the config file."""
    from sniper.runtime.kept import locate

    return Place(locate(run or invocation.settings().data_dir))


@click.command()
@run_argument
@json_option
@click.pass_context
def verify(ctx: click.Context, run: Path | None, as_json: bool) -> None:
    """Prove that no byte of RUN's journal changed: every frame, the chain through all of them, every snapshot.

    RUN is a data_dir or its journal directory; without it, the data_dir of the config file. Exit code 4 where
    something is wrong. The printed chain hash proves, kept elsewhere, that nothing was cut off later.
    """
    from sniper.journal import verify as verified

    place = _place(ctx.ensure_object(Invocation), run)
    with bar("verifying") as progress:
        report = verified(place.journal, progress)
    if as_json:
        body = msgspec.to_builtins(report, builtin_types=(bytes,)) | {"ok": report.ok, "chain": report.chain.hex()}
        print_json(body)
    else:
        click.echo(
            f"{place.journal}: records {report.first} to {report.position} in {report.segments} segments, "
            f"{report.frames:,} frames, {report.epochs} epochs, {report.size:,} bytes"
        )
        click.echo(f"chain {report.chain.hex()}")
        for problem in report.problems:
            click.echo(
                f"{click.style('damaged', fg='red', bold=True)} {problem.file}, byte {problem.offset}: {problem.what}"
            )
        if report.ok:
            click.echo(click.style("in order", fg="green"))
    if not report.ok:
        ctx.exit(exit_codes.JOURNAL)


@click.command()
@run_argument
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; without it, stdout.")
@click.option("--from", "from_", type=click.IntRange(min=0), default=None, help="Number of the first record.")
@click.pass_obj
def export(invocation: Invocation, run: Path | None, out: Path | None, from_: int | None) -> None:
    """Write RUN's journal as text: one JSON object a line for each record, large integers as strings."""
    from sniper.codec import decode
    from sniper.journal import export as exported
    from sniper.journal.cut import read_cut

    place = _place(invocation, run)
    _know_events(place)
    cut = read_cut(place.journal)
    first = (cut.first if cut else 0) if from_ is None else from_
    if out is None:
        exported(place.journal, sys.stdout, decode, first)
        return
    with out.open("w", encoding="utf-8") as file:
        count = exported(place.journal, file, decode, first)
    click.echo(f"Wrote {count:,} records to {out}")


def _know_events(place: Place) -> None:
    """Load the run's plugins, so that their events can be read; without them those are exported undecoded."""
    from sniper.runtime.kept import kept
    from sniper.runtime.records import register_events

    try:
        kept(place.run)
    except SniperError as error:
        click.echo(f"warning: events of plugins are exported as hex: {error}", err=True)
    register_events()


@click.command()
@run_argument
@click.option("--keep", type=click.IntRange(min=1), default=2, show_default=True, help="Newest segments to keep.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def prune(invocation: Invocation, run: Path | None, keep: int, yes: bool, as_json: bool) -> None:
    """Remove the oldest segments of RUN's journal that the newest snapshot covers. They cannot be had again.

    What is left still verifies. Safe while the run is trading.
    """
    from sniper.journal import prune as pruned

    place = _place(invocation, run)
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("nobody is there to be asked; add --yes")
        click.confirm(f"Remove old segments of {place.journal} for good?", abort=True, err=True)
    removed = pruned(place.journal, keep)
    if as_json:
        print_json({"removed": removed})
    elif removed:
        click.echo(f"Removed segments {removed[0]} to {removed[-1]}")
    else:
        click.echo("Nothing to remove: the newest snapshot covers no whole segment beyond those to keep")
