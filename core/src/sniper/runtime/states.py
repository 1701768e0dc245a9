"""The state of chains after single blocks, read from nodes in batches and kept: what a local EVM runs on.

The block's hash is part of every key, so no reorg makes anything here wrong.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sniper.errors import RpcError
from sniper.evm.keccak import keccak256
from sniper.evm.rpc import Endpoints, NodeError, Request, block_parameter
from sniper.runtime.errand import AccountAt, Given, Lacks, SlotAt, Traced
from sniper.runtime.forwarder import word
from sniper.runtime.probing import BALANCES, CENSUS, READER
from sniper.runtime.stage import Head

MOST_BLOCKS: Final = 2
MOST_KNOWN: Final = 50_000
"""Accounts and words of one block that are kept; above that all are forgotten."""
MOST_CODES: Final = 1_000
_NO_CODE: Final = int.from_bytes(keccak256(b""), "big")


class After:
    """What is known of the state after one block."""

    def __init__(self) -> None:
        self.accounts: dict[str, AccountAt] = {}
        self.slots: dict[tuple[str, int], int] = {}


class States:
    """Of all chains."""

    def __init__(self) -> None:
        self._blocks: OrderedDict[tuple[int, str], After] = OrderedDict()
        self._untraced: set[int] = set()
        self._codes: dict[int, bytes] = {_NO_CODE: b""}
        """By their hashes."""
        self._seen: set[str] = set()
        """Accounts that were there in some block: it is likely that their nonces will be asked for."""

    async def given(self, endpoints: Endpoints, head: Head, lacks: Lacks) -> Given:
        """What a worker lacks. Of a call that has just begun, all that it would look at is read at once, where the node
        can tell (``debug_traceCall``). Raises `RpcError`."""
        after = self._after(head)
        more = self._missing(after, lacks)
        looked: tuple[set[str], set[tuple[str, int]]] = (set(), set())
        if lacks.calls and head.chain_id not in self._untraced:
            for found in await asyncio.gather(*(self._trace(endpoints, head, after, call) for call in lacks.calls)):
                looked[0].update(found[0])
                looked[1].update(found[1])
            more = self._missing(after, lacks)
        if more:
            await self._read(endpoints, head, after, more)
        accounts, slots = looked[0].union(lacks.accounts), looked[1].union(lacks.slots)
        return Given(
            accounts=tuple(after.accounts[address] for address in sorted(accounts)),
            slots=tuple(SlotAt(address=key[0], slot=key[1], value=after.slots[key]) for key in sorted(slots)),
        )

    def _after(self, head: Head) -> After:
        key = head.chain_id, head.hash
        after = self._blocks.setdefault(key, After())
        self._blocks.move_to_end(key)
        if len(self._blocks) > MOST_BLOCKS:
            self._blocks.popitem(last=False)
        if len(after.accounts) + len(after.slots) > MOST_KNOWN:
            after = self._blocks[key] = After()
        return after

    def _missing(self, after: After, lacks: Lacks) -> list[tuple[str, int | None]]:
        accounts = [(address, None) for address in lacks.accounts if address not in after.accounts]
        return [*accounts, *(key for key in lacks.slots if key not in after.slots)]

    async def _read(
        self, endpoints: Endpoints, head: Head, after: After, keys: Sequence[tuple[str, int | None]]
    ) -> None:
        """One request for the words of each account, one for all balances and hashes of code, and one for each nonce of
        an account that is there; code is read once."""
        block = block_parameter(head.hash)
        addresses = [address for address, slot in keys if slot is None]
        slots: dict[str, list[int]] = {}
        for address, slot in keys:
            if slot is not None:
                slots.setdefault(address, []).append(slot)
        counted = [address for address in addresses if address in self._seen]
        requests = [
            *(
                _reads(address, READER, [slot.to_bytes(32, "big") for slot in of], block)
                for address, of in slots.items()
            ),
            *([_reads(BALANCES, CENSUS, [word(address) for address in addresses], block)] if addresses else ()),
            *(("eth_getTransactionCount", (address, block)) for address in counted),
        ]
        try:
            answers = iter(await endpoints.batch(requests))
            for address, of in slots.items():
                for slot, value in zip(of, _words(next(answers)), strict=True):
                    after.slots[address, slot] = value
            if not addresses:
                return
            census = _words(next(answers))
            found = dict(zip(addresses, zip(census[::2], census[1::2], strict=True), strict=True))
            there = {address: code_hash for address, (_, code_hash) in found.items() if code_hash}
            nonces = {address: _number(next(answers)) for address in counted}
            uncounted = [address for address in there if address not in nonces]
            codes = {code_hash: self._codes.get(code_hash) for code_hash in there.values()}
            unread = {code_hash: address for address, code_hash in there.items() if codes[code_hash] is None}
            requests = [
                *(("eth_getTransactionCount", (address, block)) for address in uncounted),
                *(("eth_getCode", (address, block)) for address in unread.values()),
            ]
            answers = iter(await endpoints.batch(requests) if requests else ())
            nonces.update({address: _number(next(answers)) for address in uncounted})
            codes.update({code_hash: _code(next(answers), code_hash) for code_hash in unread})
        except (TypeError, ValueError) as cause:
            raise RpcError(f"chain {head.chain_id}: a node gave state that makes no sense: {cause!r}") from None
        for address, (balance, code_hash) in found.items():
            after.accounts[address] = AccountAt(
                address=address, balance=balance, nonce=nonces.get(address, 0), code=codes.get(code_hash) or b""
            )
        self._keep({code_hash: codes[code_hash] or b"" for code_hash in unread})
        if len(self._seen) + len(there) > MOST_KNOWN:
            self._seen.clear()
        self._seen.update(there)

    def _keep(self, codes: Mapping[int, bytes]) -> None:
        """Each once, whoever has it."""
        if len(self._codes) + len(codes) > MOST_CODES:
            self._codes = {_NO_CODE: b""}
        for code_hash, code in codes.items():
            self._codes.setdefault(code_hash, code)

    async def _trace(
        self, endpoints: Endpoints, head: Head, after: After, call: Traced
    ) -> tuple[set[str], set[tuple[str, int]]]:
        """What a call would look at; read into ``after``, but for what was changed before it."""
        sender = next((each for each in call.accounts if each.address == call.sender), None)
        changed: dict[str, dict[str, Any]] = {}
        for each in call.accounts:
            changed[each.address] = {
                "balance": hex(each.balance),
                "nonce": hex(each.nonce),
                "code": "0x" + each.code.hex(),
            }
        for at in call.slots:
            of_account = changed.setdefault(at.address, {}).setdefault("stateDiff", {})
            of_account[f"{at.slot:#066x}"] = f"{at.value:#066x}"
        if sender is None or sender.balance < call.value:
            changed.setdefault(call.sender, {})["balance"] = hex(2**128)
        asked = {
            "from": call.sender,
            "to": call.to,
            "input": "0x" + call.data.hex(),
            "value": hex(call.value),
            "gas": hex(min(call.gas, head.gas_limit)),
        }
        options = {"tracer": "prestateTracer", "stateOverrides": changed}
        try:
            found = await endpoints.call("debug_traceCall", (asked, block_parameter(head.hash), options))
        except NodeError as error:
            # What it does not say at once is read as it turns out to be wanted.
            if _has_no_method(error):
                self._untraced.add(head.chain_id)
            return set(), set()
        try:
            return self._traced(found, changed, after)
        except (KeyError, TypeError, ValueError, AttributeError) as cause:
            raise RpcError(f"chain {head.chain_id}: debug_traceCall gave {found!r:.200}: {cause!r}") from None

    def _traced(
        self, found: Mapping[str, Any], changed: Mapping[str, Any], after: After
    ) -> tuple[set[str], set[tuple[str, int]]]:
        accounts: set[str] = set()
        slots: set[tuple[str, int]] = set()
        for key, state in found.items():
            address, known = key.lower(), changed.get(key.lower(), {})
            if not known:
                code = _bytes(state.get("code") or "0x")
                code_hash = int.from_bytes(keccak256(code), "big")
                self._keep({code_hash: code})
                after.accounts[address] = AccountAt(
                    address=address,
                    balance=_number(state.get("balance", "0x0")),
                    nonce=int(state.get("nonce") or 0),
                    code=self._codes[code_hash],
                )
                accounts.add(address)
            different = {int(slot, 16) for slot in known.get("stateDiff", {})}  # nodes write a number in several ways
            for slot, value in (state.get("storage") or {}).items():
                if int(slot, 16) not in different:
                    after.slots[address, int(slot, 16)] = _number(value)
                    slots.add((address, int(slot, 16)))
        return accounts, slots


NO_METHOD: Final = frozenset((-32601, -32004))
"""JSON-RPC 2.0, section 5.1: method not found; EIP-1474: method not supported."""
REFUSED: Final = re.compile(
    r"(method|debug_\w+)\b.*\b(not (found|exist|supported|available|allowed|enabled|whitelisted)|disabled|blocked)"
    r"|(unknown|unsupported|no such) method|upgrade .*\bplan",
    re.IGNORECASE | re.DOTALL,
)
"""What nodes say that keep a method to themselves, under codes of their own."""


def _has_no_method(error: NodeError) -> bool:
    """Whether it will say so of every call; else it is this one that it could not trace."""
    return error.number in NO_METHOD or REFUSED.search(error.text) is not None


def _reads(address: str, code: bytes, words: list[bytes], block: str | dict[str, str]) -> Request:
    """A call of an account that has other code for the moment."""
    call = {"to": address, "data": "0x" + b"".join(words).hex()}
    return "eth_call", (call, block, {address: {"code": "0x" + code.hex()}})


def _words(answer: Any) -> list[int]:
    """Any: as below."""
    data = _bytes(answer)
    return [int.from_bytes(data[at : at + 32], "big") for at in range(0, len(data), 32)]


def _code(answer: Any, code_hash: int) -> bytes:
    """Any: as below."""
    code = _bytes(answer)
    if int.from_bytes(keccak256(code), "big") != code_hash:
        raise ValueError(f"code of {len(code)} bytes whose hash is not {code_hash:#066x}")
    return code


def _number(answer: Any) -> int:
    """Any: JSON, or the node's refusal, which is raised."""
    if isinstance(answer, NodeError):
        raise answer
    return int(answer, 16)


def _bytes(answer: Any) -> bytes:
    """Any: as above."""
    if isinstance(answer, NodeError):
        raise answer
    return bytes.fromhex(answer[2:])
