"""A stop that the exchange holds: one order with a trigger, which neither doubles nor outlives what it protects."""

from typing import Any

import pytest
from msgspec.structs import replace
from pit import Pit, client_of
from stage import BTC, Stage, start

from sniper.events import ClosePosition
from sniper.exchange_orders import CONDITIONAL, NewOrder
from sniper.kernel import facts as f
from sniper.kernel.asks import Submit
from sniper.order_types import BadPlan, IfTouched, Plan, Stop, TakeProfit
from sniper.strategy import PlaceOrder

HOLDING = replace(BTC, types=CONDITIONAL)  # type: ignore[type-var]  # a msgspec struct, which its stub does not see
CONTRACT = replace(HOLDING, kind="perpetual", flags=("reduce-only",))  # type: ignore[type-var]
DEEP = Stop(instrument=BTC.id, side="sell", size=20, trigger=9_000, reduce_only=True, native=True)
HIGH = TakeProfit(instrument=BTC.id, side="sell", size=20, trigger=11_000, native=True)


def there(pit: Pit) -> list[tuple[str, int, int | None, int | None]]:
    """Type, lots that are left, price and trigger of what is at the exchange, or on its way there."""
    known = [(client, new) for client, new in pit.known.items() if pit.states[client].state == "open"]
    left = [(new, new.size - pit.states[client].filled) for client, new in known]
    on_way: list[NewOrder] = list(pit.airborne.values())
    return sorted(
        [(new.type, size, new.price, new.trigger) for new, size in (*left, *((new, new.size) for new in on_way))]
    )


@pytest.mark.parametrize(
    ("plan", "order"),
    [
        (DEEP, ("stop", 20, None, 9_000)),
        (HIGH, ("take-profit", 20, None, 11_000)),
        (replace(DEEP, limit=8_900), ("stop-limit", 20, 8_900, 9_000)),  # type: ignore[type-var]
        (replace(HIGH, limit=11_100), ("take-profit-limit", 20, 11_100, 11_000)),  # type: ignore[type-var]
        (
            IfTouched(instrument=BTC.id, side="sell", size=5, trigger=11_000, reduce_only=True, native=True),
            ("take-profit", 5, None, 11_000),
        ),
    ],
)
def test_it_is_one_order_with_a_trigger_and_the_plan_is_done_when_that_is_filled(plan: Plan, order: Any) -> None:
    pit = Pit(HOLDING, held=20)
    pit.start(plan)
    pit.settle()
    assert there(pit) == [order]
    for price in (8_000, 12_000):
        pit.trade(price)
        pit.settle()
    assert there(pit) == [order], "it is the exchange that watches the price"
    pit.fill(client_of(pit, "held"), 20)
    pit.settle()
    assert pit.ended() == [("done", "")]
    assert len(pit.submitted) == 2


def test_it_is_watched_here_where_the_exchange_has_no_such_order_or_it_was_not_asked() -> None:
    for instrument, plan in ((BTC, DEEP), (HOLDING, replace(DEEP, native=False))):  # type: ignore[type-var]
        pit = Pit(instrument, held=20)
        pit.start(plan)
        pit.settle()
        assert there(pit) == []
        pit.trade(9_000)
        assert there(pit) == [("market", 20, None, None)]


def test_what_opens_or_waits_for_best_prices_is_never_held_there() -> None:
    with pytest.raises(BadPlan, match="reduce_only = False"):
        Stop(instrument=BTC.id, side="sell", size=20, trigger=9_000, native=True)
    with pytest.raises(BadPlan, match="by = 'prices'"):
        TakeProfit(instrument=BTC.id, side="sell", size=20, trigger=9_000, by="prices", native=True)


def test_one_that_would_be_triggered_at_once_is_refused_and_sold_at_the_market() -> None:
    pit = Pit(HOLDING, held=20)
    pit.trade(8_990)
    pit.start(DEEP)
    (ask,) = [ask for ask in pit.asks if isinstance(ask.body, Submit)]
    pit.refuse(ask)
    assert there(pit) == [("market", 20, None, None)]


def test_one_that_is_refused_is_watched_here_and_asked_for_again() -> None:
    pit = Pit(HOLDING, held=20)
    pit.start(DEEP)
    pit.refuse(next(ask for ask in pit.asks if isinstance(ask.body, Submit)))
    assert there(pit) == []
    pit.passes(2 * 10**9)
    assert there(pit) == [("stop", 20, None, 9_000)]
    pit.refuse(next(ask for ask in pit.asks if isinstance(ask.body, Submit)))
    pit.trade(8_999)
    assert there(pit) == [("market", 20, None, None)]


