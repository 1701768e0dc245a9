"""How an account would trade pools in a simulation."""

from collections.abc import Sequence
from dataclasses import replace

from sniper.errors import PluginError, PoolUnknown
from sniper.kernel.account import Account
from sniper.runtime.stage import Emitted, Plan, Planned
from sniper.runtime.way import Way
from sniper.types import split_asset


class Desk:
    """The pools and venues of one account, for one simulation: pools stay as they were when they were first used."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._found: dict[str, Way] = {}

    def plan(self, asked: Plan, logs: Sequence[Emitted], time: int) -> Planned:
        """See `Way.planned`. Raises what `way` raises."""
        return self.way(asked.pool).planned(asked, logs, time)

    def way(self, pool: str) -> Way:
        """How a pool is traded.

        Raises `PoolUnknown` for one that is neither known nor holds a position, `PluginError` where it cannot be.
        """
        found = self._found.get(pool)
        if found is None:
            found = self._found[pool] = self._way(pool)
        return found

    def _way(self, pool: str) -> Way:
        account = self._account
        found, venues = account.pool(pool), account.kernel.wiring.venues
        quote, wrapped = account.wiring.quote, account.chain.wiring.wrapped_native
        if found is None:
            held = next((p for p in account.book.positions.values() if p.pool == pool), None)
            if held is None or held.venue not in venues:
                raise PoolUnknown(f"pool {pool} cannot be simulated: nothing is known of it")
            token = split_asset(held.token)[1]
            return Way(pool, held.amm, token, quote, wrapped, venues[held.venue], exit_data=held.exit_data)
        if found.token is None:
            raise PluginError(f"pool {pool} cannot be simulated: it has no quote asset on one side")
        for venue in venues.values():
            if venue.serves(found.chain_id, found.amm):
                way = Way(pool, found.amm, split_asset(found.token)[1], quote, wrapped, venue, found.coins)
                return replace(way, impl=found.impl.checkpoint())
        raise PluginError(f"pool {pool} cannot be simulated: no venue serves {found.amm}")
