"""Follows the kernel's blocks, and tells what the wallets did in them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

import structlog

from sniper.errors import RpcError, said
from sniper.events import Event, SignalHeard
from sniper.evm.endpoint import NodeError
from sniper.evm.rpc import Endpoints
from sniper.feed import Feed, FeedContext
from sniper.types import SECOND, asset_id
from sniper_feed_wallet_watch.config import WalletWatchConfig
from sniper_feed_wallet_watch.deeds import Deed, Transaction, deeds
from sniper_feed_wallet_watch.reading import Found, read

AGAIN: Final = 32
"""Blocks that are looked at again where a reorg has put others into their place. What was told of them before is the
same thing said again."""
LONGEST_PAUSE_S: Final = 30.0

_log = structlog.get_logger(__name__)


class WalletWatch(Feed):
    """From the kernel's newest block on. A lost connection ends nothing: it goes on where it was. ``last``: the block
    up to which all is told."""

    config: WalletWatchConfig

    def __init__(self, config: WalletWatchConfig, context: FeedContext) -> None:
        super().__init__(config, context)
        self._endpoints: Endpoints = context.endpoints
        self._names = {each: name for name, wallet in config.wallets.items() for each in wallet.addresses}
        self._money = frozenset(config.money)
        self._range = config.range_blocks
        self._last_hash = ""
        self.last: int | None = None

    async def events(self) -> AsyncIterator[Sequence[Event]]:
        """As `Feed.events`: an empty batch where blocks were looked at in vain."""
        failures = 0
        while True:
            head = self._head()
            if head is None or self.last is None or head <= self.last:
                await asyncio.sleep(self.config.poll_s)
                continue
            first, last = self.last + 1, min(head, self.last + self._range)
            try:
                found = await read(self._endpoints, self._names.keys(), first, last)
            except RpcError as error:
                if isinstance(error, NodeError):
                    self._range = max(1, self._range // 2)
                failures += 1
                pause = min(LONGEST_PAUSE_S, self.config.poll_s * 2 ** min(failures, 8))
                chain_id = self.context.chain_id
                _log.warning("wallets are not seen", chain_id=chain_id, reason=said(error)[:300], again_in_s=pause)
                await asyncio.sleep(pause)
                continue
            failures = 0
            self._range = min(self.config.range_blocks, 2 * self._range)
            self._reached(last)
            if found.left_out:
                _log.warning("more transactions than are looked at", left_out=found.left_out, first=first, last=last)
            yield self._told(found)

    def _head(self) -> int | None:
        """The newest block that may be looked at. Where a reorg took the one up to which all is told, goes back."""
        resume = self.context.resume
        if resume is None:
            return None
        head: int = resume["number"] - self.config.confirmations
        if self.last is None:
            self._reached(head)
            return head
        hashes = dict(resume.get("recent", ()))
        if head < self.last or hashes.get(self.last, self._last_hash) != self._last_hash:
            self._reached(min(head, self.last - AGAIN))
        return head

    def _reached(self, number: int) -> None:
        resume = self.context.resume
        self.last = max(0, number)
        self._last_hash = dict(resume.get("recent", ())).get(self.last, "") if resume else ""

    def _told(self, found: Found) -> list[SignalHeard]:
        now = self.context.now()
        return [
            self._signal(address, transaction, deed, found.times.get(transaction.block, 0), now)
            for transaction, moves in found.transactions
            for address in sorted({each for move in moves for each in move[1:3]} & self._names.keys())
            for deed in deeds(address, transaction, moves, self._money)
            if (self.config.swaps if deed.direction else self.config.transfers)
        ]

    def _signal(self, address: str, transaction: Transaction, deed: Deed, timestamp: int, now: int) -> SignalHeard:
        name = self._names[address]
        wallet = self.config.wallets[name]
        at = timestamp * SECOND or now
        return SignalHeard(
            time=now,
            source=f"{self.context.name}.{name}",
            id=f"{transaction.hash}:{deed.token}",
            kind="swap" if deed.direction else "transfer",
            about=(asset_id(self.context.chain_id, deed.token),),
            direction=deed.direction,
            strength=wallet.strength_bps,
            at=at,
            expires=at + wallet.lives_s * SECOND if wallet.lives_s else 0,
            text=f"{address} {deed.words}: {deed.amount} base units, in block {transaction.block}",
        )
