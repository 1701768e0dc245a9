"""A stage on a node: ``eth_simulateV1``. Nothing is kept there: each request runs again what came before it.

Senders are charged gas by the node, at a price that is not zero. So that no scenario notices, each is given a reserve
before its first transaction, which is left out of what `Holding` says; only code that looks at the native balance of
another address sees it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from msgspec import structs

from sniper.errors import ComputeError, RpcError, said, told
from sniper.evm.rpc import Endpoints
from sniper.evm.simulate import (
    BlockOverride,
    CallResult,
    SimulatedBlock,
    SimulatedCall,
    StateOverride,
    simulate_blocks,
)
from sniper.runtime.forwarder import FORWARDER, forwarded
from sniper.runtime.probing import (
    BANK,
    PROBES,
    pays_out,
    reads_balance,
    reads_code,
    reads_slot,
)
from sniper.runtime.stage import (
    BALANCE_OF,
    NO_MONEY,
    PLENTY,
    TRANSFER,
    Apart,
    Emitted,
    Endow,
    Head,
    Holding,
    Plan,
    Planned,
    Request,
    Requests,
    Source,
    Together,
)
from sniper.scenario import Advance, Call, Called, Code, Fund, Mark, Rewind, Storage
from sniper.types import NATIVE, split_asset

T = TypeVar("T")

RESERVE: Final = 50_000_000
"""Gas that a sender is given the means for, once and again: no more, for there are traps that look for riches."""
AT_ONCE: Final = 16
"""Branches that are played at the same time."""
EVENLY: Final = 32
"""Blocks that `Advance` lets pass one by one; more are jumped over."""
COINBASE: Final = "0x" + "5117e12" * 5 + "5117f"
"""Stands in where a block names nobody, which only development nodes do."""

Planner = Callable[[Plan, Sequence[Emitted], int], Planned]
"""See `Desk.plan`; with the logs of the pool and the time, seconds."""
Sources = Callable[[str, int], Awaitable[Source]]
"""Who has that much of a token in a simulation."""


async def read_head(endpoints: Endpoints, block: str) -> Head:
    """The block with this hash, and how long after its parent it came. Raises `RpcError`."""
    found = await endpoints.call("eth_getBlockByHash", (block, False))
    try:
        number, time = int(found["number"], 16), int(found["timestamp"], 16)
        before = await endpoints.call("eth_getBlockByHash", (found["parentHash"], False)) if number else None
        coinbase = str(found.get("miner") or NATIVE).lower()
        return Head(
            chain_id=endpoints.chain_id,
            number=number,
            hash=block,
            time=time,
            interval=min(max(time - int(before["timestamp"], 16), 1), 15) if before else 12,
            base_fee=int(found.get("baseFeePerGas") or "0x0", 16),
            gas_limit=int(found["gasLimit"], 16),
            coinbase=COINBASE if coinbase == NATIVE else coinbase,
            randao=bytes.fromhex(str(found.get("mixHash") or "0x" + "00" * 32)[2:]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as cause:
        raise RpcError(f"chain {endpoints.chain_id}: block {block} is {found!r:.200}: {cause!r}") from None


@dataclass(frozen=True)
class Done:
    """A call that stays. ``payer``: who paid ``gas`` for it. ``reserves``: whom it gives the means for ``gas``."""

    call: SimulatedCall
    payer: str = ""
    gas: int = 0
    reserves: str = ""


@dataclass
class Played:
    """One block, so far."""

    number: int
    time: int
    done: tuple[Done, ...] = ()


@dataclass
class Asked:
    """A call of the request at hand. ``deed``: its place in the request, where it answers or belongs to one."""

    call: SimulatedCall
    deed: int
    what: str
    done: Done | None = None


@dataclass
class NodeStage:
    """One scenario on one node. Its requests are carried out one at a time; its branches at once, each on a twin."""

    endpoints: Endpoints
    head: Head
    planner: Planner
    sources: Sources
    _blocks: list[Played] = field(default_factory=list)
    _logs: list[Emitted] = field(default_factory=list)
    _marks: list[tuple[list[Played], list[Emitted]]] = field(default_factory=list)
    _states: dict[str, StateOverride] = field(default_factory=lambda: dict(PROBES))

    def __post_init__(self) -> None:
        self._blocks.append(Played(self.head.number + 1, self.head.time + self.head.interval))

    async def play(self, requests: Requests[T], name: str) -> T:
        """What the stage raises is let out; what the scenario ``name`` raises is a `ComputeError`."""
        answer: object = None
        while True:
            try:
                request = requests.send(answer)
            except StopIteration as end:
                value: T = end.value
                return value
            except ComputeError as error:
                raise ComputeError(f"{name}: {said(error)}") from error
            except Exception as error:  # a plugin's code
                raise ComputeError(f"{name}: {told(error)}") from error
            if isinstance(request, Apart):
                answer = await self._apart(request, name)
            else:
                answer = await self.answer(request)

    async def _apart(self, request: Apart, name: str) -> list[Any]:
        room = asyncio.Semaphore(AT_ONCE)

        async def play(requests: Requests[Any]) -> Any:
            async with room:
                return await self._twin().play(requests, name)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(play(each)) for each in request.each]
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None  # as where they are played in turn
        return [task.result() for task in tasks]

    def _twin(self) -> "NodeStage":
        """Another stage as this one is now."""
        twin = NodeStage(self.endpoints, self.head, self.planner, self.sources)
        twin._blocks, twin._logs = [copy(block) for block in self._blocks], list(self._logs)
        twin._states = dict(self._states)
        return twin

    async def answer(self, request: Request) -> Any:
        """Any: depends on the request. Raises `RpcError`, `ComputeError`, and what planning raises."""
        match request:
            case Together():
                return await self._together(request)
            case Plan():
                address = split_asset(request.pool)[1]
                return self.planner(request, [log for log in self._logs if log.address == address], self._now.time)
            case Fund():
                await self._fund(request.address.lower(), request.balance)
                return None
            case Advance():
                self._advance(request)
                return None
            case Mark():
                self._marks.append(([copy(block) for block in self._blocks], list(self._logs)))
                return len(self._marks) - 1
            case Rewind():
                if not 0 <= request.mark < len(self._marks):
                    raise ComputeError(f"a scenario goes back to mark {request.mark}, which it has not set")
                blocks, logs = self._marks[request.mark]
                self._blocks, self._logs = [copy(block) for block in blocks], list(logs)
                return None
            case Code():
                ((result,), _) = await self._run([reads_code(BANK, request.address.lower())])
                return result.data
            case Storage():
                _, more = await self._run([], [reads_slot(BANK, request.address.lower(), request.slot)])
                return int.from_bytes(more[0][0].data, "big")

    @property
    def _now(self) -> Played:
        return self._blocks[-1]

    def _advance(self, by: Advance) -> None:
        if by.blocks < 1 or by.seconds < 0:
            raise ComputeError(f"a scenario advances by {by.blocks} blocks and {by.seconds} s; time goes forward")
        begun = self._now
        counts = range(1, by.blocks + 1) if by.blocks <= EVENLY else (by.blocks,)
        for count in counts:
            time = begun.time + max(count if by.blocks <= EVENLY else 1, by.seconds * count // by.blocks)
            self._blocks.append(Played(begun.number + count, time))

    async def _fund(self, address: str, balance: int) -> None:
        found = await self._together(Together(deeds=(Holding(asset=NATIVE, address=address),)))
        has: int = found[0]
        if balance > has:
            await self._together(Together(deeds=(Endow(asset=NATIVE, address=address, amount=balance - has),)))
        elif balance < has:
            self._now.done += (Done(SimulatedCall(sender=address, to=BANK, value=has - balance, gas=100_000)),)

    # ---- deeds ----

    async def _together(self, request: Together) -> list[Any]:
        asked: list[Asked] = []
        left: dict[str, int] = {}
        for i, deed in enumerate(request.deeds):
            if isinstance(deed, Endow):
                asked.append(await self._endows(deed, i))
            elif isinstance(deed, Holding):
                asked.append(Asked(_holding(deed.asset, deed.address.lower()), i, "holding"))
            else:
                asked += self._calls(deed, i, left)
        results, _ = await self._run([each.call for each in asked])
        return self._told(request, asked, results)

    async def _endows(self, deed: Endow, i: int) -> Asked:
        address = deed.address.lower()
        if deed.asset == NATIVE:
            call = pays_out(address, deed.amount)
        else:
            token = deed.asset.lower()
            source = await self.sources(token, deed.amount)
            if source.slot is not None:
                known = self._states.get(token, StateOverride())
                slots = {**known.slots, source.slot: PLENTY}
                self._states[token] = structs.replace(known, slots=slots)
            data = TRANSFER.encode(address, deed.amount)
            call = SimulatedCall(sender=source.holder, to=token, data=data, gas=1_000_000)
        return Asked(call, i, "endow", Done(call))

    def _calls(self, deed: Call, i: int, left: dict[str, int]) -> list[Asked]:
        """``left``: gas that payers have means for, at least."""
        sender, origin, to, data = deed.sender.lower(), deed.origin.lower(), deed.to.lower(), deed.data
        if not 0 <= deed.value < 2**256 or not 0 < deed.gas < 2**63:
            raise ComputeError(f"a scenario sends {deed.value} wei and {deed.gas} gas; neither can be")
        found = []
        payer = origin or sender
        if origin:
            self._states[sender] = structs.replace(self._states.get(sender, StateOverride()), code=FORWARDER)
        if payer not in left:
            done = [done for block in self._blocks for done in block.done]
            left[payer] = sum(each.gas for each in done if each.reserves == payer)
            left[payer] -= sum(each.gas for each in done if each.payer == payer)
        if left[payer] < deed.gas:
            more = max(RESERVE, deed.gas)
            left[payer] += more
            call = pays_out(payer, more * self.head.gas_price)
            found.append(Asked(call, i, "reserve", Done(call, gas=more, reserves=payer)))
        left[payer] -= deed.gas
        if deed.value:
            found.append(Asked(reads_balance(BANK, sender), i, "money"))
        call = SimulatedCall(
            sender=payer,
            to=sender if origin else to,
            data=forwarded(to, deed.value, data) if origin else data,
            value=0 if origin else deed.value,
            gas=deed.gas,
            gas_price=self.head.gas_price,
        )
        return [*found, Asked(call, i, "call", Done(call, payer=payer))]

    def _told(self, request: Together, asked: list[Asked], results: list[CallResult]) -> list[Any]:
        """The answers of the deeds up to the first that reverted; what they changed stays."""
        answers: list[Any] = []
        for each, result in zip(asked, results, strict=True):
            deed = request.deeds[each.deed]
            if each.what == "money" and isinstance(deed, Call):
                if self._native(deed.sender.lower(), result) < deed.value:
                    return [*answers, Called(data=b"", gas_used=0, reverted=NO_MONEY)]
            elif isinstance(deed, Holding):
                native = deed.asset == NATIVE
                answers.append(self._native(deed.address.lower(), result) if native else _number(result))
            elif each.done is not None:
                done = each.done if not each.done.payer else Done(each.call, each.done.payer, result.gas_used)
                self._now.done += (done,)
                if isinstance(deed, Endow):
                    if not result.success:
                        raise ComputeError(f"{deed.address} cannot be given {deed.asset}: {result.reason}")
                    answers.append(None)
                elif each.what == "call":
                    reverted = "" if result.success else result.reason or "no reason given"
                    answers.append(Called(data=result.data, gas_used=result.gas_used, reverted=reverted))
                    if reverted:
                        return answers
                    self._logs += [
                        Emitted(address=log.address, topics=log.topics, data=log.data) for log in result.logs
                    ]
        return answers

    def _native(self, address: str, result: CallResult) -> int:
        """What an address would have if it neither had got the reserve nor paid for gas."""
        balance = _number(result)
        for block in self._blocks:
            for done in block.done:
                if done.reserves == address:
                    balance -= done.gas * self.head.gas_price
                if done.payer == address:
                    balance += done.gas * self.head.gas_price
        return balance

    async def _run(
        self, calls: list[SimulatedCall], more: Sequence[SimulatedBlock] = ()
    ) -> tuple[list[CallResult], list[list[CallResult]]]:
        """Results of ``calls`` at the end of the newest block, and those of the blocks after it."""
        played = [
            SimulatedBlock(
                calls=[*(done.call for done in block.done), *(calls if block is self._now else ())],
                states=self._states if i == 0 else {},
                override=BlockOverride(
                    number=block.number,
                    time=block.time,
                    base_fee=self.head.base_fee,
                    fee_recipient=self.head.coinbase,
                    randao=self.head.randao_at(block.number),
                ),
            )
            for i, block in enumerate(self._blocks)
        ]
        results = await simulate_blocks(self.endpoints, [*played, *more], block=self.head.hash)
        split = len(results) - len(more)
        return results[split - 1][len(self._now.done) :] if calls else [], results[split:]


def _holding(asset: str, address: str) -> SimulatedCall:
    if asset == NATIVE:
        return reads_balance(BANK, address)
    return SimulatedCall(sender=address, to=asset.lower(), data=BALANCE_OF.encode(address), gas=1_000_000)


def _number(result: CallResult) -> int:
    return int.from_bytes(result.data, "big") if result.success and len(result.data) == 32 else 0
