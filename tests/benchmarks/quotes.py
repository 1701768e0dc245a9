"""AMM quotes beside naive references that a strategy author might write; the codec; appending to the journal."""

import tempfile
from fractions import Fraction
from pathlib import Path
from statistics import median
from timeit import repeat

from figures import Figure
from world import ETHER, World

from sniper.codec import decode, decode_many, encode, encode_many
from sniper.journal import Kind, Record, Writer
from sniper.runtime.records import register_events
from sniper_amm_constant_product.pool import ConstantProduct, ConstantProductConfig
from sniper_amm_uniswap_v3.pool import UniswapV3, UniswapV3Config
from sniper_amm_uniswap_v3.step import amount0, amount1
from sniper_amm_uniswap_v3.tick import sqrt_ratio_at_tick

SPACING = 60
TICKS = 166


def micros(call: object, number: int) -> float:
    """Median of five runs, µs a call."""
    return median(repeat(call, number=number, repeat=5)) / number * 1e6


def naive_v2(x: int, y: int, amount: int) -> int:
    """x·y = k in exact fractions."""
    paid = Fraction(amount) * Fraction(997, 1000)
    return int(y - Fraction(x * y) / (x + paid))


def v3_pool() -> UniswapV3:
    """166 positions side by side around price 1, each with liquidity of its own."""
    ticks: dict[int, list[int]] = {}
    for n in range(TICKS - 1):
        lower = (n - TICKS // 2) * SPACING
        liquidity = 10**21 + (n * 7919 % 100) * 10**19
        for tick, net in ((lower, liquidity), (lower + SPACING, -liquidity)):
            known = ticks.setdefault(tick, [0, 0])
            known[0] += liquidity
            known[1] += net
    table = tuple((tick, gross, net) for tick, (gross, net) in sorted(ticks.items()))
    here = sum(net for tick, _, net in table if tick <= 0)
    return UniswapV3(
        config=UniswapV3Config(),
        fee=3000,
        tick_spacing=SPACING,
        sqrt_price_x96=2**96,
        tick=0,
        liquidity=here,
        ticks=table,
    )


def naive_v3(pool: UniswapV3, amount: int) -> int:
    """The walk of the contract downwards, boundary by boundary, with the ticks in a dict."""
    nets = {tick: net for tick, _, net in pool.ticks}
    price, liquidity, left, out = pool.sqrt_price_x96, pool.liquidity, amount, 0
    tick = pool.tick // SPACING * SPACING
    while left:
        target = sqrt_ratio_at_tick(tick)
        whole = amount0(target, price, liquidity, up=True)
        usable = left * (10**6 - pool.fee) // 10**6
        if usable >= whole:
            left -= whole + -(-whole * pool.fee // (10**6 - pool.fee))
            out += amount1(target, price, liquidity, up=False)
            price = target
            liquidity -= nets.get(tick, 0)
            tick -= SPACING
        else:
            following = -(-(liquidity << 96) * price // ((liquidity << 96) + usable * price))
            out += amount1(following, price, liquidity, up=False)
            left = 0
    return out


def figures(quick: bool = False) -> list[Figure]:
    number = 2_000 if quick else 20_000
    v2 = ConstantProduct(config=ConstantProductConfig(), reserves=(10**19, 10**24))
    pool = v3_pool()
    near, far = 10**18, 3 * 10**20
    if naive_v3(pool, near) != pool.amount_out(0, 1, near) or naive_v3(pool, far) != pool.amount_out(0, 1, far):
        raise AssertionError("the reference quotes otherwise")
    found = [
        Figure(
            "V2 quote",
            micros(lambda: v2.amount_out(0, 1, ETHER), number),
            "µs",
            beside={"in fractions": micros(lambda: naive_v2(10**19, 10**24, ETHER), number)},
        ),
        Figure(
            "V3 quote within a tick",
            micros(lambda: pool.amount_out(0, 1, near), number),
            "µs",
            beside={"walk": micros(lambda: naive_v3(pool, near), number)},
        ),
        Figure(
            "V3 quote over 80 ticks",
            micros(lambda: pool.amount_out(0, 1, far), number // 10),
            "µs",
            beside={"walk": micros(lambda: naive_v3(pool, far), number // 10)},
        ),
    ]
    register_events()
    world = World()
    log, tick = world.some_sync(), world.tick()
    raw = encode(log)
    many = encode_many([log] * 256)
    found += [
        Figure("encode a log", micros(lambda: encode(log), number), "µs"),
        Figure(
            "decode a log",
            micros(lambda: decode(raw), number),
            "µs",
            beside={"in batches of 256": micros(lambda: decode_many(many), number // 100) / 256},
        ),
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
