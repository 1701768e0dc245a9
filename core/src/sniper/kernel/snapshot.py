"""The kernel's whole state as bytes, so that recovery need not begin at the first record.

A kernel that was restored goes on byte for byte like one that was never stopped. The codec sorts the keys of dicts, so
wherever an order of iteration can decide something, that order is part of the snapshot: of pools (which one is
evicted), of a pool's watchers and of what a block changed (who is asked first), and of every table of a book.
"""

import json
from collections import deque
from typing import Any

from sniper.amm import Amm
from sniper.codec import decode, encode, encode_state, restore_state
from sniper.errors import CodecError
from sniper.events import Bar, Block, FundingRate, Log
from sniper.evm.rollup_fee import RollupFees
from sniper.exit import Sell
from sniper.instrument import Instrument
from sniper.kernel.account import Account
from sniper.kernel.book import Book
from sniper.kernel.chain import ChainState
from sniper.kernel.exchange.bars import Series
from sniper.kernel.exchange.exits import DeskGuard
from sniper.kernel.exchange.order_book import OrderBook, restored
from sniper.kernel.exchange.tickers import Ticker
from sniper.kernel.guards import Guard
from sniper.kernel.instances import Instance
from sniper.kernel.kernel import Kernel
from sniper.kernel.pool import Pool
from sniper.kernel.reading import Creation, Reading, Readings
from sniper.kernel.signals import Group, Said, Signals
from sniper.kernel.timers import Owner
from sniper.kernel.tokens import Token
from sniper.kernel.watches import Watch
from sniper.plugin import Frozen

__all__ = ["books", "dump", "restore"]


class PoolState(Frozen):
    """``section``: name of the AMM's section. ``watchers``: (account, token) of the positions valued in this pool, in
    the order in which they are told. ``state``: the AMM's fields."""

    chain_id: int
    address: str
    section: str
    coins: tuple[str, ...]
    state: bytes
    created_at: int
    created_block: int
    undo_block: int
    read_block: int
    reads: int
    watchers: tuple[tuple[str, str], ...] = ()


class Kept(Frozen):
    """What a pool was before a block; ``state`` None: the block created it."""

    address: str
    section: str
    state: bytes | None


class UndoState(Frozen):
    """In the order in which the block changed its pools."""

    block: int
    kept: tuple[Kept, ...]


class TokenState(Frozen):
    """``pools``: their addresses, in the order in which routes are compared."""

    address: str
    symbol: str
    decimals: int
    deployer: str
    pools: tuple[str, ...]
    asked_of: str = ""


class ReadingState(Frozen):
    """See `Reading`."""

    section: str
    address: str
    listed: bool
    ask: str
    block: int
    next_block: int
    tries: int
    created_at: int = 0
    created_block: int = 0
    tx_hash: str = ""


class ReadingsState(Frozen):
    """See `Readings`; sorted."""

    open: tuple[ReadingState, ...]
    logs: tuple[Log, ...]


class ChainSnapshot(Frozen):
    """``pools``: that changed longest ago first; ``unlisted``: that was evicted first. ``stale``: sorted. ``fee``: the
    estimator's fields."""

    chain_id: int
    number: int
    timestamp: int
    base_fee: int
    fee: bytes
    stale: tuple[str, ...]
    headers: tuple[Block, ...]
    undo: tuple[UndoState, ...]
    pools: tuple[PoolState, ...]
    tokens: tuple[TokenState, ...]
    unlisted: tuple[PoolState, ...]
    unlisted_tokens: tuple[TokenState, ...]
    readings: ReadingsState
    data_fees: RollupFees | None = None
    data_fees_asked: bool = False


class TimerState(Frozen):
    """In firing order."""

    at: int
    account: str
    instance: str
    token: str
    exit: str
    key: str


class InstanceState(Frozen):
    """``config``: JSON of the config where a command changed it, else empty."""

    name: str
    state: bytes
    config: str = ""


class WatchState(Frozen):
    """See `sniper.kernel.watches.Watch`."""

    name: str
    state: bytes
    broken: str


class GuardState(Frozen):
    """``exits``: (section, fields). ``retired``: its position is flat, but a reorg could bring it back."""

    token: str
    exits: tuple[tuple[str, bytes], ...]
    pending: Sell | None
    next_block: int
    retired: bool


class TableOrder(Frozen):
    """The keys of one table of a book, in their order of insertion."""

    table: str
    keys: tuple[str | int, ...]


