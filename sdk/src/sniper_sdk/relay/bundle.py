"""Transactions that are to be in one block together or not at all, and how relays' requests spell them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sniper.errors import CodecError
from sniper.evm.keccak import keccak256
from sniper.evm.transaction import LegacyTransaction, decode_signed, recover_sender, transaction_hash
from sniper_sdk.relay.refusal import Refused

FARTHEST: Final = 25
"""Blocks that a private transaction may wait at most: Flashbots' documentation of ``eth_sendPrivateTransaction``."""
FOREVER: Final = 2**63


@dataclass(frozen=True)
class Transaction:
    """Signed bytes and what the builder must know of them; fees in wei per gas, ``sender`` lower-case."""

    raw: bytes
    hash: str
    sender: str
    nonce: int
    gas: int
    max_fee: int
    max_tip: int
    call: dict[str, str] = field(compare=False)

    @classmethod
    def parse(cls, text: object) -> "Transaction":
        """From hex. Raises `Refused` for what is none, and for types other than legacy and EIP-1559."""
        try:
            if not isinstance(text, str):
                raise ValueError("not text")
            raw = bytes.fromhex(text.removeprefix("0x"))
            transaction, _ = decode_signed(raw)
            sender = recover_sender(raw)
        except (ValueError, CodecError) as error:
            raise Refused(f"rlp: no signed transaction: {error}") from None
        legacy = isinstance(transaction, LegacyTransaction)
        max_fee = transaction.gas_price if isinstance(transaction, LegacyTransaction) else transaction.max_fee
        tip = max_fee if isinstance(transaction, LegacyTransaction) else transaction.max_priority_fee
        call = {
            "from": sender,
            "value": hex(transaction.value),
            "input": "0x" + transaction.data.hex(),
            "gas": hex(transaction.gas),
            "nonce": hex(transaction.nonce),
            **({"to": transaction.to} if transaction.to else {}),
            **(
                {"gasPrice": hex(max_fee)}
                if legacy
                else {"maxFeePerGas": hex(max_fee), "maxPriorityFeePerGas": hex(tip)}
            ),
        }
        return cls(raw, transaction_hash(raw), sender, transaction.nonce, transaction.gas, max_fee, tip, call)

    def tip(self, base_fee: int) -> int:
        """What the block's proposer gets per gas at this base fee, wei; below zero where it does not even pay that."""
        return min(self.max_tip, self.max_fee - base_fee)


@dataclass(frozen=True)
class Bundle:
    """A public or a private transaction is a bundle of one.

    key         What it replaces and what cancels it; ``owner``: address of who sent it, empty for the public pool.
    first/last  Blocks for which it is valid; ``begins``/``ends``: their times in seconds.
    reverting   Hashes of those that may revert and stay; ``dropping``: of those that may be left out, and not revert.
    """

    key: tuple[str, ...]
    owner: str
    transactions: tuple[Transaction, ...]
    first: int = 0
    last: int = FOREVER
    begins: int = 0
    ends: int = FOREVER
    reverting: frozenset[str] = frozenset()
    dropping: frozenset[str] = frozenset()

    @property
    def hash(self) -> str:
        """Keccak of its transactions' hashes, one after the other, as Flashbots names bundles."""
        return "0x" + keccak256(b"".join(bytes.fromhex(each.hash[2:]) for each in self.transactions)).hex()

    @property
    def senders(self) -> frozenset[str]:
        return frozenset(each.sender for each in self.transactions)

    def fits(self, block: int, time: int) -> bool:
        """Whether a block of this number and time (seconds) may hold it."""
        return self.first <= block <= self.last and self.begins <= time <= self.ends


def public(transaction: Transaction) -> Bundle:
    """Of the public pool: it pays for a revert, too."""
    key = ("public", transaction.sender, str(transaction.nonce))
    return Bundle(key, "", (transaction,), reverting=frozenset({transaction.hash}))


