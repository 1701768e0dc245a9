"""What venues plan for one pool, or through our own contract, the signer reads without being told how."""

from typing import Any

import pytest

from sniper.signer import KillLevel, SignerRefused, SignRequest
from sniper.signing.rules import Judge, parse_rules
from sniper.types import Step
from sniper.venue import NATIVE, WHOLE, RouteLeg, RouteSwap, Swap
from sniper_venue_aggregator.venue import Aggregator, AggregatorConfig
from sniper_venue_uniswap.venue import Uniswap, UniswapConfig

OWNER, STRANGER, WRAPPED, TOKEN, V2, V3, CONTRACT = (f"0x{digit * 40}" for digit in "abcdef9")
UNISWAP = Uniswap(config=UniswapConfig(chain_id=1, wrapped=WRAPPED, v2_router=V2, v3_router=V3))
AGGREGATOR = Aggregator(config=AggregatorConfig(chain_id=1, wrapped=WRAPPED, contract=CONTRACT))
FUNCTIONS = {
    V2: [
        "swapExactETHForTokensSupportingFeeOnTransferTokens(uint256,address[],address,uint256)",
        "swapExactTokensForETHSupportingFeeOnTransferTokens(uint256,uint256,address[],address,uint256)",
        "swapExactTokensForTokensSupportingFeeOnTransferTokens(uint256,uint256,address[],address,uint256)",
    ],
    V3: ["multicall(uint256,bytes[])"],
    CONTRACT: ["execute((address[],uint8,uint256,uint256,bool,uint256,(uint8,uint8,uint8,uint64,uint256,uint256)[]))"],
}


def planned(amm: str, token_in: str, token_out: str, owner: str) -> Step:
    fields: dict[str, Any] = {
        "chain_id": 1, "owner": owner, "token_in": token_in, "token_out": token_out, "amount_in": 1_000, "min_out": 1,
        "deadline": 2**40, "allowance": 10**6, "opens": False,
    }  # fmt: skip
    if amm != "solidly":
        return UNISWAP.plan(Swap(pool=f"0x{1:040x}", amm=amm, pool_data=500, **fields))[-1]
    pay, get = (WRAPPED if token == NATIVE else token for token in (token_in, token_out))
    leg = RouteLeg(pool=f"0x{1:040x}", amm=amm, pool_data=0, coin_in=pay, coin_out=get, share=WHOLE)
    return AGGREGATOR.plan_route(RouteSwap(legs=(leg,), **fields))[-1]


def sign(step: Step) -> tuple[tuple[str, int], ...]:
    """As `OWNER`, whatever the plan says. Gives what is counted."""
    chain = {"max_fee": 10**18, "max_value": 10**18, "max_value_per_hour": 10**19, "max_value_per_day": 10**19}
    contracts = {contract: {function: {} for function in functions} for contract, functions in FUNCTIONS.items()}
    rules = {"accounts": {"alice": [OWNER]}, "chains": {"1": {**chain, "contracts": contracts}}}
    request = SignRequest(
        account="alice", sender=OWNER, chain_id=1, nonce=0, max_priority_fee=1, max_fee=1, gas=step.gas, to=step.to,
        value=step.value, data=step.data, purpose="entry" if step.value else step.purpose,
    )  # fmt: skip
    return Judge(parse_rules(rules, "here")).check(request, KillLevel.OFF)


@pytest.mark.parametrize("amm", ["constant-product", "uniswap-v3", "solidly"])
@pytest.mark.parametrize(("pay", "get"), [(NATIVE, TOKEN), (TOKEN, NATIVE), (TOKEN, WRAPPED)])
def test_a_plan_for_the_sender_is_signed_and_what_it_sells_is_counted(amm: str, pay: str, get: str) -> None:
    spent = sign(planned(amm, pay, get, OWNER))
    if pay == NATIVE:
        assert spent in ((), ((WRAPPED, 1_000),))
    else:
        assert spent == ((TOKEN, 1_000),)


@pytest.mark.parametrize("amm", ["constant-product", "uniswap-v3"])
@pytest.mark.parametrize(("pay", "get"), [(NATIVE, TOKEN), (TOKEN, NATIVE), (TOKEN, WRAPPED)])
def test_a_plan_for_another_is_refused(amm: str, pay: str, get: str) -> None:
    with pytest.raises(SignerRefused, match=STRANGER[2:]) as caught:
        sign(planned(amm, pay, get, STRANGER))
    assert caught.value.rule == "recipient"
