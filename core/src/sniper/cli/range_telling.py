"""Liquidity in ranges, as a trader reads of it: in ``sniper positions``, and in the story of an order."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from sniper.cli.output import print_table
from sniper.cli.written import printable

if TYPE_CHECKING:
    from sniper.cli.story import Chronicle, Story
    from sniper.cli.written import Words
    from sniper.kernel import facts as f

SIDES: Final = {"provide": "to put liquidity into a range", "withdraw": "to take liquidity out of a range"}
"""Of intents, and what they want."""
Present = dict[str, dict[str, Any]]
"""By account and range, what the run says of it now: see `sniper.runtime.control.ranges`. Any: JSON."""


def ranges_held(chronicle: "Chronicle", present: Present) -> list[dict[str, Any]]:
    """What is in ranges, from the record; with what the run that is under way says of the present, where one is.

    Amounts are base units: of the quote asset but for those that say ``token``. Any: JSON.
    """
    return [
        {
            "account": name,
            "range": held.id,
            "pool": held.pool,
            "token": held.token,
            "quote": held.quote,
            "instance": held.instance,
            "wallet": held.wallet,
            "position": held.position,
            "lower": held.lower,
            "upper": held.upper,
            "liquidity": held.liquidity,
            "state": held.state,
            "wanted_out": held.reason,
            "put_in_quote": held.quote_in,
            "put_in_token": held.token_in,
            "cost": held.cost,
            "collected_quote": held.fees_quote,
            "collected_token": held.fees_token,
            "realised": held.realised,
            "now": present.get(name, {}).get(held.id),
        }
        for name, book in sorted(chronicle.books.items())
        for _, held in sorted(book.ranges.items())
        if held.state != "closed"
    ]


def print_ranges(rows: list[dict[str, Any]], words: "Words") -> None:
    """Any: JSON."""
    if not rows:
        return
    shown = []
    for row in rows:
        now, quote, token = row["now"], row["quote"], row["token"]
        collected = f"{words.amount(row['collected_quote'], quote)} + {words.amount(row['collected_token'], token)}"
        put_in = f"{words.amount(row['put_in_quote'], quote)} + {words.amount(row['put_in_token'], token)}"
        there = ("", "", "")
        if now is not None:
            there = (
                words.amount(now["worth"], quote),
                f"{words.amount(now['fees_quote'], quote)} + {words.amount(now['fees_token'], token)}",
                words.amount(now["worth"] - now["held"], quote),
            )
        ticks = f"{row['lower']} … {row['upper']}"
        shown.append((row["account"], row["range"], ticks, put_in, there[0], collected, *there[1:], row["state"]))
    columns = ("account", "range", "ticks", "put in", "worth", "collected", "fees to come", "against holding", "state")
    print_table(columns, shown)


def outcome(story: "Story", words: "Words") -> str:
    """In one sentence."""
    wanted, order = SIDES[story.formed.side], story.order
    of = f"{wanted} of {words.name(story.formed.token)}"
    if story.verdict is None:
        return f"wants {of}; the checks have not all answered"
    if not story.verdict.allowed:
        return f"wanted {of} and was refused by {story.verdict.rule}"
    if order is None or order.state == "working":
        return f"is about {of}"
    moved = [booked for attempt in order.attempts.values() for booked in attempt.booked if booked.range is not None]
    if sum(1 if not booked.undo else -1 for booked in moved) <= 0:
        reason = f": {printable(order.ended.reason)}" if order.ended and order.ended.reason else ""
        return f"wanted {of}, but the order {order.state}{reason}"
    cash, amount = order.total("cash"), order.total("amount")
    both = f"{words.amount(abs(cash), order.placed.quote)} and {words.amount(abs(amount), order.placed.token)}"
    return f"put {both} into a range" if order.placed.side == "provide" else f"took {both} out of a range"


def placed(order: "f.OrderPlaced", words: "Words") -> Iterator[str]:
    """What an order is to do."""
    asked = order.range
    if asked is None:
        return
    token = order.token.partition(":")[2]
    i = asked.coins.index(token)
    amounts, least = (
        f"{words.amount(pair[1 - i], order.quote)} and {words.amount(pair[i], order.token)}"
        for pair in (asked.amounts, asked.least)
    )
    where = f"ticks {asked.lower} … {asked.upper}"
    if order.side == "provide":
        yield f"Puts {amounts} between {where}, at least {least}."
    else:
        yield f"Takes out what is between {where}: {amounts} expected and all fees, at least {least}."


def booked(fact: "f.Booked", order: "f.OrderPlaced", words: "Words") -> Iterator[str]:
    """What a transaction has done."""
    if fact.range is None:
        return
    both = f"{words.amount(abs(fact.cash), order.quote)} and {words.amount(abs(fact.amount), order.token)}"
    back = "taken back by a reorg: " if fact.undo else ""
    if order.side == "provide":
        yield f"{back}put in {both}"
        return
    fees = f"{words.amount(abs(fact.range.fees_quote), order.quote)} and "
    fees += words.amount(abs(fact.range.fees_token), order.token)
    yield f"{back}took out {both}, of which {fees} are fees"
