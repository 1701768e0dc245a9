"""A stage in this process: revm, by pyrevm. Runs in a worker, which asks the shell for the state that it needs.

What a transaction changes is kept here, and put into the EVM before the next one; so is what calls of its kind looked
at before. What else it looks at, the EVM asks the shell for itself, over HTTP as if that was a node. So nothing that is
unknown is ever taken for zero.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sniper.errors import ComputeError
from sniper.plugin import Frozen
from sniper.runtime.errand import (
    AccountAt,
    Given,
    Lacks,
    Missed,
    SlotAt,
    SourceAsked,
    SourceGiven,
    Traced,
    WayAsked,
    WayGiven,
)
from sniper.runtime.forwarder import FORWARDER, forwarded
from sniper.runtime.local_evm import NOBODY, Account, Key, LocalEvm, Looked, Ran, Transaction, account
from sniper.runtime.stage import (
    BALANCE_OF,
    NO_MONEY,
    PLENTY,
    TRANSFER,
    Emitted,
    Endow,
    Head,
    Holding,
    Plan,
    Planned,
    Request,
    Source,
    Together,
    staged,
)
from sniper.scenario import Advance, Call, Called, Code, Fund, Mark, Rewind, Scenario, Storage
from sniper.types import NATIVE, split_asset

if TYPE_CHECKING:
    from sniper.runtime.way import Way

MOST_KNOWN: Final = 100_000
"""Accounts and words of one block that are remembered; above that all are forgotten."""
MOST_KINDS: Final = 20_000
"""Kinds of calls of which is remembered what they look at, and calls that change nothing; above that none is."""
MOST_KEYS: Final = 5_000
"""Of one kind."""
MOST_BLOCKS: Final = 2

T = TypeVar("T")
Asked = Callable[[Frozen], Frozen]
"""Asks the shell."""


@dataclass
class Kind:
    """Calls of one function of one target about one subject. ``keys``: what they looked at. ``settled``: the last one
    that reverted looked at nothing else."""

    keys: set[Key] = field(default_factory=set)
    settled: bool = False


@dataclass
class Seen:
    """What calls looked at, on whatever block: a hint of what they will. ``kinds``: of calls, by subject, target and
    selector. ``looks``: calls that change nothing, of which it is known; by sender, target and calldata."""

    kinds: dict[tuple[str, str, bytes], Kind] = field(default_factory=dict)
    looks: set[tuple[str, str, bytes]] = field(default_factory=set)


@dataclass
class Block:
    """What is known of the state after one block."""

    seen: Seen
    accounts: dict[str, Account] = field(default_factory=dict)
    slots: dict[Key, int] = field(default_factory=dict)


class Blocks:
    """The newest blocks that something was played on."""

    def __init__(self) -> None:
        self._blocks: OrderedDict[str, Block] = OrderedDict()
        self._seen = Seen()

    def at(self, head: Head) -> Block:
        """What is known of one."""
        if len(self._seen.kinds) + len(self._seen.looks) > MOST_KINDS:
            self._seen = Seen()
        block = self._blocks.get(head.hash)
        if block is None or block.seen is not self._seen or len(block.accounts) + len(block.slots) > MOST_KNOWN:
            block = self._blocks[head.hash] = Block(self._seen)
        self._blocks.move_to_end(head.hash)
        if len(self._blocks) > MOST_BLOCKS:
            self._blocks.popitem(last=False)
        return block


@dataclass
class State:
    """What a scenario has changed, and when it is. ``made``: accounts whose other storage is zero."""

    number: int
    time: int
    accounts: dict[str, Account] = field(default_factory=dict)
    slots: dict[Key, int] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    logs: list[Emitted] = field(default_factory=list)

    def differs(self, other: "State") -> set[Key]:
        """What was changed here and there, and not alike."""
        found = {key for key, _ in self.slots.items() ^ other.slots.items()}
        return found | {(address, None) for address, _ in self.accounts.items() ^ other.accounts.items()}

    def copy(self) -> "State":
        return State(self.number, self.time, dict(self.accounts), dict(self.slots), set(self.made), list(self.logs))


def play(scenario: Scenario[T], stage: "LocalStage") -> T:
    """Raises what the scenario raises, and `ComputeError`."""
    requests = staged(scenario)
    answer: object = None
    while True:
        try:
            request = requests.send(answer)
        except StopIteration as end:
            value: T = end.value
            return value
        answer = stage.answer(request)


class LocalStage:
    """One scenario. `answer` carries out its requests, one at a time."""

    def __init__(self, block: Block, head: Head, hardfork: str, url: str, asked: Asked) -> None:
        """``url``: where the EVM asks for state."""
        self._block = block
        self._head = head
        self._evm = LocalEvm(head, hardfork, url)
        self._stale: set[Key] = set()
        """What is not any more as it was put into the EVM."""
        self._asked = asked
        self._now = State(head.number + 1, head.time + head.interval)
        self._marks: list[State] = []
        self._ready: dict[tuple[str, str, bytes], set[Key]] = {}
        """Kinds of calls of which the EVM has all that they looked at; the EVM, as what it holds."""
        self._ways: dict[str, Way] = {}
        self._foreseen: set[Key] = set()
        """What such a scenario has looked at before: no need to ask what calls will look at."""
        self._subject = ""
        """The first pool or target: calls of a router look at other things for each."""

    def answer(self, request: Request) -> Any:
        """Any: depends on the request. Raises `ComputeError`."""
        match request:
            case Together():
                return self._together(request)
            case Plan():
                return self._plan(request)
            case Fund():
                address = request.address.lower()
                self._set(address, balance=request.balance)
            case Advance():
                if request.blocks < 1 or request.seconds < 0:
                    raise ComputeError(f"a scenario advances by {request.blocks} blocks and {request.seconds} s")
                self._now.number += request.blocks
                self._now.time += max(1, request.seconds)
            case Mark():
                self._marks.append(self._now.copy())
                return len(self._marks) - 1
            case Rewind():
                if not 0 <= request.mark < len(self._marks):
                    raise ComputeError(f"a scenario goes back to mark {request.mark}, which it has not set")
                self._rewind(self._marks[request.mark])
            case Code():
                return self._account(request.address.lower()).code
            case Storage():
                return self._slot((request.address.lower(), request.slot))
        return None

    def _rewind(self, mark: State) -> None:
        before, self._now = self._now, mark.copy()
        self._stale |= before.differs(mark)
        for address in before.made ^ mark.made:
            self._stale |= self._put_of(address)

    # ---- deeds ----

    def _together(self, request: Together) -> list[Any]:
        self._foresee(request)
        answers: list[Any] = []
        for deed in request.deeds:
            if isinstance(deed, Endow):
                self._endow(deed.asset.lower(), deed.address.lower(), deed.amount)
                answers.append(None)
            elif isinstance(deed, Holding):
                answers.append(self._holding(deed.asset.lower(), deed.address.lower()))
            else:
                answers.append(self._call(deed))
                if answers[-1].reverted:
                    break
        return answers

    def _foresee(self, request: Together) -> None:
        """Learn at once what all deeds will look at, as far as can be told from the state before the first."""
        wanted: set[Key] = set()
        calls: dict[tuple[str, str, bytes], Traced] = {}
        for deed in request.deeds:
            if isinstance(deed, Call):
                sender, to, data = deed.sender.lower(), deed.to.lower(), deed.data
            elif deed.asset == NATIVE:
                wanted.add((deed.address.lower(), None))
                continue
            else:
                sender, to, data = deed.address.lower(), deed.asset.lower(), BALANCE_OF.encode(deed.address)
            wanted |= {(sender, None), (to, None)}
            subject = self._subject = self._subject or to
            if not self._foreseen and (subject, to, data[:4]) not in self._block.seen.kinds:
                value = deed.value if isinstance(deed, Call) else 0
                calls[subject, to, data[:4]] = self._traced(sender, to, data, value, 5_000_000)
        unknown = self._unknown(wanted)
        if not unknown and not calls:
            return
        given = self._learn(unknown, tuple(calls.values()))
        for name in calls:
            # More than it needs: what one of these calls looks at, another one may look at, too.
            self._block.seen.kinds[name] = Kind(keys={key for key in given if key[0] not in self._now.made})
            self._block.seen.kinds[name].keys.add((name[1], None))

    def _endow(self, asset: str, address: str, amount: int) -> None:
        if asset == NATIVE:
            self._set(address, balance=self._account(address).balance + amount)
            return
        answer = self._asked(SourceAsked(token=asset, amount=amount))
        if not isinstance(answer, SourceGiven):
            raise ComputeError(f"{address} cannot be given {asset}")
        source: Source = answer.source
        if source.slot is not None:
            self._account(asset)
            self._now.slots.setdefault((asset, source.slot), PLENTY)
            self._stale.add((asset, source.slot))
        ran = self._run(source.holder, asset, TRANSFER.encode(address, amount), 0, 1_000_000)
        if ran.reverted:
            raise ComputeError(f"{address} cannot be given {asset}: {ran.reverted}")

    def _holding(self, asset: str, address: str) -> int:
        if asset == NATIVE:
            return self._account(address).balance
        ran = self._run(address, asset, BALANCE_OF.encode(address), 0, 1_000_000, stays=False)
        return int.from_bytes(ran.data, "big") if not ran.reverted and len(ran.data) == 32 else 0

    def _call(self, deed: Call) -> Called:
        sender, origin, to = deed.sender.lower(), deed.origin.lower(), deed.to.lower()
        if not 0 <= deed.value < 2**256 or not 0 < deed.gas < 2**63:
            raise ComputeError(f"a scenario sends {deed.value} wei and {deed.gas} gas; neither can be")
        if deed.value and self._account(sender).balance < deed.value:
            return Called(data=b"", gas_used=0, reverted=NO_MONEY)
        price = self._head.gas_price
        if origin:
            self._set(sender, code=FORWARDER)
            ran = self._run(origin, sender, forwarded(to, deed.value, deed.data), 0, deed.gas, price)
        else:
            ran = self._run(sender, to, deed.data, deed.value, deed.gas, price)
        self._now.logs += ran.logs
        return Called(data=ran.data, gas_used=ran.gas_used, reverted=ran.reverted)

    def _plan(self, plan: Plan) -> Planned:
        address = split_asset(plan.pool)[1]
        self._subject = self._subject or address
        found = self._ways.get(plan.pool)
        if found is None:
            # What plugins are written with takes a while to import; scenarios that trade nothing do without.
            from sniper.runtime.way import way

            answer = self._asked(WayAsked(pool=plan.pool))
            if not isinstance(answer, WayGiven):
                raise ComputeError(f"pool {plan.pool} cannot be traded")
            found = self._ways[plan.pool] = way(plan.pool, answer)
            self._foreseen |= self._keep(answer.known)
        return found.planned(plan, self._now.logs, self._now.time)

    # ---- state ----

    def _account(self, address: str) -> Account:
        found = self._now.accounts.get(address) or self._block.accounts.get(address)
        if found is None:
            self._learn({(address, None)})
            found = self._block.accounts[address]
        return found

    def _slot(self, key: Key) -> int:
        address = key[0]
        if key in self._now.slots:
            return self._now.slots[key]
        if address in self._now.made:
            return 0
        if key not in self._block.slots:
            self._learn({key})
        return self._block.slots[key]

    def _set(self, address: str, *, balance: int | None = None, code: bytes | None = None) -> None:
        before = self._account(address)
        if code is not None and before.code == code:
            return
        balance = before.balance if balance is None else balance
        self._now.accounts[address] = (
            before._replace(balance=balance) if code is None else account(balance, before.nonce, code)
        )
        self._stale.add((address, None))

    def _learn(self, keys: set[Key], calls: tuple[Traced, ...] = ()) -> set[Key]:
        """Ask for state; all keys that are known because of that."""
        wanted = sorted(keys, key=lambda key: (key[0], -1 if key[1] is None else key[1]))
        return self._told(
            Lacks(
                accounts=tuple(address for address, slot in wanted if slot is None),
                slots=tuple((address, slot) for address, slot in wanted if slot is not None),
                calls=calls,
            )
        )

    def _told(self, question: Lacks | Missed) -> set[Key]:
        answer = self._asked(question)
        if not isinstance(answer, Given):
            raise ComputeError("the state of the chain cannot be read")
        return self._keep(answer)

    def _keep(self, given: Given) -> set[Key]:
        for each in given.accounts:
            self._block.accounts[each.address] = account(each.balance, each.nonce, each.code)
        for word in given.slots:
            self._block.slots[word.address, word.slot] = word.value
        accounts: set[Key] = {(each.address, None) for each in given.accounts}
        return accounts | {(word.address, word.slot) for word in given.slots}

    # ---- the EVM ----

    def _run(
        self, sender: str, to: str, data: bytes, value: int, gas: int, price: int = 0, *, stays: bool = True
    ) -> Ran:
        """One transaction. Where it does not stay, it was only a look."""
        self._subject = self._subject or to
        held, name = self._evm.held, (self._subject, to, data[:4])
        kind = self._kind(name)
        always: tuple[Key, ...] = ((sender, None), (to, None), (self._head.coinbase, None))
        used = {key for key in always if key not in held}
        if self._ready.get(name) is not held:
            used |= kind.keys - held
            self._ready[name] = held
        unknown = self._unknown(used)
        if unknown or not kind.keys:
            used |= self._learn(unknown, () if kind.keys else (self._traced(sender, to, data, value, gas),))
        if used or self._stale:
            self._put(used)
        tx, look = Transaction(sender, to, data, value, gas, price), (sender, to, data)
        watched = stays or look not in self._block.seen.looks
        ran, seen = self._evm.run(
            tx, self._account(sender), self._now.number, self._now.time, watched=watched, undone=not kind.settled
        )
        if price or self._account(sender).code:
            self._stale.add((sender, None))
        if watched:
            self._remember(name, kind, seen, reverted=bool(ran.reverted))
        if not stays:
            self._block.seen.looks.add(look)
        elif not ran.reverted:
            self._apply(seen, sender, price * gas)
        return ran

    def _kind(self, name: tuple[str, str, bytes]) -> Kind:
        kinds = self._block.seen.kinds
        kind = kinds.get(name)
        if kind is None or len(kind.keys) > MOST_KEYS:
            kind = kinds[name] = Kind(keys=set(self._foreseen))
        return kind

    def _remember(self, name: tuple[str, str, bytes], kind: Kind, seen: list[Looked], *, reverted: bool) -> None:
        """What a call looked at, for the next ones of its kind."""
        now, block = self._now, self._block
        looked = {key for each in seen if each.address not in now.made for key in each.wanted()}
        for each in seen:
            if each.created or each.address in now.made:
                continue
            for slot, (old, _) in each.slots.items():
                if (each.address, slot) not in now.slots:
                    block.slots.setdefault((each.address, slot), old)
        if unknown := self._unknown(looked):
            self._learn(unknown)
        kind.keys |= looked
        self._evm.held |= looked
        if reverted and not kind.settled:
            # Of what it looked at in calls that were undone, its journal tells nothing.
            known = len(block.accounts) + len(block.slots)
            kind.keys |= self._told(Missed())
            del self._ready[name]
            kind.settled = len(block.accounts) + len(block.slots) == known

    def _unknown(self, used: set[Key]) -> set[Key]:
        now, block = self._now, self._block
        return {
            key
            for key in used
            if (
                key[0] not in now.accounts and key[0] not in block.accounts
                if key[1] is None
                else key not in now.slots and key not in block.slots and key[0] not in now.made
            )
        }

    def _put(self, used: set[Key]) -> None:
        """Let the EVM have what will be used, and what has changed."""
        evm, now = self._evm, self._now
        if not evm.held:
            self._stale.update(now.slots, ((address, None) for address in now.accounts))
        wanted = used | self._stale
        words = [(address, slot) for address, slot in wanted if slot is not None]
        # Accounts first: the EVM loads an account to put a word into it.
        accounts = {address for address, _ in words if (address, None) not in evm.held}
        accounts.update(address for address, slot in wanted if slot is None)
        for address in accounts:
            evm.put_account(address, self._account(address))
        for key in words:
            evm.put_word(*key, self._slot(key))
        self._stale.clear()

    def _put_of(self, address: str) -> set[Key]:
        """What the EVM has of an account's storage."""
        return {key for key in self._evm.held if key[0] == address and key[1] is not None}

    def _apply(self, seen: list[Looked], sender: str, fee: int) -> None:
        now = self._now
        for looked in seen:
            address = looked.address
            before = now.accounts.get(address) or self._block.accounts.get(address)
            if looked.created or looked.destroyed:
                now.made.add(address)
                self._stale |= self._put_of(address)
            if looked.destroyed:
                self._stale.add((address, None))
                now.accounts[address] = NOBODY
                for key in [key for key in now.slots if key[0] == address]:
                    del now.slots[key]
                continue
            balance = looked.balance - (fee if address == sender else 0)
            before = before or NOBODY
            code, code_hash = before.code, before.code_hash
            if looked.code_hash != before.code_hash and address != sender:
                code, code_hash = looked.code(), looked.code_hash
            if (balance, looked.nonce, code_hash) != (before.balance, before.nonce, before.code_hash):
                now.accounts[address] = Account(balance, looked.nonce, code, code_hash)
                self._stale.add((address, None))
            for slot, (old, new) in looked.slots.items():
                key = address, slot
                if old != new or key in now.slots:
                    now.slots[key] = new
                    self._stale.add(key)

    def _traced(self, sender: str, to: str, data: bytes, value: int, gas: int) -> Traced:
        now = self._now
        changed = {**now.accounts}
        return Traced(
            sender=sender,
            to=to,
            data=data,
            value=value,
            gas=gas,
            accounts=tuple(
                AccountAt(address=address, balance=each.balance, nonce=each.nonce, code=each.code)
                for address, each in sorted(changed.items())
            ),
            slots=tuple(
                SlotAt(address=address, slot=slot, value=value)
                for (address, slot), value in sorted(now.slots.items())
                if slot is not None
            ),
        )
