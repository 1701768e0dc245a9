"""What calldata says, whatever it is."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sniper.events import PendingCall, PendingLiquidity
from sniper.runtime.feeding import checked
from sniper.types import NATIVE
from sniper_feed_pending_pool import liquidity as reading
from sniper_feed_pending_pool import opening
from sniper_feed_pending_pool.hints import hints
from sniper_feed_pending_pool.liquidity import Liquidity, liquidity
from sniper_feed_pending_pool.pending import MOST_CALLDATA, Nonsense, Pending, TooLarge, read
from sniper_sdk.devchain.abi import calldata, encoded, selector

CHAIN = 31_337
MINT = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
POOL = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"

addresses = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
amounts = st.integers(0, 2**256 - 1)


def mint(token0: str, token1: str, amount0: int, amount1: int) -> bytes:
    types = ("address", "address", "uint24", "int24", "int24", *("uint256",) * 4, "address", "uint256")
    given = (token0, token1, 3000, -60, 60, amount0, amount1, 0, 0, NATIVE, 1)
    return selector(MINT) + encoded(types, given)


def read_call(data: bytes, value: int = 0) -> tuple[Liquidity, ...]:
    return liquidity("0x" + data[:4].hex(), data[4:], value)


def pending(data: bytes, to: str = "0x" + "70" * 20, value: int = 0) -> Pending:
    return Pending("0x" + "aa" * 32, "0x" + "bb" * 20, 1, to, value, 21_000, 2, 1, "0x" + data.hex())


@settings(deadline=None)
@given(addresses, addresses, amounts, amounts, st.binary(max_size=64))
def test_liquidity_for_two_coins_is_read_whatever_follows_it(a: str, b: str, x: int, y: int, tail: bytes) -> None:
    data = calldata(
        "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)", a, b, x, y, 0, 0, a, 1
    )
    assert read_call(data + tail) == (Liquidity((a, b), (x, y), creates=False),)
    stable = "addLiquidity(address,address,bool,uint256,uint256,uint256,uint256,address,uint256)"
    assert read_call(calldata(stable, a, b, True, x, y, 0, 0, a, 1) + tail) == (
        Liquidity((a, b), (x, y), creates=False),
    )


@settings(deadline=None)
@given(addresses, amounts, amounts)
def test_liquidity_with_the_chains_own_coin_takes_what_the_transaction_carries(token: str, x: int, value: int) -> None:
    data = calldata("addLiquidityETH(address,uint256,uint256,uint256,address,uint256)", token, x, 0, 0, token, 1)
    assert read_call(data, value) == (Liquidity((token, NATIVE), (x, value), creates=False),)
    data = calldata(
        "addLiquidityETH(address,bool,uint256,uint256,uint256,address,uint256)", token, False, x, 0, 0, token, 1
    )
    assert read_call(data, value) == (Liquidity((token, NATIVE), (x, value), creates=False),)


@settings(deadline=None)
@given(addresses, addresses)
def test_factories_only_make_pools(a: str, b: str) -> None:
    for signature, more in (
        ("createPair(address,address)", ()),
        ("createPair(address,address,bool)", (True,)),
        ("createPool(address,address,uint24)", (500,)),
        ("createPool(address,address,bool)", (False,)),
        ("createPool(address,address,int24,uint160)", (100, 2**96)),
    ):
        assert read_call(calldata(signature, a, b, *more)) == (Liquidity((a, b), (0, 0), creates=True),)


@settings(deadline=None)
@given(addresses, addresses, amounts, amounts, st.booleans(), st.booleans())
def test_a_multicall_that_makes_a_pool_and_adds_to_it_is_one(
    a: str, b: str, x: int, y: int, deadline: bool, turned: bool
) -> None:
    first, second = (b, a) if turned else (a, b)
    calls = [
        calldata(POOL, first, second, 3000, 2**96),
        b"",
        b"\x12\x34\x56\x78",
        mint(a, b, x, y),
        calldata("refundETH()"),
    ]
    data = calldata("multicall(uint256,bytes[])", 1, calls) if deadline else calldata("multicall(bytes[])", calls)
    assert read_call(data) == (
        (Liquidity((a, b), (x, y), creates=True),) if any((x, y)) else (Liquidity((a, b), (0, 0), creates=True),)
    )


def test_a_multicall_of_many_is_looked_at_in_part() -> None:
    pairs = [calldata("createPair(address,address)", f"0x{n:040x}", NATIVE) for n in range(100)]
    assert len(read_call(calldata("multicall(bytes[])", pairs))) == reading.MOST_CALLS


def test_what_is_no_liquidity_is_nothing() -> None:
    assert read_call(calldata("transfer(address,uint256)", NATIVE, 1)) == ()
    assert read_call(calldata("multicall(bytes[])", [calldata("unwrapWETH9(uint256,address)", 1, NATIVE)])) == ()


@pytest.mark.parametrize("known", sorted(reading.SELECTORS | opening.NAMES.keys()))
@settings(deadline=None, max_examples=30)
@given(st.binary(max_size=512))
def test_garbage_is_refused_or_read_and_never_anything_else(known: str, garbage: bytes) -> None:
    try:
        found = hints(pending(bytes.fromhex(known[2:]) + garbage), CHAIN, 1)
    except Nonsense:
        return
    checked(found, CHAIN)  # it can be put on record


@settings(deadline=None)
@given(st.text(alphabet="0123456789abcdefxyz", max_size=80))
def test_calldata_that_is_no_hex_is_nonsense(text: str) -> None:
    told = pending(b"")
    told = Pending(*(told.hash, told.sender, 1, told.to, 0, 1, 2, 1, "0xe8e33700" + text))
    with pytest.raises(Nonsense):
        hints(told, CHAIN, 1)


def test_offsets_that_lead_anywhere_are_refused_at_once() -> None:
    head = selector("multicall(bytes[])")
    for words in ((2**256 - 1,), (32, 2**256 - 1), (32, 1, 2**255), (32, 1, 32, 2**200), (0, 0, 0)):
        data = head + b"".join(word.to_bytes(32, "big") for word in words)
        if words == (0, 0, 0):
            assert read_call(data) == ()
        else:
            with pytest.raises(Nonsense):
                read_call(data)


# ---- opening ----


def test_trading_is_opened_by_name_and_by_a_true_argument() -> None:
    (event,) = hints(pending(calldata("openTrading()")), CHAIN, 1)
    assert isinstance(event, PendingCall)
    assert (event.name, event.opens, event.token) == ("openTrading", True, f"{CHAIN}:0x" + "70" * 20)
    (event,) = hints(pending(calldata("setTrading(bool)", True)), CHAIN, 1)
    assert isinstance(event, PendingCall)
    assert event.opens
    assert hints(pending(calldata("setTrading(bool)", False)), CHAIN, 1) == []


def test_every_deed_counts_of_a_token_that_is_watched_but_what_holders_do() -> None:
    token = "0x" + "70" * 20
    deed = pending(calldata("setFee(uint256)", 99))
    assert hints(deed, CHAIN, 1) == []
    (event,) = hints(deed, CHAIN, 1, watched={token})
    assert isinstance(event, PendingCall)
    assert (event.name, event.opens, event.selector) == ("", False, "0x" + selector("setFee(uint256)").hex())
    (event,) = hints(pending(calldata("setTrading(bool)", False)), CHAIN, 1, watched={token})
    assert isinstance(event, PendingCall)
    assert (event.name, event.opens) == ("setTrading", False)
    assert hints(pending(calldata("transfer(address,uint256)", token, 1)), CHAIN, 1, watched={token}) == []
    assert hints(pending(b""), CHAIN, 1, watched={token}) == []


def test_calls_of_other_contracts_are_no_liquidity_where_some_are_named() -> None:
    call = pending(calldata("createPair(address,address)", NATIVE, NATIVE))
    assert hints(call, CHAIN, 1, contracts={"0x" + "11" * 20}) == []
    (event,) = hints(call, CHAIN, 1, contracts={call.to})
    assert isinstance(event, PendingLiquidity)


# ---- transactions as nodes tell them ----

TOLD = {
    "hash": "0x" + "ab" * 32,
    "from": "0x" + "AB" * 20,
    "to": "0x" + "CD" * 20,
    "nonce": "0x7",
    "gas": "0x5208",
    "value": "0x1",
    "maxFeePerGas": "0x20",
    "maxPriorityFeePerGas": "0x10",
    "chainId": hex(CHAIN),
    "input": "0x1234",
}


def test_a_transaction_is_read() -> None:
    assert read(TOLD, CHAIN) == Pending(
        "0x" + "ab" * 32, "0x" + "ab" * 20, 7, "0x" + "cd" * 20, 1, 21_000, 32, 16, "0x1234"
    )


def test_a_legacy_transaction_offers_its_price_as_both() -> None:
    told = {k: v for k, v in TOLD.items() if k not in ("maxFeePerGas", "maxPriorityFeePerGas", "chainId")}
    found = read({**told, "gasPrice": "0x9", "to": None}, CHAIN)
    assert found is not None
    assert (found.max_fee, found.max_tip, found.to) == (9, 9, "")


def test_one_that_is_in_a_block_does_not_wait() -> None:
    assert read({**TOLD, "blockNumber": "0x1"}, CHAIN) is None


@pytest.mark.parametrize(
    "change",
    [
        {"hash": "0x12"},
        {"hash": None},
        {"from": "0xzz"},
        {"to": 5},
        {"nonce": "7"},
        {"nonce": "0x" + "f" * 17},
        {"gas": "0x" + "f" * 65},
        {"value": -1},
        {"input": None},
        {"chainId": "0x1"},
        {"maxFeePerGas": None},
    ],
)
def test_what_is_no_transaction_of_this_chain_is_nonsense(change: dict[str, Any]) -> None:
    with pytest.raises(Nonsense):
        read({**TOLD, **change}, CHAIN)


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=70),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*TOLD, "x"]), inner),
        max_leaves=12,
    )
)
def test_any_json_is_read_or_refused(told: Any) -> None:
    try:
        found = read(told, CHAIN)
    except Nonsense:
        return
    assert found is None or isinstance(found, Pending)


def test_more_calldata_than_a_pool_takes_is_not_decoded() -> None:
    most = "0x" + "00" * MOST_CALLDATA
    assert read({**TOLD, "input": most}, CHAIN) is not None
    with pytest.raises(TooLarge):
        read({**TOLD, "input": most + "00"}, CHAIN)
