"""Blocks out of the public pool and bundles, by what they pay per gas; a bundle is in a block whole or not at all.

What a candidate pays is measured, not believed: it is played after what was chosen before it (``eth_simulateV1``), and
the balance of the block's coinbase tells, tips and direct payments alike. Then the chosen transactions, and no others,
are handed to the node in their order, one block is mined, and it must be what was chosen.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from sniper.errors import RpcError
from sniper_sdk.devchain import DevChain
from sniper_sdk.relay.bundle import Bundle, Transaction, public
from sniper_sdk.relay.refusal import BlockDiffers, Refused

BUMP_PERCENT: Final = 10
"""A replacement must pay so much more, in both its fees (geth, ``txpool.pricebump``)."""
_COINBASE: Final = "0x00000000000000000000000000000000000ba5e0"
_ASKER: Final = "0x00000000000000000000000000000000000ba5e1"
_ITS_BALANCE: Final = "0x41315f5260205ff3"
"""COINBASE BALANCE PUSH0 MSTORE PUSH1 32 PUSH0 RETURN."""
_QUESTION: Final = {"from": _ASKER, "to": _COINBASE, "gas": hex(100_000)}


@dataclass(frozen=True)
class Outcome:
    """What a transaction did when it was played: ``returned`` is its return data, ``error`` empty on success."""

    gas_used: int
    error: str
    returned: str


@dataclass(frozen=True)
class Played:
    """``paid``: wei that the coinbase got from all of them."""

    outcomes: tuple[Outcome, ...]
    paid: int

    @property
    def gas_used(self) -> int:
        """Of all of them."""
        return sum(outcome.gas_used for outcome in self.outcomes)


@dataclass(frozen=True)
class Built:
    """A block. ``left_out``: why, by the bundle's hash, of those that were meant for it."""

    number: int
    included: tuple[str, ...]
    left_out: dict[str, str]


@dataclass(frozen=True)
class Head:
    """The newest block, and what is known of the next one. ``time`` in seconds, ``base_fee`` in wei per gas."""

    number: int
    time: int
    base_fee: int
    gas_limit: int


@dataclass
class Entry:
    """A bundle of one relay. ``seen_from``: the first block whose builder knows it; ``hidden``: asked at each block."""

    bundle: Bundle
    seen_from: int
    hidden: Callable[[Collection[str]], bool]
    arrival: int


def _never(senders: Collection[str]) -> bool:
    return False


@dataclass
class _Block:
    """What was chosen so far. ``nonces``: the next one of each sender."""

    transactions: list[Transaction] = field(default_factory=list)
    nonces: dict[str, int] = field(default_factory=dict)
    must_succeed: set[str] = field(default_factory=set)
    gas_used: int = 0


