from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from sniper.instrument import COIN
from sniper.types import SECOND
from sniper_sdk import Floor
from sniper_sdk.builders import INSTRUMENT, bar_series, instrument
from sniper_strategy_dca.strategy import Dca, DcaConfig

HOUR = 3600
PRICE = 6_000_000


def floor(funds: int = 10**5, latency: int = 0, of: Any = None, **changed: Any) -> Floor:
    section = {"instrument": INSTRUMENT, "amount": "100", "every_s": HOUR, **changed}
    return Floor(
        Dca,
        DcaConfig.model_validate(section),
        instruments=[of or instrument()],
        balances={"binance:USDT": funds * COIN},
        latency=latency,
    )


def hours(tested: Floor, count: int, price: int = PRICE) -> None:
    """Hours with a trade in each half of one."""
    for _ in range(2 * count):
        tested.trade(price, after=HOUR * SECOND // 2)


def test_it_buys_at_fixed_times_for_the_same_amount() -> None:
    tested = floor(at_s=600)
    hours(tested, 4)
    times = [fact.time // SECOND % HOUR for fact in tested.facts if type(fact).__name__ == "ExchangeOrderPlaced"]
    assert times == [600] * 4
    assert {new.size for new in tested.placed} == {166, 167}
    assert {new.price for new in tested.placed} == {None}


def test_what_lots_leave_over_is_bought_the_next_time() -> None:
    tested = floor(of=instrument(lot=COIN // 1_000, taker_fee=0))
    hours(tested, 30, 7_000_000)
    spent = sum(fill.value for fill in tested.fills)
    assert 29 * 100 * COIN <= spent + 70 * COIN <= 31 * 100 * COIN
    assert {new.size for new in tested.placed} == {1, 2}


def test_the_fee_is_part_of_the_amount() -> None:
    tested = floor(of=instrument(taker_fee=10_000))
    hours(tested, 10)
    taken = 10**5 * COIN - tested.held("binance:USDT")
    assert taken == sum(fill.value + fill.fee for fill in tested.fills)
    assert len(tested.fills) * 100 * COIN * 999 // 1000 <= taken <= len(tested.fills) * 100 * COIN


def test_what_could_not_be_bought_is_made_up_for_within_bounds() -> None:
    tested = floor(catch_up=2)
    hours(tested, 1)
    before = len(tested.fills)
    tested.stale(True)
    hours(tested, 5)
    assert len(tested.fills) == before
    tested.stale(False)
    hours(tested, 1)
    assert [fill.size for fill in tested.fills[before:]] == [333]


def test_it_ends_where_all_is_spent_that_it_may_spend() -> None:
    tested = floor(most="250")
    hours(tested, 10)
    assert 249 * COIN < 10**5 * COIN - tested.held("binance:USDT") <= 250 * COIN


def test_without_cash_nothing_is_bought_and_nothing_breaks() -> None:
    tested = floor(funds=50)
    hours(tested, 3)
    assert set(tested.denied) == {"kernel.cash"}
    assert tested.fills == []


def test_bars_alone_begin_it_and_tell_its_price() -> None:
    tested = floor()
    minute = 60 * SECOND
    start = (tested.now // minute + 1) * minute
    for n, bar in enumerate(bar_series([PRICE] * 120, 60)):
        begins = start + n * minute
        tested.play(msgspec.structs.replace(bar, time=begins + minute, start=begins))
    assert len(tested.fills) == 2


def test_a_restart_changes_no_time() -> None:
    tested = floor()
    hours(tested, 2)
    other = tested.restarted()
    for each in (tested, other):
        hours(each, 2)
    assert tested.facts == other.facts


@pytest.mark.parametrize("section", [{"amount": "0"}, {"every_s": 0}, {"catch_up": 0}, {"at_s": -1}])
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        floor(**section)
