"""A desk without a kernel around it, and an exchange that answers late, twice or never, in any order.

The exchange is a model: it knows prices of fills as it likes and what it owes, nothing else. A real one is in the sdk.
"""

from fractions import Fraction
from types import SimpleNamespace
from typing import Any, cast

from sniper.codec import decode, encode
from sniper.events import DeskAnswered, OrderFound, PositionForced, Submitted
from sniper.exchange_orders import AccountState, ContractState, Fill, Funding, NewOrder, OrderState, Side
from sniper.instrument import COIN, Instrument
from sniper.kernel import facts as f
from sniper.kernel.account import Account
from sniper.kernel.asks import Ask, Cancel, FindOrder, ReadDesk, Submit
from sniper.kernel.book import Book
from sniper.kernel.exchange.desk import Desk, client_id
from sniper.kernel.fold import fold
from sniper.kernel.timers import Timers
from sniper.types import SECOND

BTC = Instrument(
    id="x:BTC/USDT", kind="spot", base="x:BTC", quote="x:USDT", settle="x:USDT", tick=COIN // 100, lot=COIN // 1000
)


def contract(**changes: Any) -> Instrument:
    """A perpetual."""
    usual: dict[str, Any] = {
        "id": "x:BTC/USDT:USDT",
        "kind": "perpetual",
        "base": "x:BTC",
        "quote": "x:USDT",
        "settle": "x:USDT",
        "tick": COIN // 100,
        "lot": COIN // 1000,
    }
    return Instrument(**usual | changes)


DEPOSITS = {"x:USDT": 100_000 * COIN, "x:BTC": 2 * COIN, "x:BNB": COIN}
FEE_ASSETS = ("x:USDT", "x:BTC", "x:BNB")


