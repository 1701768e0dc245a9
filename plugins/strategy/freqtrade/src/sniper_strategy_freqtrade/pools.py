"""Runs a strategy of freqtrade in the kernel, on tokens in pools of a chain.

A pool has a price at all times and tells no bars: candles are made here, of its marginal price after each change.
Entries and exits are intents for the token, which the kernel sizes, routes and judges as any other.
"""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final  # Any: frames of pandas

import pandas as pd  # type: ignore[import-untyped]
from pydantic import Field, NonNegativeInt, PositiveInt, StringConstraints

from sniper.amm import NoLiquidity
from sniper.amounts import Amount
from sniper.events import ChainOrderEnded, EntryDenied, PoolChanged, TimerFired
from sniper.strategy import Actions, Close, Config, Open, SetTimer, Strategy, View, on
from sniper.types import BPS, SECOND, place_of, split_asset
from sniper_strategy_freqtrade import current, keeping
from sniper_strategy_freqtrade.analysis import wanted_candles
from sniper_strategy_freqtrade.errors import BadStrategy
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

Asset = Annotated[str, StringConstraints(pattern=r"^[0-9]+:0x[0-9a-f]{40}$")]
QUOTE: Final = "QUOTE"
"""What strategies see the account pay with: ``1:0x…/QUOTE`` is the pair of a token."""
END: Final = "end"
"""The timer of the end of a candle."""
KEPT: Final = 500
"""Candles of a pool that are remembered."""
_NEARLY: Final = 0.9999
"""Of a share in basis points as much as was wanted may be sold less."""
_TICK: Final = Decimal("1E-18")
"""Of prices: there is none, and this is below what matters."""

Row = tuple[int, float, float, float, float, float]
"""Beginning (ns UTC), open, high, low, close, volume."""


class FreqtradePoolsConfig(Config):
    """A strategy file, and the tokens that it trades. Its sizer must allow as much as one trade stakes: it bounds."""

    file: Path = Field(description="the strategy's file; its code runs in this process")
    strategy: str = Field("", description="name of its class, where the file has several")
    pools: dict[Asset, Asset] = Field(
        min_length=1,
        description="pools by token, both as asset ids: the pair of each is the token and what the account pays with",
        examples=[{f"1:0x{'a' * 40}": f"1:0x{'b' * 40}"}],
    )
    quote_decimals: NonNegativeInt = Field(18, le=36, description="decimals of what the account pays with")
    capital: Amount = Field(
        0, description="what it trades with, base units or text such as '1 ether'; 0: what is free when it first trades"
    )
    stake: Amount = Field(0, description="what one trade pays, likewise; 0: equal parts for all slots")
    slots: PositiveInt | None = Field(
        None, description="most trades at once; the strategy's max_open_trades where it is left out"
    )
    share_bps: PositiveInt = Field(9_000, le=BPS, description="part of the capital that may be used; gas is besides")
    check_s: PositiveInt = Field(5, description="seconds between two looks at what is held, while its pool changes")
    protections: bool = Field(True, description="whether the strategy's protections are heeded")


@cache
def _loaded(file: Path, name: str) -> type[IStrategy]:
    return load(file, name)


