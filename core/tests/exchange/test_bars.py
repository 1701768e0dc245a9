"""Bars: made out of trades, told by a source, known at their close and not before."""

from typing import Any

import pytest
from floor import BTC
from hypothesis import given
from hypothesis import strategies as st

from sniper.config import Config
from sniper.events import Bar, Clock, Event, InstrumentListed, InstrumentStale, Started, TimerFired, Trade
from sniper.kernel.exchange.bars import KEPT, BarsNotAsked
from sniper.kernel.kernel import Kernel
from sniper.kernel.snapshot import dump, restore
from sniper.kernel.wiring import AccountWiring, DeskWiring, StrategyWiring, Wiring
from sniper.sizer import Sizer
from sniper.strategy import Actions, SetTimer, Strategy, on
from sniper.types import Open
from sniper.view import View

MINUTE, FIVE = 60, 300
ASKED: list[tuple[str, int]] = []


class NoConfig(Config):
    pass


class Watching(Strategy):
    """Remembers what it hears, and when."""

    config: NoConfig
    heard: list[tuple[int, Bar]] = []
    fired: list[int] = []

    def bars(self) -> tuple[tuple[str, int], ...]:
        return tuple(ASKED)

    @on(Bar)
    def bar(self, event: Bar, view: View) -> Actions:
        self.heard.append((view.now, event))
        assert view.bars(event.instrument, event.interval)[-1] == event
        yield SetTimer(key=str(len(self.heard)), at=event.time + MINUTE)

    @on(TimerFired)
    def timer(self, event: TimerFired, view: View) -> Actions:
        self.fired.append(len(self.heard))
        yield from ()


class Trading(Watching):
    def instruments(self) -> tuple[str, ...]:
        return (BTC.id,)


