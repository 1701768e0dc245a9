"""``sniper resume``: let a halted account trade again."""

import click

from sniper.cli.invocation import Invocation
from sniper.cli.keyed import key_option, keyed
from sniper.cli.output import json_option, print_json


@click.command()
@click.argument("account")
@click.option("--reason", default="", help="What you found, for the record.")
@key_option
@json_option
@click.pass_obj
def resume(invocation: Invocation, account: str, reason: str, key: str | None, as_json: bool) -> None:
    """Let a halted ACCOUNT trade again. The bot must run.

    An account is halted where the record and the code disagree, where its books were asked for an impossible step, or
    after a reorg below finality. See why with sniper status, and settle it first: what is on its way is read anew, and
    the wallet is compared with the books.
    """
    from sniper.runtime.control import ask

    answer = ask(
        invocation.settings().data_dir, {"command": "resume", "account": account, "reason": reason, **keyed(key)}
    )
    if as_json:
        print_json(answer)
        return
    for name, was in answer["resumed"].items():
        click.echo(f"{name} trades again. It was halted: {was}")
