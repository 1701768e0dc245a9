"""An exchange that is played: a deterministic state machine behind the asks of a desk.

It hears the market before the kernel does, at the same times, and is asked after a latency. What it fills, it fills at
the first price that comes after the request has arrived: never at one that was known when the order was decided. Its
model of fills is ``next-event``: an order at the market, or one whose limit a trade or the other side's best price
reaches, gets all of its size at once, or as much as ``share_bps`` leaves it; it leaves no trace in the market.

Of a bar only four prices are known, and of two of them not when they were; so what may have happened either way has
happened to the order's disadvantage:

====================================  ================================================================================
arrived before it opened              at the market: the opening price, whatever gap lies before it. A limit that the
                                      opening price reaches: that price, or its own where it has stood since before
standing when it opened               a limit: its own price, where the bar went beyond it; to touch it is not enough,
                                      for others stood there first
arrived while it was open             the worst price of the bar, within the limit; a limit that allows less waits
arrived when it was over, or later    nothing of this bar
====================================  ================================================================================

Where trades are told of an instrument, its bars fill nothing: they are made of the same trades.

Contracts: see `sniper.runtime.simulated_contracts`.
"""

from collections.abc import Mapping
from heapq import heappop, heappush
from typing import Final

from sniper.events import (
    Bar,
    CancelAsked,
    DeskAnswered,
    DeskLost,
    Event,
    FillSeen,
    FundingSeen,
    InstrumentListed,
    OrderFound,
    OrderSeen,
    Prices,
    Submitted,
    Trade,
)
from sniper.exchange_orders import AccountState, Fill, NewOrder, OrderState
from sniper.instrument import Instrument
from sniper.kernel.asks import Ask, Cancel, FindOrder, ReadDesk, Submit
from sniper.runtime.simulated_contracts import SimulatedContracts, forced
from sniper.types import BPS

MILLION: Final = 10**6
NEVER: Final = 2**63
DeskAsk = Submit | Cancel | FindOrder | ReadDesk


class Resting:
    """An order that the exchange has. ``rests``: the market has moved since it came, and it stands in the book.
    ``arrived``: ns UTC. ``state`` and ``filled``: see `OrderState`."""

    __slots__ = ("arrived", "filled", "instrument", "new", "rests", "state", "venue_id")

    def __init__(
        self, instrument: Instrument, new: NewOrder, venue_id: str, *, filled: int = 0, arrived: int = 0
    ) -> None:
        self.instrument = instrument
        self.new = new
        self.venue_id = venue_id
        self.arrived = arrived
        self.rests = False
        self.state = "open"
        self.filled = filled

    def told(self) -> OrderState:
        """As the exchange tells it."""
        new = self.new
        return OrderState(
            client_id=new.client_id,
            venue_id=self.venue_id,
            instrument=new.instrument,
            state=self.state,
            filled=self.filled,
        )


class _Room:
    """How many lots the market has for our orders, buying and selling; None: any number."""

    __slots__ = ("to_buy", "to_sell")

    def __init__(self, to_buy: int | None = None, to_sell: int | None = None) -> None:
        self.to_buy = to_buy
        self.to_sell = to_sell


_BOUNDLESS: Final = _Room()


