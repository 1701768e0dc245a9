"""Hypothesis strategies for what plugins handle: ids, amounts, pools, views, and every event, also a plugin's own.

Everything lives in one small world, so that events meet the tokens and pools that a view knows: chain `CHAIN`, the
quote asset `QUOTE`, the tokens `TOKENS` and one pool of each with the quote asset, `POOLS`.

    @given(event=strategies.events(LiquidityAdded), here=strategies.views())
"""

import types
import typing
from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from fractions import Fraction
from functools import cache
from random import Random
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper import order_types
from sniper.events import (
    Bar,
    BookChanged,
    Event,
    KillSwitch,
    PoolCreated,
    PoolRead,
    Prices,
    Signal,
    SignalHeard,
    StrategyLife,
    TimerFired,
    TokenDescribed,
)
from sniper.exchange_orders import Side
from sniper.executor import Submission
from sniper.instrument import COIN, Instrument
from sniper.lease import Lease
from sniper.plugin import Frozen
from sniper.risk import Finding
from sniper.types import BPS, SECOND, Entry, KillLevel, Mode, asset_id, split_asset
from sniper_sdk import builders, order_plans
from sniper_sdk.builders import CHAIN, POOL, QUOTE, TOKEN, BuiltPool, BuiltPosition, BuiltToken, BuiltView

__all__ = [
    "ACCOUNT", "CHAIN", "INSTANCE", "NOW", "POOLS", "QUOTE", "TOKENS", "addresses", "amounts", "assets", "bars",
    "blocks", "bps", "entries", "events", "exchange_views", "findings", "hashes", "levels", "pool_ids", "pools",
    "positions", "prices", "structs", "times", "tokens", "uint112", "uint256", "views",
]  # fmt: skip

S = TypeVar("S", bound=Frozen)
E = TypeVar("E", bound=Event)

TOKENS: Final = (TOKEN, *(asset_id(CHAIN, builders.address(0x70 + n)) for n in (1, 2, 3)))
POOLS: Final = (POOL, *(asset_id(CHAIN, builders.address(0x9001 + n)) for n in (1, 2, 3)))
NOW: Final = 1_700_000_000 * SECOND
"""When the world's history begins, ns UTC."""
ACCOUNT: Final = "main"
INSTANCE: Final = "the-strategy"

uint112 = st.integers(0, 2**112 - 1)
uint256 = st.integers(0, 2**256 - 1)
bps = st.integers(0, BPS)
times = st.integers(NOW, NOW + 30 * 86_400 * SECOND)
blocks = st.integers(0, 10_000)


# A strategy is checked when it is first drawn from, which takes longer than to draw: so none is made anew for each
# example that need not be.


@cache
def addresses() -> SearchStrategy[str]:
    """Well-formed addresses, lower-case."""
    return st.integers(0, 2**160 - 1).map(builders.address)


@cache
def hashes() -> SearchStrategy[str]:
    """32 bytes in hex: of blocks, of transactions, topics."""
    return st.integers(0, 2**256 - 1).map(lambda n: f"0x{n:064x}")


@cache
def amounts(most: int = 2**112 - 1) -> SearchStrategy[int]:
    """Base units from 0 to ``most``; every order of magnitude is as likely as any other."""
    of_bits = [st.integers(0, min(most, (1 << bits) - 1)) for bits in range(most.bit_length() + 1)]
    return st.integers(0, most.bit_length()).flatmap(of_bits.__getitem__)


@cache
def assets() -> SearchStrategy[str]:
    """Asset ids of the world's tokens."""
    return st.sampled_from(TOKENS)


@cache
def pool_ids() -> SearchStrategy[str]:
    """Pool ids of the world."""
    return st.sampled_from(POOLS)


_either = st.booleans()
_fees = st.sampled_from((0, 5, 25, 30, 100))
_created = st.just(0) | times


