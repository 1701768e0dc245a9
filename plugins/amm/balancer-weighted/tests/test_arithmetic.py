"""Powers, and quotes that were recorded on Ethereum."""

import json
import os
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper_amm_balancer_weighted.pool import BalancerWeighted, BalancerWeightedConfig
from sniper_amm_balancer_weighted.power import ONE, divided_up, multiplied_up, power_up

DATA = Path(os.environ.get("SNIPER_DATA", Path(__file__).parents[4] / ".." / "shared" / "data"))
VECTORS = DATA / "amm-vectors" / "balancer_v2_two_token_given_in.json"

bases = st.integers(7 * ONE // 10, 15 * ONE // 10)


@given(base=bases, exponent=st.integers(1, 99))
@pytest.mark.parametrize("short", [False, True])
def test_a_power_is_at_least_the_true_one_and_hardly_more(short: bool, base: int, exponent: int) -> None:
    power = power_up(base, exponent * ONE, short=short)
    true = Fraction(base, ONE) ** exponent * ONE
    assert true <= power <= true * (1 + Fraction(2, 10**14)) + 2


@given(base=bases, exponent=st.integers(10**16, 99 * ONE))
def test_a_power_and_that_of_the_inverse_exponent_undo_each_other(base: int, exponent: int) -> None:
    there = power_up(base, exponent, short=False)
    back = power_up(there, divided_up(ONE, exponent), short=False)
    # what 18 decimals of a small power do not hold cannot come back
    slack = Fraction(5 * ONE, exponent) * (1 + Fraction(ONE, there)) + 10**4 + Fraction(10**4 * ONE, exponent)
    assert abs(back - base) <= 3 * slack


@given(base=bases)
def test_short_powers_are_products_and_others_are_not_touched(base: int) -> None:
    square = multiplied_up(base, base)
    assert power_up(base, ONE, short=True) == base
    assert power_up(base, 2 * ONE, short=True) == square
    assert power_up(base, 4 * ONE, short=True) == multiplied_up(square, square)
    assert power_up(base, 3 * ONE, short=True) == power_up(base, 3 * ONE, short=False)


def test_addresses_are_lower_cased_and_anything_else_is_refused() -> None:
    config = BalancerWeightedConfig(pool_factories=("0x8E9aa87E45e92bad84D5F8DD1bff34Fb92637dE9",))
    assert config.pool_factories == ("0x8e9aa87e45e92bad84d5f8dd1bff34fb92637de9",)
    with pytest.raises(ValidationError):
        BalancerWeightedConfig(factories=("balancer",))


@pytest.mark.skipif(not VECTORS.exists(), reason=f"evaluation data is absent: {VECTORS} (set SNIPER_DATA)")
def test_pools_of_ethereum_give_what_they_gave_on_chain() -> None:
    document = json.loads(VECTORS.read_text())
    pools = {}
    for state in document["pool_states"]:
        assert state["block"] == document["block"]
        pools[state["address"]] = BalancerWeighted(
            config=BalancerWeightedConfig(),
            pool_id=state["pool_id"],
            coins=tuple(token["address"].lower() for token in state["tokens"]),
            weights=tuple(state["weights"]),
            scales=tuple(10 ** (18 - token["decimals"]) for token in state["tokens"]),
            short_powers=state["pow_version"] != "v1",
            fee=int(Fraction(state["fee"]) * ONE),
            balances=tuple(state["balances"]),
        )
    for quote in document["quotes"]:
        address, _, kind, i, j, amount = quote["call"].split("|")
        assert kind == "GIVEN_IN"
        assert pools[address].amount_out(int(i[2:]), int(j[2:]), int(amount)) == quote["result"], quote["call"]
    assert len(document["quotes"]) == 108
