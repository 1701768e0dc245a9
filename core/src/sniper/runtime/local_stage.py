"""A stage in this process: revm, by pyrevm. Runs in a worker, which asks the shell for the state that it needs.

Each transaction runs in an EVM of its own, as on a chain: with cold storage, without transient storage, and with the
state that the ones before it left. What calls of its kind looked at before is put into that EVM; what else it looks at,
the EVM asks the shell for itself, over HTTP as if that was a node. So nothing that is unknown is ever taken for zero.

pyrevm charges no gas, but wants the sender to have it: it is added to the sender's balance for the one transaction.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeVar

from pyrevm import EVM, AccountInfo, BlockEnv, CfgEnv, Env

from sniper.errors import ComputeError
from sniper.evm.keccak import keccak256
from sniper.evm.revert import revert_reason
from sniper.plugin import Frozen
from sniper.runtime.errand import (
    AccountAt,
    Given,
    Lacks,
    Missed,
    PlanAsked,
    PlanGiven,
    SlotAt,
    SourceAsked,
    SourceGiven,
    Traced,
)
from sniper.runtime.forwarder import FORWARDER, forwarded
from sniper.runtime.hardfork import LOCAL
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

MOST_KNOWN: Final = 100_000
"""Accounts and words of one block that are remembered; above that all are forgotten."""
MOST_KINDS: Final = 20_000
"""Kinds of calls of one block of which is remembered what they look at."""
MOST_BLOCKS: Final = 2

T = TypeVar("T")
Asked = Callable[[Frozen], Frozen]
"""Asks the shell."""
Key = tuple[str, int | None]
"""An account, or a word of its storage."""


class Account(NamedTuple):
    """``info``: the same, as the EVM takes it; made once, because that takes as long as a small transaction."""

    balance: int
    nonce: int
    code: bytes
    code_hash: bytes
    info: Any  # pyrevm has no useful types


def account(balance: int, nonce: int, code: bytes, code_hash: bytes | None = None) -> Account:
    """An account; ``code_hash`` where it is known."""
    code_hash = code_hash or keccak256(code)
    info = AccountInfo(balance=balance, nonce=nonce, code=code, code_hash=code_hash)  # type: ignore[call-arg]
    return Account(balance, nonce, code, code_hash, info)


@dataclass
class Kind:
    """Calls of one function of one target about one subject. ``keys``: what they looked at. ``settled``: the last one
    looked at nothing else."""

    keys: set[Key] = field(default_factory=set)
    settled: bool = False


@dataclass
class Block:
    """What is known of the state after one block. ``kinds``: of calls, by subject, target and selector."""

    accounts: dict[str, Account] = field(default_factory=dict)
    slots: dict[Key, int] = field(default_factory=dict)
    kinds: dict[tuple[str, str, bytes], Kind] = field(default_factory=dict)


class Blocks:
    """The newest blocks that something was played on."""

    def __init__(self) -> None:
        self._blocks: OrderedDict[str, Block] = OrderedDict()

    def at(self, head: Head) -> Block:
        """What is known of one."""
        block = self._blocks.setdefault(head.hash, Block())
        self._blocks.move_to_end(head.hash)
        if len(self._blocks) > MOST_BLOCKS:
            self._blocks.popitem(last=False)
        if len(block.accounts) + len(block.slots) > MOST_KNOWN or len(block.kinds) > MOST_KINDS:
            block = self._blocks[head.hash] = Block()
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

    def copy(self) -> "State":
        return State(self.number, self.time, dict(self.accounts), dict(self.slots), set(self.made), list(self.logs))


class Ran(NamedTuple):
    """What a transaction did. ``reverted``: why, where it did."""

    data: bytes
    gas_used: int
    reverted: str
    logs: list[Emitted]


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
        self._url = url
        self._head = head
        self._spec = LOCAL[hardfork]
        self._asked = asked
        self._now = State(head.number + 1, head.time + head.interval)
        self._marks: list[State] = []
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
                self._now = self._marks[request.mark].copy()
            case Code():
                return self._account(request.address.lower()).code
            case Storage():
                return self._slot((request.address.lower(), request.slot))
        return None

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
            if (subject, to, data[:4]) not in self._block.kinds:
                value = deed.value if isinstance(deed, Call) else 0
                calls[subject, to, data[:4]] = self._traced(sender, to, data, value, 5_000_000)
        unknown = self._unknown(wanted)
        if not unknown and not calls:
            return
        given = self._learn(unknown, tuple(calls.values()))
        for name in calls:
            # More than it needs: what one of these calls looks at, another one may look at, too.
            self._block.kinds[name] = Kind(keys={key for key in given if key[0] not in self._now.made})
            self._block.kinds[name].keys.add((name[1], None))

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
        logs = tuple(log for log in self._now.logs if log.address == address)
        answer = self._asked(PlanAsked(plan=plan, logs=logs, time=self._now.time))
        if not isinstance(answer, PlanGiven):
            raise ComputeError(f"pool {plan.pool} cannot be traded")
        return answer.planned

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
        code_hash = before.code_hash if code is None else None
        self._now.accounts[address] = account(balance, before.nonce, before.code if code is None else code, code_hash)

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
        for each in answer.accounts:
            self._block.accounts[each.address] = account(each.balance, each.nonce, each.code)
        for word in answer.slots:
            self._block.slots[word.address, word.slot] = word.value
        given: set[Key] = {(each.address, None) for each in answer.accounts}
        return given | {(word.address, word.slot) for word in answer.slots}

    # ---- the EVM ----

    def _run(
        self, sender: str, to: str, data: bytes, value: int, gas: int, price: int = 0, *, stays: bool = True
    ) -> Ran:
        """One transaction. Where it does not stay, it was only a look."""
        self._subject = self._subject or to
        kind = self._block.kinds.setdefault((self._subject, to, data[:4]), Kind())
        used = kind.keys | {(sender, None), (to, None)}
        unknown = self._unknown(used)
        if unknown or not kind.keys:
            used |= self._learn(unknown, () if kind.keys else (self._traced(sender, to, data, value, gas),))
        evm = self._evm(used, sender, price * gas)
        ran = _execute(evm, sender, to, data, value, gas, price)
        seen = list(_journal(evm.journal_str))
        if not kind.settled:
            missed = self._told(Missed())
            looked = {key for account in seen for key in account.keys(self._now.made)}
            kind.keys |= missed | (looked - self._unknown(looked))
            kind.settled = not missed
        if stays and not ran.reverted:
            self._apply(seen, sender, price * gas)
        return ran

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

    def _evm(self, used: set[Key], sender: str, fee: int) -> Any:
        head, now, block = self._head, self._now, self._block
        evm = EVM(
            env=Env(
                cfg=CfgEnv(chain_id=head.chain_id),
                block=BlockEnv(
                    number=now.number,
                    timestamp=now.time,
                    coinbase=head.coinbase,
                    basefee=head.base_fee,
                    gas_limit=head.gas_limit,
                    prevrandao=head.randao,
                    excess_blob_gas=0,
                ),
            ),
            spec_id=self._spec,
            fork_url=self._url,
            fork_block=head.hash,
        )
        used = used.union(now.slots, [(address, None) for address in now.accounts])
        for address in {address for address, _ in used}:
            if address != sender:
                evm.insert_account_info(address, self._account(address).info)
        who = now.accounts.get(sender) or block.accounts[sender]
        # Without its code: revm takes no transactions from contracts (EIP-3607).
        codeless = AccountInfo(balance=who.balance + fee, nonce=who.nonce)  # type: ignore[call-arg]  # its stub lacks it
        evm.insert_account_info(sender, codeless)
        for key in used:
            address, slot = key
            if slot is not None:
                value = now.slots.get(key)
                if value is None:
                    value = 0 if address in now.made else block.slots[key]
                # pyrevm loads the account into the journal for this, where it would be warm, and its next words be
                # taken for written: going back leaves them in the state below the journal, where they belong.
                before = evm.snapshot()
                evm.insert_account_storage(address, slot, value)
                evm.revert(before)
        return evm

    def _apply(self, seen: list["Looked"], sender: str, fee: int) -> None:
        now = self._now
        for looked in seen:
            address = looked.address
            before = now.accounts.get(address) or self._block.accounts.get(address)
            if looked.destroyed:
                now.accounts[address] = account(0, 0, b"")
                now.made.add(address)
                for key in [key for key in now.slots if key[0] == address]:
                    del now.slots[key]
                continue
            if looked.created:
                now.made.add(address)
            balance = looked.balance - (fee if address == sender else 0)
            if before is None:
                before = account(0, 0, b"")
            code, code_hash = before.code, before.code_hash
            if looked.code_hash != before.code_hash and address != sender:
                code, code_hash = looked.code(), looked.code_hash
            if (balance, looked.nonce, code_hash) != (before.balance, before.nonce, before.code_hash):
                now.accounts[address] = account(balance, looked.nonce, code, code_hash)
            for slot, (old, new) in looked.slots.items():
                if old != new or (address, slot) in now.slots:
                    now.slots[address, slot] = new

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


def _execute(evm: Any, sender: str, to: str, data: bytes, value: int, gas: int, price: int) -> Ran:
    try:
        found = evm.message_call(caller=sender, to=to, calldata=data, value=value, gas=gas, gas_price=price)
    except RuntimeError as error:
        failed = _FAILED.match(str(error))
        if failed is None:
            return Ran(b"", 0, str(error)[:200], [])
        output = bytes.fromhex(failed["output"] or "")
        reason = revert_reason(output) if failed["kind"] == "Revert" else _HALTED.format(failed["reason"])
        return Ran(output, int(failed["gas"]), reason, [])
    except BaseException as panic:
        if type(panic).__name__ != "PanicException":  # of Rust; it cannot be imported
            raise
        raise ComputeError(f"the EVM could not go on: {str(panic)[:200]}") from None
    result = evm.result
    logs = [
        Emitted(
            address=log.address.lower(),
            topics=tuple(_topic(topic) for topic in log.topics),
            data=bytes(log.data[1]),
        )
        for log in result.logs
    ]
    return Ran(bytes(found), result.gas_used, "", logs)


_FAILED = re.compile(
    r"(?P<kind>Revert|Halt) \{ (?:reason: (?P<reason>.*), )?gas_used: (?P<gas>\d+)"
    r"(?:, output: 0x(?P<output>[0-9a-f]*))? \}"
)
_HALTED: Final = "the EVM stopped it: {}"


def _topic(topic: object) -> str:
    text = topic.hex() if isinstance(topic, bytes) else str(topic)
    return text if text.startswith("0x") else "0x" + text


class Looked(NamedTuple):
    """An account that a transaction looked at, as it left it. ``slots``: words before and after."""

    address: str
    balance: int
    nonce: int
    code_hash: bytes
    code_text: str
    slots: dict[int, tuple[int, int]]
    created: bool
    destroyed: bool

    def keys(self, made: set[str]) -> Iterator[Key]:
        """What of it must have been known."""
        if self.created:
            return
        yield self.address, None
        if self.address not in made:
            for slot in self.slots:
                yield self.address, slot

    def code(self) -> bytes:
        """Code that a transaction has made."""
        found = _CODE.search(self.code_text)
        if found is None:
            return b""
        code = bytes.fromhex(found["code"])
        return code if found["length"] is None else code[: int(found["length"])]


_CODE = re.compile(r"bytecode: 0x(?P<code>[0-9a-f]*), state: (?:Raw|Analysed \{ len: (?P<length>\d+))")
_ACCOUNT: Final = ": Account { info: AccountInfo { balance: "
_INFO = re.compile(r"(\d+), nonce: (\d+), code_hash: 0x([0-9a-f]{64}), code: ")
_SLOT = re.compile(r"(\d+): StorageSlot \{ previous_or_original_value: (\d+), present_value: (\d+) \}")
_STORAGE: Final = ", storage: {"
_STATUS: Final = ", status: AccountStatus("


def _journal(text: str) -> Iterator[Looked]:
    """The accounts in revm's journal, from its text: pyrevm 0.3.7 gives no storage otherwise. All of that text is
    numbers, hex and names of revm's own."""
    end = text.index(", transient_storage: ")
    at = text.find(_ACCOUNT, 0, end)
    while at >= 0:
        info = _INFO.match(text, at + len(_ACCOUNT))
        if info is None:
            raise ComputeError("pyrevm's journal cannot be read; use the version that is pinned")
        storage = text.index(_STORAGE, info.end())
        status = text.index(_STATUS, storage)
        flags = text[status + len(_STATUS) : text.index(")", status)]
        yield Looked(
            address=text[at - 42 : at],
            balance=int(info[1]),
            nonce=int(info[2]),
            code_hash=bytes.fromhex(info[3]),
            code_text=text[info.end() : storage],
            slots={int(slot): (int(old), int(new)) for slot, old, new in _SLOT.findall(text, storage, status)},
            created="Created" in flags,
            destroyed="SelfDestructed" in flags,
        )
        at = text.find(_ACCOUNT, status, end)
