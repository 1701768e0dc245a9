"""``sniper positions`` and ``sniper close``: what is held, and selling it by hand."""

from typing import TYPE_CHECKING, Any

import click

from sniper.cli.invocation import Invocation
from sniper.cli.keyed import key_option, keyed
from sniper.cli.output import json_option, print_json, print_table
from sniper.instrument import to_decimal
from sniper.types import BPS, at_exchange

if TYPE_CHECKING:
    from pathlib import Path

    from sniper.cli.range_telling import Present
    from sniper.cli.story import Chronicle, Holding
    from sniper.kernel.book import Book


@click.command()
@click.option("--all", "everything", is_flag=True, help="Those that are closed too.")
@json_option
@click.pass_obj
def positions(invocation: Invocation, everything: bool, as_json: bool) -> None:
    """List what is held. Read from the journal, whether the bot runs or not; what liquidity in ranges has earned and is
    worth now, a bot that runs is asked."""
    from sniper.cli.range_telling import ranges_held
    from sniper.cli.story import Chronicle

    directory = invocation.settings().data_dir
    chronicle = Chronicle.of(directory)
    ranges = ranges_held(chronicle, _present(directory, chronicle))
    found = [holding for holding in chronicle.holdings if everything or not holding.closed]
    if as_json:
        cash = [
            {"account": name, "asset": asset, "amount": amount, "reserved": book.reserved(asset)}
            | ({"wallets": _purses(book, asset)} if book.wallets else {})
            for name, book in sorted(chronicle.books.items())
            for asset, amount in sorted(book.cash.items())
        ]
        rows = [_plain(holding, chronicle) for holding in found]
        contracts = contracts_held(chronicle)
        print_json({"positions": rows, "ranges": ranges, "contracts": contracts, "cash": cash})
        return
    _print(found, ranges, chronicle)


def _present(directory: "Path", chronicle: "Chronicle") -> "Present":
    """What ranges have now, which only a run knows; nothing where none is under way, or no range is open."""
    from sniper.runtime.control import NotRunning, ask

    if not any(held.state != "closed" for book in chronicle.books.values() for held in book.ranges.values()):
        return {}
    try:
        accounts = ask(directory, {"command": "status"})["accounts"]
    except NotRunning:
        return {}
    return {name: account["ranges"] for name, account in accounts.items()}


def _print(found: "list[Holding]", ranges: list[dict[str, Any]], chronicle: "Chronicle") -> None:
    """Any: JSON."""
    from sniper.cli.range_telling import print_ranges
    from sniper.cli.written import Words, clock, short

    words = Words(chronicle.tokens)
    several = any(book.wallets for book in chronicle.books.values())
    if found:
        rows = [
            (
                holding.account,
                *([short(holding.position.wallet)] if several else []),
                words.named(holding.token),
                words.amount(holding.position.amount, holding.token),
                words.amount(holding.position.cost, holding.position.quote),
                words.amount(holding.realised, holding.position.quote),
                holding.state,
                clock(holding.position.opened_at)[:19] if holding.position.opened_at else "",
                holding.position.instance,
            )
            for holding in found
        ]
        where = ("wallet",) if several else ()
        print_table(("account", *where, "token", "held", "cost", "realised", "state", "since", "strategy"), rows)
        for holding in found:
            if holding.unguarded:
                what = f"{words.named(holding.token)} of {holding.account}: {holding.unguarded}"
                click.secho(f"Not guarded: {what}. Sell it with: sniper close {holding.token}", fg="red")
        _print_contracts(chronicle)
    elif not ranges:
        click.echo("Nothing is held.")
    print_ranges(ranges, words)
    for name, book in sorted(chronicle.books.items()):
        for asset, amount in sorted(book.cash.items()):
            reserved = book.reserved(asset)
            kept = f", {words.amount(reserved, asset)} of it reserved" if reserved else ""
            click.echo(f"cash of {name}: {words.amount(amount, asset)}{kept}")
            for wallet, purse in _purses(book, asset).items():
                kept = f", {words.amount(purse['reserved'], asset)} of it reserved" if purse["reserved"] else ""
                click.echo(f"  in {wallet}: {words.amount(purse['amount'], asset)}{kept}")


def contracts_held(chronicle: "Chronicle") -> list[dict[str, Any]]:
    """The positions in contracts, at the newest prices on record: prices and sizes as the exchange writes them, the
    average entry to eight places, amounts in base units of the quote asset. Any: JSON."""
    from sniper.kernel.exchange.contracts import held_contract

    tickers, found = chronicle.tickers(), []
    for name, book in sorted(chronicle.books.items()):
        for token in sorted(book.positions):
            held = held_contract(book, tickers, token)
            if held is None:
                continue
            instrument, liquidation = held.instrument, held.liquidation
            found.append(
                {
                    "account": name,
                    "instrument": instrument.id,
                    "quote": instrument.quote,
                    "size": f"{instrument.size(held.lots):f}",
                    "entry": f"{to_decimal(int(round(held.entry * instrument.tick, -10))):f}",
                    "unrealised": held.unrealised,
                    "leverage": held.leverage,
                    "isolated": held.isolated,
                    "margin": held.margin,
                    "maintenance": held.maintenance,
                    "liquidation": None if liquidation is None else f"{instrument.price(liquidation):f}",
                }
            )
    return found