@st.composite
def pools(draw: st.DrawFn, token: str | None = None) -> BuiltPool:
    """A pair of a token (asset id; None: any) and the quote asset; it may be empty."""
    of = draw(assets()) if token is None else token
    coins = (split_asset(of)[1], split_asset(QUOTE)[1])
    turned = draw(_either)
    return builders.pool(
        POOLS[TOKENS.index(of)] if of in TOKENS else draw(pool_ids()),
        coins=(coins[1], coins[0]) if turned else coins,
        reserves=(draw(amounts()), draw(amounts())),
        fee_bps=draw(_fees),
        created_at=draw(_created),
        created_block=draw(blocks),
    )


_states = st.sampled_from(("opening", "open", "closing", "stuck", "written-off"))
_instances = st.sampled_from((INSTANCE, "another"))


@st.composite
def positions(draw: st.DrawFn, token: str | None = None) -> BuiltPosition:
    """A position in a token (asset id; None: any), in any state; what it holds and what it cost may be 0."""
    of = draw(assets()) if token is None else token
    return builders.position(
        of,
        amount=draw(amounts(2**128)),
        cost=draw(amounts()),
        state=draw(_states),
        pool=POOLS[TOKENS.index(of)] if of in TOKENS else POOL,
        instance=draw(_instances),
        opened_at=draw(times),
        opened_block=draw(blocks),
    )


_symbols = st.text(max_size=8)
_decimals = st.integers(0, 36)
_deployers = st.just("") | addresses()
_taxes = st.none() | bps


@st.composite
def tokens(draw: st.DrawFn) -> BuiltToken:
    """What is known of a token; taxes may be unmeasured."""
    return builders.token(
        draw(_symbols),
        decimals=draw(_decimals),
        deployer=draw(_deployers),
        buy_tax_bps=draw(_taxes),
        sell_tax_bps=draw(_taxes),
    )


_pool_of = cache(pools)
_position_of = cache(positions)
_token = tokens()
_worth = st.none() | amounts()
_worths = st.dictionaries(assets(), _worth, max_size=2)
_of_results = assets() | st.just(INSTANCE)


@st.composite
def views(draw: st.DrawFn, now: int | None = None) -> BuiltView:
    """A view of the world at ``now`` (ns UTC; None: any time), with any part of it known."""
    at = draw(times) if now is None else now
    before, results = st.integers(0, at), _results(at)
    return builders.view(
        now=at,
        account=ACCOUNT,
        positions=[draw(_position_of(token)) for token in draw(_some(TOKENS))],
        pools=[replace(pool, created_at=min(pool.created_at, at)) for pool in draw(_pools_of_some)],
        tokens=dict(zip(known := draw(_some(TOKENS)), [draw(_token) for _ in known], strict=True)),
        block=draw(blocks),
        cash=draw(amounts()),
        equity=draw(_worth),
        spending=draw(st.lists(st.tuples(before, amounts()), max_size=3)),
        results=draw(st.lists(results, max_size=3)),
        results_of=draw(st.dictionaries(_of_results, st.lists(results, max_size=2), max_size=2)),
        worths=draw(_worths),
        drawdown=draw(amounts()),
        entries=draw(st.dictionaries(assets(), before, max_size=2)),
    )


