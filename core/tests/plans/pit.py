"""A kernel with plans, and an exchange that answers late, twice or never, in any order, and fills as it likes."""

from collections.abc import Iterable
from typing import Any

from stage import BTC, NoConfig, wired

from sniper.events import (
    AskFailed,
    CancelAsked,
    Clock,
    DeskAnswered,
    DeskLost,
    Event,
    FillSeen,
    InstrumentListed,
    OrderFound,
    OrderSeen,
    Prices,
    Started,
    Submitted,
    Trade,
)
from sniper.exchange_orders import AccountState, ContractState, Fill, NewOrder, OrderState, Side
from sniper.instrument import COIN, Instrument
from sniper.kernel import facts as f
from sniper.kernel.asks import Ask, Cancel, FindOrder, ReadDesk, Submit
from sniper.kernel.book import Book
from sniper.kernel.exchange.holdings import traded
from sniper.kernel.fold import fold
from sniper.kernel.kernel import Kernel
from sniper.kernel.plans.book import PlanState
from sniper.kernel.snapshot import dump, restore
from sniper.order_types import Plan
from sniper.strategy import Actions, CancelOrder, PlaceOrder, StartPlan, Strategy, on
from sniper.types import Intent
from sniper.view import View

LEVERAGE = 10
WANTED: list[Intent] = []
"""What the strategy yields with the next trade."""


class Obedient(Strategy):
    config: NoConfig

    def instruments(self) -> tuple[str, ...]:
        return (BTC.id,)

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        wanted = list(WANTED)
        WANTED.clear()
        yield from wanted