class PoolRuntime:
    """What follows from config and state: the strategy, and the trades that it sees.

    tokens  By pair. ``decimals``: of each token. ``waiting``: orders whose outcome is not known yet, by token.
    """

    def __init__(self, config: FreqtradePoolsConfig, decimals: dict[str, int], capital: int, kept: str) -> None:
        scale = 10**config.quote_decimals
        self.tokens = {pair_of(token): token for token in config.pools}
        self.decimals = decimals
        self.strategy = made(_loaded(config.file, config.strategy), {"stake_currency": QUOTE})
        self.interval = timeframe_to_seconds(self.strategy.timeframe) * SECOND
        others = wanted_candles(self.strategy, list(self.tokens), QUOTE)
        if others:
            raise BadStrategy(
                f"{self.strategy.get_strategy_name()} asks for candles of {', '.join(map(' '.join, sorted(others)))}: "
                "of pools there are those of the traded tokens in its own timeframe alone"
            )
        terms = Terms(
            cash=capital / scale,
            stake=config.stake / scale if config.stake else UNLIMITED,
            slots=config.slots,
            share=config.share_bps / BPS,
            fee=0.0,  # of what is paid and received the pool's part is gone already
            protections=config.protections,
        )
        steps = {pair: Steps(_TICK, Decimal(1).scaleb(-decimals[token])) for pair, token in self.tokens.items()}
        self.manager = Manager(self.strategy, terms, steps, whole=False, fills=never)
        self.manager.rules.at_market()
        if kept:
            keeping.restore(self.manager, kept)
        self.provider = DataProvider(list(self.tokens), self.strategy.timeframe, RunMode.DRY_RUN)
        self.strategy.dp = self.provider
        self.strategy.wallets = self.manager.wallet
        self.strategy.stake_currency = QUOTE
        self.newest: dict[str, Newest] = {}
        self.waiting = {
            self.tokens[trade.pair]: order
            for trade in self.manager.ledger.trades_open()
            for order in trade.orders
            if order.ft_is_open
        }
        self._quote = 10**config.quote_decimals
        current.now_of(self.manager.ledger)
        self.strategy.bot_start()

    def coins(self, token: str, amount: int) -> float:
        return float(Fraction(amount, 10 ** self.decimals[token]))

    def rate(self, token: str, amount: int, cash: int) -> float:
        """Of a trade, in coins of what is paid with for a coin of the token; both amounts in base units."""
        return float(Fraction(abs(cash) * 10 ** self.decimals[token], abs(amount) * self._quote))


