"""Blocks and logs of one EVM chain: each block once, in order, with all its wanted logs, whatever the nodes do."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any, Literal

from pydantic import Field

from sniper.events import Block, Log, Reorg
from sniper.evm.endpoint import NodeError
from sniper.evm.rpc import Endpoints
from sniper.feed import Config, Event, Feed, FeedContext
from sniper_feed_evm_logs import blocks
from sniper_feed_evm_logs.asking import ask
from sniper_feed_evm_logs.blocks import Filled
from sniper_feed_evm_logs.errors import NodeLied, NotThere, ReorgTooDeep, StandsStill
from sniper_feed_evm_logs.filters import Wanted
from sniper_feed_evm_logs.header import Header, Memory, header
from sniper_feed_evm_logs.heads import Heads

NEAR = 16
"""So close to the head blocks are asked for one by one and by hash, because there they are still replaced."""


class EvmLogsConfig(Config):
    poll_s: float = Field(1.0, gt=0, description="Seconds between two looks where no endpoint has subscriptions.")
    silent_s: float = Field(
        60.0, ge=0, description="Seconds without a new block after which the node counts as standing still; 0: never."
    )
    confirmations: int = Field(0, ge=0, description="Blocks that must follow a block before it is handed on.")
    window: int = Field(128, ge=1, description="The deepest reorg that is followed, in blocks.")
    range_blocks: int = Field(50, ge=1, le=1000, description="Blocks asked for at once when catching up.")


class EvmLogs(Feed):
    """Yields ``[Block, Log, …]`` per block, and ``[Reorg]`` before the blocks of another branch."""

    config: EvmLogsConfig

    def __init__(self, config: EvmLogsConfig, context: FeedContext) -> None:
        super().__init__(config, context)
        self._endpoints: Endpoints = context.endpoints
        self._memory = Memory(config.window)
        self._step = config.range_blocks

    async def events(self) -> AsyncIterator[Sequence[Event]]:
        """As `Feed.events`. Without ``context.resume`` it starts with the newest block.

        Lost subscriptions are replaced by polling and made again; `RpcError` when no endpoint gives usable answers,
        `StandsStill` when they give no new block, `ReorgTooDeep` when the chain replaced more than ``window`` blocks.
        """
        self._memory.resume(self.context.resume)
        loop = asyncio.get_running_loop()
        newest = loop.time()
        async with Heads(self._endpoints, self.config.poll_s) as heads:
            announced: Any = None
            while True:
                async with aclosing(self._follow(announced)) as batches:
                    async for batch in batches:
                        yield batch
                        newest = loop.time()
                if self.config.silent_s and loop.time() - newest > self.config.silent_s:
                    silent = f"chain {self.context.chain_id}: no new block for {self.config.silent_s:g} s"
                    raise StandsStill(f"{silent}; ask the node whether it is in sync")
                announced = await heads.next()

    async def _follow(self, announced: Any) -> AsyncGenerator[Sequence[Event], None]:
        """What is new. A block that vanishes while it is read is left to the next look."""
        try:
            if announced is not None and (batch := await self._next(announced)) is not None:
                yield batch
                return
            async with aclosing(self._catch_up()) as batches:
                async for batch in batches:
                    yield batch
        except NotThere:
            return

    async def _next(self, announced: Any) -> Sequence[Event] | None:
        """The announced block (JSON) where it follows the tip: one round trip. None: look at the chain itself."""
        if self._memory.tip is None or self.config.confirmations:
            return None
        try:
            head = header(announced)
            if (head.number - 1, head.parent) != self._memory.tip:
                return None
            return self._handed_on(await self._block(head))
        except (NodeLied, NotThere):
            return None

    async def _catch_up(self) -> AsyncGenerator[Sequence[Event], None]:
        """From the tip to the chain's head, over a reorg where there was one."""
        while True:
            goal = await self._goal()
            if goal is None:
                return
            tip = self._memory.tip
            if tip is None:
                yield self._handed_on(await self._block(goal))
                continue
            if goal.number <= tip[0]:
                # a node that lags shows an old block of this very branch; only another hash is another branch
                if self._memory.at(goal.number) in (goal.hash, None):
                    return
                yield [await self._reorg()]
                continue
            found = await self._following(tip[0], goal)
            if found[0].header.parent != tip[1]:
                yield [await self._reorg()]
                continue
            for block in found:
                yield self._handed_on(block)

    async def _goal(self) -> Header | None:
        """The newest block that has its confirmations, None where there is none yet."""
        newest = await self._header("latest")
        if not self.config.confirmations:
            return newest
        number = newest.number - self.config.confirmations
        return await self._header(number) if number >= 0 else None

    async def _following(self, tip: int, goal: Header) -> list[Filled]:
        """Some blocks after the tip, at least one."""
        if goal.number == tip + 1:
            return [await self._block(goal)]
        wanted = self._wanted()
        while (far := goal.number - NEAR - tip) > 0:
            first, last = tip + 1, tip + min(self._step, far)
            try:
                found = await ask(
                    self._endpoints,
                    blocks.by_number(first, last, wanted),
                    partial(blocks.read_range, first=first, last=last, wanted=wanted),
                )
            except NodeError:
                if last == first:
                    raise
                self._step = max(1, (last - tip) // 2)  # too many logs for one answer
                continue
            self._step = min(self.config.range_blocks, self._step + 1)
            return found
        return [await self._block(await self._header(tip + 1))]

    async def _reorg(self) -> Reorg:
        """Go back to the newest block that this branch shares with the chain.

        Where neither memory nor any node knows what came before a block (its branch is gone), go back to before the
        oldest block that the kernel still knows, or by the whole window where it did not say: what is above is handed
        on again.
        """
        tip = self._memory.tip
        assert tip is not None  # only what follows something can contradict it
        own: str | None = tip[1]
        lowest = max(0, tip[0] - self.config.window)
        chain: dict[int, str | None] = {}
        for number in range(tip[0], lowest - 1, -1):
            if number not in chain:
                chain |= await self._hashes(max(lowest, number - NEAR + 1), number)
            if own is None:
                ancestor = lowest if self._memory.oldest is None else number
                return self._back_to(ancestor, (await self._header(ancestor)).hash)
            if chain[number] == own:
                return self._back_to(number, own)
            own = await self._parent(own)
        raise ReorgTooDeep(
            f"chain {self.context.chain_id} replaced more than {self.config.window} blocks below {tip[0]} {tip[1]}: "
            "check that the endpoints serve the right chain and are in sync; raise window to follow deeper"
        )

    def _back_to(self, ancestor: int, hash_: str) -> Reorg:
        self._memory.tip = (ancestor, hash_)
        return Reorg(time=self.context.now(), chain_id=self.context.chain_id, ancestor=ancestor)

    def _handed_on(self, block: Filled) -> list[Event]:
        self._memory.append(block.header)
        time, chain_id, found = self.context.now(), self.context.chain_id, block.header
        head = Block(
            time=time,
            chain_id=chain_id,
            number=found.number,
            hash=found.hash,
            parent=found.parent,
            timestamp=found.timestamp,
            base_fee=found.base_fee,
            gas_used=found.gas_used,
            gas_limit=found.gas_limit,
            tips=block.tips,
        )
        logs = [
            Log(
                time=time,
                chain_id=chain_id,
                block=log.block,
                tx_hash=log.transaction,
                index=log.index,
                address=log.address,
                topics=log.topics,
                data=log.data,
            )
            for log in block.logs
        ]
        return [head, *logs]

    def _wanted(self) -> Wanted:
        return Wanted(self.context.subscriptions, self.context.watched())

    async def _block(self, found: Header) -> Filled:
        wanted = self._wanted()
        return await ask(
            self._endpoints,
            blocks.by_hash(found.number, found.hash, wanted),
            partial(blocks.read_one, number=found.number, hash_=found.hash, parent=found.parent, wanted=wanted),
        )

    async def _header(self, number: int | Literal["latest"]) -> Header:
        """The chain's own block of this number."""
        at, expected = (number, None) if isinstance(number, str) else (hex(number), number)
        return await ask(
            self._endpoints,
            [("eth_getBlockByNumber", (at, False))],
            lambda results: header(blocks.usable(results[0]), number=expected),
        )

    async def _hashes(self, first: int, last: int) -> dict[int, str | None]:
        """The hashes of the chain's own blocks; None above its head."""
        requests = [("eth_getBlockByNumber", (hex(number), False)) for number in range(first, last + 1)]

        def read(results: list[Any | NodeError]) -> dict[int, str | None]:
            found = enumerate(map(blocks.usable, results), first)
            return {number: None if block is None else header(block, number=number).hash for number, block in found}

        return await ask(self._endpoints, requests, read)

    async def _parent(self, hash_: str) -> str | None:
        """What came before a block of a branch that may be given up; None where nobody knows."""
        if (known := self._memory.parent(hash_)) is not None:
            return known
        try:
            found = await ask(
                self._endpoints,
                [("eth_getBlockByHash", (hash_, False))],
                lambda results: header(blocks.usable(results[0]), hash_=hash_),
            )
        except NotThere:
            return None
        return found.parent
