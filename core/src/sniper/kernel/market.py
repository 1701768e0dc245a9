"""The market: what the chains' events say of blocks, pools and tokens. One per process, shared by all accounts."""

from collections.abc import Callable

from sniper.amm import Amm, Change
from sniper.codec import restore_state
from sniper.errors import PluginFault, told
from sniper.events import (
    Block,
    Event,
    FeedStale,
    Log,
    PoolCreated,
    PoolRead,
    PoolTips,
    RollupRead,
    TokenActed,
    TokenDescribed,
    TradingEnabled,
)
from sniper.kernel.chain import ChainState
from sniper.kernel.listening import Decode
from sniper.kernel.listing import add, forget
from sniper.kernel.pool import Pool, liquidity
from sniper.kernel.reading import MOST_ANEW, Creation, Reading
from sniper.kernel.tokens import APPROVAL, ENABLED, OWNER_ACTS, TRANSFER, Token
from sniper.kernel.wiring import AmmWiring, ChainWiring
from sniper.types import asset_id

Report = Callable[[str, Exception], None]
"""Told of what a plugin raised: a sentence, and the error."""


def rollup_ask(chain_id: int) -> str:
    """Id of the one open reading of what a rollup takes."""
    return f"?rollup-{chain_id}"


class Market:
    """All chains. Methods take an event and return what it means for strategies and exits, in order."""

    def __init__(self, chains: tuple[ChainWiring, ...], report: Report) -> None:
        """``report``: told of AMMs that fail on a block."""
        self.report = report
        self.chains = {wiring.chain_id: ChainState(wiring) for wiring in chains}
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

    # ---- blocks, and reorgs ----

    def block(self, event: Block) -> None:
        """A new head on its predecessor."""
        chain = self.chains[event.chain_id]
        chain.began(event)
        try:
            chain.fee.block(event)
        except Exception as error:  # a plugin's code
            self.report(f"the fee estimator of chain {chain.id} failed on block {event.number}", error)
        if chain.listening.timed:
            self._time(chain)
        if chain.listening.aging:
            self._renew(chain)

    def pending(self, event: PoolTips) -> None:
        """What waits for the next block: for the fee estimator alone."""
        chain = self.chains[event.chain_id]
        try:
            chain.fee.pending(event)
        except Exception as error:  # a plugin's code
            self.report(f"the fee estimator of chain {chain.id} failed on what is pending", error)

    def stale(self, event: FeedStale) -> None:
        """A feed lost its source or has it again."""
        chain = self.chains[event.chain_id]
        if event.stale:
            chain.stale.add(event.feed)
        else:
            chain.stale.discard(event.feed)

    def reorg(self, chain_id: int, ancestor: int) -> list[Pool]:
        """Put every pool back to what it was after block ``ancestor``; the pools that changed.

        For what `ChainState.can_undo`; deeper than finality there is `abandon`.
        """
        chain = self.chains[chain_id]
        changed: dict[str, Pool] = {}
        for address, impl in chain.undone(ancestor):
            pool = chain.find(address)
            if pool is None:
                continue
            if impl is None:
                self._lose(chain, pool, "a reorg took back its pool")
                self._read_again(chain, pool, ancestor)
                continue
            pool.impl = impl
            chain.touch(pool)
            changed[address] = pool
        # All of them: an earlier reorg may have left one at a block that is gone only now.
        for pool in (*chain.pools.values(), *chain.unlisted.values()):
            pool.undo_block, pool.read_block = min(pool.undo_block, ancestor), min(pool.read_block, ancestor)
        chain.back_to(ancestor)
        self._time(chain)
        return [pool for address, pool in changed.items() if chain.find(address) is pool]

    def abandon(self, chain_id: int, ancestor: int) -> None:
        """A reorg that cannot be undone: forget each pool whose state may be of a block that is gone.

        A pool that did not change above ``ancestor`` is what it was there, so it stays.
        """
        chain = self.chains[chain_id]
        for pool in [*chain.pools.values(), *chain.unlisted.values()]:
            if pool.undo_block > ancestor:
                self._lose(chain, pool, "a reorg deeper than finality: what was known of its pool may be wrong")
                self._read_again(chain, pool, ancestor)
        chain.undo.clear()
        chain.back_to(ancestor)
        self._time(chain)

    def _read_again(self, chain: ChainState, pool: Pool, ancestor: int) -> None:
        """A reorg took a pool away: where it had been read, and was made before, it is read on the new branch."""
        if pool.listed and pool.read_block and pool.created_block <= ancestor:
            chain.readings.want(pool.section, pool.address, listed=True, number=ancestor, created=pool.creation)

    def _time(self, chain: ChainState) -> None:
        """Tell the pools whose price changes with time."""
        for pool in list(chain.listening.timed.values()):
            chain.touch(pool)
            try:
                pool.impl.on_block(chain.timestamp)
            except Exception as error:  # a plugin's code, as in `_apply`
                self._lose(chain, pool, f"amm {pool.amm} failed on a block: {told(error)}")
                self.report(f"amm {pool.amm} failed on a block; pool {pool.id} is no longer quoted", error)

    def _renew(self, chain: ChainState) -> None:
        """Have the pools read anew that say that they are outdated.

        Of the listed ones those first that were read longest ago, and not all at once. Of the others all: they are few,
        and when the market's own are read must not follow from what an account needs.
        """
        outdated = []
        for _, pool in sorted(chain.listening.aging.items()):
            try:
                if pool.impl.outdated() and (pool.address, pool.listed) not in chain.readings.open:
                    outdated.append(pool)
            except Exception as error:  # a plugin's code, as in `_apply`
                self._lose(chain, pool, f"amm {pool.amm} does not say whether it is outdated: {told(error)}")
                self.report(f"amm {pool.amm} does not say whether pool {pool.id}, no longer quoted, is outdated", error)
        listed = sorted((pool for pool in outdated if pool.listed), key=lambda pool: (pool.read_block, pool.address))
        for pool in [*listed[:MOST_ANEW], *(pool for pool in outdated if not pool.listed)]:
            chain.readings.want(
                pool.section, pool.address, listed=pool.listed, number=chain.number, created=pool.creation
            )

    # ---- logs ----

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
            creations = chain.listening.creations.get((event.address, topic))
            if creations is not None:
                return self._made(chain, event, creations)
            if event.address not in chain.listening.singletons:
                return None, _token_log(chain, event, topic)
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
                chain.keep(pool, event.block)
            chain.touch(pool)
            change: Change = getattr(pool.impl, method)(*decode(event.topics, event.data))
            return () if change is None else liquidity(pool, event, change)
        except Exception as error:  # a plugin's code: whatever it raises makes this pool unusable, and only this pool
            self._lose(chain, pool, f"amm {pool.amm} failed on a log of its pool: {told(error)}")
            raise PluginFault(
                f"amm {pool.amm} failed on log {event.index} of {event.tx_hash} for pool {pool.id}: "
                f"{told(error)}; the pool is no longer quoted"
            ) from error

    def _made(
        self, chain: ChainState, event: Log, creations: tuple[tuple[AmmWiring, Decode, str], ...]
    ) -> tuple[Pool | None, tuple[Event, ...]]:
        """Ask each AMM that watches this factory; the first that knows the pool has it. One that fails is reported and
        ends none of the others."""
        made: tuple[Pool | None, tuple[Event, ...]] = (None, ())
        for creation in creations:
            try:
                found = self._created(chain, event, *creation)
            except PluginFault as error:
                self.report(str(error), error)
                continue
            if made[0] is None:
                made = found
        return made

    def _created(
        self, chain: ChainState, event: Log, wiring: AmmWiring, decode: Decode, method: str
    ) -> tuple[Pool | None, tuple[Event, ...]]:
        try:
            created = getattr(wiring.amm, method)(wiring.config, *decode(event.topics, event.data))
            if created is None or created.pool in chain.pools:
                return None, ()
            if created.amm is None:
                made = Creation(event.time, event.block, event.tx_hash)
                chain.readings.want(wiring.name, created.pool, listed=True, number=chain.number, created=made)
                return None, ()
            created.amm.on_block(chain.timestamp)
            pool = add(chain, wiring, created.pool, created.coins, created.amm, listed=True)
        except Exception as error:  # a plugin's code
            raise PluginFault(
                f"amm {wiring.name} failed on the creation log {event.index} of {event.tx_hash}: "
                f"{told(error)}; the pool is not followed"
            ) from error
        pool.created_at, pool.created_block = event.time, event.block
        if chain.undo:
            chain.undo[-1][1].setdefault(pool.address, None)
            pool.undo_block = event.block
        return pool, (_creation(pool, event.time, event.tx_hash),)

    def _lose(self, chain: ChainState, pool: Pool, reason: str) -> None:
        """Forget a pool that may be needed. ``reason``: for the positions that are valued in it."""
        forget(chain, pool)
        self.forgotten.append(pool)
        for guard in tuple(pool.watchers):
            guard.lose(reason)

    # ---- what is asked of a chain ----

    def described(self, event: TokenDescribed) -> None:
        """Note what a token says of itself."""
        chain = self.chains[event.chain_id]
        for token in (chain.tokens.get(event.token), chain.unlisted_tokens.get(event.token)):
            if token is not None:
                token.symbol, token.decimals, token.deployer = event.symbol, event.decimals, event.deployer
                token.asked_of = ""

    def read(self, event: PoolRead) -> tuple[Pool | None, tuple[Event, ...]]:
        """A pool that was read from the chain, as it is now: with what was logged since ``event.block``; and what is
        news about it. One that is known goes on as it is but for its state, where that was asked for.

        None where nothing is to be read any more, where the answer came too late to count, and where its AMM fails on
        it.
        """
        chain = self.chains[event.chain_id]
        reading, wiring = chain.readings.asked(event.ask), chain.amms.get(event.amm)
        if reading is None and (event.ask or event.block != chain.number):
            return None, ()  # a reorg or a crash came between, or what was logged since is not known
        known = chain.pools.get(event.pool) or (None if event.listed else chain.unlisted.get(event.pool))
        pool, failed = None, False
        if wiring is not None and (known is None or (reading is not None and _replaces(event, known))):
            try:
                impl = restore_state(wiring.amm, event.state, config=wiring.config)
                impl.on_block(chain.time_of(event.block))
                if known is None:
                    pool = self._found(chain, wiring, event, impl, reading)
                else:
                    pool = self._anew(chain, known, event, impl)
            except Exception as error:  # a state of another version, or a plugin's code
                self.report(f"pool {event.pool} was read from chain {chain.id} in vain", error)
                failed = True
        if reading is not None and (reading.address, reading.listed) in chain.readings.open:
            if failed:
                self._unread(chain, reading)
            else:
                chain.readings.close(reading)
        if pool is not None and known is None and reading is not None and reading.tx_hash:
            return pool, (_creation(pool, event.time, reading.tx_hash),)
        return pool, ()

    def _found(self, chain: ChainState, wiring: AmmWiring, event: PoolRead, impl: Amm, reading: Reading | None) -> Pool:
        """A pool that was not known. Raises what its AMM raises."""
        pool = add(chain, wiring, event.pool, event.coins, impl, listed=event.listed)
        pool.read_block, pool.reads = event.block, reading.tries + 1 if reading else 1
        if reading is not None:
            pool.created_at, pool.created_block = reading.created_at, reading.created_block
        chain.changed_in(event.block, pool.address, None)
        try:
            kept = self._catch_up(chain, pool, impl, event.block)
        except Exception as error:  # a plugin's code
            self._lose(chain, pool, f"amm {pool.amm} failed on a log of its pool: {told(error)}")
            raise
        chain.caught_up(pool, event.block, kept)
        return pool

    def _anew(self, chain: ChainState, pool: Pool, event: PoolRead, impl: Amm) -> Pool:
        """Put what was read in place of what is known of a pool, wholly or, where it cannot be, not at all.

        Raises what its AMM raises, and `PluginFault` where it is another pool's state.
        """
        if chain.coins(event.coins) != pool.coins or dict(impl.follows()) != pool.follows:
            raise PluginFault(
                f"amm {pool.amm} read {pool.id} anew with other coins or other contracts to follow than before: "
                f"{event.coins} and {impl.follows()}"
            )
        chain.replace(pool, event.block, impl, self._catch_up(chain, pool, impl, event.block))
        pool.reads = 1  # it did not fail since it was read last
        return pool

    def priced(self, event: RollupRead) -> None:
        """What a rollup takes for data was read."""
        chain = self.chains[event.chain_id]
        chain.data_fees, chain.data_fees_asked = event.fees, False

    def unread(self, ask: str) -> None:
        """A pool could not be read, or what a rollup takes."""
        for chain in self.chains.values():
            if ask == rollup_ask(chain.id):
                chain.data_fees_asked = False
            reading = chain.readings.asked(ask)
            if reading is not None:
                self._unread(chain, reading)

    def _unread(self, chain: ChainState, reading: Reading) -> None:
        wanted = (
            not reading.listed
            or reading.address in chain.pools  # outdated
            or (reading.section, reading.address) in chain.wiring.pools
        )
        chain.readings.fail(reading, chain.number, keep=wanted)

    def _catch_up(self, chain: ChainState, pool: Pool, impl: Amm, block: int) -> dict[int, Amm]:
        """Bring a pool's state of after ``block`` up to now, by the logs that were remembered; what it was before each
        block with one. Raises what its AMM raises."""
        kept: dict[int, Amm] = {}
        for log in chain.readings.logs:
            handler = self._handler(chain, pool, log) if log.block > block else None
            if handler is not None:
                decode, method = handler
                try:
                    if log.block not in kept:
                        impl.on_block(chain.time_of(log.block))
                        kept[log.block] = impl.checkpoint()
                    getattr(impl, method)(*decode(log.topics, log.data))
                except Exception as error:  # a plugin's code, as in `_apply`
                    raise PluginFault(
                        f"amm {pool.amm} failed on log {log.index} of {log.tx_hash} for pool {pool.id}, "
                        f"which came after what was read: {told(error)}"
                    ) from error
        impl.on_block(chain.timestamp)
        return kept

    def _handler(self, chain: ChainState, pool: Pool, log: Log) -> tuple[Decode, str] | None:
        """What of a pool handles a log; None: it is not for this pool."""
        listening = chain.listening
        if log.address == pool.address:
            handlers = pool.handlers
        elif log.address in listening.singletons:
            handlers = pool.handlers if self._of_singleton(chain, log) is pool else {}
        else:
            handlers = listening.followers.get(log.address, {}).get(pool.address, (pool, {}))[1]
        return handlers.get(log.topics[0]) if handlers and log.topics else None


def _replaces(event: PoolRead, pool: Pool) -> bool:
    """Whether what was asked for is a newer state of this very pool."""
    return (event.amm, event.listed) == (pool.section, pool.listed) and event.block >= pool.created_block


def _creation(pool: Pool, time: int, tx_hash: str) -> PoolCreated:
    """The news of a pool, at a time (ns UTC)."""
    return PoolCreated(
        time=time,
        chain_id=pool.chain_id,
        block=pool.created_block,
        pool=pool.address,
        amm=pool.section,
        coins=pool.coins,
        tx_hash=tx_hash,
    )


def _token_log(chain: ChainState, event: Log, topic: str) -> tuple[Event, ...]:
    """What a log that is no pool's means for the token that logged it."""
    known = event.address in chain.tokens or event.address in chain.unlisted_tokens
    if not known or topic in (TRANSFER, APPROVAL):
        return ()
    token = asset_id(chain.id, event.address)
    name = ENABLED.get(topic)
    if name is not None:
        return (TradingEnabled(time=event.time, token=token, block=event.block),)
    name = OWNER_ACTS.get(topic, "")
    return (TokenActed(time=event.time, token=token, topic=topic, name=name, block=event.block),)
