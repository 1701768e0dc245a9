"""``sniper demo``."""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sniper_sdk.demo.summary import Summary


@click.command()
@click.option("--seed", default=1, show_default=True, help="Another seed is another market.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option("--keep", is_flag=True, help="Leave chain and bot running at the end, until interrupted.")
@click.option("--amm", default="constant-product", show_default=True, help="What prices the pools of Uniswap V2.")
@click.option("--directory", type=click.Path(path_type=Path), help="Where config, journal and log are kept.")
def demo(seed: int, as_json: bool, keep: bool, amm: str, directory: Path | None) -> int:
    """Snipe launches on a chain of its own: a real node, real Uniswap contracts, real signed transactions.

    Ends with code 0 only if the books reconcile with the chain to the wei and every launch ended as its author said.
    """
    where = directory or Path(tempfile.mkdtemp(prefix="sniper-demo-"))
    summary = asyncio.run(_play(where, seed, amm, keep=keep, quiet=as_json))
    if as_json:
        from sniper.cli.output import print_json

        print_json({**summary.plain(), "directory": str(where)})
    else:
        from sniper_sdk.demo.view import show

        show(summary, where)
    return 0 if summary.passed else 1


async def _play(directory: Path, seed: int, amm: str, *, keep: bool, quiet: bool) -> "Summary":
    from sniper_sdk.demo.play import Demo
    from sniper_sdk.demo.view import LiveView, progress
    from sniper_sdk.devchain import DevChain

    terminal = sys.stderr.isatty() and not quiet
    with progress(terminal) as installed, DevChain(automine=False, progress=installed) as chain:
        demo = Demo(chain, directory, seed, amm=amm)
        try:
            await demo.prepare(installed)
            with LiveView(demo.scenario, chain.chain_id, terminal=terminal) as view:
                summary = await demo.play(None if quiet else view.watch)
            if keep:
                await _keep(demo, quiet=quiet)
        finally:
            if demo.bot.running:
                await demo.bot.kill()
        return summary


async def _keep(demo: object, *, quiet: bool) -> None:
    from sniper_sdk.demo.play import Demo

    assert isinstance(demo, Demo)
    await demo.start_bot()
    if not quiet:
        click.echo(f"still running: chain at {demo.chain.rpc_url}, config {demo.config}; interrupt to end", err=True)
    try:
        while demo.bot.running:
            await asyncio.to_thread(demo.chain.mine)
            await asyncio.sleep(1.0)
    except asyncio.CancelledError:
        return
