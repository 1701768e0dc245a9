"""What the kernel trades for a strategy of freqtrade."""

import json
from typing import Any

import pytest
from freqtrade_corpus import BTC, FEE, MARKETS, STRATEGIES, generated
from freqtrade_market import Walk

from sniper.events import Bar
from sniper.instrument import COIN, Instrument
from sniper.types import SECOND
from sniper_sdk import Floor
from sniper_strategy_freqtrade.candles import backtest
from sniper_strategy_freqtrade.importing import load, made
from sniper_strategy_freqtrade.rules import Terms
from sniper_strategy_freqtrade.strategy import Freqtrade, FreqtradeConfig

ID = f"binance:{BTC}"
INTERVAL = 300 * SECOND
LISTED = Instrument(
    id=ID,
    kind="spot",
    base="binance:BTC",
    quote="binance:USDT",
    settle="binance:USDT",
    tick=COIN // 100,
    lot=COIN // 10**5,
    min_value=5 * COIN,
    maker_fee=1_000,
    taker_fee=1_000,
)
FUNDS = {"binance:USDT": 2_000 * COIN}


def bars(walk: Walk, count: int) -> list[Bar]:
    return [
        Bar(
            time=time * 10**6 + INTERVAL,
            instrument=ID,
            interval=INTERVAL,
            start=time * 10**6,
            open=opened,
            high=high,
            low=low,
            close=close,
            volume=volume,
        )
        for time, opened, high, low, close, volume in walk.rows[:count]
    ]


def floor(file: str, name: str, begin: int, **keys: Any) -> Floor:
    section = {
        "file": STRATEGIES / f"{file}.py",
        "strategy": name,
        "instruments": [ID],
        "capital": "1000",
        "share_bps": 9_900,
        **keys,
    }
    config = FreqtradeConfig.model_validate(section)
    return Floor(Freqtrade, config, instruments=[LISTED], balances=FUNDS, now=begin - SECOND)


def test_signals_are_traded_as_by_freqtrade_one_candle_after_the_other() -> None:
    """At the market and by signals alone both fill at the next opening: so times, prices and amounts are the same."""
    walk = generated().walks[BTC, "5m"]
    walk = Walk(walk.rows[:400], walk.per)
    strategy = made(load(STRATEGIES / "signals.py", "Signals"), {})
    terms = Terms(cash=1_000.0, slots=1, fee=FEE)
    expected = backtest(strategy, {BTC: walk.frame()}, MARKETS, terms, stake_currency="USDT").ledger.closed
    played = bars(walk, 400)
    tested = floor("signals", "Signals", played[0].time - INTERVAL)
    tested.play(*played)
    fills = [(fill.side, fill.time // 10**6, fill.price / 100, fill.size / 1e5) for fill in tested.fills]
    wanted = []
    for trade in expected:
        assert trade.close_date is not None
        assert trade.close_rate is not None
        wanted.append(("buy", int(trade.open_date.timestamp() * 1000), trade.open_rate, trade.amount))
        wanted.append(("sell", int(trade.close_date.timestamp() * 1000), trade.close_rate, trade.amount))
    assert expected[-1].exit_reason == "force_exit" or len(fills) == len(wanted)
    whole = len(wanted) - (2 if expected[-1].exit_reason == "force_exit" else 0)
    assert [each[:3] for each in fills[:whole]] == [each[:3] for each in wanted[:whole]]
    assert len(fills) >= 10
    for (*_, size), (*_, amount) in zip(fills[:whole], wanted[:whole], strict=True):
        assert size == pytest.approx(amount, rel=0.01), "the price of the last close decides, not that of the opening"
    assert not tested.denied


def test_its_trades_know_what_was_really_paid_and_received() -> None:
    walk = generated().walks[BTC, "5m"]
    played = bars(walk, 300)
    tested = floor("signals", "Signals", played[0].time - INTERVAL)
    closed: list[dict[str, Any]] = []  # Any: JSON
    while len(closed) < 3 or tested.held("binance:BTC"):
        tested.play(played.pop(0))
        assert isinstance(tested.strategy, Freqtrade)
        closed = json.loads(tested.strategy.kept or '{"closed": []}')["closed"]
    gained = sum(trade["close_profit_abs"] for trade in closed)
    cash = (tested.held("binance:USDT") - FUNDS["binance:USDT"]) / COIN
    assert gained == pytest.approx(cash, abs=1e-6)


def test_a_stop_is_looked_at_between_candles_where_trades_are_told() -> None:
    walk = generated().walks[BTC, "5m"]
    played = bars(walk, 300)
    tested = floor("signals", "Stopped", played[0].time - INTERVAL)
    number = 0
    while not tested.fills:
        tested.play(played[number])
        number += 1
    tested.play(played[number])
    paid = tested.fills[0].price
    tested.trade(paid * 97 // 100, after=10 * SECOND)
    assert len(tested.placed) == 1, "the stop is 3.5% away"
    tested.trade(paid * 96 // 100, after=10 * SECOND)
    tested.trade(paid * 95 // 100, after=SECOND)
    assert [(fill.side, fill.price) for fill in tested.fills[1:]] == [("sell", paid * 95 // 100)]
    assert isinstance(tested.strategy, Freqtrade)
    assert [trade["exit_reason"] for trade in json.loads(tested.strategy.kept)["closed"]] == ["stop_loss"]


def test_what_it_holds_is_managed_on_after_a_restart() -> None:
    walk = generated().walks[BTC, "5m"]
    played = bars(walk, 300)
    straight, begun = (floor("adjusting", "Dca", played[0].time - INTERVAL, stake="200") for _ in range(2))
    straight.play(*played)
    begun.play(*played[:150])
    resumed = begun.restarted()
    resumed.play(*played[150:])
    assert [fill.price for fill in resumed.fills] == [fill.price for fill in straight.fills]
    assert len(straight.fills) >= 4


def test_it_waits_for_candles_of_a_longer_timeframe_that_are_over_at_the_same_time() -> None:
    walks = generated().walks
    config = FreqtradeConfig(file=STRATEGIES / "hourly.py", instruments=(ID,), capital="1000")
    tested = Floor(
        Freqtrade, config, instruments=[LISTED], balances=FUNDS, now=walks[BTC, "5m"].rows[0][0] * 10**6 - SECOND
    )
    assert set(tested.kernel.bars.known) == {(ID, INTERVAL), (ID, 12 * INTERVAL)}
    hourly = [
        Bar(
            time=time * 10**6 + 12 * INTERVAL,
            instrument=ID,
            interval=12 * INTERVAL,
            start=time * 10**6,
            open=opened,
            high=high,
            low=low,
            close=close,
            volume=volume,
        )
        for time, opened, high, low, close, volume in walks[BTC, "1h"].rows[:25]
    ]
    tested.play(*sorted([*bars(walks[BTC, "5m"], 300), *hourly], key=lambda bar: (bar.time, bar.interval)))
    assert len(tested.fills) >= 2
    assert all(fill.time % (12 * INTERVAL) == 0 for fill in tested.fills if fill.side == "buy"), (
        "entries follow from the hour that is over"
    )
