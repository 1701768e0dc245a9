"""What the bot's journal says, read while it is written; and whether the books agree with the chain."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import product
from pathlib import Path
from typing import TypeVar

from sniper.errors import JournalError
from sniper.events import Block, Event
from sniper.journal.reader import Reader
from sniper.journal.segments import Kind
from sniper.kernel import facts as f
from sniper.kernel.allowances import SOME
from sniper.kernel.asks import Ask
from sniper.kernel.book import Book, allowance_id
from sniper.kernel.fold import fold
from sniper.plugin import Frozen
from sniper.runtime.records import read_record
from sniper.types import NATIVE, split_asset
from sniper_sdk.devchain import DevChain, calldata
from stand.bot import Bot

PATIENCE_S = 40.0
LOOK_S = 0.005

T = TypeVar("T", bound=Frozen)


class Record:
    """``entries``: (position, stream, event or fact), in order. ``books``: by account, folded from the facts."""

    def __init__(self, journal: Path) -> None:
        self.entries: list[tuple[int, str, Frozen]] = []
        self.books: dict[str, Book] = {}
        self._journal = journal
        self._reader: Reader | None = None

    def read(self) -> None:
        """Take what was written since the last call."""
        if self._reader is None:
            if not any(self._journal.glob("*.seg")):
                return
            try:
                self._reader = Reader(self._journal)
            except JournalError:
                return  # being made right now
        for position, record in self._reader.records():
            if record.kind == Kind.MARK:
                continue
            struct = read_record(record)
            self.entries.append((position, record.stream, struct))
            if record.kind == Kind.FACT:
                assert isinstance(struct, f.Fact)
                fold(self.books.setdefault(record.stream, Book(account=record.stream)), struct)

    def close(self) -> None:
        """Let go of the files."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    async def until(
        self, what: Callable[["Record"], object], bot: Bot | None = None, *, within_s: float = PATIENCE_S
    ) -> None:
        """Read until ``what`` is so. ``bot``: the process that has to bring it about."""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    self.read()
                    if what(self):
                        return
                    if bot is not None and not bot.running:
                        raise AssertionError(f"the bot ended early; it said:\n{bot.words()[-3_000:]}")
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise AssertionError(f"the journal never showed it; it ends with\n{self.end()}") from None

    def end(self) -> str:
        """The last records that are no market data, for messages."""
        last = [struct for _, stream, struct in self.entries if stream][-15:]
        return "\n".join(repr(struct)[:400] for struct in last)

    def all(self, kind: type[T], account: str | None = None) -> list[T]:
        """Events or facts of one kind, in order."""
        return [s for _, stream, s in self.entries if isinstance(s, kind) and account in (None, stream)]

    def position(self, kind: type[T], which: Callable[[T], bool] = lambda _: True) -> int:
        """Number of the first record of one kind for which ``which`` holds."""
        return next(n for n, _, s in self.entries if isinstance(s, kind) and which(s))

    def asks(self, body: type, account: str | None = None) -> list[Ask]:
        """All that was asked of one kind."""
        return [fact.ask for fact in self.all(f.Asked, account) if isinstance(fact.ask.body, body)]

    def attempts(self, purpose: str, state: str) -> list[f.AttemptMoved]:
        """Attempts with this purpose that came to this state, each time that they did."""
        steps = {fact.order: list(fact.steps) for fact in self.all(f.OrderPlaced)}
        for added in self.all(f.StepsAdded):
            steps[added.order] += added.steps
        of = {made.attempt: steps[made.order][made.step].purpose for made in self.all(f.AttemptMade)}
        return [moved for moved in self.all(f.AttemptMoved) if moved.state == state and of[moved.attempt] == purpose]

    @property
    def head(self) -> int:
        """Number of the newest block."""
        blocks = self.all(Block)
        return blocks[-1].number if blocks else 0

    @property
    def quiet(self) -> bool:
        """Whether nothing that was asked is still open."""
        return not any(book.asks for book in self.books.values())

    def entries_of(self, account: str = "main") -> dict[str, int]:
        """How many entries were ordered, by token."""
        found: dict[str, int] = {}
        for fact in self.all(f.OrderPlaced, account):
            if fact.side == "increase":
                found[fact.token] = found.get(fact.token, 0) + 1
        return found

    def chain_events(self) -> list[Event]:
        """Blocks and logs as the feed handed them on."""
        return [s for _, stream, s in self.entries if stream == "" and isinstance(s, Event)]


