from typing import Any

import pytest
from pydantic import ValidationError

from sniper.instrument import COIN
from sniper.strategy import Close, Open
from sniper.types import SECOND
from sniper_sdk import Bench, Floor
from sniper_sdk.builders import INSTRUMENT, bar_series, instrument, order, position, ticker, view
from sniper_sizer_fraction.sizer import Fraction, FractionConfig
from sniper_strategy_composed.strategy import Composed, ComposedConfig

MINUTE = 60 * SECOND
BTC = "binance:BTC"


def config(**changed: Any) -> ComposedConfig:
    section = {
        "instrument": INSTRUMENT,
        "interval_s": 60,
        "entry": ["close crosses above level"],
        "leave": ["close < level"],
        "parameters": {"level": 1},
        **changed,
    }
    return ComposedConfig.model_validate(section)


def wanted(closes: tuple[int, ...], here: dict[str, Any] | None = None, **changed: Any) -> list[Any]:
    made = bar_series(closes, 60)
    parts = {"tickers": [ticker()], "bars": {(INSTRUMENT, MINUTE): made}, **(here or {})}
    return Bench(Composed, config(**changed), view(**parts)).send(made[-1])


def test_it_opens_where_all_rules_hold_and_says_which() -> None:
    assert wanted((90, 110)) == [Open(token=BTC, reason="close crosses above level", pool=INSTRUMENT)]
    assert wanted((90, 110), filters=["volume > 5"]) == []
    assert wanted((110, 120)) == []


@pytest.mark.parametrize(
    "here",
    [
        {"tickers": []},
        {"tickers": [ticker(stale=True)]},
        {"orders": {INSTRUMENT: [order("a")]}},
        {"positions": [position(BTC)]},
    ],
)
def test_it_opens_nothing_while_something_is_in_the_way(here: dict[str, Any]) -> None:
    assert wanted((90, 110), here) == []


def test_any_rule_closes_what_is_held() -> None:
    held = {"positions": [position(BTC)]}
    assert wanted((110, 90), held) == [Close(token=BTC, reason="close < level")]
    assert wanted((110, 90), held, leave=["close > 5", "close < 1"]) == [Close(token=BTC, reason="close < 1")]
    assert wanted((110, 90)) == []


def test_bars_of_another_interval_are_not_looked_at() -> None:
    assert wanted((90, 110), interval_s=300) == []


def test_it_trades_with_sizer_and_books_of_the_kernel() -> None:
    sizer = Fraction(config=FractionConfig(share_bps=1_000))
    tested = Floor(Composed, config(), instruments=[instrument()], balances={"binance:USDT": 1_000 * COIN}, sizer=sizer)
    tested.sleep(MINUTE - tested.now % MINUTE)
    for close in (90, 110, 110, 120, 80, 80, 80):
        tested.trade(close, after=30 * SECOND)
        tested.trade(close, after=30 * SECOND - 1)
        tested.sleep(1)
    assert [fill.side for fill in tested.fills] == ["buy", "sell"]
    bought = tested.fills[0]
    assert 90 * COIN < bought.value <= 100 * COIN, "a tenth of the cash"
    assert tested.held(BTC) == 0


@pytest.mark.parametrize(
    "section",
    [
        {"entry": []},
        {"entry": ["close > "]},
        {"filters": ["foo > 1"]},
        {"parameters": {}},
        {"parameters": {"level": float("nan")}},
        {"parameters": {"level": 1, "close": 2}},
        {"space": {"other": {"low": 0, "high": 2}}},
        {"space": {"level": {"low": 2, "high": 3}}},
        {"space": {"level": {"low": 3, "high": 2}}},
        {"space": {"level": {"low": 0, "high": 2, "log": True}}},
        {"space": {"level": {"low": 0, "high": 2, "step": 0}}},
    ],
)
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config(**section)


@pytest.mark.parametrize(
    ("space", "fits"),
    [
        ({"low": 2, "high": 30, "step": 1}, True),
        ({"low": 2, "high": 30, "step": 0.5}, False),
        ({"low": 2, "high": 30}, False),
        ({"low": 1, "high": 30, "step": 1}, False),
        ({"low": 2, "high": 500, "step": 2}, False),
    ],
)
def test_a_space_holds_nothing_that_its_rules_could_not_be_computed_with(space: dict[str, float], fits: bool) -> None:
    section = {"entry": ["sma(level) < close"], "leave": [], "parameters": {"level": 5}, "space": {"level": space}}
    if fits:
        config(**section)
    else:
        with pytest.raises(ValidationError):
            config(**section)


def test_a_section_is_the_same_after_it_was_written_and_read_again() -> None:
    made = config(space={"level": {"low": 0.5, "high": 2, "log": True}})
    assert ComposedConfig.model_validate(made.model_dump()) == made
    assert ComposedConfig.model_validate_json(made.model_dump_json()) == made
