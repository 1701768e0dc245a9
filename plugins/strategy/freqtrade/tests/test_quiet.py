"""What is left out where nothing can happen changes nothing: each candle looked at gives the same trades."""

from dataclasses import replace
from typing import Any

import pytest
from freqtrade_corpus import ALL, CASES, STRATEGIES, generated

from sniper_strategy_freqtrade import candles
from sniper_strategy_freqtrade.importing import load, made
from sniper_strategy_freqtrade.quiet import Quiet
from sniper_strategy_freqtrade.surface.interface import IStrategy
from sniper_strategy_freqtrade.trade import Trade

AS_THEY_ARE = (
    *("Averages", "Trailing", "TrailingPositive", "TrailingOffset", "TightStop", "Table", "IgnoreRoi", "ProfitOnly"),
    *("Confirm", "StayingStacked"),
)
CHANGED: dict[str, dict[str, Any]] = {  # attributes of TrailingPositive
    "a positive stop that is wider": {"trailing_stop_positive": 0.04, "trailing_stop_positive_offset": 0.05},
    "no offset": {"trailing_stop_positive_offset": 0.0},
    "a table of many entries": {"minimal_roi": {"0": 0.02, "7": 0.015, "30": 0.01, "31": 0.004, "300": -0.01}},
    "signals and a stop that follows": {"populate_exit_trend": None},
}


def strategy(name: str, changed: dict[str, Any]) -> IStrategy:
    case = CASES[name]
    found = load(STRATEGIES / f"{case.file}.py", case.strategy)
    if "populate_exit_trend" in changed:
        changed = {"populate_exit_trend": found.__mro__[2].populate_exit_trend}
    return made(type(found.__name__, (found,), changed), {})


def told(name: str, changed: dict[str, Any], pairs: tuple[str, ...]) -> list[dict[str, Any]]:
    market, case = generated(), CASES[name]
    frames = {pair: market.walks[pair, "5m"].frame() for pair in pairs}
    terms = replace(case.terms(market.cash), slots=9 if case.stacking else len(pairs))
    manager = candles.backtest(strategy(name, changed), frames, market.steps, terms, stake_currency="USDT")
    return [all_of(trade) for trade in manager.ledger.closed]


def all_of(trade: Trade) -> dict[str, Any]:
    found = {key: value for key, value in vars(trade).items() if key != "orders"}
    return found | {"orders": [(order.order_date, order.price, order.average, order.status) for order in trade.orders]}


@pytest.mark.parametrize("pairs", [ALL[:1], ALL], ids=["one pair", "several pairs"])
@pytest.mark.parametrize(
    ("name", "changed"),
    [*((name, {}) for name in AS_THEY_ARE), *(("TrailingPositive", each) for each in CHANGED.values())],
    ids=[*AS_THEY_ARE, *CHANGED],
)
def test_each_candle_looked_at_gives_the_same_trades(
    name: str, changed: dict[str, Any], pairs: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = told(name, changed, pairs)
    asked = []

    def never(self: Quiet, trades: list[Trade], columns: Any, row: int) -> int:
        asked.append(row)
        return row

    monkeypatch.setattr(Quiet, "skip", never)
    assert quick == told(name, changed, pairs)
    assert len(quick) >= 5
    assert asked


def test_most_candles_of_a_trade_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []
    stepped = candles.Manager.step
    monkeypatch.setattr(
        candles.Manager, "step", lambda self, *args, **kwargs: (steps.append(1), stepped(self, *args, **kwargs))
    )
    found = told("TrailingOffset", {}, ALL[:1])
    held = sum((trade["close_date"] - trade["open_date"]).total_seconds() // 300 for trade in found)
    assert held > 5 * len(found)
    assert len(steps) < 3 * len(found), "the candle of the entry and that of the exit"