class ByRange(Sizer):
    config: NoConfig

    def bars(self, instruments: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
        return tuple((each, FIVE) for each in instruments)

    def size(self, intent: Open, quote: str, view: View) -> int:
        return 0


def kernel_of(
    strategy: type[Strategy] = Watching,
    sizer: Sizer | None = None,
    asked: tuple[tuple[Any, Any], ...] = ((BTC.id, MINUTE),),
) -> Kernel:
    ASKED[:] = asked
    wiring = Wiring(
        chains=(),
        venues={},
        accounts=tuple(
            AccountWiring(
                name=name,
                chain_id=0,
                address="",
                strategies=strategies,
                desks=(DeskWiring(venue="x", quote="x:USDT"),),
            )
            for name, strategies in (
                ("main", (StrategyWiring(name="s", strategy=strategy, config=NoConfig(), sizer=sizer, venue="x"),)),
                ("other", ()),
            )
        ),
    )
    return Kernel(wiring, report=raised)


def raised(what: str, error: Exception) -> None:
    raise error


def begun(kernel: Kernel, *events: Event) -> Kernel:
    for event in (Started(time=0, mode="backtest"), InstrumentListed(time=0, instrument=BTC), *events):
        kernel.handle(event)
    return kernel


def trade(time: int, price: int = 100, size: int = 1) -> Trade:
    return Trade(time=time, venue="x", instrument=BTC.id, price=price, size=size)


def bar(
    start: int, open_: int = 100, high: int = 100, low: int = 100, close: int = 100, volume: int = 1, **more: Any
) -> Bar:
    interval = more.pop("interval", MINUTE)
    return Bar(
        time=start + interval,
        instrument=BTC.id,
        interval=interval,
        start=start,
        open=open_,
        high=high,
        low=low,
        close=close,
        volume=volume,
    )


def heard(kernel: Kernel) -> list[Bar]:
    return [bar for _, bar in watching(kernel).heard]


def watching(kernel: Kernel) -> Watching:
    strategy = kernel.accounts["main"].instances["s"].strategy
    assert isinstance(strategy, Watching)
    return strategy


def test_a_bar_is_made_out_of_the_trades_of_its_interval() -> None:
    kernel = begun(kernel_of(), trade(0, 100, 2), trade(10, 107, 3), trade(30, 95, 1), trade(59, 101, 4))
    assert heard(kernel) == []
    kernel.handle(trade(60, 500))
    assert heard(kernel) == [bar(0, 100, 107, 95, 101, 10)]


@pytest.mark.parametrize("what", [Clock(time=60), Clock(time=75), Started(time=61, mode="x"), trade(90, 3)])
def test_it_ends_with_whatever_comes_then_and_is_told_as_of_its_end(what: Event) -> None:
    kernel = begun(kernel_of(), trade(5))
    kernel.handle(Clock(time=59))
    assert heard(kernel) == []
    assert kernel.next_at() == 60
    kernel.handle(what)
    assert watching(kernel).heard == [(60, bar(0))]


def test_who_asks_for_bars_alone_asks_for_the_trades_that_they_are_made_of() -> None:
    assert kernel_of().tickers.wanted() == {BTC.id}
    assert kernel_of(asked=()).tickers.wanted() == frozenset()


def test_an_interval_without_trades_has_no_bar() -> None:
    kernel = begun(kernel_of(), trade(5), trade(200), Clock(time=10_000))
    assert [each.start for each in heard(kernel)] == [0, 180]
    assert kernel.next_at() is None


def test_an_interval_that_was_not_heard_from_its_beginning_has_no_bar() -> None:
    kernel = kernel_of()
    for event in (Started(time=30, mode="live"), InstrumentListed(time=30, instrument=BTC)):
        kernel.handle(event)
    for time in (40, 61, 121):
        kernel.handle(trade(time))
    assert [each.start for each in heard(kernel)] == [60]


@pytest.mark.parametrize(
    "gone", [Started(time=70, mode="live"), InstrumentStale(time=70, instrument=BTC.id, stale=True)]
)
def test_trades_that_nobody_heard_leave_no_bar_behind(gone: Event) -> None:
    kernel = begun(kernel_of(), trade(5), trade(65), gone, trade(80), trade(121), trade(181))
    whole = [each.start for each in heard(kernel)]
    assert whole == ([0, 120] if isinstance(gone, Started) else [0])
    kernel.handle(InstrumentStale(time=190, instrument=BTC.id, stale=False))
    for time in (191, 245, 301):
        kernel.handle(trade(time))
    assert [each.start for each in heard(kernel)] == [*whole, 240]


def test_a_trade_that_comes_late_counts_as_now() -> None:
    kernel = begun(kernel_of(), trade(5), Clock(time=61), trade(59, 900), Clock(time=120))
    assert heard(kernel) == [bar(0), bar(60, 900, 900, 900, 900)]


def test_bars_of_a_source_are_told_as_they_are_and_once() -> None:
    kernel = begun(kernel_of(), bar(0, 100, 105, 99, 101, 7), bar(0, 1, 1, 1, 1), bar(180, volume=0))
    assert heard(kernel) == [bar(0, 100, 105, 99, 101, 7), bar(180, volume=0)]
    ticker = kernel.accounts["main"].view.ticker(BTC.id)
    assert ticker is not None
    assert ticker.to_buy() == 100


def test_a_bar_that_was_made_already_is_not_told_again() -> None:
    kernel = begun(kernel_of(), trade(5), bar(0, 100, 105, 99, 101, 7))
    assert heard(kernel) == [bar(0)]


def test_what_ends_with_a_bar_fires_after_it() -> None:
    kernel = begun(kernel_of(), trade(5), trade(65), Clock(time=120))
    assert watching(kernel).fired == [2], "the timer of 120 was set at 60"


def test_intervals_of_one_moment_end_with_the_shortest_first() -> None:
    kernel = begun(kernel_of(asked=((BTC.id, FIVE), (BTC.id, MINUTE))), trade(241), Clock(time=300))
    assert [each.interval for each in heard(kernel)] == [MINUTE, FIVE]


def test_only_the_newest_are_kept() -> None:
    kernel = begun(kernel_of(), *(trade(MINUTE * n, n + 1) for n in range(KEPT + 10)))
    seen = kernel.accounts["main"].view.bars(BTC.id, MINUTE)
    assert [each.open for each in seen] == list(range(10, KEPT + 10))


def test_only_those_who_asked_see_and_hear() -> None:
    kernel = begun(kernel_of(sizer=ByRange(config=NoConfig()), strategy=Trading), trade(5), Clock(time=600))
    view = kernel.accounts["main"].view
    assert [each.interval for each in heard(kernel)] == [MINUTE], "sizers only read"
    assert len(view.bars(BTC.id, MINUTE)) == len(view.bars(BTC.id, FIVE)) == 1
    for account, interval in (("main", 7), ("other", MINUTE)):
        with pytest.raises(BarsNotAsked):
            kernel.accounts[account].view.bars(BTC.id, interval)


@pytest.mark.parametrize("asked", [(BTC.id, 0), (BTC.id, 1.5), (7, 60)])
def test_what_is_no_interval_is_refused(asked: tuple[Any, Any]) -> None:
    with pytest.raises(ValueError, match="positive int of ns"):
        kernel_of(asked=(asked,))


@given(
    steps=st.lists(st.tuples(st.integers(0, 200), st.integers(1, 50), st.integers(1, 9)), max_size=40),
    cut=st.integers(0, 40),
)
def test_bars_are_what_their_trades_make_them_and_a_snapshot_changes_nothing(
    steps: list[tuple[int, int, int]], cut: int
) -> None:
    asked = ((BTC.id, MINUTE), (BTC.id, FIVE))
    kernel = begun(kernel_of(asked=asked))
    time, trades = 0, []
    for gap, price, size in steps:
        time += gap
        trades.append(trade(time, price, size))
    for n, each in enumerate(trades):
        if n == cut:
            again = kernel_of(asked=asked)
            assert restore(again, dump(kernel)) == ()
            assert dump(again) == dump(kernel)
            kernel = again
        kernel.handle(each)
    kernel.handle(Clock(time=time + FIVE))
    for interval in (MINUTE, FIVE):
        expected = []
        for start in sorted({each.time // interval * interval for each in trades}):
            within = [each for each in trades if start <= each.time < start + interval]
            prices = [each.price for each in within]
            expected.append(
                bar(
                    start,
                    prices[0],
                    max(prices),
                    min(prices),
                    prices[-1],
                    sum(t.size for t in within),
                    interval=interval,
                )
            )
        assert [each for each in heard(kernel) if each.interval == interval] == expected
        assert list(kernel.accounts["main"].view.bars(BTC.id, interval)) == expected


def test_a_series_that_nobody_asks_for_any_more_is_left_out_of_what_is_restored() -> None:
    kernel = begun(kernel_of(), trade(5))
    again = kernel_of(asked=())
    assert restore(again, dump(kernel)) == ()
    again.handle(Clock(time=100))
    assert heard(again) == []
