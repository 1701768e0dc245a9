"""The demo on a terminal: a table while it runs, a summary at its end. Plain lines where there is no terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import click
from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table

from sniper.types import asset_id
from sniper_sdk.demo.story import Story, Told
from sniper_sdk.demo.summary import Summary
from sniper_sdk.zoo import PlayedBlock, Scenario

ETHER = 10**18


def ether(wei: int) -> str:
    """An amount for people, six decimals."""
    sign = "-" if wei < 0 else ""
    return f"{sign}{abs(wei) // ETHER}.{abs(wei) % ETHER // 10**12:06d}"


@contextmanager
def progress(terminal: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """Bars for what is installed and compiled on first use."""
    if not terminal:
        yield None
        return
    bars = Progress(TextColumn("{task.description}"), BarColumn(), console=Console(stderr=True), transient=True)
    tasks: dict[str, TaskID] = {}

    def told(what: str, done: int, total: int) -> None:
        if what not in tasks:
            tasks[what] = bars.add_task(what, total=total)
        bars.update(tasks[what], completed=done, total=total)

    bars.start()
    try:
        yield told
    finally:
        bars.stop()


class LiveView:
    """Redraws a table on a terminal; prints what changes elsewhere."""

    def __init__(self, scenario: Scenario, chain_id: int, *, terminal: bool) -> None:
        self._launches = {asset_id(chain_id, launch.token.lower()): launch for launch in scenario.launches}
        self._live = Live(console=Console(stderr=True), auto_refresh=False) if terminal else None
        self._said: dict[str, str] = {}

    def __enter__(self) -> "LiveView":
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def watch(self, story: Story, played: PlayedBlock | None) -> None:
        """Show where things stand."""
        if self._live is not None:
            self._live.update(self._table(story), refresh=True)
            return
        for token, told in story.tokens.items():
            words = state_of(told)
            if self._said.get(token) != words:
                self._said[token] = words
                launch = self._launches.get(token)
                click.echo(f"block {story.block:>4}  {launch.symbol if launch else token:<8} {words}", err=True)

    def _table(self, story: Story) -> Table:
        table = Table(title=f"LIVE on a development chain, block {story.block}", title_justify="left")
        for column in ("token", "venue", "what happens", "pnl (ETH)"):
            table.add_column(column)
        for token, told in story.tokens.items():
            launch = self._launches.get(token)
            if launch is not None:
                table.add_row(
                    launch.symbol,
                    " and ".join(venue.value for venue in launch.venues),
                    state_of(told),
                    ether(told.realised),
                )
        return table


def state_of(told: Told) -> str:
    """A token's story in a few words."""
    if told.bought:
        exits = f" · {told.exits[-1]}" if told.exits else ""
        return f"{told.state}, bought for {ether(told.spent)}{exits}"
    if told.entries:
        return "buying"
    return f"refused by {told.denied}: {told.because}" if told.denied else "being judged"


def show(summary: Summary, directory: Path) -> None:
    """The summary for people."""
    console = Console(width=None if sys.stdout.isatty() else 180)
    table = Table(title=f"Launches of seed {summary.seed}", title_justify="left")
    for column in ("", "token", "kind", "venue", "expected", "got", "why", "pnl (ETH)"):
        table.add_column(column, overflow="fold")
    for row in summary.rows:
        mark = "[green]✓[/]" if row.as_expected else "[red]✗[/]"
        split = f"; bought over {' and '.join(row.legs)}" if row.legs else ""
        why = f"{row.why}{split}"
        table.add_row(mark, row.symbol, row.kind, row.venue, row.expected, row.got, why, ether(row.pnl))
    console.print(table)
    books = summary.reconciliation
    click.echo(f"{summary.orders} orders, {summary.fills} fills, {summary.records} journal records")
    for stage, figures in summary.stages.items():
        click.echo(f"  {stage:<9} p50 {figures['p50_ms']} ms, p99 {figures['p99_ms']} ms, n={figures['count']}")
    click.echo(f"cash in the books {books.cash} wei, on the chain {books.chain_cash} wei")
    click.echo(f"realised {ether(books.realised)} ETH, in open positions {ether(books.open_cost)} ETH")
    for difference in books.differences:
        click.secho(f"does not reconcile: {difference}", fg="red")
    verdict = "the books reconcile and every outcome is as expected" if summary.passed else "NOT as expected"
    click.secho(verdict, fg="green" if summary.passed else "red", bold=True)
    click.echo(f"config, journal and log: {directory}")
    click.echo(f"the story of a token: sniper --config {directory / 'sniper.toml'} why TOKEN")
