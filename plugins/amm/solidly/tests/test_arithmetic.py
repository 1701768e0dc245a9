"""What holds for every pair, and quotes that were recorded on Base."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.amm import NoLiquidity
from sniper.codec import encode_state, restore_state
from sniper_amm_solidly.pool import Solidly, SolidlyConfig
from sniper_amm_solidly.stable import E18, invariant, solve

DATA = Path(os.environ.get("SNIPER_DATA", Path(__file__).parents[4] / ".." / "shared" / "data"))
VECTORS = DATA / "amm-vectors" / "aerodrome_volatile_get_amount_out.json"
FACTORY = "0x" + "ab" * 20

whole = st.integers(E18, 10**9 * E18)


def pool(x: int, y: int, *, stable: bool = False, fee_bps: int = 30) -> Solidly:
    return Solidly(
        config=SolidlyConfig(),
        address="0x" + "cd" * 20,
        factory=FACTORY,
        stable=stable,
        units=(E18, E18),
        reserves=(x, y),
        fee_bps=fee_bps,
        default_bps=30,
    )


@given(x=whole, y=whole, more=whole)
def test_the_solution_is_the_least_on_or_above_the_curve(x: int, y: int, more: int) -> None:
    assume(max(x, y) <= 1000 * min(x, y))
    k = invariant(x, y)
    left = solve(x + more, k, y)
    assert invariant(x + more, left) >= k
    assert invariant(x + more, left - 1) < k


@given(x=whole, y=whole)
def test_the_stable_price_is_the_slope_of_the_curve(x: int, y: int) -> None:
    assume(max(x, y) <= 100 * min(x, y))
    pair = pool(x, y, stable=True, fee_bps=0)
    paid = x // 10**6
    received = pair.amount_out(0, 1, paid)
    assert 0 <= 1 - received / (paid * pair.price(0, 1)) < 10**-5


@given(x=whole, share=st.integers(1, 900), stable=st.booleans())
def test_a_round_trip_through_the_amount_in_is_the_amount_out(x: int, share: int, stable: bool) -> None:
    pair = pool(x, x, stable=stable, fee_bps=5)
    wanted = x * share // 1000
    needed = pair.amount_in(0, 1, wanted)
    assert pair.amount_out(0, 1, needed) >= wanted
    assert pair.amount_out(0, 1, needed - 1) < wanted


def test_a_paused_or_empty_pair_takes_nothing_and_has_no_price() -> None:
    paused = pool(10**20, 10**20, stable=True)
    paused.set_pause_state(True)
    for pair in (paused, pool(0, 10**20), pool(0, 0, stable=True)):
        assert pair.most_in(0, 1) == 0
        with pytest.raises(NoLiquidity):
            pair.amount_out(0, 1, 10**18)
        with pytest.raises(NoLiquidity):
            pair.amount_in(0, 1, 10**18)
        with pytest.raises(NoLiquidity):
            pair.price(0, 1)


def test_the_custom_fee_of_420_is_none_and_of_0_is_the_usual_one() -> None:
    pair = pool(10**20, 10**20)
    fees = []
    for fee in (77, 420, 0):
        pair.set_custom_fee(pair.address, fee)
        fees.append(pair.fee_bps)
    assert fees == [77, 0, 30]


@given(x=whole, y=whole, stable=st.booleans())
def test_the_state_survives_a_snapshot(x: int, y: int, stable: bool) -> None:
    pair = pool(x, y, stable=stable)
    assert restore_state(Solidly, encode_state(pair), config=pair.config) == pair


def test_a_venue_hears_the_factory_and_the_curve() -> None:
    assert pool(1, 1, stable=True).venue_data(0, 1) == int("ab" * 20, 16) * 2 + 1
    assert pool(1, 1).venue_data(1, 0) == int("ab" * 20, 16) * 2


def test_anything_but_known_generations_and_addresses_is_refused() -> None:
    for wrong in (
        {"generation": "uniswap"},
        {"factories": ("aerodrome",)},
        {"fee_from": "nobody"},
        {"fee_bps": 10_000},
    ):
        with pytest.raises(ValidationError):
            SolidlyConfig.model_validate(wrong)


@pytest.mark.skipif(not VECTORS.exists(), reason=f"evaluation data is absent: {VECTORS} (set SNIPER_DATA)")
def test_a_pool_of_aerodrome_gives_what_it_gave_on_chain() -> None:
    document = json.loads(VECTORS.read_text())
    state = document["pool_state"]
    pair = pool(state["reserves_token0"], state["reserves_token1"], stable=state["stable"], fee_bps=state["fee_raw"])
    coins = [state["token0"]["symbol"], state["token1"]["symbol"]]
    for quote in document["quotes"]:
        _, _, direction, amount = quote["call"].split("|")
        i, j = (coins.index(coin) for coin in direction.split("->"))
        try:
            found = pair.amount_out(i, j, int(amount))
        except NoLiquidity:
            found = 0  # getAmountOut answers 0 where the swap then refuses
        assert found == quote["result"]
    assert len(document["quotes"]) == 26
