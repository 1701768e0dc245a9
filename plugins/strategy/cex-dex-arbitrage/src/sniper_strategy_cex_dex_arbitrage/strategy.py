"""Trades a pool on a chain against the book of an exchange."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from sniper.amm import NoLiquidity, Unpriced
from sniper.events import Block, ChainOrderEnded, EntryDenied, InstrumentStale, OrderChanged, Prices, TimerFired
from sniper.exchange_orders import Side
from sniper.instrument import COIN
from sniper.strategy import Actions, Close, Open, SetTimer, Strategy, View, on
from sniper.types import BPS, SECOND, place_of, split_asset
from sniper.view import PoolView, TickerView
from sniper_strategy_cex_dex_arbitrage.config import CexDexArbitrageConfig
from sniper_strategy_simple_spread.fills import fresh
from sniper_strategy_simple_spread.taking import take

MILLION: Final = 10**6
FAILED: Final = frozenset({"denied", "rejected"})
CHAIN, EXCHANGE = "chain", "exchange"
"""Keys of the timers that end pauses."""
KEY: Final = "hedge/"
KEPT: Final = 64
"""Trades on the chain that are remembered, for a reorg may tell of them again."""
PARTS: Final = 16
"""Amounts that are tried: so many parts of what may be traded at most."""


class Market(NamedTuple):
    """Both sides as they are now. ``pays``: address of what the account pays with in the pool. ``scale``: base units of
    the token in one of its coins; ``low``, ``high``: what one coin of ``pays`` is worth at the exchange, base units of
    the quote asset there, to who sells and buys it."""

    pool: PoolView
    ticker: TickerView
    token: str
    pays: str
    scale: int
    low: int
    high: int


class Chance(NamedTuple):
    """``gain``: base units of the exchange's quote asset. ``amount``: what is paid on the chain, or bps of the position
    that are sold there. ``min_out``: what it must bring at least."""

    gain: int
    buys: bool
    amount: int
    min_out: int


class CexDexArbitrage(Strategy):
    """The leg on the chain first, for it is slow and may fail, at a price at which the other one still gains, or not at
    all; then exactly what it moved is traded at the exchange. Nothing else is begun before the two are even.

    waiting  Whether a trade on the chain is wanted or on its way.
    uneven   Coins (10⁻¹⁸) that were bought on the chain and are not yet sold at the exchange; below zero: sold.
    moved    The same that was told of each trade on the chain, by its intent: a reorg may tell something else.
    filled   Lots that were told, by order at the exchange.
    paused   Whether it begins nothing after a denial or a failure; ``refused``: whether it waits with the other leg.
    """

    config: CexDexArbitrageConfig
    waiting: bool = False
    uneven: int = 0
    moved: dict[str, int] = {}
    filled: dict[str, int] = {}
    paused: bool = False
    refused: bool = False

    def instruments(self) -> tuple[str, ...]:
        return (self.config.instrument, *((self.config.rate,) if self.config.rate else ()))

    @on(Block)
    def block(self, event: Block, view: View) -> Actions:
        if str(event.chain_id) == place_of(self.config.token):
            yield from self.look(view)

    @on(Prices)
    def priced(self, event: Prices, view: View) -> Actions:
        yield from self.look(view)

    @on(InstrumentStale)
    def stale(self, event: InstrumentStale, view: View) -> Actions:
        if not event.stale:
            yield from self.look(view)

    @on(ChainOrderEnded)
    def traded(self, event: ChainOrderEnded, view: View) -> Actions:
        token = view.token(self.config.token)
        if event.token != self.config.token or token is None:
            return
        self.waiting = False
        self.uneven += _news(self.moved, event.intent, event.amount * COIN // 10**token.decimals)
        if event.state != "done":
            yield self._pause(view)
        yield from self.hedge(view)

    @on(EntryDenied)
    def denied(self, event: EntryDenied, view: View) -> Actions:
        if event.token == self.config.token:
            self.waiting = False
            yield self._pause(view)

    @on(OrderChanged)
    def changed(self, event: OrderChanged, view: View) -> Actions:
        lots, ticker = fresh(self.filled, event), view.ticker(event.instrument)
        if lots and ticker is not None:
            self.uneven += (lots if event.key.endswith("buy") else -lots) * ticker.instrument.lot
        if event.state in FAILED:
            self.refused = True
            yield SetTimer(key=EXCHANGE, at=view.now + self.config.retry_s * SECOND)

    @on(TimerFired)
    def passed(self, event: TimerFired, view: View) -> Actions:
        if event.key == EXCHANGE:
            self.refused = False
        else:
            self.paused = False
        yield from self.look(view)

    def _pause(self, view: View) -> SetTimer:
        self.paused = True
        return SetTimer(key=CHAIN, at=view.now + self.config.retry_s * SECOND)

    def look(self, view: View) -> Actions:
        """Even out what a leg left, or begin the best trade, unless something is on its way."""
        if self._open(view):
            yield from self.hedge(view)
            return
        market = self._market(view) if not self.waiting and not self.paused else None
        chance = max(self._chances(market, view), default=None) if market is not None else None
        if chance is None:
            return
        self.waiting = True
        where = f"{self.config.instrument} and {self.config.pool}"
        if chance.buys:
            reason = f"the exchange pays more than the pool takes: {where}"
            yield Open(
                token=self.config.token,
                reason=reason,
                pool=self.config.pool,
                max_spend=chance.amount,
                min_out=chance.min_out,
            )
        else:
            reason = f"the pool pays more than the exchange takes: {where}"
            yield Close(token=self.config.token, reason=reason, share_bps=chance.amount, min_out=chance.min_out)

    # ---- the leg at the exchange ----

    def hedge(self, view: View) -> Actions:
        """An order for what was traded on the chain alone, with the coins or the cash that there are."""
        ticker = view.ticker(self.config.instrument)
        working = any(order.key.startswith(KEY) for order in view.working(self.config.instrument))
        if self.refused or working or ticker is None or ticker.stale:
            return
        side: Side = "sell" if self.uneven > 0 else "buy"
        of, most = ticker.instrument, abs(self.uneven)
        if side == "sell" and not of.linear:
            most = min(most, max(0, view.free(of.base)))
        reason = f"evens out what was {'bought' if side == 'sell' else 'sold'} on the chain"
        order = take(f"{KEY}{side}", ticker, side, most, self.config.slippage_bps, reason)
        if order is not None:
            yield order

    def _open(self, view: View) -> bool:
        """Whether more is uneven than dust, which no exchange trades."""
        ticker = view.ticker(self.config.instrument)
        if ticker is None or not self.uneven:
            return False
        of, price = ticker.instrument, ticker.bid if self.uneven > 0 else ticker.ask
        return not price or of.orderable(abs(self.uneven) // of.lot, price) > 0

    # ---- the leg on the chain ----

    def _market(self, view: View) -> Market | None:
        config = self.config
        pool, ticker, known = view.pool(config.pool), view.ticker(config.instrument), view.token(config.token)
        rate = view.ticker(config.rate) if config.rate else None
        token = split_asset(config.token)[1]
        if pool is None or ticker is None or known is None or token not in pool.coins or len(pool.coins) != 2:
            return None
        if ticker.stale or not ticker.bid or not ticker.ask:
            return None
        low = high = COIN
        if config.rate:
            if rate is None or rate.stale or not rate.bid or not rate.ask:
                return None
            low, high = rate.bid * rate.instrument.tick, rate.ask * rate.instrument.tick
        pays = pool.coins[1 - pool.coins.index(token)]
        return Market(pool, ticker, token, pays, 10**known.decimals, low, high)

    def _chances(self, market: Market, view: View) -> Iterator[Chance]:
        try:
            yield from self._purchases(market, view)
            yield from self._sales(market, view)
        except (NoLiquidity, Unpriced):
            return  # more than the pool has, or it cannot say

    def _purchases(self, market: Market, view: View) -> Iterator[Chance]:
        """Bought in the pool, sold at the exchange."""
        config, ticker = self.config, market.ticker
        of, unit = ticker.instrument, 10**config.pays_decimals
        lots_free = ticker.bid_size if of.linear else min(ticker.bid_size, max(0, view.free(of.base)) // of.lot)
        each = of.value(ticker.bid, 1) * (MILLION - of.taker_fee)  # for one lot, in millionths
        for part in range(1, PARTS + 1):
            amount = config.size * part // PARTS
            lots = market.pool.amount_out(market.pays, amount) * COIN // market.scale // of.lot
            cost = -(-(amount + config.gas) * market.high // unit)
            if lots > lots_free or lots * each // MILLION <= cost - config.gas * market.high // unit:
                return  # more than the exchange takes; or the price of the pool is no better, gas apart
            gain = lots * each // MILLION - cost
            if lots and of.orderable(lots, ticker.bid) == lots and self._enough(gain, cost):
                least = -(-cost * (BPS + config.min_gain_bps) * MILLION // (BPS * each))
                yield Chance(gain, True, amount, -(-least * of.lot * market.scale // COIN))

    def _sales(self, market: Market, view: View) -> Iterator[Chance]:
        """Sold in the pool out of the position that purchases left, bought at the exchange."""
        config, ticker, position = self.config, market.ticker, view.positions.get(self.config.token)
        if position is None or position.amount <= 0 or position.state != "open":
            return
        of, unit = ticker.instrument, 10**config.pays_decimals
        most = min(
            ticker.ask_size,
            of.affordable(max(0, view.cash(of.quote)) * MILLION // (MILLION + of.taker_fee), ticker.ask),
        )
        each = of.value(ticker.ask, 1) * (MILLION + max(0, of.taker_fee))
        for part in range(1, PARTS + 1):
            share = BPS * part // PARTS
            amount = position.amount * share // BPS
            lots = -(-amount * COIN // market.scale // of.lot)
            cost = -(-lots * each // MILLION)
            got = market.pool.amount_out(market.token, amount)
            if lots > most or got > config.size or got * market.low // unit <= cost:
                return
            gain = (got - config.gas) * market.low // unit - cost
            if lots and of.orderable(lots, ticker.ask) == lots and self._enough(gain, cost):
                least = -(-cost * (BPS + config.min_gain_bps) * unit // (BPS * market.low)) + config.gas
                yield Chance(gain, False, share, least)

    def _enough(self, gain: int, cost: int) -> bool:
        return gain * BPS >= (self.config.min_gain_bps + self.config.margin_bps) * cost


def _news(moved: dict[str, int], intent: str, coins: int) -> int:
    """What is new about what a trade moved; ``moved`` then knows of it. The oldest are forgotten."""
    new = coins - moved.get(intent, 0)
    if new:
        moved[intent] = coins
        if len(moved) > KEPT:
            del moved[min(moved, key=lambda known: (len(known), known))]  # ids end with a number that is counted
    return new
