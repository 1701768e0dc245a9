"""What the venue for Uniswap plans, the keystore's rules can read."""

import pytest

from sniper.signer import KillLevel, SignerRefused, SignRequest
from sniper.signing.rules import Judge, parse_rules
from sniper.types import Step
from sniper.venue import NATIVE, WHOLE, RouteLeg, RouteSwap
from sniper_venue_uniswap.venue import Uniswap, UniswapConfig

OWNER, STRANGER, WRAPPED, TOKEN, OTHER, ROUTER, PERMIT2 = (f"0x{digit * 40}" for digit in "abcdef9")
VENUE = Uniswap(config=UniswapConfig(chain_id=1, wrapped=WRAPPED, universal_router=ROUTER, permit2=PERMIT2))
NATIVE_POOL = 1 << 208 | 500 << 184 | 10 << 160


def leg(amm: str, data: int, coin_in: str, coin_out: str, share: int = WHOLE) -> RouteLeg:
    return RouteLeg(pool=f"0x{1:040x}", amm=amm, pool_data=data, coin_in=coin_in, coin_out=coin_out, share=share)


def plan(token_in: str, token_out: str, owner: str) -> tuple[Step, ...]:
    """Split over all three protocols, then through one pool of the second coin."""
    pay, get = (WRAPPED if token == NATIVE else token for token in (token_in, token_out))
    legs = (
        leg("constant-product", 30, pay, TOKEN, WHOLE // 3),
        leg("uniswap-v3", 500, pay, TOKEN, WHOLE // 2),
        leg("uniswap-v4", NATIVE_POOL if pay == WRAPPED else 500 << 184 | 10 << 160, pay, TOKEN),
        leg("uniswap-v3", 3000, TOKEN, get),
    )
    return VENUE.plan_route(
        RouteSwap(
            chain_id=1, owner=owner, token_in=token_in, token_out=token_out, amount_in=10**18, min_out=1, legs=legs,
            deadline=2**40, allowance=0, opens=True,
        )
    )  # fmt: skip


def sign(step: Step) -> None:
    """As `OWNER`, whatever the plan says."""
    rules = {
        "accounts": {"alice": [OWNER]},
        "chains": {
            "1": {
                "max_fee": 10**18, "max_value": 10**18, "max_value_per_hour": 10**19, "max_value_per_day": 10**19,
                "spenders": [PERMIT2, ROUTER],
                "contracts": {
                    PERMIT2: {"approve(address,address,uint160,uint48)": {}},
                    ROUTER: {"execute(bytes,bytes[],uint256)": {"commands": True}},
                },
            }
        },
    }  # fmt: skip
    request = SignRequest(
        account="alice", sender=OWNER, chain_id=1, nonce=0, max_priority_fee=1, max_fee=1, gas=step.gas, to=step.to,
        value=step.value, data=step.data, purpose=step.purpose,
    )  # fmt: skip
    Judge(parse_rules(rules, "here")).check(request, KillLevel.OFF)


@pytest.mark.parametrize(("pay", "get"), [(NATIVE, OTHER), (OTHER, NATIVE), (OTHER, WRAPPED)])
def test_a_plan_for_the_sender_is_signed_step_by_step_and_one_for_another_is_not(pay: str, get: str) -> None:
    steps = plan(pay, get, OWNER)
    assert [step.purpose for step in steps] == ["approve"] * (2 if pay != NATIVE else 0) + ["entry"]
    for step in steps:
        sign(step)
    with pytest.raises(SignerRefused, match=STRANGER[2:]):
        sign(plan(pay, get, STRANGER)[-1])
