"""Crosses: instruments that are priced in another coin than the desk counts in, as ETH/BTC is where that is USDT.

A fill in one is booked as two trades against what the desk counts in, both at one worth: what was bought was bought for
it, and what was paid with was sold for it. So both coins are positions like any other, which exits guard, limits count
and `flatten` ends. What a cycle of trades gained is exact whatever that worth is: it only says which coin gained it.
"""

from typing import TYPE_CHECKING, NamedTuple

from sniper.exchange_orders import Fill
from sniper.instrument import COIN, Instrument
from sniper.kernel import facts as f
from sniper.kernel.exchange.book import ExchangeOrder
from sniper.kernel.exchange.holdings import change_of, traded
from sniper.kernel.exchange.tickers import Ticker, Tickers
from sniper.risk import Finding, must

if TYPE_CHECKING:
    from sniper.kernel.account import Account
    from sniper.kernel.book import Book
    from sniper.kernel.exchange.desk import Desk


class Cross(NamedTuple):
    """Where its coins are sold for what the desk counts in: ``base`` that in which it trades, ``quote`` that in which
    it is priced."""

    base: Ticker
    quote: Ticker

    def worth(self, amount: int) -> int:
        """Of ``amount`` base units of its quote asset, in what the desk counts in, by the newest price; 0 where none is
        known."""
        return amount * self.quote.to_sell() * self.quote.instrument.tick // COIN


def counted_in(book: "Book", instrument: Instrument, quote: str) -> str:
    """``quote``, what the desk counts in, where an instrument is a cross there; empty where it is none. A position that
    is counted in the instrument's own quote asset ends as it began."""
    if instrument.quote == quote or instrument.linear:
        return ""
    held = book.positions.get(instrument.held)
    return "" if held is not None and held.quote == instrument.quote else quote


def cross_of(tickers: Tickers, instrument: Instrument, counted: str) -> Cross | None:
    """Where its coins are sold for ``counted``; None where nothing that is known sells both."""
    base, quote = _market(tickers, instrument.base, counted), _market(tickers, instrument.quote, counted)
    return Cross(base, quote) if base is not None and quote is not None else None


def _market(tickers: Tickers, asset: str, counted: str) -> Ticker | None:
    """Found by the id that it has at every exchange, for there are thousands."""
    venue, _, code = asset.partition(":")
    found = tickers.known.get(f"{venue}:{code}/{counted.partition(':')[2]}")
    return found if found is not None and (found.instrument.base, found.instrument.quote) == (asset, counted) else None


def gates(
    account: "Account", instance: str, instrument: Instrument, counted: str, *, pays: bool
) -> tuple[Finding, ...]:
    """Whether a cross may be traded: both coins must be sold elsewhere for what the desk counts in, or nothing would
    value and end the positions. ``pays``: whether the order pays with the coin in which it is priced; what another
    instance holds, or what is being sold, it may not pay with."""
    cross = cross_of(account.kernel.tickers, instrument, counted)
    priced = cross is not None and cross.worth(COIN) > 0
    note = f"{instrument.base} and {instrument.quote} each need a priced instrument in {counted}"
    held = [account.book.positions.get(asset) for asset in (instrument.base, instrument.quote)]
    alike = all(each is None or each.quote == counted for each in held)
    found: tuple[Finding, ...] = (
        must("counted", priced, note="" if priced else note, retry_after_s=2),
        must("counted-alike", alike, note="" if alike else f"what is held of them is not counted in {counted}"),
    )
    if not pays:
        return found
    paid = held[1]
    owner = paid.instance if paid is not None else ""
    found += (must("pays-with-own", paid is None or owner == instance, note=owner),)
    if cross is not None and account.desk_exits.busy(cross.quote.instrument, ""):
        found += (must("not-being-sold", False, note=instrument.quote),)
    return found


def book(desk: "Desk", order: ExchangeOrder, fill: Fill, *, ends: bool) -> None:
    """Book a fill of an order in a cross. ``ends``: see `sniper.kernel.facts.ExchangeFilled`."""
    account, instrument, counted = desk.account, order.placed.instrument, order.placed.counted
    positions = account.book.positions
    cross = cross_of(account.kernel.tickers, instrument, counted)
    assert cross is not None  # without both, the order was not placed, and no instrument is ever forgotten
    moved = change_of(instrument, fill, 0, 0)
    desk.cover(fill, instrument, moved.amount, moved.cash, crossed=True)
    worth = cross.worth(moved.cash)
    held = [(positions.get(asset), asset) for asset in (instrument.base, instrument.quote)]
    before = [(each.amount, each.cost) if each is not None else (0, 0) for each, _ in held]
    base = traded(*before[0], moved.amount, worth)
    quote = traded(*before[1], moved.cash, -worth)
    account.emit(
        f.ExchangeFilled(
            time=account.kernel.now,
            order=order.id,
            fill=fill,
            amount=base.amount,
            cash=base.cash,
            cost=base.cost,
            realised=base.realised,
            cross=f.Crossed(
                pool=cross.base.instrument.id,
                other_pool=cross.quote.instrument.id,
                amount=quote.amount,
                cost=quote.cost,
                realised=quote.realised,
            ),
            ends=ends,
        )
    )
    for ticker, (position, _), (amount, _) in zip(cross, held, before, strict=True):
        account.desk_exits.filled(ticker.instrument, position, amount)
