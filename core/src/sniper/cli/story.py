"""The record as people ask for it: the story of each intent, and the book of each account, folded from the journal.

Nothing here asks the bot or a chain, so it is the same while the bot runs and when it does not.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from sniper.cli.exchange_story import ExchangeOrderStory, PlanStory
from sniper.errors import CodecError, SniperError
from sniper.events import Event, InstrumentListed, Log, PoolRead, Prices, Sent, Settled, TokenDescribed, Trade
from sniper.instrument import Instrument
from sniper.journal.reader import Reader
from sniper.journal.segments import Kind, Record
from sniper.kernel import facts as f
from sniper.kernel.asks import AskBody, Probe, Send, Settle
from sniper.kernel.book import Book, Position
from sniper.kernel.exchange.bars import Bars
from sniper.kernel.exchange.tickers import Tickers
from sniper.kernel.fold import fold
from sniper.plugin import Frozen
from sniper.runtime.records import MARKET, read_record
from sniper.types import asset_id, at_exchange, place_of

JOURNAL = "journal"


@dataclass
class AttemptStory:
    """One transaction on its way. ``words``: what nodes said of it; ``receipts``: of each block that it was in."""

    made: f.AttemptMade
    moves: list[f.AttemptMoved] = field(default_factory=list)
    words: list[Sent] = field(default_factory=list)
    receipts: list[Settled] = field(default_factory=list)
    booked: list[f.Booked] = field(default_factory=list)

    @property
    def state(self) -> str:
        """See `sniper.kernel.orders.ATTEMPT`."""
        return self.moves[-1].state if self.moves else "signing"

    @property
    def receipt(self) -> Settled | None:
        """The newest; None where no block had it."""
        return self.receipts[-1] if self.receipts else None

    @property
    def tx_hash(self) -> str:
        """Empty while it is not signed."""
        return next((move.tx_hash for move in self.moves if move.tx_hash), "")

    def reached(self, state: str) -> int | None:
        """When it first came to this state, ns UTC."""
        return next((move.time for move in self.moves if move.state == state), None)


@dataclass
class OrderStory:
    """What was placed and what came of it; attempts in the order in which they were made."""

    account: str
    placed: f.OrderPlaced
    added: list[f.StepsAdded] = field(default_factory=list)
    attempts: dict[str, AttemptStory] = field(default_factory=dict)
    ended: f.OrderEnded | None = None
    reopened: list[f.OrderReopened] = field(default_factory=list)

    @property
    def state(self) -> str:
        """See `sniper.kernel.orders.ORDER`."""
        return self.ended.state if self.ended else "working"

    @property
    def purposes(self) -> list[str]:
        """What each of its transactions is for, by step."""
        return [step.purpose for steps in (self.placed.steps, *(a.steps for a in self.added)) for step in steps]

    @property
    def filled(self) -> int:
        """Lots of its plan that it filled, where it is of one."""
        part = self.placed.part
        if part is None or not (self.total("amount") or self.total("cash")):
            return 0
        return -self.total("amount") if self.placed.side == "reduce" else part.size

    def total(self, name: str) -> int:
        """The sum of a field of everything that was booked, what a reorg took back included."""
        return sum(getattr(booked, name) for attempt in self.attempts.values() for booked in attempt.booked)


@dataclass
class Holding:
    """One position from its first purchase to the end of it. ``ended``: when nothing of it was held any more at an
    exchange, ns UTC; 0: it is held, or on a chain."""

    account: str
    token: str
    position: Position
    entries: list["Story"] = field(default_factory=list)
    sales: list["Story"] = field(default_factory=list)
    moves: list[f.PositionMoved] = field(default_factory=list)
    adjusted: list[f.Adjusted] = field(default_factory=list)
    forced: list[f.ExchangeForced] = field(default_factory=list)
    ended: int = 0

    @property
    def closed(self) -> bool:
        """Whether nothing of it is held any more."""
        return self.state == "closed"

    @property
    def state(self) -> str:
        """See `sniper.kernel.orders.POSITION`."""
        if self.ended:
            return "closed"
        return self.moves[-1].state if self.moves else self.position.state

    @property
    def realised(self) -> int:
        """Profit in the quote asset, base units."""
        return self.position.realised if at_exchange(self.token) else self.total("realised")

    @property
    def unguarded(self) -> str:
        """Why nothing guards what is held; empty where its exits do."""
        return "" if self.closed else self.position.unguarded

    def total(self, name: str) -> int:
        """The sum of a field of everything that was booked for it."""
        return sum(story.order.total(name) for story in (*self.entries, *self.sales) if story.order is not None)


@dataclass
class Story:
    """One intent from the event that led to it.

    seen     The input before it, where its type is known here. ``probes``: when each was asked and when it answered.
    waits    Denied, it waits for a block or an event; ``due``: when that was there, ns UTC.
    holding  The position that it opened, added to or reduced.
    at_desk  Its order at an exchange. ``plan``: what it began, where that is an order of several.
    """

    account: str
    formed: f.IntentFormed
    mode: str
    seen: Event | None = None
    sized: f.EntrySized | None = None
    judged: list[f.Judged] = field(default_factory=list)
    probes: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    verdict: f.Verdict | None = None
    waits: f.EntryWaits | None = None
    due: int | None = None
    order: OrderStory | None = None
    holding: Holding | None = None
    at_desk: ExchangeOrderStory | None = None
    plan: PlanStory | None = None

    @property
    def id(self) -> str:
        """The intent's id."""
        return self.formed.intent

    @property
    def is_entry(self) -> bool:
        """Whether it wants to buy."""
        return self.formed.side == "increase"

    @property
    def is_at_exchange(self) -> bool:
        """Whether what it wants is at an exchange."""
        return at_exchange(self.formed.token)

    @property
    def is_arbitrage(self) -> bool:
        """Whether it wants to pay into a cycle; its token is what is paid."""
        return self.formed.side == "arbitrage"

    @property
    def is_transfer(self) -> bool:
        """Whether it wants to send something to an own wallet; its token is what is sent."""
        return self.formed.side == "transfer"

    @property
    def is_of_range(self) -> bool:
        """Whether it wants liquidity put into a range, or taken out."""
        return self.formed.side in ("provide", "withdraw")


