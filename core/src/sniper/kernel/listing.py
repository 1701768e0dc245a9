"""Which pools a chain lists, and which it only keeps.

Launches never end and memory does, so a chain lists a bounded number of pools and evicts the one that changed longest
ago. What is listed follows from the chain's events alone: no account sees another market because of what others hold.
An evicted pool goes on, unlisted, for the accounts that need it (`Account.pools`), and is unknown to all others.
"""

from collections.abc import Container
from copy import copy

from sniper.amm import Amm
from sniper.kernel.chain import ChainState
from sniper.kernel.pool import Pool
from sniper.kernel.tokens import Token
from sniper.kernel.wiring import AmmWiring
from sniper.types import asset_id


def add(chain: ChainState, wiring: AmmWiring, address: str, coins: tuple[str, ...], impl: Amm, *, listed: bool) -> Pool:
    """A pool that the chain did not know. ``listed``: for everybody, which may evict another one; else for the accounts
    that need it."""
    coins = chain.coins(coins)
    pool = Pool(chain.id, address, wiring, coins, chain.money(coins))
    pool.impl = impl
    evicted = chain.unlisted.get(address)
    if evicted is not None:  # the listed one is the truth from now on, for those as well who needed the other
        for guard in tuple(evicted.watchers):
            guard.follow(pool)
        forget(chain, evicted)
    chain.listening.join(pool)
    if chain.touched is not None:
        chain.touched.add(address)
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
        _evict(chain)
    return pool


def release(chain: ChainState, needed: Container[str]) -> None:
    """Forget the evicted pools whose ids are not ``needed`` any more, and have them read no more."""
    for reading in list(chain.readings.open.values()):
        if not reading.listed and asset_id(chain.id, reading.address) not in needed:
            chain.readings.close(reading)
    for pool in [pool for pool in chain.unlisted.values() if pool.id not in needed]:
        forget(chain, pool)
    coins = {coin for pool in chain.unlisted.values() for coin in pool.coins}
    chain.unlisted_tokens = {coin: token for coin, token in chain.unlisted_tokens.items() if coin in coins}


def forget(chain: ChainState, pool: Pool) -> None:
    """It is neither listed nor kept any more, and no reorg brings it back."""
    if pool.listed:
        _unlist(chain, pool)
    else:
        del chain.unlisted[pool.address]
    chain.listening.leave(pool)
    for _, kept in chain.undo:
        if kept.get(pool.address) is not None:
            del kept[pool.address]  # what it was must not come back in a pool that is read anew


def _evict(chain: ChainState) -> None:
    """Unlist the pool that changed longest ago."""
    pool = next(iter(chain.pools.values()))
    for coin in pool.coins:
        if coin in chain.tokens:
            known = chain.unlisted_tokens[coin] = copy(chain.tokens[coin])
            known.pools = ()
    _unlist(chain, pool)
    pool.listed = False
    chain.unlisted[pool.address] = pool
    chain.readings.leave(pool.address, listed=True)  # it was outdated, and must not come back for that


def _unlist(chain: ChainState, pool: Pool) -> None:
    del chain.pools[pool.address]
    if chain.touched is not None:
        chain.touched.add(pool.address)
    for coin in pool.coins:
        chain.money_pools.get(coin, {}).pop(pool.address, None)
        token = chain.tokens.get(coin)
        if token is not None:
            token.pools = tuple(other for other in token.pools if other is not pool)
            if not token.pools:
                del chain.tokens[coin]
