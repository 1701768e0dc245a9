"""Which trades follow on each other, and what they bring at the best prices: exact, in lots and after fees."""

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise, permutations
from typing import Final, NamedTuple

from sniper.exchange_orders import Side
from sniper.view import TickerView

MILLION: Final = 10**6


class Hop(NamedTuple):
    """A trade in an instrument (its id): ``buy`` pays its quote coin, ``sell`` its base coin."""

    instrument: str
    side: Side


class Step(NamedTuple):
    """What a hop trades. ``paid``, ``got``: base units of the coins that it pays and brings, fee included."""

    size: int
    paid: int
    got: int


Way = tuple[Hop, ...]


def coins(instrument: str) -> tuple[str, str]:
    """Asset ids of what an instrument trades, and of what it is priced in, by its id."""
    place, _, symbol = instrument.partition(":")
    base, _, quote = symbol.partition("/")
    return f"{place}:{base}", f"{place}:{quote}"


@cache
def ways(instruments: tuple[str, ...], coin: str, money: str, least: int, most: int) -> tuple[Way, ...]:
    """All from ``coin`` to ``money`` (asset ids) over ``least`` to ``most`` other coins, which each have an instrument
    in money themselves: so what is held can be sold wherever a way stops. Cycles are the ways from money to money."""
    sold = [base for base, quote in map(coins, instruments) if quote == money and base != coin]
    found = list[Way]()
    for count in range(least, most + 1):
        for path in permutations(sold, count):
            hops = [hop(instruments, *pair) for pair in pairwise((coin, *path, money))]
            way = tuple(each for each in hops if each is not None)
            if len(way) == len(hops):
                found.append(way)
    return tuple(found)


def hop(instruments: Iterable[str], pays: str, brings: str) -> Hop | None:
    """The trade of one coin for another; None where no instrument trades the two."""
    for instrument in instruments:
        if coins(instrument) == (brings, pays):
            return Hop(instrument, "buy")
        if coins(instrument) == (pays, brings):
            return Hop(instrument, "sell")
    return None


def through(ticker: TickerView, side: Side, amount: int, *, any_size: bool = False) -> Step | None:
    """What ``amount`` base units pay for at the best price, fee included, and no more than is offered there, unless
    ``any_size``. None where the exchange takes no such order, or nobody offers."""
    of, price = ticker.instrument, ticker.ask if side == "buy" else ticker.bid
    if not price or ticker.stale or amount <= 0:
        return None
    if side == "buy":
        lots, offered = of.affordable(amount * MILLION // (MILLION + max(0, of.taker_fee)), price), ticker.ask_size
    else:
        lots, offered = amount // of.lot, ticker.bid_size
    size = of.orderable(lots if any_size else min(lots, offered), price)
    value = of.value(price, size)
    fee = -(-value * of.taker_fee // MILLION)
    if not size:
        return None
    return Step(size, value + fee, size * of.lot) if side == "buy" else Step(size, size * of.lot, value - fee)


def run(tickers: Sequence[tuple[TickerView, Side]], amount: int) -> list[Step] | None:
    """The steps of a way that begins with at most ``amount``, and with no more than all of it can take of what is
    offered: else coins would be left over on it. None where one of them cannot be traded."""
    for _ in range(len(tickers) + 1):
        steps, left = list[Step](), amount
        for ticker, side in tickers:
            whole = through(ticker, side, left, any_size=True)
            step = through(ticker, side, left)
            if whole is None or step is None:
                return None
            if step.size < whole.size:
                break
            steps.append(step)
            left = step.got
        else:
            return steps
        amount = amount * step.size // whole.size
    return None
