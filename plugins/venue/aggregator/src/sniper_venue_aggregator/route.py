"""The call of ``Aggregator.execute`` (contracts/Aggregator.sol) for a route."""

from collections.abc import Callable
from typing import Final

from sniper.evm.abi import function
from sniper.venue import NATIVE, RouteLeg, RouteSwap, UnsupportedRoute

_EXECUTE: Final = function(
    "execute((address[] coins, uint8 coinOut, uint256 amountIn, uint256 minOut, bool unwrap, uint256 deadline,"
    " (uint8 kind, uint8 coinIn, uint8 coinOut, uint64 share, uint256 pool, uint256 data)[] legs))"
)
_MOST_COINS: Final = 256


def _address(leg: RouteLeg) -> int:
    return int(leg.pool, 16)


def _balancer_id(leg: RouteLeg) -> int:
    """A pool's id in the Vault: its address, then the 96 bits of its ``venue_data``."""
    return int(leg.pool, 16) << 96 | leg.pool_data


def _nothing(leg: RouteLeg) -> int:
    return 0


def _pool_data(leg: RouteLeg) -> int:
    return leg.pool_data


KINDS: Final[dict[str, tuple[int, Callable[[RouteLeg], int], Callable[[RouteLeg], int]]]] = {
    "constant-product": (0, _address, _pool_data),
    "uniswap-v3": (1, _address, _nothing),
    "pancake-v3": (1, _address, _nothing),
    "slipstream": (1, _address, _nothing),
    "algebra": (1, _address, _nothing),
    "uniswap-v4": (2, _nothing, _pool_data),
    "solidly": (3, _address, _nothing),
    "stableswap": (4, _address, _pool_data),
    "cryptoswap": (5, _address, _pool_data),
    "balancer-weighted": (6, _balancer_id, _nothing),
    "balancer-stable": (6, _balancer_id, _nothing),
}
"""By AMM: the contract's name for the kind, and how a leg's ``pool`` and ``data`` are made. See ``Leg`` there."""


def calldata(route: RouteSwap, wrapped: str) -> bytes:
    """``wrapped``: the contract's own. Raises `UnsupportedRoute`."""

    def coin(token: str) -> str:
        return wrapped if token == NATIVE else token.lower()

    names = [coin(route.token_in), coin(route.token_out)]
    names += (coin(token) for leg in route.legs for token in (leg.coin_in, leg.coin_out))
    coins = {name: number for number, name in enumerate(dict.fromkeys(names))}
    if len(coins) > _MOST_COINS:
        raise UnsupportedRoute(f"a route through {len(coins)} coins is too long; at most {_MOST_COINS} fit")
    legs = []
    for leg in route.legs:
        kind, pool, data = KINDS[leg.amm]
        legs.append((kind, coins[coin(leg.coin_in)], coins[coin(leg.coin_out)], leg.share, pool(leg), data(leg)))
    number_out, unwrap = coins[coin(route.token_out)], route.token_out == NATIVE
    return _EXECUTE.encode((list(coins), number_out, route.amount_in, route.min_out, unwrap, route.deadline, legs))
