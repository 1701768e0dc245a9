"""One account in the kernel: its books, its strategy instances, and what leads from one to the other."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from sniper.errors import IllegalTransition
from sniper.events import (
    Answer,
    AskFailed,
    BalancesRead,
    CancelAsked,
    DeskAnswered,
    DeskLost,
    Event,
    FundingSeen,
    GasRead,
    OrderFound,
    OrderSeen,
    ProbeAnswered,
    Retracted,
    RouteProposed,
    SellSimulated,
    Sent,
    Settled,
    Signed,
    TimerFired,
    WorthChanged,
)
from sniper.kernel import facts as f
from sniper.kernel.allowances import Allowances
from sniper.kernel.arbitrages import Arbitrages
from sniper.kernel.asks import (
    Ask,
    AskBody,
    Cancel,
    FindOrder,
    Probe,
    ProposeRoute,
    ReadDesk,
    Send,
    Sign,
    SimulateSell,
    Submit,
)
from sniper.kernel.book import Book, Position
from sniper.kernel.chain import nowhere
from sniper.kernel.entries import Entries
from sniper.kernel.exchange.arbitration import Arbitration
from sniper.kernel.exchange.exits import DeskExits
from sniper.kernel.exchange.trading import Trading
from sniper.kernel.execution import Execution
from sniper.kernel.exits import Exits
from sniper.kernel.fold import fold
from sniper.kernel.guards import Guard
from sniper.kernel.instances import Instance
from sniper.kernel.outcomes import Outcomes
from sniper.kernel.planning import Planning
from sniper.kernel.plans.carrying import PLANS
from sniper.kernel.plans.plans import Plans
from sniper.kernel.pool import Pool
from sniper.kernel.presigning import Presigning
from sniper.kernel.promotion.stages import Stages
from sniper.kernel.provisions import Provisions
from sniper.kernel.ranges import Ranges
from sniper.kernel.routes import Offer, Routes
from sniper.kernel.sales import Sales
from sniper.kernel.tokens import Token
from sniper.kernel.transfers import Transfers
from sniper.kernel.view import AccountView
from sniper.kernel.waits import Waits
from sniper.kernel.wallets import Wallets
from sniper.kernel.watches import Watch
from sniper.kernel.wiring import AccountWiring
from sniper.types import asset_id, place_of, split_asset

if TYPE_CHECKING:
    from sniper.kernel.kernel import Kernel


ANSWERS: tuple[type[Answer], ...] = (
    ProbeAnswered,
    RouteProposed,
    Signed,
    Sent,
    Settled,
    SellSimulated,
    BalancesRead,
    GasRead,
    CancelAsked,
    OrderFound,
    DeskAnswered,
    AskFailed,
)


_ENDS: Final = frozenset({f.OrderEnded, f.ExchangeOrderMoved})
_OF_DESKS: Final = (CancelAsked, OrderFound, DeskAnswered)


class Account:
    """Facts leave through `emit` alone: folded into the book at once, then handed to the journal."""

    def __init__(self, kernel: "Kernel", wiring: AccountWiring) -> None:
        self.kernel = kernel
        self.wiring = wiring
        self.name = wiring.name
        self.chain = kernel.market.chains.get(wiring.chain_id) or nowhere()
        self.book = Book(account=wiring.name)
        self.view = AccountView(self)
        self.watches = tuple(Watch(self, watch) for watch in sorted(wiring.watches, key=lambda each: each.name))
        self.stages = Stages(self)
        staged = (self.stages,) if self.stages.wiring else ()
        valuing = tuple(watch for watch in self.watches if WorthChanged in watch.handlers)
        self.valuing: tuple[Watch | Stages, ...] = (*staged, *valuing)
        self.pricing = (*staged, *(watch for watch in valuing if watch.hears_prices()))
        """Those of ``valuing`` that are told of each change of a position's pool."""
        self.claims = dict(wiring.claims)
        self.wallets = Wallets(self)
        self.entries = Entries(self)
        self.waits = Waits(self)
        self.allowances = Allowances(self)
        self.planning = Planning(self)
        self.routes = Routes(self)
        self.arbitrages = Arbitrages(self)
        self.provisions = Provisions(self)
        self.ranges = Ranges(self)
        self.execution = Execution(self)
        guards: dict[str, Guard] = {}
        self.sales = Sales(self, guards)
        self.presigning = Presigning(self, guards)
        self.transfers = Transfers(self)
        self.exits = Exits(self, guards)
        self.desk_exits = DeskExits(self)
        self.outcomes = Outcomes(self)
        self.arbitration = Arbitration(self)
        self.trading = Trading(self)
        self.plans = Plans(self)
        self.instances = {strategy.name: Instance(self, strategy) for strategy in wiring.strategies}

    @property
    def quote(self) -> str:
        """Asset id of what the account pays with."""
        return f"{self.wiring.chain_id}:{self.wiring.quote}"

    def life(self, instance: str) -> str:
        """The state of a strategy instance; ``removed`` for one that is not in the config."""
        found = self.instances.get(instance)
        return found.state if found is not None else "removed"

    def pools(self) -> set[str]:
        """Pools that this account cannot do without: of what it holds or a reorg could bring back, and of its orders.

        None of them is ever added while the market does not list it: an entry is placed in a listed pool alone.
        """
        book = self.book
        needed = {each.pool for table in (book.positions, book.closed, book.ranges) for each in table.values()}
        for placed in (order.placed for orders in (book.orders, book.ended) for order in orders.values()):
            needed.add(placed.pool)
            if placed.route is not None:
                needed.update(asset_id(placed.chain_id, leg.pool) for leg in placed.route.legs)
        return needed

    def pool(self, pool: str) -> Pool | None:
        """A pool by its id: one that the market lists, or that this account needs."""
        found = self.kernel.market.pool(pool)
        if found is None and self.chain.unlisted:
            return next((kept for kept in self._unlisted() if kept.id == pool), None)
        return found

    def token(self, token: str) -> Token | None:
        """A token by its asset id: of pools that the market lists, or that this account needs."""
        found = self.kernel.market.token(token)
        if found is None and self.chain.unlisted:
            address = split_asset(token)[1]
            if any(address in pool.coins for pool in self._unlisted()):
                return self.chain.unlisted_tokens.get(address)
        return found

    def _unlisted(self) -> Iterator[Pool]:
        needed = self.pools()
        return (pool for pool in self.chain.unlisted.values() if pool.id in needed)

    def adopt(self, book: Book) -> None:
        """Take over a book that was folded elsewhere. Exits that guard one of its positions already remember what they
        saw; the other positions are guarded anew."""
        self.book = book
        self.kernel.recall()
        for token, guard in sorted(self.exits.guards.items()):
            held = book.positions.get(token)
            if held is None or not held.amount or held.pool != guard.position.pool:
                self.exits.retire(token)
            else:
                guard.position = held
        for token, position in sorted(book.positions.items()):
            if position.amount and token not in self.exits.guards:
                self.exits.guard(token, position.instance)
        self.desk_exits.recall()

    def safely(self, function: Callable[..., None], *args: object) -> None:
        """Call something of this account. A step that its state machines forbid halts it, and no other account."""
        try:
            function(*args)
        except IllegalTransition as error:
            self.kernel.report(f"account {self.name} is halted", error)
            self.emit(f.Halted(time=self.kernel.now, reason=f"{error.code}: {error}"))

    def emit(self, fact: f.Fact) -> None:
        """Decide: fold the fact and pass it on."""
        fold(self.book, fact)
        self.kernel.facts.append((self.name, fact))
        if self.valuing and type(fact) in _ENDS and self.stages.wiring:
            self.stages.over(fact)  # type: ignore[arg-type]  # it is one of those

    def ask(self, ask_id: str, body: AskBody, deadline: int) -> None:
        """Let an effect leave."""
        ask = Ask(id=ask_id, account=self.name, deadline=deadline, body=body)
        self.emit(f.Asked(time=self.kernel.now, ask=ask))
        self.kernel.asks.append(ask)

    def close_ask(self, ask_id: str) -> AskBody | None:
        """Take the answer of an open ask; None where it is late or repeated."""
        ask = self.book.asks.get(ask_id)
        if ask is None:
            return None
        self.emit(f.Closed(time=self.kernel.now, ask=ask_id))
        return ask.body

    def answered(self, event: Answer) -> None:
        """An answer to one of this account's asks."""
        if isinstance(event, _OF_DESKS):
            self._desk_answered(event)
        elif isinstance(event, ProbeAnswered):
            self.entries.answered(event)
        elif isinstance(event, Signed):
            if not self.presigning.signed(event):
                self.execution.signed(event)
        elif isinstance(event, Sent):
            self.execution.sent(event)
        elif isinstance(event, Settled):
            self.execution.settled(event)
        elif isinstance(event, SellSimulated):
            self.exits.simulated(event)
        elif isinstance(event, RouteProposed):
            body = self.close_ask(event.ask)
            if isinstance(body, ProposeRoute):
                self._proposed(body, Offer(event.proposals))
        elif isinstance(event, BalancesRead):
            self.execution.wallet_read(event)
        elif isinstance(event, GasRead):
            self.transfers.gas_read(event)
        elif isinstance(event, AskFailed):
            self._failed(event)

    def _failed(self, event: AskFailed) -> None:
        body = self.close_ask(event.ask)
        if isinstance(body, Probe):
            self.entries.failed(body, event.code, event.message)
        elif isinstance(body, ProposeRoute):
            self._proposed(body, Offer((), f"{event.code}: {event.message}"))
        elif isinstance(body, Sign):
            self.execution.not_signed(body, event.code, event.message)
        elif isinstance(body, Send):
            self.execution.not_sent(body)
        elif isinstance(body, SimulateSell):
            self.sales.not_simulated(body)
        elif isinstance(body, Submit | Cancel | FindOrder):
            self.trading.desks[body.instrument.venue].failed(body)
        elif isinstance(body, ReadDesk):
            self.trading.desks[body.venue].failed(body)

    def _desk_answered(self, event: CancelAsked | OrderFound | DeskAnswered) -> None:
        body = self.close_ask(event.ask)
        if isinstance(body, ReadDesk) and isinstance(event, DeskAnswered):
            self.trading.desks[body.venue].answered(event)
        elif isinstance(body, (Cancel, FindOrder)):  # a union of them takes four times as long
            desk = self.trading.desks[body.instrument.venue]
            if isinstance(body, Cancel) and isinstance(event, CancelAsked):
                desk.cancel_asked(body)
            elif isinstance(body, FindOrder) and isinstance(event, OrderFound):
                desk.found(body, event)

    def began(self) -> None:
        """A process took over, or an operator has looked: what may have happened meanwhile is asked for."""
        if self.wiring.address:
            self.execution.began()
        else:
            self.emit(f.Began(time=self.kernel.now))
        self.trading.began()
        self.stages.began()

    def desk_event(self, event: OrderSeen | FundingSeen | DeskLost) -> None:
        """What the user's stream of an exchange says, fills apart."""
        if isinstance(event, FundingSeen):
            paid = self.trading.desks.get(place_of(event.funding.instrument))
            if paid is not None:
                paid.funded(event.funding)
            return
        desk = self.trading.desks.get(event.venue)
        if desk is None:
            return
        if isinstance(event, OrderSeen):
            desk.seen(event.state)
        else:
            desk.began(lost=not event.back)

    def _proposed(self, body: ProposeRoute, offer: Offer) -> None:
        if body.intent:
            self.entries.proposed(body, offer)
        else:
            self.sales.proposed(body, offer)

    def timer(self, instance: str, token: str, exit_name: str, event: TimerFired) -> None:
        """A timer of this account fired."""
        if token:
            self.exits.timer(token, exit_name, event)
        elif exit_name == PLANS:
            self.plans.timer(event.key)
        elif exit_name:
            self.trading.desks[exit_name].timer(event.key)
        elif instance in self.instances:
            self.instances[instance].deliver(event)

    def hearing(self) -> tuple[Watch | Instance, ...]:
        """All that has handlers for events; what watches hears before what buys."""
        return (*self.watches, *self.instances.values())

    def retracted(self, event: Retracted) -> None:
        """Let each strategy and each watch know of a reorg."""
        self.kernel.later.extend((each, event) for each in self.hearing())

    def worth_changed(self, of: Position | f.OrderPlaced) -> None:
        """Let what watches know, after the event that is being handled: of a position, or of an arbitrage."""
        self._tell_worth(of, self.valuing)

    def price_changed(self, position: Position) -> None:
        """The same, where its pool changed. Hot."""
        if self.pricing:
            self._tell_worth(position, self.pricing)

    def _tell_worth(self, of: Position | f.OrderPlaced, watches: tuple[Watch | Stages, ...]) -> None:
        if watches:
            token = of.token if isinstance(of, Position) else ""
            event = WorthChanged(
                time=self.kernel.now, place=place_of(of.quote), token=token, venue=of.venue, instance=of.instance
            )
            self.kernel.later.extend((watch, event) for watch in watches)

    def heard(self, instance: str, kind: type[Event]) -> bool:
        """Whether anybody hears what an instance is told of this kind."""
        told = self.instances.get(instance)
        return (told is not None and kind in told.handlers) or bool(self.watches or self.kernel.awaited)

    def tell(self, instance: str, event: Event) -> None:
        """Let a strategy instance, and whatever watches, know, after the event that is being handled."""
        kernel = self.kernel
        for watch in self.watches:
            kernel.later.append((watch, event))
        told = self.instances.get(instance)
        if told is not None:
            kernel.later.append((told, event))
        if kernel.awaited:
            kernel.told(self, event)
