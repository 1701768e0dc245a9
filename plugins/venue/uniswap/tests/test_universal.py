"""Routes through the real Universal Router and Permit2."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sniper.errors import CallReverted
from sniper.venue import NATIVE, WHOLE, UnsupportedRoute
from sniper_sdk.devchain import calldata, selector
from sniper_venue_uniswap.venue import V2, V3, V4, Uniswap

ETHER = 10**18
ALL_THREE = (V2, V3, V4)
EACH = pytest.mark.parametrize("amm", ALL_THREE)
TOO_LITTLE = f"{selector('InsufficientToken()').hex()}|{selector('InsufficientETH()').hex()}"
EXPIRED = selector("TransactionDeadlinePassed()").hex()


def named(market: Any, name: str) -> str:
    return NATIVE if name == "native" else market.weth if name == "wrapped" else str(market.tokens[name])


def inside(market: Any, name: str) -> str:
    return str(market.weth) if name == "native" else named(market, name)


def nothing_is_left(market: Any) -> bool:
    coins = (NATIVE, market.weth, *market.tokens.values())
    return all(market.balance(coin, of=market.router) == 0 for coin in coins)


@EACH
@pytest.mark.parametrize(
    ("pay", "get"),
    [("plain", "other"), ("other", "plain"), ("native", "plain"), ("plain", "native"), ("wrapped", "plain"),
     ("plain", "wrapped")],
)  # fmt: skip
def test_one_leg_gives_what_the_protocol_quotes_and_no_unit_more(
    market: Any, traded: Any, amm: str, pay: str, get: str
) -> None:
    if pay == "wrapped":
        market.send(market.trader, market.weth, calldata("deposit()"), ETHER)
    leg = market.leg(amm, inside(market, pay), inside(market, get))
    quoted = market.quote_leg(leg, ETHER)
    route = market.route(named(market, pay), named(market, get), ETHER, leg, min_out=quoted)
    with pytest.raises(CallReverted, match=TOO_LITTLE):
        traded(replace(route, min_out=quoted + 1))
    # the approvals of the plan that reverted stand
    assert traded(replace(route, allowance=ETHER)) == (ETHER, quoted)
    assert nothing_is_left(market)


@given(first=st.integers(1, WHOLE - 1), second=st.integers(1, WHOLE - 1), amount=st.integers(10**12, 100 * ETHER),
       order=st.permutations(ALL_THREE), pay=st.sampled_from(["plain", "native"]))  # fmt: skip
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_split_receives_the_sum_of_the_protocols_quotes(
    market: Any, traded: Any, first: int, second: int, amount: int, order: list[str], pay: str
) -> None:
    before = market.chain.snapshot()
    get = "other" if pay == "plain" else "plain"
    shares, rest, expected, legs = (first, second, WHOLE), amount, 0, []
    for amm, share in zip(order, shares, strict=True):
        legs.append(market.leg(amm, inside(market, pay), inside(market, get), share))
        part = rest * share // WHOLE
        if part < 1_000:
            market.chain.revert(before)
            return
        expected += market.quote_leg(legs[-1], part)
        rest -= part
    route = market.route(named(market, pay), named(market, get), amount, *legs, min_out=expected)
    assert traded(route) == (amount, expected)
    assert nothing_is_left(market)
    market.chain.revert(before)


def test_two_hops_of_which_the_second_sells_what_two_brought(market: Any, traded: Any) -> None:
    """Native coin in, through V2 and the native pool of V4, all of the middle coin through V3."""
    plain, other = market.tokens["plain"], market.tokens["other"]
    legs = (
        market.leg(V4, market.weth, plain, WHOLE // 3),
        market.leg(V2, market.weth, plain),
        market.leg(V3, plain, other),
    )
    part = ETHER * (WHOLE // 3) // WHOLE
    middle = market.quote_leg(legs[0], part) + market.quote_leg(legs[1], ETHER - part)
    expected = market.quote_leg(legs[2], middle)
    assert traded(market.route(NATIVE, other, ETHER, *legs, min_out=expected)) == (ETHER, expected)
    assert nothing_is_left(market)


def test_a_cycle_ends_with_what_must_be_there_after_it(market: Any) -> None:
    plain, other = market.tokens["plain"], market.tokens["other"]
    legs = (market.leg(V2, plain, other), market.leg(V4, other, plain))
    after = market.quote_leg(legs[1], market.quote_leg(legs[0], ETHER))
    held = market.balance(plain)
    with pytest.raises(CallReverted, match=TOO_LITTLE):
        market.carry_out(market.venue.plan_route(market.route(plain, plain, ETHER, *legs, min_out=after + 1)))
    route = market.route(plain, plain, ETHER, *legs, min_out=after, allowance=ETHER)
    market.carry_out(market.venue.plan_route(route))
    assert market.balance(plain) == held - ETHER + after
    assert nothing_is_left(market)


def test_what_a_pool_that_runs_out_did_not_take_comes_back(market: Any, traded: Any) -> None:
    config = market.venue.config.model_copy(update={"gas_leg": 8_000_000})
    market.venue = Uniswap(config=config)
    token = market.tokens["plain"]
    paid, received = traded(market.route(NATIVE, token, 9_000 * ETHER, market.leg(V3, market.weth, token)))
    assert 0 < paid < 9_000 * ETHER
    assert received > 390 * ETHER
    assert nothing_is_left(market)


def test_after_the_deadline_it_reverts(market: Any, traded: Any) -> None:
    plain = market.tokens["plain"]
    passed = market.chain.timestamp() - 1
    with pytest.raises(CallReverted, match=EXPIRED):
        traded(market.route(NATIVE, plain, ETHER, market.leg(V2, market.weth, plain), deadline=passed))


def test_a_token_like_usdt_is_reset_for_permit2_which_may_pay_the_router_exactly(market: Any, traded: Any) -> None:
    token, permit2 = market.tokens["no-return"], market.venue.config.permit2
    market.send(market.trader, token, calldata("approve(address,uint256)", permit2, 1))
    leg = market.leg(V3, token, market.weth)
    route = market.route(token, NATIVE, ETHER, leg, allowance=1, opens=False)
    plan = market.venue.plan_route(route)
    assert [(step.purpose, step.to) for step in plan] == [
        ("approve", token), ("approve", token), ("approve", permit2), ("exit", market.router),
    ]  # fmt: skip
    quoted = market.quote_leg(leg, ETHER)
    assert traded(route) == (ETHER, quoted)
    allowed = market.chain.call(
        permit2, calldata("allowance(address,address,address)", market.owner, token, market.router)
    )
    assert int.from_bytes(allowed[:32], "big") == 0


def test_what_the_router_cannot_do_is_not_served_and_refused(market: Any) -> None:
    plain, other, weth, venue = market.tokens["plain"], market.tokens["other"], market.weth, market.venue
    chain_id = market.chain.chain_id
    split_middle = (
        market.leg(V2, weth, plain), market.leg(V2, plain, other, WHOLE // 2), market.leg(V3, plain, other),
    )  # fmt: skip
    fork = (replace(market.leg(V2, weth, plain), pool_data=25),)
    nowhere = (market.leg(V2, weth, plain), market.leg(V2, other, weth))
    elsewhere = (replace(market.leg(V2, weth, plain), amm="stableswap"),)
    for legs in (split_middle, fork, nowhere, elsewhere, ()):
        assert not venue.serves_route(chain_id, legs)
        with pytest.raises(UnsupportedRoute, match="cannot carry out"):
            venue.plan_route(market.route(NATIVE, other, ETHER, *legs))
    served = (market.leg(V2, weth, plain),)
    assert venue.serves_route(chain_id, served)
    for amounts in ({"amount": 2**160}, {"amount": ETHER, "min_out": 2**160}):
        with pytest.raises(UnsupportedRoute, match="160 bits"):
            venue.plan_route(market.route(NATIVE, plain, amounts["amount"], *served, min_out=amounts.get("min_out", 0)))
    without = Uniswap(config=venue.config.model_copy(update={"universal_router": None}))
    assert not without.serves_route(chain_id, served)
    with pytest.raises(UnsupportedRoute, match="universal_router"):
        without.route_spender(chain_id)
