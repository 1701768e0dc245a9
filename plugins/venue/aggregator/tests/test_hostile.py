"""What hostile callers, coins and pools cannot do."""

from typing import Any

import pytest
from msgspec.structs import replace

from sniper.errors import CallReverted
from sniper.evm.abi import function
from sniper.venue import WHOLE, RouteLeg
from sniper_sdk.creation import creation_code
from sniper_sdk.devchain import calldata, selector
from sniper_venue_aggregator.route import calldata as execute

V2, V3, V4, CURVE = "constant-product", "uniswap-v3", "uniswap-v4", "stableswap"
ETHER = 10**18
BUSY = selector("Busy()")
SUCCEEDED = function("succeeded()(uint256)")
NOT_EXPECTED = selector("NotExpected(address)").hex()
CALLBACK = "uniswapV3SwapCallback(int256,int256,bytes)"
CALLBACKS = [CALLBACK, "pancakeV3SwapCallback(int256,int256,bytes)", "algebraSwapCallback(int256,int256,bytes)"]


@pytest.mark.parametrize("signature", CALLBACKS)
def test_nobody_is_paid_who_is_not_being_called(market: Any, signature: str) -> None:
    market.send(market.trader, market.tokens["a"], calldata("transfer(address,uint256)", market.contract, ETHER))
    with pytest.raises(CallReverted, match=NOT_EXPECTED):
        market.send(market.stranger, market.contract, calldata(signature, ETHER, 0, b""))


def test_nobody_unlocks_in_the_managers_name(market: Any) -> None:
    market.send(market.trader, market.tokens["a"], calldata("transfer(address,uint256)", market.contract, ETHER))
    leg = market.leg(V4, "a", "b")
    inside = calldata("x(address,address,uint256,uint256)", leg.coin_in, leg.coin_out, ETHER, leg.pool_data)[4:]
    with pytest.raises(CallReverted, match=NOT_EXPECTED):
        market.send(market.stranger, market.contract, calldata("unlockCallback(bytes)", inside))
    # a manager that is called by nobody's route may not either
    manager = market.v4.manager
    market.chain.rpc.call("anvil_impersonateAccount", manager)
    with pytest.raises(CallReverted, match=NOT_EXPECTED):
        market.chain.call(market.contract, calldata("unlockCallback(bytes)", inside), sender=manager)


def test_native_coin_cannot_be_stranded(market: Any) -> None:
    with pytest.raises(CallReverted, match=NOT_EXPECTED):
        market.send(market.stranger, market.contract, b"", ETHER)


def test_an_allowance_of_somebody_else_is_of_no_use(market: Any) -> None:
    token = market.tokens["a"]
    market.send(market.trader, token, calldata("approve(address,uint256)", market.contract, 100 * ETHER))
    held = market.balance(token)
    data = execute(market.route("a", "b", ETHER, market.leg(V2, "a", "b")), market.weth)
    with pytest.raises(CallReverted, match=selector("CoinFailed(address)").hex()):
        market.send(market.stranger, market.contract, data)
    assert market.balance(token) == held


def test_a_share_above_the_whole_does_not_reach_what_strangers_left(market: Any) -> None:
    for name in ("a", "b"):
        market.send(market.trader, market.tokens[name], calldata("transfer(address,uint256)", market.contract, ETHER))
    leg = replace(market.leg(V2, "a", "b"), share=WHOLE + 1)
    with pytest.raises(CallReverted, match=selector("ShareAboveAll(uint256)").hex()):
        approved(market, execute(market.route("a", "b", ETHER, leg), market.weth))


def test_a_coin_named_twice_is_not_counted_twice(market: Any) -> None:
    """By hand: the venue never names one twice."""
    market.send(market.trader, market.tokens["a"], calldata("transfer(address,uint256)", market.contract, ETHER))
    a, b = market.tokens["a"], market.tokens["b"]
    pair = int(market.pools[V2, "ab"].address, 16)
    legs = [(0, 0, 2, WHOLE, pair, 30), (0, 1, 2, WHOLE, pair, 30)]
    struct = "(address[],uint8,uint256,uint256,bool,uint256,(uint8,uint8,uint8,uint64,uint256,uint256)[])"
    quoted = market.quote(V2, "a", "b", ETHER)
    before = market.balance(b)
    approved(market, calldata(f"execute({struct})", ([a, a, b, b], 2, ETHER, 0, False, 2**63, legs)))
    assert market.balance(b) == before + quoted
    assert market.left() == {"a": ETHER}


