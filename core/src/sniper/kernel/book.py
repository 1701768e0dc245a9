"""The books of one account: what it holds, what it wants, and what it waits for.

They change by `sniper.kernel.fold.fold` alone.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from sniper.errors import IllegalTransition
from sniper.kernel import facts as f
from sniper.kernel.asks import Ask
from sniper.kernel.exchange.book import DeskBook
from sniper.kernel.index import Index, Place
from sniper.kernel.orders import IN_FLIGHT
from sniper.kernel.plans.book import PlanState
from sniper.kernel.plans.part import Part
from sniper.kernel.promotion.book import Stage
from sniper.plugin import State
from sniper.proposal import Proposal
from sniper.retry import Retry
from sniper.types import NATIVE, Entry, FeeBid, Step, asset_id, place_of

MINUTE = 60 * 10**9
DAY_MINUTES = 24 * 60
KEPT_MINUTES = 31 * DAY_MINUTES
FULL_MINUTES = KEPT_MINUTES + DAY_MINUTES
CANCEL_GAS = 21_000
GAS = "gas"
"""Stands in the ids of transfers that give an own wallet gas, where those of trades name a strategy."""
NO_STEP = -1
"""The step of an attempt that takes a nonce which a reorg gave back, below one that waits for it."""


def allowance_id(token: str, spender: str, wallet: str = "") -> str:
    """``<chain id>:<token>@<spender>``: an approval is for one contract alone, and V2 and V3 have a router each.
    ``wallet``: whose it is, of an account with several."""
    return f"{token}@{spender.lower()}@{wallet}" if wallet else f"{token}@{spender.lower()}"


def purse_id(asset: str, wallet: str) -> str:
    """``<chain id>:<asset>@<wallet>``: what one of several wallets holds of an asset."""
    return f"{asset}@{wallet}"


def waiting_id(instance: str, token: str) -> str:
    """``<instance>@<asset id>``: a strategy instance wants a token once at a time."""
    return f"{instance}@{token}"


class Attempt(State):
    """One signed form of one step."""

    id: str
    step: int
    nonce: int
    bid: FeeBid
    made_block: int
    replaces: str
    state: str = "signing"
    tx_hash: str = ""
    raw: bytes = b""
    block: int = 0
    note: str = ""
    cancel: bool = False
    data_gas: int = 0


class Order(State):
    """What we want done, as it was placed, and how far it is. ``cash``, ``gas`` and ``exit_gas`` are what is still
    reserved for it, base units; ``added``: steps that came later."""

    placed: f.OrderPlaced
    cash: int
    gas: int
    exit_gas: int
    added: tuple[Step, ...] = ()
    state: str = "working"
    step: int = 0
    attempts: list[Attempt] = []
    booked: list[f.Booked] = []
    allowed: list[tuple[str, str, str, int]] = []
    """(attempt, token, spender, allowance before it), oldest first."""
    filled: int = 0
    ended_block: int = 0
    reason: str = ""
    ended_before: bool = False
    """Whether it had ended, and a reorg has reopened it: what was learned of its end is not learned again."""

    @property
    def id(self) -> str:
        """``<account>/<instance>/<intent number>.<leg>``."""
        return self.placed.order

    @property
    def steps(self) -> tuple[Step, ...]:
        """The transactions of its plan, in the order in which they are sent."""
        return self.placed.steps + self.added

    def transaction(self, attempt: Attempt) -> Step:
        """What one of its attempts carries to the chain."""
        step = self.carried(attempt.step, cancel=attempt.cancel)
        return replace(step, gas=step.gas + attempt.data_gas) if attempt.data_gas else step  # type: ignore[type-var]

    def carried(self, step: int, *, cancel: bool) -> Step:
        """The same, before a rollup's data are counted."""
        if cancel:
            return Step(purpose="cancel", to=self.placed.owner, data=b"", value=0, gas=CANCEL_GAS)
        return self.steps[step]

    def took(self, nonce: int) -> bool:
        """Whether one of its attempts with this nonce is in a block."""
        return any(a.nonce == nonce and a.state in ("included", "reverted") for a in self.attempts)


