"""How an account would trade a pool in a simulation: the venue's own steps, and what the pool's formula promises."""

from collections.abc import Sequence
from dataclasses import dataclass

from sniper.amm import Amm, NoLiquidity
from sniper.errors import PluginError, PoolUnknown
from sniper.kernel.account import Account
from sniper.kernel.pool import Pool
from sniper.runtime.stage import Emitted, Plan, Planned
from sniper.types import split_asset
from sniper.venue import OnChainVenue, Swap

DEADLINE_S = 3_600


@dataclass(frozen=True)
class Way:
    """How a pool is traded. ``pool``: where it is known; else only what was bought there can be sold, by ``exit_data``.
    ``token``: address of the coin that is not the quote asset."""

    amm: str
    token: str
    venue: OnChainVenue
    pool: Pool | None
    exit_data: int = 0


class Desk:
    """The pools and venues of one account, for one simulation: pools stay as they were when they were first used."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._found: dict[str, tuple[Way, Amm | None]] = {}

    def plan(self, asked: Plan, logs: Sequence[Emitted], time: int) -> Planned:
        """See `planned`."""
        return self.planned(
            asked.pool, asked.owner, asked.amount, logs, opens=asked.opens, allowance=asked.allowance, time=time
        )

    def planned(
        self, pool: str, owner: str, amount: int, logs: Sequence[Emitted], *, opens: bool, allowance: int, time: int
    ) -> Planned:
        """How ``owner`` would trade ``amount`` in a block of ``time`` (seconds), where the venue may take ``allowance``
        already and the pool has logged ``logs`` in the simulation.

        Raises `PoolUnknown` for a pool that is neither known nor holds a position, `PluginError` where it cannot be
        traded.
        """
        way, impl = self._found.get(pool) or self._find(pool)
        chain_id, address = split_asset(pool)
        quote = self._account.wiring.quote
        pay, get = (quote, way.token) if opens else (way.token, quote)
        coin = self._account.planning.pool_coin(pay)
        steps = way.venue.plan(
            Swap(
                chain_id=chain_id,
                owner=owner,
                token_in=pay,
                token_out=get,
                pool=address,
                amm=way.amm,
                pool_data=way.pool.venue_data(coin) if way.pool else way.exit_data,
                amount_in=amount,
                min_out=0,
                deadline=time + DEADLINE_S,
                allowance=allowance,
                opens=opens,
            )
        )
        expected = 0
        if way.pool is not None and impl is not None:
            i = way.pool.coins.index(coin)
            try:
                expected = _followed(way.pool, impl, logs).amount_out(i, 1 - i, amount)
            except NoLiquidity:
                expected = 0
        spender = way.venue.spender(chain_id, way.amm)
        return Planned(pay=pay, get=get, spender=spender, steps=steps, expected=expected)

    def _find(self, pool: str) -> tuple[Way, Amm | None]:
        way = self._way(pool)
        self._found[pool] = found = way, way.pool.impl.checkpoint() if way.pool else None
        return found

    def _way(self, pool: str) -> Way:
        found, venues = self._account.pool(pool), self._account.kernel.wiring.venues
        if found is None:
            held = next((p for p in self._account.book.positions.values() if p.pool == pool), None)
            if held is None or held.venue not in venues:
                raise PoolUnknown(f"pool {pool} cannot be simulated: nothing is known of it")
            return Way(held.amm, split_asset(held.token)[1], venues[held.venue], None, held.exit_data)
        if found.token is None:
            raise PluginError(f"pool {pool} cannot be simulated: it has no quote asset on one side")
        for venue in venues.values():
            if venue.serves(found.chain_id, found.amm):
                return Way(found.amm, split_asset(found.token)[1], venue, found)
        raise PluginError(f"pool {pool} cannot be simulated: no venue serves {found.amm}")


def _followed(pool: Pool, impl: Amm, logs: Sequence[Emitted]) -> Amm:
    """``impl`` after ``logs``, a copy where one of them is the pool's: no need to read its state back."""
    own = [log for log in logs if log.address == pool.address and log.topics and log.topics[0] in pool.handlers]
    if not own:
        return impl
    impl = impl.checkpoint()
    for log in own:
        decode, method = pool.handlers[log.topics[0]]
        getattr(impl, method)(*decode(log.topics, log.data))
    return impl
