"""What an account gained over time, by place, venue, instance and token; tables that are bounded."""

from collections.abc import Callable
from typing import TypeVar

from sniper.kernel import facts as f
from sniper.kernel.book import Book, Flow, Position
from sniper.types import place_of

T = TypeVar("T")

KEPT_TOKENS = 10_000


def realised(book: Book, time: int, of: Position | f.OrderPlaced, amount: int) -> None:
    """``of``: the position that gained or lost it, whoever sells that; or an arbitrage or a transfer, which is of no
    position."""
    place, venue = place_of(of.quote), of.venue
    flow(book.profits, place).add(time, amount)
    if venue:
        flow(book.venue_profits, f"{place}:{venue}").add(time, amount)
    flow(book.instance_profits, f"{place}:{of.instance}").add(time, amount)
    if isinstance(of, Position):
        flow(book.token_profits, of.token).add(time, amount)
        bound(book.token_profits, _newest)
    equity = book.equity[place] = book.equity.get(place, 0) + amount
    book.peak[place] = max(book.peak.get(place, 0), equity)


def _newest(of: Flow) -> int:
    return of.minutes[-1]


def flow(flows: dict[str, Flow], key: str) -> Flow:
    found = flows.get(key)
    if found is None:
        found = flows[key] = Flow()
    return found


def bound(table: dict[str, T], age: Callable[[T], int], most: int = KEPT_TOKENS, part: int = 10) -> list[T]:
    """Forget the oldest tenth (or other ``part``) of a table once it is full, and give it: launches and orders never
    end, memory does."""
    if len(table) <= most:
        return []
    return [table.pop(key) for key in sorted(table, key=lambda key: (age(table[key]), key))[: most // part]]