def differences(
    record: Record, chain: DevChain, address: str, account: str = "main", tokens: Iterable[str] = ()
) -> list[str]:
    """What an account's books and the chain do not agree on; empty where they reconcile to the last unit.

    address Of its wallet, where it has one; of several the books know.
    tokens  Addresses whose balance is compared beside those that the books know, such as that of the quote asset.
    """
    record.read()
    book = record.books[account]
    found = []
    wallets = book.wallets or (address,)
    for wallet in wallets:
        cash = book.cash_of(f"{chain.chain_id}:{NATIVE}", wallet)
        if cash != chain.balance(wallet):
            found.append(f"the books hold {cash} wei in {wallet}, the chain {chain.balance(wallet)}")
    held = {split_asset(fact.token)[1] for fact in record.all(f.OrderPlaced, account)} - {NATIVE}
    doubts = _doubted(record, account)
    for token, wallet in product(sorted(held | {token.lower() for token in tokens}), wallets):
        asset = f"{chain.chain_id}:{token}"
        position, whose = book.positions.get(asset), book.whose(wallet)
        here = position is not None and position.wallet == whose
        booked = position.amount if position and here else book.cash_of(asset, wallet)
        if booked != chain.token_balance(token, wallet):
            there = chain.token_balance(token, wallet)
            found.append(f"the books hold {booked} of {token} in {wallet}, the chain {there}")
        allowed = chain.call(token, calldata("allowance(address,address)", wallet, chain.addresses.v2_router))
        granted, booked = int.from_bytes(allowed, "big"), book.allowances.get(approved(chain, asset, whose), 0)
        if booked != granted and not (asset in doubts and booked in (0, SOME)):
            found.append(f"{booked} of {token} in {wallet} may be taken by the books, by the chain {granted}")
    adjusted = Counter[tuple[str, str]]()
    for fact in record.all(f.Adjusted, account):
        adjusted[fact.asset, fact.wallet] += 1
        if adjusted[fact.asset, fact.wallet] > 1:  # the first one is what was in the wallet at the start
            found.append(f"{fact.delta} of {fact.asset} was adjusted: {fact.reason}")
    found += profit(record, chain, account)
    found += [f"order {order} has not ended" for order in book.orders]
    found += [f"halted: {book.halted}"] if book.halted else []
    return found


def _doubted(record: Record, account: str) -> set[str]:
    """Tokens of which the books count on no allowance, because a sale that relied on it reverted: the next one approves
    anew."""
    reverted = {moved.attempt for moved in record.attempts("exit", "reverted")}
    newest = {fact.token: fact.attempt for fact in record.all(f.Allowed, account)}
    return {token for token, attempt in newest.items() if attempt in reverted}


def profit(record: Record, chain: DevChain, account: str) -> list[str]:
    """Cash must be what was deposited, plus profits, less what open positions cost and what was sent to own wallets,
    less gas where that is another coin."""
    book = record.books[account]
    first: dict[tuple[str, str], int] = {}
    for fact in record.all(f.Adjusted, account):
        first.setdefault((fact.asset, fact.wallet), fact.delta)
    deposits = Counter[str]()
    for (asset, _), delta in first.items():
        deposits[asset] += delta
    native = f"{chain.chain_id}:{NATIVE}"
    booked = record.all(f.Booked, account)
    placed = record.all(f.OrderPlaced, account)
    quotes = {fact.quote for fact in placed}
    went_out = {fact.order: fact.quote for fact in placed if fact.side == "transfer"}
    found = []
    for quote in quotes:
        expected = deposits[quote] + sum(fact.realised for fact in booked)
        expected += sum(fact.cash for fact in booked if went_out.get(fact.order) == quote)
        expected -= sum(position.cost for position in book.positions.values())
        expected -= sum(held.cost for held in book.ranges.values())
        if book.cash.get(quote, 0) != expected:
            found.append(f"{book.cash.get(quote, 0)} of {quote} is not deposit + profit - cost = {expected}")
    if quotes and native not in quotes:
        expected = deposits[native] - sum(fact.gas for fact in booked)
        if book.cash.get(native, 0) != expected:
            found.append(f"{book.cash.get(native, 0)} wei is not deposit - gas = {expected}")
    return found


def approved(chain: DevChain, asset: str, wallet: str = "") -> str:
    """Under which name the books keep what the V2 router may take of a token, out of which of several wallets."""
    return allowance_id(asset, chain.addresses.v2_router, wallet)
