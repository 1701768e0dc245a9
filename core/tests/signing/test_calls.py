"""What the signer reads in calls: who receives, and what is spent."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sniper.errors import CodecError
from sniper.evm.abi import function
from sniper.signer import KillLevel, SignerRefused
from sniper.signing.rules import Judge, parse_rules

SINGLE = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"
SINGLE_OUT = "exactOutputSingle((address,address,uint24,address,uint256,uint256,uint160))"
INPUT = "exactInput((bytes,address,uint256,uint256))"
UNWRAP = "unwrapWETH9(uint256,address)"
SWEEP = "sweepToken(address,uint256,address)"
MULTICALL = "multicall(uint256,bytes[])"
AGGREGATOR = "execute((address[],uint8,uint256,uint256,bool,uint256,(uint8,uint8,uint8,uint64,uint256,uint256)[]))"
V2 = [
    "swapExactETHForTokens(uint256,address[],address,uint256)",
    "swapExactETHForTokensSupportingFeeOnTransferTokens(uint256,address[],address,uint256)",
    "swapETHForExactTokens(uint256,address[],address,uint256)",
    "swapExactTokensForETH(uint256,uint256,address[],address,uint256)",
    "swapExactTokensForETHSupportingFeeOnTransferTokens(uint256,uint256,address[],address,uint256)",
    "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)",
    "swapExactTokensForTokensSupportingFeeOnTransferTokens(uint256,uint256,address[],address,uint256)",
    "swapTokensForExactETH(uint256,uint256,address[],address,uint256)",
    "swapTokensForExactTokens(uint256,uint256,address[],address,uint256)",
]
THIS = f"0x{2:040x}"


def checked(world: Any, signature: str, data: bytes, rule: dict[str, Any] | None = None) -> Any:
    rules = parse_rules(world.rules(contracts={world.router: {signature: rule or {}}}), "here")
    return Judge(rules).check(world.exit(data=data), KillLevel.OFF)


def v2(signature: str, token: str, other: str, to: str) -> bytes:
    paid = () if "ETHFor" in signature.split("(", maxsplit=1)[0] else (500,)
    least = (7,)
    if "ForExact" in signature:  # out first, then the most that is paid
        paid, least = ((7, 500), ()) if paid else ((), (7,))
    return function(signature).encode(*paid, *least, [token, other], to, 2**40)


@pytest.mark.parametrize("signature", V2)
def test_each_v2_swap_pays_the_sender_and_spends_what_it_says(world: Any, signature: str) -> None:
    spent = checked(world, signature, v2(signature, world.token, world.router, world.sender))
    assert spent == (() if "swapE" in signature and "ETHFor" in signature else ((world.token, 500),))
    with pytest.raises(SignerRefused, match=world.stranger[2:]) as caught:
        checked(world, signature, v2(signature, world.token, world.router, world.stranger))
    assert caught.value.rule == "recipient"


def multicall(*calls: bytes) -> bytes:
    return function(MULTICALL).encode(2**40, list(calls))


def single(world: Any, to: str) -> bytes:
    return function(SINGLE).encode((world.token, world.router, 500, to, 11, 7, 0))


def test_a_multicall_of_swap_router_is_read_to_its_end(world: Any) -> None:
    unwrap = function(UNWRAP).encode(1, world.sender)
    refund = function("refundETH()").encode()
    assert checked(world, MULTICALL, multicall(single(world, THIS), unwrap, refund)) == ((world.token, 11),)
    for hidden in (
        function(UNWRAP).encode(1, world.stranger),
        function(SWEEP).encode(world.token, 1, world.stranger),
        single(world, world.stranger),
        function(INPUT).encode((bytes.fromhex(world.token[2:]) + bytes(23), world.stranger, 11, 7)),
        function(SINGLE_OUT).encode((world.token, world.router, 500, world.stranger, 7, 11, 0)),
    ):
        with pytest.raises(SignerRefused, match=world.stranger[2:]):
            checked(world, MULTICALL, multicall(single(world, THIS), unwrap, hidden))


def test_what_each_swap_of_swap_router_spends(world: Any) -> None:
    path = bytes.fromhex(world.token[2:]) + (500).to_bytes(3, "big") + bytes.fromhex(world.router[2:])
    assert checked(world, INPUT, function(INPUT).encode((path, world.sender, 11, 7))) == ((world.token, 11),)
    out = function(SINGLE_OUT).encode((world.token, world.router, 500, world.sender, 7, 12, 0))
    assert checked(world, SINGLE_OUT, out) == ((world.token, 12),)


@pytest.mark.parametrize("call", [bytes.fromhex("a9059cbb") + bytes(64), b"", b"\x12\x34"])
def test_a_multicall_of_something_else_is_refused(world: Any, call: bytes) -> None:
    with pytest.raises(SignerRefused) as caught:
        checked(world, MULTICALL, multicall(single(world, world.sender), call))
    assert caught.value.rule == "undecodable"


def test_a_multicall_within_a_multicall_is_refused(world: Any) -> None:
    with pytest.raises(SignerRefused, match="undecodable"):
        checked(world, MULTICALL, multicall(multicall(single(world, world.stranger))))


def test_the_aggregator_spends_its_first_coin(world: Any) -> None:
    leg = (1, 0, 1, 2**32, 5, 0)
    data = function(AGGREGATOR).encode(([world.token, world.router], 1, 13, 1, False, 2**40, [leg]))
    assert checked(world, AGGREGATOR, data) == ((world.token, 13),)


def test_a_function_that_nobody_can_read_is_refused_unless_the_rule_says_otherwise(world: Any) -> None:
    signature, data = "trade(address,uint256)", function("trade(address,uint256)").encode(world.sender, 5)
    with pytest.raises(SignerRefused, match="opaque") as caught:
        checked(world, signature, data)
    assert caught.value.rule == "undecodable"
    assert checked(world, signature, data, {"opaque": True}) == ()
    assert checked(world, signature, data, {"recipient": 0}) == ()
    with pytest.raises(SignerRefused, match="recipient"):
        checked(world, signature, function(signature).encode(world.stranger, 5), {"recipient": 0})


@settings(deadline=None)
@given(signature=st.sampled_from([*V2, MULTICALL, SINGLE, INPUT, AGGREGATOR]), data=st.binary(max_size=400))
def test_bytes_that_are_no_such_call_pay_nobody(world: Any, signature: str, data: bytes) -> None:
    """Whatever passes holds no address but the sender's where one receives; here there is none at all."""
    with pytest.raises(SignerRefused):
        checked(world, signature, function(signature).selector + data + b"\xff")