@pytest.mark.parametrize("insist", [False, True])
def test_a_coin_that_calls_in_again_is_not_let_in(market: Any, insist: bool) -> None:
    """It wants to run a route of its own while the contract holds somebody's coins."""
    token = listed(market)
    again = execute(market.route("a", "b", 0, market.leg(V2, "a", "b")), market.weth)
    arm = calldata("arm(address,bytes,bool)", market.contract, again, insist)
    market.send(market.maker, token, arm)
    route = market.route("a", "evil", ETHER, market.leg(V2, "a", "evil"))
    if insist:
        with pytest.raises(CallReverted):
            market.trade(route)
        return
    assert market.trade(route).received > 0
    assert market.ask(token, SUCCEEDED) == 0
    assert market.chain.call(token, selector("answer()"))[64:68] == BUSY


def test_a_coin_cannot_ask_for_the_payment_that_a_pool_is_due(market: Any) -> None:
    token = listed(market, V3)
    market.send(
        market.maker,
        token,
        calldata("arm(address,bytes,bool)", market.contract, calldata(CALLBACK, ETHER, 0, b""), False),
    )
    quoted = market.quote(V3, "a", "evil", ETHER)
    assert market.trade(market.route("a", "evil", ETHER, market.leg(V3, "a", "evil")))[:2] == (ETHER, quoted)
    assert market.ask(token, SUCCEEDED) == 0


