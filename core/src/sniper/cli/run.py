"""``sniper run``: trade until told to stop."""

import asyncio
import signal
from typing import TYPE_CHECKING

import click

from sniper.cli.invocation import Invocation

if TYPE_CHECKING:
    from sniper.catalogue import Catalogue
    from sniper.settings.resolved import Resolved

MODES = ("paper", "shadow", "live")
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@click.command()
@click.option("--mode", type=click.Choice(MODES), help="Override the mode that the config file says.")
@click.option("--standby", is_flag=True, help="Wait while another run decides for the accounts, and take over from it.")
@click.pass_obj
def run(invocation: Invocation, mode: str | None, standby: bool) -> None:
    """Trade until interrupted. Says which mode it is in before anything else.

    Started again after a crash it goes on where the journal ends: nothing is bought twice.
    """
    from sniper.runtime.logs import configure
    from sniper.types import Mode

    for line in invocation.informed():
        click.echo(f"warning: {line}", err=True)
    resolved = invocation.resolved(mode=Mode(mode) if mode else None)
    configure(resolved.settings.logging.level, resolved.settings.logging.format)
    _announce(resolved)
    catalogue = invocation.catalogue()
    try:
        import uvloop
    except ImportError:
        asyncio.run(_trade(resolved, catalogue, standby=standby))
    else:
        uvloop.run(_trade(resolved, catalogue, standby=standby))


def _announce(resolved: "Resolved") -> None:
    live = resolved.mode.value == "live"
    chains = ", ".join(f"{name} ({chain.id})" for name, chain in resolved.chains.items())
    mode = click.style(f" {resolved.mode.value.upper()} ", bg="red" if live else "green", fg="white", bold=True)
    click.echo(f"{mode} on {chains}: accounts {', '.join(account.name for account in resolved.accounts)}", err=True)
    for line in resolved.refused:
        click.echo(click.style(f"refused: {line}", fg="red", bold=True), err=True)


async def _trade(resolved: "Resolved", catalogue: "Catalogue", *, standby: bool) -> None:
    from sniper.runtime.run import Run

    trading = Run(resolved, catalogue, standby=standby)
    loop = asyncio.get_running_loop()
    starting = loop.create_task(trading.start())
    for name in SIGNALS:
        loop.add_signal_handler(name, starting.cancel)  # it may wait for a password that nobody will type
    try:
        await starting
    except asyncio.CancelledError:
        raise click.Abort from None
    for name in SIGNALS:
        loop.add_signal_handler(name, trading.stop)
    try:
        await trading.until_stopped()
    finally:
        await trading.close()
