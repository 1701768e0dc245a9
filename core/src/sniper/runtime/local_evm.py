"""The EVM of a local stage: revm, by pyrevm 0.3.7. It runs one transaction at a time, and keeps nothing of it.

A transaction runs in a journal of its own, on top of what was put below the journal; then the journal is undone, to the
last word. So storage is cold, transient storage empty and the words before a transaction are its original ones, as on a
chain, though all transactions of a scenario run in one EVM: gas is the chain's, too.

pyrevm charges no gas, but wants the sender to have it: it is added to the sender's balance for the one transaction.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from pyrevm import EVM, AccountInfo, BlockEnv, CfgEnv, Env

from sniper.errors import ComputeError
from sniper.evm.keccak import keccak256
from sniper.evm.revert import revert_reason
from sniper.runtime.hardfork import LOCAL
from sniper.runtime.stage import Emitted, Head

NO_CODE: Final = keccak256(b"")
Key = tuple[str, int | None]
"""An account, or a word of its storage."""


class Account(NamedTuple):
    balance: int
    nonce: int
    code: bytes
    code_hash: bytes


def account(balance: int, nonce: int, code: bytes) -> Account:
    """An account whose code's hash is not known yet."""
    return Account(balance, nonce, code, keccak256(code) if code else NO_CODE)


NOBODY: Final = account(0, 0, b"")


class Transaction(NamedTuple):
    """``price``: wei per gas."""

    sender: str
    to: str
    data: bytes
    value: int
    gas: int
    price: int = 0


class Ran(NamedTuple):
    """What a transaction did. ``reverted``: why, where it did."""

    data: bytes
    gas_used: int
    reverted: str
    logs: list[Emitted]


class LocalEvm:
    """``held``: what was put below the journal, or was asked for there. What is not there the EVM asks for itself."""

    def __init__(self, head: Head, hardfork: str, url: str) -> None:
        """``url``: where the EVM asks for state."""
        self._head = head
        self._spec = LOCAL[hardfork]
        self._url = url
        self._begin()

    def _begin(self) -> None:
        self.held: set[Key] = set()
        self._codes = {NO_CODE}
        """Hashes of the code that it has."""
        self._sizes: dict[str, int] = {}
        """Bytes of code, by its hash, hex."""
        self._at: tuple[int, int] | None = None
        self._evm = EVM(
            env=Env(cfg=CfgEnv(chain_id=self._head.chain_id)),
            spec_id=self._spec,
            fork_url=self._url,
            fork_block=self._head.hash,
        )

    def put_account(self, address: str, known: Account) -> None:
        """What an account is like before the next transaction."""
        self._evm.insert_account_info(address, self._info(known))
        self.held.add((address, None))

    def put_word(self, address: str, slot: int, value: int) -> None:
        """What a word of storage is before the next transaction."""
        # pyrevm loads the account into the journal for this, where it would be warm, and its next words be taken for
        # written: going back leaves them in the state below the journal, where they belong.
        before = self._evm.snapshot()
        self._evm.insert_account_storage(address, slot, value)
        self._evm.revert(before)
        self.held.add((address, slot))

    def run(
        self, tx: Transaction, sender: Account, number: int, time: int, *, watched: bool, undone: bool
    ) -> tuple[Ran, list["Looked"]]:
        """Run it as ``sender`` in a block of that number and time; where gas has a price, or the sender has
        code, put it anew before the next one.

        Second: what it looked at, where it is ``watched``; where it reverts, as far as that can be told, and only if
        ``undone``. Raises `ComputeError`.
        """
        evm = self._evm
        if self._at != (number, time):
            evm.set_block_env(self._block(number, time))
            self._at = number, time
        if tx.price or sender.code:
            # Without its code: revm takes no transactions from contracts (EIP-3607).
            paying = AccountInfo(balance=sender.balance + tx.price * tx.gas, nonce=sender.nonce)  # type: ignore[call-arg]
            evm.insert_account_info(tx.sender, paying)
        before = evm.snapshot()
        # Warm (EIP-3651). revm would load it for good; loaded here, it is undone like all else.
        evm.basic(self._head.coinbase)
        ran = _execute(evm, tx)
        if isinstance(ran, str):
            # pyrevm does not say what it leaves behind then.
            self._begin()
            return Ran(b"", 0, ran, []), []
        seen = list(self._journal(evm.journal_str)) if watched and (undone or not ran.reverted) else []
        evm.revert(before)
        return ran, seen

    def _journal(self, text: str) -> Iterator["Looked"]:
        """The accounts in revm's journal, from its text: pyrevm 0.3.7 gives no storage otherwise. All of that text is
        numbers, hex and names of revm's own."""
        end = text.rindex(_END)
        at = text.find(_ACCOUNT, 0, end)
        while at >= 0:
            info = _INFO.match(text, at + len(_ACCOUNT))
            if info is None:
                raise ComputeError("pyrevm's journal cannot be read; use the version that is pinned")
            code, code_hash = info.end(), info[3]
            # Most of the text is code, two digits a byte: where its length is known, that is not searched.
            skipped = 0 if text.startswith("None", code) else 2 * self._sizes.get(code_hash, 0)
            storage = text.index(_STORAGE, code + skipped)
            status = text.index(_STATUS, storage)
            flags = text[status + len(_STATUS) : text.index(")", status)]
            yield Looked(
                address=text[at - 42 : at],
                balance=int(info[1]),
                nonce=int(info[2]),
                code_hash=bytes.fromhex(code_hash),
                code_text=text[code:storage],
                slots={int(slot): (int(old), int(new)) for slot, old, new in _SLOT.findall(text, storage, status)},
                created="Created" in flags,
                destroyed="SelfDestructed" in flags,
            )
            at = text.find(_ACCOUNT, status, end)

    def _info(self, known: Account) -> Any:
        """pyrevm has no useful types. Code is handed over once: that takes longer than a small transaction."""
        if known.code_hash in self._codes:
            return AccountInfo(balance=known.balance, nonce=known.nonce, code_hash=known.code_hash)  # type: ignore[call-arg]
        self._codes.add(known.code_hash)
        self._sizes[known.code_hash.hex()] = len(known.code)
        return AccountInfo(  # type: ignore[call-arg]  # its stub lacks the balance
            balance=known.balance, nonce=known.nonce, code=known.code, code_hash=known.code_hash
        )

    def _block(self, number: int, time: int) -> BlockEnv:
        head = self._head
        return BlockEnv(
            number=number,
            timestamp=time,
            coinbase=head.coinbase,
            basefee=head.base_fee,
            gas_limit=head.gas_limit,
            prevrandao=head.randao_at(number),
            excess_blob_gas=0,
        )


def _execute(evm: Any, tx: Transaction) -> Ran | str:
    """What it did; words, where it could not begin."""
    try:
        found = evm.message_call(
            caller=tx.sender, to=tx.to, calldata=tx.data, value=tx.value, gas=tx.gas, gas_price=tx.price
        )
    except RuntimeError as error:
        failed = _FAILED.match(str(error))
        if failed is None:
            return str(error)[:200]
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

    def wanted(self) -> Iterator[Key]:
        """What of it had to be known; of an account that it has made, nothing."""
        if not self.created:
            yield self.address, None
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
_STORAGE: Final = " }, storage: {"
_END: Final = ", transient_storage: "
_STATUS: Final = ", status: AccountStatus("
