from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper import codec
from sniper.types import BPS, split_asset
from sniper_exit_trailing_stop.rule import TrailingStop, TrailingStopConfig
from sniper_sdk.builders import QUOTE, TOKEN, BuiltPosition, pool, position, view

COIN, PAID = split_asset(TOKEN)[1], split_asset(QUOTE)[1]


def opened(held: BuiltPosition, **section: int) -> TrailingStop:
    exit = TrailingStop(config=TrailingStopConfig(**section))
    assert list(exit.opened(held, view())) == []
    return exit


def fires(exit: TrailingStop, held: BuiltPosition, value: int) -> bool:
    return exit.valued(held, value, view()) is not None


def test_follows_the_value_up_and_sells_when_it_falls_back() -> None:
    held = position(cost=1000)
    exit = opened(held, trail_bps=2000)
    assert [fires(exit, held, value) for value in (900, 2000, 1601, 1600)] == [False, False, False, True]
    sale = exit.valued(held, 1500, view())
    assert sale is not None
    assert (sale.share_bps, sale.urgent, sale.reason) == (BPS, True, "fell by 2500 bps from its highest value")


def test_says_so_again_until_the_value_recovers() -> None:
    held = position(cost=1000)
    exit = opened(held, trail_bps=2000)
    assert [fires(exit, held, value) for value in (2000, 1500, 1500, 1700)] == [False, True, True, False]


def test_waits_for_the_gain_that_activates_it_and_then_stays_active() -> None:
    held = position(cost=1000)
    exit = opened(held, trail_bps=1000, activation_gain_bps=5000)
    assert [fires(exit, held, value) for value in (1400, 700, 1499)] == [False, False, False]
    assert [fires(exit, held, value) for value in (1500, 1351, 1350, 900)] == [False, False, True, True]


def test_a_position_that_never_was_worth_anything_has_not_fallen() -> None:
    held = position()
    assert not fires(opened(held), held, 0)


def test_keeps_its_distance_when_more_is_bought() -> None:
    held = position(amount=100, cost=1000)
    exit = opened(held, trail_bps=2000)
    fires(exit, held, 2000)
    fires(exit, held, 1800)
    held = replace(held, amount=200, cost=3000)
    assert not fires(exit, held, 3500)
    assert exit.high == 3500 * 2000 // 1800
    assert fires(exit, held, 3500 * 2000 // 1800 * 8 // 10)


def test_a_fall_seen_only_while_a_sale_is_under_way_counts_once_the_sale_has_failed() -> None:
    held = position(amount=100, cost=1000)
    exit = opened(held, trail_bps=2000)
    fires(exit, held, 1000)
    fires(exit, replace(held, state="closing"), 5000)
    assert exit.high == 1000
    assert fires(exit, held, 800)


amounts = st.integers(10**12, 10**24)


@given(
    reserves=st.tuples(amounts, amounts),
    held_bps=st.integers(10, 20_000),
    share_bps=st.integers(1, 9_900),
    trail_bps=st.integers(1, 9_000),
    fee_bps=st.integers(0, 100),
)
def test_the_accounts_own_partial_sales_do_not_trigger_it(
    reserves: tuple[int, int], held_bps: int, share_bps: int, trail_bps: int, fee_bps: int
) -> None:
    market = pool(reserves=reserves, fee_bps=fee_bps)
    held = position(amount=reserves[0] * held_bps // BPS)
    exit = opened(held, trail_bps=trail_bps)
    assert not fires(exit, held, market.amount_out(COIN, held.amount))
    for _ in range(3):
        part = held.amount * share_bps // BPS
        out = market.amount_out(COIN, part)
        market = replace(market, reserves=(market.reserves[0] + part, market.reserves[1] - out))
        fires(exit, replace(held, state="closing"), market.amount_out(COIN, held.amount))
        held = replace(held, amount=held.amount - part)
        value = market.amount_out(COIN, held.amount)
        assert not fires(exit, held, value)
        # The stop is as near as it was: a further fall of the trail triggers it.
        copy = codec.restore_state(TrailingStop, codec.encode_state(exit), config=exit.config)
        assert value == 0 or fires(copy, held, value * (BPS - trail_bps) // BPS)


@given(values=st.lists(st.integers(0, 10**30), max_size=30), trail=st.integers(1, 9999), cut=st.integers(0, 30))
def test_fires_exactly_when_the_value_is_the_trail_below_the_highest_so_far(
    values: list[int], trail: int, cut: int
) -> None:
    held, high = position(), 0
    exit = opened(held, trail_bps=trail)
    for i, value in enumerate(values):
        high = max(high, value)
        assert fires(exit, held, value) == (high > 0 and value * BPS <= high * (BPS - trail))
        if i == cut:
            exit = codec.restore_state(TrailingStop, codec.encode_state(exit), config=exit.config)


@pytest.mark.parametrize("section", [{"trail_bps": 0}, {"trail_bps": BPS}, {"activation_gain_bps": -1}])
def test_refuses_a_section_that_makes_no_sense(section: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        TrailingStopConfig(**section)
