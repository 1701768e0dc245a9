"""An exchange that is played: a deterministic state machine behind the asks of a desk.

It hears the market before the kernel does, at the same times, and is asked after a latency. What it fills, it fills at
the first price that comes after the request has arrived: never at one that was known when the order was decided. Its
model of fills is ``next-event``: an order at the market, or one whose limit a trade or the other side's best price
reaches, gets all of its size at once; it leaves no trace in the market.
"""

from collections.abc import Iterable, Mapping
from heapq import heappop, heappush
from typing import Final

from sniper.events import (
    CancelAsked,
    DeskAnswered,
    Event,
    FillSeen,
    OrderFound,
    OrderSeen,
    Prices,
    Submitted,
    Trade,
)
from sniper.exchange_orders import AccountState, Fill, NewOrder, OrderState
from sniper.instrument import Instrument
from sniper.kernel.asks import Ask, Cancel, FindOrder, ReadDesk, Submit

MILLION: Final = 10**6
DeskAsk = Submit | Cancel | FindOrder | ReadDesk


class _Resting:
    """An order that the exchange has. ``rests``: the market has moved since it came, and it stands in the book."""

    __slots__ = ("instrument", "new", "rests", "state")

    def __init__(self, instrument: Instrument, new: NewOrder, state: OrderState) -> None:
        self.instrument = instrument
        self.new = new
        self.state = state
        self.rests = False


