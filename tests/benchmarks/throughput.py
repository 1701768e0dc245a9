"""Events per CPU second: the kernel alone, the live loop around it, many accounts on one stream."""

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import process_time

import mix
import msgspec
from figures import Figure, collected
from path import log_event
from shell import Shell, json_of
from world import CHAIN, Player, World, wiring

from sniper.events import Block, Event, Log, Trade
from sniper.kernel.kernel import Kernel
from sniper.runtime.feeding import checked
from sniper.runtime.health import Health

EVENTS = 400_000
POSITIONS = 200
RUNS = 5
BATCH = 256
MEMORY_EVENTS = 5_000_000
MEMORY_POOLS = 3_000

_decode = msgspec.json.Decoder().decode


def begun(accounts: int = 1, positions: int = POSITIONS) -> Player:
    world = World()
    player = Player(Kernel(wiring(accounts=accounts), _raise), world)
    player.begin(positions=positions)
    return player


def recorded(count: int, accounts: int = 1, positions: int = POSITIONS) -> list[Event]:
    """The mix, with the answers that a kernel's questions led to: another kernel that begins alike asks the same."""
    player = begun(accounts, positions)
    found = []
    for event in mix.events(player, count):
        player.handle(event)
        found.append(event)
    return found


def kernel_rate(events: list[Event], accounts: int = 1, positions: int = POSITIONS) -> float:
    """Events per CPU second through `Kernel.handle`, facts and asks taken away as a caller must."""
    kernel = begun(accounts, positions).kernel
    handle = kernel.handle
    with collected():
        began = process_time()
        for event in events:
            handle(event)
            if kernel.facts:
                kernel.facts = []
            if kernel.asks:
                kernel.asks = []
        taken = process_time() - began
    return len(events) / taken


class Kept:
    """In the place of the effects: the answers are in the stream already."""

    def start(self, ask: object) -> None:
        """It has left."""


def raw_batches(events: list[Event]) -> list[list[bytes | Event]]:
    """What comes over the wire: a JSON array for the logs that stand together, JSON for each tick. Answers and blocks
    are built by the effects and the feed from other answers; they are taken as they are."""
    batches = []
    for at in range(0, len(events), BATCH):
        batch: list[bytes | Event] = []
        for event in events[at : at + BATCH]:
            if isinstance(event, Log):
                batch.append(json_of(event))
            elif isinstance(event, Trade):
                batch.append(
                    json.dumps({"T": event.time, "s": event.instrument, "p": event.price, "q": event.size}).encode()
                )
            else:
                batch.append(event)
        batches.append(batch)
    return batches


class Tick(msgspec.Struct):
    T: int
    s: str
    p: int
    q: int


_tick = msgspec.json.Decoder(Tick).decode


def decoded(batch: list[bytes | Event], times: list[int]) -> Iterator[Event]:
    for raw, time in zip(batch, times, strict=True):
        if raw.__class__ is not bytes:
            yield raw
        elif raw[2:3] == b"T":
            tick = _tick(raw)
            yield Trade(time=tick.T, venue="exchange", instrument=tick.s, price=tick.p, size=tick.q)
        else:
            yield log_event(raw, time)


def live_rate(events: list[Event], batches: list[list[bytes | Event]]) -> float:
    """Events per CPU second from JSON to the journal: decode, `Run`'s own batch, metrics with observers as in a run."""
    times = [[event.time for event in events[at : at + BATCH]] for at in range(0, len(events), BATCH)]
    with tempfile.TemporaryDirectory(prefix="sniper-bench-") as name:
        shell = Shell(begun().kernel, Path(name))
        shell.effects = Kept()
        shell.health = Health(shell)
        shell.writer.sync = lambda: None  # no command waits for a disk here: that is the figure of durable orders
        with collected():
            began = process_time()
            for batch, known in zip(batches, times, strict=True):
                shell.take(checked(list(decoded(batch, known)), CHAIN))
            taken = process_time() - began
        del shell.writer.sync
        shell.writer.close()
    return len(events) / taken


def many_accounts(accounts: int, count: int) -> tuple[float, float]:
    """(events per CPU second of market data, µs that one launch costs each account)."""
    player = begun(accounts, positions=1 if accounts > 100 else 2)
    world = player.world
    events = [world.tick() if n % 100 < 38 else world.some_sync() for n in range(count)]
    for n in range(0, count, 200):
        events.insert(n, world.block())
    handle = player.kernel.handle
    with collected():
        began = process_time()
        for event in events:
            handle(event)
        taken = process_time() - began
        player.kernel.facts, player.kernel.asks = [], []
        _, logs = world.launch()
        began = process_time()
        for log in logs:
            handle(log)
        launch = process_time() - began
    return len(events) / taken, launch / accounts * 1e6


def memory(count: int = MEMORY_EVENTS) -> dict[str, int]:
    """RSS in kB after each million events, in a process of its own."""
    command = [sys.executable, str(Path(__file__).parent), "--memory", str(count)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(result.stdout)


def measure_memory(count: int) -> None:
    """Generates and handles the mix with launches until the market's own bounds are reached, then prints the RSS."""
    world = World(pools=1_000)
    player = Player(Kernel(wiring(max_pools=MEMORY_POOLS), _raise), world)
    player.begin(positions=POSITIONS)
    found: dict[str, int] = {}
    step = max(1, count // 5)
    for done, event in enumerate(mix.events(player, count), 1):
        player.handle(event)
        if done % step == 0:
            found[str(done)] = _rss()
    found["launches"] = world.launched - world.pools
    found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps(found))


def _rss() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


def _raise(what: str, error: Exception) -> None:
    raise AssertionError(what) from error


def figures(quick: bool = False) -> list[Figure]:
    count, runs = (EVENTS // 4, 3) if quick else (EVENTS, RUNS)
    events = recorded(count)
    batches = raw_batches(events)
    alone, live = [], []
    for _ in range(runs):
        alone.append(kernel_rate(events))
        live.append(live_rate(events, batches))
    ticks = [event for event in events if isinstance(event, Trade)]
    blocks = sum(isinstance(event, Block) for event in events)
    found = [
        Figure(
            "kernel, the mix",
            median(alone),
            "events/CPU s",
            300_000,
            more=True,
            beside={"best": max(alone), "aim": 500_000, "blocks": blocks},
        ),
        Figure(
            "kernel, ticks alone",
            kernel_rate(ticks),
            "events/CPU s",
            more=True,
            beside={"NautilusTrader 1.231, ticks": 83_300},
        ),
        Figure(
            "live: JSON, kernel, journal, metrics",
            median(live),
            "events/CPU s",
            100_000,
            more=True,
            beside={"best": max(live)},
        ),
    ]
    for accounts in (1, 100, 1_000):
        rate, launch = many_accounts(accounts, min(count, 50_000 if accounts < 1_000 else 20_000))
        found.append(
            Figure(
                f"{accounts:,} accounts on one stream",
                rate,
                "events/CPU s",
                more=True,
                beside={"µs per account and launch": launch},
            )
        )
    rss = memory(200_000 if quick else MEMORY_EVENTS)
    sizes = {name: size / 1024 for name, size in rss.items() if name.isdigit()}
    first, last = next(iter(sizes.values())), list(sizes.values())[-1]
    found.append(
        Figure(
            "memory after all events, over that after a fifth",
            last / first,
            "×",
            1.05,
            beside={f"MB at {int(name):,}": size for name, size in sizes.items()} | {"launches": rss["launches"]},
        )
    )
    return found
