"""Takes the best of what routers propose and of the direct routes."""

from collections.abc import Sequence

from sniper.amm import NoLiquidity
from sniper.errors import told
from sniper.router import Graph, NoRoute, Proposal, RouteAsk
from sniper.routing.direct import Refused, direct_routes
from sniper.routing.prune import pruned
from sniper.routing.quote import quoted
from sniper.routing.route import Route


def best_route(graph: Graph, ask: RouteAsk, proposals: Sequence[Proposal] = ()) -> tuple[Route, tuple[Refused, ...]]:
    """The route that nets most right now, and what was left out on the way: pools, and legs of proposals that are no
    route any more. The bounds of proposals hold for whatever is chosen: the tightest one is taken.

    Raises `NoRoute` where nothing is left.
    """
    direct, refused = direct_routes(graph, ask)
    routes, left_out = list(direct[:1]), [*refused]
    for proposal in proposals:
        left_out += [Refused(pool, reason) for pool, reason in proposal.refused]
        try:
            route = quoted(
                graph, ask, proposal.legs, method=proposal.method, bound=proposal.bound, near=proposal.expected
            )
            routes.append(pruned(graph, route))
        except (NoRoute, NoLiquidity) as error:
            left_out.append(Refused(f"legs of {proposal.method}", str(error)))
        except Exception as error:  # a plugin's code: an AMM that fails ends this proposal and nothing else
            left_out.append(Refused(f"legs of {proposal.method}", told(error)))
    if not routes:
        why = "; ".join(f"{pool}: {reason}" for pool, reason in left_out[:5])
        raise NoRoute(f"nothing leads from {ask.token_in} to {ask.token_out}{f' ({why})' if why else ''}")
    bounds = [proposal.bound for proposal in proposals if proposal.bound is not None]
    bound = (max(bounds) if ask.exact_out else min(bounds)) if bounds else None
    best = max(routes, key=lambda route: route.net)
    return (best if best.bound == bound else _bounded(best, bound)), tuple(dict.fromkeys(left_out))


def _bounded(route: Route, bound: int | None) -> Route:
    return Route(
        ask=route.ask,
        hops=route.hops,
        amount_in=route.amount_in,
        amount_out=route.amount_out,
        gas=route.gas,
        impact=route.impact,
        method=route.method,
        bound=bound,
    )
