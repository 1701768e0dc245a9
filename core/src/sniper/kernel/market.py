"""The market: what the chains' events say of blocks, pools and tokens. One per process, shared by all accounts.

Each pool keeps, for every block that is not final, what it was before that block; a reorg puts that back.

Launches never end and memory does, so a chain lists a bounded number of pools and evicts the one that changed longest
ago. What is listed follows from the chain's events alone: no account sees another market because of what others hold.
An evicted pool goes on, unlisted, for the accounts that need it (`Account.pools`), and is unknown to all others.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Container
from copy import copy
from fractions import Fraction
from typing import Any

from sniper.amm import Amm, Change
from sniper.codec import restore_state
from sniper.errors import PluginFault
from sniper.events import (
    Block,
    Event,
    FeedStale,
    LiquidityAdded,
    LiquidityRemoved,
    Log,
    PoolChanged,
    PoolCreated,
    PoolRead,
    TokenActed,
    TokenDescribed,
    TradingEnabled,
)
from sniper.evm.abi import event
from sniper.fee import FeeEstimator
from sniper.kernel.given import given_amount
from sniper.kernel.listening import Decode, Handlers, Listening
from sniper.kernel.reading import Reading, Readings
from sniper.kernel.wiring import AmmWiring, ChainWiring
from sniper.types import BPS, NATIVE, asset_id

TRANSFER = event("Transfer(address indexed from, address indexed to, uint256 value)").topic
APPROVAL = event("Approval(address indexed owner, address indexed spender, uint256 value)").topic
ENABLED = {
    event(signature).topic: signature.partition("(")[0]
    for signature in (
        "TradingEnabled()",
        "TradingEnabled(uint256 time)",
        "TradingOpened()",
        "TradingStarted()",
        "Launched()",
    )
}
OWNER_ACTS = {
    event(signature).topic: signature.partition("(")[0]
    for signature in (
        "OwnershipTransferred(address indexed previousOwner, address indexed newOwner)",
        "TaxChanged(uint256 tax)",
        "TaxUpdated(uint256 tax)",
        "FeesUpdated(uint256 buy, uint256 sell)",
        "Paused(address account)",
        "Blacklisted(address indexed account)",
        "Upgraded(address indexed implementation)",
        "Mint(address indexed to, uint256 amount)",
    )
}
TOKEN_TOPICS = tuple(ENABLED) + tuple(OWNER_ACTS)
"""First topics of token logs that are worth watching wherever they come from."""


Report = Callable[[str, Exception], None]
"""Told of what a plugin raised: a sentence, and the error."""


class Pool:
    """One pool and what is known of it; implements `sniper.view.PoolView`."""

    __slots__ = (
        "address", "amm", "chain_id", "coins", "config", "created_at", "created_block", "follows", "handlers", "id",
        "impl", "listed", "quote", "read_block", "reads", "section", "token", "undo_block", "watchers",
    )  # fmt: skip

    def __init__(self, chain_id: int, address: str, impl: AmmWiring, coins: tuple[str, ...], quote: int | None) -> None:
        self.id = asset_id(chain_id, address)
        self.chain_id = chain_id
        self.address = address
        self.impl: Amm
        self.amm = impl.plugin
        self.section = impl.name
        self.config = impl.config
        self.coins = coins
        self.quote = quote
        """See `ChainState.money`."""
        self.token = None if quote is None or len(coins) != 2 else asset_id(chain_id, coins[1 - quote])
        self.created_at = 0
        self.created_block = 0
        self.handlers: Handlers = {}
        self.follows: dict[str, str] = {}
        """See `Amm.follows`."""
        self.undo_block = -1
        self.listed = True
        """False: evicted, and kept for the accounts that need it."""
        self.read_block = 0
        """Block whose state was read from the chain, which knows all logs up to it; 0: seen from its creation on."""
        self.reads = 0
        """How often in a row it was read, its AMM failing in between."""
        self.watchers: list[Any] = []
        """Guards of the positions that are valued in this pool. Any: `sniper.kernel.guards.Guard` imports this."""

    def amount_out(self, token_in: str, amount_in: int) -> int:
        """See `PoolView`."""
        i = self.coins.index(token_in)
        return given_amount(self.impl.amount_out(i, 1 - i, amount_in))

    def venue_data(self, token_in: str) -> int:
        """See `Amm.venue_data`."""
        i = self.coins.index(token_in)
        return self.impl.venue_data(i, 1 - i)

    def reserve(self, token: str) -> int:
        """See `PoolView`."""
        return self.impl.reserve(self.coins.index(token))

    def price(self, token: str) -> Fraction:
        """See `PoolView`."""
        i = self.coins.index(token)
        return self.impl.price(i, 1 - i)


class Token:
    """What is known of one token on its chain, apart from what each account measured. ``asked_of``: the transaction
    that created its pool, while the token was asked and has not described itself."""

    __slots__ = ("asked_of", "decimals", "deployer", "pools", "symbol")

    def __init__(self) -> None:
        self.symbol = ""
        self.decimals = 18
        self.deployer = ""
        self.asked_of = ""
        self.pools: tuple[Pool, ...] = ()


class ChainState:
    """One chain: its newest block, its pools and tokens, and how to undo the blocks that are not final."""

    def __init__(self, wiring: ChainWiring) -> None:
        self.id = wiring.chain_id
        self.wiring = wiring
        self.number = 0
        self.timestamp = 0
        self.base_fee = 0
        # A copy, for it learns: two kernels of one wiring must not teach each other.
        self.fee: FeeEstimator = copy(wiring.fee)
        self.stale: set[str] = set()
        self.pools: OrderedDict[str, Pool] = OrderedDict()
        self.tokens: dict[str, Token] = {}
        self.money_pools: dict[str, dict[str, Pool]] = {}
        """Listed pools of each coin that counts as money, by address."""
        self.unlisted: dict[str, Pool] = {}
        """Evicted pools, until `Market.release`; oldest first."""
        self.unlisted_tokens: dict[str, Token] = {}
        """What was known of their tokens, and is said of them since."""
        self.readings = Readings()
        self.quotes = frozenset((wiring.wrapped_native, *wiring.quotes))
        self.undo: deque[tuple[int, dict[str, Amm | None]]] = deque()
        self.headers: deque[Block] = deque(maxlen=wiring.finality + 1)
        self.listening = Listening(wiring.amms)
        self.amms = {amm.name: amm for amm in wiring.amms}

    @property
    def head(self) -> Block | None:
        """The newest block."""
        return self.headers[-1] if self.headers else None

    def find(self, address: str) -> Pool | None:
        """A pool, listed or not."""
        return self.pools.get(address) or self.unlisted.get(address)

    def list_pool(self, pool: Pool) -> None:
        """Put it among those that everybody sees."""
        self.pools[pool.address] = pool
        for coin in pool.coins:
            if coin in self.quotes:
                self.money_pools.setdefault(coin, {})[pool.address] = pool

    def trading(self, coin: str) -> tuple[Pool, ...]:
        """See `sniper.router.Graph`: the listed pools of a coin."""
        if coin in self.quotes:
            found = self.money_pools.get(coin, {})
            return tuple(found[address] for address in sorted(found))
        token = self.tokens.get(coin)
        return token.pools if token else ()

    def money(self, coins: tuple[str, ...]) -> int | None:
        """Index of the coin that counts as money; None where no coin or more than one does."""
        found = [i for i, coin in enumerate(coins) if coin in self.quotes]
        return found[0] if len(found) == 1 else None


class Market:
    """All chains. Methods take an event and return what it means for strategies and exits, in order."""

    def __init__(self, chains: tuple[ChainWiring, ...], report: Report) -> None:
        """``report``: told of AMMs that fail on a block."""
        self.report = report
        self.chains = {wiring.chain_id: ChainState(wiring) for wiring in chains}
        self.touched: set[tuple[int, str]] | None = None
        """Chain and address of pools that changed, for whoever keeps a mirror and clears it; None: nobody does."""
        self.forgotten: list[Pool] = []
        """Pools that are not known any more, though somebody may need them, since the caller last cleared the list."""

    def pool(self, pool: str) -> Pool | None:
        """A listed pool by its id."""
        chain_id, _, address = pool.partition(":")
        chain = self.chains.get(int(chain_id))
        return chain.pools.get(address) if chain else None

    def token(self, token: str) -> Token | None:
        """A token of listed pools by its asset id."""
        chain_id, _, address = token.partition(":")
        chain = self.chains.get(int(chain_id))
        return chain.tokens.get(address) if chain else None

    def block(self, event: Block) -> None:
        """A new head on its predecessor."""
        chain = self.chains[event.chain_id]
        chain.number = event.number
        chain.timestamp = event.timestamp
        chain.base_fee = event.base_fee
        chain.headers.append(event)
        chain.undo.append((event.number, {}))
        if len(chain.undo) > chain.wiring.finality:
            chain.undo.popleft()
        try:
            chain.fee.block(event)
        except Exception as error:  # a plugin's code
            self.report(f"the fee estimator of chain {chain.id} failed on block {event.number}", error)
        if chain.listening.timed:
            self._time(chain)

    def stale(self, event: FeedStale) -> None:
        """A feed lost its source or has it again."""
        chain = self.chains[event.chain_id]
        if event.stale:
            chain.stale.add(event.feed)
        else:
            chain.stale.discard(event.feed)

    def described(self, event: TokenDescribed) -> None:
        """Note what a token says of itself."""
        chain = self.chains[event.chain_id]
        for token in (chain.tokens.get(event.token), chain.unlisted_tokens.get(event.token)):
            if token is not None:
                token.symbol, token.decimals, token.deployer = event.symbol, event.decimals, event.deployer
                token.asked_of = ""

    def log(self, event: Log) -> tuple[Pool | None, tuple[Event, ...]]:
        """Apply one log: the pool that changed, if one did, and the events derived from it.

        Raises `PluginFault` when the AMM fails on a log of its pool; the pool is then forgotten, so that nothing is
        quoted on a wrong state.
        """
        chain = self.chains[event.chain_id]
        if chain.readings.open:
            chain.readings.remember(event)
        pool = chain.pools.get(event.address)
        topics = event.topics
        topic = topics[0] if topics else ""
        if pool is None and chain.unlisted:
            pool = chain.unlisted.get(event.address)
        if pool is None:
            creation = chain.listening.creations.get((event.address, topic))
            if creation is not None:
                return self._created(chain, event, *creation)
            if event.address not in chain.listening.singletons:
                return None, self._token_log(chain, event, topic)
            pool = self._of_singleton(chain, event)
            if pool is None:
                return None, ()
        handler = pool.handlers.get(topic)
        if handler is None or event.block <= pool.read_block:
            return None, ()
        return pool, self._apply(chain, pool, event, handler)

    def followed(self, event: Log) -> list[Pool]:
        """Apply one log of a contract that pools follow; those that it changed. One that fails on it is forgotten."""
        chain = self.chains[event.chain_id]
        topic = event.topics[0] if event.topics else ""
        changed = []
        for _, (pool, handlers) in sorted(chain.listening.followers.get(event.address, {}).items()):
            handler = handlers.get(topic)
            if handler is not None and event.block > pool.read_block:
                try:
                    self._apply(chain, pool, event, handler)
                    changed.append(pool)
                except PluginFault as error:
                    self.report(str(error), error)
        return changed

    def read(self, event: PoolRead) -> Pool | None:
        """A pool that was read from the chain, as it is now: with what was logged since ``event.block``.

        None where it is known already, where the answer came too late to count, and where its AMM fails on it.
        """
        chain = self.chains[event.chain_id]
        reading, wiring = chain.readings.asked(event.ask), chain.amms.get(event.amm)
        if reading is None and (event.ask or event.block != chain.number):
            return None  # a reorg or a crash came between, or what was logged since is not known
        known = event.pool in chain.pools or (not event.listed and event.pool in chain.unlisted)
        pool = None
        if wiring is not None and not known:
            try:
                impl = restore_state(wiring.amm, event.state, config=wiring.config)
                impl.on_block(chain.timestamp)
                pool = self._add(chain, wiring, event.pool, event.coins, impl, listed=event.listed)
                pool.read_block = pool.undo_block = event.block
                pool.reads = reading.tries + 1 if reading else 1
                self._changed_in(chain, event.block, pool.address, None)
                for log in chain.readings.logs:
                    self._catch_up(chain, pool, log)
            except Exception as error:  # a state of another version, or a plugin's code
                self.report(f"pool {event.pool} was read from chain {chain.id} in vain", error)
                pool = None
        if reading is not None and (reading.address, reading.listed) in chain.readings.open:
            if pool is None and wiring is not None and not known:
                self._unread(chain, reading)
            else:
                chain.readings.close(reading)
        return pool

    def unread(self, ask: str) -> None:
        """A pool could not be read."""
        for chain in self.chains.values():
            reading = chain.readings.asked(ask)
            if reading is not None:
                self._unread(chain, reading)

    def _unread(self, chain: ChainState, reading: Reading) -> None:
        wanted = not reading.listed or (reading.section, reading.address) in chain.wiring.pools
        chain.readings.fail(reading, chain.number, keep=wanted)

    def reorg(self, chain_id: int, ancestor: int) -> list[Pool]:
        """Put every pool back to what it was after block ``ancestor``; the pools that changed.

        Raises `IllegalTransition` where ``ancestor`` is deeper than finality.
        """
        chain = self.chains[chain_id]
        changed: dict[str, Pool] = {}
        while chain.undo and chain.undo[-1][0] > ancestor:
            _, kept = chain.undo.pop()
            for address, impl in kept.items():
                pool = chain.find(address)
                if pool is None:
                    continue
                if impl is None:
                    self._lose(chain, pool, "a reorg took back its pool")
                    if pool.listed and pool.read_block:
                        chain.readings.want(pool.section, address, listed=True, number=ancestor)
                    continue
                pool.impl = impl
                pool.undo_block = ancestor
                if self.touched is not None:
                    self.touched.add((chain_id, address))
                changed[address] = pool
        self._back_to(chain, ancestor)
        return [pool for address, pool in changed.items() if chain.find(address) is pool]

    def abandon(self, chain_id: int, ancestor: int) -> None:
        """A reorg that cannot be undone: forget each pool whose state may be of a block that is gone.

        A pool that did not change above ``ancestor`` is what it was there, so it stays.
        """
        chain = self.chains[chain_id]
        for pool in [*chain.pools.values(), *chain.unlisted.values()]:
            if pool.undo_block > ancestor:
                self._lose(chain, pool, "a reorg deeper than finality: what was known of its pool may be wrong")
                if pool.listed and pool.read_block:
                    chain.readings.want(pool.section, pool.address, listed=True, number=ancestor)
        chain.undo.clear()
        self._back_to(chain, ancestor)

    def _back_to(self, chain: ChainState, ancestor: int) -> None:
        while chain.headers and chain.headers[-1].number > ancestor:
            chain.headers.pop()
        chain.number = ancestor
        if chain.headers:
            chain.timestamp, chain.base_fee = chain.headers[-1].timestamp, chain.headers[-1].base_fee
        chain.readings.reorg(ancestor)
        self._time(chain)

    def release(self, chain_id: int, needed: Container[str]) -> None:
        """Forget the evicted pools whose ids are not ``needed`` any more, and have them read no more."""
        chain = self.chains[chain_id]
        for reading in list(chain.readings.open.values()):
            if not reading.listed and asset_id(chain_id, reading.address) not in needed:
                chain.readings.close(reading)
        for pool in [pool for pool in chain.unlisted.values() if pool.id not in needed]:
            self._forget(chain, pool)
        coins = {coin for pool in chain.unlisted.values() for coin in pool.coins}
        chain.unlisted_tokens = {coin: token for coin, token in chain.unlisted_tokens.items() if coin in coins}

    def can_undo(self, chain_id: int, ancestor: int) -> bool:
        """Whether the blocks above ``ancestor`` are all still undoable."""
        chain = self.chains[chain_id]
        return ancestor >= (chain.undo[0][0] - 1 if chain.undo else chain.number)

    def _of_singleton(self, chain: ChainState, event: Log) -> Pool | None:
        if len(event.topics) > 1:
            for wiring in chain.listening.singletons[event.address]:
                pool = chain.find(wiring.amm.pool_of(event.topics[1]))
                if pool is not None and pool.section == wiring.name:
                    return pool
        return None

    def _apply(self, chain: ChainState, pool: Pool, event: Log, handler: tuple[Decode, str]) -> tuple[Event, ...]:
        decode, method = handler
        try:
            if pool.undo_block != event.block:
                self._keep(chain, pool, event.block)
            if self.touched is not None:
                self.touched.add((chain.id, pool.address))
            change: Change = getattr(pool.impl, method)(*decode(event.topics, event.data))
            return () if change is None else _liquidity(pool, event, change)
        except Exception as error:  # a plugin's code: whatever it raises makes this pool unusable, and only this pool
            self._lose(chain, pool, f"amm {pool.amm} failed on a log of its pool: {type(error).__name__}: {error}")
            raise PluginFault(
                f"amm {pool.amm} failed on log {event.index} of {event.tx_hash} for pool {pool.id}: "
                f"{type(error).__name__}: {error}; the pool is no longer quoted"
            ) from error

    def _time(self, chain: ChainState) -> None:
        """Tell the pools whose price changes with time."""
        for pool in list(chain.listening.timed.values()):
            if self.touched is not None:
                self.touched.add((chain.id, pool.address))
            try:
                pool.impl.on_block(chain.timestamp)
            except Exception as error:  # a plugin's code, as in `_apply`
                self._lose(chain, pool, f"amm {pool.amm} failed on a block: {type(error).__name__}: {error}")
                self.report(f"amm {pool.amm} failed on a block; pool {pool.id} is no longer quoted", error)

    def _created(
        self, chain: ChainState, event: Log, wiring: AmmWiring, decode: Decode, method: str
    ) -> tuple[Pool | None, tuple[Event, ...]]:
        try:
            created = getattr(wiring.amm, method)(wiring.config, *decode(event.topics, event.data))
            if created is None or created.pool in chain.pools:
                return None, ()
            if created.amm is None:
                chain.readings.want(wiring.name, created.pool, listed=True, number=chain.number)
                return None, ()
            created.amm.on_block(chain.timestamp)
            pool = self._add(chain, wiring, created.pool, created.coins, created.amm, listed=True)
        except Exception as error:  # a plugin's code
            raise PluginFault(
                f"amm {wiring.name} failed on the creation log {event.index} of {event.tx_hash}: "
                f"{type(error).__name__}: {error}; the pool is not followed"
            ) from error
        pool.created_at, pool.created_block = event.time, event.block
        if chain.undo:
            chain.undo[-1][1].setdefault(pool.address, None)
            pool.undo_block = event.block
        return pool, (
            PoolCreated(
                time=event.time,
                chain_id=chain.id,
                block=event.block,
                pool=pool.address,
                amm=wiring.name,
                coins=pool.coins,
                tx_hash=event.tx_hash,
            ),
        )

    def _catch_up(self, chain: ChainState, pool: Pool, log: Log) -> None:
        """Apply a log that came after the state that was read, where it is for this pool. Raises `PluginFault`."""
        listening, handlers = chain.listening, None
        if log.address == pool.address:
            handlers = pool.handlers
        elif log.address in listening.singletons:
            handlers = pool.handlers if self._of_singleton(chain, log) is pool else None
        elif log.address in listening.followers:
            handlers = listening.followers[log.address].get(pool.address, (pool, None))[1]
        handler = handlers.get(log.topics[0]) if handlers and log.topics else None
        if handler is not None and log.block > pool.read_block:
            self._apply(chain, pool, log, handler)

    def _add(
        self, chain: ChainState, wiring: AmmWiring, address: str, coins: tuple[str, ...], impl: Amm, *, listed: bool
    ) -> Pool:
        # The chain's own coin and its wrapped token are one coin here: venues wrap and unwrap.
        coins = tuple(chain.wiring.wrapped_native if coin == NATIVE else coin for coin in coins)
        pool = Pool(chain.id, address, wiring, coins, chain.money(coins))
        pool.impl = impl
        evicted = chain.unlisted.get(address)
        if evicted is not None:  # the listed one is the truth from now on, for those as well who needed the other
            for guard in tuple(evicted.watchers):
                guard.follow(pool)
            self._forget(chain, evicted)
        chain.listening.join(pool)
        if self.touched is not None:
            self.touched.add((chain.id, address))
        if not listed:
            pool.listed = False
            chain.unlisted[address] = pool
            for coin in coins:
                if coin not in chain.quotes:
                    chain.unlisted_tokens.setdefault(coin, Token())
            return pool
        chain.list_pool(pool)
        for coin in coins:
            if coin not in chain.quotes:
                token = chain.tokens.setdefault(coin, Token())
                token.pools += (pool,)
        if len(chain.pools) > chain.wiring.max_pools:
            self._evict(chain)
        return pool

    def _evict(self, chain: ChainState) -> None:
        """Unlist the pool that changed longest ago."""
        pool = next(iter(chain.pools.values()))
        for coin in pool.coins:
            if coin in chain.tokens:
                known = chain.unlisted_tokens[coin] = copy(chain.tokens[coin])
                known.pools = ()
        self._unlist(chain, pool)
        pool.listed = False
        chain.unlisted[pool.address] = pool

    def _unlist(self, chain: ChainState, pool: Pool) -> None:
        del chain.pools[pool.address]
        if self.touched is not None:
            self.touched.add((chain.id, pool.address))
        for coin in pool.coins:
            chain.money_pools.get(coin, {}).pop(pool.address, None)
            token = chain.tokens.get(coin)
            if token is not None:
                token.pools = tuple(other for other in token.pools if other is not pool)
                if not token.pools:
                    del chain.tokens[coin]

    def _lose(self, chain: ChainState, pool: Pool, reason: str) -> None:
        """Forget a pool that may be needed. ``reason``: for the positions that are valued in it."""
        self._forget(chain, pool)
        self.forgotten.append(pool)
        for guard in tuple(pool.watchers):
            guard.lose(reason)

    def _forget(self, chain: ChainState, pool: Pool) -> None:
        if pool.listed:
            self._unlist(chain, pool)
        else:
            del chain.unlisted[pool.address]
        chain.listening.leave(pool)
        for _, kept in chain.undo:
            if kept.get(pool.address) is not None:
                del kept[pool.address]  # what it was must not come back in a pool that is read anew

    def _keep(self, chain: ChainState, pool: Pool, block: int) -> None:
        """Before the first change in a block: remember what the pool was, and that it is in use."""
        pool.undo_block = block
        if pool.listed:
            chain.pools.move_to_end(pool.address)
        if chain.undo and chain.undo[-1][0] == block:
            chain.undo[-1][1].setdefault(pool.address, pool.impl.checkpoint())
        else:  # a log that was remembered while its pool was read
            self._changed_in(chain, block, pool.address, pool.impl.checkpoint())

    def _changed_in(self, chain: ChainState, block: int, address: str, before: Amm | None) -> None:
        """Note what a pool was before a block, where that can still be undone and is not noted yet."""
        for number, kept in reversed(chain.undo):
            if number <= block:
                if number == block:
                    kept.setdefault(address, before)
                return

    def _token_log(self, chain: ChainState, event: Log, topic: str) -> tuple[Event, ...]:
        known = event.address in chain.tokens or event.address in chain.unlisted_tokens
        if not known or topic in (TRANSFER, APPROVAL):
            return ()
        token = asset_id(chain.id, event.address)
        name = ENABLED.get(topic)
        if name is not None:
            return (TradingEnabled(time=event.time, token=token, block=event.block),)
        name = OWNER_ACTS.get(topic, "")
        return (TokenActed(time=event.time, token=token, topic=topic, name=name, block=event.block),)


def changed(pool: Pool, time: int) -> PoolChanged:
    """The event that says so."""
    return PoolChanged(time=time, pool=pool.id, block=pool.undo_block)


def _liquidity(pool: Pool, event: Log, change: tuple[int, ...]) -> tuple[Event, ...]:
    """What a pool's change means for its token, where it has one and a coin that counts as money."""
    quote = pool.quote
    if quote is None or pool.token is None:
        return ()
    reserve = given_amount(pool.impl.reserve(quote))
    moved = change[quote]
    if moved >= 0:
        return (
            LiquidityAdded(time=event.time, pool=pool.id, token=pool.token, quote_reserve=reserve, block=event.block),
        )
    return (
        LiquidityRemoved(
            time=event.time,
            pool=pool.id,
            token=pool.token,
            quote_reserve=reserve,
            share_bps=-moved * BPS // (reserve - moved),
            block=event.block,
        ),
    )
