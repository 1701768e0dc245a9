"""``sniper policy explain``."""

import json
from typing import TYPE_CHECKING, Any

import click

from sniper.codec import to_json
from sniper.errors import ConfigError
from sniper_app_policy.trade import Judged, judged, laws, lines, stated

if TYPE_CHECKING:
    from sniper.cli.invocation import Invocation


@click.command()
@click.argument("intent", nargs=-1, required=True, metavar="KEY=VALUE...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def explain(ctx: click.Context, intent: tuple[str, ...], as_json: bool) -> None:
    """Say what the config's policies decide about a trade, which of them, and why. Nothing needs to run.

    Keys: account and venue; and side (increase, reduce, arbitrage), token, quote, pool, amm, deployer, amount, spent,
    at. Exit code 1 where it is denied.

        sniper policy explain account=main venue=uniswap amount="0.5 ether"
    """
    invocation: Invocation = ctx.obj
    resolved = invocation.resolved()
    found = judged(stated(_pairs(intent), "intent"), laws(resolved), resolved)
    denied = any(each.denying for each in found)
    if as_json:
        click.echo(json.dumps(_plain(found, denied), indent=2, ensure_ascii=False))
    else:
        word, colour = ("denied", "red") if denied else ("allowed", "green")
        click.echo(click.style(word, fg=colour, bold=True))
        for line in lines(found):
            click.echo(line)
    if denied:
        ctx.exit(1)


def _pairs(words: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for word in words:
        key, sign, value = word.partition("=")
        if not sign:
            raise ConfigError(f"{word!r} is no pair of a key and a value; write it as account=main")
        pairs[key] = value
    return pairs


def _plain(found: list[Judged], denied: bool) -> dict[str, Any]:  # Any: JSON
    return {
        "allowed": not denied,
        "policies": [
            {"policy": each.section, "findings": [to_json(finding) for finding in each.findings]} for each in found
        ],
    }