class Floor:
    """One account with one desk, and the model of its exchange."""

    def __init__(self, instrument: Instrument = BTC) -> None:
        self.instrument = instrument
        self.book = Book(account="main")
        self.facts: list[f.Fact] = []
        self.heard: list[PositionForced] = []
        self.contracts: dict[str, tuple[int, int]] = {}
        """Lots and their cost, by instrument; at ``leverage``. ``funding``: what a reading tells of it."""
        self.leverage = 1
        self.funding: tuple[Funding, ...] = ()
        self.reports: list[str] = []
        self.submitted: list[str] = []
        self.known: dict[str, NewOrder] = {}
        """Orders that the exchange has, by client id; ``airborne``: those that may still arrive."""
        self.airborne: dict[str, NewOrder] = {}
        self.states: dict[str, OrderState] = {}
        self.fills: list[Fill] = []
        self.balances = dict(DEPOSITS)
        self.stream: list[OrderState | Fill | Funding] = []
        self.orders = 0
        self.start()

    def start(self, now: int = 0) -> None:
        """A process takes over what is on record, at that time."""
        self.book = decode(encode(self.book), Book)
        kernel = SimpleNamespace(now=now, asks=[], timers=Timers(), report=lambda what, _: self.reports.append(what))
        self.kernel = kernel
        told = SimpleNamespace(changed=lambda _: None)
        plans = SimpleNamespace(woken=lambda _: None)
        account = SimpleNamespace(
            name="main",
            kernel=kernel,
            book=self.book,
            emit=self.emit,
            ask=self.ask,
            close_ask=self.close_ask,
            trading=told,
            desk_exits=SimpleNamespace(filled=lambda *_: None),
            plans=plans,
            tell=self.tell,
        )
        fold(self.book, f.Began(time=kernel.now))
        for key in [key for key, ask in self.book.asks.items() if isinstance(ask.body, FindOrder | ReadDesk)]:
            fold(self.book, f.Closed(time=kernel.now, ask=key))
        self.desk = Desk(cast("Account", account), "x")
        self.desk.began()

    def emit(self, fact: f.Fact) -> None:
        fold(self.book, fact)
        self.facts.append(fact)
        if isinstance(fact, f.ExchangeOrderPlaced):
            self.submitted.append(fact.new.client_id)
            self.airborne[fact.new.client_id] = fact.new

    def tell(self, instance: str, event: PositionForced) -> None:
        self.heard.append(event)

    @property
    def adjustments(self) -> list[f.Fact]:
        """Since the first reading."""
        start = next(n for n, fact in enumerate(self.facts) if isinstance(fact, f.DeskRead))
        return [fact for fact in self.facts[start:] if isinstance(fact, f.Adjusted | f.ContractAdjusted)]

    def ask(self, ask_id: str, body: Any, deadline: int) -> None:
        self.emit(f.Asked(time=self.kernel.now, ask=Ask(id=ask_id, account="main", deadline=deadline, body=body)))

    def close_ask(self, ask_id: str) -> None:
        self.emit(f.Closed(time=self.kernel.now, ask=ask_id))

    @property
    def asks(self) -> list[Ask]:
        return [self.book.asks[key] for key in sorted(self.book.asks)]

    def place(self, side: Side, size: int, price: int) -> bool:
        """Whether there is enough to place it."""
        self.orders += 1
        order = f"main/mm/{self.orders}"
        instrument = self.instrument
        buys = side == "buy" or instrument.linear
        asset, reserved = ("x:USDT", instrument.value(price, size)) if buys else ("x:BTC", size * BTC.lot)
        if reserved * 101 // 100 > self.book.owned(asset) - self.book.reserved(asset):
            return False
        new = NewOrder(
            client_id=client_id("main@x", order), instrument=instrument.id, side=side, size=size, price=price
        )
        self.desk.place(
            f.ExchangeOrderPlaced(
                time=self.kernel.now,
                order=order,
                intent=order,
                instance="mm",
                key=order,
                instrument=instrument,
                new=new,
                reserved=reserved * 101 // 100,
                opens=side == "buy",
                deadline=self.desk.deadline,
            )
        )
        return True

    # ---- the exchange ----

    def arrive(self, client: str) -> None:
        """A request that was on its way arrives."""
        new = self.airborne.pop(client)
        self.known[client] = new
        self.states[client] = OrderState(
            client_id=client, venue_id=f"v{len(self.known)}", instrument=new.instrument, state="open", filled=0
        )
        self.stream.append(self.states[client])

    def fill(self, client: str, size: int, fee_asset: str) -> None:
        """A part of an open order is traded, at its price, for a fee of a thousandth, or some BNB."""
        new, state = self.known[client], self.states[client]
        size = min(size, new.size - state.filled)
        assert new.price is not None
        value, sign = BTC.value(new.price, size), 1 if new.side == "buy" else -1
        fee = {"x:USDT": value // 1000, "x:BTC": size * BTC.lot // 1000, "x:BNB": 1}[fee_asset]
        fill = Fill(
            id=f"f{len(self.fills)}",
            client_id=client,
            venue_id=state.venue_id,
            instrument=new.instrument,
            side=new.side,
            size=size,
            price=new.price,
            value=value,
            fee=fee,
            fee_asset=fee_asset,
            maker=True,
            time=0,
        )
        self.fills.append(fill)
        if self.instrument.linear:
            self.balances["x:USDT"] += self.realise(sign * size, sign * value)
        else:
            self.balances["x:BTC"] += sign * size * BTC.lot
            self.balances["x:USDT"] -= sign * value
        self.balances[fee_asset] -= fee
        left = new.size - state.filled - size
        self.to(client, "open" if left else "filled", state.filled + size)
        self.stream.append(fill)

    def fund(self, amount: int) -> None:
        """What is held of the contract pays, or is paid."""
        funding = Funding(
            id=f"p{len(self.funding)}", instrument=self.instrument.id, asset="x:USDT", amount=amount, time=0
        )
        self.funding += (funding,)
        self.balances["x:USDT"] += amount
        self.stream.append(funding)

    def force(self, size: int, ticks: int) -> None:
        """The exchange closes some of what is held, so many ticks off its average price."""
        lots, cost = self.contracts[self.instrument.id]
        size, side = min(size, abs(lots)), "sell" if lots > 0 else "buy"
        price = max(1, cost // (lots * self.instrument.unit) + ticks)
        value, sign = self.instrument.value(price, size), 1 if lots < 0 else -1
        fill = Fill(
            id=f"f{len(self.fills)}",
            client_id="",
            venue_id="forced",
            instrument=self.instrument.id,
            side=cast("Side", side),
            size=size,
            price=price,
            value=value,
            fee=0,
            fee_asset="x:USDT",
            maker=False,
            time=0,
            forced="adl",
        )
        self.fills.append(fill)
        self.balances["x:USDT"] += self.realise(sign * size, sign * value)
        self.stream.append(fill)

    def realise(self, lots: int, value: int) -> int:
        """What a trade in a contract brings at once, both signed: the profit of what it closes."""
        held, cost = self.contracts.pop(self.instrument.id, (0, 0))
        closing = min(abs(lots), abs(held)) if lots * held < 0 else 0
        out = round(Fraction(cost * closing, abs(held))) if closing else 0
        brought = round(Fraction(-value * closing, abs(lots)))
        if held + lots:
            self.contracts[self.instrument.id] = (held + lots, cost - out + value + brought)
        return brought - out

    def to(self, client: str, state: str, filled: int | None = None) -> None:
        """An order gets another state."""
        old = self.states[client]
        self.states[client] = OrderState(
            client_id=client,
            venue_id=old.venue_id,
            instrument=old.instrument,
            state=state,
            filled=old.filled if filled is None else filled,
        )
        self.stream.append(self.states[client])

    def answer(self, ask: Ask, *, lost: bool) -> None:
        """Carry out an ask; where its answer is ``lost``, nobody hears of it."""
        body = ask.body
        answer: Any = None
        if isinstance(body, Submit):
            if body.new.client_id in self.airborne:
                self.arrive(body.new.client_id)
            answer = Submitted(time=0, account="main", ask=ask.id, venue_id=self.states[body.new.client_id].venue_id)
        elif isinstance(body, Cancel):
            if self.states[body.new.client_id].state == "open":
                self.to(body.new.client_id, "cancelled")
        elif isinstance(body, FindOrder):
            client = body.new.client_id
            lost = lost or client in self.airborne
            fills = tuple(fill for fill in self.fills if fill.client_id == client)
            answer = OrderFound(time=0, account="main", ask=ask.id, state=self.states.get(client), fills=fills)
        elif isinstance(body, ReadDesk):
            answer = self.reading(self.account_state(body.cursor))
        if lost or not isinstance(body, Submit):
            self.close_ask(ask.id)
        if lost:
            self.desk.failed(cast("Any", body))
        elif isinstance(body, Submit):
            self.desk.submitted(body, answer)
        elif isinstance(body, Cancel):
            self.desk.cancel_asked(body)
        elif isinstance(body, FindOrder):
            self.desk.found(body, answer)
        else:
            self.desk.answered(answer)

    def account_state(self, cursor: str) -> AccountState:
        return AccountState(
            balances=tuple((asset, amount, 0) for asset, amount in sorted(self.balances.items())),
            orders=tuple(state for _, state in sorted(self.states.items()) if state.state == "open"),
            fills=tuple(self.fills[int(cursor or 0) :]),
            cursor=str(len(self.fills)),
            contracts=tuple(
                ContractState(
                    instrument=self.instrument,
                    size=self.contracts.get(each, (0, 0))[0],
                    cost=self.contracts.get(each, (0, 0))[1],
                    leverage=self.leverage,
                )
                for each in ([self.instrument.id] if self.instrument.linear else [])
            ),
            funding=self.funding,
        )

    def reading(self, state: AccountState) -> DeskAnswered:
        """An answer to a reading."""
        return DeskAnswered(time=0, account="main", ask="", venue="x", state=state)

    def told(self, what: OrderState | Fill | Funding) -> None:
        """The user's stream says something."""
        if isinstance(what, Fill):
            self.desk.filled(what)
        elif isinstance(what, Funding):
            self.desk.funded(what)
        else:
            self.desk.seen(what)

    def look(self) -> bool:
        """All timers fire; whether there was one."""
        self.kernel.now += 10**12
        fired = False
        while (due := self.kernel.timers.due(self.kernel.now)) is not None:
            self.desk.timer(due[2])
            fired = True
        return fired

    def settle(self) -> None:
        """Nothing fails any more: all that can be known is known."""
        for client in sorted(self.airborne):
            del self.airborne[client]  # it never arrives
        for _ in range(100):
            for what in self.stream:
                self.told(what)
            self.stream.clear()
            while self.asks:
                ask = self.asks[0]
                gone = isinstance(ask.body, Submit) and ask.body.new.client_id not in self.states
                self.fail(ask) if gone else self.answer(ask, lost=False)
            if not self.look() and not self.stream:
                break
        else:
            raise AssertionError(f"it does not come to rest: {self.book.desks}")
        self.kernel.now += 10 * SECOND
        self.desk.read()
        self.answer(self.asks[0], lost=False)
        while self.asks:
            self.answer(self.asks[0], lost=False)

    def fail(self, ask: Ask) -> None:
        """Its deadline passes; the request itself may arrive later."""
        self.emit(f.Closed(time=self.kernel.now, ask=ask.id))
        self.desk.failed(cast("Any", ask.body))