class FreqtradePools(Strategy):
    """Decides at the end of each candle, and looks at what is held when its pool changes, every ``check_s`` at most.

    capital  What it began with, base units. ``kept``: its trades, see `sniper_strategy_freqtrade.keeping`.
    decimals  Of each token that is known. ``until``: end of the newest candle on which it decided, ns UTC.
    candles  Of each token, the newest last, which goes on; an interval without a change of the pool is left out.
    sold     What was sold of a token by now, and for how much, while more of it is to be: base units.
    reserves  What each pool could pay out of its token when it was last seen. ``looked``: when it last looked, ns UTC.
    """

    derived: ClassVar[tuple[str, ...]] = ("runtime",)
    config: FreqtradePoolsConfig
    capital: int = 0
    kept: str = ""
    decimals: dict[str, int] = {}
    until: int = 0
    candles: dict[str, list[Row]] = {}
    sold: dict[str, tuple[int, int]] = {}
    reserves: dict[str, int] = {}
    looked: int = 0
    runtime: PoolRuntime | None = None

    # ---- what happens ----

    @on(PoolChanged)
    def changed(self, event: PoolChanged, view: View) -> Actions:
        token = next((token for token, pool in self.config.pools.items() if pool == event.pool), None)
        runtime = self._ready(view) if token is not None else None
        if token is None or runtime is None or not self._seen(token, runtime, view):
            return
        begun = view.now // runtime.interval * runtime.interval
        if len(self.candles[token]) == 1:
            yield SetTimer(key=END, at=begun + runtime.interval)
        if runtime.manager.ledger.count() and view.now >= self.looked + self.config.check_s * SECOND:
            self.looked = view.now
            yield from self._look(runtime, view)

    @on(TimerFired)
    def over(self, event: TimerFired, view: View) -> Actions:
        """A candle of all tokens is over."""
        runtime = self._ready(view)
        if runtime is None:
            return
        end = view.now // runtime.interval * runtime.interval
        yield SetTimer(key=END, at=end + runtime.interval)
        self.until = end
        self._provide(runtime)
        if runtime.manager.rules.loops:
            runtime.strategy.bot_loop_start(current_time=_date(view.now))
        held = [trade.pair for trade in runtime.manager.ledger.trades_open()]
        for pair in dict.fromkeys([*held, *runtime.tokens]):
            self._analyse(runtime, pair)
            price = self._price(runtime.tokens[pair], runtime, view)
            if price is not None and pair in runtime.newest:
                newest = runtime.newest[pair]
                runtime.manager.step(pair, newest.candle(_date(view.now), price), newest.signal)
        yield from self._send(runtime, view)

    @on(ChainOrderEnded)
    def ended(self, event: ChainOrderEnded, view: View) -> Actions:
        """Also of what somebody else sold: an exit rule, or its owner by hand."""
        runtime = self._ready(view)
        trade = self._held(runtime, event.token) if runtime is not None else None
        if runtime is None or trade is None:
            return
        order = runtime.waiting.get(event.token)
        if event.side == "increase":
            if order is None or order.ft_order_side != trade.entry_side:
                return  # it was told already, and is told again after a reorg
            del runtime.waiting[event.token]
            if event.amount > 0:
                amount = runtime.coins(event.token, event.amount)
                order.fill(_date(view.now), runtime.rate(event.token, event.amount, event.cash), amount)
                runtime.manager.settled(order, _date(view.now))
            else:
                runtime.manager.withdrawn(order)
        elif event.amount < 0:
            if order is not None and order.ft_order_side != trade.exit_side:
                return
            self._sold(runtime, trade, order, event, view)
        self.kept = keeping.dump(runtime.manager)
        yield from ()

    def _sold(self, runtime: PoolRuntime, trade: Held, order: Order | None, event: ChainOrderEnded, view: View) -> None:
        """A sale may take several orders on the chain: it is over when nothing is left, or what was wanted is sold."""
        token, position = event.token, view.positions.get(event.token)
        before = self.sold.get(token, (0, 0))
        amount, cash = before[0] - event.amount, before[1] + event.cash
        left = position.amount if position is not None else 0
        if order is None:
            whole = amount + left
            order = runtime.manager.sold(
                trade, trade.amount * amount / whole if left else trade.amount, 0.0, _date(view.now)
            )
        elif left and runtime.coins(token, amount) < order.amount * _NEARLY:
            self.sold[token] = amount, cash
            return
        self.sold.pop(token, None)
        runtime.waiting.pop(token, None)
        order.fill(_date(view.now), runtime.rate(token, amount, cash))
        runtime.manager.settled(order, _date(view.now))

    @on(EntryDenied)
    def denied(self, event: EntryDenied, view: View) -> Actions:
        runtime = self._ready(view)
        order = runtime.waiting.pop(event.token, None) if runtime is not None else None
        if runtime is not None and order is not None:
            runtime.manager.withdrawn(order)
            self.kept = keeping.dump(runtime.manager)
        yield from ()

    # ---- deciding ----

    def _ready(self, view: View) -> PoolRuntime | None:
        """None before all tokens are known."""
        if self.runtime is None:
            for token in self.config.pools:
                known = view.token(token)
                if token not in self.decimals and known is not None:
                    self.decimals[token] = known.decimals
            if len(self.decimals) < len(self.config.pools):
                return None
            if not self.capital:
                place = place_of(next(iter(self.config.pools)))
                self.capital = self.config.capital or view.cash(view.quote_asset(place))
            self.runtime = PoolRuntime(self.config, dict(self.decimals), self.capital, self.kept)
        current.now_of(self.runtime.manager.ledger)
        return self.runtime

    def _price(self, token: str, runtime: PoolRuntime, view: View) -> float | None:
        """Marginal, in coins; None where the pool is not known or has no liquidity."""
        pool = view.pool(self.config.pools[token])
        if pool is None:
            return None
        try:
            price = pool.price(split_asset(token)[1])
        except NoLiquidity:
            return None
        return runtime.rate(token, price.denominator, price.numerator) or None

    def _seen(self, token: str, runtime: PoolRuntime, view: View) -> bool:
        """Draw a change of a token's pool into its newest candle. Whether there is a price."""
        price, pool = self._price(token, runtime, view), view.pool(self.config.pools[token])
        if price is None or pool is None:
            return False
        reserve = pool.reserve(split_asset(token)[1])
        volume = runtime.coins(token, abs(reserve - self.reserves.get(token, reserve)))
        self.reserves[token] = reserve
        rows = self.candles.setdefault(token, [])
        start = view.now // runtime.interval * runtime.interval
        if not rows or rows[-1][0] < start:
            before = rows[-1][4] if rows else price
            rows.append((start, before, max(before, price), min(before, price), price, volume))
            del rows[: -KEPT - 1]
        else:
            _, opened, high, low, _, traded = rows[-1]
            rows[-1] = rows[-1][0], opened, max(high, price), min(low, price), price, traded + volume
        return True

    def _provide(self, runtime: PoolRuntime) -> None:
        """Show the strategy the candles that are over."""
        for pair, token in runtime.tokens.items():
            if token in self.candles:
                frame = frame_of(self.candles[token], runtime.interval, self.until)
                runtime.provider.candles[pair, runtime.strategy.timeframe] = frame

    def _analyse(self, runtime: PoolRuntime, pair: str) -> None:
        candles = runtime.provider.candles.get((pair, runtime.strategy.timeframe))
        newest = newest_of(runtime.strategy, pair, candles, runtime.manager.rules.startup)
        if newest is None:
            runtime.newest.pop(pair, None)
        else:
            runtime.newest[pair] = newest

    def _look(self, runtime: PoolRuntime, view: View) -> Actions:
        """At what is held, at the newest prices."""
        for pair in {trade.pair: None for trade in runtime.manager.ledger.trades_open()}:
            price = self._price(runtime.tokens[pair], runtime, view)
            if price is not None:
                if pair not in runtime.newest:  # after a restart
                    self._provide(runtime)
                    self._analyse(runtime, pair)
                newest = runtime.newest.get(pair, NOTHING)
                runtime.manager.step(pair, newest.candle(_date(view.now), price), 0)
        yield from self._send(runtime, view)

    # ---- intents ----

    def _send(self, runtime: PoolRuntime, view: View) -> Actions:
        """What the manager wants bought and sold. What is on its way is not called back."""
        for order in runtime.waiting.values():
            order.status = "open"
        for trade in runtime.manager.ledger.trades_open():
            token = runtime.tokens[trade.pair]
            for order in trade.open_orders:
                if token in runtime.waiting:
                    continue
                wanted = self._intent(runtime, view, order, trade, token)
                if wanted is None:
                    runtime.manager.withdrawn(order)
                else:
                    runtime.waiting[token] = order
                    yield wanted
        self.kept = keeping.dump(runtime.manager)

    def _intent(self, runtime: PoolRuntime, view: View, order: Order, trade: Held, token: str) -> Open | Close | None:
        """None where nothing is left to sell."""
        entry = order.ft_order_side == trade.entry_side
        reason = f"{runtime.strategy.get_strategy_name()}: {order.ft_order_tag or ('entry' if entry else 'exit')}"
        if entry:
            # a float that was divided and multiplied again is off in its last digits, and a stake is not exceeded
            spend = int(Decimal(f"{order.amount * order.price:.14g}") * 10**self.config.quote_decimals)
            return Open(token=token, pool=self.config.pools[token], max_spend=spend, reason=reason) if spend else None
        if token not in view.positions:
            return None
        share = BPS if order.amount >= trade.amount else max(1, round(order.amount / trade.amount * BPS))
        return Close(token=token, share_bps=share, reason=reason)

    @staticmethod
    def _held(runtime: PoolRuntime, token: str) -> Held | None:
        trades = runtime.manager.ledger.open.get(pair_of(token))
        return trades[0] if trades else None


def pair_of(token: str) -> str:
    return f"{token}/{QUOTE}"


def frame_of(rows: list[Row], interval: int, end: int) -> Any:
    """The newest candles that are over by ``end``, oldest first; flat where nothing changed: see
    `sniper_strategy_freqtrade.charts.frame_of`."""
    found: list[Row] = []
    over = [row for row in rows if row[0] < end]
    for row, following in zip(over, [*(row[0] for row in over), end][1:], strict=True):
        found.append(row)
        since = max(row[0] + interval, following - KEPT * interval)
        close = row[4]
        found += [(start, close, close, close, close, 0.0) for start in range(since, following, interval)]
    frame = pd.DataFrame(found[-KEPT:], columns=["date", "open", "high", "low", "close", "volume"])
    frame["date"] = pd.to_datetime(frame["date"], unit="ns", utc=True).dt.as_unit("ms")
    return frame


def _date(ns: int) -> datetime:
    return datetime.fromtimestamp(ns // 1000 / 1e6, UTC)
