"""One run: the kernel in the middle, feeds and answers coming in, the journal and the asks going out.

``data_dir/journal`` is the record; ``data_dir/kill-switch`` the kill switch. One process at a time owns both.
"""

import asyncio
import gc
import os
import random
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from time import perf_counter_ns

import structlog

from sniper.bus import Bus
from sniper.catalogue import Catalogue
from sniper.errors import ConfigError, JournalError, told
from sniper.events import Clock as ClockEvent
from sniper.events import Event, KillSwitch, Started
from sniper.evm.rpc import Endpoints, Provider
from sniper.isolation.staff import dismiss, hire
from sniper.journal import snapshots
from sniper.journal.lock import Lock
from sniper.journal.reader import manifest as recorded_manifest
from sniper.journal.segments import Record
from sniper.journal.writer import Writer
from sniper.kernel.asks import Ask
from sniper.kernel.facts import Fact
from sniper.kernel.kernel import Kernel
from sniper.kernel.snapshot import dump
from sniper.lease import LeaseTaken, LeaseUnusable
from sniper.runtime import control
from sniper.runtime.by_chain import executor_of
from sniper.runtime.clock import Clock
from sniper.runtime.commands import Commands
from sniper.runtime.desks import LiveDesks, PlayedDesks, live_exchanges, played_exchanges
from sniper.runtime.effects import Effects
from sniper.runtime.exchange_sources import DeskSource, MarketSource, wanted_at
from sniper.runtime.feeding import Feeder, FeedSource, contexts
from sniper.runtime.follower import FollowerProcess
from sniper.runtime.health import Health
from sniper.runtime.kept import JOURNAL, keep
from sniper.runtime.leases import Leases, owner_of, terms
from sniper.runtime.manifest import differences, manifest
from sniper.runtime.playing import PlayContext
from sniper.runtime.promotion.measuring import MeasuringProcess, job_of, teller
from sniper.runtime.records import fact_record, input_record
from sniper.runtime.recovery import Recovered, recover
from sniper.runtime.routing import Routing
from sniper.runtime.source import Source
from sniper.runtime.strangers import Strangers
from sniper.runtime.switches import Switches
from sniper.runtime.wire import signs, wire
from sniper.settings.resolved import Resolved
from sniper.signer import Signer
from sniper.types import SECOND, KillLevel, Mode

ANSWERS = "answers"
TICK_S = 0.05
STANDBY_S = 1.0
"""Between two looks at whether another run still decides."""
COLLECT_NS = 2 * SECOND
"""The kernel's process collects no garbage but in idle gaps, this long after the last time at the earliest."""
COLLECT_ALL_NS = 3600 * SECOND
"""As long after the last time it also looks at what survived the short collections."""
IDLE_NS = SECOND // 20
RUNS = frozenset({Mode.PAPER, Mode.SHADOW, Mode.LIVE})
"""Modes that need no executor where accounts trade at exchanges alone."""

Observer = Callable[[Event, Sequence[tuple[str, Fact]]], None]
"""Told of each event and the facts that it led to, after they are on record."""


