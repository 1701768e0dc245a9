"""The books of an account beside what an exchange says of its sub-account there, and why they differ."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sniper.errors import SniperError
from sniper.exchange import Exchange
from sniper.exchange_orders import AccountState, Fill
from sniper.instrument import Instrument
from sniper.kernel.book import Book
from sniper.kernel.exchange.book import DeskBook
from sniper.runtime.reconcile import Compared
from sniper.types import place_of

PATIENCE_S: Final = 30.0


class ExchangeSilent(SniperError, TimeoutError):
    """An exchange gave no answer in time."""

    code = "exchange-silent"


@dataclass(frozen=True)
class ComparedOrder:
    """``order``: its id, or the client id of one that is in no book. ``books``, ``exchange``: its state; empty: it is
    not there."""

    order: str
    books: str
    exchange: str
    because: str
    explained: bool = True


@dataclass(frozen=True)
class DeskReconciliation:
    """Of one account at one exchange. ``compared``: assets, and contracts in base units of what they stand for.
    ``orders``: those of which one side knows something else than the other."""

    account: str
    venue: str
    compared: tuple[Compared, ...]
    orders: tuple[ComparedOrder, ...]

    @property
    def unexplained(self) -> list[Compared | ComparedOrder]:
        return [
            *(each for each in self.compared if each.differs and not each.explained),
            *(each for each in self.orders if not each.explained),
        ]


async def reconcile_desk(exchange: Exchange, book: Book) -> DeskReconciliation:
    """Compare a sub-account; nothing is changed. Raises `ExchangeSilent`, and what the exchange raises."""
    venue = exchange.place
    desk = book.desks.get(venue) or DeskBook()
    try:
        async with asyncio.timeout(PATIENCE_S):
            state = await exchange.read(desk.cursor)
    except TimeoutError:
        raise ExchangeSilent(f"{venue} gave no answer within {PATIENCE_S:g} s; see: sniper doctor") from None
    booked = {fill for order in (*desk.orders.values(), *desk.ended.values()) for fill in order.fills} | set(desk.told)
    missing = [fill for fill in state.fills if fill.id not in booked]
    compared = [*_balances(book, venue, state, missing), *_contracts(book, desk, state, missing)]
    return DeskReconciliation(book.account, venue, tuple(compared), tuple(_orders(desk, state)))


def _balances(book: Book, venue: str, state: AccountState, missing: Collection[Fill]) -> list[Compared]:
    there = {asset: free + held for asset, free, held in state.balances}
    held = [token for token, position in book.positions.items() if not position.linear]
    known = {asset for asset in (*book.cash, *held) if place_of(asset) == venue}
    moved = _moved(missing)
    found = []
    for asset in sorted(known | {asset for asset, amount in there.items() if amount}):
        books, shown = book.owned(asset), there.get(asset, 0)
        found.append(_compared(asset, books, shown, moved.get(asset, ())))
    return found


def _contracts(book: Book, desk: DeskBook, state: AccountState, missing: Collection[Fill]) -> list[Compared]:
    instruments: dict[str, Instrument] = {key: contract.instrument for key, contract in desk.contracts.items()}
    instruments |= {each.instrument.id: each.instrument for each in state.contracts}
    sizes = {each.instrument.id: each.size for each in state.contracts}
    found = []
    for key in sorted(instruments):
        position = book.positions.get(key)
        books, there = position.amount if position is not None else 0, sizes.get(key, 0) * instruments[key].lot
        if books or there:
            found.append(_compared(key, books, there, [fill.id for fill in missing if fill.instrument == key]))
    return found


def _compared(what: str, books: int, there: int, moved: Collection[str]) -> Compared:
    if books == there:
        return Compared(what, books, there)
    if moved:
        return Compared(what, books, there, f"fills that are not in the books yet: {', '.join(sorted(moved))}")
    because = (
        "a deposit, a withdrawal, or a trade of somebody else: the bot books it with a reading while nothing works"
    )
    return Compared(what, books, there, because, explained=False)


def _moved(missing: Collection[Fill]) -> Mapping[str, set[str]]:
    """Which assets are moved by which fills."""
    found: dict[str, set[str]] = {}
    for fill in missing:
        venue, _, symbol = fill.instrument.partition(":")
        base, _, quote = symbol.partition(":")[0].partition("/")
        for asset in (f"{venue}:{base}", f"{venue}:{quote}", fill.fee_asset):
            found.setdefault(asset, set()).add(fill.id)
    return found


def _orders(desk: DeskBook, state: AccountState) -> list[ComparedOrder]:
    there = {each.client_id: each for each in state.orders}
    found = []
    for key in sorted(desk.orders):
        order = desk.orders[key]
        shown = there.pop(order.placed.new.client_id, None)
        if shown is None:
            because = "it has ended, or never arrived: the bot looks for it"
            found.append(ComparedOrder(key, order.state, "", because))
        elif order.state != "open":
            found.append(ComparedOrder(key, order.state, shown.state, "the bot has not heard of it yet"))
        elif shown.filled != order.filled:
            what = f"{shown.filled} lots are filled, {order.filled} of them in the books"
            found.append(ComparedOrder(key, order.state, shown.state, what))
    for client, shown in sorted(there.items()):
        known = desk.clients.get(client)
        if known is not None:
            state_known = desk.order_of(known).state
            because = "the books have its end already: the exchange may be slow to show it"
            found.append(ComparedOrder(known, state_known, shown.state, because))
        else:
            because = (
                "no order of this account: somebody else trades with these keys, or this journal is not the newest"
            )
            found.append(ComparedOrder(client or shown.venue_id, "", shown.state, because, explained=False))
    return found
