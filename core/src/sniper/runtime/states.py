"""The state of chains after single blocks, read from nodes in batches and kept: what a local EVM runs on.

The block's hash is part of every key, so no reorg makes anything here wrong.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sniper.errors import RpcError
from sniper.evm.rpc import Endpoints, NodeError, Request, block_parameter
from sniper.runtime.errand import AccountAt, Given, Lacks, SlotAt, Traced
from sniper.runtime.stage import Head

MOST_BLOCKS: Final = 2
MOST_KNOWN: Final = 50_000
"""Accounts and words of one block that are kept; above that all are forgotten."""


class After:
    """What is known of the state after one block."""

    def __init__(self) -> None:
        self.accounts: dict[str, AccountAt] = {}
        self.slots: dict[tuple[str, int], int] = {}
        self.codes: dict[bytes, bytes] = {}

    def add(self, account: AccountAt) -> None:
        """The same code is kept once."""
        code = self.codes.setdefault(account.code, account.code)
        self.accounts[account.address] = AccountAt(
            address=account.address, balance=account.balance, nonce=account.nonce, code=code
        )


class States:
    """Of all chains."""

    def __init__(self) -> None:
        self._blocks: OrderedDict[tuple[int, str], After] = OrderedDict()
        self._untraced: set[int] = set()

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
        block = block_parameter(head.hash)
        requests: list[Request] = []
        for address, slot in keys:
            if slot is None:
                methods = ("eth_getBalance", "eth_getTransactionCount", "eth_getCode")
                requests += [(method, (address, block)) for method in methods]
            else:
                requests.append(("eth_getStorageAt", (address, f"{slot:#066x}", block)))
        answers = iter(await endpoints.batch(requests))
        try:
            for address, slot in keys:
                if slot is not None:
                    after.slots[address, slot] = _number(next(answers))
                    continue
                balance, nonce, code = _number(next(answers)), _number(next(answers)), _bytes(next(answers))
                after.add(AccountAt(address=address, balance=balance, nonce=nonce, code=code))
        except (TypeError, ValueError) as cause:
            raise RpcError(f"chain {head.chain_id}: a node gave state that makes no sense: {cause!r}") from None

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
        for word in call.slots:
            of_account = changed.setdefault(word.address, {}).setdefault("stateDiff", {})
            of_account[f"{word.slot:#066x}"] = f"{word.value:#066x}"
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
            return _traced(found, changed, after)
        except (KeyError, TypeError, ValueError, AttributeError) as cause:
            raise RpcError(f"chain {head.chain_id}: debug_traceCall gave {found!r:.200}: {cause!r}") from None


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


def _traced(
    found: Mapping[str, Any], changed: Mapping[str, Any], after: After
) -> tuple[set[str], set[tuple[str, int]]]:
    accounts: set[str] = set()
    slots: set[tuple[str, int]] = set()
    for key, state in found.items():
        address, known = key.lower(), changed.get(key.lower(), {})
        if not known:
            after.add(
                AccountAt(
                    address=address,
                    balance=_number(state.get("balance", "0x0")),
                    nonce=int(state.get("nonce") or 0),
                    code=_bytes(state.get("code") or "0x"),
                )
            )
            accounts.add(address)
        for slot, value in (state.get("storage") or {}).items():
            if slot not in known.get("stateDiff", {}):
                after.slots[address, int(slot, 16)] = _number(value)
                slots.add((address, int(slot, 16)))
    return accounts, slots


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
