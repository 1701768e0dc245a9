"""The host does for a plugin in a worker what that may not do itself: it reads a chain.

An ``async def`` of such a plugin is one call of a worker that is not the kernel's. It runs in a thread of its own,
whose questions are answered in the loop of the shell.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Final, TypeVar

from sniper.errors import PermissionDenied, PluginFault
from sniper.io import Chain, Io
from sniper.isolation.far_io import LOG
from sniper.isolation.host import Ended, Worker
from sniper.isolation.network import Requests, plain
from sniper.isolation.packing import pack, unpack
from sniper.isolation.serving import BadQuestion
from sniper.isolation.told import ERRORS

T = TypeVar("T")
Answer = Callable[[str, list[Any]], Awaitable[Any]]
"""Answers a question. Any: plain values."""

MOST_ASKED: Final = 2_000
"""Questions of one call: each of them may cost a request to a node."""


async def errand(worker: Worker, form: str, given: bytes, read: Callable[[bytes], T], answer: Answer) -> T:
    """The one thing that an ``async def`` of a plugin returns. Raises what it raised, `WorkerLost` and
    `WorkerRogue`."""
    loop = asyncio.get_running_loop()
    asked = 0

    def serve(what: str, arguments: bytes) -> bytes:
        nonlocal asked
        asked += 1
        if asked > MOST_ASKED:
            raise BadQuestion(f"it asked more than {MOST_ASKED} questions, each of which may cost a request")
        return pack(asyncio.run_coroutine_threadsafe(_answered(answer, what, arguments), loop).result())

    def run() -> tuple[list[T], Ended]:
        worker.wait()
        return _all(worker.call(form, "", given, read=read, serve=serve, kept=b""))

    found, ended = await asyncio.to_thread(run)
    if ended.raised:
        raise ERRORS.get(ended.kind, PluginFault)(ended.raised)
    if len(found) != 1:
        raise PluginFault(f"it gave {len(found)} things where one is due")
    return found[0]


async def _answered(answer: Answer, what: str, arguments: bytes) -> Any:  # Any: plain values
    return await answer(what, unpack(arguments))


def _all(call: Generator[T, None, Ended]) -> tuple[list[T], Ended]:
    found: list[T] = []
    while True:
        try:
            found.append(next(call))
        except StopIteration as over:
            return found, over.value


class ChainReads:
    """Answers questions about one chain at one block, and nothing else."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    async def __call__(self, what: str, given: list[Any]) -> Any:  # Any: plain values
        """Raises `BadQuestion`, and what the chain raises."""
        chain = self._chain
        try:
            if what == "chain.read":
                address, signature, arguments = given
                return list(await chain.read(_text(address), _text(signature), *arguments))
            if what == "chain.code":
                return await chain.code(_text(*given))
            if what == "chain.storage":
                address, slot = given
                return await chain.storage(_text(address), _number(slot))
            if what == "chain.nonce":
                return await chain.nonce(_text(*given))
            if what == "chain.time":
                (number,) = given
                return await chain.time(None if number is None else _number(number))
            if what == "chain.mined":
                found = await chain.mined(_number(*given))
                rows = [[tx.hash, tx.sender, tx.to, tx.value, tx.nonce] for tx in found.transactions]
                return [found.number, found.timestamp, rows]
            if what == "chain.logs":
                return await self._logs(*given)
        except TypeError as error:  # too many values, or too few
            raise BadQuestion(f"{what}: asked with {given!r:.120}") from error
        raise BadQuestion(f"it asked for {what!r:.60}, which nobody answers")

    async def _logs(self, address: Any, topics: Any, first: Any, last: Any) -> Any:  # Any: what a worker sent
        found = await self._chain.logs(
            address=None if address is None else _texts(address),
            topics=[None if each is None else _texts(each) for each in topics],
            first=_number(first),
            last=None if last is None else _number(last),
        )
        return [[getattr(log, name) for name in LOG] for log in found]


class IoAsks:
    """Answers what a probe asks: about the chain of its account, and requests to the hosts that were granted."""

    def __init__(self, io: Io, chain_id: int, requests: Requests) -> None:
        self._io = io
        self._chain_id = chain_id
        self._requests = requests
        self._reads: ChainReads | None = None

    async def __call__(self, what: str, given: list[Any]) -> Any:  # Any: plain values
        """Raises `BadQuestion`, and what chain and requests raise."""
        if what == "io.chain":
            if given != [self._chain_id]:
                raise PermissionDenied(f"a check reads the chain of its account, {self._chain_id}, and no other")
            chain = await self._io.chain(self._chain_id)
            self._reads = ChainReads(chain)
            return chain.block
        if what == "io.fetch" and len(given) == 4 and type(given[3]) is bytes and isinstance(given[2], list):
            url, method, headers, body = given
            pairs = [(_text(name), _text(value)) for name, value in headers]
            return plain(await self._requests.fetch(_text(url), _text(method), pairs, body))
        if self._reads is None:
            raise BadQuestion(f"it asked for {what!r:.60}, and for no chain before")
        return await self._reads(what, given)


def _text(value: Any) -> str:
    if type(value) is not str:
        raise BadQuestion(f"a text is due, not {value!r:.60}")
    return value


def _texts(value: Any) -> str | list[str]:
    return [_text(each) for each in value] if isinstance(value, list) else _text(value)


def _number(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise BadQuestion(f"a number from 0 on is due, not {value!r:.60}")
    return value
