"""What the strategy looks at: is this pool a launch that it wants?"""

from typing import Literal

from sniper.plugin import State
from sniper.strategy import View
from sniper.types import NATIVE, SECOND, place_of, split_asset
from sniper.view import PoolView
from sniper_strategy_launch_snipe.config import LaunchSnipeConfig


class Launch(State):
    """One token that is followed.

    pool           Id of the pool to buy from. ``block``: where it was found.
    until          ns UTC: patience ends.
    stage          ``waiting`` for a time or an event; ``asked``: an intent is under way; ``over``: not tried again.
    tries          Intents so far.
    not_before     ns UTC: when the last denial said that it may fare better.
    enabled_block  Where the token said that it trades; 0: it did not.
    """

    pool: str
    block: int
    until: int
    stage: Literal["waiting", "asked", "over"] = "waiting"
    tries: int = 0
    not_before: int = 0
    enabled_block: int = 0


def pair_coin(token: str, pool: PoolView) -> str | None:
    """Address of the other coin of a pair; None where the pool is no pair with this token."""
    coin = split_asset(token)[1]
    if len(pool.coins) != 2 or coin not in pool.coins:
        return None
    return pool.coins[1] if pool.coins[0] == coin else pool.coins[0]


def is_wanted(token: str, pool: PoolView, config: LaunchSnipeConfig, view: View) -> bool:
    """Whether the pool passes the filters now, those aside for which one can wait."""
    coin = pair_coin(token, pool)
    if coin is None or not _is_pair_token(coin, pool, config, view):
        return False
    reserve = pool.reserve(coin)
    if reserve < config.min_liquidity or (config.max_liquidity is not None and reserve > config.max_liquidity):
        return False
    if not _is_fresh(pool, config, view) or _trades_elsewhere(token, pool, config, view):
        return False
    return deployer_passes(token, config, view) is not False


def deployer_passes(token: str, config: LaunchSnipeConfig, view: View) -> bool | None:
    """None: not known yet, and worth waiting for."""
    if not (config.allowed_deployers or config.denied_deployers):
        return True
    known = view.token(token)
    if known is None or not known.deployer:
        return {"wait": None, "allow": True, "deny": False}[config.unknown_deployer]
    if known.deployer in config.denied_deployers:
        return False
    return not config.allowed_deployers or known.deployer in config.allowed_deployers


def _is_pair_token(coin: str, pool: PoolView, config: LaunchSnipeConfig, view: View) -> bool:
    if config.pair_tokens:
        return coin in config.pair_tokens
    # The native coin stands in pools in its wrapped form, whose address only the venue knows: the route decides.
    quote = split_asset(view.quote_asset(place_of(pool.id)))[1]
    return quote in (NATIVE, coin)


def _is_fresh(pool: PoolView, config: LaunchSnipeConfig, view: View) -> bool:
    return pool.created_at > 0 and view.now - pool.created_at <= config.max_age_s * SECOND


def _trades_elsewhere(token: str, pool: PoolView, config: LaunchSnipeConfig, view: View) -> bool:
    """A further pool of a token that has long been trading is no launch. Pools that hold next to nothing do not count:
    anyone can make one beforehand."""
    coin = pair_coin(token, pool)
    for other in view.pools_of(token):
        other_coin = pair_coin(token, other)
        if other.id == pool.id or other_coin is None or _is_fresh(other, config, view):
            continue
        if other.reserve(other_coin) >= (config.min_liquidity if other_coin == coin else 1):
            return True
    return False
