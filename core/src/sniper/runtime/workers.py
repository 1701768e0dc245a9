"""Worker processes as the shell sees them: pure work, capped in time and memory; what went wrong is an answer."""

import asyncio
import contextlib
import hashlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from sniper.codec import decode, encode
from sniper.errors import CodecError, ComputeError
from sniper.plugin import Frozen
from sniper.runtime.answered import Answers, Shared
from sniper.runtime.carried import carrier
from sniper.runtime.errand import LENGTH, LONGEST, Begin, Compute, Computed, Failed
from sniper.runtime.surroundings import plain

T = TypeVar("T")

WITHIN_S: Final = 2.0
"""Seconds that one piece of work may take."""
MEMORY: Final = 1 << 30
"""Bytes of address space that a worker may have."""
KEPT: Final = 64 << 20
"""Bytes of results that are remembered."""
START_S: Final = 10.0
"""Seconds within which a new process must be there."""
_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}


class Worker:
    """One process and the socket to it."""

    def __init__(self, process: asyncio.subprocess.Process, connection: socket.socket) -> None:
        self._process = process
        self._connection = connection

    @classmethod
    async def start(cls, memory: int) -> "Worker":
        """Raises `ComputeError`."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-B",  # no bytecode: a new file in a trusted plugin's environment would have it refused
                    "-c",
                    "import sys; from sniper.runtime.worker import main; sys.exit(main())",
                    str(theirs.fileno()),
                    "--parent",
                    str(os.getpid()),
                    "--memory",
                    str(memory),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    env={**plain(), **_ONE_THREAD},
                )
        except OSError as error:
            ours.close()
            raise ComputeError(f"no worker process can be started: {error.strerror}") from error
        ours.setblocking(False)
        made = cls(process, ours)
        await made.send(Begin(path=tuple(sys.path)))
        return made

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended yet, as far as is known."""
        return self._process.returncode is None

    async def send(self, message: Frozen) -> None:
        """Raises `ComputeError` where it has ended."""
        data = encode(message)
        if len(data) > LONGEST:
            raise ComputeError(f"{len(data)} bytes are more than a worker takes")
        try:
            await asyncio.get_running_loop().sock_sendall(self._connection, LENGTH.pack(len(data)) + data)
        except OSError as error:
            raise self._ended() from error

    async def receive(self) -> Frozen:
        """Raises `ComputeError` where it has ended, or says what makes no sense."""
        (size,) = LENGTH.unpack(await self._read(LENGTH.size))
        if size > LONGEST:
            raise ComputeError(f"a worker answered with {size} bytes; return less")
        try:
            return decode(await self._read(size))
        except CodecError as error:
            raise ComputeError(f"a worker's answer cannot be read: {error}") from error

    async def _read(self, size: int) -> bytes:
        loop, parts = asyncio.get_running_loop(), []
        while size:
            try:
                part = await loop.sock_recv(self._connection, min(size, 1 << 20))
            except OSError as error:
                raise self._ended() from error
            if not part:
                raise self._ended()
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _ended(self) -> ComputeError:
        return ComputeError("the worker process ended in the middle of its work: no memory, or a defect in a library")

    async def end(self) -> None:
        """Kill it; it holds nothing."""
        self._connection.close()
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it may end in this moment
                self._process.kill()
        await self._process.wait()


class Workers:
    """At most ``count`` processes, started when they are needed, and again after one has ended or was ended."""

    def __init__(self, count: int = 2, *, within_s: float = WITHIN_S, memory: int = MEMORY) -> None:
        self._count = count
        self.within_s = within_s
        self._memory = memory
        self._free = asyncio.Semaphore(count)
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._results = Answers(KEPT)
        self._running = Shared[bytes]()

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of those that are there."""
        return tuple(sorted(worker.pid for worker in (*self._idle, *self._busy)))

    async def warm(self) -> None:
        """Start the processes now. Raises `ComputeError`."""
        while len(self._idle) + len(self._busy) < self._count:
            self._idle.insert(0, await Worker.start(self._memory))

    async def compute(self, function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        """See `sniper.io.Io.compute`."""
        carries = carrier(function)
        arguments = carries.write(args, kwargs)
        key = carries.name, hashlib.sha256(arguments).digest()
        result = self._results.get(key)
        if result is None:
            result = await self._running.run(key, lambda: self._compute(key, arguments))
        value: T = carries.read_result(result)
        return value

    async def _compute(self, key: tuple[str, bytes], arguments: bytes) -> bytes:
        async with self.worker(key[0]) as worker:
            await worker.send(Compute(function=key[0], arguments=arguments))
            answer = await worker.receive()
            if not isinstance(answer, Computed | Failed) or (isinstance(answer, Failed) and answer.ends):
                raise ComputeError(f"{key[0]}: {getattr(answer, 'reason', type(answer).__name__)}")
        if isinstance(answer, Failed):
            raise ComputeError(f"{key[0]}: {answer.reason}")
        self._results.put(key, answer.result)
        return answer.result

    @asynccontextmanager
    async def worker(self, what: str, within_s: float | None = None) -> AsyncIterator[Worker]:
        """A process for one piece of work. It is ended where the block raises, is cancelled, or takes too long, which
        is a `ComputeError`."""
        within_s = self.within_s if within_s is None else within_s
        async with self._free:
            try:
                async with asyncio.timeout(START_S):
                    worker = self._alive() or await Worker.start(self._memory)
            except TimeoutError:
                raise ComputeError(f"no worker process was there within {START_S:g} s") from None
            self._busy.add(worker)
            sound = False
            try:
                async with asyncio.timeout(within_s):
                    yield worker
                sound = True
            except TimeoutError:
                raise ComputeError(f"{what} took more than {within_s:g} s") from None
            finally:
                self._busy.discard(worker)
                if sound:
                    self._idle.append(worker)
                else:
                    await asyncio.shield(worker.end())

    def _alive(self) -> Worker | None:
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
        return None

    async def close(self) -> None:
        """End all processes, and what they do."""
        await self._running.close()
        idle, self._idle = self._idle, []
        for worker in (*idle, *self._busy):
            await worker.end()
