"""The best way round through a pool that changed, beside all ways there are."""

from itertools import permutations
from math import log
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sniper.config import Config
from sniper.router import Leg
from sniper.routing import confirmed
from sniper_router_dual.cycles import Cycles
from sniper_sdk.conformance.router import Faulty, Market, Pool, Product

E18 = 10**18


@st.composite
def changes(draw: st.DrawFn) -> list[tuple[int, tuple[str, str], tuple[int, int] | None]]:
    """(pool, its coins, its reserves; None: it is removed). Coins of a pool stay."""
    pairs = [tuple(draw(st.permutations("abcdef"))[:2]) for _ in range(8)]
    reserves = st.tuples(st.integers(E18, 3 * E18), st.integers(E18, 3 * E18))
    steps = draw(st.lists(st.tuples(st.integers(0, 7), st.none() | reserves), min_size=1, max_size=40))
    return [(n, pairs[n], given) for n, given in steps]  # type: ignore[misc]  # pairs are of two


def every_cycle(pools: dict[str, Pool], through: str) -> float:
    """The best gain in logarithms of all cycles of two and three hops through a pool."""

    def price(pool: Pool, coin: str) -> float:
        x, y = (pool.impl.reserve(pool.coins.index(each)) for each in (coin, other(pool, coin)))
        return log(0.997 * y / x)

    def other(pool: Pool, coin: str) -> str:
        return pool.coins[1 - pool.coins.index(coin)]

    best = float("-inf")
    rest = [pool for pool in pools.values() if pool.address != through]
    for start in pools[through].coins:
        end = other(pools[through], start)
        first = price(pools[through], start)
        for pool in rest:
            if set(pool.coins) == {start, end}:
                best = max(best, first + price(pool, end))
        for one, two in permutations(rest, 2):
            if end in one.coins and start in two.coins and start not in one.coins and end not in two.coins:
                middle = other(one, end)
                if middle in two.coins:
                    best = max(best, first + price(one, end) + price(two, middle))
    return best


@given(history=changes())
@settings(max_examples=150, deadline=None)
def test_the_best_cycle_is_the_best_of_all(history: list[tuple[int, tuple[str, str], Any]]) -> None:
    cycles, pools = Cycles(), {}
    for n, coins, reserves in history:
        address = f"p{n}"
        if reserves is None:
            pools.pop(address, None)
            cycles.removed(address)
            continue
        pools[address] = Pool(address, coins, Product(config=Config(), reserves=reserves))
        legs = cycles.changed(pools[address])
        best = every_cycle(pools, address)
        if best < 1e-9:
            assert best < -1e-9 or not legs or len(legs) in (2, 3)
            assert best > -1e-9 or legs == ()
            continue
        gain = 0.0
        for leg in legs:
            pool = pools[leg.pool]
            i = pool.coins.index(leg.token_in)
            gain += log(0.997 * pool.impl.reserve(1 - i) / pool.impl.reserve(i))
        assert gain == pytest.approx(best)
        assert legs[0].pool == address
        found = confirmed(Market(list(pools.values())), legs, legs[0].token_in)
        assert found is not None
        assert found.gain > 0


@given(
    reserves=st.lists(st.tuples(st.integers(E18, 3 * E18), st.integers(E18, 3 * E18)), min_size=3, max_size=3),
    amount=st.integers(10**3, 3 * E18),
    plain=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_no_other_amount_gains_more(reserves: list[tuple[int, int]], amount: int, plain: bool) -> None:
    pairs = (("a", "b"), ("b", "c"), ("c", "a"))
    pools = [
        Pool(f"p{n}", pair, Product(config=Config(), reserves=given, plain=plain))
        for n, (pair, given) in enumerate(zip(pairs, reserves, strict=True))
    ]
    legs = tuple(Leg(pool=pool.address, token_in=pool.coins[0], token_out=pool.coins[1]) for pool in pools)
    market = Market(pools)
    found = confirmed(market, legs, "a")
    out = amount
    for pool in pools:
        out = pool.impl.amount_out(0, 1, out)
    least = out - amount - max(1, 10**6 if not plain else 40)  # what rounding and the end of the search leave
    assert (found.gain if found else 0) >= least
    for start in "bc":
        again = confirmed(market, legs, start)
        assert (again is None) == (found is None) or max(c.gain for c in (again, found) if c) < 10**6


def test_a_pool_that_fails_is_in_no_cycle() -> None:
    cycles = Cycles()
    pools = [
        Pool("one", ("a", "b"), Product(config=Config(), reserves=(E18, 2 * E18))),
        Pool("two", ("a", "b"), Product(config=Config(), reserves=(E18, E18))),
    ]
    assert cycles.changed(pools[0]) == ()
    assert [leg.pool for leg in cycles.changed(pools[1])] == ["two", "one"]
    with pytest.raises(ZeroDivisionError):
        cycles.changed(Pool("one", ("a", "b"), Faulty(config=Config(), reserves=(0, 0))))
    assert cycles.changed(pools[1]) == ()


def test_a_market_that_comes_and_goes_keeps_its_cycles() -> None:
    cycles = Cycles()
    steady = Pool("steady", ("a", "b"), Product(config=Config(), reserves=(E18, 2 * E18)))
    cycles.changed(steady)
    for n in range(600):
        passing = Pool(f"p{n}", ("a", "b"), Product(config=Config(), reserves=(E18, E18 + n)))
        assert len(cycles.changed(passing)) == 2
        cycles.removed(passing.address)
    assert cycles.changed(steady) == ()
