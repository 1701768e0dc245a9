"""``sniper kill-switch``: stop entries, sell everything, or freeze; with and without a run."""

import click

from sniper.cli.invocation import Invocation
from sniper.cli.keyed import key_option, keyed
from sniper.cli.output import json_option, print_json
from sniper.errors import ConfigError

LEVELS = ("show", "off", "no-entries", "flatten", "freeze")


@click.command("kill-switch")
@click.argument("level", type=click.Choice(LEVELS), default="show")
@click.option("--account", default="*", help="Only this account. Default: all of them.")
@click.option("--reason", default="", help="For the record.")
@key_option
@json_option
@click.pass_obj
def kill_switch(invocation: Invocation, level: str, account: str, reason: str, key: str | None, as_json: bool) -> None:
    """Set the kill switch to LEVEL, or show it.

    no-entries: nothing is bought. flatten: the same, and every position is sold. freeze: nothing leaves but
    cancellations. off: trade. It is written to a file that signer and executor read before each transaction, so it
    works without a run and beside one that is busy; a run is told at once. With --key a run is asked first, and the
    file is written where there is none, or where it does not carry the command out.
    """
    from sniper.runtime.commands import CommandRefused, KeyReused
    from sniper.runtime.control import NotRunning, ask
    from sniper.runtime.switches import EVERYONE, Switches
    from sniper.types import KillLevel

    settings = invocation.settings()
    if account != EVERYONE and account not in settings.account:
        raise ConfigError(f"there is no account {account!r}; there are {', '.join(sorted(settings.account))}")
    switches = Switches(settings.data_dir)
    if level != "show" and key is None:
        switches.set(account, KillLevel(level))  # first of all, whatever the run does
    running = True
    told = ""
    try:
        if level == "show":
            ask(settings.data_dir, {"command": "status"})
        else:
            command = {"command": "kill-switch", "level": level, "account": account, "reason": reason}
            ask(settings.data_dir, {**command, **keyed(key)})
    except KeyReused:
        raise
    except (NotRunning, CommandRefused) as error:
        running, told = not isinstance(error, NotRunning), str(error)
        if level != "show":
            switches.set(account, KillLevel(level))
    levels = {name: switches.level(name).value for name in settings.account}
    if as_json:
        print_json({"all": switches.everyone.level().value, "accounts": levels, "running": running, "told": told})
        return
    for name, stands in {"all accounts": switches.everyone.level().value, **levels}.items():
        click.echo(f"{name}: {click.style(stands, fg='green' if stands == 'off' else 'red', bold=True)}")
    if level != "show":
        click.echo(f"written to {switches.path(account)}" + (": the run obeys" if not told else ""))
    if told and level != "show":
        click.echo(told if running else f"no run was told, the next one obeys ({told})", err=True)
