"""Spot and perpetual at one simulated exchange, which pays funding."""

from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from sniper.instrument import COIN
from sniper.types import SECOND
from sniper_sdk import Floor
from sniper_sdk.builders import instrument
from sniper_strategy_basis.strategy import Basis, BasisConfig

SPOT, PERP = "binance:BTC/USDT", "binance:BTC/USDT:USDT"
LISTED = [instrument(SPOT), instrument(PERP, kind="perpetual", tick=COIN // 10, lot=COIN // 1_000)]
HOUR = 3600 * SECOND


def floor(latency: int = 0, **changed: Any) -> Floor:
    section = {"spot": SPOT, "perpetual": PERP, "size": "0.1", **changed}
    config = BasisConfig.model_validate(section)
    funds = {"binance:USDT": 50_000 * COIN}
    return Floor(Basis, config, instruments=LISTED, balances=funds, latency=latency, leverage=5)


def market(tested: Floor, middle: int = 6_000_000, basis: int = 0, rounds: int = 1) -> None:
    """Best prices of both: ticks of the spot, and how far the perpetual is above it."""
    for _ in range(rounds):
        tested.prices(middle - 50, middle + 50, instrument=SPOT)
        tested.prices((middle + basis) // 10 - 5, (middle + basis) // 10 + 5, instrument=PERP)


def legs(tested: Floor) -> tuple[int, int]:
    """What is held of both, base units."""
    positions = tested.book.positions
    return tuple(positions[asset].amount if asset in positions else 0 for asset in ("binance:BTC", PERP))  # type: ignore[return-value]


def test_it_enters_both_legs_while_funding_pays_and_leaves_both_when_it_does_not() -> None:
    tested = floor()
    market(tested, rounds=3)
    assert tested.placed == [], "nobody has told of funding"
    tested.funding(2, instrument=PERP, after=8 * HOUR)
    market(tested, rounds=3)
    assert tested.placed == []
    tested.funding(3, instrument=PERP, after=8 * HOUR)
    market(tested, rounds=4)
    assert [(fill.instrument, fill.side) for fill in tested.fills] == [(SPOT, "buy"), (PERP, "sell")]
    assert legs(tested) == (COIN // 10, -COIN // 10)
    tested.funding(1, instrument=PERP, after=8 * HOUR)
    market(tested, rounds=4)
    assert len(tested.fills) == 2
    tested.funding(-1, instrument=PERP, after=8 * HOUR)
    market(tested, rounds=4)
    assert legs(tested) == (0, 0)
    assert len(tested.fills) == 4


def test_funding_is_what_it_earns() -> None:
    tested = floor()
    tested.funding(10, instrument=PERP, after=HOUR)
    market(tested, rounds=4)
    before = tested.held("binance:USDT")
    tested.sleep(HOUR)
    market(tested)
    assert tested.held("binance:USDT") - before == pytest.approx(6_000 * COIN // 1_000, rel=1e-3)


def test_a_perpetual_that_stands_too_low_is_not_entered() -> None:
    tested = floor(min_basis_bps=2)
    tested.funding(10, instrument=PERP, after=8 * HOUR)
    market(tested, rounds=3)
    assert tested.placed == []
    market(tested, basis=2_000, rounds=3)
    assert tested.fills


def test_a_rate_that_lies_behind_changes_nothing() -> None:
    tested = floor()
    tested.funding(10, instrument=PERP, after=SECOND)
    tested.sleep(2 * SECOND)
    market(tested, rounds=3)
    assert tested.placed == []


@pytest.mark.parametrize("of", [SPOT, PERP])
def test_nothing_is_ordered_while_one_leg_is_stale(of: str) -> None:
    tested = floor()
    tested.funding(10, instrument=PERP, after=8 * HOUR)
    tested.stale(True, instrument=of)
    market(tested, rounds=3)
    assert tested.placed == []
    tested.stale(False, instrument=of)
    assert tested.placed


def test_in_a_wild_market_no_more_than_one_order_of_coins_is_without_its_hedge() -> None:
    tested, random, middle = floor(latency=SECOND // 2), Random(5), 6_000_000
    for n in range(300):
        if n % 40 == 0:
            tested.funding(random.choice((-5, 10)), instrument=PERP, after=8 * HOUR)
        middle += random.randint(-8_000, 8_000)
        market(tested, middle // 10 * 10)
        coins, short = legs(tested)
        assert 0 <= coins <= COIN // 10
        assert abs(coins + short) <= COIN // 10
    tested.sleep(10 * SECOND)
    market(tested, middle // 10 * 10, rounds=4)
    coins, short = legs(tested)
    assert coins + short == 0
    assert len(tested.fills) > 4


@pytest.mark.parametrize(
    "section", [{"perpetual": SPOT}, {"leave_funding_bps": 3}, {"size": "0"}, {"slippage_bps": 10_000}]
)
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        floor(**section)
