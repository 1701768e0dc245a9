"""What a crash with much on its way costs, and a reorg of many blocks with many trades in them.

Kernel and journal alone: no process is started, and the answers of chain and signer are at hand."""

import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from figures import Figure, collected
from world import CHAIN, Player, World, wiring

from sniper.events import Event, Reorg
from sniper.journal import Writer
from sniper.kernel.asks import Settle
from sniper.kernel.kernel import Kernel
from sniper.runtime.records import fact_record, input_record
from sniper.runtime.recovery import recover

PENDING = 200
IN_FLIGHT = 100
TRADES = 1_000
DEPTH = 64
MANIFEST = b"{}"


class Journaling(Player):
    """A frame for each event, as where nothing comes in batches."""

    def __init__(self, writer: Writer) -> None:
        super().__init__(Kernel(wiring()), World(pools=0))
        self.writer = writer

    def handle(self, event: Event) -> None:
        kernel = self.kernel
        kernel.handle(event)
        self.writer.append([input_record(event), *(fact_record(account, fact) for account, fact in kernel.facts)])
        kernel.facts = []
        self.waiting.extend(kernel.asks)
        kernel.asks = []


def launch(player: Player, count: int) -> None:
    """So many in the present block."""
    for _ in range(count):
        for log in player.world.launch()[1]:
            player.handle(log)


def leave(player: Player) -> None:
    """Answer everything but what the chain did with a transaction."""
    held = []
    while player.waiting:
        ask = player.waiting.popleft()
        if isinstance(ask.body, Settle):
            held.append(ask)
        elif (found := player.world.answer(player.kernel, ask)) is not None:
            player.handle(found)
    player.waiting.extend(held)


def pending(count: int) -> float:
    """Seconds from the first launch to the last of so many transactions on its way. No nonce is left out."""
    player = Player(Kernel(wiring()), World(pools=0))
    player.begin()
    with collected():
        began = perf_counter()
        launch(player, count)
        leave(player)
        taken = perf_counter() - began
    nonces = [attempt.nonce for _, attempt in player.kernel.accounts["main"].book.in_flight()]
    if sorted(nonces) != list(range(count)):
        raise AssertionError(f"{count} transactions should wait, without a gap: {sorted(nonces)}")
    return taken


def recovered(directory: Path, count: int) -> tuple[float, int]:
    """Seconds from opening a journal that ends with so many transactions on their way until each is settled; how many
    records it has then."""
    with Writer(directory) as writer:
        writer.begin_epoch(MANIFEST)
        player = Journaling(writer)
        player.begin()
        launch(player, count)
        leave(player)
    again = Player(Kernel(wiring()), player.world)
    with collected():
        began = perf_counter()
        with Writer(directory) as writer:
            found = recover(directory, again.kernel, MANIFEST)
            again.handle(player.world.started())
            again.handle(player.world.block())
            again.play()
        taken = perf_counter() - began
    book = again.kernel.accounts["main"].book
    if found.halted or found.differing or book.orders or len(book.positions) != count:
        raise AssertionError(
            f"{len(book.positions)} of {count} were bought, {len(book.orders)} orders are open: {found}"
        )
    return taken, writer.position


def settled_anew(directory: Path, trades: int, depth: int) -> tuple[float, float]:
    """Seconds to take back ``depth`` blocks with so many entries, each with its exit's approval, and seconds until all
    are settled on the new branch, the first ones included; all of it journaled."""
    with Writer(directory) as writer:
        writer.begin_epoch(MANIFEST)
        return _settled_anew(Journaling(writer), trades, depth)


def _settled_anew(player: Player, trades: int, depth: int) -> tuple[float, float]:
    player.begin()
    world, book = player.world, player.kernel.accounts["main"].book
    ancestor, last = world.number, depth - 4  # the newest blocks have the approvals of the last entries
    for n in range(depth):
        player.handle(world.block())
        launch(player, min(trades, trades * (n + 1) // last) - min(trades, trades * n // last))
        player.answer_all()
    if book.orders or len(book.positions) != trades:
        raise AssertionError(f"{len(book.positions)} of {trades} were bought, {len(book.orders)} orders are open")
    with collected():
        began = perf_counter()
        world.number = ancestor
        world.nonces.clear()
        player.handle(Reorg(time=world.time, chain_id=CHAIN, ancestor=ancestor))
        alone = perf_counter() - began
        player.handle(world.block())
        for n in range(1, trades + 1):  # the new branch has all of them in its first block
            for log in (world.created(n), world.sync(n, 10 * 10**18, 10**24)):
                player.handle(log)
        player.play()
        whole = perf_counter() - began
    if book.orders or len(book.positions) != trades:
        raise AssertionError(
            f"after the reorg {len(book.positions)} of {trades} are held, {len(book.orders)} orders open"
        )
    return alone, whole


def figures(quick: bool = False) -> list[Figure]:
    runs, trades = (1, TRADES // 10) if quick else (3, TRADES)
    with tempfile.TemporaryDirectory(prefix="sniper-bench-", dir=Path.cwd()) as name:
        recoveries = [recovered(Path(name) / str(n), IN_FLIGHT) for n in range(runs)]
        reorgs = [settled_anew(Path(name) / f"reorg-{n}", trades, DEPTH) for n in range(runs)]
    return [
        Figure(
            f"{PENDING} transactions of one sender on their way", median(pending(PENDING) for _ in range(runs)), "s"
        ),
        Figure(
            f"recovery with {IN_FLIGHT} transactions on their way",
            median(taken for taken, _ in recoveries),
            "s",
            3.0,
            beside={"records": recoveries[0][1]},
        ),
        Figure(
            f"{DEPTH} blocks with {trades:,} trades taken back and settled anew",
            median(whole for _, whole in reorgs),
            "s",
            2.0,
            beside={"taken back": median(alone for alone, _ in reorgs)},
        ),
    ]
