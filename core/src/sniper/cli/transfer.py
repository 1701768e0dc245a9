"""``sniper transfer``: send money to an own wallet."""

import click

from sniper.cli.invocation import Invocation
from sniper.cli.keyed import key_option, keyed
from sniper.cli.output import json_option, print_json


@click.command()
@click.argument("amount")
@click.option("--to", required=True, metavar="ADDRESS", help="One of [account.NAME.treasury] to, or a wallet of it.")
@click.option("--account", default="*", help="Who pays. Default: the only one.")
@click.option("--from", "wallet", default="", metavar="ADDRESS", help="Which of its wallets. Default: the fullest.")
@click.option(
    "--asset",
    type=click.Choice(["quote", "native"]),
    default="quote",
    show_default=True,
    help="What the account pays with, or the chain's own coin.",
)
@click.option("--reason", default="sent by hand", help="For the record.")
@key_option
@json_option
@click.pass_obj
def transfer(
    invocation: Invocation,
    amount: str,
    to: str,
    account: str,
    wallet: str,
    asset: str,
    reason: str,
    key: str | None,
    as_json: bool,
) -> None:
    """Send AMOUNT (base units, or text such as "0.5 ether") to an own wallet. The bot must run.

    Config and signer's rules must both name the wallet. It is an order like any other: reserved, signed, on record, and
    settled by what the chain shows; it counts neither as profit nor as loss.
    """
    from sniper.amounts import parse_amount
    from sniper.runtime.control import ask

    asked = {"command": "transfer", "to": to, "account": account, "asset": asset, "reason": reason}
    asked |= {"from": wallet} if wallet else {}
    answer = ask(invocation.settings().data_dir, {**asked, "amount": parse_amount(amount), **keyed(key)})
    if as_json:
        print_json(answer)
        return
    click.echo(f"Sending. Follow it with: sniper why {answer['intent']}")
