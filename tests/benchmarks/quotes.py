"""AMM quotes beside naive references that a strategy author might write; the codec; appending to the journal."""

import random
import tempfile
from fractions import Fraction
from functools import partial
from pathlib import Path
from statistics import median
from timeit import repeat

from figures import Figure
from world import ETHER, World

from sniper.codec import decode, encode, encode_trusted
from sniper.journal import Kind, Record, Writer
from sniper.runtime.records import register_events
from sniper_amm_constant_product.batch import amounts_out, integers, words
from sniper_amm_constant_product.pool import ConstantProduct, ConstantProductConfig
from sniper_amm_uniswap_v3.pool import UniswapV3, UniswapV3Config
from sniper_amm_uniswap_v3.swap import swap

SPACING = 60
TICKS = (10, 100, 1000)


def micros(call: object, number: int) -> float:
    """Median of five runs, µs a call."""
    return median(repeat(call, number=number, repeat=5)) / number * 1e6


def quietest(call: object, number: int) -> float:
    """The best of ten runs, µs a call: for ratios, which other processes disturb on one side only."""
    return min(repeat(call, number=number, repeat=10)) / number * 1e6


def naive_v2(x: int, y: int, amount: int) -> int:
    """x·y = k in exact fractions."""
    paid = Fraction(amount) * Fraction(997, 1000)
    return int(y - Fraction(x * y) / (x + paid))


def v2_batch(quick: bool) -> Figure:
    """Quotes of different pairs in one call, reserves and amounts of 18 decimals and of all that fits; as limbs."""
    draw, number = random.Random(7), 1_000 if quick else 10_000
    usual = [[draw.getrandbits(bits) + 1 for _ in range(number)] for bits in (75, 85, 62)]
    large = [[draw.getrandbits(bits) + 1 for _ in range(number)] for bits in (111, 111, 110)]
    taken = {}
    for name, (x, y, amount) in {"usual": usual, "large": large}.items():
        columns = words(x), words(y), words(amount)
        for each in random.Random(8).choices(range(number), k=100):
            pair = ConstantProduct(config=ConstantProductConfig(), reserves=(x[each], y[each]))
            if integers(amounts_out(*columns, 30))[each] != pair.amount_out(0, 1, amount[each]):
                raise AssertionError("the batch quotes otherwise")
        taken[name] = micros(partial(amounts_out, *columns, 30), 20) / number * 1e3
    return Figure("V2 quote in batch", taken["usual"], "ns", 50, beside={"of 111 bits": taken["large"]})


def v3_pool(ticks: int) -> UniswapV3:
    """Positions side by side around price 1, so many on either side, each with liquidity of its own."""
    pool = UniswapV3(config=UniswapV3Config(), fee=3000, tick_spacing=SPACING)
    pool.initialize(2**96, 0)
    for n in range(-ticks, ticks):
        liquidity = 10**21 + (n * 7919 % 100) * 10**19
        pool.mint("", "", n * SPACING, (n + 1) * SPACING, liquidity, 0, 0)
    return pool


def walk(pool: UniswapV3, i: int, amount: int) -> int:
    """The contract's walk, step by step, in the same language."""
    return swap(
        amount,
        price=pool.sqrt_price_x96,
        tick=pool.tick,
        liquidity=pool.liquidity,
        ticks=pool.ticks,
        spacing=pool.tick_spacing,
        fee=pool.fee,
        downwards=i == 0,
        exact_in=True,
    )[1]


def v3_figures(number: int) -> list[Figure]:
    """Quotes that cross all ticks but the last; what a mint beside the price costs them."""
    found: list[Figure] = []
    shortest: dict[int, float] = {}
    for ticks in TICKS:
        pool = v3_pool(ticks)
        fast = slow = 0.0
        for i in (0, 1):
            amount = pool.most_in(i, 1 - i) - 10**16
            if walk(pool, i, amount) != pool.amount_out(i, 1 - i, amount):
                raise AssertionError("the walk quotes otherwise")
            fast = max(fast, quietest(partial(pool.amount_out, i, 1 - i, amount), number))
            slow = max(slow, quietest(partial(walk, pool, i, amount), max(number // (ticks * 25), 2)))
        shortest[ticks] = fast
        found.append(Figure(f"V3 quote over {ticks} ticks, the slower direction", fast, "µs", beside={"walk": slow}))
        if ticks == 100:
            found.append(Figure("V3 quote over 100 ticks against the walk", slow / fast, "times", 50, more=True))

        def change(pool: UniswapV3 = pool, lower: int = -ticks // 2 * SPACING) -> None:
            pool.mint("", "", lower, lower + 2 * SPACING, 10**20, 0, 0)
            pool.burn("", lower, lower + 2 * SPACING, 10**20, 0, 0)

        found.append(Figure(f"V3 mint and burn among {ticks} ticks", quietest(change, number // 20), "µs"))
    found.append(Figure("V3 quote over 1000 ticks against 10", shortest[1000] / shortest[10], "times", 2))
    return found


def figures(quick: bool = False) -> list[Figure]:
    number = 2_000 if quick else 20_000
    v2 = ConstantProduct(config=ConstantProductConfig(), reserves=(10**19, 10**24))
    found = [
        Figure(
            "V2 quote",
            micros(lambda: v2.amount_out(0, 1, ETHER), number),
            "µs",
            beside={"in fractions": micros(lambda: naive_v2(10**19, 10**24, ETHER), number)},
        ),
    ]
    found += [v2_batch(quick), *v3_figures(number)]
    register_events()
    world = World()
    log, tick = world.some_sync(), world.tick()
    raw = encode(log)
    found += [
        Figure(
            "encode a log",
            micros(lambda: encode(log), number),
            "µs",
            beside={"trusted": micros(lambda: encode_trusted(log), number)},
        ),
        Figure("decode a log", micros(lambda: decode(raw), number), "µs"),
        Figure("encode a tick", micros(lambda: encode(tick), number), "µs"),
    ]
    with tempfile.TemporaryDirectory(prefix="sniper-bench-") as name:
        writer = Writer(Path(name))
        writer.begin_epoch(b"{}")
        record = Record("", Kind.INPUT, raw)
        batch = [record] * 256
        one = micros(lambda: writer.append([record]), number // 4)
        found.append(
            Figure(
                "append a record",
                one,
                "µs",
                beside={"in frames of 256": micros(lambda: writer.append(batch), number // 100) / 256},
            )
        )
        writer.close()
    return found