class AccountSnapshot(Frozen):
    """``exit_gas``: (AMM, quote asset, gas units) of exits that were planned before."""

    book: Book
    orders: tuple[TableOrder, ...]
    instances: tuple[InstanceState, ...]
    guards: tuple[GuardState, ...]
    exit_gas: tuple[tuple[str, str, int], ...]
    watches: tuple[WatchState, ...] = ()


class TickerState(Frozen):
    instrument: Instrument
    last: int
    bid: int
    bid_size: int
    ask: int
    ask_size: int
    stale: bool
    funding: FundingRate | None = None


class SeriesState(Frozen):
    """See `sniper.kernel.exchange.bars.Series`; ``gathered``: open, high, low, close and volume so far."""

    instrument: str
    interval: int
    since: int
    start: int
    end: int
    gathered: tuple[int, int, int, int, int]
    bars: tuple[Bar, ...]


class DepthState(Frozen):
    """See `sniper.kernel.exchange.order_book.OrderBook`; best levels first."""

    instrument: str
    bids: tuple[tuple[int, int], ...]
    asks: tuple[tuple[int, int], ...]
    last: int
    whole: bool


class GroupState(Frozen):
    """See `Group`; ``key``: kind, direction, and what it is about."""

    kind: str
    direction: int
    subject: tuple[str, ...]
    said: tuple[Said, ...]
    quiet: int


class KernelSnapshot(Frozen, tag="kernel-snapshot/5"):
    """``heard``: (source, id, ns UTC) of `Signals.seen`; it and ``groups`` in their order, which decides who makes
    room."""

    now: int
    chains: tuple[ChainSnapshot, ...]
    accounts: tuple[AccountSnapshot, ...]
    timers: tuple[TimerState, ...]
    tickers: tuple[TickerState, ...]
    series: tuple[SeriesState, ...] = ()
    depths: tuple[DepthState, ...] = ()
    heard: tuple[tuple[str, str, int], ...] = ()
    groups: tuple[GroupState, ...] = ()


# ---- out ----


def dump(kernel: Kernel) -> bytes:
    """The state between two events: facts and asks must have been taken."""
    return encode(
        KernelSnapshot(
            now=kernel.now,
            chains=tuple(_chain(chain) for _, chain in sorted(kernel.market.chains.items())),
            accounts=tuple(_account(account) for _, account in sorted(kernel.accounts.items())),
            timers=tuple(
                TimerState(
                    at=at, account=owner.account, instance=owner.instance, token=owner.token, exit=owner.exit, key=key
                )
                for at, owner, key in kernel.timers.dump()
            ),
            tickers=tuple(_ticker(ticker) for _, ticker in sorted(kernel.tickers.known.items())),
            series=tuple(_series(series) for _, series in sorted(kernel.bars.known.items())),
            depths=tuple(_depth(id_, followed.book) for id_, followed in sorted(kernel.depths.followed.items())),
            heard=tuple((source, id_, heard) for (source, id_), heard in kernel.signals.seen.items()),
            groups=_groups(kernel.signals),
        )
    )


def books(state: bytes) -> dict[str, Book]:
    """The books in a snapshot, by account. Raises `CodecError`."""
    return {account.book.account: _ordered(account) for account in decode(state, KernelSnapshot).accounts}


def _ticker(ticker: Ticker) -> TickerState:
    return TickerState(
        instrument=ticker.instrument,
        last=ticker.last,
        bid=ticker.bid,
        bid_size=ticker.bid_size,
        ask=ticker.ask,
        ask_size=ticker.ask_size,
        stale=ticker.stale,
        funding=ticker.funding,
    )


def _series(series: Series) -> SeriesState:
    return SeriesState(
        instrument=series.instrument,
        interval=series.interval,
        since=series.since,
        start=series.start,
        end=series.end,
        gathered=(series.open, series.high, series.low, series.close, series.volume),
        bars=tuple(series.newest()),
    )


def _depth(instrument: str, book: OrderBook) -> DepthState:
    return DepthState(
        instrument=instrument,
        bids=tuple(book.facing("sell")),
        asks=tuple(book.facing("buy")),
        last=book.last,
        whole=book.whole,
    )


def _groups(signals: Signals) -> tuple[GroupState, ...]:
    return tuple(
        GroupState(
            kind=kind,
            direction=direction,
            subject=subject,
            said=tuple(group.said[source] for source in sorted(group.said)),
            quiet=group.quiet,
        )
        for (kind, direction, subject), group in signals.groups.items()
    )


