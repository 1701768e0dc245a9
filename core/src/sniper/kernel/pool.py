"""A pool as the kernel knows it, and what a change of it means for its token."""

from fractions import Fraction
from typing import Any

from sniper.amm import Amm
from sniper.events import Event, LiquidityAdded, LiquidityRemoved, Log
from sniper.kernel.given import given_amount, given_data
from sniper.kernel.listening import Handlers
from sniper.kernel.reading import Creation
from sniper.kernel.wiring import AmmWiring
from sniper.types import BPS, asset_id


class Pool:
    """One pool and what is known of it; implements `sniper.view.PoolView`."""

    __slots__ = (
        "address", "amm", "chain_id", "changes", "coins", "config", "created_at", "created_block",
        "follows", "handlers", "id", "impl", "listed", "quote", "read_block", "reads", "section", "token",
        "undo_block", "watchers",
    )  # fmt: skip

    def __init__(self, chain_id: int, address: str, impl: AmmWiring, coins: tuple[str, ...], quote: int | None) -> None:
        self.id = asset_id(chain_id, address)
        self.chain_id = chain_id
        self.address = address
        self.impl: Amm
        self.amm = impl.plugin
        self.section = impl.name
        self.config = impl.config
        self.changes = 0
        """How often its state may have changed in this process: as long as this stays, so do all answers of its AMM."""
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

    @property
    def creation(self) -> Creation:
        """When it was made; whoever wants to know of that has been told."""
        return Creation(self.created_at, self.created_block)

    def amount_out(self, token_in: str, amount_in: int) -> int:
        """See `PoolView`."""
        i = self.coins.index(token_in)
        return given_amount(self.impl.amount_out(i, 1 - i, amount_in))

    def place(self) -> tuple[int, int]:
        """See `PoolView`."""
        return self.impl.place()

    def venue_data(self, token_in: str) -> int:
        """See `Amm.venue_data`."""
        i = self.coins.index(token_in)
        return given_data(self.impl.venue_data(i, 1 - i))

    def reserve(self, token: str) -> int:
        """See `PoolView`."""
        return self.impl.reserve(self.coins.index(token))

    def price(self, token: str) -> Fraction:
        """See `PoolView`."""
        i = self.coins.index(token)
        return self.impl.price(i, 1 - i)


def liquidity(pool: Pool, event: Log, change: tuple[int, ...]) -> tuple[Event, ...]:
    """What a pool's change means for its token, where it has one and a coin that counts as money.

    ``change``: of its reserves, base units, in the order of its coins.
    """
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
