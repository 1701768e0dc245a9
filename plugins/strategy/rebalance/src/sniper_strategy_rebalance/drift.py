"""How far what is held is from its targets, and which trades are worth making it good: exact, in integers."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from sniper.exchange_orders import Side
from sniper.instrument import COIN, Instrument
from sniper.types import BPS
from sniper.view import TickerView

MILLION: Final = 10**6


class Share(NamedTuple):
    """One asset. ``owned``: base units; ``weight``: parts of 10¹⁸ of the whole."""

    name: str
    ticker: TickerView
    owned: int
    weight: int

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
    """``total``: what all of it is worth, ``cash`` included: quote asset, base units."""

    shares: tuple[Share, ...]
    cash: int
    total: int

    def drift(self, share: Share) -> int:
        """What an asset is worth above its target."""
        return share.worth - self.total * share.weight // COIN

    def beyond(self, band_bps: int) -> bool:
        """Whether an asset, or the quote asset, is at least ``band_bps`` of the whole away from its target."""
        drifts = [self.drift(share) for share in self.shares]
        return any(abs(drift) * BPS >= band_bps * self.total for drift in (*drifts, sum(drifts)))

    def worthwhile(self, share: Share, cost_factor: int) -> bool:
        """Whether drift, as a part of the whole, is at least ``cost_factor`` times what a trade costs, as a part of
        what is traded: the taker's fee and half the spread, of the price in its middle."""
        ticker = share.ticker
        fee, bid, ask = max(0, ticker.instrument.taker_fee), ticker.bid, ticker.ask
        if not bid or not ask:
            return abs(self.drift(share)) * MILLION >= cost_factor * fee * self.total
        cost = fee * (ask + bid) + max(0, ask - bid) * MILLION
        return abs(self.drift(share)) * MILLION * (ask + bid) >= cost_factor * cost * self.total

    def changes(self, side: Side, slippage_bps: int, cost_factor: int) -> tuple[Change, ...]:
        """All orders of one side that the exchange takes, that are worthwhile and, of purchases, that the cash pays for
        at their limits, fees included; the largest drift first."""
        found, cash = [], self.cash
        for share in sorted(self.shares, key=lambda share: (-abs(self.drift(share)), share.name)):
            drift, instrument = self.drift(share), share.ticker.instrument
            if not drift or (drift > 0) != (side == "sell") or not self.worthwhile(share, cost_factor):
                continue
            if side == "sell":
                price = share.ticker.to_sell()
                limit = -(-price * (BPS - slippage_bps) // BPS)
                size = min(instrument.affordable(drift, price), share.owned // instrument.lot)
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


def portfolio(shares: Iterable[Share], cash: int) -> Portfolio | None:
    """None where a price is not known, or may be old, and where there is nothing."""
    shares = tuple(shares)
    if any(share.ticker.stale or not share.ticker.to_sell() or not share.ticker.to_buy() for share in shares):
        return None
    total = cash + sum(share.worth for share in shares)
    return Portfolio(shares, cash, total) if total > 0 else None