class SimulatedExchange:
    """One sub-account at one exchange.

    balances   By asset id, base units. ``latency``: ns from here to there; ``answer_latency``: back, else as much.
    share_bps  How much of what is traded in a trade or a bar, or offered at the best price, our orders may have on each
               side; what they do not get waits, or ends where it may not. 0: all of their size, whatever is traded.
    leverage   Of contracts; 0: none are traded here. Where they are, all that happens is heard from the beginning.
    active     Whether anything is on its way, or an order waits for its fill, or contracts are traded.
    due        When something arrives or comes back next, ns UTC; `NEVER`: nothing is on its way.
    """

    def __init__(
        self,
        account: str,
        venue: str,
        balances: Mapping[str, int],
        *,
        latency: int = 0,
        answer_latency: int | None = None,
        share_bps: int = 0,
        leverage: int = 0,
    ) -> None:
        self.account = account
        self.venue = venue
        self.latency = latency
        self.answer_latency = latency if answer_latency is None else answer_latency
        self.share_bps = share_bps
        self.contracts = SimulatedContracts(leverage) if leverage else None
        self.active = bool(leverage)
        self.due = NEVER
        self.balances = dict(balances)
        self.fills: list[Fill] = []
        self._orders: dict[str, Resting] = {}
        self._open: dict[str, dict[str, Resting]] = {}
        """Those that can be filled, by instrument and client id, in the order of their arrival; none is empty."""
        self._traded: set[str] = set()
        """Instruments of which trades are told."""
        self._left: dict[tuple[str, int], tuple[int, _Room]] = {}
        """By instrument and interval, of the last bar that has opened with an order there: when it did, ns UTC."""
        self._requests: list[tuple[int, int, Ask]] = []
        self._answers: list[tuple[int, int, Event]] = []
        self._count = 0

    def adopt(self, instrument: Instrument, new: NewOrder, venue_id: str, filled: int) -> None:
        """An order that rested here when the process before this one ended; ``filled``: lots."""
        order = self._orders[new.client_id] = Resting(instrument, new, venue_id, filled=filled)
        order.rests = True
        self._open.setdefault(new.instrument, {})[new.client_id] = order
        self.active = True

    # ---- what is asked ----

    def ask(self, ask: Ask, now: int) -> None:
        """A request leaves at ``now``, ns UTC."""
        self.active = True
        if self.latency:
            self._leaves(now + self.latency, ask)
        else:
            self._arrived(ask, now)

    def until(self, time: int) -> list[Event]:
        """Let what arrives up to ``time`` arrive, and give what has come back by then, in order."""
        found: list[Event] = []
        requests, answers = self._requests, self._answers
        while requests and requests[0][0] <= time:
            at, _, ask = heappop(requests)
            self._arrived(ask, at)
        while answers and answers[0][0] <= time:
            found.append(heappop(answers)[2])
        due = answers[0][0] if answers else NEVER
        self.due = due = min(due, requests[0][0]) if requests else due
        self.active = due != NEVER or bool(self._open or self._left or self.contracts)
        return found

    def _leaves(self, at: int, ask: Ask) -> None:
        self._count += 1
        heappush(self._requests, (at, self._count, ask))
        self.due = min(self.due, at)

    def _tell(self, at: int, event: Event) -> None:
        self._count += 1
        heappush(self._answers, (at, self._count, event))
        if at < self.due:  # noqa: PLR1730  (a call of min costs more than the comparison)
            self.due = at

    def _arrived(self, ask: Ask, at: int) -> None:
        body, back = ask.body, at + self.answer_latency
        if isinstance(body, Submit):
            new, orders = body.new, self._orders
            refusal = self._refusal(new, body.instrument)
            if refusal is not None:
                code, note = refusal
                told = Submitted(time=back, account=self.account, ask=ask.id, venue_id="", code=code, message=note)
                self._tell(back, told)
                return
            key = new.client_id
            order = orders.get(key)
            if order is None:
                order = orders[key] = Resting(body.instrument, new, str(len(orders) + 1), arrived=at)
                self._open.setdefault(new.instrument, {})[key] = order
                self._took(order)
            self._tell(back, Submitted(time=back, account=self.account, ask=ask.id, venue_id=order.venue_id))
        elif isinstance(body, Cancel):
            resting = self._orders.get(body.new.client_id)
            if resting is not None and resting.state == "open":
                self._moved(resting, "cancelled", at)
            self._tell(back, CancelAsked(time=back, account=self.account, ask=ask.id))
        elif isinstance(body, FindOrder):
            resting = self._orders.get(body.new.client_id)
            fills = tuple(fill for fill in self.fills if fill.client_id == body.new.client_id)
            state_ = resting.told() if resting is not None else None
            self._tell(back, OrderFound(time=back, account=self.account, ask=ask.id, state=state_, fills=fills))
        elif isinstance(body, ReadDesk):
            read = DeskAnswered(
                time=back, account=self.account, ask=ask.id, venue=self.venue, state=self._state(body.cursor)
            )
            self._tell(back, read)

    def _refusal(self, new: NewOrder, instrument: Instrument) -> tuple[str, str] | None:
        """Code and reason why an order is not taken."""
        if new.trigger is not None:
            return "no-triggers", f"{new.type} waits for a price, which nothing here does for it"
        if self.contracts is None and instrument.linear:
            return "no-contracts", "no contracts are traded here; set paper_leverage, the leverage that they have"
        return None

    def _took(self, order: Resting) -> None:
        """An order has arrived; what it meets comes later."""

    def _state(self, cursor: str) -> AccountState:
        return AccountState(
            balances=tuple((asset, amount, 0) for asset, amount in sorted(self.balances.items())),
            orders=tuple(order.told() for orders in self._open.values() for order in orders.values()),
            fills=tuple(self.fills[int(cursor or 0) :]),
            cursor=str(len(self.fills)),
            contracts=self.contracts.states() if self.contracts is not None else (),
        )

    # ---- what the market does ----

    def opened(self, bar: Bar) -> None:
        """A bar has opened: what its first price fills of the orders that were there before. When it is over, it is
        heard."""
        waiting = self._open.get(bar.instrument)
        if waiting and bar.instrument not in self._traded:
            room = self._room(bar.volume, bar.volume)
            if self.share_bps:
                self._left[bar.instrument, bar.interval] = bar.start, room
            for order in list(waiting.values()):
                if order.arrived <= bar.start:
                    self._meet(order, bar.open, bar.open, room, bar.start)

    def heard(self, event: Event) -> None:
        """A market event: what it fills of the orders that were there before it. Hot."""
        if type(event) is Trade:
            self._traded.add(event.instrument)
            waiting = self._open.get(event.instrument)
            if waiting:
                room = self._room(event.size, event.size)
                for order in list(waiting.values()):
                    self._meet(order, event.price, event.price, room, event.time)
        elif type(event) is Prices:
            waiting = self._open.get(event.instrument)
            if waiting:
                room = self._room(event.ask_size, event.bid_size)
                for order in list(waiting.values()):
                    self._meet(order, event.ask, event.bid, room, event.time)
        elif type(event) is Bar:
            waiting = self._open.get(event.instrument)
            if waiting and event.instrument not in self._traded:
                # where nothing waited any more, no bar after the opened one was heard: it may be another one's
                start, left = self._left.get((event.instrument, event.interval), (-1, None))
                room = left if left is not None and start == event.start else self._room(event.volume, event.volume)
                self._over(list(waiting.values()), event, room)
        if self.contracts is not None:
            self._follow(self.contracts, event)

    def _follow(self, contracts: SimulatedContracts, event: Event) -> None:
        """What an event does to contracts that are held."""
        back = event.time + self.answer_latency
        if isinstance(event, InstrumentListed):
            if contracts.listed(event.instrument):
                reason = "a contract was listed"
                lost = DeskLost(time=back, account=self.account, venue=self.venue, reason=reason, back=True)
                self._tell(back, lost)
            return
        told = contracts.heard(event)
        for funding in contracts.funded(event.time):
            self.balances[funding.asset] = max(0, self.balances.get(funding.asset, 0) + funding.amount)
            self._tell(back, FundingSeen(time=back, account=self.account, funding=funding))
            told = True
        if told:
            for instrument, side, size, price in contracts.uncovered(self.balances):
                self._withdraw(instrument.quote, event.time)
                fill = forced(instrument, side, size, price, event.time, len(self.fills) + 1)
                self.fills.append(fill)
                self._booked(instrument, fill)
                self._tell(back, FillSeen(time=back, account=self.account, fill=fill))
        if type(event) is Bar:
            contracts.closed(event)

    def _withdraw(self, asset: str, at: int) -> None:
        """No order in contracts is left that would open anew what is liquidated."""
        for waiting in list(self._open.values()):
            for order in list(waiting.values()):
                if order.instrument.linear and order.instrument.quote == asset:
                    self._moved(order, "cancelled", at)

    def _over(self, waiting: list[Resting], bar: Bar, room: _Room) -> None:
        end = bar.start + bar.interval
        for order in waiting:
            limit = order.new.price
            if order.arrived > bar.start:
                if order.arrived < end:
                    self._meet(order, bar.high, bar.low, room, end)
            elif limit is not None and (bar.low < limit if order.new.side == "buy" else bar.high > limit):
                self._fill(order, limit, room, end)

    def _room(self, to_buy: int, to_sell: int) -> _Room:
        share = self.share_bps
        return _Room(to_buy * share // BPS, to_sell * share // BPS) if share else _BOUNDLESS

    def _meet(self, order: Resting, ask: int, bid: int, room: _Room, at: int) -> None:
        """``ask``, ``bid``: at which it can be bought and sold now, ticks; 0: not at all."""
        new = order.new
        price = ask if new.side == "buy" else bid
        if price and (new.price is None or (price <= new.price if new.side == "buy" else price >= new.price)):
            if order.rests and new.price is not None:
                price = new.price  # it stood there first
            self._fill(order, price, room, at)
        elif new.price is None:
            self._moved(order, "expired", at)
        else:
            self._waits(order, at)

    def _waits(self, order: Resting, at: int) -> None:
        if order.state != "open":
            return  # it only reduced, and nothing is left to reduce
        if order.new.lives in ("ioc", "fok"):
            self._moved(order, "expired", at)
        else:
            order.rests = True

    def _fill(self, order: Resting, price: int, room: _Room, at: int) -> None:
        new, maker = order.new, order.rests and order.new.price is not None
        buys, wanted = new.side == "buy", new.size - order.filled
        left = room.to_buy if buys else room.to_sell
        if left is None:
            self._deal(order, price, wanted, at, maker=maker)
            return
        size = min(wanted, left)
        if not size or (size < wanted and new.lives == "fok"):
            self._waits(order, at)
            return
        if buys:
            room.to_buy = left - size
        else:
            room.to_sell = left - size
        self._deal(order, price, size, at, maker=maker)
        if size < wanted:
            self._waits(order, at)

    def _deal(self, order: Resting, price: int, size: int, at: int, *, maker: bool) -> None:
        """A part of an order is traded, and that is told; all of it, and the order is over, of which its last fill is
        all that is told."""
        new, instrument = order.new, order.instrument
        reduced = self.contracts if "reduce-only" in new.flags else None
        if reduced is not None:
            size = min(size, reduced.reducible(instrument.id, new.side))
            if not size:
                self._moved(order, "expired", at)
                return
        value = instrument.value(price, size)
        fee, fee_asset = self._fee(order, value, size, maker=maker)
        fills = self.fills
        fill = Fill(
            id=f"{at}-{len(fills) + 1}",  # another process begins to count anew
            client_id=new.client_id,
            venue_id=order.venue_id,
            instrument=new.instrument,
            side=new.side,
            size=size,
            price=price,
            value=value,
            fee=fee,
            fee_asset=fee_asset,
            maker=maker,
            time=at,
        )
        fills.append(fill)
        self._booked(instrument, fill)
        back = at + self.answer_latency
        self._tell(back, FillSeen(time=back, account=self.account, fill=fill))
        order.filled += size
        if order.filled == new.size:
            self._over_with(order, "filled")
        elif reduced is not None and not reduced.reducible(instrument.id, new.side):
            self._moved(order, "expired", at)

    def _booked(self, instrument: Instrument, fill: Fill) -> None:
        """What a fill does to balances and positions."""
        balances, quote, base = self.balances, instrument.quote, instrument.base
        if self.contracts is not None and instrument.linear:
            gained = self.contracts.deal(instrument, fill.side, fill.size, fill.value) - fill.fee
            balances[quote] = max(0, balances.get(quote, 0) + gained)
            return
        amount, value = fill.size * instrument.lot, fill.value
        if fill.side == "sell":
            amount, value = -amount, -value
        balances[base] = balances.get(base, 0) + amount
        balances[quote] = balances.get(quote, 0) - value
        balances[fill.fee_asset] = balances.get(fill.fee_asset, 0) - fill.fee

    def _fee(self, order: Resting, value: int, size: int, *, maker: bool) -> tuple[int, str]:
        """What is taken for a part of an order, and of what; of ``size`` lots, worth ``value``."""
        instrument = order.instrument
        rate = instrument.maker_fee if maker else instrument.taker_fee
        return -(-value * rate // MILLION), instrument.quote  # rounded up, as exchanges do

    def _over_with(self, order: Resting, state: str) -> None:
        new, order.state = order.new, state
        waiting = self._open[new.instrument]
        del waiting[new.client_id]
        if not waiting:
            del self._open[new.instrument]

    def _moved(self, order: Resting, state: str, at: int) -> None:
        """An order is over otherwise than by a fill, and that is told."""
        self._over_with(order, state)
        back = at + self.answer_latency
        self._tell(back, OrderSeen(time=back, account=self.account, venue=self.venue, state=order.told()))
