"""The prefix sums beside the walk that they replace: equal to the unit, in whatever order things happen."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sniper.amm import NoLiquidity
from sniper_amm_uniswap_v3 import table as tables
from sniper_amm_uniswap_v3.algebra import Algebra, AlgebraConfig
from sniper_amm_uniswap_v3.pool import UniswapV3, UniswapV3Config
from sniper_amm_uniswap_v3.step import price_after_input
from sniper_amm_uniswap_v3.swap import swap
from sniper_amm_uniswap_v3.table import Table
from sniper_amm_uniswap_v3.tick import MAX_TICK, MIN_TICK, sqrt_ratio_at_tick

Priced = UniswapV3 | Algebra
"""Steps that end at the edges of words, and steps that do not."""
TIERS = [(100, 1), (500, 10), (3000, 60), (10_000, 200), (0, 2), (999_999, 100), (50_000, 16_383)]


def walked(pool: Priced, i: int, amount: int, *, exact_in: bool) -> tuple[int, int]:
    return swap(
        amount,
        price=pool.sqrt_price_x96,
        tick=pool.tick,
        liquidity=pool.liquidity,
        ticks=pool.ticks,
        spacing=pool.tick_spacing,
        fee=pool.fee,
        downwards=i == 0,
        exact_in=exact_in,
        words=pool.words,
    )


def looked_up(pool: Priced, i: int, amount: int, *, exact_in: bool) -> tuple[int, int]:
    table = pool._table(i == 0, amount)
    quote = table.exact_in if exact_in else table.exact_out
    return quote(pool.sqrt_price_x96, pool.tick, pool.liquidity, amount)


def compare(pool: Priced, i: int, amount: int) -> None:
    for exact_in in (True, False):
        expected = walked(pool, i, amount, exact_in=exact_in)
        assert looked_up(pool, i, amount, exact_in=exact_in) == expected


def compare_the_most(pool: Priced, i: int) -> None:
    most = walked(pool, i, UniswapV3.max_amount, exact_in=True)[0]
    assert pool.most_in(i, 1 - i) == most
    with pytest.raises(NoLiquidity):
        pool.amount_out(i, 1 - i, most + 1)


def boundaries(pool: Priced, i: int) -> Iterator[int]:
    """Amounts in that end exactly at a stop, and beside it."""
    total = 0
    table = Table(pool.ticks, pool.tick_spacing, pool.fee, downwards=i == 0, words=pool.words)
    for stop in table._stops(pool.tick, pool.sqrt_price_x96, pool.liquidity):
        total += table._with_fee(stop[3])
        yield from (total - 1, total, total + 1)


@st.composite
def pools(draw: st.DrawFn, reach: int = 40) -> Priced:
    """Positions beside and over one another, with gaps, some over all prices; a price among them or beside them."""
    fee, spacing = draw(st.sampled_from(TIERS))
    lowest, highest = -(-MIN_TICK // spacing), MAX_TICK // spacing
    center = draw(st.sampled_from([0, 0, 70_000, -300_000]))
    tick = center + draw(st.integers(-reach * spacing // 2, reach * spacing // 2))
    tick = max(MIN_TICK + spacing, min(tick, MAX_TICK - spacing))
    pool: Priced = UniswapV3(config=UniswapV3Config(), fee=fee, tick_spacing=spacing)
    if draw(st.integers(0, 3)) == 0:
        pool = Algebra(config=AlgebraConfig(), fee=fee, tick_spacing=spacing)
    low, high = sqrt_ratio_at_tick(tick), sqrt_ratio_at_tick(tick + 1)
    pool.initialize(draw(st.integers(low, high - 1)), tick)
    for lower, upper, liquidity in draw(st.lists(positions(pool, reach), max_size=5)):
        pool.mint("", "", lower, upper, liquidity, 0, 0)
    if spacing > 1 and draw(st.integers(0, 3)) == 0:
        pool.mint("", "", lowest * spacing, highest * spacing, draw(st.integers(1, 10**20)), 0, 0)
    return pool


def positions(pool: Priced, reach: int) -> st.SearchStrategy[tuple[int, int, int]]:
    spacing, middle = pool.tick_spacing, pool.tick // pool.tick_spacing
    lowest, highest = -(-MIN_TICK // spacing), MAX_TICK // spacing

    def made(lower: int, width: int, bits: int, extra: int) -> tuple[int, int, int]:
        lower = max(lowest, min(middle + lower, highest - 1))
        return lower * spacing, min(lower + width, highest) * spacing, (1 << bits) + extra

    widths = st.integers(1, reach) | st.integers(200, 600)
    return st.builds(made, st.integers(-reach, reach), widths, st.integers(0, 90), st.integers(0, 10**6))


amounts = st.integers(0, 120).flatmap(lambda bits: st.integers(1, 2**bits))
sides = st.integers(0, 1)


@settings(deadline=None)
@given(pool=pools(), asked=st.lists(st.tuples(sides, amounts), min_size=1, max_size=12))
def test_quotes_equal_the_walk(pool: Priced, asked: list[tuple[int, int]]) -> None:
    for i, amount in asked:
        compare(pool, i, amount)
    for i in (0, 1):
        compare_the_most(pool, i)


@settings(max_examples=60, deadline=None)
@given(pool=pools(reach=15), i=sides)
def test_quotes_equal_the_walk_at_each_stop_and_beside_it(pool: Priced, i: int) -> None:
    for n, amount in enumerate(boundaries(pool, i)):
        if 0 < amount <= UniswapV3.max_amount and n < 120:
            compare(pool, i, amount)
            _, received = walked(pool, i, amount, exact_in=True)
            if received:
                compare(pool, i, received)


@settings(max_examples=300, deadline=None)
@given(data=st.data(), pool=pools())
def test_logs_change_the_sums_as_they_change_the_walk(data: st.DataObject, pool: Priced) -> None:
    """Positions come and go, the price moves back and forth by swaps of the walk's own, and quotes come in between."""
    held: list[tuple[int, int, int]] = []
    for _ in range(data.draw(st.integers(1, 14))):
        kept = pool.checkpoint()
        match data.draw(st.sampled_from(["mint", "burn", "swap", "swap", "back", "fee"])):
            case "mint":
                held.append(data.draw(positions(pool, 30)))
                pool.mint("", "", *held[-1], 0, 0)
            case "burn" if held:
                lower, upper, liquidity = held.pop(data.draw(st.integers(0, len(held) - 1)))
                pool.burn("", lower, upper, liquidity, 0, 0)
            case "swap":
                move(pool, data.draw(sides), data.draw(amounts))
            case "back":  # what a reorg restores has no sums
                pool = kept
                assert (pool.down, pool.up) == (None, None)
            case "fee":
                pool.fee = data.draw(st.sampled_from([0, 1, 500, 3000, 900_000]))
                for table in (pool.down, pool.up):
                    if table is not None:
                        table.change_fee(pool.fee)
        for i, amount in data.draw(st.lists(st.tuples(sides, amounts), max_size=3)):
            compare(pool, i, amount)
        if data.draw(st.booleans()):
            compare_the_most(pool, data.draw(sides))


