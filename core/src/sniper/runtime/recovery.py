"""Run a journal again: inputs through the same kernel, each fact compared with the recorded one.

Recorded decisions are facts. Where a re-run decides otherwise, the recorded facts stand: the account's book is folded
from them alone, and where code and config are those that decided, the account is halted before its first new order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sniper.codec import decode, encode
from sniper.errors import CodecError, DecisionMismatch, JournalError
from sniper.events import Clock, Event
from sniper.journal import snapshots
from sniper.journal.cut import read_cut
from sniper.journal.reader import Frame, Reader, manifest
from sniper.journal.segments import Kind, Record
from sniper.kernel import facts as f
from sniper.kernel.book import Book
from sniper.kernel.fold import fold
from sniper.kernel.kernel import Kernel
from sniper.kernel.snapshot import books, restore
from sniper.plugin import Frozen
from sniper.runtime.collecting import uncollected
from sniper.runtime.manifest import explain
from sniper.runtime.records import MARKET, fact_record, read_records, register_events

__all__ = ["Mismatch", "Recovered", "Rerun", "begin", "fold_books", "halt", "recover"]


@dataclass(frozen=True)
class Mismatch:
    """The first record of an account at which the re-run decided otherwise. ``position``: its number."""

    account: str
    position: int
    epoch: int
    recorded: str
    decided: str

    def __str__(self) -> str:
        return f"account {self.account}: record {self.position} says {self.recorded}; decided now: {self.decided}"


class Rerun:
    """Takes frames of a journal, in order, into a kernel that stands where they begin.

    An account that decided otherwise than recorded is not heard any more: its later answers belong to orders that it
    did not make. The other accounts go on untouched.

    position    Number of the next record.
    inputs      How many were handled; ``facts``: how many were compared.
    mismatches  The first of each account that differs.
    """

    def __init__(self, kernel: Kernel, position: int = 0, *, asks: bool = False) -> None:
        """``asks``: whether plugins in workers are asked where the record has no answer of theirs."""
        self.kernel = kernel
        self._asks = asks
        self.position = position
        self.inputs = 0
        self.facts = 0
        self.mismatches: dict[str, Mismatch] = {}

    def take(self, frame: Frame) -> list[Frozen]:
        """Run one frame; what its records hold. Raises `CodecError`."""
        structs = read_records(frame.first, frame.records)
        elsewhere = self.kernel.elsewhere
        before, elsewhere.asks = elsewhere.asks, self._asks
        try:
            self._run(frame, structs)
        finally:
            elsewhere.asks = before
        return structs

    def _run(self, frame: Frame, structs: list[Frozen]) -> None:
        kernel = self.kernel
        handle = kernel.handle
        recorded: list[Record] = []
        began = False
        answered = _answered(frame.records, structs)
        for position, (record, struct) in enumerate(zip(frame.records, structs, strict=True), frame.first):
            if record.kind == Kind.INPUT:
                if recorded or kernel.facts:
                    self._compare(recorded, position, frame.epoch)
                    recorded = []
                began = True
                self.inputs += 1
                if not isinstance(struct, Event):
                    raise DecisionMismatch(f"record {position} is marked as an input but is {type(struct).__name__}")
                kernel.elsewhere.recall(answered.get(position - frame.first, ()))
                stream = record.stream
                if stream != MARKET and (stream not in kernel.accounts or stream in self.mismatches):
                    handle(Clock(time=struct.time))  # the others' timers fire by it all the same
                else:
                    handle(struct)
            elif record.kind == Kind.FACT:
                if began:
                    recorded.append(record)
                else:
                    self._given(record.stream, struct)
        if recorded or kernel.facts:
            self._compare(recorded, frame.first + len(frame.records), frame.epoch)
        kernel.asks.clear()
        self.position = frame.first + len(frame.records)

    def _given(self, account: str, fact: Frozen) -> None:
        """A fact that no input led to: a recovery decided it, such as that the account is halted."""
        if account in self.kernel.accounts and account not in self.mismatches and isinstance(fact, f.Fact):
            self.facts += 1
            fold(self.kernel.accounts[account].book, fact)

    def _compare(self, recorded: list[Record], position: int, epoch: int) -> None:
        """The facts of one input, which end before ``position``, against those that the re-run decided.

        By value: a fact that an earlier version wrote lacks the fields that it did not know; they have their defaults.
        """
        ours = [fact_record(account, fact) for account, fact in self.kernel.facts]
        self.kernel.facts = []
        self.facts += len(recorded)
        if ours == recorded:
            return
        first = position - len(recorded)
        for account in sorted({record.stream for record in (*recorded, *ours)} - self.mismatches.keys()):
            theirs = [(n, r.data) for n, r in enumerate(recorded, first) if r.stream == account]
            mine = [r.data for r in ours if r.stream == account]
            pairs = zip((data for _, data in theirs), mine, strict=False)
            same = next((i for i, (a, b) in enumerate(pairs) if a != b and decode(a) != decode(b)), None)
            if same is None and len(theirs) == len(mine):
                continue
            at = min(len(theirs), len(mine)) if same is None else same
            self.mismatches[account] = Mismatch(
                account=account,
                position=theirs[at][0] if at < len(theirs) else position,
                epoch=epoch,
                recorded=repr(decode(theirs[at][1])) if at < len(theirs) else "nothing",
                decided=repr(decode(mine[at])) if at < len(mine) else "nothing",
            )


def _answered(records: Sequence[Record], structs: Sequence[Frozen]) -> dict[int, list[tuple[str, f.Fact]]]:
    """What workers answered, by the place in the frame of the input at which they did."""
    found: dict[int, list[tuple[str, f.Fact]]] = {}
    at = 0
    for place, (record, struct) in enumerate(zip(records, structs, strict=True)):
        if record.kind == Kind.INPUT:
            at = place
        elif type(struct) is f.WorkerAnswered:
            found.setdefault(at, []).append((record.stream, struct))
    return found


@dataclass
class Recovered:
    """What brought a kernel to where its journal ends.

    snapshot    Record before which the snapshot stands that it began with; None: the beginning.
    halted      Accounts that decided otherwise under the very code and config that decided before, and why.
    differing   Accounts that decided otherwise because code or config changed; the record stands.
    remarks     What is worth a line in the log.
    """

    snapshot: int | None = None
    inputs: int = 0
    facts: int = 0
    halted: list[DecisionMismatch] = field(default_factory=list)
    differing: list[Mismatch] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def recover(directory: Path, kernel: Kernel, present: bytes) -> Recovered:
    """Bring a new kernel to the end of the journal: newest snapshot, then the records after it.

    present  The manifest of the code and config that run now.

    Raises `JournalError`, and `CodecError` for a record that nothing installed can read. The facts that it decides
    itself (accounts that are halted) are left in ``kernel.facts``.
    """
    register_events()
    result = Recovered()
    state = begin(directory, kernel, result)
    rerun = Rerun(kernel, result.snapshot or 0)
    with uncollected(), Reader(directory, rerun.position) as reader:
        for frame in reader:
            try:
                rerun.take(frame)
            except CodecError as error:
                differing = explain(manifest(directory, frame.epoch), present)
                raise CodecError("; ".join([str(error), *differing])) from error
    result.inputs, result.facts = rerun.inputs, rerun.facts
    mismatches = [each for name, each in rerun.mismatches.items() if name in kernel.accounts]
    if mismatches:
        begun = books(state) if state else {}
        folded = {each.account: begun.get(each.account, Book(account=each.account)) for each in mismatches}
        fold_books(directory, folded, result.snapshot or 0)
        for mismatch in mismatches:
            _stand_by_the_record(kernel, mismatch, folded[mismatch.account], result, directory, present)
    return result


def begin(directory: Path, kernel: Kernel, result: Recovered) -> bytes | None:
    """Give a new kernel the state of the newest snapshot that can be read, which is returned too; None: there is none,
    and the first record is next. Raises `JournalError` where that one was pruned."""
    snapshot, skipped = snapshots.newest(directory)
    result.remarks += skipped
    if snapshot is not None:
        try:
            result.remarks += restore(kernel, snapshot.state)
        except CodecError as error:
            result.remarks.append(f"snapshot-{snapshot.position}.snap: skipped: another version wrote it: {error}")
        else:
            result.snapshot = snapshot.position
            return snapshot.state
    if read_cut(directory) is not None:
        why = "; ".join(result.remarks) or "there is none"
        raise JournalError(
            f"{directory}: its first records were pruned, and no snapshot stands for them ({why}). Start the version "
            "of sniper that wrote it, sell what is held and begin anew in another data_dir; or restore a backup"
        )
    return None


def _stand_by_the_record(
    kernel: Kernel, mismatch: Mismatch, book: Book, result: Recovered, directory: Path, present: bytes
) -> None:
    kernel.accounts[mismatch.account].adopt(book)
    if manifest(directory, mismatch.epoch) != present:
        result.differing.append(mismatch)
        return
    error = DecisionMismatch(f"{mismatch}, by the same code and config. The record stands and the account is halted")
    halt(kernel, mismatch.account, str(error))
    result.halted.append(error)


def fold_books(directory: Path, folded: dict[str, Book], from_: int = 0) -> None:
    """Fold the recorded facts of these accounts from record ``from_`` on, deciding nothing."""
    with Reader(directory, from_) as reader:
        for _, record in reader.records():
            if record.kind == Kind.FACT and record.stream in folded:
                fact = decode(record.data)
                if isinstance(fact, f.Fact):
                    fold(folded[record.stream], fact)


def halt(kernel: Kernel, account: str, reason: str) -> None:
    """Let an account place no order until an operator has looked."""
    found = kernel.accounts[account]
    if not found.book.halted:
        found.emit(f.Halted(time=kernel.now, reason=reason))


def same_books(one: Kernel, other: Kernel) -> bool:
    """Whether two kernels hold the same money and the same orders, byte for byte."""
    return all(encode(one.accounts[name].book) == encode(other.accounts[name].book) for name in one.accounts)
