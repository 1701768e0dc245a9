"""Runs a strategy of freqtrade in the kernel, at exchanges."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import ClassVar, Final

from pydantic import Field, NonNegativeInt, PositiveInt

from sniper.amounts import Coins
from sniper.events import Bar, OrderChanged, TimerFired, Trade
from sniper.exchange_orders import Side
from sniper.instrument import COIN, Instrument, to_decimal
from sniper.strategy import Actions, CancelOrder, Config, PlaceOrder, SetTimer, Strategy, View, on
from sniper.types import BPS, SECOND
from sniper_strategy_freqtrade import current, keeping
from sniper_strategy_freqtrade.analysis import wanted_candles
from sniper_strategy_freqtrade.charts import frame_of
from sniper_strategy_freqtrade.importing import load, made
from sniper_strategy_freqtrade.manager import Manager, never
from sniper_strategy_freqtrade.newest import NOTHING, Newest, newest_of
from sniper_strategy_freqtrade.precision import Steps
from sniper_strategy_freqtrade.rules import UNLIMITED, Terms
from sniper_strategy_freqtrade.surface.dataprovider import DataProvider
from sniper_strategy_freqtrade.surface.enums import RunMode
from sniper_strategy_freqtrade.surface.interface import IStrategy
from sniper_strategy_freqtrade.surface.timeframes import timeframe_to_seconds
from sniper_strategy_freqtrade.trade import Order
from sniper_strategy_freqtrade.trade import Trade as Held

LATE: Final = "late"
"""The timer that waits for bars of other series that are over at the same time."""
MILLION: Final = 10**6
ENDED: Final = frozenset({"filled", "cancelled", "expired", "rejected", "denied"})


class FreqtradeConfig(Config):
    """A strategy file, and what it may trade."""

    file: Path = Field(description="the strategy's file; its code runs in this process")
    strategy: str = Field("", description="name of its class, where the file has several")
    instruments: tuple[str, ...] = Field(
        min_length=1, description="ids of what it trades, at one exchange", examples=[["binance:BTC/USDT"]]
    )
    capital: Coins = Field(
        0, description="coins of the quote asset that it trades with; 0: what is free when it first trades"
    )
    stake: Coins = Field(0, description="coins of the quote asset for one trade; 0: equal parts for all slots")
    slots: PositiveInt | None = Field(
        None, description="most trades at once; the strategy's max_open_trades where it is left out"
    )
    share_bps: PositiveInt = Field(
        9_700,
        le=BPS,
        description="part of the capital that may be used; the desk's slippage and the fee are reserved besides",
    )
    entry_timeout_s: NonNegativeInt = Field(
        600, description="seconds after which an entry that waits is withdrawn; 0: never"
    )
    exit_timeout_s: NonNegativeInt = Field(
        600, description="seconds after which an exit that waits is withdrawn; 0: never"
    )
    check_s: PositiveInt = Field(5, description="seconds between two looks at what is held, while trades are told")
    protections: bool = Field(True, description="whether the strategy's protections are heeded")


@cache
def _loaded(file: Path, name: str) -> type[IStrategy]:
    return load(file, name)


class Runtime:
    """What follows from config and state: the strategy, and the trades that it sees.

    sent  Orders that were placed, by key. ``newest``: signals by pair.
    """

    def __init__(self, config: FreqtradeConfig, instruments: dict[str, Instrument], capital: int, kept: str) -> None:
        first = next(iter(instruments.values()))
        self.quote = first.quote.partition(":")[2]
        self.instruments = {each.symbol: each for each in instruments.values()}
        self.strategy = made(_loaded(config.file, config.strategy), {"stake_currency": self.quote})
        timeouts = {"entry": config.entry_timeout_s, "exit": config.exit_timeout_s}
        terms = Terms(
            cash=capital / COIN,
            stake=config.stake / COIN if config.stake else UNLIMITED,
            slots=config.slots,
            share=config.share_bps / BPS,
            fee=max(first.taker_fee, 0) / MILLION,
            timeouts={side: seconds / 60 for side, seconds in timeouts.items() if seconds},
            protections=config.protections,
        )
        steps = {pair: _steps(each) for pair, each in self.instruments.items()}
        self.manager = Manager(self.strategy, terms, steps, whole=False, fills=never)
        if kept:
            keeping.restore(self.manager, kept)
        self.provider = DataProvider(list(self.instruments), self.strategy.timeframe, RunMode.DRY_RUN)
        self.strategy.dp = self.provider
        self.strategy.wallets = self.manager.wallet
        self.strategy.stake_currency = self.quote
        self.newest: dict[str, Newest] = {}
        self.sent = {
            _key(trade, order): order
            for trade in self.manager.ledger.trades_open()
            for order in trade.orders
            if order.ft_is_open
        }
        current.now_of(self.manager.ledger)
        self.strategy.bot_start()


class Freqtrade(Strategy):
    """Decides at the end of each candle, and looks at what is held between them as often as it is told to.

    capital  What it began with, base units. ``kept``: its trades, see `sniper_strategy_freqtrade.keeping`.
    decided  Beginning of the newest candle of each pair on which it decided, ns UTC; ``looked``: when it last looked.
    """

    opens: ClassVar[bool] = False
    derived: ClassVar[tuple[str, ...]] = ("runtime",)
    config: FreqtradeConfig
    capital: int = 0
    kept: str = ""
    decided: dict[str, int] = {}
    looked: int = 0
    runtime: Runtime | None = None

    def instruments(self) -> tuple[str, ...]:
        return self.config.instruments

    def bars(self) -> tuple[tuple[str, int], ...]:
        strategy = made(_loaded(self.config.file, self.config.strategy), {})
        own = timeframe_to_seconds(strategy.timeframe) * SECOND
        return tuple((each, own) for each in self.config.instruments) + self._others(strategy)

    def _others(self, strategy: IStrategy) -> tuple[tuple[str, int], ...]:
        """Bars of other pairs and timeframes that the strategy asks for, at the exchange of its first instrument."""
        venue, pairs = self._venue(), [each.partition(":")[2] for each in self.config.instruments]
        quote = pairs[0].partition("/")[2].partition(":")[0]
        wanted = sorted(wanted_candles(strategy, pairs, quote))
        return tuple((f"{venue}:{pair}", timeframe_to_seconds(timeframe) * SECOND) for pair, timeframe in wanted)

    def _venue(self) -> str:
        return self.config.instruments[0].partition(":")[0]

    # ---- what happens ----

    @on(Bar)
    def closed(self, event: Bar, view: View) -> Actions:
        runtime = self._ready(view)
        if runtime is None:
            return
        if self._missing(runtime, view):
            yield SetTimer(key=LATE, at=view.now + SECOND)
        else:
            yield from self._decide(runtime, view)

    @on(TimerFired)
    def late(self, event: TimerFired, view: View) -> Actions:
        runtime = self._ready(view)
        if runtime is not None:
            yield from self._decide(runtime, view)

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        """Hot while nothing is held."""
        if not self.kept or event.time < self.looked + self.config.check_s * SECOND:
            return
        runtime = self._ready(view)
        if runtime is not None and runtime.manager.ledger.count():
            self.looked = event.time
            yield from self._look(runtime, view)

    @on(OrderChanged)
    def changed(self, event: OrderChanged, view: View) -> Actions:
        runtime = self._ready(view)
        order = runtime.sent.get(event.key) if runtime is not None else None
        if runtime is None or order is None or event.state not in ENDED:
            return
        del runtime.sent[event.key]
        instrument = runtime.instruments[order.ft_pair]
        if event.filled:
            average = Fraction(event.value, event.filled * instrument.unit) * instrument.tick / COIN
            # all lots that were ordered: of an exit they may be fewer than the trade has, where a fee took some
            whole = event.state == "filled"
            amount = order.amount if whole else float(to_decimal(event.filled * instrument.lot))
            order.fill(_date(view.now), float(average), amount)
            runtime.manager.settled(order, _date(view.now))
        else:
            runtime.manager.withdrawn(order)
        self.kept = keeping.dump(runtime.manager)
        yield from ()

    # ---- deciding ----

    def _ready(self, view: View) -> Runtime | None:
        """None before all instruments are known."""
        if self.runtime is None:
            found = {}
            for each in self.config.instruments:
                ticker = view.ticker(each)
                if ticker is None:
                    return None
                found[each] = ticker.instrument
            quote = next(iter(found.values())).quote
            if not self.capital:
                self.capital = self.config.capital or view.cash(quote)
            self.runtime = Runtime(self.config, found, self.capital, self.kept)
        current.now_of(self.runtime.manager.ledger)
        return self.runtime

    def _missing(self, runtime: Runtime, view: View) -> bool:
        """Whether another series has a bar that is over now and was not told yet."""
        for instrument, interval in self.bars_of(runtime):
            if view.now % interval == 0:
                bars = view.bars(instrument, interval)
                if not bars or bars[-1].start + interval < view.now:
                    return True
        return False

    def bars_of(self, runtime: Runtime) -> tuple[tuple[str, int], ...]:
        own = runtime.manager.rules.minutes * 60 * SECOND
        return tuple((each, own) for each in self.config.instruments) + self._others(runtime.strategy)

    def _decide(self, runtime: Runtime, view: View) -> Actions:
        """All pairs that have a new candle."""
        manager, own = runtime.manager, runtime.manager.rules.minutes * 60 * SECOND
        fresh = []
        for pair, instrument in runtime.instruments.items():
            bars = view.bars(instrument.id, own)
            if bars and bars[-1].start > self.decided.get(pair, -1) and bars[-1].start + own > view.now - own:
                self.decided[pair] = bars[-1].start
                fresh.append(pair)
        if not fresh:
            return
        self._provide(runtime, view)
        if manager.rules.loops:
            runtime.strategy.bot_loop_start(current_time=_date(view.now))
        for pair in fresh:
            self._analyse(runtime, pair)
        held = [trade.pair for trade in manager.ledger.trades_open()]
        for pair in dict.fromkeys([*(each for each in held if each in fresh), *fresh]):
            ticker = view.ticker(runtime.instruments[pair].id)
            newest = runtime.newest.get(pair)
            if ticker is not None and newest is not None:
                close = runtime.provider.candles[pair, runtime.strategy.timeframe]["close"].iloc[-1]
                signal = 0 if ticker.stale else newest.signal
                manager.step(pair, newest.candle(_date(view.now), float(close)), signal)
        yield from self._send(runtime, view)

    def _look(self, runtime: Runtime, view: View) -> Actions:
        """At what is held, at the newest prices."""
        for pair in {trade.pair: None for trade in runtime.manager.ledger.trades_open()}:
            instrument = runtime.instruments[pair]
            ticker = view.ticker(instrument.id)
            if ticker is None or not ticker.last:
                continue
            if pair not in runtime.newest:
                self._provide(runtime, view)
                self._analyse(runtime, pair)
            newest = runtime.newest.get(pair, NOTHING)
            price = ticker.last * instrument.tick / COIN
            runtime.manager.step(pair, newest.candle(_date(view.now), price), 0)
        yield from self._send(runtime, view)

    def _provide(self, runtime: Runtime, view: View) -> None:
        """Show the strategy the candles that are over by now."""
        provider, venue = runtime.provider, self._venue()
        own = runtime.manager.rules.minutes * 60
        for instrument_id, interval in self.bars_of(runtime):
            ticker = view.ticker(instrument_id)
            if ticker is None:
                continue
            frame = frame_of(view.bars(instrument_id, interval), ticker.instrument)
            pair = instrument_id.removeprefix(f"{venue}:")
            for name in _names(interval // SECOND, own, runtime.strategy):
                provider.candles[pair, name] = frame

    def _analyse(self, runtime: Runtime, pair: str) -> None:
        candles = runtime.provider.candles.get((pair, runtime.strategy.timeframe))
        newest = newest_of(runtime.strategy, pair, candles, runtime.manager.rules.startup)
        if newest is None:
            runtime.newest.pop(pair, None)
        else:
            runtime.newest[pair] = newest

    # ---- orders ----

    def _send(self, runtime: Runtime, view: View) -> Actions:
        """What the manager wants ordered and withdrawn."""
        for key, order in list(runtime.sent.items()):
            if order.status == "canceled":
                # it stays open until the exchange says that it is gone: until then it may be filled
                order.status = "open"
                yield CancelOrder(key=key)
        for trade in runtime.manager.ledger.trades_open():
            for order in trade.open_orders:
                key = _key(trade, order)
                if key not in runtime.sent:
                    placed = self._order(runtime, view, order, key, trade)
                    if placed is None:
                        runtime.manager.withdrawn(order)
                    else:
                        runtime.sent[key] = order
                        yield placed
        self.kept = keeping.dump(runtime.manager)

    def _order(self, runtime: Runtime, view: View, order: Order, key: str, trade: Held) -> PlaceOrder | None:
        """None where nothing is left to sell."""
        instrument = runtime.instruments[order.ft_pair]
        steps = runtime.manager.steps[order.ft_pair]
        size = instrument.lots(steps.exact_amount(order.amount) * instrument.lot_size / instrument.lot)
        side: Side = "buy" if order.ft_order_side == "buy" else "sell"
        if side == "sell" and not instrument.linear:
            position = view.positions.get(instrument.held)
            size = min(size, position.amount // instrument.lot if position is not None else 0)
        if size <= 0:
            return None
        price = None if order.order_type == "market" else instrument.ticks(steps.exact_price(order.price))
        entry = order.ft_order_side == trade.entry_side
        reason = f"{runtime.strategy.get_strategy_name()}: {order.ft_order_tag or ('entry' if entry else 'exit')}"
        return PlaceOrder(key=key, instrument=instrument.id, side=side, size=size, price=price, reason=reason)


def _names(seconds: int, own: int, strategy: IStrategy) -> list[str]:
    """What a timeframe of so many seconds is called: as the strategy writes it."""
    if seconds == own:
        return [strategy.timeframe]
    units = (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
    return [f"{seconds // length}{unit}" for unit, length in units if seconds % length == 0]


def _key(trade: Held, order: Order) -> str:
    return f"{trade.id}.{order.order_id}"


def _date(ns: int) -> datetime:
    return datetime.fromtimestamp(ns // 1000 / 1e6, UTC)


def _steps(instrument: Instrument) -> Steps:
    tick, lot = to_decimal(instrument.tick), to_decimal(instrument.lot)
    least = Decimal(max(1, instrument.min_size)) * lot
    return Steps(tick, lot, float(least), float(to_decimal(instrument.min_value)))
