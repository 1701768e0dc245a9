"""Hand-made views for tests of pure stages: what a check, sizer, strategy or exit would see, without a kernel.

    here = view(now=1000 * SECOND, cash=10**18, pools=[pool(reserves=(10**24, 10**19))])

Everything has a default, so that a test writes down only what it is about: one chain (1), one token (`TOKEN`), the
quote asset `QUOTE` and one pool of the two (`POOL`). Parts are frozen; change one with `dataclasses.replace`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate
from random import Random
from typing import Literal

from sniper.amm import NoLiquidity, NoRanges
from sniper.events import Bar, FundingRate
from sniper.exchange_orders import Side
from sniper.instrument import COIN, Instrument
from sniper.kernel.exchange.order_book import restored
from sniper.types import BPS, SECOND, Entry, asset_id, place_of, split_asset
from sniper.view import (
    ContractView,
    DepthView,
    PoolView,
    Position,
    Range,
    RangeWorth,
    TickerView,
    TokenView,
    WorkingOrder,
)

__all__ = [
    "CHAIN", "INSTRUMENT", "POOL", "QUOTE", "TOKEN", "BuiltOrder", "BuiltPool", "BuiltPosition", "BuiltRange",
    "BuiltTicker", "BuiltToken", "BuiltView", "address", "bar_series", "depth", "entry", "instrument", "order", "pool",
    "position", "random_walk", "range_", "ticker", "token", "view",
]  # fmt: skip

CHAIN = 1


def address(n: int) -> str:
    """A well-formed address with the number ``n``."""
    return f"0x{n:040x}"


QUOTE = asset_id(CHAIN, address(0xE))
TOKEN = asset_id(CHAIN, address(0x70))
POOL = asset_id(CHAIN, address(0x9001))
INSTRUMENT = "binance:BTC/USDT"


@dataclass(frozen=True)
class BuiltPosition:
    """See `sniper.view.Position`."""

    token: str
    pool: str
    quote: str
    instance: str
    amount: int
    cost: int
    opened_at: int
    opened_block: int
    state: str
    venue: str


@dataclass(frozen=True)
class BuiltPool:
    """A pair that prices as x·y = k with a fee on the amount in (UniswapV2Library). See `sniper.view.PoolView`."""

    id: str
    coins: tuple[str, ...]
    reserves: tuple[int, ...]
    fee_bps: int
    created_at: int
    created_block: int
    amm: str
    ticks: tuple[int, int] | None = None

    @property
    def chain_id(self) -> int:
        return split_asset(self.id)[0]

    def place(self) -> tuple[int, int]:
        if self.ticks is None:
            raise NoRanges("a pair has no ranges")
        return self.ticks

    def amount_out(self, token_in: str, amount_in: int) -> int:
        x, y = self._sides(token_in)
        if amount_in <= 0 or x <= 0 or y <= 0:
            raise NoLiquidity(f"no output for {amount_in} from reserves {x}, {y}")
        paid = amount_in * (BPS - self.fee_bps)
        return paid * y // (x * BPS + paid)

    def reserve(self, token: str) -> int:
        return self._sides(token)[0]

    def price(self, token: str) -> Fraction:
        x, y = self._sides(token)
        if x <= 0 or y <= 0:
            raise NoLiquidity(f"no price from reserves {x}, {y}")
        return Fraction(y * (BPS - self.fee_bps), x * BPS)

    def _sides(self, token: str) -> tuple[int, int]:
        i = self.coins.index(token)
        return self.reserves[i], self.reserves[1 - i]


@dataclass(frozen=True)
class BuiltRange:
    """See `sniper.view.Range`."""

    id: str
    pool: str
    token: str
    quote: str
    instance: str
    lower: int
    upper: int
    liquidity: int
    quote_in: int
    token_in: int
    cost: int
    fees_quote: int
    fees_token: int
    state: str
    opened_at: int
    opened_block: int


@dataclass(frozen=True)
class BuiltToken:
    """See `sniper.view.TokenView`."""

    symbol: str
    decimals: int
    deployer: str
    buy_tax_bps: int | None
    sell_tax_bps: int | None


@dataclass(frozen=True)
class BuiltTicker:
    """See `sniper.view.TickerView`."""

    instrument: Instrument
    last: int
    bid: int
    ask: int
    bid_size: int
    ask_size: int
    stale: bool
    funding: FundingRate | None = None

    def to_buy(self) -> int:
        return self.ask or self.last

    def to_sell(self) -> int:
        return self.bid or self.last


@dataclass(frozen=True)
class BuiltOrder:
    """See `sniper.view.WorkingOrder`."""

    id: str
    key: str
    instance: str
    side: Side
    size: int
    price: int | None
    filled: int
    state: str
    cancelling: bool


@dataclass(frozen=True)
class BuiltView:
    """See `sniper.view.View`. ``spending`` and ``results``: (time, amount) of entries and of closed positions;
    ``results_of``: those of one token, venue or instance, by its name; ``worths``: by token."""

    now: int
    account: str
    positions: Mapping[str, Position]
    pools: Mapping[str, PoolView]
    tokens: Mapping[str, TokenView]
    quote: str
    owned: Mapping[str, int]
    stated_equity: int | None
    spending: tuple[tuple[int, int], ...]
    results: tuple[tuple[int, int], ...]
    below_peak: int
    entries: Mapping[str, int]
    blocks: Mapping[int, int] = field(default_factory=dict)
    results_of: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    worths: Mapping[str, int | None] = field(default_factory=dict)
    tickers: Mapping[str, TickerView] = field(default_factory=dict)
    orders: Mapping[str, tuple[WorkingOrder, ...]] = field(default_factory=dict)
    series: Mapping[tuple[str, int], tuple[Bar, ...]] = field(default_factory=dict)
    depths: Mapping[str, DepthView] = field(default_factory=dict)
    contracts: Mapping[str, ContractView] = field(default_factory=dict)
    leverages: Mapping[str, int] = field(default_factory=dict)
    ranges: Mapping[str, Range] = field(default_factory=dict)
    range_worths: Mapping[str, RangeWorth] = field(default_factory=dict)

    def range_worth(self, range_id: str) -> RangeWorth | None:
        return self.range_worths.get(range_id)

    def block(self, chain_id: int) -> int:
        return self.blocks.get(chain_id, 0)

    def pool(self, pool: str) -> PoolView | None:
        return self.pools.get(pool)

    def pools_of(self, token: str) -> tuple[PoolView, ...]:
        chain_id, coin = split_asset(token)
        return tuple(known for known in self.pools.values() if known.chain_id == chain_id and coin in known.coins)

    def token(self, token: str) -> TokenView | None:
        return self.tokens.get(token)

    def ticker(self, instrument: str) -> TickerView | None:
        return self.tickers.get(instrument)

    def bars(self, instrument: str, interval: int) -> Sequence[Bar]:
        return self.series.get((instrument, interval), ())

    def depth(self, instrument: str) -> DepthView | None:
        return self.depths.get(instrument)

    def leverage(self, instrument: str) -> int:
        return self.leverages.get(instrument, 1)

    def contract(self, instrument: str) -> ContractView | None:
        return self.contracts.get(instrument)

    def working(self, instrument: str) -> tuple[WorkingOrder, ...]:
        return self.orders.get(instrument, ())

    def quote_asset(self, place: str) -> str:
        return f"{place}:{self.quote.partition(':')[2]}"

    def cash(self, asset: str) -> int:
        return self.owned.get(asset, 0)

    def free(self, asset: str) -> int:
        held = self.positions.get(asset)
        return self.cash(asset) + (held.amount if held is not None else 0)

    def equity(self, place: str) -> int:
        if self.stated_equity is not None:
            return self.stated_equity
        held = sum(held.cost for held in self.positions.values() if place_of(held.token) == place)
        return self.cash(self.quote_asset(place)) + held

    def spent(self, *, last_ns: int, place: str) -> int:
        return sum(amount for time, amount in self.spending if time > self.now - last_ns)

    def realised(
        self,
        *,
        last_ns: int,
        place: str,
        token: str | None = None,
        venue: str | None = None,
        instance: str | None = None,
    ) -> int:
        name = token or venue or instance
        results = self.results if name is None else self.results_of.get(name, ())
        return sum(amount for time, amount in results if time > self.now - last_ns)

    def worth(self, token: str) -> int | None:
        held = self.positions.get(token)
        return self.worths.get(token, held.cost) if held is not None and held.amount else None

    def exposure(
        self, place: str, *, token: str | None = None, venue: str | None = None, instance: str | None = None
    ) -> int:
        return sum(
            held.cost
            for held in self.positions.values()
            if place_of(held.token) == place
            and token in (None, held.token)
            and venue in (None, held.venue)
            and instance in (None, held.instance)
        )

    def drawdown(self, place: str, *, last_ns: int | None = None) -> int:
        if last_ns is None:
            return self.below_peak
        within = [amount for time, amount in sorted(self.results) if time > self.now - last_ns]
        reached = list(accumulate(within, initial=0))
        return max(reached) - reached[-1]

    def last_entry(self, token: str | None = None) -> int | None:
        return max(self.entries.values(), default=None) if token is None else self.entries.get(token)


def position(
    token: str = TOKEN,
    *,
    amount: int = 10**18,
    cost: int = 10**18,
    state: str = "open",
    pool: str = POOL,
    quote: str = QUOTE,
    instance: str = "launch-snipe",
    opened_at: int = 0,
    opened_block: int = 0,
    venue: str = "uniswap",
) -> BuiltPosition:
    """What is held of a token: one coin that cost one coin, where nothing else is said."""
    return BuiltPosition(token, pool, quote, instance, amount, cost, opened_at, opened_block, state, venue)


def pool(
    id: str = POOL,  # as the field of the view is called
    *,
    coins: tuple[str, str] = (split_asset(TOKEN)[1], split_asset(QUOTE)[1]),
    reserves: tuple[int, int] = (10**24, 10**19),
    fee_bps: int = 30,
    created_at: int = 0,
    created_block: int = 0,
    amm: str = "constant-product",
    ticks: tuple[int, int] | None = None,
) -> BuiltPool:
    """A pair of `TOKEN` and `QUOTE`; ``coins`` are addresses, ``reserves`` theirs, base units. ``ticks``: where the
    price is and their spacing, of a pool with ranges."""
    return BuiltPool(id, coins, reserves, fee_bps, created_at, created_block, amm, ticks)


def range_(
    id: str = "main/v3-range/1",  # as the field of the view is called
    *,
    pool: str = POOL,
    token: str = TOKEN,
    quote: str = QUOTE,
    instance: str = "v3-range",
    lower: int = -600,
    upper: int = 600,
    liquidity: int = 10**18,
    quote_in: int = 10**18,
    token_in: int = 10**18,
    cost: int = 2 * 10**18,
    state: str = "open",
) -> BuiltRange:
    """Liquidity in a range that has collected nothing yet."""
    return BuiltRange(
        id, pool, token, quote, instance, lower, upper, liquidity, quote_in, token_in, cost, 0, 0, state, 0, 0
    )


def token(
    symbol: str = "TKN",
    *,
    decimals: int = 18,
    deployer: str = "",
    buy_tax_bps: int | None = None,
    sell_tax_bps: int | None = None,
) -> BuiltToken:
    """What is known of a token; its taxes are not measured, where nothing else is said."""
    return BuiltToken(symbol, decimals, deployer, buy_tax_bps, sell_tax_bps)


def entry(
    amount: int = 10**16,
    *,
    token: str = TOKEN,
    expected_out: int = 10**18,
    pool: str = POOL,
    quote: str = QUOTE,
    venue: str = "uniswap",
    account: str = "main",
    instance: str = "launch-snipe",
    reason: str = "a test",
) -> Entry:
    """A sized and routed intent, as checks get it."""
    return Entry(
        intent=f"{account}/{instance}/1",
        account=account,
        instance=instance,
        chain_id=split_asset(token)[0],
        token=token,
        quote=quote,
        pool=pool,
        venue=venue,
        amount=amount,
        expected_out=expected_out,
        reason=reason,
    )


def view(
    *,
    now: int = 0,
    account: str = "main",
    positions: Iterable[Position] = (),
    pools: Iterable[PoolView] = (),
    tokens: Mapping[str, TokenView] | None = None,
    block: int = 0,
    quote: str = QUOTE,
    cash: int | Mapping[str, int] = 10**19,
    equity: int | None = None,
    spending: Iterable[tuple[int, int]] = (),
    results: Iterable[tuple[int, int]] = (),
    drawdown: int = 0,
    entries: Mapping[str, int] | None = None,
    results_of: Mapping[str, Iterable[tuple[int, int]]] | None = None,
    worths: Mapping[str, int | None] | None = None,
    tickers: Iterable[TickerView] = (),
    orders: Mapping[str, Iterable[WorkingOrder]] | None = None,
    bars: Mapping[tuple[str, int], Iterable[Bar]] | None = None,
    depths: Mapping[str, DepthView] | None = None,
    contracts: Iterable[ContractView] = (),
    leverages: Mapping[str, int] | None = None,
    ranges: Iterable[Range] = (),
    range_worths: Mapping[str, RangeWorth] | None = None,
) -> BuiltView:
    """A view.

    tokens    By asset id. ``entries``: time of the newest entry, by asset id.
    block     Newest block of the quote asset's chain.
    cash      Of the quote asset, or by asset id. ``equity``: where missing, cash and positions at cost.
    spending  (time, amount) of each entry; ``results``: (time, profit) of each closed position.
    results_of  The same of one token (asset id), venue or strategy instance, by its name.
    worths    By asset id, what a position would sell for, None where nothing tells; where missing, its cost.
    tickers   Of instruments, see `ticker`. ``orders``: those that may still be filled, by instrument; ``depths``: their
              order books, see `depth`.
    bars      By instrument and interval, ns: the newest last. ``contracts``: what is held of them.
    leverages  By instrument; 1, where missing.
    ranges    Liquidity in ranges; ``range_worths``: what it has, by id, nothing where missing.
    """
    chain, _, _ = quote.partition(":")
    return BuiltView(
        now=now,
        account=account,
        positions={held.token: held for held in positions},
        pools={known.id: known for known in pools},
        tokens=dict(tokens or {}),
        quote=quote,
        owned={quote: cash} if isinstance(cash, int) else dict(cash),
        stated_equity=equity,
        spending=tuple(spending),
        results=tuple(results),
        below_peak=drawdown,
        entries=dict(entries or {}),
        blocks={int(chain): block} if chain.isdecimal() else {},
        results_of={name: tuple(each) for name, each in (results_of or {}).items()},
        worths=dict(worths or {}),
        tickers={each.instrument.id: each for each in tickers},
        orders={name: tuple(each) for name, each in (orders or {}).items()},
        series={key: tuple(each) for key, each in (bars or {}).items()},
        depths=dict(depths or {}),
        contracts={each.instrument.id: each for each in contracts},
        leverages=dict(leverages or {}),
        ranges={each.id: each for each in ranges},
        range_worths=dict(range_worths or {}),
    )


def instrument(
    id: str = INSTRUMENT,  # as the field is called
    *,
    tick: int = COIN // 100,
    lot: int = COIN // 100_000,
    kind: Literal["spot", "perpetual", "future"] = "spot",
    maker_fee: int = 1_000,
    taker_fee: int = 1_000,
    min_value: int = 0,
    flags: tuple[str, ...] = ("post-only",),
) -> Instrument:
    """What an exchange lists: prices in cents and sizes in 10⁻⁵ coins, a fee of 0.1%, where nothing else is said."""
    place, _, symbol = id.partition(":")
    base, _, money = symbol.partition("/")
    quote, _, settle = money.partition(":")
    return Instrument(
        id=id,
        kind=kind,
        base=f"{place}:{base}",
        quote=f"{place}:{quote}",
        settle=f"{place}:{settle.partition('-')[0] or quote}",
        tick=tick,
        lot=lot,
        min_value=min_value,
        maker_fee=maker_fee,
        taker_fee=taker_fee,
        flags=flags,
    )


def ticker(
    of: Instrument | None = None,
    *,
    last: int = 6_000_000,
    bid: int = 5_999_999,
    ask: int = 6_000_001,
    bid_size: int = 100_000,
    ask_size: int = 100_000,
    stale: bool = False,
) -> BuiltTicker:
    """What is known of an instrument: about 60,000.00 and a coin on each side, where nothing else is said."""
    return BuiltTicker(of or instrument(), last, bid, ask, bid_size, ask_size, stale)


def order(
    key: str,
    side: Side = "buy",
    size: int = 1_000,
    price: int | None = 6_000_000,
    *,
    instance: str = "market-maker",
    filled: int = 0,
    state: str = "open",
    cancelling: bool = False,
) -> BuiltOrder:
    """An order that may still be filled: a limit order of 0.01 coins, where nothing else is said."""
    return BuiltOrder(f"main/{instance}/{key}", key, instance, side, size, price, filled, state, cancelling)


def depth(bids: Iterable[tuple[int, int]], asks: Iterable[tuple[int, int]]) -> DepthView:
    """An order book with these levels: (price, size), ticks and lots."""
    return restored(bids, asks, last=0, whole=True)


def random_walk(count: int, step: float, seed: int = 1, start: int = 6_000_000) -> list[int]:
    """Prices, ticks: each is the one before times 1 and a normal deviation of ``step``; the same for each seed."""
    random, price, found = Random(seed), float(start), list[int]()
    for _ in range(count):
        price *= 1 + random.gauss(0, step)
        found.append(max(1, round(price)))
    return found


def bar_series(closes: Sequence[int], seconds: int, of: str = INSTRUMENT, *, wick: int = 0) -> list[Bar]:
    """Bars over so many seconds that open and close there, one after the other from 1970 on. ``wick``: ticks that their
    highs and lows are away from that."""
    interval = seconds * SECOND
    return [
        Bar(
            time=(n + 1) * interval,
            instrument=of,
            interval=interval,
            start=n * interval,
            open=close,
            high=close + wick,
            low=max(1, close - wick),
            close=close,
            volume=1 + n,
        )
        for n, close in enumerate(closes)
    ]