def move(pool: Priced, i: int, amount: int) -> None:
    """What the contract would log of a swap, step by step."""
    table = Table(pool.ticks, pool.tick_spacing, pool.fee, downwards=i == 0, words=pool.words)
    price, tick, liquidity = pool.sqrt_price_x96, pool.tick, pool.liquidity
    for key, stop, behind, needed, _ in table._stops(tick, price, liquidity):
        whole = table._with_fee(needed)
        if amount >= whole:
            amount, price, tick, liquidity = amount - whole, stop, (-key - 1 if i == 0 else key), behind
            if not amount:
                break
            continue
        after = price_after_input(price, liquidity, amount * (10**6 - pool.fee) // 10**6, i == 0)
        if after != price:  # else the tick still says on which side of a boundary the price is
            low, high = MIN_TICK, MAX_TICK
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if sqrt_ratio_at_tick(middle) <= after else (low, middle)
            price, tick = after, low
        break
    pool.swapped("", "", 0, 0, price, liquidity, tick)


@pytest.mark.parametrize("i", [0, 1])
def test_a_table_is_bounded_and_what_lies_beyond_is_walked(i: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "LIMIT", 40)
    pool = UniswapV3(config=UniswapV3Config(), fee=500, tick_spacing=10)
    pool.initialize(2**96 + 12345, 0)
    pool.mint("", "", -887270, 887270, 10**21, 0, 0)
    for n in range(-300, 300, 3):
        pool.mint("", "", n * 10, n * 10 + 70, 10**20 + n, 0, 0)
    for shift in range(0, 70, 3):
        for j in (0, 1):
            compare(pool, j, 10**15 << shift)
            compare_the_most(pool, j)
        for table in (pool.down, pool.up):
            assert table is not None
            assert len(table._keys) <= 40
        move(pool, i if shift % 2 else 1 - i, 10**18 << shift // 4)


def test_a_full_range_position_at_the_closest_spacing_is_quoted_to_its_end() -> None:
    pool = UniswapV3(config=UniswapV3Config(), fee=100, tick_spacing=1)
    pool.initialize(2**96, 0)
    pool.mint("", "", MIN_TICK, MAX_TICK, 10**24, 0, 0)
    for i in (0, 1):
        compare_the_most(pool, i)
        for amount in (1, 10**20, 10**24, 10**30, 10**40):
            compare(pool, i, amount)
        table = pool.down if i == 0 else pool.up
        assert table is not None
        assert len(table._keys) <= tables.LIMIT


def test_a_position_beside_the_price_leaves_the_steps_outside_it_alone() -> None:
    pool = UniswapV3(config=UniswapV3Config(), fee=3000, tick_spacing=60)
    pool.initialize(2**96, 0)
    for n in range(-50, 50):
        pool.mint("", "", n * 60, n * 60 + 60, 10**20 + n, 0, 0)
    pool.amount_out(0, 1, pool.most_in(0, 1))
    table = pool.down
    assert table is not None
    before = list(table._paid)
    pool.mint("", "", -30 * 60, -25 * 60, 10**19, 0, 0)
    assert table._paid[:26] == before[:26]  # stops at 0, -60, … -1500
    assert table._paid[26] != before[26]
    assert len({now - then for now, then in zip(table._paid[30:], before[30:], strict=True)}) == 1
    compare(pool, 0, pool.most_in(0, 1) - 1)
