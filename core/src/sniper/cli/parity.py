"""``sniper parity``: a run at exchanges against its backtest."""

from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import click

from sniper.cli import exit_codes
from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json, print_table
from sniper.cli.progress import bar

if TYPE_CHECKING:
    from sniper.runtime.parity import Difference, Parity

SHOWN = 10


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--verify", is_flag=True, help="Exit with code 1 where an order or a fill differs.")
@json_option
@click.pass_context
def parity(ctx: click.Context, run: Path, verify: bool, as_json: bool) -> None:
    """Play the run of RUN (its data_dir, or the journal in it) again at simulated exchanges; compare orders and fills.

    The market is the recorded one, as it was heard, and each request arrives when its answer says that it had. So what
    differs is the error of the model of fills, and what followed from it.
    """
    from sniper.runtime.kept import locate
    from sniper.runtime.parity import parity as compared

    invocation = ctx.ensure_object(Invocation)
    with bar("reading") as progress:
        found = compared(locate(run), config=invocation.config, progress=progress)
    if as_json:
        print_json(_data(found))
    else:
        _print(found)
    if verify and not found.same:
        ctx.exit(exit_codes.FAILURE)


def _data(found: "Parity") -> dict[str, Any]:
    return {
        "same": found.same,
        "inputs": found.inputs,
        "accounts": {
            name: {
                "orders": [len(found.recorded[name].orders), len(found.played[name].orders)],
                "fills": [len(found.recorded[name].fills), len(found.played[name].fills)],
                "realised": {
                    place: [str(each.realised.get(place, 0)) for each in (found.recorded[name], found.played[name])]
                    for place in sorted({*found.recorded[name].realised, *found.played[name].realised})
                },
            }
            for name in sorted(found.recorded)
        },
        "orders": [_difference(each) for each in found.orders],
        "fills": [_difference(each) for each in found.fills],
        "fills_later_ns": found.later_ns,
    }


def _difference(of: "Difference") -> dict[str, Any]:
    return {
        "account": of.account,
        "number": of.number,
        "recorded": None if of.recorded is None else _plain(of.recorded._asdict()),
        "played": None if of.played is None else _plain(of.played._asdict()),
    }


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) if name == "fee" else value for name, value in values.items()}


def _print(found: "Parity") -> None:
    from sniper.amounts import in_coins

    rows: list[tuple[str, ...]] = []
    for name in sorted(found.recorded):
        theirs, mine = found.recorded[name], found.played[name]
        rows.append((name, "orders", str(len(theirs.orders)), str(len(mine.orders))))
        rows.append((name, "fills", str(len(theirs.fills)), str(len(mine.fills))))
        for place in sorted({*theirs.realised, *mine.realised}):
            amounts = (in_coins(each.realised.get(place, 0), 18) for each in (theirs, mine))
            rows.append((name, f"realised at {place}", *amounts))
    print_table(("account", "what", "recorded", "played"), rows)
    for what, differences in (("order", found.orders), ("fill", found.fills)):
        for each in differences[:SHOWN]:
            click.echo(
                f"{what} {each.number} of {each.account}: recorded {_said(each.recorded)}; played {_said(each.played)}"
            )
        if len(differences) > SHOWN:
            click.echo(f"… and {len(differences) - SHOWN} more {what}s; --json has them all")
    if found.later_ns:
        late = sorted(abs(each) for each in found.later_ns)
        click.echo(f"fills were booked {median(late) / 1e6:.3f} ms apart (median), {late[-1] / 1e6:.3f} ms at most")
    if found.same:
        click.secho("Every order and every fill is the recorded one.", fg="green")
    else:
        click.secho("What differs is the error of the model of fills, and what followed from it.", fg="yellow")


def _said(what: Any) -> str:
    return "nothing" if what is None else " ".join(f"{name}={value}" for name, value in what._asdict().items())
