"""``sniper pools``, ``quote`` and ``route``: what the market of a running bot gives, exactly."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from sniper.amounts import in_coins
from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json, print_table

F = TypeVar("F", bound=Callable[..., Any])

_AS_WRITTEN = {"ignore_unknown_options": True}
"""A negative amount is answered as an amount, and is no option that nobody knows."""
_chain = click.option("--chain", type=int, help="Number of the chain, where the run has several.")


def _question(command: F) -> F:
    """What quotes and routes are asked with."""
    for add in (
        _chain,
        click.option("--base", is_flag=True, help="AMOUNT is in base units, not in coins."),
        click.option("--exact-out", is_flag=True, help="AMOUNT is what is to be bought."),
        click.argument("amount"),
        click.argument("token_out", metavar="OUT"),
        click.argument("token_in", metavar="IN"),
    ):
        command = add(command)
    return command


@click.command()
@_chain
@click.option("--token", help="Those that trade this token (its address, or native).")
@json_option
@click.pass_obj
def pools(invocation: Invocation, chain: int | None, token: str | None, as_json: bool) -> None:
    """List the pools that the running bot knows, and why one cannot be quoted."""
    answer = _ask(invocation, {"command": "pools", "chain": chain, "coin": token})
    if as_json:
        print_json(answer)
        return
    rows = [
        (each["amm"], each["pool"], " ".join(coin[:10] for coin in each["coins"]), each["unquotable"] or "yes")
        for each in answer["pools"]
    ]
    print_table(("amm", "pool", "coins", "quoted"), rows)
    more = answer["count"] - len(rows)
    click.echo(f"{answer['count']} pools{f', {more} of them not shown: name a token' if more else ''}.")


@click.command(context_settings=_AS_WRITTEN)
@_question
@json_option
@click.pass_obj
def quote(
    invocation: Invocation,
    token_in: str,
    token_out: str,
    amount: str,
    exact_out: bool,
    base: bool,
    chain: int | None,
    as_json: bool,
) -> None:
    """What each pool between IN and OUT gives for AMOUNT, the best first.

    IN and OUT are addresses of tokens, or native for the chain's own coin. AMOUNT is in coins: 1.5
    """
    asked = {"in": token_in, "out": token_out, "amount": amount, "exact_out": exact_out, "base": base, "chain": chain}
    answer = _ask(invocation, {"command": "quote", **asked})
    if as_json:
        print_json(answer)
        return
    rows = [
        (
            each["legs"][0]["amm"],
            _coins(each["amount_in"], answer["in"]),
            _coins(each["amount_out"], answer["out"]),
            f"{each['amount_in' if exact_out else 'amount_out']}",
            f"{each['impact'] * 100:.4f}%",
            f"{each['gas']:,}",
        )
        for each in answer["routes"]
    ]
    print_table(("pool", "pays", "gives", "in base units", "impact", "gas"), rows)
    _left_out(answer)


@click.command(context_settings=_AS_WRITTEN)
@_question
@click.option("--explain", is_flag=True, help="Show where each part goes, as a tree.")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Draw it into this file (SVG).")
@click.option("--max-hops", default=3, show_default=True, help="Most pools on any way.")
@click.option("--max-legs", default=8, show_default=True, help="Most pools altogether.")
@click.option("--without-pool", multiple=True, help="A pool that must not be used; may be repeated.")
@click.option("--without-token", multiple=True, help="A token that must not stand in between; may be repeated.")
@click.option("--no-gas", is_flag=True, help="Do not count what gas costs.")
@json_option
@click.pass_obj
def route(
    invocation: Invocation,
    token_in: str,
    token_out: str,
    amount: str,
    exact_out: bool,
    base: bool,
    chain: int | None,
    explain: bool,
    plot: Path | None,
    max_hops: int,
    max_legs: int,
    without_pool: tuple[str, ...],
    without_token: tuple[str, ...],
    no_gas: bool,
    as_json: bool,
) -> None:
    """The best way to trade AMOUNT of IN for OUT, split and over several pools where that pays.

    IN and OUT are addresses of tokens, or native for the chain's own coin. AMOUNT is in coins: 1.5
    """
    asked = {"in": token_in, "out": token_out, "amount": amount, "exact_out": exact_out, "base": base, "chain": chain}
    rules = {
        "max_hops": max_hops,
        "max_legs": max_legs,
        "without_pools": list(without_pool),
        "without_coins": list(without_token),
        "gas": not no_gas,
    }
    answer = _ask(invocation, {"command": "route", **asked, **rules})
    if plot is not None:
        from sniper.cli.drawing import drawn

        try:
            plot.write_text(drawn(answer), encoding="utf-8")
        except OSError as error:
            raise click.FileError(str(plot), error.strerror) from error
    if as_json:
        print_json(answer)
        return
    found = answer["route"]
    if explain:
        click.echo(answer["explained"])
    else:
        gap = "" if found["gap"] is None else f", at most {max(0.0, found['gap']) * 100:.6f}% below the best"
        click.echo(f"{_coins(found['amount_in'], answer['in'])} → {_coins(found['amount_out'], answer['out'])}{gap}")
        click.echo(f"{len(found['legs'])} pools, {found['method']}, gas {found['gas']:,}. Where it goes: --explain")
    if plot is not None:
        click.echo(f"Drawn: {plot}")
    _left_out(answer)


def _ask(invocation: Invocation, command: dict[str, Any]) -> dict[str, Any]:
    from sniper.runtime.control import ask

    return ask(invocation.settings().data_dir, {key: value for key, value in command.items() if value is not None})


def _coins(amount: str, coin: dict[str, Any]) -> str:
    return f"{in_coins(int(amount), coin['decimals'])} {coin['symbol']}"


def _left_out(answer: dict[str, Any]) -> None:
    for each in answer["refused"]:
        click.secho(f"left out: {each['pool']}: {each['reason']}", dim=True)
