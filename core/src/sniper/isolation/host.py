"""The host's side of one worker: starts it, asks it, ends it, starts it again.

A thread of its own looks after each worker, for a worker ends with the thread that started it. The kernel's thread
only ever sends to a worker that is there and waits for it as long as the deadline says; where there is none, it is told
so at once.
"""

import socket
import subprocess
import threading
import weakref
from collections.abc import Callable, Generator
from time import perf_counter_ns
from typing import Final, NamedTuple, TypeVar

import msgspec

from sniper.errors import CodecError, PluginFault, SniperError, told
from sniper.isolation.accounting import Used, used
from sniper.isolation.channel import Broken, Budget, Channel, Gone, Late
from sniper.isolation.launch import launch
from sniper.isolation.messages import (
    LONGEST_TEXT,
    MOST_ANSWERS,
    MOST_ASKED,
    MOST_KEPT,
    MOST_TOLD,
    Asked,
    Call,
    Done,
    Made,
    Make,
    Raised,
    Ready,
    Refused,
    Told,
    read_from_worker,
    written,
)
from sniper.isolation.place import WITHIN_S, Place
from sniper.isolation.serving import BadQuestion
from sniper.isolation.told import kind_of
from sniper.isolation.words import harmless, words
from sniper.plugin import Frozen

T = TypeVar("T")
Serve = Callable[[str, bytes], bytes]
"""Answers a question: its name, its packed arguments."""

MOST_PAUSED: Final = 5
"""Deadlines that the answers to the questions of one call may take the host, whose own work the deadline leaves out."""
START_S: Final = 10.0
"""Seconds within which a new process must be ready."""
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
"""Between the loss of a process and the next one: doubled with each loss in a row."""
SOUND_AFTER: Final = 100
"""Calls that a process must answer before its losses count as over."""


class WorkerLost(PluginFault):
    """There is no answer: it was late, has died, or is not there yet."""

    code = "worker-lost"


class WorkerRogue(PluginFault):
    """It did what no honest worker does. Nothing that it said in this call counts any more."""

    code = "worker-rogue"


class Ended(NamedTuple):
    """How a call ended. ``kept``: the plugin's state; None: as it was. ``raised``: what its code raised, empty:
    nothing; ``kind``: see `sniper.isolation.told.ERRORS`."""

    kept: bytes | None
    raised: str
    kind: str


class Account(NamedTuple):
    """What a worker has used up.

    calls, waited_ns  How often it was asked, and how long the host waited for it. ``starts``: processes.
    """

    name: str
    factory: str
    account: str
    state: str
    pid: int
    starts: int
    losses: int
    calls: int
    waited_ns: int
    memory: int
    peak: int
    cpu_ns: int
    reason: str