def prices(about: int) -> SearchStrategy[int]:
    """Ticks: mostly near ``about``, sometimes a hundredth or a hundredfold of it; at least 2."""
    near = st.integers(max(2, about * 9 // 10), max(2, about * 11 // 10))
    return near | near | st.integers(max(2, about // 100), about * 100)


def levels(random: Random, middle: int, *, down: bool) -> tuple[tuple[int, int], ...]:
    """One side of an order book: (price, size) of up to nine levels, the first one tick from ``middle``, which is at
    least 2."""
    step, found = -1 if down else 1, list[tuple[int, int]]()
    price = middle + step
    for _ in range(random.randint(1, 9)):
        if price > 0:
            found.append((price, random.randint(1, 10**6)))
        price += step * random.randint(1, 5)
    return tuple(found)


def bars(instrument: str, interval: int) -> SearchStrategy[tuple[Bar, ...]]:
    """Bars of an instrument (its id) over ``interval`` ns, one after the other: none, some, or many."""
    return st.integers(0, 2**32).map(lambda seed: _walk(Random(seed), instrument, interval))


@st.composite
def exchange_views(
    draw: st.DrawFn,
    listed: tuple[Instrument, ...],
    about: int,
    instance: str,
    asked: tuple[tuple[str, int], ...] = (),
    followed: tuple[str, ...] = (),
) -> BuiltView:
    """A view of exchanges that list these instruments at prices of about ``about`` ticks, any of which may not be known
    yet; some of ``instance``'s orders and positions are open. ``asked``: of which bars are there, and their intervals;
    ``followed``: of which order books.
    """
    tickers, orders, cash, held, depths = [], {}, dict[str, int](), [], {}
    for of in listed:
        middle = draw(prices(about))
        known = draw(st.booleans())
        if draw(st.integers(0, 9)):
            tickers.append(
                builders.ticker(
                    of,
                    last=draw(st.sampled_from((0, middle))),
                    bid=middle - 1 if known else 0,
                    ask=middle + 1 if known else 0,
                    stale=not draw(st.integers(0, 4)),
                )
            )
        if of.id in followed and known:
            random = draw(st.randoms(use_true_random=False))
            bids, asks = (levels(random, middle, down=down) for down in (True, False))
            depths[of.id] = builders.depth(bids, asks)
        sides: tuple[Side, ...] = ("buy", "sell")
        orders[of.id] = tuple(
            builders.order(
                side,
                side,
                draw(st.integers(1, 10**6)),
                draw(prices(about)),
                instance=draw(st.sampled_from((instance, "another"))),
                state=draw(st.sampled_from(("new", "open", "unknown"))),
                cancelling=draw(st.booleans()),
            )
            for side in sides
            if draw(st.booleans())
        )
        cash[of.quote] = draw(amounts(10**30))
        if of.base not in cash and draw(st.booleans()):
            amount = draw(st.integers(-(10**8), 10**8)) * of.lot
            held.append(
                builders.position(
                    of.base,
                    amount=amount,
                    cost=amount // of.lot * of.unit * about,
                    pool=of.id,
                    quote=of.quote,
                    instance=instance,
                    opened_at=NOW,
                    venue=of.venue,
                )
            )
    return builders.view(
        now=draw(times),
        account=ACCOUNT,
        quote=listed[0].quote,
        positions={each.token: each for each in held}.values(),
        cash=cash,
        tickers=tickers,
        orders=orders,
        bars={each: draw(bars(*each)) for each in asked},
        depths=depths,
    )


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """A sized and routed intent. Its pool need not be known, nor its output be what that pool gives."""
    token = draw(assets())
    entry = builders.entry(
        draw(amounts().map(lambda amount: amount + 1)),
        token=token,
        expected_out=draw(amounts()),
        pool=draw(st.just(POOLS[TOKENS.index(token)]) | pool_ids()),
        account=ACCOUNT,
        instance=INSTANCE,
        reason=draw(st.text(max_size=20)),
    )
    return msgspec.structs.replace(entry, side=draw(st.sampled_from(("increase", "reduce"))))  # type: ignore[type-var]


def findings() -> SearchStrategy[Finding]:
    """One finding, passing or not."""
    return structs(Finding)


def events(*kinds: type[E]) -> SearchStrategy[E]:
    """Events of these classes, sniper's or a plugin's own, about the tokens and pools of the world."""
    return st.one_of([structs(kind) for kind in kinds])


def structs(kind: type[S]) -> SearchStrategy[S]:
    """Any value of a struct class: its fields by their names, where the vocabulary knows them, else by their types."""
    of_plan = kind.__module__ == order_types.__name__
    named: Mapping[str, SearchStrategy[Any]] = {
        **_NAMED,
        **(order_plans.COMMON if of_plan else {}),
        **_ODD.get(kind, {}),
        **_WHOLE.get(kind, {}),
    }
    fields = {}
    for field in msgspec.structs.fields(kind):  # type: ignore[arg-type]  # a struct at run time
        by_name = named.get(field.name)
        says = by_name is not None and (_fits(field.type) or field.name in _WHOLE.get(kind, {}))
        fields[field.name] = by_name if by_name is not None and says else _typed(field.type)
    return order_plans.built(kind, fields) if of_plan else st.builds(kind, **fields)


# Any: strategies of fields of many types.
_coins = st.tuples(assets(), st.booleans()).map(
    lambda drawn: tuple(split_asset(asset)[1] for asset in ((drawn[0], QUOTE) if drawn[1] else (QUOTE, drawn[0])))
)
_NAMED: Final[Mapping[str, SearchStrategy[Any]]] = {
    "account": st.just(ACCOUNT),
    "amm": st.just("constant-product"),
    "amount": amounts(),
    "ancestor": blocks,
    "ask": st.integers(1, 99).map(lambda n: f"{ACCOUNT}/{INSTANCE}/{n}?check"),
    "address": st.sampled_from([split_asset(each)[1] for each in (*TOKENS, *POOLS)]),
    "base_fee": amounts(2**48),
    "block": blocks,
    "block_hash": hashes(),
    "chain_id": st.just(CHAIN),
    "coins": _coins,
    "deployer": st.just("") | addresses(),
    "gas_limit": st.integers(1, 10**8),
    "gas_price": amounts(2**48),
    "gas_used": st.integers(0, 10**8),
    "hash": hashes(),
    "instance": st.just(INSTANCE),
    "intent": st.integers(1, 99).map(lambda n: f"{ACCOUNT}/{INSTANCE}/{n}"),
    "key": assets() | st.text(max_size=8),
    "number": blocks,
    "parent": hashes(),
    "pool": pool_ids(),
    "retry_at": st.none() | times,
    "share_bps": bps,
    "time": times,
    "timestamp": times.map(lambda at: at // SECOND),
    "tips": st.just(()) | st.lists(amounts(2**40), min_size=3, max_size=3).map(lambda tips: tuple(sorted(tips))),
    "token": assets(),
    "topic": hashes(),
    "topics": st.lists(hashes(), max_size=4).map(tuple),
    "tx_hash": hashes(),
    "decimals": st.integers(0, 255),
}
_pool_addresses = st.sampled_from([split_asset(each)[1] for each in POOLS])
_said: Final[Mapping[str, SearchStrategy[Any]]] = {
    "id": st.integers(1, 99).map(lambda n: f"feed.desk/{n}"),
    "source": st.sampled_from(("webhook.desk", "rss.news")),
    "sources": st.lists(st.sampled_from(("webhook.desk", "rss.news")), unique=True, min_size=1).map(tuple),
    "kind": st.sampled_from(("alert", "announcement", "listing", "swap")),
    "about": st.lists(assets() | st.sampled_from(("PEPE", "BTC/USDT")), max_size=2).map(tuple),
    "assets": st.lists(assets(), unique=True, max_size=2).map(lambda found: tuple(sorted(found))),
    "instruments": st.just(()) | st.just(("binance:BTC/USDT",)),
    "direction": st.sampled_from((-1, 0, 1)),
    "strength": bps,
    "score": st.integers(1, BPS),
    "at": times,
    "expires": times,
}
_steps = st.integers(0, 10**7)
"""Prices in ticks, sizes in lots."""
_levels = st.lists(st.tuples(_steps, _steps), max_size=8).map(tuple)
_WHOLE: Final[Mapping[type, Mapping[str, SearchStrategy[Any]]]] = {
    **order_plans.FIELDS,
    Submission: {"before": st.just(())},  # others of its kind
}
_ODD: Final[Mapping[type, Mapping[str, SearchStrategy[Any]]]] = {
    Lease: {"token": st.integers(1, 10**6)},
    PoolCreated: {"pool": _pool_addresses},
    PoolRead: {"pool": _pool_addresses},
    TokenDescribed: {"token": st.sampled_from([split_asset(each)[1] for each in TOKENS])},
    KillSwitch: {"level": st.sampled_from([level.value for level in KillLevel])},
    StrategyLife: {"action": st.sampled_from(("start", "pause", "drain", "remove"))},
    TimerFired: {"key": assets() | st.text(max_size=8)},
    SignalHeard: _said,
    Signal: _said,
    Prices: dict.fromkeys(("bid", "bid_size", "ask", "ask_size"), _steps),
    BookChanged: {**dict.fromkeys(("bids", "asks"), _levels), **dict.fromkeys(("first", "last"), _steps)},
    # A tick of a lot is worth a whole number of 10⁻¹⁸.
    Instrument: {
        **dict.fromkeys(("tick", "lot"), st.integers(9, 18).map(lambda places: 10**places)),
        "contract": st.just(COIN),
        **dict.fromkeys(("quote", "settle"), st.just("binance:USDT")),
    },
}
_PLAIN: Final[Mapping[Any, SearchStrategy[Any]]] = {
    int: amounts(2**112) | st.integers(-5, 5),
    str: st.text(max_size=12),
    bool: st.booleans(),
    bytes: st.binary(max_size=64),
    float: st.floats(allow_nan=False),
    Fraction: st.fractions(),
    types.NoneType: st.none(),
    Mode: st.sampled_from(Mode),
}


def _fits(declared: Any) -> bool:
    """Whether a name of the vocabulary may say what this field holds: it does for ids, numbers and rows of them."""
    plain = {str, int, types.NoneType}
    args = set(get_args(declared))
    return declared in plain or (bool(args) and args <= {*plain, Ellipsis})


def _typed(declared: Any) -> SearchStrategy[Any]:
    origin, args = get_origin(declared), get_args(declared)
    if declared in _PLAIN:
        return _PLAIN[declared]
    if origin is typing.Annotated:
        return _typed(args[0])
    if origin in (Union, types.UnionType):
        return st.one_of([_typed(each) for each in args])
    if origin is Literal:
        return st.sampled_from(args)
    if origin is list or (origin is tuple and args[1:] == (...,)):
        return st.lists(_typed(args[0]), max_size=4).map(origin)
    if origin is tuple:
        return st.tuples(*[_typed(each) for each in args])
    if origin is dict:
        return st.dictionaries(_typed(args[0]), _typed(args[1]), max_size=4)
    if isinstance(declared, type) and issubclass(declared, Enum):
        return st.sampled_from(declared)
    if isinstance(declared, type) and issubclass(declared, Frozen):
        return structs(declared)
    return st.from_type(declared)


_profits = amounts() | amounts().map(int.__neg__)


def _results(at: int) -> SearchStrategy[tuple[int, int]]:
    """(time, profit or loss) until then."""
    return st.tuples(st.integers(0, at), _profits)


@cache
def _some(of: tuple[str, ...]) -> SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(of), unique=True, max_size=len(of))


@st.composite
def _each_pool(draw: st.DrawFn) -> list[BuiltPool]:
    """That of some of the tokens."""
    return [draw(_pool_of(token)) for token in draw(_some(TOKENS))]


_pools_of_some = _each_pool()


def _walk(random: Random, instrument: str, interval: int) -> tuple[Bar, ...]:
    price, found = random.randint(1_000, 10**7), list[Bar]()
    start = NOW // interval * interval
    step = random.choice((0, price // 1_000, price // 50))
    for n in range(random.choice((0, 20, 60, 300))):
        opened, price = price, max(2, price + random.randint(-step, step))
        found.append(
            Bar(
                time=start + (n + 1) * interval,
                instrument=instrument,
                interval=interval,
                start=start + n * interval,
                open=opened,
                high=max(opened, price) + step // 2,
                low=max(1, min(opened, price) - step // 2),
                close=price,
                volume=random.randint(1, 10**6),
            )
        )
    return tuple(found)
