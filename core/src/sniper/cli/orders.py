"""``sniper orders``: what was placed, from the journal."""

from typing import TYPE_CHECKING

import click

from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json, print_table

if TYPE_CHECKING:
    from sniper.cli.story import OrderStory
    from sniper.cli.written import Words


@click.command()
@click.option("--all", "everything", is_flag=True, help="Those that have ended too.")
@json_option
@click.pass_obj
def orders(invocation: Invocation, everything: bool, as_json: bool) -> None:
    """List the orders that are working. Read from the journal, whether the bot runs or not."""
    from sniper.cli.story import Chronicle
    from sniper.cli.why import plain
    from sniper.cli.written import Words

    chronicle = Chronicle.of(invocation.settings().data_dir)
    found = [order for order in chronicle.orders.values() if everything or order.ended is None]
    if as_json:
        rows = [
            {
                "order": order.placed.order,
                "account": order.account,
                "wallet": order.placed.owner,
                "instance": order.placed.instance,
                "side": order.placed.side,
                "token": order.placed.token,
                "quote": order.placed.quote,
                "amount_in": order.placed.amount_in,
                "min_out": order.placed.min_out,
                "placed_at": order.placed.time,
                "state": order.state,
                "reason": order.ended.reason if order.ended else "",
                "amount": order.total("amount"),
                "cash": order.total("cash"),
                "gas": order.total("gas"),
                "attempts": [
                    {"attempt": attempt.made.attempt, "state": attempt.state, "tx_hash": attempt.tx_hash}
                    for attempt in order.attempts.values()
                ],
            }
            for order in found
        ]
        print_json({"orders": plain(rows)})
        return
    if not found:
        click.echo("No order is working." if not everything else "No order was placed yet.")
        return
    words = Words(chronicle.tokens)
    several = any(book.wallets for book in chronicle.books.values())
    where = ("wallet",) if several else ()
    titles = ("order", *where, "placed", "what", "state", "transactions", "because")
    print_table(titles, [_row(order, words, several) for order in found])


def _row(order: "OrderStory", words: "Words", several: bool) -> tuple[str, ...]:
    """``several``: whether an account has several wallets, so that it must be said which one."""
    from sniper.cli.written import clock, printable, short

    placed = order.placed
    if placed.side == "increase":
        what = f"buy {words.name(placed.token)} for {words.amount(placed.amount_in, placed.quote)}"
    elif placed.side == "transfer":
        what = f"send {words.amount(placed.amount_in, placed.token)}"
    elif placed.side == "arbitrage":
        what = f"cycle with {words.amount(placed.amount_in, placed.quote)}"
    else:
        what = f"sell {words.amount(placed.amount_in, placed.token)}"
    states = [attempt.state for attempt in order.attempts.values()]
    reason = printable(order.ended.reason) if order.ended else ""
    where = (short(placed.owner),) if several else ()
    return placed.order, *where, clock(placed.time)[:19], what, order.state, ", ".join(states), reason
