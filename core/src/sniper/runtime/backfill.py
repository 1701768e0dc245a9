"""The past of a chain as a journal, as if a run had been there: what `sniper.runtime.backtest` trades on.

Blocks and logs come from the feed of the config, which verifies that they follow each other; they are told at the time
of their block. What only a run would have asked at that time (states of older pools, evidence of probes) is not there.
"""

from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from sniper.catalogue import Catalogue
from sniper.errors import ConfigError, JournalError
from sniper.events import Block, Event, Log, Reorg
from sniper.evm.rpc import Endpoints, Provider
from sniper.journal.segments import list_segments
from sniper.journal.writer import Writer
from sniper.kernel.kernel import Kernel
from sniper.runtime.feeding import Context, checked
from sniper.runtime.manifest import manifest
from sniper.runtime.records import input_record, read_records, register_events
from sniper.runtime.replay import frames
from sniper.runtime.wire import wire
from sniper.settings.resolved import Configured, Resolved
from sniper.specs import FeedSpec
from sniper.types import SECOND

SYNCED: Final = 500
"""Blocks between two times that all of it is made durable."""
_TOLD: Final = (Block, Log, Reorg)

Progress = Callable[[int, int], None]
"""Told how many blocks there are, and how many there will be."""


@dataclass(frozen=True)
class Backfilled:
    """``first``, ``last``: blocks of the journal, none between them missing. ``new``: blocks that were not there
    before, and ``logs``, how many came with them."""

    first: int
    last: int
    new: int
    logs: int


class _Past(Context):
    """A context that begins where the journal ends."""

    def __init__(self, name: str, kernel: Kernel, endpoints: Endpoints, head: "_Head") -> None:
        super().__init__(name, kernel, endpoints.chain_id, endpoints, _no_clock)  # type: ignore[arg-type]  # as `Clock`
        self._head = head

    @property
    def resume(self) -> dict[str, Any]:
        head = self._head
        return {"number": head.number, "hash": head.hash, "recent": ((head.number, head.hash),)}


@dataclass
class _Head:
    """The newest block that is known, and the first of the journal."""

    number: int
    hash: str
    first: int
    time: int = 0


def _no_clock() -> int:
    """Times are those of blocks."""
    return 0


async def backfill(
    resolved: Resolved,
    catalogue: Catalogue,
    chain: str,
    first: int,
    last: int,
    directory: Path,
    progress: Progress | None = None,
) -> Backfilled:
    """Blocks ``first`` to ``last``, both included, of a chain of the config, into the journal in ``directory``; one
    that is there already is gone on with.

    Raises `ConfigError`, `JournalError`, and `RpcError` where no endpoint answers: what was written until then stays.
    """
    if chain not in resolved.chains:
        raise ConfigError(f"there is no [chain.{chain}]; there are {', '.join(sorted(resolved.chains)) or 'none'}")
    table = resolved.chains[chain]
    feed = _feed(resolved)
    kernel = Kernel(wire(resolved, signs=False), lambda what, error: None)
    register_events()
    directory.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240  # nothing else runs here
    providers = [Provider(url=url.url, rate=table.rate, burst=table.rate) for url in table.endpoints]
    async with Endpoints(table.id, providers) as endpoints:
        await endpoints.connect()
        newest = int(await endpoints.call("eth_blockNumber"), 16)
        if not 0 < first <= last <= newest:
            raise ConfigError(f"blocks {first} to {last}: they must be above 0, in order, and at most {newest} by now")
        head = _known(directory, table.id, first) or await _before(endpoints, first)
        with Writer(directory) as writer:
            if not writer.epoch:
                writer.begin_epoch(manifest(resolved, catalogue))
            new, logs = await _written(
                feed.cls(feed.config, _Past(feed.name, kernel, endpoints, head)), writer, head, last, progress
            )
            writer.sync()
    return Backfilled(head.first, head.number, new, logs)


async def _written(feed: Any, writer: Writer, head: _Head, last: int, progress: Progress | None) -> tuple[int, int]:
    """How many blocks and logs. Any: a feed's class is the plugin's."""
    new = logs = 0
    if head.number >= last:
        return 0, 0
    async with aclosing(feed.events()) as batches:
        async for batch in batches:
            events = [each for each in checked(batch, feed.context.chain_id) if isinstance(each, _TOLD)]
            for block in _blocks(events):
                _follows(block[0], head, writer.directory)
                writer.append([input_record(event) for event in block])
                new, logs = new + 1, logs + len(block) - 1
                if new % SYNCED == 0:
                    writer.sync()
                if progress:
                    progress(new, new + last - head.number)
                if head.number >= last:
                    return new, logs
    raise ConfigError(f"the feed ended at block {head.number}, before {last}")


def _blocks(events: Sequence[Event]) -> list[list[Event]]:
    """Each block with its logs, at the time of the block."""
    found: list[list[Event]] = []
    time = 0
    for event in events:
        if isinstance(event, Block):
            time = event.timestamp * SECOND
            found.append([])
        if not found:
            raise JournalError(
                "the chain replaced blocks that the journal ends with, or that were being read: backfill into another "
                "journal, and end with a block that is final"
            )
        found[-1].append(replace(event, time=time))  # type: ignore[type-var]  # every event is a msgspec struct
    return found


def _follows(block: Event, head: _Head, directory: Path) -> None:
    """Step to the next block. Raises `JournalError` where one is missing or it follows another one."""
    assert isinstance(block, Block)
    if (block.number - 1, block.parent) != (head.number, head.hash):
        raise JournalError(
            f"{directory}: block {block.number} follows {block.parent}, and the journal ends with block {head.number} "
            f"{head.hash}: the chain was another one then; backfill into another journal"
        )
    head.number, head.hash, head.time = block.number, block.hash, block.time


def _known(directory: Path, chain_id: int, first: int) -> _Head | None:
    """Where the journal ends; None where nothing is in it. Raises `JournalError` where it begins elsewhere."""
    head: _Head | None = None
    if not list_segments(directory):
        return None
    for frame in frames(directory, 0):
        for event in read_records(frame.first, frame.records):
            if isinstance(event, Block) and event.chain_id == chain_id:
                head = head or _Head(event.number, event.hash, event.number)
                head.number, head.hash, head.time = event.number, event.hash, event.time
    if head is not None and head.first != first:
        raise JournalError(f"{directory} begins with block {head.first}, not {first}; backfill into another journal")
    return head


async def _before(endpoints: Endpoints, first: int) -> _Head:
    block = await endpoints.call("eth_getBlockByNumber", (hex(first - 1), False))
    if not isinstance(block, dict) or not isinstance(block.get("hash"), str):
        raise ConfigError(f"no endpoint has block {first - 1}, which must be known to begin behind it")
    return _Head(first - 1, block["hash"].lower(), first)


def _feed(resolved: Resolved) -> Configured:
    for feed in resolved.feeds:
        if isinstance(feed.spec, FeedSpec) and "block/1" in feed.spec.emits:
            return feed
    raise ConfigError("no feed of the config tells blocks; add one, such as [feed.evm-logs]")
