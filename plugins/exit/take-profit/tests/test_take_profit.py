from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper import codec
from sniper.exit import Sell
from sniper.types import BPS
from sniper_exit_take_profit.rule import Rung, TakeProfit, TakeProfitConfig
from sniper_sdk.builders import BuiltPosition, position, view

LADDER = ((5000, 2500), (10_000, 2500), (50_000, 5000))


def opened(held: BuiltPosition, ladder: tuple[tuple[int, int], ...] = LADDER) -> TakeProfit:
    rungs = tuple(Rung(gain_bps=gain, share_bps=share) for gain, share in ladder)
    exit = TakeProfit(config=TakeProfitConfig(rungs=rungs))
    assert list(exit.opened(held, view())) == []
    return exit


def sold(held: BuiltPosition, sale: Sell) -> BuiltPosition:
    """The position after a sale, as the books keep it."""
    left = held.amount - held.amount * sale.share_bps // BPS
    return replace(held, amount=left, cost=held.cost * left // held.amount)


def test_climbs_the_ladder_and_each_rung_sells_its_share_of_the_original() -> None:
    held = position(amount=1000, cost=1000)
    exit, parts = opened(held), []
    for price in (149, 150, 150, 200, 250, 599, 600):
        sale = exit.valued(held, held.amount * price // 100, view())
        if sale is not None:
            after = sold(held, sale)
            parts.append((price, held.amount - after.amount))
            held = after
    assert parts == [(150, 250), (200, 250), (600, 500)]
    assert held.amount == 0


def test_a_sale_that_failed_is_asked_for_again_and_one_that_succeeded_is_not() -> None:
    held = position(amount=1000, cost=1000)
    exit = opened(held)
    sale = exit.valued(held, 1500, view())
    assert sale is not None
    assert exit.valued(held, 1600, view()) == sale
    held = sold(held, sale)
    assert exit.valued(held, held.amount * 3 // 2, view()) is None


def test_a_jump_over_two_rungs_sells_both_shares_at_once() -> None:
    held = position(amount=1000, cost=1000)
    sale = opened(held).valued(held, 2000, view())
    assert sale is not None
    assert sale.share_bps == 5000


def test_a_partly_filled_sale_is_completed_by_what_is_missing() -> None:
    held = position(amount=1000, cost=1000)
    exit = opened(held)
    half = replace(held, amount=900, cost=900)
    sale = exit.valued(half, 1350, view())
    assert sale is not None
    assert sold(half, sale).amount == 750


def test_the_last_rung_leaves_no_dust() -> None:
    held = position(amount=10**18 + 7, cost=10**18)
    sale = opened(held, ((5000, 3333), (10_000, 6667))).valued(held, 2 * 10**18, view())
    assert sale is not None
    assert sold(held, sale).amount == 0


def test_what_rounding_left_of_a_rung_is_not_worth_a_sale() -> None:
    held = position(amount=10**18, cost=10**18)
    exit = opened(held)
    nearly = replace(held, amount=750 * 10**15 + 49 * 10**12)
    assert exit.valued(nearly, 2 * nearly.cost, view()) is not None  # the second rung
    assert exit.valued(nearly, 3 * nearly.cost // 2, view()) is None


def test_buying_more_raises_what_shares_are_shares_of() -> None:
    held = position(amount=1000, cost=1000)
    exit = opened(held)
    held = replace(held, amount=3000, cost=3000)
    sale = exit.valued(held, 4500, view())
    assert sale is not None
    assert sold(held, sale).amount == 2250


def test_worthless_or_sold_out_positions_are_left_alone() -> None:
    held = position(amount=1000, cost=0)
    assert opened(held).valued(held, 0, view()) is None
    assert opened(held).valued(replace(held, amount=0), 5, view()) is None


ladders = st.dictionaries(st.integers(1, 10**6), st.integers(1, 2000), min_size=1, max_size=5)


@given(
    ladder=ladders.map(lambda ladder: tuple(sorted(ladder.items()))),
    amount=st.integers(1, 10**30),
    cost=st.integers(1, 10**24),
    prices=st.lists(st.tuples(st.integers(0, 10**7), st.booleans()), max_size=20),
)
def test_never_sells_more_than_the_rungs_that_were_reached(
    ladder: tuple[tuple[int, int], ...], amount: int, cost: int, prices: list[tuple[int, bool]]
) -> None:
    held = position(amount=amount, cost=cost)
    exit, highest = opened(held, ladder), 0
    for gain, fails in prices:
        value = cost * (BPS + gain) * held.amount // (BPS * amount)
        held = replace(held, cost=cost * held.amount // amount)
        reached = sum(share for rung, share in ladder if value * BPS >= held.cost * (BPS + rung))
        highest = max(highest, reached)
        sale = exit.valued(held, value, view())
        if sale is not None:
            assert 1 <= sale.share_bps <= BPS
            if not fails:
                before, held = held, sold(held, sale)
                # A sale is in whole basis points of what is held: it may take up to one too many.
                assert amount - held.amount <= amount * highest // BPS + before.amount // BPS + 1
                again = exit.valued(held, value * held.amount // before.amount, view())
                assert again is None or again.share_bps < BPS
        exit = codec.restore_state(TakeProfit, codec.encode_state(exit), config=exit.config)
        if held.amount == 0:
            break


@pytest.mark.parametrize("rungs", [
    [], [{"gain_bps": 0, "share_bps": 1}], [{"gain_bps": 1, "share_bps": 0}],
    [{"gain_bps": 2, "share_bps": 1}, {"gain_bps": 2, "share_bps": 1}],
    [{"gain_bps": 1, "share_bps": 6000}, {"gain_bps": 2, "share_bps": 4001}],
])  # fmt: skip
def test_refuses_a_ladder_that_makes_no_sense(rungs: list[dict[str, int]]) -> None:
    with pytest.raises(ValidationError):
        TakeProfitConfig.model_validate({"rungs": rungs})
