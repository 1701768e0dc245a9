"""``sniper portfolio``."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from sniper.cli.output import json_option, print_json
from sniper_app_portfolio.lots import Method, lots_of

if TYPE_CHECKING:
    from sniper.cli.invocation import Invocation


@click.command()
@click.option("--account", help="Only this one. Default: all.")
@click.option(
    "--method",
    type=click.Choice(get_args(Method)),
    default="fifo",
    show_default=True,
    help="Which lots a sale takes first: the oldest, the newest or the dearest.",
)
@click.option("--year", type=int, help="Only gains of this calendar year, UTC. Default: of all.")
@click.option(
    "--csv",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write each gain into this file as well, as CSV.",
)
@json_option
@click.pass_obj
def portfolio(
    invocation: "Invocation", account: str | None, method: Method, year: int | None, target: Path | None, as_json: bool
) -> None:
    """Tell what accounts hold, what it is worth, what it earned, and its tax lots.

    Read from the journal, whether the bot runs or not. Each value names the price that it is made of, and its age.
    """
    from sniper.cli.story import Chronicle, NotOnRecord
    from sniper_app_portfolio import summary
    from sniper_app_portfolio.export import written
    from sniper_app_portfolio.ledger import Ledger
    from sniper_app_portfolio.tables import Tables
    from sniper_app_portfolio.worth import holdings

    ledger = Ledger()
    chronicle = Chronicle.of(invocation.settings().data_dir, ledger.hear)
    if account is not None and account not in chronicle.books:
        known = ", ".join(sorted(chronicle.books)) or "none"
        raise NotOnRecord(f"{account!r} is no account on record (there are: {known})")
    held = [each for each in holdings(chronicle) if account in (None, each.account)]
    movements = [each for each in ledger.movements if account in (None, each.account)]
    lots = lots_of(movements, method)
    gains = summary.gains_of(lots, year)
    now = time.time_ns()
    told: dict[str, Any] = {  # Any: JSON
        "time": now,
        "equity": summary.equity(held),
        "holdings": [summary.holding(each, now) for each in held],
        "exposure": summary.exposure(held),
        "attribution": summary.attribution(held, movements),
        "lots": {
            "method": method,
            "open": summary.open_lots(lots),
            "gains": [gain._asdict() for gain in gains],
            "years": summary.years(gains),
        },
        "fees_elsewhere": [
            {"account": of, "asset": asset, "amount": amount}
            for (of, asset), amount in sorted(ledger.elsewhere.items())
            if account in (None, of)
        ],
    }
    if target is not None:
        target.write_text(written(gains, method, chronicle.tokens))
    if as_json:
        print_json(told)
    else:
        Tables(chronicle).show(told)
        if target is not None:
            click.echo(f"wrote {target}")
