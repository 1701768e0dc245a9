"""``sniper orders``: what was placed, from the journal."""

from typing import TYPE_CHECKING

import click

from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json, print_table

if TYPE_CHECKING:
    from typing import Any

    from sniper.cli.exchange_story import ExchangeOrderStory, PlanStory
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
    at_desks = [order for order in chronicle.at_desks.values() if everything or order.working]
    plans = [plan for plan in chronicle.plans.values() if everything or plan.ended is None]
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
        of_exchanges = [at_desk(order) for order in at_desks]
        print_json({"orders": plain(rows), "exchange_orders": of_exchanges, "plans": [planned(plan) for plan in plans]})
        return
    if not (found or at_desks or plans):
        click.echo("No order is working." if not everything else "No order was placed yet.")
        return
    words = Words(chronicle.tokens)
    several = any(book.wallets for book in chronicle.books.values())
    where = ("wallet",) if several else ()
    if found:
        titles = ("order", *where, "placed", "what", "state", "transactions", "because")
        print_table(titles, [_row(order, words, several) for order in found])
    if at_desks:
        columns = ("order", "placed", "instrument", "side", "size", "price", "filled", "state", "plan", "because")
        print_table(columns, [_row_at_desk(order) for order in at_desks])
    if plans:
        of_plan = ("plan", "started", "instrument", "what", "filled", "state", "key", "because")
        print_table(of_plan, [_row_of_plan(plan, words) for plan in plans])


def at_desk(order: "ExchangeOrderStory") -> "dict[str, Any]":
    """An order at an exchange as data: numbers as the exchange writes them, amounts in base units. Any: JSON."""
    placed, new = order.placed, order.placed.new
    instrument = placed.instrument
    return {
        "order": placed.order,
        "account": order.account,
        "venue": instrument.venue,
        "instance": placed.instance,
        "key": placed.key,
        "instrument": instrument.id,
        "side": new.side,
        "type": new.type,
        "lives": new.lives,
        "flags": list(new.flags),
        "size": f"{instrument.size(new.size):f}",
        "price": None if new.price is None else f"{instrument.price(new.price):f}",
        "trigger": None if new.trigger is None else f"{instrument.price(new.trigger):f}",
        "filled": f"{instrument.size(order.filled):f}",
        "state": order.state,
        "reason": order.note,
        "cancelling": order.cancelled is not None and order.working,
        "client_id": new.client_id,
        "venue_id": order.venue_id,
        "plan": placed.plan,
        "leg": placed.leg,
        "placed_at": placed.time,
        "amount": order.total("amount"),
        "cash": order.total("cash"),
        "realised": order.total("realised"),
        "fills": [
            {
                "id": each.fill.id,
                "time": each.fill.time,
                "size": f"{instrument.size(each.fill.size):f}",
                "price": f"{instrument.price(each.fill.price):f}",
                "fee": each.fill.fee,
                "fee_asset": each.fill.fee_asset,
                "maker": each.fill.maker,
            }
            for each in order.fills
        ],
    }


def planned(plan: "PlanStory") -> "dict[str, Any]":
    """A plan as data. Any: JSON. What it was told to do is in ticks and lots."""
    from sniper.cli.why import plain

    started = plan.started
    return {
        "plan": started.plan,
        "account": plan.account,
        "instance": started.instance,
        "key": started.key,
        "instrument": started.instrument.id,
        "type": plan.type,
        "spec": plain(started.spec),
        "started_at": started.time,
        "filled": str(plan.filled) if started.instrument.in_pool else f"{started.instrument.size(plan.filled):f}",
        "state": plan.state,
        "reason": plan.note,
        "orders": [order.placed.order for order in plan.orders] + [swap.placed.order for swap in plan.swaps],
    }


def _row_at_desk(order: "ExchangeOrderStory") -> tuple[str, ...]:
    from sniper.cli.written import clock, printable

    placed, new = order.placed, order.placed.new
    instrument = placed.instrument
    plan = f"{placed.plan} {placed.leg}" if placed.plan else ""
    return (
        placed.order,
        clock(placed.time)[:19],
        instrument.id,
        new.side,
        f"{instrument.size(new.size):,f}",
        ("market" if new.price is None else f"{instrument.price(new.price):,f}")
        + (f", {new.type} {instrument.price(new.trigger):,f}" if new.trigger is not None else ""),
        f"{instrument.size(order.filled):,f}",
        f"{order.state}, to be cancelled" if order.working and order.cancelled is not None else order.state,
        plan,
        printable(order.note),
    )


def _row_of_plan(plan: "PlanStory", words: "Words") -> tuple[str, ...]:
    from sniper.cli.exchange_telling import size_in
    from sniper.cli.written import clock, printable

    started = plan.started
    return (
        started.plan,
        clock(started.time)[:19],
        started.instrument.id,
        f"{plan.type} {getattr(started.spec, 'side', '')}".strip(),  # some trade on both
        size_in(started.instrument, plan.filled, words),
        plan.state,
        started.key,
        printable(plan.note),
    )


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
    elif placed.range is not None:
        verb = "put into" if placed.side == "provide" else "take out of"
        what = f"{verb} ticks {placed.range.lower} … {placed.range.upper} of {words.name(placed.token)}"
    else:
        what = f"sell {words.amount(placed.amount_in, placed.token)}"
    states = [attempt.state for attempt in order.attempts.values()]
    reason = printable(order.ended.reason) if order.ended else ""
    where = (short(placed.owner),) if several else ()
    return placed.order, *where, clock(placed.time)[:19], what, order.state, ", ".join(states), reason