def _chain(chain: ChainState) -> ChainSnapshot:
    return ChainSnapshot(
        chain_id=chain.id,
        number=chain.number,
        timestamp=chain.timestamp,
        base_fee=chain.base_fee,
        fee=encode_state(chain.fee),
        stale=tuple(sorted(chain.stale)),
        headers=tuple(chain.headers),
        undo=tuple(
            UndoState(block=block, kept=tuple(_kept(chain, address, impl) for address, impl in kept.items()))
            for block, kept in chain.undo
        ),
        pools=tuple(_pool(pool) for pool in chain.pools.values()),
        tokens=_tokens(chain.tokens),
        unlisted=tuple(_pool(pool) for pool in chain.unlisted.values()),
        unlisted_tokens=_tokens(chain.unlisted_tokens),
        readings=_readings(chain.readings),
        data_fees=chain.data_fees,
        data_fees_asked=chain.data_fees_asked,
    )


def _readings(readings: Readings) -> ReadingsState:
    fields = ReadingState.__struct_fields__  # type: ignore[attr-defined]  # a msgspec struct
    found = (readings.open[key] for key in sorted(readings.open))
    return ReadingsState(
        open=tuple(ReadingState(**{name: getattr(reading, name) for name in fields}) for reading in found),
        logs=tuple(readings.logs),
    )


def _tokens(tokens: dict[str, Token]) -> tuple[TokenState, ...]:
    return tuple(
        TokenState(
            address=address,
            symbol=token.symbol,
            decimals=token.decimals,
            deployer=token.deployer,
            pools=tuple(pool.address for pool in token.pools),
            asked_of=token.asked_of,
        )
        for address, token in sorted(tokens.items())
    )


def _kept(chain: ChainState, address: str, impl: Amm | None) -> Kept:
    if impl is None:
        return Kept(address=address, section="", state=None)
    pool = chain.find(address)
    assert pool is not None  # what is forgotten leaves no state behind
    return Kept(address=address, section=pool.section, state=encode_state(impl))


def _pool(pool: Pool) -> PoolState:
    return PoolState(
        chain_id=pool.chain_id,
        address=pool.address,
        section=pool.section,
        coins=pool.coins,
        state=encode_state(pool.impl),
        created_at=pool.created_at,
        created_block=pool.created_block,
        undo_block=pool.undo_block,
        read_block=pool.read_block,
        reads=pool.reads,
        watchers=tuple((guard.account.name, guard.position.token) for guard in pool.watchers),
    )


def _account(account: Account) -> AccountSnapshot:
    book = account.book
    tables = ((name, getattr(book, name)) for name in sorted(Book.__struct_fields__))  # type: ignore[attr-defined]
    return AccountSnapshot(
        book=book,
        orders=tuple(
            TableOrder(table=name, keys=tuple(table))
            for name, table in tables
            if isinstance(table, dict) and len(table) > 1
        ),
        instances=tuple(_instance(instance) for instance in account.instances.values()),
        guards=(
            *(_guard(guard, retired=False) for guard in account.exits.guards.values()),
            *(_guard(guard, retired=True) for guard in account.exits.retired.values()),
        ),
        exit_gas=tuple((*key, gas) for key, gas in sorted(account.planning.exit_gas.items())),
        watches=tuple(
            WatchState(name=watch.name, state=encode_state(watch.watch), broken=watch.broken)
            for watch in account.watches
        ),
    )


def _instance(instance: Instance) -> InstanceState:
    config = instance.strategy.config  # type: ignore[attr-defined]  # every strategy declares it
    changed = config is not instance.wiring.config
    return InstanceState(
        name=instance.name,
        state=encode_state(instance.strategy),
        config=json.dumps(config.model_dump(mode="json"), sort_keys=True) if changed else "",
    )


def _guard(guard: Guard, *, retired: bool) -> GuardState:
    return GuardState(
        token=guard.position.token,
        exits=tuple((name, encode_state(exit_)) for name, exit_ in guard.exits),
        pending=guard.pending,
        next_block=guard.next_block,
        retired=retired,
    )


# ---- in ----


