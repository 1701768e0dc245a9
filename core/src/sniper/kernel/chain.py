"""One chain as the kernel knows it: its blocks, its pools and tokens, and what they were before each block.

Each pool keeps, for every block that is not final, what it was before that block; a reorg puts that back.
"""

from collections import OrderedDict, deque
from collections.abc import Iterator
from copy import copy

from sniper.amm import Amm
from sniper.events import Block
from sniper.evm.rollup_fee import RollupFees
from sniper.fee import FeeEstimator
from sniper.kernel.given import given
from sniper.kernel.listening import Listening
from sniper.kernel.pool import Pool
from sniper.kernel.reading import Readings
from sniper.kernel.tokens import Token
from sniper.kernel.wiring import ChainWiring
from sniper.types import NATIVE, FeeBid, Stake


class NoFees(FeeEstimator):
    """Of no chain: nothing is ever sent there."""

    def block(self, block: Block) -> None:
        """There is none."""

    def bid(self, *, urgent: bool, blocks_waited: int) -> FeeBid:
        raise NotImplementedError("an account without a wallet sends no transaction")


def nowhere() -> "ChainState":
    """What an account without a wallet has for a chain: no blocks, no pools."""
    return ChainState(ChainWiring(chain_id=0, wrapped_native="", fee=NoFees()))


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
        self.data_fees: RollupFees | None = None
        """Of a rollup, as they were read last; None: not yet."""
        self.data_fees_asked = False
        """Whether a reading of them is out."""
        self.stale: set[str] = set()
        self.pools: OrderedDict[str, Pool] = OrderedDict()
        self.tokens: dict[str, Token] = {}
        self.money_pools: dict[str, dict[str, Pool]] = {}
        """Listed pools of each coin that counts as money, by address."""
        self.unlisted: dict[str, Pool] = {}
        """Evicted pools, until `sniper.kernel.listing.release`; oldest first."""
        self.unlisted_tokens: dict[str, Token] = {}
        """What was known of their tokens, and is said of them since."""
        self.readings = Readings()
        self.quotes = frozenset((wiring.wrapped_native, *wiring.quotes))
        self.undo: deque[tuple[int, dict[str, Amm | None]]] = deque()
        """Of each block that is not final, oldest first: its number, and what the pools that changed in it were before
        it, by their address; None: there was no such pool."""
        self.touched: set[str] | None = None
        """Addresses of pools that changed, for whoever keeps a mirror and clears it; None: nobody does."""
        self.headers: deque[Block] = deque(maxlen=wiring.finality + 1)
        self.listening = Listening(wiring.amms)
        self.amms = {amm.name: amm for amm in wiring.amms}

    @property
    def head(self) -> Block | None:
        """The newest block."""
        return self.headers[-1] if self.headers else None

    def bid(self, *, urgent: bool, blocks_waited: int, stake: Stake | None = None) -> FeeBid:
        """What the fee estimator offers now. Raises whatever the plugin raises, and `PluginFault`."""
        if stake is not None:
            found: object = self.fee.bid_for(stake, urgent=urgent, blocks_waited=blocks_waited)
        else:
            found = self.fee.bid(urgent=urgent, blocks_waited=blocks_waited)
        return self.offered(given(found, FeeBid))

    def offered(self, bid: FeeBid) -> FeeBid:
        """A bid as it can be signed here: where transactions are legacy ones, the most that it would pay is the gas
        price."""
        return FeeBid(max_priority_fee=bid.max_fee, max_fee=bid.max_fee) if self.wiring.legacy else bid

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

    def time_of(self, block: int) -> int:
        """Second of a block; of the oldest that is remembered, where that one is not."""
        return next((header.timestamp for header in self.headers if header.number >= block), self.timestamp)

    def coins(self, coins: tuple[str, ...]) -> tuple[str, ...]:
        """Of a pool. The chain's own coin and its wrapped token are one coin here: venues wrap and unwrap."""
        return tuple(self.wiring.wrapped_native if coin == NATIVE else coin for coin in coins)

    def money(self, coins: tuple[str, ...]) -> int | None:
        """Index of the coin that counts as money; None where no coin or more than one does."""
        found = [i for i, coin in enumerate(coins) if coin in self.quotes]
        return found[0] if len(found) == 1 else None

    # ---- blocks, and how to undo them ----

    def began(self, block: Block) -> None:
        """A new head on its predecessor; the oldest that could be undone may be final now."""
        self.number = block.number
        self.timestamp = block.timestamp
        self.base_fee = block.base_fee
        self.headers.append(block)
        self.undo.append((block.number, {}))
        if len(self.undo) > self.wiring.finality:
            self.undo.popleft()

    def can_undo(self, ancestor: int) -> bool:
        """Whether the blocks above ``ancestor`` are all still undoable."""
        return ancestor >= (self.undo[0][0] - 1 if self.undo else self.number)

    def keep(self, pool: Pool, block: int) -> None:
        """Before the first change in a block: remember what the pool was, and that it is in use."""
        pool.undo_block = block
        if pool.listed:
            self.pools.move_to_end(pool.address)
        newest, kept = self.undo[-1] if self.undo else (-1, {})
        if newest == block and pool.address not in kept:
            kept[pool.address] = pool.impl.checkpoint()

    def touch(self, pool: Pool) -> None:
        """Its state changes. Hot."""
        pool.changes += 1
        if self.touched is not None:
            self.touched.add(pool.address)

    def replace(self, pool: Pool, block: int, impl: Amm, kept: dict[int, Amm]) -> None:
        """Put a state that was read as it was after ``block`` in place of the one that was followed by logs until now.

        kept  What it was before each later block that changed it. A reorg below ``block`` puts the former one back.
        """
        before: Amm | None = pool.impl
        for number, changed in reversed(self.undo):
            if number <= block:
                break
            before = changed.pop(pool.address, before)
        self.changed_in(block, pool.address, before)
        pool.impl = impl
        self.caught_up(pool, block, kept)

    def caught_up(self, pool: Pool, block: int, kept: dict[int, Amm]) -> None:
        """A pool is in the state that was read after ``block`` and followed since; ``kept``: see `replace`."""
        pool.read_block, pool.undo_block = block, max(kept, default=block)
        for number, state in kept.items():
            self.changed_in(number, pool.address, state)
        self.touch(pool)

    def changed_in(self, block: int, address: str, before: Amm | None) -> None:
        """Note what a pool was before a block, where that can still be undone and is not noted yet."""
        for number, kept in reversed(self.undo):
            if number <= block:
                if number == block:
                    kept.setdefault(address, before)
                return

    def undone(self, ancestor: int) -> Iterator[tuple[str, Amm | None]]:
        """Take the blocks above ``ancestor`` back, newest first: address, and what that pool was before the block."""
        while self.undo and self.undo[-1][0] > ancestor:
            _, kept = self.undo.pop()
            yield from kept.items()

    def back_to(self, ancestor: int) -> None:
        """Be at ``ancestor`` again, after a reorg."""
        while self.headers and self.headers[-1].number > ancestor:
            self.headers.pop()
        self.number = ancestor
        if self.headers:
            self.timestamp, self.base_fee = self.headers[-1].timestamp, self.headers[-1].base_fee
        self.readings.reorg(ancestor)
