"""Exact routes over real constant-product pools."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.amm import NoLiquidity
from sniper.router import WHOLE, Leg, Listed, NoRoute, Proposal, RouteAsk
from sniper.routing import Route, best_route, direct_routes, explain, hops_of, pruned, quoted
from sniper_amm_constant_product.pool import ConstantProduct, ConstantProductConfig

CONFIG = ConstantProductConfig()
ETH = 10**18


class Pool:
    def __init__(self, address: str, coins: tuple[str, ...], reserves: tuple[int, int]) -> None:
        self.address, self.coins = address, coins
        self.impl: Any = ConstantProduct(config=CONFIG, reserves=reserves)


class Market:
    """A graph of plain objects."""

    def __init__(self, *pools: Pool) -> None:
        self.pools = {pool.address: pool for pool in pools}

    def find(self, address: str) -> Listed | None:
        return self.pools.get(address)

    def trading(self, coin: str) -> Sequence[Listed]:
        return [pool for pool in self.pools.values() if coin in pool.coins]


class Broken:
    swap_gas = 1

    def amount_out(self, i: int, j: int, amount: int) -> int:
        raise ZeroDivisionError("no state")


def triangle() -> Market:
    return Market(
        Pool("ab", ("a", "b"), (1000 * ETH, 1000 * ETH)),
        Pool("ac", ("a", "c"), (1000 * ETH, 2000 * ETH)),
        Pool("cb", ("c", "b"), (2000 * ETH, 1000 * ETH)),
    )


SPLIT = (
    Leg(pool="ab", token_in="a", token_out="b", share=WHOLE // 3),
    Leg(pool="ac", token_in="a", token_out="c"),
    Leg(pool="cb", token_in="c", token_out="b"),
)

BETWEEN = (
    Leg(pool="ac", token_in="a", token_out="c"),
    Leg(pool="cb", token_in="c", token_out="b", share=WHOLE // 3),
    Leg(pool="bc", token_in="c", token_out="b"),
)

DIRECT = (Leg(pool="ab", token_in="a", token_out="b"),)


def ask(amount: int, **more: Any) -> RouteAsk:
    return RouteAsk(chain_id=1, token_in="a", token_out="b", amount=amount, **more)


def route(market: Market, wanted: RouteAsk, legs: Sequence[Leg], near: int = 0) -> Route:
    return quoted(market, wanted, legs, method="test", bound=None, near=near)


@given(amount=st.integers(10**6, 900 * ETH), share=st.integers(WHOLE // 10**4, WHOLE - WHOLE // 10**4))
def test_each_leg_gives_what_its_pool_quotes_and_nothing_is_left(amount: int, share: int) -> None:
    market = triangle()
    legs = (Leg(pool="ab", token_in="a", token_out="b", share=share), *SPLIT[1:])
    found = route(market, ask(amount), legs)
    first, second, third = found.hops
    assert first.amount_in == amount * share // WHOLE
    assert first.amount_in + second.amount_in == amount
    assert third.amount_in == second.amount_out
    for hop, pool in zip(found.hops, market.pools.values(), strict=True):
        assert hop.amount_out == pool.impl.amount_out(0, 1, hop.amount_in)
    assert found.amount_out == first.amount_out + third.amount_out
    assert 0 <= found.impact < 1


@given(
    amount=st.integers(10**4, 400 * ETH),
    share=st.integers(WHOLE // 50, WHOLE - WHOLE // 50),
    near=st.integers(0, 500 * ETH),
)
def test_an_exact_output_costs_the_least_input_that_buys_it(amount: int, share: int, near: int) -> None:
    market = triangle()
    for legs in ((Leg(pool="ab", token_in="a", token_out="b", share=share), *SPLIT[1:]), SPLIT[1:]):
        found = route(market, ask(amount, exact_out=True), legs, near)
        assert found.amount_out >= amount
        less = route(market, ask(found.amount_in - 2), legs)
        assert less.amount_out < amount + 2


@pytest.mark.parametrize(
    ("legs", "more", "reason"),
    [
        ((Leg(pool="xy", token_in="a", token_out="b"),), {}, "no pool xy"),
        ((Leg(pool="ab", token_in="a", token_out="c"),), {}, "does not trade"),
        ((Leg(pool="cb", token_in="c", token_out="b"),), {}, "sells only what is there"),
        ((Leg(pool="ab", token_in="a", token_out="b", share=5),), {}, "sells all of it"),
        ((Leg(pool="ac", token_in="a", token_out="c"),), {}, "unsold"),
        ((*SPLIT[1:], Leg(pool="ab", token_in="b", token_out="a")), {}, "never what is"),
        ((SPLIT[1], Leg(pool="ab", token_in="c", token_out="a")), {}, "does not trade"),
        ((SPLIT[1], Leg(pool="ac", token_in="c", token_out="a")), {}, "buy back"),
        (
            (Leg(pool="ab", token_in="a", token_out="b", share=9), Leg(pool="ab", token_in="a", token_out="b")),
            {},
            "used by two legs",
        ),
        (SPLIT, {"max_legs": 2}, "3 legs"),
        (SPLIT, {"max_hops": 1}, "over 2 hops"),
        (SPLIT, {"without_pools": ("cb",)}, "lists do not allow cb"),
        (SPLIT, {"only_pools": ("ab",)}, "lists do not allow ac"),
        (SPLIT, {"without_coins": ("c",)}, "with c"),
        (SPLIT, {"only_coins": ()}, "with c"),
        (SPLIT, {"caps": (("ab", "a", ETH),)}, "above its cap"),
        (BETWEEN, {"split_between": False}, "a part of c, and only a may be split"),
        ((), {}, "unsold"),
    ],
)
def test_what_a_router_proposes_is_not_believed(legs: tuple[Leg, ...], more: dict[str, Any], reason: str) -> None:
    market = Market(*triangle().pools.values(), Pool("bc", ("b", "c"), (1000 * ETH, 2000 * ETH)))
    with pytest.raises(NoRoute, match=reason):
        route(market, ask(100 * ETH, **more), legs)


def test_what_may_not_be_split_in_between_may_be_brought_by_several_legs() -> None:
    market = Market(*triangle().pools.values(), Pool("ca", ("c", "a"), (2000 * ETH, 1000 * ETH)))
    legs = (Leg(pool="ca", token_in="a", token_out="c", share=WHOLE // 3), *SPLIT[1:])
    found = route(market, ask(100 * ETH, split_between=False), legs)
    assert found.hops[2].amount_in == found.hops[0].amount_out + found.hops[1].amount_out


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_cannot_be_routed(amount: int) -> None:
    with pytest.raises(NoRoute, match="give one above 0"):
        best_route(triangle(), ask(amount))


def test_a_coin_is_not_routed_to_itself() -> None:
    with pytest.raises(NoRoute, match="name two coins"):
        best_route(triangle(), RouteAsk(chain_id=1, token_in="a", token_out="a", amount=1))


def test_no_path_and_unknown_coins_are_said() -> None:
    with pytest.raises(NoRoute, match="nothing leads from a to z"):
        best_route(triangle(), RouteAsk(chain_id=1, token_in="a", token_out="z", amount=1))


def test_direct_routes_come_best_first_and_say_which_pools_cannot_be_quoted() -> None:
    worse, empty, broken = (Pool(name, ("b", "a"), (ETH, ETH)) for name in ("worse", "empty", "broken"))
    empty.impl.reserves = (0, 0)
    broken.impl = Broken()
    routes, refused = direct_routes(Market(worse, empty, broken, *triangle().pools.values()), ask(ETH))
    assert [each.legs[0].pool for each in routes] == ["ab", "worse"]
    reasons = dict(refused)
    assert "reserves 0, 0" in reasons["empty"]
    assert "its AMM failed: ZeroDivisionError: no state" in reasons["broken"]


def test_the_better_of_a_proposal_and_the_direct_route_is_taken_with_the_bound() -> None:
    market = triangle()
    good = Proposal(legs=SPLIT, expected=1, method="good", bound=10**30)
    bad = Proposal(legs=SPLIT[1:], expected=1, method="bad", bound=10**31)
    gone = Proposal(legs=(Leg(pool="gone", token_in="a", token_out="b"),), expected=1, method="gone")
    found, refused = best_route(market, ask(100 * ETH), (bad, gone, good))
    assert (found.method, found.bound) == ("good", 10**30)
    assert found.gap == 1 - Fraction(found.amount_out, 10**30)
    assert refused == (("legs of gone", "leg 0: no pool gone is known"),)
    direct, _ = best_route(market, ask(100 * ETH), (bad,))
    assert (direct.method, direct.bound) == ("direct", 10**31)


def test_legs_that_do_not_pay_their_gas_are_dropped() -> None:
    market = triangle()
    for worth, pools in ((0, 3), (10**14, 3), (10**20, 1)):
        wanted = ask(100 * ETH, gas_price=1, wei_worth=(worth, 10**5))
        kept = pruned(market, route(market, wanted, SPLIT))
        assert len(kept.hops) == pools
        singles = (route(market, wanted, legs) for legs in (DIRECT, SPLIT[1:], SPLIT))
        assert kept.net >= max(each.net for each in singles)


@given(
    weights=st.lists(st.integers(1, 10**6), min_size=3, max_size=3),
    gas=st.integers(0, 10**18),
    amount=st.integers(10**9, 500 * ETH),
)
def test_pruning_never_nets_less(weights: list[int], gas: int, amount: int) -> None:
    market = Market(*triangle().pools.values(), Pool("ab2", ("a", "b"), (ETH, ETH)))
    shares = [min(WHOLE - 1, weight * WHOLE // 3 // 10**6 + 1) for weight in weights[:2]]
    legs = (
        Leg(pool="ab2", token_in="a", token_out="b", share=shares[0]),
        Leg(pool="ab", token_in="a", token_out="b", share=shares[1]),
        *SPLIT[1:],
    )
    try:
        before = route(market, ask(amount, gas_price=1, wei_worth=(gas, 10**6)), legs)
    except NoLiquidity:
        return
    assert pruned(market, before).net >= before.net


def test_the_least_output_is_rounded_down_and_the_most_input_up() -> None:
    found = route(triangle(), ask(999), SPLIT[1:])
    assert found.least_out(100) == found.amount_out * 9900 // 10_000
    assert found.most_in(100) == -(-999 * 10_100 // 10_000)


def test_hops_are_counted_along_the_longest_way() -> None:
    assert hops_of(ask(1), SPLIT) == 2
    assert hops_of(ask(1), SPLIT[:1]) == 1


def test_a_route_reads_as_a_tree() -> None:
    found = quoted(triangle(), ask(90 * ETH), SPLIT, method="dual", bound=10**20)
    text = explain(found, lambda coin, amount: f"{amount / ETH:.2f} {coin}", lambda pool: f"pool {pool}")
    assert text.splitlines() == [
        f"90.00 a → {found.amount_out / ETH:.2f} b",
        "├─ 33.3333% pool ab: 30.00 a → 29.04 b",
        "└─ 66.6667% pool ac: 60.00 a → 112.89 c",
        "   └─ 100% pool cb: 112.89 c → 53.28 b",
        text.splitlines()[-1],
    ]
    assert "dual; gas 360,000; impact" in text
    assert "below the best" in text