class NotOnRecord(SniperError, LookupError):
    """Nothing in the journal is called what was asked for, or there is no journal."""

    code = "not-on-record"


class Chronicle:
    """Everything that the journal in ``data_dir`` says. `read` takes what was appended since the last call.

    at_desks      Orders at exchanges, by their ids; ``named``: client ids and the exchanges' own to those.
    plans         By their ids. ``instruments``: as they were listed last.
    transactions  Transaction hash to attempt id. ``amms``: pool id to the name of its AMM, where its creation or its
                  reading is on record.
    each          Is shown each fact in its order, with the book as it was before it.
    """

    def __init__(self, data_dir: Path, each: Callable[[Book, f.Fact], None] | None = None) -> None:
        self.directory = data_dir / JOURNAL
        self.each = each
        self.books: dict[str, Book] = {}
        self.stories: dict[str, Story] = {}
        self.orders: dict[str, OrderStory] = {}
        self.holdings: list[Holding] = []
        self.tokens: dict[str, TokenDescribed] = {}
        self.at_desks: dict[str, ExchangeOrderStory] = {}
        self.named: dict[str, str] = {}
        self.plans: dict[str, PlanStory] = {}
        self.instruments: dict[str, Instrument] = {}
        self.transactions: dict[str, str] = {}
        self.amms: dict[str, str] = {}
        self._reader: Reader | None = None
        self._held: dict[tuple[str, str], Holding] = {}
        self._input: Record | None = None
        self._market: dict[tuple[str, bytes], Record] = {}
        self._mode = ""
        self._factories: dict[bytes, str] = {}

    @classmethod
    def of(cls, data_dir: Path, each: Callable[[Book, f.Fact], None] | None = None) -> "Chronicle":
        """What is on record now. Raises `NotOnRecord` where nothing is, and `JournalError`."""
        if not any((data_dir / JOURNAL).glob("*.seg")):
            raise NotOnRecord(f"{data_dir / JOURNAL} holds no journal yet; it is written by: sniper run")
        chronicle = cls(data_dir, each)
        chronicle.read()
        return chronicle

    def read(self) -> None:
        """Take what is new. Raises `JournalError` and `CodecError`."""
        if self._reader is None:
            self._reader = Reader(self.directory)
        for frame in self._reader:
            for record in frame.records:
                if record.kind == Kind.INPUT:
                    self._input_record(record)
                elif record.kind == Kind.FACT:
                    self._fact(record.stream, read_record(record))
                elif record.kind == Kind.MARK:
                    self._mark(record)

    def book(self, account: str) -> Book:
        """The account's book; an empty one where nothing is on record."""
        return self.books.setdefault(account, Book(account=account))

    def tickers(self) -> Tickers:
        """The instruments of exchanges with the newest prices on record."""
        tickers = Tickers(Bars())
        for instrument in self.instruments.values():
            tickers.listed(instrument)
        for event in self.told_prices():
            if isinstance(event, Prices):
                tickers.prices(event)
            elif event.instrument in tickers.known:
                tickers.known[event.instrument].last = event.price
        return tickers

    def told_prices(self) -> Iterator[Prices | Trade]:
        """The newest best prices and the newest trade of each instrument on record."""
        for record in self._market.values():
            event = read_record(record)
            assert isinstance(event, Prices | Trade)
            yield event

    def find(self, name: str) -> list[Story]:
        """The stories that ``name`` means, oldest first: by the id of an intent, order or attempt, a transaction hash,
        an order's id at an exchange, or a token's asset id, address or symbol. Raises `NotOnRecord`."""
        key = self.transactions.get(name.lower(), name)
        order = key.partition("#")[0]
        found = self.stories.get(key)
        if found is None and (at_desk := self.at_desks.get(self.named.get(name, name))) is not None:
            found = self.stories.get(at_desk.placed.intent)
        if found is None and order in self.orders:
            found = self.stories.get(self.orders[order].placed.intent)
        if found is not None:
            return [found]
        tokens = self.assets(name)
        stories = [story for story in self.stories.values() if story.formed.token in tokens]
        if not stories:
            newest = ", ".join(list(self.stories)[-3:]) or "none yet"
            known = f"the token {min(tokens)} is known, but no strategy wanted it" if tokens else "it is not on record"
            raise NotOnRecord(
                f"{name!r}: {known}; name an intent, order or attempt, a transaction hash, or a token by its address "
                f"or symbol (newest intents: {newest})"
            )
        return stories

    def assets(self, name: str) -> set[str]:
        """The tokens that ``name`` means: asset id, address or symbol, in any case where none has exactly that one; at
        an exchange also an instrument, which means what is held of it."""
        lower = name.lower()
        seen = {story.formed.token for story in self.stories.values()} | set(self.tokens)
        seen |= {holding.token for holding in self.holdings}
        if name in self.instruments:
            return {self.instruments[name].held}
        found = {token for token in seen if lower in (token.lower(), token.partition(":")[2].lower())}
        symbols = {asset: token.symbol for asset, token in self.tokens.items() if token.symbol}
        found = found or {asset for asset, symbol in symbols.items() if symbol == name}
        return found or {asset for asset, symbol in symbols.items() if symbol.lower() == lower}

    # ---- records ----

    def _mark(self, record: Record) -> None:
        """A manifest says in which mode, and which factories make which AMM's pools."""
        try:
            config = json.loads(record.data)["config"]
        except (ValueError, KeyError, TypeError):
            return  # a mark of another kind
        self._mode = config.get("mode", "")
        for name, section in config.get("amm", {}).items():
            for factory in section.get("factories") or ():
                self._factories[str(factory).lower().encode()] = name

    def _input_record(self, record: Record) -> None:
        self._input = record
        tag = _tag(record.data)
        if record.stream != MARKET:
            if tag in _ANSWERS:
                self._answer(record.stream, read_record(record))
        elif tag == "log/1":
            if any(factory in record.data for factory in self._factories):
                self._created(read_record(record))
        elif tag in _PRICES:
            self._market[tag, _instrument(record.data, tag)] = record
        elif tag == "instrument-listed/1":
            event = read_record(record)
            assert isinstance(event, InstrumentListed)
            self.instruments[event.instrument.id] = event.instrument
        elif tag == "token-described/1":
            event = read_record(record)
            assert isinstance(event, TokenDescribed)
            self.tokens[asset_id(event.chain_id, event.token)] = event
        elif tag == "pool-read/1":
            event = read_record(record)
            assert isinstance(event, PoolRead)
            self.amms[asset_id(event.chain_id, event.pool)] = event.amm

    def _created(self, event: Frozen) -> None:
        """A factory's log names the pool in one of its words."""
        assert isinstance(event, Log)
        amm = self._factories.get(event.address.encode())
        if amm is not None:
            words = [event.data[at + 12 : at + 32].hex() for at in range(0, len(event.data), 32)]
            for address in (*words, *(topic[26:] for topic in event.topics)):
                self.amms.setdefault(asset_id(event.chain_id, f"0x{address}"), amm)

    def _answer(self, account: str, event: Frozen) -> None:
        assert isinstance(event, Sent | Settled)
        ask = self.book(account).asks.get(event.ask)
        if ask is None or not isinstance(ask.body, Send | Settle):
            return  # late or repeated: the kernel ignored it too
        attempt = self._attempt(ask.body.submission.attempt)
        if isinstance(event, Sent):
            attempt.words.append(event)
        elif event.included:
            attempt.receipts.append(event)

    def _attempt(self, attempt: str) -> AttemptStory:
        return self.orders[attempt.partition("#")[0]].attempts[attempt]

    def _fact(self, account: str, fact: Frozen) -> None:
        assert isinstance(fact, f.Fact)
        book = self.book(account)
        if isinstance(fact, f.Closed):
            self._probe_closed(book.asks[fact.ask].body, fact)
        if self.each is not None:
            self.each(book, fact)
        fold(book, fact)
        handler = _HANDLERS.get(type(fact))
        if handler is not None:
            handler(self, account, fact)

    # ---- facts ----

    def _formed(self, account: str, fact: f.IntentFormed) -> None:
        story = Story(account=account, formed=fact, mode=self._mode, seen=self._seen())
        if story.formed.side == "reduce":
            # an order at an exchange may only withdraw what another one would have sold
            story.holding = self._held.get((account, fact.token))
            if story.holding is not None:
                story.holding.sales.append(story)
        self.stories[fact.intent] = story

    def _seen(self) -> Event | None:
        """The input that led to the fact at hand; None where it is of a plugin's own type, which is not loaded here."""
        try:
            event = read_record(self._input) if self._input is not None else None
        except CodecError:
            return None
        return event if isinstance(event, Event) else None

    def _sized(self, account: str, fact: f.EntrySized) -> None:
        self.stories[fact.entry.intent].sized = fact

    def _judged(self, account: str, fact: f.Judged) -> None:
        self.stories[fact.intent].judged.append(fact)

    def _verdict(self, account: str, fact: f.Verdict) -> None:
        self.stories[fact.intent].verdict = fact

    def _waits(self, account: str, fact: f.EntryWaits) -> None:
        self.stories[fact.intent].waits = fact

    def _due(self, account: str, fact: f.WaitOver) -> None:
        self.stories[fact.intent].due = fact.time

    def _asked(self, account: str, fact: f.Asked) -> None:
        body = fact.ask.body
        if isinstance(body, Probe):
            self.stories[body.entry.intent].probes[body.check] = (fact.time, None)

    def _probe_closed(self, body: AskBody, fact: f.Closed) -> None:
        if isinstance(body, Probe):
            probes = self.stories[body.entry.intent].probes
            probes[body.check] = (probes[body.check][0], fact.time)

    def _placed(self, account: str, fact: f.OrderPlaced) -> None:
        story = self.stories[fact.intent]
        story.order = self.orders[fact.order] = OrderStory(account=account, placed=fact)
        if fact.part is not None:
            self.plans[fact.part.plan].swaps.append(story.order)
        key = (account, fact.token)
        if story.is_entry or (fact.side == "withdraw" and key not in self._held):
            holding = self._held.get(key)
            if holding is None:
                holding = self._held[key] = Holding(account, fact.token, self.book(account).positions[fact.token])
                self.holdings.append(holding)
            story.holding = holding
            holding.entries.append(story)

    # ---- facts of exchanges ----

    def _desk_placed(self, account: str, fact: f.ExchangeOrderPlaced) -> None:
        order, story = ExchangeOrderStory(account=account, placed=fact), self.stories[fact.intent]
        self.at_desks[fact.order] = story.at_desk = order
        story.verdict = f.Verdict(time=fact.time, intent=fact.intent, allowed=True)  # as it says itself
        self.named[fact.new.client_id] = fact.order
        self.instruments.setdefault(fact.instrument.id, fact.instrument)
        if fact.plan:
            self.plans[fact.plan].orders.append(order)

    def _desk_cancelled(self, account: str, fact: f.ExchangeCancelled) -> None:
        self.at_desks[fact.order].cancelled = fact.time

    def _desk_moved(self, account: str, fact: f.ExchangeOrderMoved) -> None:
        self.at_desks[fact.order].moves.append(fact)
        if fact.venue_id:
            self.named[fact.venue_id] = fact.order

    def _desk_filled(self, account: str, fact: f.ExchangeFilled) -> None:
        order = self.at_desks[fact.order]
        order.fills.append(fact)
        if fact.ends:
            place, id_ = place_of(fact.fill.instrument), fact.fill.venue_id
            moved = f.ExchangeOrderMoved(time=fact.time, order=fact.order, venue=place, state="filled", venue_id=id_)
            self._desk_moved(account, moved)
        token, story = order.placed.instrument.held, self.stories[order.placed.intent]
        before = self._held.get((account, token))
        after = self._desk_holding(account, token, fact.time)
        if fact.cross is not None:
            self._desk_holding(account, order.placed.instrument.quote, fact.time)
        if story.holding is None:
            story.holding = after or before
            if story.holding is not None:
                (story.holding.entries if story.is_entry else story.holding.sales).append(story)

    def _forced(self, account: str, fact: f.ExchangeForced) -> None:
        self._held[account, fact.instrument.id].forced.append(fact)
        self._desk_holding(account, fact.instrument.id, fact.time)

    def _dust(self, account: str, fact: f.DustLeft) -> None:
        self._desk_holding(account, fact.token, fact.time)

    def _contract_adjusted(self, account: str, fact: f.ContractAdjusted) -> None:
        self._desk_holding(account, fact.instrument.id, fact.time)

    def _desk_holding(self, account: str, token: str, time: int) -> Holding | None:
        """What is held of a token at an exchange, after a fact that may have changed that."""
        position, holding = self.book(account).positions.get(token), self._held.get((account, token))
        if holding is not None and position is not holding.position:
            holding.ended = time
            del self._held[account, token]
            holding = None
        if position is not None and holding is None:
            holding = self._held[account, token] = Holding(account, token, position)
            self.holdings.append(holding)
        return holding

    def _plan(self, account: str, fact: f.PlanStarted) -> None:
        story = self.stories[fact.plan]
        self.plans[fact.plan] = story.plan = PlanStory(account=account, started=fact)
        if fact.instrument.in_pool and story.holding is not None:
            story.holding.sales.remove(story)  # its orders are, one by one
            story.holding = None

    def _plan_waits(self, account: str, fact: f.PlanWaits) -> None:
        self.plans[fact.plan].waits.append(fact)

    def _plan_narrowed(self, account: str, fact: f.PlanNarrowed) -> None:
        self.plans[fact.plan].narrowed = fact

    def _plan_ending(self, account: str, fact: f.PlanEnding) -> None:
        self.plans[fact.plan].ending = fact

    def _plan_ended(self, account: str, fact: f.PlanEnded) -> None:
        self.plans[fact.plan].ended = fact

    # ---- facts of chains ----

    def _steps(self, account: str, fact: f.StepsAdded) -> None:
        self.orders[fact.order].added.append(fact)

    def _made(self, account: str, fact: f.AttemptMade) -> None:
        self.orders[fact.order].attempts[fact.attempt] = AttemptStory(made=fact)

    def _moved(self, account: str, fact: f.AttemptMoved) -> None:
        self._attempt(fact.attempt).moves.append(fact)
        if fact.tx_hash:
            self.transactions[fact.tx_hash] = fact.attempt

    def _booked(self, account: str, fact: f.Booked) -> None:
        self._attempt(fact.attempt).booked.append(fact)

    def _ended(self, account: str, fact: f.OrderEnded) -> None:
        self.orders[fact.order].ended = fact

    def _reopened(self, account: str, fact: f.OrderReopened) -> None:
        order = self.orders[fact.order]
        order.ended = None
        order.reopened.append(fact)
        if order.placed.part is not None:
            self.plans[order.placed.part.plan].ended = None
        holding = self.stories[order.placed.intent].holding
        if holding is not None:
            self._held[account, holding.token] = holding

    def _position(self, account: str, fact: f.PositionMoved) -> None:
        holding = self._held.get((account, fact.token))
        if holding is not None:
            holding.moves.append(fact)
            if fact.state == "closed":
                del self._held[account, fact.token]

    def _adjusted(self, account: str, fact: f.Adjusted) -> None:
        holding = self._held.get((account, fact.asset))
        if holding is not None:
            holding.adjusted.append(fact)