@pytest.mark.parametrize(
    ("times", "amount", "error"),
    [(1, ETHER + 1, "AskedForTooMuch(uint256,uint256)"), (2, ETHER // 2, "NotExpected(address)")],
)
def test_a_pool_gets_no_more_than_the_leg_sells_and_once(market: Any, times: int, amount: int, error: str) -> None:
    market.send(market.trader, market.tokens["a"], calldata("transfer(address,uint256)", market.contract, ETHER))
    pool = market.deploy("GreedyPool")
    market.send(market.stranger, pool, calldata("set(uint256,int256)", times, amount))
    with pytest.raises(CallReverted, match=selector(error).hex()):
        market.trade(market.route("a", "b", ETHER, at(market, pool, V3)))


def test_a_pool_that_asks_for_nothing_can_ask_for_nothing_later(market: Any) -> None:
    market.send(market.trader, market.tokens["a"], calldata("transfer(address,uint256)", market.contract, ETHER))
    pool = market.deploy("GreedyPool")
    assert market.trade(market.route("a", "b", ETHER, at(market, pool, V3)))[:2] == (0, 0)
    market.chain.rpc.call("anvil_impersonateAccount", pool)
    with pytest.raises(CallReverted, match=NOT_EXPECTED):
        market.chain.call(market.contract, calldata(CALLBACK, ETHER, 0, b""), sender=pool)


def test_a_pool_that_was_called_before_is_not_paid_during_a_later_leg(market: Any) -> None:
    """A coin of the second leg lets the first leg's pool ask again."""
    market.send(market.trader, market.tokens["a"], calldata("transfer(address,uint256)", market.contract, ETHER))
    pool, token = market.deploy("GreedyPool"), listed(market)
    market.send(market.stranger, pool, calldata("set(uint256,int256)", 0, ETHER // 4))
    arm = calldata("arm(address,bytes,bool)", pool, calldata("demand(address)", market.contract), False)
    market.send(market.maker, token, arm)
    legs = (replace(at(market, pool, V3), share=WHOLE // 2), market.leg(V2, "a", "evil"))
    assert market.trade(market.route("a", "evil", ETHER, *legs)).received > 0
    assert market.ask(token, SUCCEEDED) == 0
    assert market.balance(market.tokens["a"], pool) == 0


def test_a_manager_that_asks_for_more_than_is_sold_is_refused(market: Any) -> None:
    manager = market.deploy("GreedyManager")
    creation = creation_code("sniper_venue_aggregator", "Aggregator", market.weth, manager, manager)
    market.contract = market.chain.deploy(creation).lower()
    for name in ("a", "b"):
        market.send(market.trader, market.tokens[name], calldata("transfer(address,uint256)", market.contract, ETHER))
    for pay, get in ("ab", "ba"):
        approve = calldata("approve(address,uint256)", market.contract, ETHER)
        market.send(market.trader, market.tokens[pay], approve)
        data = execute(market.route(pay, get, ETHER, market.leg(V4, pay, get)), market.weth)
        with pytest.raises(CallReverted, match=selector("AskedForTooMuch(uint256,uint256)").hex()):
            market.send(market.trader, market.contract, data)


def test_a_coin_that_says_no_reverts(market: Any) -> None:
    market.tokens["no"] = market.deploy("RefusingToken")
    leg = replace(market.leg(V2, "a", "b"), coin_in=market.tokens["no"])
    with pytest.raises(CallReverted, match=selector("CoinFailed(address)").hex()):
        market.send(market.trader, market.contract, execute(market.route("no", "b", ETHER, leg), market.weth))


def test_a_pool_that_did_not_take_its_payment_keeps_no_right_to_it(market: Any) -> None:
    pool, token = market.deploy("PatientPool"), market.tokens["usdt"]
    leg = replace(at(market, pool, CURVE), coin_in=token)
    assert market.trade(market.route("usdt", "b", ETHER, leg))[:2] == (0, 0)
    assert market.allowance(token, market.contract, pool) == 0


def test_value_and_amount_must_agree(market: Any) -> None:
    wrong = selector("WrongValue(uint256,uint256)").hex()
    for pay, get in (("eth", "a"), ("a", "b")):
        inside = "weth" if pay == "eth" else pay
        data = execute(market.route(pay, get, 2 * ETHER, market.leg(V2, inside, get)), market.weth)
        with pytest.raises(CallReverted, match=wrong):
            market.send(market.trader, market.contract, data, ETHER)


def test_an_account_that_refuses_native_coin_gets_its_trade_reverted(market: Any) -> None:
    account = market.deploy("Refuser")
    data = execute(
        market.route("eth", "eth", ETHER, market.leg(V2, "weth", "a"), market.leg(V2, "a", "weth")), market.weth
    )
    with pytest.raises(CallReverted, match=selector("CoinFailed(address)").hex()):
        market.send(market.trader, account, calldata("forward(address,bytes)", market.contract, data), ETHER)


def test_an_unknown_kind_of_pool_reverts(market: Any) -> None:
    a, b = market.tokens["a"], market.tokens["b"]
    struct = "(address[],uint8,uint256,uint256,bool,uint256,(uint8,uint8,uint8,uint64,uint256,uint256)[])"
    data = calldata(f"execute({struct})", ([a, b], 1, ETHER, 0, False, 2**63, [(7, 0, 1, WHOLE, 1, 0)]))
    with pytest.raises(CallReverted, match=selector("NoSuchKind(uint256)").hex()):
        approved(market, data)


def approved(market: Any, data: bytes) -> None:
    """Send it as the trader, who allows an ether of ``a``."""
    approve = calldata("approve(address,uint256)", market.contract, ETHER)
    market.send(market.trader, market.tokens["a"], approve)
    market.send(market.trader, market.contract, data)


def at(market: Any, pool: str, amm: str) -> RouteLeg:
    a, b = market.tokens["a"], market.tokens["b"]
    return RouteLeg(pool=pool, amm=amm, pool_data=0, coin_in=a, coin_out=b, share=WHOLE)


def listed(market: Any, amm: str = V2) -> str:
    """A calling token, not armed yet, in a pool against ``a``."""
    token: str = market.deploy("CallingToken", 2**120)
    market.tokens["evil"] = token
    for spender in (market.chain.addresses.v2_router, market.chain.addresses.v3_positions):
        market.send(market.maker, token, calldata("approve(address,uint256)", spender, 2**255))
    market.create(amm, "evil", "a", amount=100)
    return token
