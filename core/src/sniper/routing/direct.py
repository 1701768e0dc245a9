"""Routes through one pool, and why a pool has none."""

from typing import NamedTuple

from sniper.amm import NoLiquidity
from sniper.errors import told
from sniper.router import Graph, Leg, Listed, NoRoute, RouteAsk
from sniper.routing.quote import quoted, sane
from sniper.routing.route import Route


class Refused(NamedTuple):
    """A pool that was left out. ``pool``: its address."""

    pool: str
    reason: str


def direct_routes(graph: Graph, ask: RouteAsk) -> tuple[tuple[Route, ...], tuple[Refused, ...]]:
    """All routes through one pool, the best first, and the pools between the two coins that have none.

    Raises `NoRoute` for a question without sense.
    """
    sane(ask)
    routes, refused = [], []
    # Every pool between the two is found with the coin that has fewer of them.
    pools = min(graph.trading(ask.token_in), graph.trading(ask.token_out), key=len)
    for pool in pools:
        if ask.token_in not in pool.coins or ask.token_out not in pool.coins:
            continue
        found = _direct(graph, ask, pool)
        if isinstance(found, Route):
            routes.append(found)
        else:
            refused.append(found)
    routes.sort(key=lambda route: (-route.net, route.hops[0].leg.pool))
    return tuple(routes), tuple(refused)


def _direct(graph: Graph, ask: RouteAsk, pool: Listed) -> Route | Refused:
    leg = Leg(pool=pool.address, token_in=ask.token_in, token_out=ask.token_out)
    try:
        return quoted(graph, ask, (leg,), method="direct", bound=None)
    except (NoRoute, NoLiquidity) as error:
        return Refused(pool.address, str(error))
    except Exception as error:  # a plugin's code: whatever it raises makes this pool unusable, and only this pool
        return Refused(pool.address, f"its AMM failed: {told(error)}")
