"""The mix of the kernel's figure: 58% pool syncs, 37% ticks, 1% orders, 4% blocks, launches, transfers, clock."""

from collections.abc import Iterator

from world import Player

from sniper.events import Event

SYNCS, TICKS, ANSWERS = 580, 370, 10
"""Of 1,000 events. The rest: 5 blocks, 3 logs of a launch, 1 answer about a token, transfers and the clock.

10 answers and commands are one launch's whole life: its entry, approval and exit are signed, sent, included."""


def events(player: Player, count: int) -> Iterator[Event]:
    """``count`` events; each must be handled by ``player`` before the next is taken. One launch in 1,000 events is
    bought and sold again."""
    world = player.world
    rng = world.rng
    made = 0
    while made < count:
        script = ["sync"] * SYNCS + ["tick"] * TICKS + ["transfer"] * 23 + ["clock"] * 8
        rng.shuffle(script)
        # Everything that a launch leads to, spread over the thousand: places of blocks and answers among the rest.
        launch, logs = world.launch()
        account = next(iter(player.kernel.accounts))
        pending: list[Event] = list(logs)
        closed = False
        blocks = 5
        for place, kind in enumerate(script):
            yield _market(player, kind)
            made += 1
            if place % 50 != 25:
                continue
            if pending:
                for event in pending:
                    yield event
                    made += 1
                pending = []
                continue
            if (found := player.answer()) is not None:
                yield found
                made += 1
            elif not closed and not player.kernel.accounts[account].book.orders:
                closed = True
                yield world.close(account, launch)
                made += 1
            elif blocks:
                blocks -= 1
                yield world.block()
                made += 1
        for event in player.settle():
            blocks -= type(event).__name__ == "Block"
            yield event
            made += 1
        for _ in range(max(0, blocks)):
            yield world.block()
            made += 1


def _market(player: Player, kind: str) -> Event:
    world = player.world
    if kind == "sync":
        return world.some_sync()
    if kind == "tick":
        return world.tick()
    if kind == "transfer":
        return world.transfer()
    return world.clock()
