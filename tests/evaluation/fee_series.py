"""Block series with what was needed to be in each block: generated, or from real base fees with generated tips.

The generator is a market, not a fit to one. Transactions arrive with the gas they want, the most they pay and a tip;
a builder takes the best tips until the block is full; the base fee follows by EIP-1559; who does not get in waits, and
leaves after 20 blocks. Demand is a slow random walk around the target, with bursts in some kinds:

    steady    demand alone moves; about half of the blocks are full
    bursts    every 150 blocks or so, 5 to 30 blocks of demand three times as high, with tips eight times as high
    outliers  steady; each 25th block is filled by transactions with absurd tips, as a bundle auction leaves them
    private   steady; an eighth of the gas comes past the pool, pays the builder otherwise, and shows a tip of nothing
    quiet     a tenth of the demand: blocks are never full, and the base fee falls to its floor

Own transactions are too small to change a series.
"""

import csv
import math
import os
import random
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Final, NamedTuple

from sniper.events import Block, PoolTips
from sniper.fee import next_base_fee

GWEI: Final = 10**9
LIMIT: Final = 30_000_000
ROOM: Final = 300_000
"""Gas of the transaction whose inclusion is simulated."""
FLOOR: Final = 10**6
"""The least tip that a builder takes, wei per gas (geth, ``miner.gasprice``)."""
KINDS: Final = ("steady", "bursts", "outliers", "private", "quiet")
LIFE: Final = 20
SLOTS: Final = 1.1
"""How demand differs from one block to the next, as the deviation of its logarithm."""
SEEN: Final = 0.3
"""Share of a block's arrivals that have come when its bid is made; the others come after it."""


class Mined(NamedTuple):
    """``needed``: a tip of at least so much is in ``block``. ``pool``: what a node showed right before it came."""

    block: Block
    needed: int
    pool: PoolTips | None


class _Pending(NamedTuple):
    tip: int
    most: int
    gas: int
    until: int
    hidden: bool

    def offers(self, base_fee: int) -> int:
        return min(self.tip, self.most - base_fee)


def generated(kind: str, seed: int, length: int) -> list[Mined]:
    """A series of that kind, the same for the same seed."""
    rng = random.Random(f"{kind}-{seed}")
    pool: list[_Pending] = []
    found: list[Mined] = []
    level, burst, base_fee = 0.0, 0, 10 * GWEI
    for number in range(1, length + 101):
        level = 0.97 * level + rng.gauss(0, 0.08)
        if kind == "bursts" and not burst and rng.random() < 1 / 150:
            burst = rng.randint(5, 30)
        burst = max(0, burst - 1)
        demand = math.exp(level + rng.gauss(0, SLOTS)) * (0.1 if kind == "quiet" else 1.6) * (3 if burst else 1)
        demand *= LIMIT / 2
        arriving = _arriving(rng, demand, number, 8 if burst else 1, kind)
        early = [tx for tx in arriving if rng.random() < SEEN]
        shown = _shown([tx for tx in (*pool, *early) if not tx.hidden], base_fee, number - 1)
        absurd = kind == "outliers" and number % 25 == 0
        pool = [tx for tx in (*pool, *arriving) if tx.until > number]
        block, needed, taken = _built(number, base_fee, pool, absurd)
        pool = [tx for n, tx in enumerate(pool) if n not in taken]
        found.append(Mined(block, needed, shown))
        base_fee = max(7, next_base_fee(block))
    return found[100:]  # what came before has filled the pool