class _Life:
    """What the thread and the handle share. The thread holds no handle, so a handle that nobody holds any more ends
    the process.

    ready    Whether `channel` can be asked; ``reason``: why not, in words for people.
    changed  The thread has something to do. ``settled``: a process is there, or could not be started.
    """

    def __init__(self, place: Place, make: Make) -> None:
        self.place = place
        self.make = make
        self.ready = False
        self.reason = "it is being started"
        self.channel: Channel | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self.changed = threading.Event()
        self.settled = threading.Event()
        self.closed = False
        self.starts = 0
        self.losses = 0
        self.row = 0
        self.since = 0
        self.spent_ns = 0
        self.peak = 0
        self.said: tuple[str, ...] = ()

    def lose(self, reason: str) -> None:
        """Whatever it does now is not waited for. Does not block."""
        if self.ready:
            self.ready = False
            self.losses += 1
            self.settled.clear()
        self.reason = reason
        self.changed.set()

    def close(self) -> None:
        self.closed = True
        self.lose("it was ended")

    def used(self) -> Used:
        process = self.process
        if process is not None and process.returncode is None:
            try:
                return used(process.pid)
            except ProcessLookupError:
                pass
        return Used(memory=0, peak=0, cpu_ns=0)

    # ---- in the thread ----

    def run(self) -> None:
        while not self.closed:
            self.changed.clear()
            try:
                self._start()
            except Exception as error:  # whatever it was, there is another try after a pause
                self.losses += 1
                self.reason = harmless(str(error) if isinstance(error, SniperError) else told(error), LONGEST_TEXT)
                self.settled.set()
            else:
                self.settled.set()
                self.changed.wait()
            self._end()
            if self.closed:
                return
            if self.since >= SOUND_AFTER:
                self.row = 0
            pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(self.row, 10))
            self.row += 1
            self.reason = f"{self.reason}; it is started again within {pause:g} s"
            self.changed.clear()
            self.changed.wait(pause)
            self.settled.clear()

    def _start(self) -> None:
        """Raises `SniperError`."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                self.process = launch(self.place, theirs)
        except BaseException:
            ours.close()
            raise
        self.channel = channel = Channel(ours, asks=True)
        self.starts += 1
        self.since = 0
        budget = Budget(START_S)
        try:
            self._expect(Ready, budget)
            channel.send(written(self.make))
            self._expect(Made, budget)
        except (Broken, Late) as error:
            said = "; ".join(words(self.process))
            raise WorkerLost(f"{error}{f': {said}' if said else ''}") from error
        self.ready = True

    def _expect(self, kind: type[Frozen], budget: Budget) -> None:
        assert self.channel is not None
        self.channel.within(budget.left())
        message = read_from_worker(self.channel.receive(budget))
        if isinstance(message, Raised):
            raise PluginFault(harmless(message.text, LONGEST_TEXT))
        if type(message) is not kind or getattr(message, "serial", -1) != 0:
            raise WorkerRogue(f"it said {type(message).__name__} before it was asked anything")

    def _end(self) -> None:
        process = self.process
        self.ready = False
        found = self.used()
        self.spent_ns += found.cpu_ns
        self.peak = max(self.peak, found.peak)
        if process is not None:
            process.kill()
            process.wait()
            self.said = words(process)
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
            self.process = None
        if self.channel is not None:
            self.channel.close()
            self.channel = None


class Worker:
    """One plugin in a process of its own, for one account. It begins to start at once."""

    def __init__(self, place: Place, factory: str, config: str, account: str, *, within_s: float = WITHIN_S) -> None:
        self.within_s = within_s
        self._life = life = _Life(place, Make(serial=0, factory=factory, config=config, account=account))
        self._serial = 0
        self._calls = 0
        self._waited_ns = 0
        self._busy = False
        _all.add(self)
        weakref.finalize(self, life.close)
        threading.Thread(target=life.run, name=f"worker of {place.name}", daemon=True).start()

    @property
    def ready(self) -> bool:
        """Whether it can be asked."""
        return self._life.ready

    @property
    def reason(self) -> str:
        """Why it is not `ready`, or why it was not last time."""
        return self._life.reason

    @property
    def starts(self) -> int:
        """How many processes it has had."""
        return self._life.starts

    @property
    def pid(self) -> int:
        """0: there is no process."""
        process = self._life.process
        return 0 if process is None else process.pid

    def wait(self, seconds: float = START_S) -> bool:
        """Until a process is there, or could not be started; whether it is `ready`."""
        self._life.settled.wait(seconds)
        return self._life.ready

    def close(self) -> None:
        """End the process, and start none any more."""
        self._life.close()

    def account(self) -> Account:
        """What it has used up, all its processes together."""
        life = self._life
        now = life.used()
        return Account(
            name=life.place.name,
            factory=life.make.factory,
            account=life.make.account,
            state="ready" if life.ready else "away",
            pid=self.pid,
            starts=life.starts,
            losses=life.losses,
            calls=self._calls,
            waited_ns=self._waited_ns,
            memory=now.memory,
            peak=max(life.peak, now.peak),
            cpu_ns=life.spent_ns + now.cpu_ns,
            reason="" if life.ready else life.reason,
        )

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
        """Call the plugin; gives what it gives, as it comes, each read with ``read``, which raises `CodecError` or
        `PluginFault` for what no honest plugin gives. Whoever iterates must do so to the end.

        Raises `WorkerLost` and `WorkerRogue`, after either of which this process is ended.
        """
        life = self._life
        channel = life.channel
        if not life.ready or channel is None:
            raise WorkerLost(life.reason)
        if self._busy:
            raise WorkerLost("it is being asked already")
        self._busy = True
        self._serial += 1
        self._calls += 1
        serial = self._serial
        over = False
        began = perf_counter_ns()
        try:
            channel.within(self.within_s)
            budget = Budget(self.within_s)
            self._send(
                channel,
                written(Call(serial=serial, form=form, method=method, which=which, given=given, now=now, kept=kept)),
                budget,
                began,
            )
            told = asked = count = paused = 0
            while True:
                answer = read_from_worker(channel.receive(budget))
                kind = type(answer)
                if answer.serial != serial:
                    raise WorkerRogue(f"it answered request {answer.serial}, and was asked request {serial}")
                if kind not in _SPEAKS:
                    raise WorkerRogue(f"it said {kind.__name__}, which answers nothing")
                since = perf_counter_ns()
                if answer.answers:
                    count += len(answer.answers)
                    if count > MOST_ANSWERS:
                        raise WorkerRogue(f"it gave more than {MOST_ANSWERS} things in one call")
                    for each in answer.answers:
                        yield read(each)
                if kind is not Asked:
                    break
                asked += 1
                reply = self._reply(serial, answer, serve)
                told += len(reply.answer) if isinstance(reply, Told) else 0
                if asked > MOST_ASKED or told > MOST_TOLD:
                    raise WorkerRogue(f"it asked {asked} questions in one call, whose answers had {told} bytes")
                took = perf_counter_ns() - since
                paused += took
                if paused > MOST_PAUSED * self.within_s * 1e9:
                    raise WorkerRogue(
                        f"it asked {asked} questions in one call, which took {paused / 1e9:.1f} s to answer"
                    )
                budget.pause(took)
                channel.within(budget.left())
                self._send(channel, written(reply), budget, since + took)
            if answer.kept is not None and len(answer.kept) > MOST_KEPT:
                raise WorkerRogue(f"its state has {len(answer.kept)} bytes; at most {MOST_KEPT} are kept")
            self._waited_ns += since - began - paused
            over = True
            life.since += 1
        except (Late, Broken) as error:
            life.lose(str(error))
            raise (WorkerLost if isinstance(error, Late | Gone) else WorkerRogue)(str(error)) from error
        except (WorkerRogue, msgspec.MsgspecError, CodecError, PluginFault, UnicodeError) as error:
            life.lose(harmless(str(error), LONGEST_TEXT))
            raise WorkerRogue(harmless(str(error), LONGEST_TEXT)) from error
        finally:
            self._busy = False
            if not over:
                life.lose(life.reason if not life.ready else "its call was given up")
        if kind is Done:
            return Ended(answer.kept, "", "")
        return Ended(answer.kept, harmless(answer.text, LONGEST_TEXT) or "it raised", answer.kind)

    def _send(self, channel: Channel, message: bytes, budget: Budget, since: int) -> None:
        """Send, and where that took a while (``since``: ns), wait for so much less for what comes back."""
        channel.send(message, budget)
        if perf_counter_ns() - since > _A_WHILE_NS:
            channel.within(budget.left())

    def _reply(self, serial: int, question: Asked, serve: Serve) -> Told | Refused:
        try:
            return Told(serial=serial, answer=serve(question.what, question.arguments))
        except BadQuestion as error:
            raise WorkerRogue(str(error)) from error
        except Exception as error:  # of another plugin, such as an AMM; or a question that has no answer
            return Refused(serial=serial, kind=kind_of(error), text=str(error)[:LONGEST_TEXT])


_A_WHILE_NS: Final = 1_000_000
_SPEAKS: Final = frozenset({Asked, Done, Raised})
"""What may be said in a call."""
_all: "weakref.WeakSet[Worker]" = weakref.WeakSet()


def accounts() -> tuple[Account, ...]:
    """What all workers of this process have used up, by name and account."""
    return tuple(
        sorted((each.account() for each in list(_all)), key=lambda each: (each.name, each.account, each.factory))
    )


def close_all() -> None:
    """End all workers of this process."""
    for each in list(_all):
        each.close()
