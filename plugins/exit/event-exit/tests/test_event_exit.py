from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper import codec
from sniper.events import LiquidityRemoved, SellSimulated, TokenActed
from sniper.exit import Sell
from sniper.types import BPS
from sniper_exit_event_exit import sniper_exits
from sniper_exit_event_exit.rule import EventExit, EventExitConfig
from sniper_sdk.builders import POOL, TOKEN, position, token, view

HELD = position()


def opened(sell_tax_bps: int | None = 0, **section: Any) -> EventExit:
    exit = EventExit(config=EventExitConfig.model_validate(section))
    assert list(exit.opened(HELD, view(tokens={TOKEN: token(sell_tax_bps=sell_tax_bps)}))) == []
    return exit


def removed(exit: EventExit, share_bps: int) -> list[Any]:
    event = LiquidityRemoved(time=0, pool=POOL, token=TOKEN, quote_reserve=1, share_bps=share_bps, block=1)
    return list(exit.liquidity_left(event, HELD, view()))


def acted(exit: EventExit, name: str = "", topic: str = "0xab") -> list[Any]:
    return list(exit.owner_acted(TokenActed(time=0, token=TOKEN, topic=topic, name=name, block=1), HELD, view()))


def simulated(exit: EventExit, received: int, *, quoted: int = 1000, reverted: str = "") -> list[Any]:
    event = SellSimulated(
        time=0, account="main", ask="a", token=TOKEN, block=1, quoted=quoted, received=received, reverted=reverted
    )
    return list(exit.sale_simulated(event, HELD, view()))


def test_sells_at_once_when_liquidity_leaves() -> None:
    exit = opened(max_removed_bps=2000)
    assert removed(exit, 2000) == []
    assert removed(opened(max_removed_bps=2000), 2001) == [Sell(reason="2001 bps of the liquidity left", urgent=True)]


def test_liquidity_that_leaves_in_slices_adds_up() -> None:
    exit = opened(max_removed_bps=2000)
    assert [bool(removed(exit, 800)) for _ in range(3)] == [False, False, True]


def test_an_alarm_stays_until_the_position_is_sold() -> None:
    exit = opened()
    assert exit.valued(HELD, 1, view()) is None
    sales = removed(exit, BPS)
    assert exit.valued(HELD, 1, view()) == sales[0]
    restored = codec.restore_state(EventExit, codec.encode_state(exit), config=exit.config)
    assert restored.valued(HELD, 1, view()) == sales[0]


def test_sells_when_the_owner_acts_but_not_for_what_is_ignored() -> None:
    assert acted(opened(), "Blacklisted") == [Sell(reason="the token's contract logged Blacklisted", urgent=True)]
    assert acted(opened()) == [Sell(reason="the token's contract logged 0xab", urgent=True)]
    assert acted(opened(), "OwnershipTransferred") == []
    assert acted(opened(ignored_acts=["0xAB"]), "Harmless") == []


def test_sells_only_for_the_named_acts_where_some_are_named() -> None:
    exit = opened(acts=["Paused", "0xCD"])
    assert acted(exit, "Blacklisted") == []
    assert acted(exit, "Paused") != []
    assert acted(exit, topic="0xcd") != []
    assert acted(opened(acts=[]), "Paused") == []


def test_sells_when_the_sale_tax_has_risen_since_the_entry() -> None:
    exit = opened(sell_tax_bps=300, max_tax_rise_bps=500)
    assert simulated(exit, 920) == []
    assert simulated(exit, 919) == [Sell(reason="the sale tax rose from 300 to 810 bps", urgent=True)]


def test_a_tax_that_was_not_measured_is_that_of_the_first_simulated_sale() -> None:
    for exit in (opened(sell_tax_bps=None, max_tax_rise_bps=0), EventExit(config=EventExitConfig(max_tax_rise_bps=0))):
        assert [bool(simulated(exit, received)) for received in (900, 900, 950, 899)] == [False, False, False, True]


def test_a_tax_that_falls_again_is_no_reason_any_more() -> None:
    exit = opened()
    assert simulated(exit, 100) != []
    assert simulated(exit, 1000) == []
    assert exit.valued(HELD, 1, view()) is None


def test_sells_when_a_sale_would_revert() -> None:
    assert simulated(opened(), 0, reverted="paused") == [Sell(reason="a sale would revert: paused", urgent=True)]


def test_may_wait_for_several_reverting_sales_in_a_row() -> None:
    exit = opened(reverting_sales=2)
    outcomes = [bool(simulated(exit, 1000, reverted=reason)) for reason in ("x", "", "x", "x", "x")]
    assert outcomes == [False, False, False, True, True]


def test_an_empty_pool_is_not_taken_for_a_tax() -> None:
    assert simulated(opened(), 0, quoted=0) == []
    assert simulated(opened(), 0, quoted=0, reverted="INSUFFICIENT_LIQUIDITY") == []


def test_each_part_can_be_turned_off() -> None:
    exit = opened(max_removed_bps=BPS, acts=[], max_tax_rise_bps=BPS, reverting_sales=0)
    assert removed(exit, BPS) == acted(exit, "Paused") == simulated(exit, 0) == simulated(exit, 0, reverted="x") == []


@given(shares=st.lists(st.integers(0, BPS), max_size=20), limit=st.integers(0, BPS))
def test_alarms_no_later_than_the_limit_is_removed(shares: list[int], limit: int) -> None:
    exit, left = opened(max_removed_bps=limit), 1.0
    for share in shares:
        fired = bool(removed(exit, share))
        left *= 1 - share / BPS
        if (1 - left) * BPS > limit + 0.001:
            assert fired
        assert bool(exit.valued(HELD, 1, view())) >= fired


@given(quoted=st.integers(-5, 2**256), received=st.integers(-5, 2**256), tax=st.one_of(st.none(), st.integers(0, BPS)))
def test_any_simulated_sale_gives_an_answer(quoted: int, received: int, tax: int | None) -> None:
    assert len(simulated(opened(tax), received, quoted=quoted)) <= 1


def test_its_spec_asks_for_simulated_sales() -> None:
    assert [spec.simulates_sales for spec in sniper_exits()] == [True]


@pytest.mark.parametrize(
    "section", [{"max_removed_bps": -1}, {"max_tax_rise_bps": -1}, {"reverting_sales": -1}, {"a": 1}]
)
def test_refuses_a_section_that_makes_no_sense(section: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        EventExitConfig.model_validate(section)
