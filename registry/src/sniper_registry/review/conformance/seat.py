"""The one worker that all objects of a suite share, and how long it may take.

Objects of far classes tell a worker their state where it has another one, so one process serves as many as a suite
makes, and a history can go on in another process in its middle.
"""

from collections.abc import Callable, Generator
from functools import partial
from time import monotonic
from typing import Any, TypeVar, cast

from sniper.isolation.asking import Desk
from sniper.isolation.describing import Housed
from sniper.isolation.far_config import FarConfig
from sniper.isolation.host import Ended, Serve, Worker, WorkerLost, WorkerRogue

T = TypeVar("T")
ACCOUNT = "main"


class Unanswered(BaseException):
    """A worker did not answer. No `Exception`: neither the suite nor what draws its examples may catch it and go on.

    rogue  Whether it did what no honest plugin does.
    """

    def __init__(self, why: str, *, rogue: bool = False) -> None:
        super().__init__(why)
        self.rogue = rogue


class Seat:
    """``end``: on the monotonic clock, when all calls end; ``within_s``: seconds that each may take."""

    def __init__(self, environment: Housed, factory: str, config: FarConfig, within_s: float, end: float) -> None:
        self._hires = partial(Desk, environment, factory, config, ACCOUNT, within_s)
        self._end = end
        self._desk: Desk | None = None

    @property
    def desk(self) -> Desk:
        """The desk of its present process."""
        return self._desk or self.move()

    def move(self) -> Desk:
        """Go on in a new process, whose hashes of texts are other ones. Raises `Unanswered` where none starts."""
        self.leave()
        self._desk = desk = self._hires()
        worker = desk.worker
        if not worker.wait():
            raise Unanswered(f"no worker of it starts: {worker.reason}")
        desk.worker = cast("Worker", _Watched(worker, self._end))  # has all that a desk and its callers use of one
        return desk

    def leave(self) -> None:
        """End the process, if there is one."""
        if self._desk is not None:
            self._desk.worker.close()
            self._desk = None


def seated(cls: type, seat: Seat) -> type[Any]:  # Any: a class of the kind's contract
    """The far class whose objects all have their worker at this seat."""

    def desk(self: object, account: str) -> Desk:
        return seat.desk

    return type(cls)(cls.__name__, (cls,), {"desk": desk, "__module__": __name__, "__annotations__": {}})


class _Watched:
    """A worker whose silence ends the suite."""

    def __init__(self, worker: Worker, end: float) -> None:
        self._worker = worker
        self._end = end
        self.close = worker.close
        self.wait = worker.wait

    @property
    def starts(self) -> int:
        return self._worker.starts

    def call(
        self,
        form: str,
        method: str,
        given: bytes,
        *,
        read: Callable[[bytes], T],
        serve: Serve,
        now: int = 0,
        which: int = 0,
        kept: bytes | None = None,
    ) -> Generator[T, None, Ended]:
        """See `Worker.call`. Raises `Unanswered` where that raises that there is no answer."""
        if monotonic() > self._end:
            raise Unanswered("the time for all behaviours together was used up: it answers too slowly")
        try:
            return (
                yield from self._worker.call(
                    form, method, given, read=read, serve=serve, now=now, which=which, kept=kept
                )
            )
        except WorkerRogue as error:
            raise Unanswered(f"its worker was ended: {error}", rogue=True) from error
        except WorkerLost as error:
            raise Unanswered(f"its worker did not answer: {error}") from error
