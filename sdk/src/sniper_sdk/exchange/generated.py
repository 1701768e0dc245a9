"""A market that nobody recorded: a price that wanders, with a book around it; the same for the same seed."""

import random
from collections.abc import Iterator

from sniper_sdk.exchange.recording import Levels, MarketEvent, Print
from sniper_sdk.exchange.symbol import Symbol

STEP_NS = 100_000_000
DEPTH = 20


def generated(symbol: Symbol, *, seed: int, start_ns: int, seconds: float, price: int) -> Iterator[MarketEvent]:
    """Ten times a second up to three trades at the best price, and then the book as it is. ``price``: about where.

    What the trades leave is in the next levels, as in a recording.
    """
    draw = random.Random(seed)
    tick, step = symbol.tick, symbol.step
    lot = max(step, symbol.min_notional * 10**8 // price // step * step * 4)
    spread, gap = tick, tick * max(1, price // tick // 10_000)
    middle = price // tick * tick

    def book() -> tuple[dict[int, int], dict[int, int]]:
        bids = {middle - spread - gap * n: lot * draw.randint(1, 40) for n in range(DEPTH)}
        asks = {middle + spread + gap * n: lot * draw.randint(1, 40) for n in range(DEPTH)}
        return bids, asks

    bids, asks = book()
    yield Levels(start_ns, tuple(bids.items()), tuple(asks.items()), whole=True)
    for number in range(1, int(seconds * 10**9) // STEP_NS + 1):
        now = start_ns + number * STEP_NS
        for _ in range(draw.randint(0, 3)):
            sells = draw.random() < 0.5
            half = bids if sells else asks
            best = max(half) if sells else min(half)
            yield Print(now, best, min(half[best], lot * draw.randint(1, 10)), sells)
        middle = max(tick * 100, middle + gap * draw.choice((-1, 0, 0, 1)))
        old_bids, old_asks = bids, asks
        bids, asks = book()
        yield Levels(now, _changes(old_bids, bids), _changes(old_asks, asks))


def _changes(old: dict[int, int], new: dict[int, int]) -> tuple[tuple[int, int], ...]:
    gone = tuple((price, 0) for price in old if price not in new)
    return gone + tuple(new.items())
