"""Routes, really sent, over the real contracts of the protocols."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sniper.errors import CallReverted
from sniper.venue import NATIVE, WHOLE, RouteLeg, Swap
from sniper_sdk.devchain import calldata, selector

V2, V3, V4, CURVE, BALANCER = "constant-product", "uniswap-v3", "uniswap-v4", "stableswap", "balancer-weighted"
SOLIDLY = "solidly"
PROTOCOLS = (V2, V3, V4, SOLIDLY, CURVE, BALANCER)
ETHER = 10**18
TOO_LITTLE = selector("TooLittle(uint256,uint256)").hex()
EXPIRED = selector("Expired(uint256,uint256)").hex()
EACH = pytest.mark.parametrize("amm", [*PROTOCOLS, "pancake-v3", "algebra", "balancer-stable"])
EACH_WITH_ETHER = pytest.mark.parametrize("amm", [V2, V3, V4, BALANCER])


@EACH
@pytest.mark.parametrize("way", ["ab", "ba"])
def test_one_leg_gives_what_the_protocol_itself_quotes_and_no_unit_more(market: Any, amm: str, way: str) -> None:
    quoted = market.quote(amm, *way, ETHER)
    with pytest.raises(CallReverted, match=TOO_LITTLE):
        market.trade(market.route(*way, ETHER, market.leg(amm, *way), min_out=quoted + 1))
    assert market.trade(market.route(*way, ETHER, market.leg(amm, *way), min_out=quoted))[:2] == (ETHER, quoted)
    assert market.left() == {}
    assert market.allowance(market.tokens[way[0]], market.owner, market.contract) == 0


@EACH_WITH_ETHER
@pytest.mark.parametrize(("pay", "get"), [("eth", "a"), ("a", "eth"), ("weth", "a"), ("a", "weth")])
def test_the_native_coin_is_wrapped_and_unwrapped_as_each_pool_wants_it(
    market: Any, amm: str, pay: str, get: str
) -> None:
    inside = ["weth" if name == "eth" else name for name in (pay, get)]
    quoted = market.quote(amm, *inside, ETHER)
    route = market.route(pay, get, ETHER, market.leg(amm, *inside), min_out=quoted)
    with pytest.raises(CallReverted, match=TOO_LITTLE):
        market.trade(replace(route, min_out=quoted + 1))
    assert market.trade(route)[:2] == (ETHER, quoted)
    assert market.left() == {}


def test_a_split_over_six_protocols_receives_the_sum_of_their_quotes(market: Any) -> None:
    amount = 123_456_789_012_345_678_901
    shares = (WHOLE // 7, WHOLE // 3, 1_234_567_891, WHOLE // 2 + 1, WHOLE // 2, WHOLE)
    legs, expected, _ = spread(market, "a", "b", amount, list(zip(PROTOCOLS, shares, strict=True)))
    with pytest.raises(CallReverted, match=TOO_LITTLE):
        market.trade(market.route("a", "b", amount, *legs, min_out=expected + 1))
    assert market.trade(market.route("a", "b", amount, *legs, min_out=expected))[:2] == (amount, expected)
    assert market.left() == {}


shares = st.integers(1, WHOLE) | st.sampled_from([1, WHOLE // 2, WHOLE])
splits = st.permutations(PROTOCOLS).flatmap(
    lambda order: st.lists(shares, min_size=1, max_size=6).map(lambda drawn: list(zip(order, drawn, strict=False)))
)


@given(amount=st.integers(1, 10**6) | st.integers(10**9, 300 * ETHER), first=splits, second=splits)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_shares_the_chain_computes_the_same_integers_and_returns_what_is_left(
    market: Any, amount: int, first: list[tuple[str, int]], second: list[tuple[str, int]]
) -> None:
    """Over two coins, each pool once: what is not sold of the first and the middle coin comes back."""
    chain = market.chain
    before = chain.snapshot()
    names = ("a", "b", "c")
    held = [market.balance(market.tokens[name]) for name in names]
    legs, middle, rest = spread(market, "a", "b", amount, first)
    more, expected, middle_rest = spread(market, "b", "c", middle, second)
    market.trade(market.route("a", "c", amount, *legs, *more, min_out=expected))
    changed = [market.balance(market.tokens[name]) - was for name, was in zip(names, held, strict=True)]
    assert changed == [rest - amount, middle_rest, expected]
    assert market.left() == {}
    chain.revert(before)


def spread(market: Any, pay: str, get: str, amount: int, parts: list[tuple[str, int]]) -> tuple[list[Any], int, int]:
    """Legs, what the protocols' own quotes add up to, and what is not sold. A part of nothing is not traded; a part
    that buys nothing is left out, since some pools refuse it."""
    rest, received, legs = amount, 0, []
    for amm, share in parts:
        sold = rest * share >> 32
        quoted = 0
        if sold:
            try:
                quoted = market.quote(amm, pay, get, sold)
            except CallReverted:  # too little to be traded there
                continue
            if not quoted:
                continue
        received += quoted
        legs.append(market.leg(amm, pay, get, share))
        rest -= sold
    return legs, received, rest


def test_a_cycle_ends_with_what_must_be_there_after_it(market: Any) -> None:
    token = market.tokens["a"]
    middle = market.quote(V2, "a", "b", ETHER)
    after = market.quote(CURVE, "b", "a", middle)
    legs = (market.leg(V2, "a", "b"), market.leg(CURVE, "b", "a"))
    with pytest.raises(CallReverted, match=TOO_LITTLE):
        market.trade(market.route("a", "a", ETHER, *legs, min_out=after + 1))
    held = market.balance(token)
    market.trade(market.route("a", "a", ETHER, *legs, min_out=after))
    assert market.balance(token) == held - ETHER + after


@pytest.mark.parametrize("coin", ["eth", "weth"])
def test_a_cycle_of_the_native_coin_may_go_through_its_wrapped_form_and_its_own_pool(market: Any, coin: str) -> None:
    middle = market.quote(V4, "weth", "a", ETHER)
    after = market.quote(V2, "a", "weth", middle)
    held = market.balance(market.coin(coin))
    route = market.route(coin, coin, ETHER, market.leg(V4, "weth", "a"), market.leg(V2, "a", "weth"), min_out=after)
    traded = market.trade(route)
    gas = traded.receipt.fee if coin == "eth" else 0
    assert market.balance(market.coin(coin)) == held - ETHER + after - gas
    assert market.left() == {}


def test_after_the_deadline_it_reverts(market: Any) -> None:
    passed = market.chain.timestamp() - 1
    with pytest.raises(CallReverted, match=EXPIRED):
        market.trade(market.route("a", "b", ETHER, market.leg(V2, "a", "b"), deadline=passed))


@pytest.mark.parametrize("amm", [V2, V3, BALANCER])
def test_a_token_like_usdt_is_approved_after_a_reset_and_traded_both_ways(market: Any, amm: str) -> None:
    token = market.tokens["usdt"]
    market.send(market.trader, token, calldata("approve(address,uint256)", market.contract, 1))
    route = market.route("usdt", "a", ETHER, market.leg(amm, "usdt", "a"), allowance=1)
    assert [step.purpose for step in market.venue.plan_route(route)] == ["approve", "approve", "entry"]
    quoted = market.quote(amm, "usdt", "a", ETHER)
    assert market.trade(route)[:2] == (ETHER, quoted)
    back = market.quote(amm, "a", "usdt", quoted)
    assert market.trade(market.route("a", "usdt", quoted, market.leg(amm, "a", "usdt")))[:2] == (quoted, back)


def test_a_token_that_takes_a_fee_is_bought_and_sold_by_what_arrives(market: Any) -> None:
    leaves = market.quote(V2, "a", "fee", ETHER)
    in_contract = leaves - leaves * 300 // 10_000
    arrives = in_contract - in_contract * 300 // 10_000
    buy = market.route("a", "fee", ETHER, market.leg(V2, "a", "fee"), min_out=arrives)
    with pytest.raises(CallReverted, match=TOO_LITTLE):
        market.trade(replace(buy, min_out=arrives + 1))
    assert market.trade(buy)[:2] == (ETHER, arrives)

    in_contract = arrives - arrives * 300 // 10_000
    in_pair = in_contract - in_contract * 300 // 10_000
    expected = market.quote(V2, "fee", "a", in_pair)
    sell = market.route("fee", "a", arrives, market.leg(V2, "fee", "a"), min_out=expected)
    assert market.trade(sell)[:2] == (arrives, expected)


def test_the_fee_of_a_fork_is_what_its_amm_says(market: Any) -> None:
    leg = replace(market.leg(V2, "a", "b"), pool_data=100)
    reserve = 1_000 * ETHER
    paid = ETHER * 9_900
    expected = paid * reserve // (reserve * 10_000 + paid)
    assert market.trade(market.route("a", "b", ETHER, leg)).received == expected


@pytest.mark.parametrize(("pay", "amount"), [("a", 30_000 * ETHER), ("eth", 5_000 * ETHER)])
def test_what_a_pool_that_runs_out_did_not_take_comes_back(market: Any, pay: str, amount: int) -> None:
    inside = "weth" if pay == "eth" else pay
    get = "b" if pay == "a" else "a"
    config = market.venue.config.model_copy(update={"gas_leg": 8_000_000})
    market.venue = type(market.venue)(config=config)
    traded = market.trade(market.route(pay, get, amount, market.leg(V3, inside, get)))
    assert 0 < traded.paid < amount
    assert market.left() == {}


@EACH
def test_what_strangers_left_in_the_contract_is_never_touched(market: Any, amm: str) -> None:
    for name in ("a", "b", "weth"):
        market.send(market.trader, market.tokens[name], calldata("transfer(address,uint256)", market.contract, ETHER))
    market.chain.rpc.call("anvil_setBalance", market.contract, hex(ETHER))
    stood = market.left()
    quoted = market.quote(amm, "a", "b", 5 * ETHER)
    legs = (market.leg(amm, "a", "b", WHOLE // 2), market.leg(amm, "a", "b"))
    traded = market.trade(market.route("a", "b", 5 * ETHER, *legs))
    assert traded.paid == 5 * ETHER
    assert abs(traded.received - quoted) < ETHER // 100
    if amm in (V2, V3, V4, BALANCER):
        for pay, get in (("eth", "a"), ("a", "eth")):
            inside = ["weth" if name == "eth" else name for name in (pay, get)]
            expected = market.quote(amm, *inside, ETHER)
            assert market.trade(market.route(pay, get, ETHER, market.leg(amm, *inside)))[:2] == (ETHER, expected)
    assert market.left() == stood == dict.fromkeys(("a", "b", "weth", "eth"), ETHER)


@pytest.mark.parametrize(("way", "received"), [("ab", 2 * ETHER - 1), ("ba", ETHER // 2)])
def test_a_curve_pool_of_volatile_coins_is_called_with_its_own_kind_of_numbers(
    market: Any, way: str, received: int
) -> None:
    a, b = market.tokens["a"], market.tokens["b"]
    pool = market.deploy("CryptoPool", a, b)
    for token in (a, b):
        market.send(market.maker, token, calldata("transfer(address,uint256)", pool, 10 * ETHER))
    i, j = "ab".index(way[0]), "ab".index(way[1])
    leg = RouteLeg(
        pool=pool, amm="cryptoswap", pool_data=j << 8 | i, coin_in=(a, b)[i], coin_out=(a, b)[j], share=WHOLE
    )
    assert market.trade(market.route(*way, ETHER, leg, min_out=received))[:2] == (ETHER, received)
    assert market.left() == {}


def test_a_single_pool_is_traded_as_a_route_of_one_leg(market: Any) -> None:
    leg = market.leg(V4, "a", "weth")
    swap = Swap(
        chain_id=market.chain.chain_id, owner=market.owner, token_in=market.tokens["a"], token_out=NATIVE,
        pool=leg.pool, amm=leg.amm, pool_data=leg.pool_data, amount_in=ETHER, min_out=1, deadline=2**63, allowance=0,
        opens=False,
    )  # fmt: skip
    route = market.route("a", "eth", ETHER, leg, min_out=1, opens=False)
    assert market.venue.plan(swap) == market.venue.plan_route(route)
