"""What the bot did, read from its journal: nothing here asks the bot or the chain."""

from dataclasses import dataclass, field
from pathlib import Path

from sniper.errors import JournalError
from sniper.events import Block, ProbeAnswered, Sent, Settled, Signed
from sniper.journal.reader import Reader
from sniper.journal.segments import Kind
from sniper.kernel import facts as f
from sniper.kernel.book import Book
from sniper.kernel.fold import fold
from sniper.runtime.records import read_record


@dataclass
class Told:
    """One token's story. ``denied``: the rule of the newest denial; ``exits``: the reasons of its sales.
    ``legs``: of a purchase over several pools, the AMM and the wei of each."""

    token: str
    bought: int = 0
    denied: str = ""
    because: str = ""
    tries: int = 0
    exits: list[str] = field(default_factory=list)
    legs: list[tuple[str, int]] = field(default_factory=list)
    orders: int = 0
    entries: int = 0
    fills: int = 0
    spent: int = 0
    received: int = 0
    realised: int = 0
    state: str = ""


@dataclass
class Stages:
    """ns between the steps of entries, by the times on record."""

    probed: list[int] = field(default_factory=list)
    signed: list[int] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    included: list[int] = field(default_factory=list)


class Story:
    """Follows a journal. `read` takes what is new; it may be called at any time, also while the bot writes."""

    def __init__(self, journal: Path, account: str = "main") -> None:
        self.account = account
        self.book = Book(account=account)
        self.tokens: dict[str, Told] = {}
        self.stages = Stages()
        self.block = 0
        self.starts = 0
        """How often a process took up the journal."""
        self.records = 0
        self.ready = False
        """Whether the process that took it up last has read its wallet."""
        self.adjustments: list[f.Adjusted] = []
        self._journal = journal
        self._reader: Reader | None = None
        self._intents: dict[str, tuple[str, int]] = {}
        self._asked: dict[str, int] = {}
        self._orders: dict[str, str] = {}
        self._reasons: dict[str, str] = {}

    def read(self) -> None:
        """Take what was written since the last call."""
        if self._reader is None:
            if not any(self._journal.glob("*.seg")):
                return
            try:
                self._reader = Reader(self._journal)
            except JournalError:
                return  # being made right now
        for frame in self._reader:
            for record in frame.records:
                self.records += 1
                if record.kind == Kind.INPUT:
                    self._event(read_record(record))
                elif record.kind == Kind.FACT and record.stream == self.account:
                    self._fact(read_record(record))

    def _event(self, event: object) -> None:
        if isinstance(event, Block):
            self.block = event.number
        elif isinstance(event, ProbeAnswered | Signed | Sent | Settled):
            began = self._asked.pop(event.ask, None)
            if began is None or (isinstance(event, Settled) and not event.included):
                return
            stage = {
                ProbeAnswered: self.stages.probed,
                Signed: self.stages.signed,
                Sent: self.stages.sent,
                Settled: self.stages.included,
            }[type(event)]
            stage.append(event.time - began)

    def _fact(self, fact: object) -> None:
        assert isinstance(fact, f.Fact)
        fold(self.book, fact)
        if isinstance(fact, f.IntentFormed):
            self._intents[fact.intent] = (fact.token, fact.time)
            told = self.tokens.setdefault(fact.token, Told(token=fact.token))
            told.tries += fact.side == "increase"
            self._reasons[fact.intent] = fact.reason
        elif isinstance(fact, f.Verdict):
            self._verdict(fact)
        elif isinstance(fact, f.Judged):
            self._judged(fact)
        elif isinstance(fact, f.Asked):
            self._asked[fact.ask.id] = fact.time
        elif isinstance(fact, f.OrderPlaced):
            self._placed(fact)
        elif isinstance(fact, f.Booked):
            self._booked(fact)
        elif isinstance(fact, f.PositionMoved):
            self.tokens[fact.token].state = fact.state
        elif isinstance(fact, f.Began):
            self.starts += 1
            self.ready = False
        elif isinstance(fact, f.Synced):
            self.ready = True
        elif isinstance(fact, f.Adjusted):
            self.adjustments.append(fact)

    def _verdict(self, fact: f.Verdict) -> None:
        told = self.tokens[self._intents[fact.intent][0]]
        if not fact.allowed and not told.entries:
            told.denied = fact.rule

    def _judged(self, fact: f.Judged) -> None:
        told = self.tokens[self._intents[fact.intent][0]]
        for finding in fact.findings:
            if not finding.ok and not told.entries:
                limit = "" if finding.limit is None else f", limit {finding.limit}"
                told.because = f"{finding.rule} {finding.found}{limit} {finding.unit} {finding.note}".strip()
                return

    def _placed(self, fact: f.OrderPlaced) -> None:
        told = self.tokens[fact.token]
        told.orders += 1
        told.entries += fact.side == "increase"
        self._orders[fact.order] = fact.token
        if fact.route is not None and fact.side == "increase":
            told.legs = [(leg.amm, sold) for leg, (sold, _) in zip(fact.route.legs, fact.route.amounts, strict=True)]
        if fact.side == "reduce":
            told.exits.append(self._reasons[fact.intent])

    def _booked(self, fact: f.Booked) -> None:
        told = self.tokens[self._orders[fact.order]]
        told.fills += fact.amount != 0
        told.bought += max(0, fact.amount)
        told.spent += max(0, -fact.cash)
        told.received += max(0, fact.cash)
        told.realised += fact.realised
