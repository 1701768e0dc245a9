"""What accounts hold, and what it is worth by which price: a price that nobody told is never made up."""

from typing import Literal, NamedTuple

from sniper.cli.story import Chronicle
from sniper.events import Prices, Trade
from sniper.instrument import COIN, Instrument
from sniper.kernel.book import Book, Position
from sniper.types import at_exchange, place_of

Told = Literal["bid", "ask", "trade", "itself", "cost", "none"]


class Source(NamedTuple):
    """Where a value comes from.

    told   ``bid`` or ``ask`` of the instrument, its newest ``trade``; ``itself``: it is the currency; ``cost``: of what
           is on a chain, what it cost; ``none``: nothing tells.
    price  Ticks, and as the exchange writes it (``text``); ``time``: when it was told, ns UTC; 0: not at all.
    """

    told: Told
    instrument: str = ""
    price: int = 0
    text: str = ""
    time: int = 0


class Held(NamedTuple):
    """One asset of an account, in a position or not.

    chain     Its id, empty at an exchange. ``venue``: of the position, or the exchange.
    currency  Asset id in which it is counted. ``instance``: the strategy that opened the position, empty: none.
    amount    Base units, signed; of a contract, of the base asset.
    worth     Of it at that price, signed; of a contract, its notional. None: nothing tells. ``cost``: of a position.
    equity    What it is part of equity with: its worth, of a contract what is not realised yet.
    """

    account: str
    asset: str
    chain: str
    venue: str
    instance: str
    instrument: str
    currency: str
    amount: int
    worth: int | None
    cost: int | None
    equity: int | None
    source: Source

    @property
    def unrealised(self) -> int | None:
        """Profit that a position would bring at that price, fees apart; None where no price is known."""
        if self.cost is None or self.worth is None or self.source.told == "cost":
            return None
        return self.worth - self.cost

    @property
    def money(self) -> bool:
        """Whether it is the currency itself."""
        return self.asset == self.currency


class NewestPrices:
    """The newest prices on record, by instrument."""

    def __init__(self, chronicle: Chronicle) -> None:
        self.instruments = chronicle.instruments
        self._best: dict[str, Prices] = {}
        self._last: dict[str, Trade] = {}
        for event in chronicle.told_prices():
            if isinstance(event, Prices):
                self._best[event.instrument] = event
            else:
                self._last[event.instrument] = event

    def heard(self) -> list[Instrument]:
        """The instruments of which a price was told."""
        return [self.instruments[key] for key in sorted({*self._best, *self._last} & self.instruments.keys())]

    def of(self, instrument: Instrument, amount: int) -> Source:
        """What one who closes ``amount`` gets or pays: the best price, and where none is known, that of the last
        trade."""
        best, last = self._best.get(instrument.id), self._last.get(instrument.id)
        if best is not None and (price := best.bid if amount >= 0 else best.ask):
            told: Told = "bid" if amount >= 0 else "ask"
            return Source(told, instrument.id, price, f"{instrument.price(price):f}", best.time)
        if last is not None:
            return Source("trade", instrument.id, last.price, f"{instrument.price(last.price):f}", last.time)
        return Source("none", instrument.id)


def holdings(chronicle: Chronicle) -> list[Held]:
    """All accounts, by name; money before positions, positions before balances of other assets."""
    told, found = NewestPrices(chronicle), list[Held]()
    for _, book in sorted(chronicle.books.items()):
        counted = _currencies(book, told)
        for asset, amount in sorted(book.cash.items()):
            if amount:
                found.append(_balance(book, asset, amount, counted, told))
        for _, position in sorted(book.positions.items()):
            if position.amount or position.cost:  # else it is only being opened
                found.append(_position(book, position, told))
    return found


def _currencies(book: Book, told: NewestPrices) -> set[str]:
    """What the account counts in: the quote assets of what it holds and has ordered, and at an exchange where there is
    neither, of all that a price was told of there."""
    found = {position.quote for position in book.positions.values()}
    for venue, desk in book.desks.items():
        placed = (order.placed for order in (*desk.orders.values(), *desk.ended.values()))
        quotes = {each.counted or each.instrument.quote for each in placed}
        if not quotes and not any(place_of(quote) == venue for quote in found):
            quotes = {each.quote for each in told.heard() if each.venue == venue}
        found |= quotes
    return found


def _balance(book: Book, asset: str, amount: int, counted: set[str], told: NewestPrices) -> Held:
    instrument = None if asset in counted or not at_exchange(asset) else _market(asset, counted, told)
    if instrument is None:
        return _held(book, asset, asset, amount, amount, Source("itself"))
    source = told.of(instrument, amount)
    worth = source.price * instrument.tick * amount // COIN if source.price else None
    return _held(book, asset, instrument.quote, amount, worth, source)


def _market(asset: str, counted: set[str], told: NewestPrices) -> Instrument | None:
    """Where a balance can be sold: the first instrument, by id, for a currency in which the account counts, and else
    for any; None: it is a currency of its own."""
    spot = [each for _, each in sorted(told.instruments.items()) if each.base == asset and not each.linear]
    return min(spot, key=lambda each: each.quote not in counted, default=None)


def _held(book: Book, asset: str, currency: str, amount: int, worth: int | None, source: Source) -> Held:
    place, exchange = place_of(asset), at_exchange(asset)
    return Held(
        account=book.account,
        asset=asset,
        chain="" if exchange else place,
        venue=place if exchange else "",
        instance="",
        instrument=source.instrument,
        currency=currency,
        amount=amount,
        worth=worth,
        cost=None,
        equity=worth,
        source=source,
    )


def _position(book: Book, position: Position, told: NewestPrices) -> Held:
    exchange, worth, cost = at_exchange(position.token), None, position.cost
    if exchange:
        instrument = told.instruments[position.pool]
        source = told.of(instrument, position.amount)
        if source.price:
            worth = source.price * instrument.tick * position.amount // COIN
    else:
        source, worth = Source("cost"), cost
    return Held(
        account=book.account,
        asset=position.token,
        chain="" if exchange else place_of(position.token),
        venue=position.venue,
        instance=position.instance,
        instrument=position.pool if exchange else position.token,
        currency=position.quote,
        amount=position.amount,
        worth=worth,
        cost=cost,
        equity=worth - cost if position.linear and worth is not None else worth,
        source=source,
    )
