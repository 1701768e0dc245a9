"""Margin of linear contracts: what a position must be covered by, and the price at which it no longer is.

Formulas: Binance, "How to Calculate Liquidation Price of USDⓈ-M Futures Contracts" and "Leverage and Margin of USDⓈ-M
Futures"; one-way mode, one asset as margin.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from sniper.exchange_orders import Tier
from sniper.instrument import Instrument
from sniper.kernel.book import Book, Position
from sniper.kernel.exchange.book import Contract

if TYPE_CHECKING:
    from sniper.kernel.exchange.tickers import Ticker, Tickers

MILLION: Final = 10**6


def initial_margin(notional: int, leverage: int) -> int:
    """Rounded up; base units, as the notional, which may be below zero."""
    return -(-abs(notional) // leverage)


def maintenance_margin(notional: int, tiers: Sequence[Tier]) -> int:
    """Of the notional at the present price, rounded up; base units. 0 where no tiers are told."""
    notional = abs(notional)
    tier = next((each for each in reversed(tiers) if each.floor <= notional), None)
    return 0 if tier is None else max(0, -(-notional * tier.rate // MILLION) - tier.deduction)


def liquidation_price(lots: int, unit: int, cost: int, collateral: int, tiers: Sequence[Tier], mark: int) -> int | None:
    """The first price, from ``mark`` on towards loss, at which ``collateral`` and the unrealised profit together are no
    more than the maintenance margin; ticks. None where there is none above zero, or no tiers are told.

    lots, cost  Signed. ``unit``: base units of a lot at a tick. ``collateral``: base units.
    """
    if not tiers:
        return None
    size, long = abs(lots) * unit, lots > 0
    ceilings = [*(each.floor for each in tiers[1:]), None]
    steps = list(zip(tiers, ceilings, strict=True))
    for tier, ceiling in reversed(steps) if long else steps:
        # lots × unit × p − cost + collateral <= |lots| × unit × p × rate − deduction
        slope = max(1, size * (MILLION - tier.rate if long else MILLION + tier.rate))  # 1 decides a rate of 100% too
        rest = (cost - collateral - tier.deduction) * MILLION
        lowest = max(1, -(-tier.floor // size))
        highest = None if ceiling is None else -(-ceiling // size) - 1
        if long:
            most = mark if highest is None else min(mark, highest)
            found = min(most, rest // slope)
            if found >= lowest:
                return found
        else:
            found = max(lowest, mark, -(rest // slope))
            if highest is None or found <= highest:
                return found
    return None


class HeldContract:
    """A position in a contract; see `sniper.view.ContractView`."""

    __slots__ = ("_book", "_contract", "_position", "_tickers")

    def __init__(self, book: Book, tickers: "Tickers", contract: Contract, position: Position) -> None:
        self._book = book
        self._tickers = tickers
        self._contract = contract
        self._position = position

    @property
    def instrument(self) -> Instrument:
        return self._contract.instrument

    @property
    def lots(self) -> int:
        return self._position.amount // self.instrument.lot

    @property
    def cost(self) -> int:
        return self._position.cost

    @property
    def entry(self) -> Fraction:
        return Fraction(self.cost, self.lots * self.instrument.unit)

    @property
    def leverage(self) -> int:
        return self._contract.leverage

    @property
    def margin(self) -> int:
        return self._contract.margin

    @property
    def isolated(self) -> int | None:
        """What alone answers for it, base units of the quote asset; None: the whole balance does (cross)."""
        return self._contract.isolated

    @property
    def unrealised(self) -> int:
        return self._worth() - self.cost

    @property
    def maintenance(self) -> int:
        return maintenance_margin(self._worth(), self._contract.tiers)

    @property
    def liquidation(self) -> int | None:
        contract = self._contract
        if not contract.tiers:
            return contract.liquidation or None
        mark = -(-abs(self._worth()) // (abs(self.lots) * self.instrument.unit))
        return liquidation_price(self.lots, self.instrument.unit, self.cost, self._collateral(), contract.tiers, mark)

    def _collateral(self) -> int:
        contract = self._contract
        if contract.isolated is not None:
            return contract.isolated
        quote = self.instrument.quote
        collateral = self._book.cash.get(quote, 0)
        for other in held_contracts(self._book, self._tickers, quote):
            if other._contract.isolated is not None:
                collateral -= other._contract.isolated
            elif other.instrument.id != self.instrument.id:
                collateral += other.unrealised - other.maintenance
        return collateral

    def _worth(self) -> int:
        """At what closing it would bring now; at cost where nothing tells. Base units, signed as the position."""
        ticker: Ticker | None = self._tickers.known.get(self.instrument.id)
        price = 0 if ticker is None else ticker.to_sell() if self.lots > 0 else ticker.to_buy()
        return self.instrument.value(price, self.lots) if price else self.cost


def held_contract(book: Book, tickers: "Tickers", instrument: str) -> HeldContract | None:
    """The position in a contract; None where there is none."""
    position, desk = book.positions.get(instrument), book.desks.get(instrument.partition(":")[0])
    contract = None if desk is None else desk.contracts.get(instrument)
    return None if position is None or contract is None else HeldContract(book, tickers, contract, position)


def held_contracts(book: Book, tickers: "Tickers", quote: str) -> list[HeldContract]:
    """All that share the margin of an asset, in the order of their ids."""
    desk = book.desks.get(quote.partition(":")[0])
    found = [
        held_contract(book, tickers, key)
        for key, contract in sorted(desk.contracts.items() if desk is not None else ())
        if contract.instrument.quote == quote
    ]
    return [each for each in found if each is not None]