def _print_contracts(chronicle: "Chronicle") -> None:
    from sniper.cli.written import exact

    rows = [
        (
            each["account"],
            each["instrument"],
            each["size"],
            each["entry"],
            exact(each["unrealised"]),
            f"{each['leverage']}x {'cross' if each['isolated'] is None else 'isolated'}",
            exact(each["margin"]),
            each["liquidation"] or "none",
        )
        for each in contracts_held(chronicle)
    ]
    if rows:
        columns = ("account", "contract", "size", "entry", "unrealised", "leverage", "margin", "liquidation")
        print_table(columns, rows)


def _purses(book: "Book", asset: str) -> dict[str, dict[str, int]]:
    """What each wallet has of an asset, where there are several."""
    return {
        wallet: {"amount": book.cash_of(asset, wallet), "reserved": book.reserved(asset, wallet)}
        for wallet in book.wallets
    }


def _plain(holding: "Holding", chronicle: "Chronicle") -> dict[str, Any]:
    """As JSON."""
    position, token = holding.position, chronicle.tokens.get(holding.token)
    return {
        "account": holding.account,
        "token": holding.token,
        "symbol": holding.token.partition(":")[2] if at_exchange(holding.token) else token.symbol if token else None,
        "decimals": 18 if at_exchange(holding.token) else token.decimals if token else None,
        "amount": position.amount,
        "cost": position.cost,
        "quote": position.quote,
        "realised": holding.realised,
        "state": holding.state,
        "failures": position.failures,
        "unguarded": holding.unguarded,
        "pool": position.pool,
        "instance": position.instance,
        "wallet": position.wallet,
        "opened_at": position.opened_at,
        "entries": [entry.id for entry in holding.entries],
    }


class Share(click.ParamType[int]):
    """A share such as ``50%`` or ``12.5%``, as bps."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Any: what click hands over: text, or a default that is bps already."""
        if isinstance(value, int):
            return value
        from decimal import Decimal, InvalidOperation

        try:
            bps = Decimal(value.removesuffix("%")) * 100
        except InvalidOperation:
            self.fail(f"{value!r} is no share; write a percentage, such as 50%", param, ctx)
        if not bps.is_finite() or bps != bps.to_integral_value() or not 0 < bps <= BPS:
            self.fail(f"{value!r} is no share; write more than 0% up to 100%, at most two decimals", param, ctx)
        return int(bps)


@click.command()
@click.argument("token")
@click.option(
    "--share", type=Share(), default=BPS, metavar="PERCENT", help="How much of it, such as 50%. Default: all."
)
@click.option("--account", default="*", help="Only of this account. Default: every account that holds it.")
@key_option
@json_option
@click.pass_obj
def close(invocation: Invocation, token: str, share: int, account: str, key: str | None, as_json: bool) -> None:
    """Sell the position in TOKEN (address, asset id or symbol) by hand, or take liquidity out of the range of that id.
    The bot must run.

    At an exchange TOKEN is an asset such as binance:BTC, an instrument, or a contract such as binance:BTC/USDT:USDT.
    """
    from sniper.cli.story import Chronicle, NotOnRecord
    from sniper.runtime.control import ask

    directory = invocation.settings().data_dir
    chronicle = Chronicle.of(directory)
    meant = chronicle.assets(token)
    held = {h.token for h in chronicle.holdings if not h.closed and h.token in meant and account in ("*", h.account)}
    held |= {token for book in chronicle.books.values() if token in book.ranges}
    if key is not None and not held and len(meant) == 1:
        held = set(meant)  # the run knows what it answered to this key, though nothing is held any more
    if len(held) != 1:
        which = ", ".join(sorted(held or {h.token for h in chronicle.holdings if not h.closed})) or "nothing"
        problem = "means several tokens; name one by its asset id" if held else "is not held"
        raise NotOnRecord(f"{token!r} {problem} (held: {which})")
    command = {"command": "close", "token": held.pop(), "share_bps": share, "account": account}
    answer = ask(directory, {**command, **keyed(key)})
    if as_json:
        print_json(answer)
        return
    for intent in answer["intents"]:
        click.echo(f"Selling. Follow it with: sniper why {intent}")
    for intent, why in answer["refused"].items():
        click.echo(f"Refused: {why}. See: sniper why {intent}")
    if not answer["intents"] and not answer["refused"]:
        click.echo("On record. It begins as soon as the sale that is under way has ended, or the position can be sold.")