class Pit:
    """One account with one desk, and the model of its exchange."""

    def __init__(self, instrument: Instrument = BTC, *, held: int = 0) -> None:
        WANTED.clear()
        self.instrument = instrument
        self.wiring = wired(Obedient)
        self.reports: list[str] = []
        self.kernel = Kernel(self.wiring, report=self.reported)
        self.journal: list[f.Fact] = []
        self.inputs: list[tuple[Event, tuple[Intent, ...]]] = []
        """All that was handled, and what the strategy wanted. ``from_facts``: whether facts alone were taken over."""
        self.from_facts = False
        self.time = 0
        self.keys = 0
        self.price = 10_000
        self.submitted: list[str] = []
        self.airborne: dict[str, NewOrder] = {}
        self.known: dict[str, NewOrder] = {}
        self.states: dict[str, OrderState] = {}
        self.fills: list[Fill] = []
        self.balances = {"x:USDT": 10_000_000 * COIN, "x:BTC": 0}
        self.contract = (0, 0)
        """What is held of a contract and what that was worth when it was opened, base units, signed."""
        self.stream: list[OrderState | Fill] = []
        self.handle(Started(time=0, mode="live"), InstrumentListed(time=0, instrument=instrument))
        self.settle()
        if held:
            self.want(PlaceOrder(key="held", instrument=BTC.id, side="buy", size=held, reason=""))
            (client,) = self.airborne
            self.arrive(client)
            self.fill(client, held)
            self.settle()

    def reported(self, what: str, error: Exception) -> None:
        self.reports.append(f"{what}: {error}")

    # ---- the kernel ----

    def handle(self, *events: Event) -> None:
        for event in events:
            self.inputs.append((event, tuple(WANTED)))
            self.kernel.handle(event)
            self.journal += [fact for _, fact in self.kernel.facts]
            self.kernel.facts.clear()
            for ask in self.kernel.asks:
                if isinstance(ask.body, Submit):
                    self.submitted.append(ask.body.new.client_id)
                    self.airborne[ask.body.new.client_id] = ask.body.new
            self.kernel.asks.clear()

    @property
    def book(self) -> Book:
        return self.kernel.accounts["main"].book

    @property
    def asks(self) -> list[Ask]:
        return [self.book.asks[key] for key in sorted(self.book.asks)]

    def crash(self, *, snapshot: bool) -> None:
        """Another process takes over: from a snapshot, or from facts alone."""
        kernel = Kernel(self.wiring, report=self.reported)
        if snapshot:
            assert restore(kernel, dump(self.kernel)) == ()
            assert dump(kernel) == dump(self.kernel)
        else:
            self.from_facts = True
            book = Book(account="main")
            for fact in self.journal:
                fold(book, fact)
            kernel.handle(InstrumentListed(time=self.time, instrument=self.instrument))
            kernel.handle(Trade(time=self.time, venue="x", instrument=BTC.id, price=self.price, size=1))
            kernel.accounts["main"].adopt(book)
            kernel.facts.clear()
        self.kernel = kernel
        self.stream.clear()
        self.handle(Started(time=self.time, mode="live"))

    def replayed(self) -> list[f.Fact]:
        """What another kernel decides on the same events, which never ended."""
        kernel = Kernel(self.wiring, report=self.reported)
        for event, wanted in self.inputs:
            WANTED[:] = wanted
            kernel.handle(event)
        return [fact for _, fact in kernel.facts]

    # ---- the strategy and the market ----

    def want(self, *intents: Intent) -> None:
        WANTED.extend(intents)
        self.trade(self.price)

    def start(self, plan: Plan) -> str:
        self.keys += 1
        key = f"p{self.keys}"
        self.want(StartPlan(key=key, plan=plan, reason="test"))
        return key

    def cancel(self, key: str) -> None:
        self.want(CancelOrder(key=key))

    def trade(self, price: int, size: int = 1) -> None:
        self.time += 1
        self.price = price
        self.handle(Trade(time=self.time, venue="x", instrument=BTC.id, price=price, size=size))

    def prices(self, bid: int, ask: int) -> None:
        self.time += 1
        self.handle(Prices(time=self.time, instrument=BTC.id, bid=bid, bid_size=10, ask=ask, ask_size=10))

    def passes(self, time: int) -> None:
        self.time += time
        self.handle(Clock(time=self.time))

    # ---- the exchange ----

    def arrive(self, client: str) -> None:
        """A request that was on its way arrives."""
        self.known[client] = self.airborne.pop(client)
        self.states[client] = OrderState(
            client_id=client, venue_id=f"v{len(self.known)}", instrument=BTC.id, state="open", filled=0
        )
        self.stream.append(self.states[client])

    def fill(self, client: str, size: int, fee: int = 0) -> None:
        """A part of an open order is traded; ``fee``: base units of what is traded, or what pays a contract."""
        new, state = self.known[client], self.states[client]
        size = min(size, new.size - state.filled)
        price = new.price or self.price
        value, sign = BTC.value(price, size), 1 if new.side == "buy" else -1
        linear = self.instrument.linear
        fill = Fill(
            id=f"f{len(self.fills)}",
            client_id=client,
            venue_id=state.venue_id,
            instrument=BTC.id,
            side=new.side,
            size=size,
            price=price,
            value=value,
            fee=fee if linear or new.side == "buy" else 0,
            fee_asset="x:USDT" if linear else "x:BTC",
            maker=True,
            time=self.time,
        )
        self.fills.append(fill)
        if linear:
            held, cost = self.contract
            change = traded(held, cost, sign * size * BTC.lot, -sign * value)
            self.contract = (held + change.amount, cost + change.cost)
            self.balances["x:USDT"] += change.realised
        else:
            self.balances["x:BTC"] += sign * size * BTC.lot
            self.balances["x:USDT"] -= sign * value
        self.balances[fill.fee_asset] -= fill.fee
        left = new.size - state.filled - size
        self.to(client, "open" if left else "filled", state.filled + size)
        self.stream.append(fill)

    def to(self, client: str, state: str, filled: int | None = None) -> None:
        """An order gets another state."""
        old = self.states[client]
        self.states[client] = OrderState(
            client_id=client,
            venue_id=old.venue_id,
            instrument=BTC.id,
            state=state,
            filled=old.filled if filled is None else filled,
        )
        self.stream.append(self.states[client])

    def refuse(self, ask: Ask) -> None:
        """It takes an order that has not arrived for none."""
        assert isinstance(ask.body, Submit)
        del self.airborne[ask.body.new.client_id]
        self.handle(Submitted(time=self.time, account="main", ask=ask.id, venue_id="", code="no", message="no"))

    def answer(self, ask: Ask, *, lost: bool = False) -> None:
        """Carry out an ask; where its answer is ``lost``, nobody hears of it."""
        body = ask.body
        answer: Event
        if isinstance(body, Submit):
            if body.new.client_id in self.airborne:
                self.arrive(body.new.client_id)
            venue_id = self.states[body.new.client_id].venue_id
            answer = Submitted(time=self.time, account="main", ask=ask.id, venue_id=venue_id)
        elif isinstance(body, Cancel):
            if self.states[body.new.client_id].state == "open":
                self.to(body.new.client_id, "cancelled")
            answer = CancelAsked(time=self.time, account="main", ask=ask.id)
        elif isinstance(body, FindOrder):
            client = body.new.client_id
            lost = lost or client in self.airborne
            fills = tuple(fill for fill in self.fills if fill.client_id == client)
            state = self.states.get(client)
            answer = OrderFound(time=self.time, account="main", ask=ask.id, state=state, fills=fills)
        else:
            assert isinstance(body, ReadDesk)
            read = self._account(body.cursor)
            answer = DeskAnswered(time=self.time, account="main", ask=ask.id, venue="x", state=read)
        if lost:
            self.fail(ask)
        else:
            self.handle(answer)

    def fail(self, ask: Ask) -> None:
        """Its deadline passes; the request itself may arrive later."""
        self.handle(AskFailed(time=self.time, account="main", ask=ask.id, code="deadline", message=""))

    def _account(self, cursor: str) -> AccountState:
        return AccountState(
            balances=tuple((asset, amount, 0) for asset, amount in sorted(self.balances.items())),
            orders=tuple(state for _, state in sorted(self.states.items()) if state.state == "open"),
            fills=tuple(self.fills[int(cursor or 0) :]),
            cursor=str(len(self.fills)),
            contracts=self._contracts(),
        )

    def _contracts(self) -> tuple[ContractState, ...]:
        if not self.instrument.linear:
            return ()
        held, cost = self.contract
        return (ContractState(instrument=self.instrument, size=held // BTC.lot, cost=cost, leverage=LEVERAGE),)

    def told(self, what: OrderState | Fill) -> None:
        """The user's stream says something."""
        if isinstance(what, Fill):
            self.handle(FillSeen(time=self.time, account="main", fill=what))
        else:
            self.handle(OrderSeen(time=self.time, account="main", venue="x", state=what))

    def stream_breaks(self) -> None:
        self.stream.clear()
        self.handle(DeskLost(time=self.time, account="main", venue="x", reason="test"))

    def is_gone(self, ask: Ask) -> bool:
        """Whether it is a request that will never arrive."""
        body = ask.body
        return isinstance(body, Submit) and body.new.client_id not in {*self.airborne, *self.states}

    def settle(self) -> None:
        """Nothing fails any more and nothing else is filled: all that can be known is known."""
        rounds = 0
        for _ in range(200):
            for what in list(self.stream):
                self.told(what)
            self.stream.clear()
            while self.asks:
                ask = self.asks[0]
                self.fail(ask) if self.is_gone(ask) else self.answer(ask)
            for client in sorted(self.airborne):
                self.arrive(client)
            self.passes(10**11)
            # what only reduces asks again and again for what other orders hold
            rounds = rounds + 1 if not (self.stream or self.asks or self.airborne) else 0
            if rounds > 3:
                return
        raise AssertionError(f"it does not come to rest: {self.book.plans}")

    # ---- what is true, whatever the kernel knows ----

    def placed(self) -> dict[str, f.ExchangeOrderPlaced]:
        """Orders of plans, by client id."""
        return {
            fact.new.client_id: fact for fact in self.journal if isinstance(fact, f.ExchangeOrderPlaced) and fact.plan
        }

    def filled(self, plan: str, *legs: str) -> int:
        """Lots that the exchange has filled for a plan, or for some of its legs."""
        return sum(self.states[client].filled for client in self._of(plan, legs) if client in self.states)

    def may_fill(self, plan: str, *legs: str) -> int:
        """Lots that it may still fill."""
        found = 0
        for client in self._of(plan, legs):
            if client in self.airborne:
                found += self.airborne[client].size
            elif client in self.states and self.states[client].state == "open":
                found += self.known[client].size - self.states[client].filled
        return found

    def held(self) -> int:
        """What the exchange shows of what is traded, base units."""
        return self.contract[0] if self.instrument.linear else self.balances["x:BTC"]

    def _of(self, plan: str, legs: tuple[str, ...]) -> list[str]:
        placed = self.placed()
        return [key for key, fact in placed.items() if fact.plan == plan and (not legs or fact.leg in legs)]

    def plans(self) -> Iterable[f.PlanStarted]:
        """All that were ever started."""
        return [fact for fact in self.journal if isinstance(fact, f.PlanStarted)]

    def plan(self, key: str) -> PlanState | None:
        """One that goes on."""
        return self.kernel.accounts["main"].plans.of_key("s", key)

    def orders(self) -> list[tuple[Side, int, int | None]]:
        """Side, lots that are left and price of what is at the exchange, or on its way there."""
        open_ = [
            (new.side, new.size - self.states[client].filled, new.price)
            for client, new in self.known.items()
            if self.states[client].state == "open"
        ]
        return sorted([*open_, *((new.side, new.size, new.price) for new in self.airborne.values())], key=str)

    def ended(self) -> list[tuple[str, str]]:
        """State and note of each plan that has ended."""
        return [(fact.state, fact.note) for fact in self.journal if isinstance(fact, f.PlanEnded)]


def client_of(pit: Pit, leg: str) -> Any:
    """The client id of the newest order of a leg."""
    return [key for key, fact in pit.placed().items() if fact.leg == leg][-1]
