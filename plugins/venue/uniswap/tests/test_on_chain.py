"""Plans, really sent: every path of both routers on the dev chain."""

from typing import Any

import pytest

from sniper.errors import CallReverted
from sniper.venue import NATIVE
from sniper_venue_uniswap.venue import V2, V3, Uniswap

ETHER = 10**18
BOTH = pytest.mark.parametrize("amm", [V2, V3])
PATHS = [
    ("native", "plain"),
    ("plain", "native"),
    ("plain", "other"),
    ("wrapped", "plain"),
    ("plain", "wrapped"),
    ("native", "no-return"),
    ("no-return", "native"),
]
EVERY_PATH = pytest.mark.parametrize(("pay", "get"), PATHS)


def coins(market: Any, pay: str, get: str) -> tuple[str, str]:
    known = {**market.tokens, "native": NATIVE, "wrapped": market.weth}
    if pay == "wrapped":
        market.send(market.trader, market.weth, bytes.fromhex("d0e30db0"), 2 * ETHER)  # deposit()
    return known[pay], known[get]


@BOTH
@EVERY_PATH
def test_the_owner_pays_the_amount_and_receives_exactly_what_the_pool_quotes(
    market: Any, traded: Any, amm: str, pay: str, get: str
) -> None:
    pay, get = coins(market, pay, get)
    quoted = market.quote(amm, pay, get, ETHER)
    assert traded(market.swap(amm, pay, get, ETHER, min_out=quoted)) == (ETHER, quoted)
    for coin in (pay, get, market.weth, NATIVE):
        assert market.balance(coin, of=market.routers[amm]) == 0
    if pay != NATIVE:
        assert market.allowance(amm, pay) == 0


@BOTH
@EVERY_PATH
def test_one_unit_less_than_the_least_acceptable_reverts(
    market: Any, traded: Any, amm: str, pay: str, get: str
) -> None:
    pay, get = coins(market, pay, get)
    quoted = market.quote(amm, pay, get, ETHER)
    with pytest.raises(CallReverted, match=r"INSUFFICIENT_OUTPUT_AMOUNT|Too little received|Insufficient WETH9"):
        traded(market.swap(amm, pay, get, ETHER, min_out=quoted + 1))


@BOTH
@EVERY_PATH
def test_after_the_deadline_it_reverts(market: Any, traded: Any, amm: str, pay: str, get: str) -> None:
    pay, get = coins(market, pay, get)
    passed = market.chain.timestamp() - 1
    with pytest.raises(CallReverted, match=r"EXPIRED|Transaction too old"):
        traded(market.swap(amm, pay, get, ETHER, deadline=passed))


def test_v2_buys_and_sells_a_token_that_takes_a_fee_and_holds_the_least_for_what_arrives(
    market: Any, traded: Any
) -> None:
    token = market.tokens["fee"]
    leaves_the_pair = market.quote(V2, NATIVE, token, ETHER)
    arrives = leaves_the_pair - leaves_the_pair * 300 // 10_000
    with pytest.raises(CallReverted, match="INSUFFICIENT_OUTPUT_AMOUNT"):
        traded(market.swap(V2, NATIVE, token, ETHER, min_out=arrives + 1))
    assert traded(market.swap(V2, NATIVE, token, ETHER, min_out=arrives)) == (ETHER, arrives)

    expected = market.quote(V2, token, NATIVE, arrives - arrives * 300 // 10_000)
    with pytest.raises(CallReverted, match="INSUFFICIENT_OUTPUT_AMOUNT"):
        traded(market.swap(V2, token, NATIVE, arrives, min_out=expected + 1))
    assert traded(market.swap(V2, token, NATIVE, arrives, min_out=expected)) == (arrives, expected)


def test_v3_lets_a_token_that_takes_a_fee_be_bought_below_the_least_and_never_sold(market: Any, traded: Any) -> None:
    token = market.tokens["fee"]
    quoted = market.quote(V3, NATIVE, token, ETHER)
    received = quoted - quoted * 300 // 10_000
    assert traded(market.swap(V3, NATIVE, token, ETHER, min_out=quoted)) == (ETHER, received)
    with pytest.raises(CallReverted):
        traded(market.swap(V3, token, NATIVE, received))


def test_native_coin_that_a_v3_pool_cannot_take_comes_back(market: Any, traded: Any) -> None:
    token = market.tokens["plain"]
    # A swap that runs out walks on to the end of all prices: with the usual limit it runs out of gas instead.
    market.venue = Uniswap(config=market.venue.config.model_copy(update={"gas_v3": 5_000_000}))
    paid, received = traded(market.swap(V3, NATIVE, token, 9_000 * ETHER))
    assert 0 < paid < 9_000 * ETHER
    assert 390 * ETHER < received < 400 * ETHER
    assert market.chain.balance(market.routers[V3]) == 0


@BOTH
def test_a_token_like_usdt_gets_its_allowance_reset_first(market: Any, traded: Any, amm: str) -> None:
    token = market.tokens["no-return"]
    market.allow(amm, token, 1)
    with pytest.raises(CallReverted, match="reset the allowance first"):
        market.allow(amm, token, ETHER)
    swap = market.swap(amm, token, NATIVE, ETHER)
    assert [step.purpose for step in market.venue.plan(swap)] == ["approve", "approve", "exit"]
    paid, received = traded(swap)
    assert paid == ETHER
    assert received > 0
    assert market.allowance(amm, token) == 0


@BOTH
def test_an_exit_that_was_approved_at_entry_is_one_transaction(market: Any, traded: Any, amm: str) -> None:
    token = market.tokens["plain"]
    market.carry_out(market.venue.approve(market.chain.chain_id, amm, token, ETHER, 0))
    assert market.allowance(amm, token) == ETHER
    swap = market.swap(amm, token, NATIVE, ETHER)
    assert [step.purpose for step in market.venue.plan(swap)] == ["exit"]
    assert traded(swap)[0] == ETHER