def restore(kernel: Kernel, state: bytes) -> tuple[str, ...]:
    """Give a new kernel the state of a dumped one; what the kernel's wiring has no place for, or cannot read, is left
    out and said. With the wiring of the dumped kernel nothing is.

    Raises `CodecError`, with nothing changed, for bytes that are no snapshot of this version.
    """
    snapshot = decode(state, KernelSnapshot)
    left_out: list[str] = []
    kernel.now = snapshot.now
    for chain in snapshot.chains:
        present = kernel.market.chains.get(chain.chain_id)
        if present is None:
            left_out.append(f"chain {chain.chain_id} is not configured any more")
        else:
            _restore_chain(present, chain, left_out)
    for account in snapshot.accounts:
        name = account.book.account
        if name in kernel.accounts:
            _restore_account(kernel.accounts[name], account, left_out)
        else:
            left_out.append(f"account {name} is not configured any more")
    kernel.recall()
    _restore_watchers(kernel, snapshot)
    for timer in snapshot.timers:
        if timer.account in kernel.accounts:
            owner = Owner(timer.account, timer.instance, timer.token, timer.exit)
            kernel.timers.set(owner, timer.key, timer.at)
    for known in snapshot.tickers:
        ticker = kernel.tickers.listed(known.instrument)
        ticker.last, ticker.stale = known.last, known.stale
        ticker.bid, ticker.bid_size = known.bid, known.bid_size
        ticker.funding = known.funding
        ticker.ask, ticker.ask_size = known.ask, known.ask_size
    for state_ in snapshot.series:
        _restore_series(kernel, state_)
    for kept in snapshot.depths:
        followed = kernel.depths.followed.get(kept.instrument)
        if followed is not None:
            followed.book = restored(kept.bids, kept.asks, kept.last, whole=kept.whole)
    _restore_signals(kernel.signals, snapshot)
    return tuple(left_out)


def _restore_series(kernel: Kernel, state: SeriesState) -> None:
    series = kernel.bars.known.get((state.instrument, state.interval))
    if series is None:
        return  # nobody asks for it any more
    series.bars = list(state.bars)
    series.since, series.start, series.end = state.since, state.start, state.end
    series.open, series.high, series.low, series.close, series.volume = state.gathered
    if series.end:
        kernel.bars.due = min(kernel.bars.due, series.end)


def _restore_signals(signals: Signals, state: KernelSnapshot) -> None:
    signals.seen = {(source, id_): heard for source, id_, heard in state.heard}
    for known in state.groups:
        group = signals.groups[known.kind, known.direction, known.subject] = Group()
        group.said = {said.source: said for said in known.said}
        group.quiet = known.quiet


def _restore_chain(chain: ChainState, state: ChainSnapshot, left_out: list[str]) -> None:
    chain.number, chain.timestamp, chain.base_fee = state.number, state.timestamp, state.base_fee
    chain.data_fees, chain.data_fees_asked = state.data_fees, state.data_fees_asked
    fee = chain.fee
    try:
        chain.fee = restore_state(type(fee), state.fee, config=fee.config)  # type: ignore[attr-defined]  # as above
    except CodecError as error:
        left_out.append(f"the fee estimator of chain {chain.id} begins anew: {error}")
    chain.stale = set(state.stale)
    chain.headers = deque(state.headers, maxlen=chain.headers.maxlen)
    for known in state.pools:
        pool = _restore_pool(chain, known, left_out)
        if pool is not None:
            chain.list_pool(pool)
            chain.listening.join(pool)
    for known in state.unlisted:
        pool = _restore_pool(chain, known, left_out)
        if pool is not None:
            pool.listed = False
            chain.unlisted[pool.address] = pool
            chain.listening.join(pool)
    for described in state.tokens:
        token = _restore_token(described)
        token.pools = tuple(chain.pools[address] for address in described.pools if address in chain.pools)
        if token.pools:
            chain.tokens[described.address] = token
    chain.unlisted_tokens = {described.address: _restore_token(described) for described in state.unlisted_tokens}
    _restore_readings(chain, state.readings, left_out)
    for undo in state.undo[-chain.wiring.finality :]:
        kept = {each.address: each for each in undo.kept if each.state is None or chain.find(each.address)}
        chain.undo.append((undo.block, {address: _restore_kept(chain, each) for address, each in kept.items()}))


def _restore_readings(chain: ChainState, state: ReadingsState, left_out: list[str]) -> None:
    readings = chain.readings
    readings.logs = list(state.logs)
    for known in state.open:
        if known.section not in chain.amms:
            left_out.append(f"pool {known.address} is not read: there is no [amm.{known.section}] any more")
            continue
        reading = readings.open[known.address, known.listed] = Reading(
            known.section,
            known.address,
            listed=known.listed,
            created=Creation(known.created_at, known.created_block, known.tx_hash),
        )
        reading.ask, reading.block, reading.next_block, reading.tries = (
            known.ask, known.block, known.next_block, known.tries,
        )  # fmt: skip


def _restore_token(state: TokenState) -> Token:
    token = Token()
    token.symbol, token.decimals, token.deployer = state.symbol, state.decimals, state.deployer
    token.asked_of = state.asked_of
    return token


