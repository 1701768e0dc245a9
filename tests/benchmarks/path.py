"""Log in hand → signed raw transaction.

The clock starts with the raw JSON of the log that says that a new pool has liquidity, and stops when the signed bytes
are about to leave: decode, market, launch-snipe, limits, liquidity, sizer, route, fee, reservation, calldata,
signature, all facts in the journal. What comes before the log and after the signature takes the same way between two
measurements, so the arrivals are busy: nothing waits, and the machine's caches hold what a busy run would keep there.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter_ns

import msgspec
from figures import Figure, collected, spread
from shell import Shell, SignsHere, json_of
from world import CHAIN, KEY, Player, World, wiring

from sniper.events import Event, Log
from sniper.evm.log import log_from_json
from sniper.evm.transaction import SigningKey
from sniper.kernel.asks import Ask
from sniper.kernel.kernel import Kernel
from sniper.runtime.feeding import checked

EVENTS = 10_000
WARM = 300
SPARSE = 1_000
POSITIONS = 20

decode = msgspec.json.Decoder().decode


class Unsynced(Shell):
    """The figure's "journal appended, not synced": the barrier before a command is measured apart."""

    def _command(self, commands: Sequence[Ask]) -> None:
        for command in commands:
            self.effects.start(command)


class Rig:
    """A kernel with some pools and positions, a journal, and a key."""

    def __init__(self, directory: Path, shell: type[Shell]) -> None:
        self.key = SigningKey(KEY)
        self.world = World(pools=200)
        self.kernel = Kernel(wiring(owner=self.key.address), _raise)
        self.player = Player(self.kernel, self.world)
        self.player.begin(positions=POSITIONS)
        self.effects = SignsHere(self.key, self.world)
        self.shell = shell(self.kernel, directory)
        self.shell.effects = self.effects

    def before(self) -> bytes:
        """A launch, but for its liquidity: the JSON of the log that is measured."""
        self.handle(self.world.block())
        _, (created, synced, minted) = self.world.launch()
        self.handle(created)
        self.handle(synced)
        return json_of(minted)

    def measured(self, raw: bytes) -> bytes:
        """All of the path: the signed transaction."""
        self.shell.take(fed(raw, self.world.time))
        effects = self.effects
        answers, effects.answers = effects.answers, []
        self.shell.take(answers)
        return effects.left[0].body.submission.raw

    def after(self) -> None:
        """The rest of the order's life, then the position's: what is held stays the same over the whole run."""
        effects = self.effects
        token = effects.left[0].body.submission.swap.token_out
        self.rest()
        self.handle(self.world.close("main", int(token[4:], 16)))
        self.rest()

    def rest(self) -> None:
        effects = self.effects
        while True:
            asks = [*effects.left, *effects.others]
            effects.left, effects.others = [], []
            answers = [*effects.answers, *filter(None, (self.world.answer(self.kernel, ask) for ask in asks))]
            effects.answers = []
            if not answers:
                if not self.kernel.accounts["main"].book.orders:
                    return
                answers = [self.world.block()]
            for answer in answers:
                self.handle(answer)

    def handle(self, event: Event) -> None:
        """What is not measured takes the same way: kernel, journal, effects."""
        self.shell.take([event])

    def close(self) -> None:
        self.shell.writer.close()


def log_event(raw: bytes, now: int) -> Log:
    """A log's JSON as the feed makes an event of it."""
    found = log_from_json(decode(raw))
    return Log(
        time=now,
        chain_id=CHAIN,
        block=found.block,
        tx_hash=found.transaction,
        index=found.index,
        address=found.address,
        topics=found.topics,
        data=found.data,
    )


def fed(raw: bytes, now: int) -> list[Event]:
    """As the feeder hands it over."""
    return checked([log_event(raw, now)], CHAIN)


def _raise(what: str, error: Exception) -> None:
    raise AssertionError(what) from error


def run_path(
    shell: type[Shell], count: int, *, gap_s: float = 0.0, between: Callable[[], None] | None = None
) -> list[int]:
    """ns of each path. ``between`` is called after each, outside of the measurement."""
    taken = []
    with tempfile.TemporaryDirectory(prefix="sniper-bench-") as name:
        rig = Rig(Path(name), shell)
        with collected():
            for n in range(count + WARM):
                raw = rig.before()
                if gap_s:
                    time.sleep(gap_s)
                began = perf_counter_ns()
                transaction = rig.measured(raw)
                ended = perf_counter_ns()
                if transaction[0] != 2:
                    raise AssertionError("no signed transaction came of it")
                if n >= WARM:
                    taken.append(ended - began)
                rig.after()
                if between is not None:
                    between()
        rig.close()
    return taken


def figures(quick: bool = False) -> list[Figure]:
    count = EVENTS // 10 if quick else EVENTS
    found = spread("log → signed, journal appended", run_path(Unsynced, count), 200, 600)
    found += spread("log → signed, synced before it leaves", run_path(Shell, count // 2))
    found += spread("log → signed, 1 ms gaps", run_path(Unsynced, min(count, SPARSE), gap_s=0.001))
    return found
