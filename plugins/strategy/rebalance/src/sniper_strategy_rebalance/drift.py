"""How far what is held is from its targets, and which trades are worth making it good: exact, in integers."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Final, NamedTuple

from sniper.exchange_orders import Side
from sniper.instrument import COIN, Instrument
from sniper.types import BPS
from sniper.view import TickerView
from sniper_strategy_rebalance.lots import Lot, Tax, sellable

MILLION: Final = 10**6


class Share(NamedTuple):
    """One asset. ``owned``: base units; ``weight``: parts of 10¹⁸ of the whole; ``lots``: of purchases."""

    name: str
    ticker: TickerView
    owned: int
    weight: int
    lots: tuple[Lot, ...] = ()

    @property
    def worth(self) -> int:
        """What it would bring at the best price, fee apart: quote asset, base units."""
        return self.ticker.to_sell() * self.ticker.instrument.tick * self.owned // COIN


class Change(NamedTuple):
    """An order that brings one asset nearer to its target. ``size``: lots; ``limit``: the worst price, ticks.

    drift  By what it is away from its target, above zero: too much; quote asset, base units.
    """

    name: str
    instrument: Instrument
    side: Side
    size: int
    limit: int
    drift: int


class Portfolio(NamedTuple):
    """``total``: what all of it is worth, ``cash`` included: quote asset, base units. ``now``: ns UTC; ``tax``: None
    where it is not looked at."""

    shares: tuple[Share, ...]
    cash: int
    total: int
    now: int = 0
    tax: Tax | None = None

    def drift(self, share: Share) -> int:
        """What an asset is worth above its target."""
        return share.worth - self.total * share.weight // COIN

    def beyond(self, band_bps: int) -> bool:
        """Whether an asset, or the quote asset, is at least ``band_bps`` of the whole away from its target."""
        drifts = [self.drift(share) for share in self.shares]
        return any(abs(drift) * BPS >= band_bps * self.total for drift in (*drifts, sum(drifts)))

    def cost(self, share: Share) -> Fraction:
        """What a trade costs, as a part of what is traded: the taker's fee and half the spread, of the price in its
        middle."""
        ticker = share.ticker
        fee, bid, ask = Fraction(max(0, ticker.instrument.taker_fee), MILLION), ticker.bid, ticker.ask
        return fee + Fraction(max(0, ask - bid), ask + bid) if bid and ask else fee

    def worthwhile(self, share: Share, cost_factor: int) -> bool:
        """Whether drift, as a part of the whole, is at least ``cost_factor`` times the cost of a trade."""
        return Fraction(abs(self.drift(share)), self.total) >= cost_factor * self.cost(share)

    def untaxed(self, share: Share, amount: int, cost_factor: int) -> int:
        """How much of ``amount`` base units a sale can take so that it is worthwhile with its tax as well."""
        if self.tax is None or not cost_factor:
            return amount
        most = Fraction(self.drift(share), cost_factor * self.total) - self.cost(share)
        price = Fraction(share.ticker.to_sell() * share.ticker.instrument.tick, COIN)
        return sellable(share.lots, amount, price, most, self.now, self.tax)

    def changes(self, side: Side, slippage_bps: int, cost_factor: int) -> tuple[Change, ...]:
        """All orders of one side that the exchange takes, that are worthwhile, sales with their tax, and of purchases
        those that the cash pays for at their limits, fees included; the largest drift first."""
        found, cash = [], self.cash
        for share in sorted(self.shares, key=lambda share: (-abs(self.drift(share)), share.name)):
            drift, instrument = self.drift(share), share.ticker.instrument
            if not drift or (drift > 0) != (side == "sell") or not self.worthwhile(share, cost_factor):
                continue
            if side == "sell":
                price = share.ticker.to_sell()
                limit = -(-price * (BPS - slippage_bps) // BPS)
                size = min(instrument.affordable(drift, price), share.owned // instrument.lot)
                size = self.untaxed(share, size * instrument.lot, cost_factor) // instrument.lot
            else:
                price = share.ticker.to_buy()
                limit = price * (BPS + slippage_bps) // BPS
                fee = max(0, instrument.taker_fee)
                paid = instrument.affordable(cash * MILLION // (MILLION + fee), limit)
                size = min(instrument.affordable(-drift, price), paid)
            size = instrument.orderable(size, limit)
            if not size:
                continue
            if side == "buy":
                value = instrument.value(limit, size)
                cash -= value - (-value * fee // MILLION)
            found.append(Change(share.name, instrument, side, size, limit, drift))
        return tuple(found)


def portfolio(shares: Iterable[Share], cash: int, now: int = 0, tax: Tax | None = None) -> Portfolio | None:
    """None where a price is not known, or may be old, and where there is nothing."""
    shares = tuple(shares)
    if any(share.ticker.stale or not share.ticker.to_sell() or not share.ticker.to_buy() for share in shares):
        return None
    total = cash + sum(share.worth for share in shares)
    return Portfolio(shares, cash, total, now, tax) if total > 0 else None
