from typing import Any

import pytest
from pydantic import ValidationError

from sniper.events import Signal
from sniper.strategy import Close, Open
from sniper.types import DAY, SECOND
from sniper_sdk import Bench
from sniper_sdk.builders import QUOTE, TOKEN, BuiltView, position, view
from sniper_strategy_copy_trade import strategy as module
from sniper_strategy_copy_trade.strategy import CopyTrade, CopyTradeConfig

ETHER = 10**18
WHALE = "wallet-watch.whale"


def said(
    *,
    direction: int = 1,
    at: int = 0,
    time: int = 1,
    source: str = WHALE,
    kind: str = "swap",
    asset: str = TOKEN,
    score: int = 5_000,
) -> Signal:
    return Signal(
        time=time * SECOND,
        id=f"{source}/1",
        kind=kind,
        sources=(source,),
        about=(asset,),
        assets=(asset,),
        instruments=(),
        direction=direction,
        score=score,
        at=at * SECOND,
        expires=10**18,
    )


def bench(here: BuiltView | None = None, **changed: Any) -> Bench:
    section = {"follow": [WHALE], "max_spend": "1 ether", **changed}
    return Bench(CopyTrade, CopyTradeConfig.model_validate(section), here or view())


def test_a_purchase_is_copied_up_to_its_cap() -> None:
    assert bench().send(said()) == [Open(token=TOKEN, reason=f"{WHALE} bought it", max_spend=ETHER)]


def test_what_is_at_stake_already_counts() -> None:
    held = view(positions=[position(cost=3 * ETHER // 4)])
    (intent,) = bench(held).send(said())
    assert isinstance(intent, Open)
    assert intent.max_spend == ETHER // 4
    assert bench(held, max_per_asset=ETHER // 2).send(said()) == []
    assert bench(held, max_per_asset=5 * ETHER, max_at_stake=3 * ETHER // 4).send(said()) == []
    (intent,) = bench(held, max_per_asset=5 * ETHER, max_at_stake=ETHER).send(said())
    assert isinstance(intent, Open)
    assert intent.max_spend == ETHER // 4


@pytest.mark.parametrize(
    ("changed", "event"),
    [
        ({}, said(source="wallet-watch.other")),
        ({}, said(kind="transfer")),
        ({}, said(direction=0)),
        ({}, said(time=62, at=1)),
        ({"min_score_bps": 5_001}, said()),
        ({"denied_assets": [TOKEN]}, said()),
        ({"places": ["8453"]}, said()),
        ({}, said(asset=QUOTE)),
    ],
)
def test_what_is_not_to_be_copied_is_not(changed: dict[str, Any], event: Signal) -> None:
    assert bench(**changed).send(event) == []


def test_no_more_is_copied_in_a_day_than_the_config_says() -> None:
    tested = bench(max_per_day=2, max_age_s=10**6)
    assert len(tested.send(said(time=1), said(time=2), said(time=3))) == 2
    assert tested.send(said(time=DAY // SECOND)) == []
    assert len(tested.send(said(time=DAY // SECOND + 1))) == 1


def test_a_sale_closes_what_is_held_where_it_should() -> None:
    held = view(positions=[position()])
    closing = Close(token=TOKEN, reason=f"{WHALE} sold it", share_bps=2_500)
    assert bench(held, share_bps=2_500).send(said(direction=-1, time=900)) == [closing]
    assert bench(held, sells=False).send(said(direction=-1)) == []
    assert bench().send(said(direction=-1)) == []


def test_memory_does_not_grow_without_end() -> None:
    tested = bench(max_per_day=module.KEPT, max_age_s=10**6)
    tested.send(*(said(time=n) for n in range(1, module.KEPT + 50)))
    assert isinstance(tested.strategy, CopyTrade)
    assert len(tested.strategy.bought) == module.KEPT


@pytest.mark.parametrize("section", [{"follow": []}, {"max_spend": 0}, {"denied_assets": ["0x12"]}, {"share_bps": 0}])
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        bench(**section)