class SimulatedExchange:
    """One sub-account at one exchange.

    balances  By asset id, base units. ``latency``: ns from here to there; as much back.
    """

    def __init__(self, account: str, venue: str, balances: Mapping[str, int], *, latency: int = 0) -> None:
        self.account = account
        self.venue = venue
        self.latency = latency
        self.balances = dict(balances)
        self.fills: list[Fill] = []
        self._orders: dict[str, _Resting] = {}
        self._open: dict[str, dict[str, _Resting]] = {}
        """Those that can be filled, by instrument and client id, in the order in which they arrived."""
        self._requests: list[tuple[int, int, Ask]] = []
        self._answers: list[tuple[int, int, Event]] = []
        self._count = 0

    # ---- what is asked ----

    def ask(self, ask: Ask, now: int) -> None:
        """A request leaves at ``now``, ns UTC."""
        self._count += 1
        heappush(self._requests, (now + self.latency, self._count, ask))

    def until(self, time: int) -> Iterable[Event]:
        """Let what arrives up to ``time`` arrive, and give what has come back by then, in order."""
        requests, answers = self._requests, self._answers
        while requests and requests[0][0] <= time:
            at, _, ask = heappop(requests)
            self._arrived(ask, at)
        while answers and answers[0][0] <= time:
            yield heappop(answers)[2]

    @property
    def busy(self) -> bool:
        """Whether anything is on its way, there or back."""
        return bool(self._requests or self._answers)

    def next_at(self) -> int | None:
        """When something arrives or comes back next, ns UTC."""
        first = [heap[0][0] for heap in (self._requests, self._answers) if heap]
        return min(first, default=None)

    def _tell(self, at: int, event: Event) -> None:
        self._count += 1
        heappush(self._answers, (at, self._count, event))

    def _arrived(self, ask: Ask, at: int) -> None:
        body, back = ask.body, at + self.latency
        if isinstance(body, Submit):
            new = body.new
            if new.client_id not in self._orders:
                state = OrderState(
                    client_id=new.client_id,
                    venue_id=f"{len(self._orders) + 1}",
                    instrument=new.instrument,
                    state="open",
                    filled=0,
                )
                order = self._orders[new.client_id] = _Resting(body.instrument, new, state)
                self._open.setdefault(new.instrument, {})[new.client_id] = order
            venue_id = self._orders[new.client_id].state.venue_id
            self._tell(back, Submitted(time=back, account=self.account, ask=ask.id, venue_id=venue_id))
        elif isinstance(body, Cancel):
            resting = self._orders.get(body.new.client_id)
            if resting is not None and resting.state.state == "open":
                self._moved(resting, "cancelled", at)
            self._tell(back, CancelAsked(time=back, account=self.account, ask=ask.id))
        elif isinstance(body, FindOrder):
            resting = self._orders.get(body.new.client_id)
            fills = tuple(fill for fill in self.fills if fill.client_id == body.new.client_id)
            state_ = resting.state if resting is not None else None
            self._tell(back, OrderFound(time=back, account=self.account, ask=ask.id, state=state_, fills=fills))
        elif isinstance(body, ReadDesk):
            read = DeskAnswered(
                time=back, account=self.account, ask=ask.id, venue=self.venue, state=self._state(body.cursor)
            )
            self._tell(back, read)

    def _state(self, cursor: str) -> AccountState:
        return AccountState(
            balances=tuple((asset, amount, 0) for asset, amount in sorted(self.balances.items())),
            orders=tuple(order.state for orders in self._open.values() for order in orders.values()),
            fills=tuple(self.fills[int(cursor or 0) :]),
            cursor=str(len(self.fills)),
        )

    # ---- what the market does ----

    def heard(self, event: Event) -> None:
        """A market event: what it fills of the orders that were there before it. Hot."""
        if type(event) is Trade:
            waiting = self._open.get(event.instrument)
            if waiting:
                self._match(waiting, event.price, event.price, event.time)
        elif type(event) is Prices:
            waiting = self._open.get(event.instrument)
            if waiting:
                self._match(waiting, event.ask, event.bid, event.time)

    def _match(self, waiting: dict[str, _Resting], ask: int, bid: int, at: int) -> None:
        """``ask``, ``bid``: at which it can be bought and sold now, ticks; 0: not at all."""
        for client_id in list(waiting):
            order = waiting[client_id]
            new = order.new
            price = ask if new.side == "buy" else bid
            reached = price and (new.price is None or (price <= new.price if new.side == "buy" else price >= new.price))
            if reached:
                self._fill(order, price, at)
            elif new.price is None or new.lives in ("ioc", "fok"):
                self._moved(order, "expired", at)
            else:
                order.rests = True

    def _fill(self, order: _Resting, price: int, at: int) -> None:
        new, instrument, maker = order.new, order.instrument, order.rests
        if maker and new.price is not None:
            price = new.price  # it stood there first
        value = instrument.value(price, new.size)
        rate = instrument.maker_fee if maker else instrument.taker_fee
        fee = -(-value * rate // MILLION)  # rounded up, as exchanges do
        sign = 1 if new.side == "buy" else -1
        self._add(instrument.base, sign * new.size * instrument.lot)
        self._add(instrument.quote, -sign * value - fee)
        fill = Fill(
            id=f"{len(self.fills) + 1}",
            client_id=new.client_id,
            venue_id=order.state.venue_id,
            instrument=new.instrument,
            side=new.side,
            size=new.size,
            price=price,
            value=value,
            fee=fee,
            fee_asset=instrument.quote,
            maker=maker,
            time=at,
        )
        self.fills.append(fill)
        back = at + self.latency
        self._tell(back, FillSeen(time=back, account=self.account, fill=fill))
        self._moved(order, "filled", at, filled=new.size)

    def _add(self, asset: str, amount: int) -> None:
        self.balances[asset] = self.balances.get(asset, 0) + amount

    def _moved(self, order: _Resting, state: str, at: int, *, filled: int = 0) -> None:
        old, back = order.state, at + self.latency
        order.state = OrderState(
            client_id=old.client_id,
            venue_id=old.venue_id,
            instrument=old.instrument,
            state=state,
            filled=filled or old.filled,
        )
        del self._open[old.instrument][old.client_id]
        self._tell(back, OrderSeen(time=back, account=self.account, venue=self.venue, state=order.state))
