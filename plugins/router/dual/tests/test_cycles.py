"""The best way round through a pool that changed, beside all ways there are."""

import random
from itertools import combinations
from math import log
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sniper.config import Config
from sniper.router import Leg, NoRoute
from sniper.routing import confirmed
from sniper_router_dual.cycles import Cycles
from sniper_sdk.conformance.router import Faulty, Market, Pool, Product

E18 = 10**18


@st.composite
def changes(draw: st.DrawFn) -> list[tuple[int, tuple[str, ...], tuple[int, ...] | None]]:
    """(pool, its two or three coins, its reserves; None: it is removed). Coins of a pool stay."""
    coins = [tuple(draw(st.permutations("abcdef"))[: draw(st.sampled_from((2, 2, 2, 3)))]) for _ in range(8)]
    reserves = st.tuples(*[st.integers(E18, 3 * E18)] * 3)
    steps = draw(st.lists(st.tuples(st.integers(0, 7), st.none() | reserves), min_size=1, max_size=40))
    return [(n, coins[n], given) for n, given in steps]


AT_THE_EDGE = 1e-7
"""A gain in logarithms below which the best amount of pools this deep brings less than their rounding takes."""


def every_cycle(pools: dict[str, Pool], through: str, hops: int, coin: str | None) -> float:
    """The best gain in logarithms of all cycles of at most so many hops through a pool, and a coin where one is named,
    no coin and no pool twice."""
    best = float("-inf")

    def go(pool: Pool, seen: tuple[str, ...], used: tuple[str, ...], gain: float) -> None:
        nonlocal best
        for there in pool.coins:
            if there == seen[-1]:
                continue
            so_far = gain + gain_of(pool, seen[-1], there)
            if there == seen[0] and coin in (None, *seen):
                best = max(best, so_far)
            elif there not in seen and len(used) < hops:
                for following in pools.values():
                    if there in following.coins and following.address not in used:
                        go(following, (*seen, there), (*used, following.address), so_far)

    for start in pools[through].coins:
        go(pools[through], (start,), (through,), 0.0)
    return best


def gain_of(pool: Pool, sold: str, bought: str) -> float:
    return log(0.997 * pool.impl.reserve(pool.coins.index(bought)) / pool.impl.reserve(pool.coins.index(sold)))


@given(history=changes(), hops=st.integers(2, 7), coin=st.none() | st.sampled_from("abcdef"))
@settings(max_examples=300, deadline=None)
def test_the_best_cycle_is_the_best_of_all_and_of_all_through_a_coin(
    history: list[tuple[int, tuple[str, ...], Any]], hops: int, coin: str | None
) -> None:
    cycles = Cycles()
    pools: dict[str, Pool] = {}
    for n, coins, reserves in history:
        address = f"p{n}"
        if reserves is None:
            pools.pop(address, None)
            cycles.removed(address)
            continue
        pools[address] = Pool(address, coins, Product(config=Config(), reserves=reserves[: len(coins)]))
        legs = cycles.changed(pools[address], hops, coin)
        best = every_cycle(pools, address, hops, coin)
        if best < AT_THE_EDGE:
            assert best > -AT_THE_EDGE or legs == ()
            continue
        assert legs[0].pool == address
        assert coin in (None, *(leg.token_in for leg in legs))
        assert len({leg.pool for leg in legs}) == len({leg.token_in for leg in legs}) == len(legs) <= hops
        assert sum(gain_of(pools[leg.pool], leg.token_in, leg.token_out) for leg in legs) == pytest.approx(best)
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


def test_a_search_among_too_many_ways_ends_with_a_cycle() -> None:
    draw, cycles = random.Random(5), Cycles()
    pools = [
        Pool(f"p{n}", (f"c{a}", f"c{b}"), Product(config=Config(), reserves=(draw.randint(1, 9), draw.randint(1, 9))))
        for n, (a, b) in enumerate(combinations(range(40), 2))
    ]
    for pool in pools:
        cycles.changed(pool)
    near, far = cycles.changed(pools[0]), cycles.changed(pools[0], 15)
    assert 3 == len(near) < len(far) <= 15
    gains = [
        sum(gain_of(pools[int(leg.pool[1:])], leg.token_in, leg.token_out) for leg in legs) for legs in (near, far)
    ]
    assert 0 < gains[0] < gains[1]
    assert len({leg.pool for leg in far}) == len({leg.token_in for leg in far}) == len(far)


def test_fewer_hops_than_two_are_no_way_round() -> None:
    with pytest.raises(NoRoute, match="max_hops is 1"):
        Cycles().changed(Pool("one", ("a", "b"), Product(config=Config(), reserves=(E18, 2 * E18))), 1)


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
