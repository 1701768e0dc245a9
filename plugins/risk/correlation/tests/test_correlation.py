import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.events import Block, LiquidityAdded, Retracted
from sniper.risk import Entry, Finding
from sniper.types import BPS, asset_id
from sniper_risk_correlation.rank import at_least, changes
from sniper_risk_correlation.watch import Correlation, CorrelationConfig
from sniper_sdk.builders import CHAIN, QUOTE, BuiltView, address, entry, pool, position, token, view

ETHER = 10**18


def token_of(n: int) -> str:
    return asset_id(CHAIN, address(0x100 + n))


def pool_of(n: int) -> str:
    return asset_id(CHAIN, address(0x9000 + n))


def market(prices: Sequence[int], held: Sequence[int] = (), **more: Any) -> BuiltView:
    quote = QUOTE.partition(":")[2]
    return view(
        pools=[
            pool(pool_of(n), coins=(token_of(n).partition(":")[2], quote), reserves=(10**24, price * 10**15))
            for n, price in enumerate(prices)
        ],
        positions=[position(token_of(n), pool=pool_of(n), cost=ETHER) for n in held],
        equity=10 * ETHER,
        **more,
    )


def block(number: int) -> Block:
    return Block(
        time=number,
        chain_id=CHAIN,
        number=number,
        hash=f"0x{number:x}",
        parent="",
        timestamp=number,
        base_fee=1,
        gas_used=1,
        gas_limit=2,
    )


def watching(series: Sequence[Sequence[int]], **config: Any) -> Correlation:
    """A watch that has seen these prices, a block each; ``series``: one for each pool."""
    watch = Correlation(config=CorrelationConfig(**{"every_blocks": 1, **config}))
    for n in range(len(series)):
        event = LiquidityAdded(time=0, pool=pool_of(n), token=token_of(n), quote_reserve=1, block=n)
        assert list(watch.added(event, view())) == []
    for number, prices in enumerate(zip(*series, strict=True), 1):
        assert list(watch.block(block(number), market(prices))) == []
    return watch


def buys(n: int, amount: int = ETHER, side: str = "increase") -> Entry:
    found = entry(amount, token=token_of(n), pool=pool_of(n))
    return msgspec.structs.replace(found, side=side)  # type: ignore[type-var]  # a struct at run time


def judged(watch: Correlation, here: BuiltView, n: int = 0, amount: int = ETHER) -> Finding:
    (finding,) = watch.judge(buys(n, amount), here)
    return finding


def walk(seed: int, steps: int = 30) -> list[int]:
    chance, price, found = random.Random(seed), 1_000_000, []
    for _ in range(steps):
        price = price * chance.randint(900, 1_100) // 1_000
        found.append(price)
    return found


ONE, OTHER = walk(1), walk(2)
LIKE_ONE = [price * 7 // 3 for price in ONE]
AGAINST_ONE = [10**12 // price for price in ONE]


def test_what_moves_along_counts_together_and_what_does_not_does_not() -> None:
    watch = watching([ONE, LIKE_ONE, OTHER, AGAINST_ONE])
    here = market([1] * 4, held=(1, 2, 3))
    found = judged(watch, here)
    assert (found.found, found.note) == (2 * ETHER, f"moves with {token_of(1)}")


def test_the_cap_is_a_share_of_the_equity() -> None:
    watch = watching([ONE, LIKE_ONE])
    here = market([1] * 2, held=(1,))
    assert judged(watch, here, amount=3 * ETHER).ok
    over = judged(watch, here, amount=3 * ETHER + 1)
    assert (over.ok, over.rule, over.limit) == (False, "together", 4 * ETHER)


@pytest.mark.parametrize(("counts", "expected"), [(True, 3 * ETHER), (False, ETHER)])
def test_of_what_too_little_is_known_counts_as_together_unless_told_otherwise(counts: bool, expected: int) -> None:
    watch = watching([ONE[:5], OTHER[:5]], unknown_together=counts)
    assert judged(watch, market([1] * 3, held=(1, 2))).found == expected


def test_a_price_that_never_moved_is_not_known_to_move_apart() -> None:
    watch = watching([ONE, [5] * len(ONE)])
    assert judged(watch, market([1] * 2, held=(1,))).note == f"not known to move apart from {token_of(1)}"


def test_tokens_of_one_deployer_are_together_whatever_their_prices_do() -> None:
    watch = watching([ONE, OTHER])
    made = {token_of(n): token(deployer=address(0xD)) for n in (0, 1)}
    assert judged(watch, market([1] * 2, held=(1,))).found == ETHER
    assert judged(watch, market([1] * 2, held=(1,), tokens=made)).found == 2 * ETHER


def test_more_of_the_same_token_counts_with_what_is_held_of_it() -> None:
    assert judged(watching([ONE]), market([1], held=(0,))).found == 2 * ETHER


def test_a_reduction_always_passes() -> None:
    watch = watching([ONE])
    assert [f.ok for f in watch.judge(buys(0, 10**30, "reduce"), market([1], held=(0,)))] == [True]


def test_a_reorg_takes_the_prices_of_its_blocks_with_it() -> None:
    watch, shorter = watching([ONE, OTHER]), watching([ONE[:-3], OTHER[:-3]])
    last = len(ONE) - 3
    assert list(watch.retracted(Retracted(time=0, chain_id=CHAIN, ancestor=last), view())) == []
    assert (watch.blocks, watch.prices) == (shorter.blocks, shorter.prices)
    assert list(watch.retracted(Retracted(time=0, chain_id=CHAIN, ancestor=0), view())) == []
    assert (watch.blocks, watch.prices) == ([], {})


def test_prices_are_bounded_and_those_of_positions_are_kept_without_a_launch() -> None:
    watch = watching([walk(n, 40) for n in range(6)], samples=8, max_pools=2, min_samples=4)
    assert {pool: len(kept) for pool, kept in watch.prices.items()} == {pool_of(4): 8, pool_of(5): 8}
    assert len(watch.blocks) == 8
    assert list(watch.block(block(99), replace(market([7] * 6, held=(0,))))) == []
    assert sorted(watch.prices) == [pool_of(0), pool_of(4), pool_of(5)]


@given(
    pairs=st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=2, max_size=12),
    bps=st.integers(1, BPS),
)
def test_at_least_is_tau_b_by_its_definition(pairs: list[tuple[int, int]], bps: int) -> None:
    def sign(n: int) -> int:
        return (n > 0) - (n < 0)

    alike = sum(sign(a - c) * sign(b - d) for (a, b), (c, d) in combinations(pairs, 2))
    ones = sum(a != c for (a, _), (c, _) in combinations(pairs, 2))
    others = sum(b != d for (_, b), (_, d) in combinations(pairs, 2))
    found = at_least([a for a, _ in pairs], [b for _, b in pairs], bps)
    if not ones * others:
        assert found is None
    else:
        assert found is (alike > 0 and alike**2 * BPS**2 >= bps**2 * ones * others)


@given(st.lists(st.integers(1, 2**200), min_size=2, max_size=10))
def test_a_change_does_not_depend_on_the_unit_of_the_price(prices: list[int]) -> None:
    assert changes([price * 10**6 for price in prices]) == changes(prices)