_HANDLERS: dict[type[f.Fact], Callable[[Chronicle, str, Any], None]] = {  # Any: each takes the fact it is listed under
    f.IntentFormed: Chronicle._formed,
    f.EntrySized: Chronicle._sized,
    f.Judged: Chronicle._judged,
    f.Verdict: Chronicle._verdict,
    f.EntryWaits: Chronicle._waits,
    f.WaitOver: Chronicle._due,
    f.Asked: Chronicle._asked,
    f.OrderPlaced: Chronicle._placed,
    f.StepsAdded: Chronicle._steps,
    f.AttemptMade: Chronicle._made,
    f.AttemptMoved: Chronicle._moved,
    f.Booked: Chronicle._booked,
    f.OrderEnded: Chronicle._ended,
    f.OrderReopened: Chronicle._reopened,
    f.PositionMoved: Chronicle._position,
    f.Adjusted: Chronicle._adjusted,
    f.ExchangeOrderPlaced: Chronicle._desk_placed,
    f.ExchangeCancelled: Chronicle._desk_cancelled,
    f.ExchangeOrderMoved: Chronicle._desk_moved,
    f.ExchangeFilled: Chronicle._desk_filled,
    f.ExchangeForced: Chronicle._forced,
    f.DustLeft: Chronicle._dust,
    f.ContractAdjusted: Chronicle._contract_adjusted,
    f.PlanStarted: Chronicle._plan,
    f.PlanWaits: Chronicle._plan_waits,
    f.PlanNarrowed: Chronicle._plan_narrowed,
    f.PlanEnding: Chronicle._plan_ending,
    f.PlanEnded: Chronicle._plan_ended,
}
_ANSWERS = ("sent/1", "settled/1")
_PRICES = {"trade/1": 1, "prices/1": 0}
"""Events that tell prices of exchanges, and how many texts stand before the id of their instrument."""


def _tag(data: bytes) -> str:
    """The tag of an encoded struct, without decoding the rest: logs and trades are most of a journal, and few of them
    matter."""
    start = 1 if data[0] < 0xDC else 3  # array of up to 15, or with a length of two bytes
    return str(msgspec.msgpack.decode(data[start : _after_text(data, start)]))


def _instrument(data: bytes, tag: str) -> bytes:
    """The id of the instrument that an event tells prices of, likewise."""
    at = _after_text(data, 1)
    at += {0xCC: 2, 0xCD: 3, 0xCE: 5, 0xCF: 9}.get(data[at], 1)  # its time
    for _ in range(_PRICES[tag]):
        at = _after_text(data, at)
    return data[at : _after_text(data, at)]


def _after_text(data: bytes, start: int) -> int:
    """Where the text at ``start`` ends, which has at most 255 bytes."""
    size = data[start]
    return start + 1 + (size & 0x1F) if size < 0xC0 else start + 2 + data[start + 1]
