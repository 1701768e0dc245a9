"""``sniper strategy``: list the strategies of a run, and start, pause, drain, remove or configure one."""

import json
from typing import Any

import click

from sniper.cli.invocation import Invocation
from sniper.cli.keyed import key_option, keyed
from sniper.cli.output import json_option, print_json, print_table
from sniper.errors import ConfigError

_account = click.option("--account", default="*", help="Only of this account. Default: every account that runs it.")


@click.command("list")
@json_option
@click.pass_obj
def list_(invocation: Invocation, as_json: bool) -> None:
    """List the strategies of the config file and their states. Read from the journal, whether the bot runs or not."""
    from sniper.cli.story import Chronicle, NotOnRecord

    settings = invocation.settings()
    try:
        books = Chronicle.of(settings.data_dir).books
    except NotOnRecord:
        books = {}
    rows = []
    for account in settings.account:
        for name in settings.strategies_of(account):
            book = books.get(account)
            life = book.instances.get(name) if book else None
            rows.append(
                {
                    "account": account,
                    "strategy": name,
                    "plugin": settings.strategy[name].plugin or name,
                    "state": life.state if life else "active",
                    "parameters": json.loads(life.parameters) if life and life.parameters else {},
                    "positions": sum(p.instance == name for p in book.positions.values()) if book else 0,
                    "orders": sum(o.placed.instance == name for o in book.orders.values()) if book else 0,
                }
            )
    if as_json:
        print_json({"strategies": rows})
        return
    columns = ("account", "strategy", "plugin", "state", "positions", "orders", "changed while it ran")
    print_table(columns, [(*map(str, list(row.values())[:4]), *_tail(row)) for row in rows])


def _tail(row: dict[str, Any]) -> tuple[str, str, str]:
    """Any: a row as JSON."""
    changed = ", ".join(f"{key} = {value}" for key, value in row["parameters"].items())
    return str(row["positions"]), str(row["orders"]), changed


def _steering(action: str, about: str) -> click.Command:
    @click.command(action, help=f"{about} NAME is a strategy of the config file. The bot must run.")
    @click.argument("name")
    @_account
    @key_option
    @json_option
    @click.pass_obj
    def steer(invocation: Invocation, name: str, account: str, key: str | None, as_json: bool) -> None:
        _steer(invocation, {"action": action, "instance": name, "account": account, **keyed(key)}, as_json)

    return steer


start = _steering("start", "Let a strategy enter again.")
pause = _steering("pause", "Let a strategy enter nothing until it is started again; its exits go on.")
drain = _steering("drain", "Let a strategy enter nothing any more, and remove it once it holds nothing.")
remove = _steering("remove", "End a strategy; the exits of its positions go on.")


@click.command()
@click.argument("name")
@click.argument("keys", metavar="KEY=VALUE...", nargs=-1, required=True)
@_account
@key_option
@json_option
@click.pass_obj
def configure(
    invocation: Invocation, name: str, keys: tuple[str, ...], account: str, key: str | None, as_json: bool
) -> None:
    """Change keys of the strategy NAME while it runs; the config file stays as it is. The bot must run.

    Values are JSON where they can be (3, true, ["a"]), else text: min_liquidity="2 ether".
    """
    parameters = {}
    for pair in keys:
        name_of, separator, value = pair.partition("=")
        if not separator or not name_of:
            raise ConfigError(f"{pair!r} is no change; write KEY=VALUE")
        parameters[name_of] = _value(value)
    command = {"action": "configure", "instance": name, "account": account, "parameters": parameters}
    _steer(invocation, {**command, **keyed(key)}, as_json)


def _value(text: str) -> Any:
    """Any: JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _steer(invocation: Invocation, command: dict[str, Any], as_json: bool) -> None:
    """Any: JSON."""
    from sniper.runtime.control import ask

    answer = ask(invocation.settings().data_dir, {"command": "strategy", **command})
    if as_json:
        print_json(answer)
        return
    for instance, state in answer["instances"].items():
        click.echo(f"{instance} is {state}")
