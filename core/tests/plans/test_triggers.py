"""Orders that wait for a price: which prices reach them, and what they then are."""

import pytest
from stage import BTC, Stage, start

from sniper.events import Bar
from sniper.order_types import BadPlan, IfTouched, Plan, TakeProfit, TrailingStop


def trailing(**changes: object) -> TrailingStop:
    given = {"instrument": BTC.id, "side": "sell", "size": 20, "amount": 500, **changes}
    return TrailingStop(**given)  # type: ignore[arg-type]  # the fields that a test names


def sold(plan: Plan, *prices: int, held: int = 20) -> list[tuple[str, int, int]]:
    """What was filled on these prices, the last one twice, after the plan was started at 100 dollars."""
    stage = Stage({1: [start(plan)]}, held=held)
    stage.trades(100, *prices, prices[-1])
    return stage.fills()


def test_an_order_if_touched_buys_low_and_sells_high() -> None:
    sells = IfTouched(instrument=BTC.id, side="sell", size=20, trigger=11_000)
    assert sold(sells, 90, 109) == []
    assert sold(sells, 111, 112) == [("sell", 20, 112)]
    buys = IfTouched(instrument=BTC.id, side="buy", size=20, trigger=9_000)
    assert sold(buys, 95, 89, 88) == [("buy", 20, 88)]


def test_an_order_if_touched_rests_at_its_limit() -> None:
    sells = IfTouched(instrument=BTC.id, side="sell", size=20, trigger=11_000, limit=11_500)
    assert sold(sells, 111, 112) == []
    assert sold(sells, 111, 112, 115) == [("sell", 20, 115)]


def test_a_take_profit_sells_no_more_than_is_held() -> None:
    plan = TakeProfit(instrument=BTC.id, side="sell", size=50, trigger=11_000)
    assert sold(plan, 110, 111) == [("sell", 20, 111)]


def test_a_trailing_stop_follows_up_and_never_down() -> None:
    assert sold(trailing(), 110, 106, 105, 104) == [("sell", 20, 104)]
    assert sold(trailing(), 110, 106, 109, 106, 105, 103) == [("sell", 20, 103)]
    assert sold(trailing(), 110, 120, 116) == []


def test_a_trailing_stop_that_buys_follows_down() -> None:
    plan = trailing(side="buy")
    assert sold(plan, 90, 94) == []
    assert sold(plan, 90, 95, 96) == [("buy", 20, 96)]


def test_a_trailing_stop_by_percent_is_a_share_of_the_best_price() -> None:
    plan = trailing(amount=0, bps=1_000)
    assert sold(plan, 200, 181) == []
    assert sold(plan, 200, 180, 179) == [("sell", 20, 179)]


def test_a_trailing_stop_waits_for_its_activation() -> None:
    plan = trailing(activation=11_000)
    assert sold(plan, 109, 50) == []
    assert sold(plan, 110, 105, 104) == [("sell", 20, 104)]


def test_a_trailing_stop_follows_in_steps() -> None:
    plan = trailing(step=300)
    assert sold(plan, 102, 97) == [], "102 is less than a step above 100"
    assert sold(plan, 103, 98, 97) == [("sell", 20, 97)]


def test_a_trailing_stop_with_a_gap_rests_so_far_below_its_trigger() -> None:
    stage = Stage({1: [start(trailing(limit_gap=100))]}, held=20)
    stage.trades(100, 110, 102)
    assert stage.working() == [("sell", 20, 104)]


def test_what_a_trailing_stop_has_seen_survives_a_crash() -> None:
    stage = Stage({1: [start(trailing())]}, held=20)
    stage.trades(100, 120)
    stage.crash()
    stage.trades(116, 115, 114)
    assert stage.fills() == [("sell", 20, 114)]


def test_of_a_bar_the_worse_end_comes_first() -> None:
    stage = Stage({1: [start(trailing())]}, held=20)
    stage.trades(100)
    bar = Bar(
        time=stage.time + 60, instrument=BTC.id, interval=60, start=stage.time,
        open=10_000, high=12_000, low=9_600, close=11_600, volume=10,
    )  # fmt: skip
    stage.time += 60
    stage.play([bar])
    assert stage.plan.memory.best == 12_000
    assert not stage.plan.memory.touched, "96 is above 95, the trigger from before the bar"
    later = Bar(
        time=stage.time + 60, instrument=BTC.id, interval=60, start=stage.time,
        open=11_600, high=13_000, low=11_500, close=13_000, volume=10,
    )  # fmt: skip
    stage.play([later])
    assert stage.plan.memory.touched


@pytest.mark.parametrize(
    "wrong",
    [{"amount": 0}, {"bps": 100}, {"amount": 0, "bps": 10_000}, {"step": 0}, {"limit_gap": -1}, {"activation": 0}],
)
def test_a_trailing_stop_that_contradicts_itself_cannot_be_made(wrong: dict[str, int]) -> None:
    with pytest.raises(BadPlan):
        trailing(**wrong)