class Position(State):
    """What is held of one token; see `sniper.view.Position`.

    exit_gas        Native coin kept for its sale, wei.
    amm, exit_data  What a venue must know to sell it, whether its pool is known or not.
    unguarded       Why its pool is not known; empty where it is.
    wallet          Which of the account's wallets holds it, where it has several.
    """

    token: str
    pool: str
    quote: str
    venue: str
    instance: str
    chain_id: int
    amount: int = 0
    cost: int = 0
    realised: int = 0
    opened_at: int = 0
    opened_block: int = 0
    state: str = "opening"
    exit_gas: int = 0
    failures: int = 0
    changed_block: int = 0
    amm: str = ""
    exit_data: int = 0
    unguarded: str = ""
    wallet: str = ""

    @property
    def linear(self) -> bool:
        """Whether it is in a contract: what it cost is a notional, which nobody paid."""
        return self.token == self.pool


class Range(State):
    """Liquidity between two ticks of a pool; see `sniper.view.Range`.

    position        Its number at the venue, 0 before it is made.
    quote_in, token_in  What was put in and is still there, at what it was then.
    wanted_bps, reason, urgent, failures, retry_block  Of its withdrawal: see `sniper.kernel.facts.RangeMoved`.
    exit_gas        Native coin kept for that, wei.
    exit_data       What a venue must know to sell the token that comes out of it.
    """

    id: str
    pool: str
    token: str
    quote: str
    venue: str
    instance: str
    chain_id: int
    amm: str
    lower: int
    upper: int
    coins: tuple[str, str]
    exit_data: int = 0
    wallet: str = ""
    position: int = 0
    liquidity: int = 0
    quote_in: int = 0
    token_in: int = 0
    cost: int = 0
    fees_quote: int = 0
    fees_token: int = 0
    realised: int = 0
    state: str = "opening"
    wanted_bps: int = -1
    reason: str = ""
    urgent: bool = False
    failures: int = 0
    retry_block: int = 0
    exit_gas: int = 0
    opened_at: int = 0
    opened_block: int = 0
    changed_block: int = 0


class Given(State):
    """Gas for an own wallet. ``amount``: wei; ``time``: when it was decided, ns UTC; ``block``: in which it arrived, -1
    while it is on its way."""

    order: str
    to: str
    amount: int
    time: int
    block: int = -1


class Pending(State):
    """An entry whose probes are out. ``waiting``: checks that have not answered; ``denials``: what denied already;
    ``routing``: whether the routers have not answered; ``proposals``: what they said."""

    entry: Entry
    waiting: list[str] = []
    denials: list[f.Judged] = []
    routing: bool = False
    proposals: tuple[Proposal, ...] = ()
    time: int = 0
    """When it was sized, ns UTC."""
    part: Part | None = None
    """Of which plan it is, where it is of one."""


class Waiting(State):
    """A denied intent that waits for a block or an event. ``time``: since when, ns UTC."""

    intent: str
    instance: str
    token: str
    retry: Retry
    time: int


class Sender(State):
    """Nonces of one address on one chain.

    next_nonce  Of the next transaction; ``known`` once the chain has been asked in this process.
    used        Those below it are used, by all that is known.
    read_block  Newest block when the wallet was read last.
    gap_block   The same when a read first showed that nonces are missing (`Book.missing`); 0: none are.
    """

    next_nonce: int = 0
    known: bool = False
    used: int = 0
    read_block: int = 0
    gap_block: int = 0


