"""Cycles in exact integers: what may be paid bounds the amount, and nothing else passes for a cycle."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.amm import NoLiquidity, Segment
from sniper.router import WHOLE, Leg, Listed, NoRoute
from sniper.routing import confirmed, walked
from sniper_amm_constant_product.pool import ConstantProduct, ConstantProductConfig

CONFIG = ConstantProductConfig()
E18 = 10**18
PAIRS = (("a", "b"), ("b", "c"), ("c", "a"))


class Curved(ConstantProduct):
    """Says nothing of its pieces, so that the amount must be searched for."""

    def segments(self, i: int, j: int) -> tuple[Segment, ...] | None:
        return None


class Pool:
    def __init__(self, address: str, coins: tuple[str, ...], reserves: tuple[int, int], kind: Any) -> None:
        self.address, self.coins = address, coins
        self.impl: Any = kind(config=CONFIG, reserves=reserves)


class Market:
    def __init__(self, reserves: Sequence[tuple[int, int]], kind: Any = ConstantProduct) -> None:
        found = zip(PAIRS, reserves, strict=True)
        self.pools = {f"p{n}": Pool(f"p{n}", pair, each, kind) for n, (pair, each) in enumerate(found)}

    def find(self, address: str) -> Listed | None:
        return self.pools.get(address)

    def trading(self, coin: str) -> Sequence[Listed]:
        return [pool for pool in self.pools.values() if coin in pool.coins]


LEGS = tuple(Leg(pool=f"p{n}", token_in=pair[0], token_out=pair[1]) for n, pair in enumerate(PAIRS))
GAP = ((E18, 2 * E18), (E18, E18), (E18, E18))


@given(
    reserves=st.tuples(*[st.tuples(st.integers(E18, 3 * E18), st.integers(E18, 3 * E18))] * 3),
    most=st.integers(0, E18),
    other=st.integers(1, E18),
    kind=st.sampled_from((ConstantProduct, Curved)),
)
def test_no_amount_that_may_be_paid_gains_more(
    reserves: tuple[tuple[int, int], ...], most: int, other: int, kind: Any
) -> None:
    market = Market(reserves, kind)
    found = confirmed(market, LEGS, "a", most)
    paid = found.hops[0].amount_in if found else 0
    assert paid <= most
    amount = min(other, most)
    gain = walked(market, LEGS, "a", amount)[-1].amount_out - amount if amount > 10**6 else 0
    assert (found.gain if found else 0) >= gain - 10**6, "but for what the end of the search leaves"


@pytest.mark.parametrize("kind", [ConstantProduct, Curved])
def test_where_nothing_may_be_paid_there_is_no_cycle(kind: Any) -> None:
    assert confirmed(Market(GAP, kind), LEGS, "a", 0) is None
    assert confirmed(Market(GAP, kind), LEGS, "a", -1) is None
    assert confirmed(Market(GAP, kind), LEGS, "a") is not None


def test_what_is_confirmed_is_what_is_walked_from_any_coin() -> None:
    market = Market(GAP)
    for start in "abc":
        found = confirmed(market, LEGS, start)
        assert found is not None
        assert walked(market, LEGS, start, found.hops[0].amount_in) == found.hops


BAD: dict[str, tuple[Leg, ...]] = {
    "nothing": (),
    "a coin for itself": (Leg(pool="p0", token_in="a", token_out="a"),),
    "a coin for itself on the way": (LEGS[0], Leg(pool="p1", token_in="b", token_out="b"), LEGS[1], LEGS[2]),
    "not round": LEGS[:2],
    "a share": (Leg(pool="p0", token_in="a", token_out="b", share=WHOLE // 2), *LEGS[1:]),
    "a pool twice": (LEGS[0], Leg(pool="p0", token_in="b", token_out="a")),
    "a pool that nobody knows": (LEGS[0], Leg(pool="p9", token_in="b", token_out="a")),
    "coins that the pool does not trade": (LEGS[0], Leg(pool="p1", token_in="b", token_out="a")),
}


@pytest.mark.parametrize("legs", BAD.values(), ids=BAD)
def test_legs_that_are_no_cycle_are_refused(legs: tuple[Leg, ...]) -> None:
    with pytest.raises(NoRoute):
        confirmed(Market(GAP), legs, "a")
    with pytest.raises(NoRoute):
        walked(Market(GAP), legs, "a", E18)


def test_what_no_pool_takes_is_not_walked() -> None:
    with pytest.raises(NoLiquidity):
        walked(Market(GAP), LEGS, "a", 0)
