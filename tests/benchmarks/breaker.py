"""A breaker trips while the queues are full: how long until executor and signer refuse an entry.

The clock starts before the kernel handles the event at which a watch trips, in a batch like any other, and stops at the
refusal: of the run's effects, at the executor's door, and of the real keystore signer in its own process, which is told
nothing and reads the file. Meanwhile the run's loop goes on taking batches from a bus that is refilled as it drains.

Two watches trip: one that does nothing else, and the loss limits, which hear that what is held changed its worth and
find a loss in the books that passes a cap.
"""

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path
from time import perf_counter_ns

import structlog
import uvloop
from figures import Figure, collected, spread
from path import Rig
from shell import Shell
from signing import signer
from world import CHAIN, ETHER, ROUTER, watches, wiring

from sniper.config import Config
from sniper.events import Event, KillSwitch, Resume, Sent, WorthChanged
from sniper.executor import Submission
from sniper.kernel.asks import Ask, Send
from sniper.kernel.book import Flow
from sniper.kernel.kernel import Kernel
from sniper.kernel.wiring import WatchWiring, Wiring
from sniper.risk import Entry, Findings, KillLevel, RiskWatch, Trip, Trips, View, must, on
from sniper.runtime.effects import Effects
from sniper.runtime.switches import Switches
from sniper.signer import SignerRefused, SignRequest
from sniper.types import SECOND
from sniper_bus_memory.bus import FACTS, Memory

BATCH = 256
TRIPS = 300


LOSS = 2 * 10**9 * ETHER
"""Twice what `world.watches` allows in a day."""


class Blow(Event, tag="bench.blow/1"):
    """Whatever a watch trips at."""


CHANGED = WorthChanged(time=1, place=str(CHAIN), token="", venue="uniswap", instance="launch-snipe")


class Fuse(RiskWatch):
    """Blows when it is told to."""

    config: Config

    @on(Blow)
    def blow(self, event: Blow, view: View) -> Trips:
        yield Trip(level=KillLevel.NO_ENTRIES, reason="a benchmark")

    def judge(self, intent: Entry, view: View) -> Findings:
        yield must("works", True)


def watched(owner: str) -> Wiring:
    made = wiring(owner=owner)
    fuse = WatchWiring("fuse", Fuse, Config())
    (limits,) = watches()
    breaker = replace(limits, config=limits.config.model_copy(update={"trips": ("daily-loss",)}))
    accounts = tuple(replace(account, watches=(breaker, fuse)) for account in made.accounts)
    return replace(made, accounts=accounts)


def entry(owner: str) -> tuple[SignRequest, Submission]:
    """What is on its way when it trips."""
    request = SignRequest(
        account="main",
        sender=owner,
        chain_id=CHAIN,
        nonce=1,
        max_priority_fee=1,
        max_fee=2,
        gas=200_000,
        to=ROUTER,
        value=1,
        data=b"",
        purpose="entry",
    )
    submission = Submission(
        account="main",
        attempt="main/launch-snipe/1.0#1",
        chain_id=CHAIN,
        owner=owner,
        purpose="entry",
        nonce=1,
        gas=200_000,
        max_fee=2,
        max_priority_fee=1,
        tx_hash="",
        raw=b"",
        swap=None,
        held=(),
    )
    return request, submission


class Bench:
    """The parts of a run that stand between a trip and a refusal."""

    def __init__(self, directory: Path) -> None:
        self.rig = Rig(directory / "journal", Shell)
        self.owner = self.rig.key.address
        self.shell = self.rig.shell
        self.shell.kernel = Kernel(watched(self.owner))
        self.keystore = signer(directory, self.owner)
        # Where the keystore looks where its config does not say it: beside its socket.
        self.shell.switches = Switches(directory / "signer")
        self.shell.log = structlog.wrap_logger(None, processors=[_drop])
        self.bus = Memory()
        self.answers: asyncio.Queue[Event] = asyncio.Queue()
        self.effects = Effects(
            self.shell.kernel,
            endpoints={},
            executor=None,
            signer=self.keystore,
            publish=self._heard,
            clock=lambda: self.rig.world.time,
            kill=self.shell.switches.level,
            log=self.shell.log,
        )
        self.flood = [Resume(time=1, account="nobody")] * BATCH

    async def _heard(self, events: list[Event]) -> None:
        for event in events:
            self.answers.put_nowait(event)

    async def keep_full(self) -> None:
        """The run's loop beside a source that is always faster."""
        while True:
            while self.bus._facts.size < FACTS:
                await self.bus.publish(self.flood, source="flood")
            self.shell.take(await self.bus.take(BATCH))
            await asyncio.sleep(0)

    async def trips(self, count: int, event: Event, loss: int = 0) -> tuple[list[int], list[int]]:
        """How long after ``event`` until the executor, and until the signer, refused; ns. ``loss``: what the books
        show by then."""
        request, submission = entry(self.owner)
        ask = Ask(id="send", account="main", deadline=SECOND, body=Send(submission=submission))
        executor: list[int] = []
        signing: list[int] = []
        for _ in range(count):
            await asyncio.sleep(0.002)
            self._lose(loss)
            began = perf_counter_ns()
            self.shell.take([*self.flood, event])
            self.effects.start(ask)
            refused = asyncio.create_task(self._refused(request))
            answer = await self.answers.get()
            executor.append(perf_counter_ns() - began)
            assert isinstance(answer, Sent), answer
            assert "kill switch" in answer.message, answer
            signing.append(await refused - began)
            self.shell.switches.set("main", KillLevel.OFF)
            self._lose(-loss)
            # a block lets a cap that was passed hold again, or it would not trip a second time
            self.shell.take([KillSwitch(time=1, account="main", level="off"), self.rig.world.block()])
        return executor, signing

    def _lose(self, amount: int) -> None:
        if amount:
            kernel = self.shell.kernel
            kernel.accounts["main"].book.profits.setdefault(str(CHAIN), Flow()).add(kernel.now, -amount)

    async def _refused(self, request: SignRequest) -> int:
        try:
            await self.keystore.sign(request)
        except SignerRefused as refusal:
            if refusal.rule == "kill-switch":
                return perf_counter_ns()
            raise
        raise AssertionError("the signer signed")


def _drop(*_: object) -> dict[str, object]:
    raise structlog.DropEvent


async def _run(count: int, event: Event, loss: int) -> tuple[list[int], list[int]]:
    with tempfile.TemporaryDirectory(prefix="sniper-bench-") as name:
        bench = Bench(Path(name))
        await bench.keystore.open()
        with collected():
            busy = asyncio.create_task(bench.keep_full())
            taken = await bench.trips(count, event, loss)
            busy.cancel()
            await asyncio.gather(busy, return_exceptions=True)
        await bench.effects.close()
        await bench.keystore.close()
        bench.rig.close()
    return taken


def figures(quick: bool = False) -> list[Figure]:
    count = TRIPS // 10 if quick else TRIPS
    found: list[Figure] = []
    for what, event, loss in (("trip", Blow(time=1), 0), ("passed loss limit", CHANGED, LOSS)):
        executor, signing = uvloop.run(_run(count, event, loss))
        found += spread(f"{what} → refused at the executor, queues full", executor, 100_000, 100_000)
        found += spread(f"{what} → refused by the signer's process, queues full", signing, 100_000, 100_000)
    return found
