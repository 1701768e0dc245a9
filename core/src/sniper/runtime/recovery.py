"""Run a journal again: inputs through the same kernel, each fact compared with the recorded one.

Recorded decisions are facts. Where a re-run decides otherwise, the recorded facts stand: the account's book is folded
from them alone, and the account is halted before its first new order.
"""

from dataclasses import dataclass, field
from pathlib import Path

from sniper.codec import decode, encode
from sniper.errors import DecisionMismatch
from sniper.events import Event
from sniper.journal.reader import Reader
from sniper.journal.segments import Kind, Record
from sniper.kernel import facts as f
from sniper.kernel.book import Book, fold
from sniper.kernel.kernel import Kernel
from sniper.runtime.records import fact_record


@dataclass
class Mismatch:
    """The first record of an account at which the re-run decided otherwise."""

    account: str
    position: int
    recorded: str
    decided: str


@dataclass
class Rerun:
    """What running a journal again gave. ``last_time``: of the newest input, ns UTC."""

    inputs: int = 0
    facts: int = 0
    position: int = 0
    last_time: int = 0
    mismatches: dict[str, Mismatch] = field(default_factory=dict)


def rerun(directory: Path, kernel: Kernel, from_: int = 0) -> Rerun:
    """Feed the records from number ``from_`` on to ``kernel``, which must stand where they begin.

    Raises `JournalCorrupt` and `CodecError`; differences are in the result, one for each account that differs.
    """
    result = Rerun(position=from_)
    pending: list[Record] = []
    with Reader(directory, from_=from_) as reader:
        for position, record in reader.records():
            kind = record.kind
            if kind == Kind.INPUT:
                _compare(pending, kernel, result, position)
                pending = []
                event = decode(record.data)
                if not isinstance(event, Event):
                    raise DecisionMismatch(f"record {position} is marked as an input but is {type(event).__name__}")
                result.inputs += 1
                result.last_time = event.time
                kernel.handle(event)
                kernel.asks.clear()
            elif kind == Kind.FACT:
                result.facts += 1
                pending.append(record)
            result.position = position + 1
    _compare(pending, kernel, result, result.position)
    return result


def _compare(recorded: list[Record], kernel: Kernel, result: Rerun, position: int) -> None:
    """The facts of one input against those that the re-run decided."""
    decided = kernel.facts
    if not recorded and not decided:
        return
    ours = [fact_record(account, fact) for account, fact in decided]
    kernel.facts = []
    if ours == recorded:
        return
    accounts = sorted({r.stream for r in recorded} | {r.stream for r in ours})
    for account in accounts:
        theirs = [r.data for r in recorded if r.stream == account]
        mine = [r.data for r in ours if r.stream == account]
        if theirs == mine or account in result.mismatches:
            continue
        at = next(
            (i for i, (a, b) in enumerate(zip(theirs, mine, strict=False)) if a != b), min(len(theirs), len(mine))
        )
        result.mismatches[account] = Mismatch(
            account=account,
            position=position - len(recorded) + at,
            recorded=repr(decode(theirs[at])) if at < len(theirs) else "nothing",
            decided=repr(decode(mine[at])) if at < len(mine) else "nothing",
        )


def fold_books(directory: Path, books: dict[str, Book], from_: int = 0) -> None:
    """Fold the recorded facts of these accounts, deciding nothing."""
    with Reader(directory, from_=from_) as reader:
        for _, record in reader.records():
            if record.kind == Kind.FACT and record.stream in books:
                fact = decode(record.data)
                if isinstance(fact, f.Fact):
                    fold(books[record.stream], fact)


def halt(kernel: Kernel, account: str, book: Book, reason: str) -> None:
    """Let the recorded book stand, and stop the account until an operator has looked."""
    found = kernel.accounts[account]
    found.adopt(book)
    found.emit(f.Halted(time=kernel.now, reason=reason))


def same_books(one: Kernel, other: Kernel) -> bool:
    """Whether two kernels hold the same money and the same orders, byte for byte."""
    return all(encode(one.accounts[name].book) == encode(other.accounts[name].book) for name in one.accounts)