@settings(deadline=None, max_examples=200)
@given(signature=st.sampled_from(V2), data=st.data())
def test_a_changed_byte_never_pays_a_stranger(world: Any, signature: str, data: st.DataObject) -> None:
    whole = v2(signature, world.token, world.router, world.sender)
    at = data.draw(st.integers(4, len(whole) - 1))
    changed = whole[:at] + bytes([data.draw(st.integers(0, 255))]) + whole[at + 1 :]
    try:
        checked(world, signature, changed)
    except SignerRefused:
        return
    try:
        recipient = function(signature).decode_call(changed)[-2]
    except CodecError:
        return  # the router reverts
    assert recipient == world.sender


MINT = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
DECREASE = "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))"
COLLECT = "collect((uint256,address,uint128,uint128))"
MANAGER = "multicall(bytes[])"
NOBODY = f"0x{0:040x}"


def managed(*calls: bytes) -> bytes:
    return function(MANAGER).encode(list(calls))


def minted(world: Any, to: str) -> bytes:
    coins = (world.token, world.router)
    return function(MINT).encode((*coins, 3000, -60, 60, 500, 0, 0, 0, to, 2**40))


def test_liquidity_is_put_in_for_the_sender_alone_and_spends_both_coins(world: Any) -> None:
    refund = function("refundETH()").encode()
    assert checked(world, MANAGER, managed(minted(world, world.sender), refund)) == ((world.token, 500),)
    with pytest.raises(SignerRefused, match=world.stranger[2:]):
        checked(world, MANAGER, managed(minted(world, world.stranger)))


def test_what_comes_out_of_a_range_goes_to_the_sender_alone(world: Any) -> None:
    def out(collected: str, swept: str) -> bytes:
        return managed(
            function(DECREASE).encode((7, 10**9, 1, 1, 2**40)),
            function(COLLECT).encode((7, collected, 2**127, 2**127)),
            function(UNWRAP).encode(0, swept),
            function(SWEEP).encode(world.token, 0, swept),
            function("burn(uint256)").encode(7),
        )

    assert checked(world, MANAGER, out(NOBODY, world.sender)) == ()
    assert checked(world, MANAGER, out(world.sender, world.sender)) == ()
    for strange in (out(world.stranger, world.sender), out(NOBODY, world.stranger)):
        with pytest.raises(SignerRefused, match=world.stranger[2:]):
            checked(world, MANAGER, strange)


@pytest.mark.parametrize(
    "call",
    [
        function("increaseLiquidity((uint256,uint256,uint256,uint256,uint256,uint256))").encode((7, 1, 1, 0, 0, 2**40)),
        function("safeTransferFrom(address,address,uint256)").encode(NOBODY, NOBODY, 7),
        function("approve(address,uint256)").encode(THIS, 7),
    ],
)
def test_no_other_deed_of_the_position_manager_is_signed(world: Any, call: bytes) -> None:
    with pytest.raises(SignerRefused, match="multicall of"):
        checked(world, MANAGER, managed(minted(world, world.sender), call))