def _arriving(rng: random.Random, demand: float, number: int, eager: int, kind: str) -> list[_Pending]:
    found = []
    while demand > 0:
        gas = min(2_000_000, max(21_000, int(rng.lognormvariate(math.log(150_000), 0.9))))
        demand -= gas
        if rng.random() < min(1.0, max(0.0, demand / gas + 1)):
            tip = FLOOR + int(eager * rng.lognormvariate(math.log(GWEI // 2), 1.0))
            most = int(rng.lognormvariate(math.log(12 * GWEI), 0.6) * (2 if eager > 1 else 1))
            hidden = kind == "private" and rng.random() < 1 / 8
            found.append(_Pending(0 if hidden else tip, most + tip, gas, number + LIFE, hidden))
    return found


def _shown(pool: list[_Pending], base_fee: int, block: int) -> PoolTips:
    offers = sorted(((tx.offers(base_fee), tx.gas) for tx in pool if tx.offers(base_fee) >= FLOOR), reverse=True)
    return PoolTips(time=0, chain_id=1, block=block, offers=tuple(offers[:400]))


def _built(number: int, base_fee: int, pool: list[_Pending], absurd: bool) -> tuple[Block, int, set[int]]:
    """The block, the tip that it took to be in it, and which of the pool it has."""
    order = sorted(
        (n for n, tx in enumerate(pool) if tx.most >= base_fee and (tx.hidden or tx.offers(base_fee) >= FLOOR)),
        key=lambda n: (pool[n].hidden, pool[n].offers(base_fee)),
        reverse=True,
    )
    left, taken, paid = LIMIT, set(), []
    if absurd:
        left, paid = 0, [(1_000 * GWEI, LIMIT)]
    for n in order:
        if pool[n].gas <= left:
            left -= pool[n].gas
            taken.add(n)
            paid.append((max(0, pool[n].offers(base_fee)) if not pool[n].hidden else 0, pool[n].gas))
    public = sorted((pool[n].offers(base_fee), pool[n].gas) for n in taken if not pool[n].hidden)
    public = [(paid[0][0], LIMIT)] if absurd else public
    needed, room = FLOOR, left
    for tip, gas in public:  # the cheapest give way
        if room >= ROOM:
            break
        room, needed = room + gas, max(FLOOR, tip + 1)
    used = LIMIT - left
    return _block(number, base_fee, used, _percentiles(sorted(paid), used)), needed, taken


def _percentiles(paid: list[tuple[int, int]], used: int) -> tuple[int, ...]:
    """As ``eth_feeHistory`` tells them: by gas, cheapest first (go-ethereum, ``eth/gasprice/feehistory.go``)."""
    if not paid:
        return (0, 0, 0)
    passed = list(accumulate(gas for _, gas in paid))
    return tuple(
        next(tip for (tip, _), so_far in zip(paid, passed, strict=True) if so_far >= used * percent // 100)
        for percent in (10, 50, 90)
    )


def _block(number: int, base_fee: int, used: int, tips: tuple[int, ...]) -> Block:
    return Block(
        time=number, chain_id=1, number=number, hash=f"{number}", parent=f"{number - 1}", timestamp=number * 12,
        base_fee=base_fee, gas_used=used, gas_limit=LIMIT, tips=tips,
    )  # fmt: skip


def real_file() -> Path:
    """Where the recorded base fees are, if they are there."""
    data = Path(os.environ.get("SNIPER_DATA", Path(__file__).parents[3] / "shared/data"))
    return data / "fees/mainnet_basefee_21527387.csv"


def real(seed: int) -> list[Mined]:
    """The recorded base fees. How full each block was follows from the next base fee (EIP-1559, inverted; to about
    0.01% of its gas). Tips are not recorded, so they are generated: what was needed in a full block is lognormal around
    half a gwei, with a memory of some blocks. No pool is known. Raises `OSError` where the file is not there."""
    with real_file().open() as lines:
        fees = [round(float(row["basefee_gwei"]) * 10**6) * 1000 for row in csv.DictReader(lines)]
    rng, level, found = random.Random(f"real-{seed}"), 0.0, []
    for n, (fee, after) in enumerate(pairwise(fees)):
        used = max(0, min(LIMIT, LIMIT // 2 + (after - fee) * 8 * (LIMIT // 2) // fee))
        level = 0.8 * level + rng.gauss(0, 0.6)
        low = FLOOR + int(GWEI // 2 * math.exp(level))
        full = used > LIMIT - 500_000
        tips = (low + low // 5, 3 * low, 12 * low) if full else (low // 2, 2 * low, 10 * low)
        found.append(Mined(_block(n + 1, fee, used, tips), low if full else FLOOR, None))
    return found