def _restore_pool(chain: ChainState, state: PoolState, left_out: list[str]) -> Pool | None:
    wiring = chain.amms.get(state.section)
    if wiring is None:
        left_out.append(f"pool {state.address}: there is no [amm.{state.section}] any more")
        return None
    pool = Pool(chain.id, state.address, wiring, state.coins, chain.money(state.coins))
    try:
        pool.impl = restore_state(wiring.amm, state.state, config=wiring.config)
    except CodecError as error:
        left_out.append(f"pool {state.address}: {error}")
        return None
    pool.created_at, pool.created_block = state.created_at, state.created_block
    pool.undo_block, pool.read_block, pool.reads = state.undo_block, state.read_block, state.reads
    return pool


def _restore_kept(chain: ChainState, kept: Kept) -> Amm | None:
    if kept.state is None:
        return None
    wiring = chain.amms[kept.section]
    return restore_state(wiring.amm, kept.state, config=wiring.config)


def _restore_account(account: Account, state: AccountSnapshot, left_out: list[str]) -> None:
    account.book = _ordered(state)
    account.planning.exit_gas = {(amm, quote): gas for amm, quote, gas in state.exit_gas}
    for remembered in state.instances:
        instance = account.instances.get(remembered.name)
        if instance is None:
            left_out.append(f"strategy {remembered.name} of {account.name} is not configured any more")
        else:
            _restore_instance(instance, remembered, left_out)
    watches = {watch.name: watch for watch in account.watches}
    for seen in state.watches:
        if seen.name in watches:
            _restore_watch(watches[seen.name], seen, left_out)
        else:
            left_out.append(f"risk {seen.name} of {account.name} is not configured any more")
    for guard in state.guards:
        _restore_guard(account, guard, left_out)
    account.desk_exits.recall()


def _restore_instance(instance: Instance, state: InstanceState, left_out: list[str]) -> None:
    config: Any = instance.wiring.config
    try:
        if state.config:
            # Any: the model that the strategy declares; pydantic's errors are ValueErrors
            config = type(config).model_validate(json.loads(state.config))
        instance.strategy = restore_state(instance.wiring.strategy, state.state, config=config)
    except ValueError as error:
        left_out.append(f"strategy {instance.name} of {instance.account.name} begins anew: {error}")


def _restore_watch(watch: Watch, state: WatchState, left_out: list[str]) -> None:
    watch.broken = state.broken
    try:
        watch.watch = restore_state(watch.wiring.watch, state.state, config=watch.wiring.config)
    except CodecError as error:
        left_out.append(f"risk {watch.name} of {watch.account.name} begins anew: {error}")


def _restore_guard(account: Account, state: GuardState, left_out: list[str]) -> None:
    book = account.book
    position = book.positions.get(state.token) or book.closed.get(state.token)
    if position is None:
        return  # retired for good, and forgotten with the next block
    owner = account.instances.get(position.instance)
    wirings = owner.wiring.exits if owner else ()
    guard = account.exits.made(position, wirings)
    remembered = dict(state.exits)
    exits = []
    for name, exit_ in guard.exits:
        try:
            config = exit_.config  # type: ignore[attr-defined]  # every exit declares it
            known = restore_state(type(exit_), remembered[name], config=config) if name in remembered else exit_
        except CodecError as error:
            left_out.append(f"exit {name} of position {state.token} of {account.name} begins anew: {error}")
            known = exit_
        exits.append((name, known))
    guard.exits = tuple(exits)
    guard.pending, guard.next_block = state.pending, state.next_block
    if state.retired:
        account.exits.retired[state.token] = guard
    else:
        account.exits.guards[state.token] = guard
        if not isinstance(guard, DeskGuard):
            guard.follow(account.pool(position.pool))


def _restore_watchers(kernel: Kernel, snapshot: KernelSnapshot) -> None:
    """Accounts are restored one after the other; their guards watch a common pool in the order in which they came."""
    for chain in snapshot.chains:
        present = kernel.market.chains.get(chain.chain_id)
        for state in (*chain.pools, *chain.unlisted):
            pool = present.find(state.address) if present and len(state.watchers) > 1 else None
            if pool is not None:
                order = {watcher: n for n, watcher in enumerate(state.watchers)}
                pool.watchers.sort(key=lambda guard: order.get((guard.account.name, guard.position.token), len(order)))


def _ordered(state: AccountSnapshot) -> Book:
    book = state.book
    for order in state.orders:
        table = getattr(book, order.table)
        setattr(book, order.table, {key: table[key] for key in order.keys})
    return book