class Flow(State):
    """What came together at one place by the end of each minute in which something came, oldest first: what came in the
    last day is the difference of two totals, however much that was.

    before  The total of the minutes that are forgotten.
    """

    minutes: list[int] = []
    totals: list[int] = []
    before: int = 0

    def add(self, time: int, amount: int) -> None:
        """At ``time``, ns. It goes back only where a reorg takes back what came then."""
        minute = time // MINUTE
        minutes, totals = self.minutes, self.totals
        if not minutes:
            totals.append(self.before + amount)
            minutes.append(minute)
        elif minute > minutes[-1]:
            totals.append(totals[-1] + amount)
            minutes.append(minute)
        else:
            self._amend(minute, amount)
            return
        if minutes[0] < minute - FULL_MINUTES:  # a day at once, for each time moves all that is kept
            gone = bisect_left(minutes, minute - KEPT_MINUTES)
            self.before = totals[gone - 1]
            del minutes[:gone], totals[:gone]

    def _amend(self, minute: int, amount: int) -> None:
        minutes, totals = self.minutes, self.totals
        if minute < minutes[-1] - KEPT_MINUTES:
            first = 0
            self.before += amount  # in a minute that is forgotten
        else:
            first = bisect_left(minutes, minute)
            if minutes[first] != minute:
                minutes.insert(first, minute)
                totals.insert(first, totals[first - 1] if first else self.before)
        for n in range(first, len(totals)):
            totals[n] += amount

    def since(self, time: int) -> int:
        """What came in the minute of ``time`` (ns) and after it."""
        if not self.minutes:
            return 0
        first = bisect_left(self.minutes, time // MINUTE)
        return self.totals[-1] - (self.totals[first - 1] if first else self.before)

    @property
    def total(self) -> int:
        """All that ever came."""
        return self.totals[-1] if self.totals else self.before

    def below(self, time: int, total: int) -> int:
        """How far the total stands below its highest since ``time`` (ns), when it was ``total``."""
        first = bisect_right(self.minutes, time // MINUTE)
        return max(total, max(self.totals[first:], default=total)) - self.total

    def below_highest(self, time: int) -> int:
        """How far the total stands below its highest at the end of any minute since that of ``time`` (ns), and right
        before it."""
        if not self.minutes:
            return 0
        first = bisect_left(self.minutes, time // MINUTE)
        start = self.totals[first - 1] if first else self.before
        return max(start, max(self.totals[first:], default=start)) - self.totals[-1]


class Life(State):
    """A strategy instance's state and the parameters that were changed while it ran (JSON, empty: none)."""

    state: str = "active"
    parameters: str = ""


class Wish(State):
    """An asset is kept free for an instance until then, ns UTC."""

    instance: str
    until: int


class Taxes(State):
    buy_bps: int | None = None
    sell_bps: int | None = None
    time: int = 0


class Reply(State):
    """What was answered to a command from outside; ``asked``: SHA-256 of what it asked, hex."""

    asked: str
    answer: str
    time: int


class Book(State):
    """Everything that an account knows of its money and its orders."""

    derived = ("index",)

    account: str
    intents: int = 0
    asks_made: int = 0
    cash: dict[str, int] = {}
    positions: dict[str, Position] = {}
    closed: dict[str, Position] = {}
    """Flat positions that a reorg could still bring back."""
    orders: dict[str, Order] = {}
    ended: dict[str, Order] = {}
    """Orders that a reorg could still reopen."""
    pending: dict[str, Pending] = {}
    asks: dict[str, Ask] = {}
    senders: dict[str, Sender] = {}
    allowances: dict[str, int] = {}
    """By `allowance_id`: what each spender may take of a token, base units; without an entry: nothing."""
    taxes: dict[str, Taxes] = {}
    instances: dict[str, Life] = {}
    kill: str = "off"
    halted: str = ""
    spends: dict[str, Flow] = {}
    """By place: quote asset spent on entries."""
    profits: dict[str, Flow] = {}
    """By place: realised profit in the quote asset."""
    equity: dict[str, int] = {}
    """Cash and positions at cost per place, less deposits: the running profit."""
    peak: dict[str, int] = {}
    last_entry: dict[str, int] = {}
    unsent: int = 0
    """When a transfer last came to nothing, ns UTC."""
    given: list[Given] = []
    """Gas given to own wallets, oldest first: of the last day, and the newest to each."""
    newest_entry: int | None = None
    tripped: str = ""
    """Which breaker pulled the kill switch and why, until that is off again."""
    token_profits: dict[str, Flow] = {}
    """By asset id: as ``profits``, of what was held of it."""
    venue_profits: dict[str, Flow] = {}
    """By ``<place>:<venue>``, likewise; and ``instance_profits`` by ``<place>:<instance>``."""
    instance_profits: dict[str, Flow] = {}
    waiting: dict[str, Waiting] = {}
    """By `waiting_id`."""
    replies: dict[str, Reply] = {}
    """To the newest commands from outside, by their keys."""
    desks: dict[str, DeskBook] = {}
    """By exchange, what the account has there besides its balances, which are cash and positions like any other."""
    presigned: dict[str, f.Presigned] = {}
    """By token: the sale of a position that was signed beforehand last."""
    wallets: tuple[str, ...] = ()
    """Addresses that the account trades from; empty: it has had one alone, whose everything on the chain is."""
    purses: dict[str, int] = {}
    """By `purse_id`: whose the cash on the chain is, where the account has several wallets; ``cash`` is the sum."""
    plans: dict[str, PlanState] = {}
    """Those that go on, by their ids."""
    plans_over: dict[str, PlanState] = {}
    """Those of pools that have ended, and that a reorg could bring back."""
    ranges: dict[str, Range] = {}
    """Liquidity in ranges by id, of closed ones those that a reorg could still bring back."""
    index: Index | None = None
    """See `indexed`."""
    stages: dict[str, Stage] = {}
    """By strategy instance, of those that have a ladder."""
    wishes: dict[str, Wish] = {}
    """By asset id."""

    @property
    def indexed(self) -> Index:
        """What is under way, found without looking through the tables."""
        if self.index is None:
            self.index = Index(self)
        return self.index

    def reserved(self, asset: str, wallet: str = "") -> int:
        """What orders and positions hold of this asset, base units. ``wallet``: of the cash of that one alone."""
        desk = self.desks.get(place_of(asset))
        if desk is not None:
            return desk.reserved.get(asset, 0)
        return sum(amount for owner, amount in self._reservations(asset) if not wallet or owner == self.whose(wallet))

    def _reservations(self, asset: str) -> Iterator[tuple[str, int]]:
        """(wallet as `whose` names it, base units)."""
        chain, _, address = asset.partition(":")
        native = address == NATIVE
        chain_id = int(chain)
        for order in self.orders.values():
            if order.placed.side != "reduce" and order.placed.quote == asset:
                yield self.whose(order.placed.owner), order.cash
            if native and order.placed.chain_id == chain_id:
                yield self.whose(order.placed.owner), order.gas + order.exit_gas
        if native:
            for position in self.positions.values():
                if position.chain_id == chain_id:
                    yield position.wallet, position.exit_gas
            for held in self.ranges.values():
                if held.chain_id == chain_id and held.state != "closed":
                    yield held.wallet, held.exit_gas

    def whose(self, wallet: str) -> str:
        """How what is a wallet's is marked: with its address where there are several, and else not at all."""
        return wallet if self.wallets else ""

    def cash_of(self, asset: str, wallet: str) -> int:
        """What one wallet holds of an asset that is money, base units, reserved or not."""
        return self.purses.get(purse_id(asset, wallet), 0) if self.whose(wallet) else self.cash.get(asset, 0)

    def counted(self, wallet: str) -> bool:
        """Whether anything of what a wallet has, money apart that an exchange holds, is on record."""
        if self.whose(wallet):
            return any(purse.endswith(purse_id("", wallet)) for purse in self.purses)
        return any(place_of(asset) not in self.desks for asset in self.cash)

    def free(self, asset: str, wallet: str) -> int:
        """What one wallet holds of it that is not reserved, base units."""
        return self.free_in((wallet,), asset)[wallet]

    def free_in(self, wallets: Iterable[str], asset: str) -> dict[str, int]:
        """The same of several wallets."""
        reserved = Counter[str]()
        for wallet, amount in self._reservations(asset):
            reserved[wallet] += amount
        return {wallet: self.cash_of(asset, wallet) - reserved[self.whose(wallet)] for wallet in wallets}

    def owned(self, asset: str) -> int:
        """What there is of an asset of an exchange, held in positions or not, base units."""
        position = self.positions.get(asset)
        return self.cash.get(asset, 0) + (position.amount if position is not None else 0)

    def working(self) -> list[Order]:
        """In the order of their ids: a book that was restored iterates otherwise than one that grew."""
        return [self.orders[key] for key in sorted(self.orders)]

    def in_flight(self) -> list[tuple[Order, Attempt]]:
        """Attempts that a block may still include, in the order of their nonces."""
        return [self.at(place) for place in self.indexed.in_flight()]

    def in_flight_of(self, chain_id: int, wallet: str) -> list[tuple[Order, Attempt]]:
        """Those of one wallet, in the order of their nonces."""
        return [self.at(place) for place in self.indexed.flying((chain_id, wallet))]

    def at(self, place: Place) -> tuple[Order, Attempt]:
        """What the index has put there."""
        order = self.orders[place[1]]
        return order, order.attempts[place[2]]

    def of_token(self, token: str) -> list[Order]:
        """Working orders for a token (asset id), in the order of their ids."""
        return [self.orders[key] for key in self.indexed.of_token(token)]

    def selling(self, token: str) -> bool:
        """Whether a sale of it is on its way."""
        return any(order.placed.side == "reduce" for order in self.of_token(token))

    def missing(self, chain_id: int, owner: str) -> list[int]:
        """Nonces below one that waits, which nothing of ours had: transactions that were not sniper's had them, and a
        reorg took those back. What of ours had one comes back by itself, once that reorg is known here."""
        used = self.sender(chain_id, owner).used
        ours = [
            attempt
            for order in (*self.orders.values(), *self.ended.values())
            if order.placed.chain_id == chain_id and order.placed.owner == owner
            for attempt in order.attempts
            if attempt.state != "dropped"
        ]
        last = max((a.nonce for a in ours if a.state == "signing" or a.state in IN_FLIGHT), default=0)
        had = {attempt.nonce for attempt in ours}
        return [nonce for nonce in range(used, last) if nonce not in had]

    def order_of(self, order: str) -> Order:
        """The order, working or ended. Raises `IllegalTransition` for one that was never placed."""
        found = self.orders.get(order) or self.ended.get(order)
        if found is None:
            raise IllegalTransition(f"there is no order {order}")
        return found

    def attempt_of(self, attempt: str) -> tuple[Order, Attempt]:
        """An attempt by its id, and its order. Raises `IllegalTransition`."""
        order = self.order_of(attempt.partition("#")[0])
        for known in order.attempts:
            if known.id == attempt:
                return order, known
        raise IllegalTransition(f"order {order.id} has no attempt {attempt}")

    def sender(self, chain_id: int, owner: str) -> Sender:
        """The sender state of an address; an unknown one where it was never seen."""
        return self.senders.get(asset_id(chain_id, owner)) or Sender()

    def moving(self, range_id: str) -> bool:
        """Whether an order for a range is on its way."""
        held = self.ranges[range_id]
        return any(order.placed.range and order.placed.range.range == range_id for order in self.of_token(held.token))

    def forgettable(self, chain_id: int, final_block: int) -> tuple[list[str], list[str], list[str]]:
        """Ended orders, closed positions and ranges that no reorg above ``final_block`` and no open ask can need."""
        orders = [
            key
            for key, order in self.ended.items()
            if order.ended_block <= final_block and order.placed.chain_id == chain_id
        ]
        if orders:
            asked = {ask.partition("#")[0] for ask in self.asks}
            orders = [key for key in orders if key not in asked]
        positions = [
            token
            for token, position in self.closed.items()
            if position.changed_block <= final_block and position.chain_id == chain_id
        ]
        if positions:
            gone = set(orders)
            needed = {order.placed.token for key, order in self.ended.items() if key not in gone}
            positions = [token for token in positions if token not in needed]
        ranges = [
            key
            for key, held in self.ranges.items()
            if held.state == "closed" and held.changed_block <= final_block and held.chain_id == chain_id
        ]
        if ranges:
            kept = [order.placed.range for key, order in self.ended.items() if key not in orders]
            told = {placed.range for placed in kept if placed is not None}
            ranges = [key for key in ranges if key not in told]
        return orders, positions, ranges
