"""Who an incoming order trades with: price first, then time, and never with its own account if it says so."""

from collections.abc import Iterator
from dataclasses import dataclass

from sniper_sdk.exchange.amounts import UNIT, cost
from sniper_sdk.exchange.book import Book
from sniper_sdk.exchange.order import Order, SelfTrade


@dataclass(frozen=True, slots=True)
class Match:
    """``maker`` gives ``quantity`` at its price, before the book knows."""

    maker: Order
    price: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Prevented:
    """``maker`` is of the same account. ``quantity``: what DECREMENT takes off both."""

    maker: Order
    quantity: int
    expire_maker: bool
    expire_taker: bool


def limit_of(taker: Order) -> int | None:
    """Its worst price; None: any."""
    return None if taker.market else taker.asked.price


def matches(book: Book, taker: Order, step: int) -> Iterator[Match | Prevented]:
    """What happens next, and next, until the taker is through. The caller changes book and taker between two of them.

    step  How finely the taker's quote amount, where it has one, is turned into a quantity.
    """
    half, limit = book.half(taker.asked.side.other), limit_of(taker)
    while taker.open and half.best is not None and half.reaches(half.best, limit):
        price = half.best
        maker = next(iter(half.levels[price].values()))
        wanted = wants(taker, price, step)
        if not wanted:
            return
        quantity = min(wanted, maker.visible)
        if own(taker, maker):
            mode = taker.asked.self_trade
            decrement = mode is SelfTrade.DECREMENT
            yield Prevented(
                maker,
                quantity if decrement else 0,
                expire_maker=mode in (SelfTrade.EXPIRE_MAKER, SelfTrade.EXPIRE_BOTH),
                expire_taker=mode in (SelfTrade.EXPIRE_TAKER, SelfTrade.EXPIRE_BOTH),
            )
        else:
            yield Match(maker, price, quantity)


def own(taker: Order, maker: Order) -> bool:
    """Whether the two may not trade with each other."""
    return bool(taker.account) and taker.account == maker.account and taker.asked.self_trade is not SelfTrade.NONE


def wants(taker: Order, price: int, step: int) -> int:
    """How much of the base asset it takes at a price at most."""
    if not taker.asked.quote_quantity:
        return taker.remaining
    left = taker.asked.quote_quantity - taker.quote_executed
    return left * UNIT // price // step * step


@dataclass(frozen=True)
class Preview:
    """What an order would get if it came now: base and quote."""

    quantity: int
    quote: int


def preview(book: Book, taker: Order, step: int) -> Preview:
    """The same walk, without a step of it."""
    half, limit = book.half(taker.asked.side.other), limit_of(taker)
    left, spent, got = taker.remaining, 0, 0
    by_quote = taker.asked.quote_quantity
    mode = taker.asked.self_trade
    for price in half.prices():
        if not half.reaches(price, limit):
            break
        for maker in half.levels[price].values():
            wanted = (by_quote - spent) * UNIT // price // step * step if by_quote else left
            if not wanted:
                return Preview(got, spent)
            quantity = min(wanted, maker.remaining)
            if own(taker, maker):
                if mode in (SelfTrade.EXPIRE_TAKER, SelfTrade.EXPIRE_BOTH):
                    return Preview(got, spent)
                left -= quantity if mode is SelfTrade.DECREMENT else 0
                continue
            left -= quantity
            got += quantity
            spent += cost(price, quantity)
    return Preview(got, spent)