class Run:
    """Everything of one process. ``await run.start()``, ``await run.until_stopped()``, ``await run.close()``."""

    def __init__(
        self,
        resolved: Resolved,
        catalogue: Catalogue,
        *,
        signer: Signer | None = None,
        observers: Sequence[Observer] = (),
        standby: bool = False,
    ) -> None:
        """``standby``: wait where another run decides for the accounts, and take over once its leases have ended."""
        self.resolved = resolved
        self.catalogue = catalogue
        self.directory = Path(resolved.settings.data_dir).expanduser()
        self.observers = list(observers)
        self.log = structlog.get_logger("sniper")
        self.recovered = Recovered()
        self._manifest = manifest(resolved, catalogue)
        self.signer = signer
        self.commands = Commands(lambda: self.kernel.accounts)
        self.control = control.Control(self)
        self.health = Health(self) if resolved.runtime.metrics_port is not None else None
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._standby = standby
        self.live: LiveDesks | None = None
        self.played: PlayedDesks | None = None
        self._failure: BaseException | None = None
        self._taken_at = 0

    # ---- start ----

    async def start(self) -> None:
        """Recover, connect, and begin. Raises `SniperError` with nothing left running where that is impossible."""
        try:
            await self._start()
        except BaseException:
            await self.close()
            raise

    async def _start(self) -> None:
        resolved = self.resolved
        self.directory.mkdir(parents=True, exist_ok=True)
        self.switches = Switches(self.directory)
        if resolved.executor is None and resolved.mode not in RUNS:
            raise ConfigError(f'mode "{resolved.mode}" has no executor, so nothing can be run; choose paper or live')
        signing = signs(resolved)
        self.lock = Lock(self.directory / JOURNAL)
        await self._own()
        self.writer = Writer(self.directory / JOURNAL, lock=self.lock)
        if self.lock.broken:
            self.log.warning("the journal was taken over from a run that still has it open and lost its leases")
        if self.writer.dropped:
            self.log.warning("the journal's torn tail was cut off", bytes=self.writer.dropped)
        self.kernel = Kernel(wire(resolved, signs=signing), self._report)
        self.strangers = Strangers(self.kernel, self.log)
        self.observers += [self.strangers.told, teller(self.log)]
        self.recovered = self._recover()
        for missing in await asyncio.to_thread(hire, self.kernel):
            self.log.error("a worker is not there", what=missing)
        self.clock = Clock(self.kernel.now)
        self.bus: Bus = resolved.bus.cls()
        self.endpoints = {
            chain.id: Endpoints(
                chain.id, [Provider(url=url.url, rate=chain.rate, burst=chain.rate) for url in chain.endpoints]
            )
            for chain in resolved.chains.values()
        }
        for endpoints in self.endpoints.values():
            await endpoints.connect()
        self.routing = Routing(self.kernel.market, resolved.routers, self.log, self.kernel.seekers())
        context = PlayContext(self.kernel, self.endpoints, self.switches.level)
        self.executor = executor_of(resolved, context)
        if signing:
            await self._open_signer()
        self._open_desks()
        self.effects = Effects(
            self.kernel,
            endpoints=self.endpoints,
            executor=self.executor,
            signer=self.signer,
            routing=self.routing,
            publish=self._answer,
            clock=self.clock,
            kill=self.switches.level,
            log=self.log,
            fence=self.leases.fence,
            paper_cash={
                name: account.paper_cash
                for name, account in resolved.settings.account.items()
                if account.paper_cash is not None
            },
            workers=resolved.runtime.workers,
            desks=self.live or self.played,
            hardforks={chain.id: chain.hardfork for chain in resolved.chains.values() if chain.hardfork is not None},
        )
        await self.effects.warm()
        unanswered = [
            ask for account in self.kernel.accounts.values() for ask in account.book.asks.values() if not ask.is_command
        ]
        self._take([*self._switched(), self._started()])
        still_open = {id_ for account in self.kernel.accounts.values() for id_ in account.book.asks}
        for ask in unanswered:
            if ask.id in still_open:
                self.effects.start(ask)
        self.feeders = [
            Feeder(source, self._publish, self.clock, self.log, random.Random(source.name))
            for source in self._sources()
        ]
        gc.collect()
        gc.freeze()
        gc.disable()
        for feeder in self.feeders:
            feeder.start()
        self._spawn(self._loop(), "kernel")
        self._spawn(self._ticks(), "clock")
        if self.played is not None:
            self._spawn(self.played.run(), "played exchanges")
        await self.control.start()
        if self.health is not None:
            await self.health.start()
        if keep(resolved.settings.source, self.directory) is not None:
            self.follower = FollowerProcess(self.directory, self.log, self.leases.fences)
            self.follower.start()
        if resolved.promotions:
            instances = {
                account.name: [each.plugin.name for each in account.strategies] for account in resolved.accounts
            }
            job = job_of(self.directory, resolved.promotions, instances)
            self.measuring = MeasuringProcess(job, self._told, self.clock, self.log)
            self.measuring.start()
        self.log.info("running", mode=resolved.mode.value, accounts=sorted(self.kernel.accounts))

    def _open_desks(self) -> None:
        """The desks of all accounts: at the exchanges, or played."""
        resolved = self.resolved
        if not any(account.desks for account in resolved.accounts):
            return
        if resolved.mode is Mode.LIVE:
            self.live = LiveDesks(
                self.kernel,
                live_exchanges(resolved),
                clock=self.clock,
                kill=self.switches.level,
                fence=self.leases.fence,
            )
        else:
            self.played = PlayedDesks(
                played_exchanges(resolved, self.kernel),
                publish=self._answer,
                clock=self.clock,
                sends=resolved.mode is Mode.PAPER,
            )

    def _sources(self) -> Iterator[Source]:
        """All that the run listens to."""
        for feed in self.resolved.feeds:
            for context in contexts(feed, self.kernel, self.endpoints, self.clock):
                yield FeedSource(feed, context)
        for exchange in self.resolved.exchanges:
            if wanted_at(self.kernel, exchange.name):
                books = self.played is not None and self.played.wants_books(exchange.name)
                yield MarketSource(exchange, self.kernel, self.clock, self.log, books=books)
        for (account, _), client in sorted(self.live.exchanges.items() if self.live is not None else ()):
            yield DeskSource(client, account, self.clock)

    async def _own(self) -> None:
        """Take the leases of all accounts, and the journal's lock from whoever lost them."""
        keeper = self.resolved.lease.made()
        journal = self.directory / JOURNAL
        leases = Leases(keeper, [account.name for account in self.resolved.accounts], terms(self.resolved), self.log)
        owner, known = owner_of(journal), ""
        keeper.open(self.directory)
        self.leases = leases
        while True:
            # Whoever has the lock is the only one of its name.
            name = owner if self.lock.take() else f"{owner}:{os.getpid()}"
            try:
                await asyncio.to_thread(leases.acquire, name)
                break
            except LeaseTaken as taken:
                if not self._standby and not self.lock.held:
                    raise JournalError(
                        f"{journal}: another process writes this journal; stop it first, or wait until its lease ends: "
                        f"sniper run --standby ({taken})"
                    ) from taken
                if not self._standby:
                    raise
                if taken.owner != known:
                    self.log.info("standing by", account=taken.account, owner=taken.owner)
                known = taken.owner
            await asyncio.sleep(STANDBY_S)
        if not self.lock.held:
            self.lock.break_(leases.fences)
            await asyncio.to_thread(leases.acquire, owner)
        for account, token in leases.fences.items():
            last = self.lock.fences.get(account, 0)
            if token <= last:
                raise LeaseUnusable(
                    f"account {account}: its lease came with token {token}, but the journal was written under {last}. "
                    "Whoever keeps the leases has lost some, or its clock was set back: set that right"
                )
        self.lock.declare(owner, {**self.lock.fences, **leases.fences})
        leases.follow()
        self.log.info("owner", fences=leases.fences, lease_s=leases.terms.ttl_s)

    def _started(self) -> Started:
        fences = tuple(sorted(self.leases.fences.items()))
        return Started(time=self.clock(), mode=self.resolved.mode.value, fences=fences)

    async def _open_signer(self) -> None:
        if self.signer is None:
            configured = self.resolved.signer
            if configured is None:
                raise ConfigError(f'mode "{self.resolved.mode}" signs, but the config names no signer')
            self.signer = configured.cls(configured.config)
        await self.signer.open()
        # Its own file need not be ours, and a signer that somebody else runs may stand where an earlier run left it.
        await self.signer.level(self.switches.everyone.level())
        held = set(await self.signer.addresses())
        for account in self.resolved.accounts:
            for wallet in (account.address, *account.wallets):
                if wallet and wallet not in held:
                    raise ConfigError(
                        f"account {account.name} trades with {wallet}, for which the signer holds no key; "
                        "add its key file to the signer, or correct the address"
                    )

    def _recover(self) -> Recovered:
        """Bring the kernel to where the journal ends, and open an epoch where code or config differ."""
        writer, kernel = self.writer, self.kernel
        recovered = recover(writer.directory, kernel, self._manifest) if writer.epoch else Recovered()
        for remark in recovered.remarks:
            self.log.warning("recovery", what=remark)
        for error in recovered.halted:
            self.log.error("an account is halted: its re-run differs", reason=str(error))
        for mismatch in recovered.differing:
            self.log.warning("decided otherwise now; the record stands", what=str(mismatch))
        changed = differences(recorded_manifest(writer.directory, writer.epoch), self._manifest) if writer.epoch else []
        if changed:
            self.log.info("code or config differ from the journal's", what=changed[:10])
        if kernel.facts:
            self._write()
        kernel.tripped.clear()  # of the past: what it led to stands in the files
        for name, account in kernel.accounts.items():
            if account.book.tripped and not self.switches.path(name).exists():
                self.switches.trip(name, KillLevel(account.book.kill))  # it could not be written then
        if changed or not writer.epoch:
            writer.begin_epoch(self._manifest)
        if changed:
            # The state with which the epoch begins, for it cannot be had again from what other code decided.
            snapshots.write(writer.directory, writer.position, dump(kernel))
        return recovered

    # ---- the loop ----

    async def _loop(self) -> None:
        most = self.resolved.runtime.batch
        while True:
            events = await self.bus.take(most)
            if not self.leases.left_s():
                await self._wait_for_leases()
            self._take(events)
            found = self.routing.cycles(self.clock())
            if found:
                self._take(found)
            lost = self.bus.overflowed()
            if lost:
                await self._restart([feeder for feeder in self.feeders if feeder.name in lost])
            await asyncio.sleep(0)  # take does not wait during a backlog, and effects, ticks and commands must get on

    async def _restart(self, slow: Sequence[Feeder]) -> None:
        """Let feeds begin again where the kernel stands."""
        for feeder in slow:
            self.log.warning("a feed was faster than the kernel and starts again", feed=feeder.name)
        await asyncio.gather(*(feeder.stop() for feeder in slow))
        for feeder in slow:
            feeder.start()

    async def _wait_for_leases(self) -> None:
        """Decide nothing until the leases are renewed. Raises `LeaseLost` where that cannot be any more."""
        self.log.error("nothing is decided: the leases may end", reason=self.leases.reason)
        await self.leases.until_sure()
        self.log.info("deciding again: the leases are renewed")

    def _take(self, events: Sequence[Event]) -> None:
        """Handle a batch and put it on record. Queries leave meanwhile, commands only once the record is durable."""
        kernel = self.kernel
        began = perf_counter_ns()
        decided: list[tuple[Event, Sequence[tuple[str, Fact]]]] = []
        for event in events:
            if self.played is not None:
                self.played.heard(event)
            kernel.handle(event)
            decided.append((event, kernel.facts or ()))
            if kernel.facts:
                kernel.facts = []
        for reply in self.commands.replies(decided):
            kernel.handle(reply)
            decided.append((reply, kernel.facts))
            kernel.facts = []
        if kernel.tripped:
            self._pull()  # before anything that the batch asked for leaves
        handled = perf_counter_ns()
        commands = self._asked()
        records: list[Record] = []
        for event, facts in decided:
            records.append(input_record(event))
            if facts:
                records.extend([fact_record(account, fact) for account, fact in facts])
        self.leases.demand()  # it may have been stopped since it began to decide
        self.writer.append(records)
        journaled = perf_counter_ns()
        if commands:
            self._command(commands)
        if self.health is not None:
            self.health.metrics.batch(events, began, handled, journaled, perf_counter_ns())
        self._taken_at = self.clock()
        self.commands.recorded()
        for event, facts in decided if self.observers else ():
            for observer in self.observers:
                observer(event, facts)

    def _pull(self) -> None:
        """Write what breakers tripped beside the queues: executor and signer read it there."""
        for account, level, why in self.kernel.tripped:
            try:
                self.switches.trip(account, level)
            except ConfigError as error:  # it holds in this process; the record says it to the next one
                self.log.error("a breaker's kill switch is not written", account=account, reason=str(error))
            self.log.error("a breaker tripped", account=account, level=level.value, why=why)
        self.kernel.tripped.clear()

    def _asked(self) -> list[Ask]:
        """Let the queries leave; the commands."""
        commands: list[Ask] = []
        for ask in self.kernel.asks:
            if ask.is_command:
                commands.append(ask)
            else:
                self.effects.start(ask)
        if self.kernel.asks:
            self.kernel.asks = []
        return commands

    def _command(self, commands: Sequence[Ask]) -> None:
        """Let commands leave, now that what led to them is on record."""
        self.writer.sync()
        for command in commands:
            self.effects.start(command)

    def _write(self) -> None:
        """Put on record what recovery itself decided."""
        self.writer.append([fact_record(account, fact) for account, fact in self.kernel.facts])
        self.kernel.facts = []
        self.writer.sync()

    async def _publish(self, events: Sequence[Event], source: str) -> None:
        await self.bus.publish(events, source=source)

    async def _answer(self, events: Sequence[Event]) -> None:
        await self.bus.publish(events, source=ANSWERS)

    async def _told(self, events: Sequence[Event]) -> None:
        await self.bus.publish(events, source=control.COMMANDS)

    async def _ticks(self) -> None:
        """Timers, the kill switch's file and the garbage, when nothing else happens."""
        collected = collected_all = self.clock()
        while True:
            await asyncio.sleep(TICK_S)
            now = self.clock()
            if now - collected >= COLLECT_NS and now - self._taken_at >= IDLE_NS:
                if now - collected_all >= COLLECT_ALL_NS:
                    gc.collect()
                    collected_all = now
                else:
                    gc.collect(1)
                collected = now
            due = self.kernel.next_at()
            if due is not None and due <= now:
                await self.bus.publish([ClockEvent(time=now)], source="clock")
            self.routing.catch_up()
            told = self._switched()
            if told:
                await self.bus.publish(told, source=control.COMMANDS)
                await asyncio.sleep(TICK_S)

    def _switched(self) -> list[Event]:
        """Commands for the accounts that do not stand where the kill switches beside the queues say."""
        return [
            KillSwitch(time=self.clock(), account=name, level=level, reason="set beside the queues")
            for name, account in self.kernel.accounts.items()
            if account.book.kill != (level := self.switches.level(name).value)
        ]

    # ---- end ----

    def _spawn(self, coroutine: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and task.exception() is not None:
            self._failure = task.exception()
            self._stop.set()

    @property
    def failure(self) -> BaseException | None:
        """What ended the kernel's loop or the clock; None while they are well."""
        return self._failure

    def stop(self) -> None:
        """Ask for a clean end."""
        self._stop.set()

    async def until_stopped(self) -> None:
        """Wait for `stop`. Raises what made the kernel's loop end, such as a full disk."""
        await self._stop.wait()
        if self._failure is not None:
            raise self._failure

    async def close(self) -> None:
        """End feeds, effects and the journal, in this order. What is unanswered is asked again at the next start."""
        await self.control.close()
        if self.health is not None:
            await self.health.close()
        await asyncio.gather(*(feeder.stop() for feeder in getattr(self, "feeders", [])))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        if hasattr(self, "effects"):
            await self.effects.close()
        if hasattr(self, "measuring"):
            await self.measuring.stop()
        if hasattr(self, "executor"):
            await self.executor.close()
        if self.live is not None:
            for (account, venue), error in (await self.live.close()).items():
                # by its kind alone: what a client says of its connection may hold keys
                self.log.warning(
                    "an exchange was not let go of", account=account, venue=venue, reason=type(error).__name__
                )
        if hasattr(self, "kernel"):
            dismiss(self.kernel)
        if self.signer is not None:
            await self.signer.close()
        for endpoints in getattr(self, "endpoints", {}).values():
            await endpoints.close()
        if hasattr(self, "writer"):
            self.writer.close()
        elif hasattr(self, "lock"):
            self.lock.close()
        if hasattr(self, "follower"):
            await self.follower.stop()
        if hasattr(self, "leases"):
            await asyncio.to_thread(self.leases.close)
        gc.enable()
        gc.unfreeze()

    def _report(self, what: str, error: Exception) -> None:
        self.log.error(what, error=told(error))
