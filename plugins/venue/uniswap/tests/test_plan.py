"""What a plan holds, before anything is sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.evm.abi import function
from sniper.venue import NATIVE, Step, Swap
from sniper_venue_uniswap.venue import V2, V3, Uniswap, UniswapConfig, UnsupportedSwap

WRAPPED, TOKEN, OTHER, OWNER = ("0x" + digit * 40 for digit in "abcd")
ROUTER2, ROUTER3 = "0x" + "2" * 40, "0x" + "3" * 40
VENUE = Uniswap(config=UniswapConfig(chain_id=1, wrapped=WRAPPED, v2_router=ROUTER2, v3_router=ROUTER3))
APPROVE = function("approve(address,uint256)")
amounts = st.integers(1, 2**128)


def swap(amm: str = V2, token_in: str = NATIVE, token_out: str = TOKEN, **other: object) -> Swap:
    fields: dict[str, object] = {
        "chain_id": 1,
        "owner": OWNER,
        "pool": OTHER,
        "pool_data": 3000,
        "amount_in": 10,
        "min_out": 9,
        "deadline": 100,
        "allowance": 0,
        "opens": True,
        **other,
    }
    return Swap(token_in=token_in, token_out=token_out, amm=amm, **fields)  # type: ignore[arg-type]


def approved(steps: tuple[Step, ...]) -> list[tuple[str, int]]:
    assert {(step.purpose, step.to, step.value, step.gas) for step in steps} <= {("approve", TOKEN, 0, 100_000)}
    return [APPROVE.decode_call(step.data) for step in steps]


@given(amount=amounts, allowance=amounts)
def test_an_approval_is_for_the_exact_amount_after_a_reset_of_what_is_too_small(amount: int, allowance: int) -> None:
    for amm, router in ((V2, ROUTER2), (V3, ROUTER3)):
        assert approved(VENUE.approve(1, amm, TOKEN, amount, 0)) == [(router, amount)]
        expected = [] if allowance >= amount else [(router, 0), (router, amount)]
        assert approved(VENUE.approve(1, amm, TOKEN, amount, allowance)) == expected
        assert VENUE.approve(1, amm, NATIVE, amount, 0) == ()


@given(amount=amounts, native=st.booleans(), opens=st.booleans(), amm=st.sampled_from([V2, V3]))
def test_the_last_step_is_the_trade_and_only_it_sends_value(amount: int, native: bool, opens: bool, amm: str) -> None:
    plan = VENUE.plan(swap(amm, NATIVE if native else TOKEN, OTHER, amount_in=amount, opens=opens))
    assert [step.purpose for step in plan] == ["approve"] * (not native) + ["entry" if opens else "exit"]
    assert [step.value for step in plan[:-1]] == [0] * (len(plan) - 1)
    assert plan[-1].value == (amount if native else 0)
    assert plan[-1].to == (ROUTER2 if amm == V2 else ROUTER3)


def test_the_fee_tier_addresses_a_v3_pool() -> None:
    multicall = function("multicall(uint256,bytes[])")
    single = function("exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))")
    deadline, calls = multicall.decode_call(VENUE.plan(swap(V3, pool_data=500))[-1].data)
    assert deadline == 100
    assert single.decode_call(calls[0]) == ((WRAPPED, TOKEN, 500, OWNER, 10, 9, 0),)


def test_gas_limits_come_from_the_config() -> None:
    config = VENUE.config.model_copy(update={"gas_approve": 50_001, "gas_v2": 50_002, "gas_v3": 50_003})
    venue = Uniswap(config=config)
    assert [step.gas for step in venue.plan(swap(V2, TOKEN, NATIVE))] == [50_001, 50_002]
    assert [step.gas for step in venue.plan(swap(V3, TOKEN, NATIVE))] == [50_001, 50_003]


def test_what_has_no_router_here_is_not_served_and_refused() -> None:
    only_v2 = Uniswap(config=UniswapConfig(chain_id=1, wrapped=WRAPPED, v2_router=ROUTER2))
    assert [only_v2.serves(1, amm) for amm in (V2, V3, "solidly")] == [True, False, False]
    assert not only_v2.serves(10, V2)
    for refused in (swap(V3), swap("solidly"), swap(chain_id=10)):
        with pytest.raises(UnsupportedSwap, match="not traded here"):
            only_v2.plan(refused)


@pytest.mark.parametrize("refused", [swap(token_out=WRAPPED), swap(token_in=TOKEN), swap(V3, amount_in=0)])
def test_what_is_no_trade_is_refused(refused: Swap) -> None:
    with pytest.raises(UnsupportedSwap):
        VENUE.plan(refused)


def test_addresses_are_lower_cased_and_anything_else_is_refused() -> None:
    mixed = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
    assert UniswapConfig(chain_id=1, wrapped=mixed, v2_router=mixed).v2_router == mixed.lower()
    for wrong in ({"wrapped": "weth"}, {"v3_router": "0x12"}, {"gas_v2": 1}, {"router": mixed}):
        with pytest.raises(ValidationError):
            UniswapConfig.model_validate({"chain_id": 1, "wrapped": mixed, **wrong})


def test_another_amm_may_price_the_pairs_that_the_v2_router_trades() -> None:
    other = Uniswap(config=UniswapConfig(chain_id=1, wrapped=WRAPPED, v2_router=ROUTER2, v2_amm="harbor"))
    assert other.serves(1, "harbor")
    assert not other.serves(1, "constant-product")
    assert other.spender(1, "harbor") == ROUTER2