def test_one_that_was_triggered_and_met_nobody_is_sold_at_the_market() -> None:
    pit = Pit(HOLDING, held=20)
    pit.start(DEEP)
    pit.settle()
    client = client_of(pit, "held")
    pit.fill(client, 5)
    pit.to(client, "expired")
    for what in pit.stream:
        pit.told(what)
    pit.stream.clear()
    assert there(pit) == [("market", 15, None, None)]


@pytest.mark.parametrize("snapshot", [False, True])
def test_one_without_an_answer_is_looked_for_and_not_sent_again_whatever_the_price(snapshot: bool) -> None:
    pit = Pit(HOLDING, held=20)
    pit.start(DEEP)
    (ask,) = [ask for ask in pit.asks if isinstance(ask.body, Submit)]
    pit.answer(ask, lost=True)
    pit.trade(8_000)
    pit.crash(snapshot=snapshot)
    pit.trade(8_000)
    assert there(pit) == [("stop", 20, None, 9_000)]
    pit.settle()
    pit.fill(client_of(pit, "held"), 20)
    pit.crash(snapshot=snapshot)
    pit.settle()
    assert pit.ended() == [("done", "")]
    assert len(pit.submitted) == 2


def test_a_sale_of_all_withdraws_it_first() -> None:
    pit = Pit(HOLDING, held=20)
    pit.start(DEEP)
    pit.settle()
    pit.handle(ClosePosition(time=pit.time, account="main", token="x:BTC", reason="enough", share_bps=10_000))
    assert there(pit) == [("stop", 20, None, 9_000)], "the coins are its own until it is gone"
    pit.settle()
    assert there(pit) == [("market", 20, None, None)]


def test_what_trades_now_takes_the_coins_back_from_one_that_waits() -> None:
    """Both cannot hold the same coins: the second is watched here, and once its price is there the first makes room."""
    pit = Pit(HOLDING, held=20)
    pit.start(DEEP)
    pit.settle()
    pit.start(HIGH)
    pit.settle()
    assert there(pit) == [("stop", 20, None, 9_000)]
    pit.trade(11_000)
    pit.settle()
    assert there(pit) == [("market", 20, None, None)]
    pit.fill(client_of(pit, "order"), 20)
    pit.settle()
    pit.trade(8_000)
    pit.settle()
    assert there(pit) == []
    assert pit.ended() == [("done", ""), ("cancelled", "nothing is held any more that it could reduce")]


def test_of_a_contract_stop_and_target_wait_both_and_go_with_the_position() -> None:
    pit = Pit(CONTRACT, held=20)
    pit.start(DEEP)
    pit.start(HIGH)
    pit.settle()
    assert there(pit) == [("stop", 20, None, 9_000), ("take-profit", 20, None, 11_000)]
    assert all(new.flags == ("reduce-only",) for new in pit.known.values() if new.trigger)
    pit.want(PlaceOrder(key="out", instrument=BTC.id, side="sell", size=20, reason="", flags=("reduce-only",)))
    (client,) = pit.airborne
    pit.arrive(client)
    pit.fill(client, 20)
    pit.settle()
    assert there(pit) == []
    assert pit.ended() == [("cancelled", "nothing is held any more that it could reduce")] * 2


def test_where_the_exchange_is_played_it_is_watched_here_and_nothing_is_refused() -> None:
    stage = Stage({1: [start(replace(DEEP, trigger=9_000))]}, held=20)  # type: ignore[type-var]
    stage.trades(100, 90, 89)
    assert stage.fills() == [("sell", 20, 89)]
    assert not [fact for _, fact in stage.kernel.facts if isinstance(fact, f.PlanWaits)]


def test_a_part_is_sold_from_under_it_and_it_waits_for_the_rest() -> None:
    pit = Pit(HOLDING, held=20)
    pit.start(DEEP)
    pit.settle()
    pit.handle(ClosePosition(time=pit.time, account="main", token="x:BTC", reason="less", share_bps=2_500))
    pit.settle()
    assert there(pit) == [("market", 5, None, None), ("stop", 15, None, 9_000)]
    pit.fill(client_of(pit, "unwind"), 5)
    pit.settle()
    assert there(pit) == [("stop", 15, None, 9_000)]
    pit.fill(client_of(pit, "held"), 15)
    pit.settle()
    assert there(pit) == []
