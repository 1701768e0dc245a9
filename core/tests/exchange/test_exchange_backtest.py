"""A backtest at exchanges: what it takes down, and that nothing in it knows the future."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

import pytest
from floor import BTC
from msgspec.structs import replace

from sniper.catalogue import Catalogue
from sniper.config import Config
from sniper.errors import ConfigError
from sniper.events import Bar, Event, Trade
from sniper.instrument import COIN
from sniper.runtime.exchange_backtest import ExchangeBacktest, Fills, Result, wanted_of
from sniper.runtime.lookahead import Heard, Witness, instants, peeked
from sniper.settings.load import load
from sniper.settings.resolver import resolve
from sniper.strategy import Actions, PlaceOrder, Strategy, on
from sniper.types import SECOND, Mode
from sniper.view import View

FILE = """
mode = "backtest"
data_dir = "data"
[venue.x]
plugin = "ccxt"
exchange = "binance"
[account.main.desk.x]
quote = "USDT"
paper_cash = { USDT = "10000" }
paper_latency_ms = 100
[strategy.launch-snipe]
exits = []
min_liquidity = "1 ether"
[sizer.fixed]
amount = "1 coins"
"""
BEGIN = 1_704_067_200 * SECOND


class Nothing(Config):
    pass


class Alternates(Strategy):
    """Buys, and sells at the second trade after that, again and again."""

    config: Nothing
    seen: int = 0

    def instruments(self) -> tuple[str, ...]:
        return (BTC.id,)

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        self.seen += 1
        if self.seen % 2:
            side = "buy" if self.seen % 4 == 1 else "sell"
            yield PlaceOrder(
                key=str(self.seen), instrument=BTC.id, side=side, size=10, price=None, reason="its turn", lives="ioc"
            )


class Peeks(Alternates):
    """Buys only before the price rises, which it finds in the memory of whoever plays it."""

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        self.seen += 1
        after = next_price(event)
        if after is not None and after > event.price:
            yield PlaceOrder(
                key=str(self.seen),
                instrument=BTC.id,
                side="buy",
                size=1,
                price=None,
                reason="it will rise",
                lives="ioc",
            )


def next_price(event: Trade) -> int | None:
    """What comes after an event in a batch that somebody up the stack holds."""
    frame = sys._getframe()
    while frame is not None:
        for value in list(frame.f_locals.values()):
            if isinstance(value, list) and len(value) > 1 and event in value[:-1]:
                found = value[value.index(event) + 1]
                return found.price if isinstance(found, Trade) else None
        frame = frame.f_back  # type: ignore[assignment]
    return None


def resolved(tmp_path: Path, strategy: type[Strategy], text: str = FILE) -> Any:
    file = tmp_path / "sniper.toml"
    file.write_text(text)
    found = resolve(load(file, mode=Mode.BACKTEST), Catalogue.discover())
    (account,) = found.accounts
    (configured,) = account.strategies
    plugin = changed(configured.plugin, cls=strategy, config=Nothing())
    strategies = (changed(configured, plugin=plugin, sizer=None),)
    return changed(found, accounts=(changed(account, strategies=strategies, risk=()),))


def trades(count: int = 200) -> list[Event]:
    prices = [4_000_000 + (number * 7919) % 1000 for number in range(count)]
    return [
        Trade(time=BEGIN + number * SECOND, venue="x", instrument=BTC.id, price=price, size=10)
        for number, price in enumerate(prices)
    ]


def batches(events: Sequence[Event], size: int = 50) -> Iterator[Sequence[Event]]:
    for begin in range(0, len(events), size):
        yield events[begin : begin + size]


NEXT = Fills()


def played(found: Any, events: Sequence[Event], fills: Fills = NEXT, heard: Heard | None = None) -> Result:
    backtest = ExchangeBacktest(found, [BTC], fills, heard=heard)
    return backtest.run(batches(events), events[-1].time)


def test_cash_what_is_held_and_fees_add_up_to_the_equity(tmp_path: Path) -> None:
    events = trades()
    result = played(resolved(tmp_path, Alternates), events)
    (desk,) = result.desks
    assert (result.events, result.orders, len(desk.fills)) == (200, 100, 100)
    assert desk.samples[0].equity == 10_000 * COIN
    cash = sum((1 if fill.side == "sell" else -1) * fill.value - fill.fee for fill in desk.fills)
    held = sum((1 if fill.side == "buy" else -1) * fill.size for fill in desk.fills)
    last = events[-1]
    assert isinstance(last, Trade)
    assert desk.samples[-1].equity == 10_000 * COIN + cash + BTC.value(last.price, held)
    assert desk.samples[-1].exposure == BTC.value(last.price, held)


def test_an_order_is_filled_by_the_first_trade_after_its_latency_and_never_by_the_one_it_was_decided_on(
    tmp_path: Path,
) -> None:
    events = trades()
    for latency, later in ((0, 1), (100, 1), (1_500, 2)):
        result = played(resolved(tmp_path, Alternates), events, Fills(latency=latency * 10**6))
        fill = result.desks[0].fills[0]
        assert (fill.time, fill.price) == (events[later].time, events[later].price)  # type: ignore[attr-defined]
        assert fill.expected == events[0].price  # type: ignore[attr-defined]
        assert fill.instance == "launch-snipe"


def test_samples_are_evenly_apart_and_begin_before_the_first_event(tmp_path: Path) -> None:
    result = played(resolved(tmp_path, Alternates), trades())
    times = [sample.time for sample in result.desks[0].samples]
    assert times[0] == BEGIN - 1
    assert times[1:-1] == [BEGIN + number * SECOND for number in range(1, 200)]
    assert [time for time, _ in result.prices[BTC.id]] == times[1:]


def test_the_same_backtest_gives_the_same_whatever_the_batches(tmp_path: Path) -> None:
    found, events = resolved(tmp_path, Alternates), trades()
    first = ExchangeBacktest(found, [BTC], Fills()).run(batches(events, 7), events[-1].time)
    assert first == ExchangeBacktest(found, [BTC], Fills()).run(batches(events, 200), events[-1].time)


def test_a_desk_without_cash_and_a_recording_without_events_are_told(tmp_path: Path) -> None:
    found = resolved(tmp_path, Alternates)
    with pytest.raises(ConfigError, match="no events"):
        ExchangeBacktest(found, [BTC], Fills()).run([], BEGIN)
    poor = resolved(tmp_path, Alternates, FILE.replace('paper_cash = { USDT = "10000" }', ""))
    with pytest.raises(ConfigError, match="has no paper_cash"):
        ExchangeBacktest(poor, [BTC], Fills())


def test_what_is_wanted_of_a_recording_is_what_strategies_ask_for(tmp_path: Path) -> None:
    wanted = wanted_of(resolved(tmp_path, Alternates), 1, 2, Fills())
    assert (wanted.instruments, wanted.depth, wanted.begin, wanted.end) == ((BTC.id,), (), 1, 2)
    assert wanted_of(resolved(tmp_path, Alternates), 1, 2, Fills(model="book")).depth == (BTC.id,)


def peeks(found: Any, events: Sequence[Event]) -> list[object]:
    witness = Witness()
    played(found, events, heard=witness.heard)
    assert witness.decided

    def again(heard: Heard) -> ExchangeBacktest:
        return ExchangeBacktest(found, [BTC], Fills(), heard=heard)

    at = instants(events[0].time, events[-1].time, 5)
    return [peek for each in at if (peek := peeked(witness, each, lambda: batches(events), again))]


def test_who_knows_nothing_of_the_future_decides_the_same_before_another_one(tmp_path: Path) -> None:
    assert peeks(resolved(tmp_path, Alternates), trades()) == []


def test_who_reads_ahead_is_found_out(tmp_path: Path) -> None:
    found = peeks(resolved(tmp_path, Peeks), trades(2_000))
    assert found
    assert "was decided where it was" in str(found[0])


def test_bars_are_other_ones_in_another_future(tmp_path: Path) -> None:
    class OnBars(Alternates):
        def bars(self) -> tuple[tuple[str, int], ...]:
            return ((BTC.id, SECOND),)

        @on(Bar)
        def closed(self, event: Bar, view: View) -> Actions:
            self.seen += 1
            rises = event.close > event.open
            yield PlaceOrder(
                key=str(self.seen), instrument=BTC.id, side="buy" if rises else "sell", size=1, price=None, reason="bar"
            )

    events = [
        Bar(
            time=BEGIN + (number + 1) * SECOND,
            instrument=BTC.id,
            interval=SECOND,
            start=BEGIN + number * SECOND,
            open=4_000_000,
            high=4_002_000,
            low=3_999_000,
            close=4_000_000 + (number * 7919) % 1000 - 500,
            volume=5,
        )
        for number in range(200)
    ]
    assert peeks(resolved(tmp_path, OnBars), events) == []


def test_what_is_there_before_its_first_price_is_worth_that_from_the_beginning(tmp_path: Path) -> None:
    class Waits(Alternates):
        @on(Trade)
        def traded(self, event: Trade, view: View) -> Actions:
            yield from ()

    text = FILE.replace('{ USDT = "10000" }', '{ USDT = "10000", BTC = "2" }')
    events = trades()
    (desk,) = played(resolved(tmp_path, Waits, text), events).desks
    first, last = desk.samples[0], desk.samples[-1]
    assert first.equity == 10_000 * COIN + BTC.value(events[0].price, 2_000)  # type: ignore[attr-defined]
    assert last.equity == 10_000 * COIN + BTC.value(events[-1].price, 2_000)  # type: ignore[attr-defined]


def test_a_trade_of_one_coin_for_another_is_taken_down_as_the_two_trades_that_it_is_booked_as(tmp_path: Path) -> None:
    eth = replace(BTC, id="x:ETH/USDT", base="x:ETH")  # type: ignore[type-var]  # they are structs
    cross = replace(eth, id="x:ETH/BTC", quote="x:BTC", settle="x:BTC", tick=COIN // 10**5, taker_fee=1_000)  # type: ignore[type-var]

    class Swaps(Alternates):
        def instruments(self) -> tuple[str, ...]:
            return BTC.id, eth.id, cross.id

        @on(Trade)
        def traded(self, event: Trade, view: View) -> Actions:
            self.seen += 1
            of, size = {3: (BTC.id, 200), 6: (cross.id, 1_000)}.get(self.seen, ("", 0))
            if of:
                yield PlaceOrder(key=of, instrument=of, side="buy", size=size, price=None, reason="test")

    told = [(BTC.id, 4_000_000), (eth.id, 200_000), (cross.id, 5_000)] * 4
    events = [
        Trade(time=BEGIN + number * SECOND, venue="x", instrument=of, price=price, size=10**6)
        for number, (of, price) in enumerate(told)
    ]
    backtest = ExchangeBacktest(resolved(tmp_path, Swaps), [BTC, eth, cross], NEXT)
    (desk,) = backtest.run(batches(events), events[-1].time).desks
    assert [(each.instrument, each.side, each.size, each.price) for each in desk.fills] == [
        (BTC.id, "buy", 200, 4_000_000),
        (eth.id, "buy", 1_000, 200_000),
        (BTC.id, "sell", 50, 4_004_000),
    ]
    assert [each.fee for each in desk.fills] == [0, 2 * COIN, 0]
    cash = sum((1 if each.side == "sell" else -1) * each.value - each.fee for each in desk.fills)
    assert cash == -8_000 * COIN
    assert desk.samples[-1].equity == 10_000 * COIN - 2 * COIN
