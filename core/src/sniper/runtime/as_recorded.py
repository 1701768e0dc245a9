"""An exchange that is played beside the record of a real one: requests arrive when they did.

The model of fills: an order that arrives meets the best prices as they were told last, up to their sizes; what is left
rests, or ends where it may not. What rests is filled at its own price by trades that reach it, with no more than was
traded. Fees are taken in what the exchange took them in.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sniper.events import Bar, CancelAsked, DeskAnswered, Event, FillSeen, OrderFound, Prices, Submitted, Trade
from sniper.exchange_orders import Fill
from sniper.kernel.asks import Ask, Cancel, Submit
from sniper.runtime.simulated_exchange import MILLION, Resting, SimulatedExchange


class Recorded(NamedTuple):
    """What is on record of one desk.

    balances  By asset id, when it was read first: base units. ``answered``: by the ids of asks, when their answers were
              heard, ns UTC. ``taken_in_kind``: whether fees of purchases are taken in what is bought.
    """

    balances: Mapping[str, int]
    answered: Mapping[str, int]
    taken_in_kind: bool


def recorded_of(account: str, venue: str, inputs: Iterable[Event]) -> Recorded:
    """Of a run's inputs, in their order."""
    balances: dict[str, int] | None = None
    answered: dict[str, int] = {}
    in_kind = False
    for event in inputs:
        if isinstance(event, DeskAnswered) and event.account == account and event.venue == venue:
            if balances is None:
                balances = {asset: free + held for asset, free, held in event.state.balances}
            in_kind = in_kind or any(_in_kind(fill) for fill in event.state.fills)
        elif isinstance(event, FillSeen) and event.account == account:
            in_kind = in_kind or _in_kind(event.fill)
        elif isinstance(event, Submitted | CancelAsked | OrderFound) and event.account == account:
            answered[event.ask] = event.time
    return Recorded(balances or {}, answered, in_kind)


def _in_kind(fill: Fill) -> bool:
    place, _, symbol = fill.instrument.partition(":")
    return fill.side == "buy" and fill.fee > 0 and fill.fee_asset == f"{place}:{symbol.partition('/')[0]}"


class RecordedExchange(SimulatedExchange):
    """See `SimulatedExchange`. A request that is not on record arrives at once."""

    def __init__(self, account: str, venue: str, recorded: Recorded) -> None:
        super().__init__(account, venue, recorded.balances)
        self.active = True  # the best prices before the first order are those that it meets
        self._recorded = recorded
        self._best: dict[str, list[int]] = {}
        """By instrument: ask and its size, bid and its size, less what our orders took of them."""

    def ask(self, ask: Ask, now: int) -> None:
        at = self._recorded.answered.get(ask.id, now) if isinstance(ask.body, Submit | Cancel) else now
        self._leaves(max(now, at), ask)

    def until(self, time: int) -> list[Event]:
        found = super().until(time)
        self.active = True
        return found

    def opened(self, bar: Bar) -> None:
        """It fills nothing."""

    def heard(self, event: Event) -> None:
        if type(event) is Prices:
            self._best[event.instrument] = [event.ask, event.ask_size, event.bid, event.bid_size]
        elif type(event) is Trade:
            left = event.size
            for order in list(self._open.get(event.instrument, {}).values()):
                left = self._traded_with(order, event, left)

    def _traded_with(self, order: Resting, event: Trade, left: int) -> int:
        limit = order.new.price
        if limit is None or not (event.price <= limit if order.new.side == "buy" else event.price >= limit):
            return left
        size = min(left, order.new.size - order.filled)
        if size:
            self._deal(order, limit, size, event.time, maker=True)
        return left - size

    def _took(self, order: Resting) -> None:
        new, best = order.new, self._best.get(order.new.instrument, [0, 0, 0, 0])
        at = 0 if new.side == "buy" else 2
        price, offered = best[at], best[at + 1]
        wanted = new.size
        reached = price and (new.price is None or (price <= new.price if new.side == "buy" else price >= new.price))
        size = min(wanted, offered) if reached else 0
        if "post-only" in new.flags and reached:
            self._moved(order, "rejected", order.arrived)
        elif new.lives == "fok" and size < wanted:
            self._moved(order, "expired", order.arrived)
        else:
            if size:
                best[at + 1] -= size
                self._deal(order, price, size, order.arrived, maker=False)
            if size < wanted and (new.price is None or new.lives == "ioc"):
                self._moved(order, "expired", order.arrived)
            order.rests = True

    def _fee(self, order: Resting, value: int, size: int, *, maker: bool) -> tuple[int, str]:
        instrument = order.instrument
        if not self._recorded.taken_in_kind or order.new.side == "sell" or instrument.linear:
            return super()._fee(order, value, size, maker=maker)
        rate = instrument.maker_fee if maker else instrument.taker_fee
        return size * instrument.lot * rate // MILLION, instrument.base