class Builder:
    """The only one that makes blocks on ``chain``, which needs ``automine=False`` and ``order="fifo"``.

    A block that the chain mines by itself, as for `DevChain.send`, is one that another builder has won.
    """

    def __init__(self, chain: DevChain) -> None:
        if chain.automine or chain.block_time is not None or chain.order != "fifo":
            raise ValueError('a builder needs a chain that leaves mining to it: DevChain(automine=False, order="fifo")')
        self.chain = chain
        self._entries: dict[tuple[str, ...], Entry] = {}
        self._arrivals = 0

    # what there is

    def add(
        self, relay: str, bundle: Bundle, *, delay: int = 0, hidden: Callable[[Collection[str]], bool] = _never
    ) -> None:
        """Take a bundle, in the place of what has its key.

        A transaction that replaces another one of its sender and nonce must outbid it by 10%. Raises `Refused`.
        """
        head = self.head()
        key = (relay, *bundle.key)
        known = self._entries.get(key)
        if len(bundle.transactions) == 1 and bundle.key[0] in ("public", "private"):
            self._admit(bundle.transactions[0], head, known.bundle.transactions[0] if known else None)
        self._arrivals += 1
        self._entries[key] = Entry(bundle, head.number + 1 + delay, hidden, self._arrivals)

    def add_public(self, text: object) -> Transaction:
        """Take a transaction into the public pool. Raises `Refused` in geth's words."""
        transaction = Transaction.parse(text)
        self.add("", public(transaction))
        return transaction

    def remove(self, relay: str, key: tuple[str, ...]) -> bool:
        """Forget a bundle; whether there was one."""
        return self._entries.pop((relay, *key), None) is not None

    def bundles(self, relay: str = "") -> list[Bundle]:
        """What one relay, or the public pool, holds, in the order of arrival."""
        return [entry.bundle for key, entry in self._entries.items() if key[0] == relay]

    def pending_nonce(self, sender: str, nonce: int) -> int:
        """The sender's next nonce with the public pool counted; ``nonce``: without it."""
        while ("", "public", sender.lower(), str(nonce)) in self._entries:
            nonce += 1
        return nonce

    def head(self) -> Head:
        """What the next block is built on."""
        rpc = self.chain.rpc
        newest = rpc.call("eth_getBlockByNumber", "latest", False)
        fees = rpc.call("eth_feeHistory", "0x1", "latest", [])
        return Head(
            number=int(newest["number"], 16),
            time=int(newest["timestamp"], 16),
            base_fee=int(fees["baseFeePerGas"][-1], 16),
            gas_limit=int(newest["gasLimit"], 16),
        )

    # blocks

    def play(self, transactions: Sequence[Transaction]) -> Played:
        """What they would do at the beginning of the next block. Raises `Refused` where one of them cannot be in it at
        all: its nonce, its fees, or what its sender has."""
        return self._first(transactions, self.head())

    def _first(self, transactions: Sequence[Transaction], head: Head) -> Played:
        nonces: dict[str, int] = {}
        for each in transactions:
            self._executable(each, nonces, head)
        return self._simulate(transactions, (), head)

    def _simulate(self, transactions: Sequence[Transaction], after: Sequence[Transaction], head: Head) -> Played:
        """What they would do after others, whatever their nonces and fees. Raises `Refused`."""
        calls = [*(each.call for each in after), _QUESTION, *(each.call for each in transactions), _QUESTION]
        block = {
            "blockOverrides": {"time": hex(head.time + self.chain.block_interval)},
            "stateOverrides": {_COINBASE: {"code": _ITS_BALANCE}},
            "calls": calls,
        }
        try:
            (told,) = self.chain.rpc.call("eth_simulateV1", {"blockStateCalls": [block], "validation": False}, "latest")
        except RpcError as error:
            raise Refused(f"insufficient funds or no room for it: {error}") from None
        answers = told["calls"]
        before, mine, last = answers[len(after)], answers[len(after) + 1 : -1], answers[-1]
        paid = int(last["returnData"], 16) - int(before["returnData"], 16)
        return Played(tuple(_outcome(each) for each in mine), paid)

    def build(self) -> Built:
        """Mine the next block. Raises `BlockDiffers` where the node was sent transactions of its own."""
        head = self.head()
        self._forget(head)
        number, time = head.number + 1, head.time + self.chain.block_interval
        waiting = [
            entry
            for entry in self._entries.values()
            if entry.bundle.fits(number, time) and entry.seen_from <= number and not entry.hidden(entry.bundle.senders)
        ]
        waiting.sort(key=lambda entry: (-self._worth(entry.bundle, head), entry.arrival))
        block, left_out = _Block(), dict[str, str]()
        progressed = True
        while progressed:  # what was chosen may open the way for what has the next nonce
            progressed = False
            for entry in list(waiting):
                reason = self._extend(block, entry.bundle, head)
                if reason:
                    left_out[entry.bundle.hash] = reason
                    continue
                left_out.pop(entry.bundle.hash, None)
                waiting.remove(entry)
                progressed = True
        built = Built(number, self._mine(block), left_out)
        self._forget(self.head())
        return built

    def _extend(self, block: _Block, bundle: Bundle, head: Head) -> str:
        """Put a bundle behind what was chosen; else why not."""
        kept = list(bundle.transactions)
        for sender in bundle.senders - block.nonces.keys():
            block.nonces[sender] = self._nonce(sender)
        while True:
            nonces = dict(block.nonces)
            able: list[Transaction] = []
            for each in kept:
                try:
                    self._executable(each, nonces, head)
                except Refused as refused:
                    if each.hash not in bundle.dropping | bundle.reverting:
                        return str(refused)
                    continue
                able.append(each)
            if not able:
                return "nothing of it can be in this block"
            room = head.gas_limit - block.gas_used
            if sum(each.gas for each in able) > room:
                return f"it may use more than the {room} gas that are left"
            try:
                played = self._simulate(able, block.transactions, head)
            except Refused as refused:
                return str(refused)
            failed = [tx for tx, outcome in zip(able, played.outcomes, strict=True) if outcome.error]
            bad = [tx for tx in failed if tx.hash not in bundle.reverting]
            if not bad:
                block.transactions += able
                block.nonces = nonces
                block.must_succeed |= {each.hash for each in able} - {each.hash for each in failed}
                block.gas_used += played.gas_used
                return ""
            if any(tx.hash not in bundle.dropping for tx in bad):
                return f"{bad[0].hash} reverts"
            kept = [tx for tx in able if tx not in bad]

    def _worth(self, bundle: Bundle, head: Head) -> Fraction:
        """Wei per gas that the coinbase gets. Of a bundle that cannot stand first, what its tips promise."""
        try:
            played = self._first(bundle.transactions, head)
            return Fraction(played.paid, played.gas_used)
        except Refused:
            gas = sum(each.gas for each in bundle.transactions)
            return Fraction(sum(each.tip(head.base_fee) * each.gas for each in bundle.transactions), gas)

    def _mine(self, block: _Block) -> tuple[str, ...]:
        rpc = self.chain.rpc
        waiting = int(rpc.call("txpool_status")["pending"], 16)
        if waiting:
            raise BlockDiffers(f"the node's own pool holds {waiting} transactions; send them to a relay's URL instead")
        for each in block.transactions:
            rpc.call("eth_sendRawTransaction", "0x" + each.raw.hex())
        rpc.call("evm_mine")
        chosen = tuple(each.hash for each in block.transactions)
        mined = tuple(rpc.call("eth_getBlockByNumber", "latest", False)["transactions"])
        if mined != chosen:
            rpc.call("anvil_dropAllTransactions")
            raise BlockDiffers(f"chosen were {chosen}, and the node mined {mined}")
        for hash_ in sorted(block.must_succeed):
            if rpc.call("eth_getTransactionReceipt", hash_)["status"] != "0x1":
                raise BlockDiffers(f"{hash_} succeeded when it was played, and reverted in its block")
        return chosen

    def _forget(self, head: Head) -> None:
        """What can be in no later block."""
        for key, entry in list(self._entries.items()):
            bundle = entry.bundle
            single = bundle.key[0] in ("public", "private")
            past = single and bundle.transactions[0].nonce < self._nonce(bundle.transactions[0].sender)
            if past or bundle.last <= head.number or bundle.ends <= head.time:
                del self._entries[key]

    def _admit(self, transaction: Transaction, head: Head, known: Transaction | None) -> None:
        """geth's words (core/txpool): clients read them."""
        if known is not None and known.hash == transaction.hash:
            raise Refused("already known")
        if transaction.nonce < self._nonce(transaction.sender):
            raise Refused(f"nonce too low: next nonce {self._nonce(transaction.sender)}, tx nonce {transaction.nonce}")
        if known is not None:
            enough = (100 + BUMP_PERCENT) * known.max_fee, (100 + BUMP_PERCENT) * known.max_tip
            if 100 * transaction.max_fee < enough[0] or 100 * transaction.max_tip < enough[1]:
                raise Refused("replacement transaction underpriced")
        if transaction.max_fee < head.base_fee // 2 or transaction.max_tip <= 0:
            raise Refused("transaction underpriced")
        cost = int(transaction.call["value"], 16) + transaction.gas * transaction.max_fee
        held = self.chain.balance(transaction.sender)
        if cost > held:
            raise Refused(f"insufficient funds for gas * price + value: have {held} want {cost}")

    def _executable(self, transaction: Transaction, nonces: dict[str, int], head: Head) -> None:
        """``nonces``: the next one of each sender that was looked at, which this moves on. Raises `Refused`."""
        if transaction.sender not in nonces:
            nonces[transaction.sender] = self._nonce(transaction.sender)
        nonce = nonces[transaction.sender]
        if transaction.nonce != nonce:
            word = "low" if transaction.nonce < nonce else "high"
            raise Refused(f"nonce too {word}: {transaction.sender} has {nonce}, {transaction.hash} {transaction.nonce}")
        if transaction.max_fee < head.base_fee:
            raise Refused(f"max fee per gas less than block base fee: {transaction.max_fee} < {head.base_fee}")
        nonces[transaction.sender] = nonce + 1

    def _nonce(self, sender: str) -> int:
        return int(self.chain.rpc.call("eth_getTransactionCount", sender, "latest"), 16)


def _outcome(answer: dict[str, Any]) -> Outcome:
    """Any: JSON."""
    error = answer.get("error") or {}
    words = "" if answer["status"] == "0x1" else str(error.get("message") or "execution reverted")
    data = error.get("data") if isinstance(error.get("data"), str) else answer["returnData"]
    return Outcome(int(answer["gasUsed"], 16), words, data or "0x")