def private(owner: str, transaction: Transaction, head: int, last: int | None) -> Bundle:
    """What one relay keeps for one user; left out of blocks in which it would revert."""
    key = ("private", owner, transaction.sender, str(transaction.nonce))
    farthest = head + FARTHEST
    return Bundle(key, owner, (transaction,), last=farthest if last is None else min(last, farthest))


def eth_bundle(owner: str, asked: dict[str, Any], head: int) -> Bundle:
    """Of ``eth_sendBundle``. Any: JSON. Raises `Refused`. Without a block it is meant for the next one."""
    block = quantity(asked, "blockNumber", head + 1) or head + 1
    transactions = _transactions(asked.get("txs"))
    return Bundle(
        key=_key(owner, asked, transactions, block),
        owner=owner,
        transactions=transactions,
        first=block,
        last=block,
        begins=quantity(asked, "minTimestamp", 0),
        ends=quantity(asked, "maxTimestamp", 0) or FOREVER,
        reverting=_hashes(asked, "revertingTxHashes"),
        dropping=_hashes(asked, "droppingTxHashes"),
    )


def mev_bundle(owner: str, asked: dict[str, Any], head: int) -> Bundle:
    """Of ``mev_sendBundle`` (version v0.1), as far as one's own transactions go. Any: JSON. Raises `Refused`, also for
    bundles that hold somebody else's transaction by its hash, or other bundles."""
    if asked.get("version") not in ("v0.1", "beta-1"):
        raise Refused(f"version {asked.get('version')!r} is not known; write v0.1", number=-32602)
    inclusion, body = asked.get("inclusion"), asked.get("body")
    if not isinstance(inclusion, dict) or not isinstance(body, list):
        raise Refused("inclusion and body are needed", number=-32602)
    if any(not isinstance(each, dict) or "tx" not in each for each in body):
        raise Refused("body: only signed transactions of one's own are taken here", number=-32602)
    transactions = _transactions([each["tx"] for each in body])
    first = quantity(inclusion, "block", head + 1)
    last = quantity(inclusion, "maxBlock", first)
    if last < first:
        raise Refused(f"inclusion: maxBlock {last} is before block {first}", number=-32602)
    may = frozenset(tx.hash for tx, each in zip(transactions, body, strict=True) if each.get("canRevert"))
    return Bundle(
        key=_key(owner, asked, transactions, first),
        owner=owner,
        transactions=transactions,
        first=first,
        last=last,
        reverting=may,
    )


def quantity(asked: dict[str, Any], name: str, default: int) -> int:
    """A number, or one in hex. Any: JSON. Raises `Refused`."""
    value = asked.get(name)
    if value is None:
        return default
    try:
        number = int(value, 16) if isinstance(value, str) else int(value)
    except (TypeError, ValueError):
        raise Refused(f"{name} {value!r:.80} is no number", number=-32602) from None
    if number < 0:
        raise Refused(f"{name} {number} is below zero", number=-32602)
    return number


def _key(owner: str, asked: dict[str, Any], transactions: Sequence[Transaction], block: int) -> tuple[str, ...]:
    uuid = asked.get("replacementUuid")
    if uuid:
        return ("uuid", owner, str(uuid))
    if not transactions:
        raise Refused("a bundle without transactions cancels, which needs a replacementUuid", number=-32602)
    return ("bundle", owner, str(block), *(each.hash for each in transactions))


def _transactions(texts: object) -> tuple[Transaction, ...]:
    if not isinstance(texts, list):
        raise Refused("txs is no list", number=-32602)
    return tuple(Transaction.parse(each) for each in texts)


def _hashes(asked: dict[str, Any], name: str) -> frozenset[str]:
    found = asked.get(name) or []
    if not isinstance(found, list):
        raise Refused(f"{name} is no list", number=-32602)
    return frozenset(str(each).lower() for each in found)
