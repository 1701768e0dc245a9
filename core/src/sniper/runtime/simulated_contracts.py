"""Contracts at an exchange that is played: positions, funding, and liquidation.

A position is valued at what closing it would bring by the newest trade, best prices or bar (of a bar, by the worse of
its high and low first). Once collateral and unrealised profit are no more than the maintenance margin, the exchange
withdraws all orders in contracts and closes everything at that price, for the taker's fee; what is lost beyond what
there was, it bears itself. Margin is cross. Funding falls due when its time is reached, at the prices of then.
"""

from collections.abc import Mapping
from typing import Final

from sniper.events import Bar, Event, FundingRate, Prices, Trade
from sniper.exchange_orders import ContractState, Fill, Funding, Side, Tier
from sniper.instrument import Instrument
from sniper.kernel.exchange.contracts import maintenance_margin
from sniper.kernel.exchange.holdings import traded

TIERS: Final = (Tier(floor=0, rate=5_000),)
"""Maintenance margin where nothing else is said: 0.5% of any notional."""
BILLION: Final = 10**9


class _Held:
    """A position. ``size``, ``cost``: see `ContractState`. ``to_buy``, ``to_sell``: ticks at which it could be closed
    now; 0: nothing has told yet."""

    __slots__ = ("cost", "instrument", "size", "to_buy", "to_sell")

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.size = 0
        self.cost = 0
        self.to_buy = self.to_sell = 0

    @property
    def price(self) -> int:
        """At which it would be closed."""
        return self.to_sell if self.size > 0 else self.to_buy

    @property
    def worth(self) -> int:
        """At that price; at cost before the first."""
        return self.instrument.value(self.price, self.size) if self.price else self.cost


class SimulatedContracts:
    """Of one sub-account. ``leverage``: of each; ``tiers``: see `ContractState`."""

    def __init__(self, leverage: int, tiers: tuple[Tier, ...] = TIERS) -> None:
        self.leverage = leverage
        self.tiers = tiers
        self._held: dict[str, _Held] = {}
        self._due: dict[str, FundingRate] = {}

    def listed(self, instrument: Instrument) -> bool:
        """Whether a contract was listed that was not known."""
        if not instrument.linear or instrument.id in self._held:
            return False
        self._held[instrument.id] = _Held(instrument)
        return True

    def adopt(self, instrument: Instrument, size: int, cost: int) -> None:
        """What was held when the process before this one ended."""
        held = self._of(instrument)
        held.size, held.cost = size, cost

    def reducible(self, instrument: str, side: Side) -> int:
        """How many lots an order on that side can close."""
        held = self._held.get(instrument)
        size = 0 if held is None else held.size
        return max(0, -size if side == "buy" else size)

    def deal(self, instrument: Instrument, side: Side, size: int, value: int) -> int:
        """A trade: what it realises, base units of the quote asset."""
        held, sign = self._of(instrument), 1 if side == "buy" else -1
        change = traded(held.size, held.cost, sign * size, -sign * value)
        held.size += change.amount
        held.cost += change.cost
        return change.realised

    def states(self) -> tuple[ContractState, ...]:
        """As a reading tells them."""
        return tuple(
            ContractState(
                instrument=held.instrument, size=held.size, cost=held.cost, leverage=self.leverage, tiers=self.tiers
            )
            for _, held in sorted(self._held.items())
        )

    def heard(self, event: Event) -> bool:
        """A market event; whether it told a price of something that is held."""
        if isinstance(event, FundingRate):
            self._due[event.instrument] = event
            return False
        if not isinstance(event, Trade | Prices | Bar):
            return False
        held = self._held.get(event.instrument)
        if held is None:
            return False
        if isinstance(event, Trade):
            held.to_buy = held.to_sell = event.price
        elif isinstance(event, Prices):
            held.to_buy, held.to_sell = event.ask, event.bid
        else:
            held.to_buy, held.to_sell = event.high, event.low
        return bool(held.size)

    def closed(self, bar: Bar) -> None:
        """A bar is over: what is held is worth its close."""
        held = self._held.get(bar.instrument)
        if held is not None:
            held.to_buy = held.to_sell = bar.close

    def funded(self, time: int) -> list[Funding]:
        """What has fallen due by then."""
        found = []
        for key in sorted(self._due):
            due, held = self._due[key], self._held.get(key)
            if due.at > time:
                continue
            del self._due[key]
            if held is not None and held.size:
                amount = -(held.worth * due.rate // BILLION)
                asset = held.instrument.quote
                found.append(Funding(id=f"{key}@{due.at}", instrument=key, asset=asset, amount=amount, time=due.at))
        return found

    def uncovered(self, balances: Mapping[str, int]) -> list[tuple[Instrument, Side, int, int]]:
        """(instrument, side, lots, price) of what is to be closed, because it is covered no more."""
        assets = {held.instrument.quote for held in self._held.values() if held.size}
        return [close for asset in sorted(assets) for close in self._uncovered(asset, balances.get(asset, 0))]

    def _uncovered(self, asset: str, balance: int) -> list[tuple[Instrument, Side, int, int]]:
        of = [held for _, held in sorted(self._held.items()) if held.size and held.instrument.quote == asset]
        needed = sum(maintenance_margin(held.worth, self.tiers) for held in of)
        if balance + sum(held.worth - held.cost for held in of) > needed:
            return []
        return [
            (held.instrument, "sell" if held.size > 0 else "buy", abs(held.size), held.price)
            for held in of
            if held.price
        ]

    def _of(self, instrument: Instrument) -> _Held:
        return self._held.setdefault(instrument.id, _Held(instrument))


def forced(instrument: Instrument, side: Side, size: int, price: int, at: int, number: int) -> Fill:
    """The fill of a liquidation."""
    value = instrument.value(price, size)
    return Fill(
        id=f"{at}-{number}",
        client_id="",
        venue_id="liquidation",
        instrument=instrument.id,
        side=side,
        size=size,
        price=price,
        value=value,
        fee=max(0, -(-value * instrument.taker_fee // 10**6)),
        fee_asset=instrument.quote,
        maker=False,
        time=at,
        forced="liquidation",
    )
