"""``sniper backtest``: trade a config on a recorded market."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json, print_table
from sniper.cli.progress import bar

if TYPE_CHECKING:
    from sniper.runtime.backtest import Backtested, Result

MOST_FILLS = 30
"""Fills that people are shown; ``--json`` has all."""


@click.command()
@click.argument("config", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--journal",
    "run",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The run whose market is traded: its data_dir, or the journal in it.",
)
@click.option("--cash", default="10 ether", show_default=True, help="What each account begins with.")
@json_option
@click.pass_obj
def backtest(invocation: Invocation, config: Path, run: Path, cash: str, as_json: bool) -> None:
    """Trade CONFIG on the market that a run recorded: same kernel, fills played at once, nothing is sent.

    Probes are answered with what the run's probes found for the same check and token. Where it found nothing the probe
    fails, which denies; how often is said below.
    """
    from sniper.amounts import parse_amount
    from sniper.runtime.backtest import backtest as traded
    from sniper.runtime.kept import JOURNAL, locate
    from sniper.types import Mode

    invocation.config = config
    resolved = invocation.resolved(mode=Mode.BACKTEST)
    with bar("trading") as progress:
        result = asyncio.run(
            traded(resolved, locate(run) / JOURNAL, cash=parse_amount(cash), progress=progress, report=_say)
        )
    if as_json:
        print_json(_data(result))
    else:
        _print(result)


def _say(what: str, error: Exception) -> None:
    more = "" if str(error) in what else f": {type(error).__name__}: {error}"
    click.echo(f"warning: {what}{more}", err=True)


def _data(result: "Backtested") -> dict[str, Any]:
    return {
        "events": result.events,
        "begin": result.begin,
        "end": result.end,
        "accounts": {
            name: {
                **vars(account),
                "fills": [asdict(fill) for fill in account.fills],
                "open": [asdict(held) for held in account.open],
            }
            for name, account in result.accounts.items()
        },
    }


def _print(result: "Backtested") -> None:
    from sniper.cli.written import duration

    click.echo(f"{result.events:,} market events over {duration(result.end - result.begin)}")
    for name, account in result.accounts.items():
        click.echo()
        _print_account(name, account)


def _print_account(name: str, account: "Result") -> None:
    from sniper.cli.written import Words, clock, percent, short
    from sniper.types import BPS, NATIVE, asset_id, split_asset

    words = Words({})

    def paid(amount: int) -> str:
        return words.amount(amount, account.quote)

    click.echo(click.style(name, bold=True))
    click.echo(f"intents {account.intents}, allowed {account.allowed}, denied {sum(account.denied.values())}")
    for rule, count in account.denied.most_common():
        click.echo(f"  {count:>6} by {rule}")
    for check, count in sorted(account.unanswered.items()):
        click.echo(f"  {count} probes of {check} failed: the journal has no evidence for their tokens, so they deny")
    if account.later:
        click.echo(f"  {account.later} probes were answered with evidence that the run gathered only later")
    trades = [fill for fill in account.fills if fill.amount]
    if trades:
        shown = trades[-MOST_FILLS:]
        rows = [
            (
                clock(fill.time),
                short(split_asset(fill.token)[1]),
                str(fill.amount),
                paid(fill.cash),
                paid(fill.realised),
            )
            for fill in shown
        ]
        click.echo(f"fills{f', the last {MOST_FILLS} of {len(trades)}' if len(shown) < len(trades) else ''}")
        print_table(("time", "token", "base units", "cash", "realised"), rows)
    for held in account.open:
        change = percent((held.value - held.cost) * BPS // held.cost) if held.cost else "?"
        click.echo(f"held at the end: {held.token}, cost {paid(held.cost)}, worth {paid(held.value)} ({change})")
    gas = words.amount(sum(fill.gas for fill in account.fills), asset_id(split_asset(account.quote)[0], NATIVE))
    click.echo(f"realised {paid(account.realised)}, unrealised {paid(account.unrealised)}; gas {gas}")
    if account.halted:
        click.echo(click.style(f"halted: {account.halted}", fg="red"))
