"""``sniper backtest``: trade a config on a recorded market."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json, print_table
from sniper.cli.progress import bar

if TYPE_CHECKING:
    from sniper.runtime.backtest import Backtested, Result
    from sniper.settings.resolved import Resolved

LOOKAHEAD_INSTANTS: Final = 5
"""From which on ``--lookahead-check`` plays other futures."""
MOST_FILLS = 30
"""Fills that people are shown; ``--json`` has all."""


@click.command()
@click.argument("config", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--journal",
    "run",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The run whose market is traded: its data_dir, or the journal in it.",
)
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Market data of exchanges, as sniper data import keeps it.",
)
@click.option("--cash", default="10 ether", show_default=True, help="What each account begins with, on a --journal.")
@click.option("--from", "begin", help="Of --data: the first moment, such as 2024-01-31 or 2024-01-31T12:00, UTC.")
@click.option("--to", "end", help="Of --data: the moment before which it ends.")
@click.option(
    "--fills",
    "model",
    type=click.Choice(["next-event", "book"]),
    help="What fills an order: the next price, or the recorded book with a place in its queue; else as desks say.",
)
@click.option("--latency-ms", type=click.IntRange(0, 60_000), help="To the exchange, and back; else as desks say.")
@click.option(
    "--share-bps",
    type=click.IntRange(0, 10_000),
    default=0,
    help="Of next-event: how much of what is traded orders may have; 0: any amount.",
)
@click.option(
    "--queue-power",
    type=click.IntRange(0, 9),
    default=0,
    help="Of book: how likely it is the larger part of a queue that withdraws; 0: none before us does.",
)
@click.option(
    "--lookahead-check",
    is_flag=True,
    help="Of --data: play again with other futures, and compare what was decided before them.",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Of --data: keep the JSON in a file, too.")
@json_option
@click.pass_obj
@click.pass_context
def backtest(
    ctx: click.Context,
    invocation: Invocation,
    config: Path | None,
    run: Path | None,
    data: Path | None,
    cash: str,
    begin: str | None,
    end: str | None,
    model: Literal["next-event", "book"] | None,
    latency_ms: int | None,
    share_bps: int,
    queue_power: int,
    lookahead_check: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Trade CONFIG on a recorded market: same kernel, fills played, nothing is sent.

    With --data, at exchanges, on what a catalogue of market data holds of them. With --journal, on the chain that a run
    recorded: probes are answered with what the run's probes found for the same check and token. Where it found nothing
    the probe fails, which denies; how often is said below.
    """
    from sniper.types import Mode

    if (run is None) == (data is None):
        raise click.UsageError("say on what it trades: --data DIR, or --journal DIR")
    invocation.config = config or invocation.config
    resolved = invocation.resolved(mode=Mode.BACKTEST)
    if run is not None:
        _on_journal(resolved, run, cash, as_json)
        return
    from sniper.cli import exchange_backtest as exchanges
    from sniper.runtime.exchange_backtest import Fills

    assert data is not None
    latency = None if latency_ms is None else latency_ms * 10**6
    fills = Fills(model, latency, share_bps, queue_power)
    source = exchanges.recording(invocation.catalogue(), data)
    checks = LOOKAHEAD_INSTANTS if lookahead_check else 0
    result, peeks = exchanges.backtested(resolved, source, fills, *exchanges.range_of(begin, end), checks)
    told = {**exchanges.plain(result, fills), **({"lookahead": peeks} if checks else {})} if as_json or out else {}
    if out:
        out.write_text(json.dumps(told, ensure_ascii=False))
    if as_json:
        print_json(told)
    else:
        exchanges.show(result, fills, peeks if checks else None)
    ctx.exit(int(bool(peeks)))


def _on_journal(resolved: "Resolved", run: Path, cash: str, as_json: bool) -> None:
    from sniper.amounts import parse_amount
    from sniper.runtime.backtest import backtest as traded
    from sniper.runtime.kept import JOURNAL, locate

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
