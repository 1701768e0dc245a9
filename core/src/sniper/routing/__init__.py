"""Routes in exact integers: quotes of legs on the pools as they are, direct routes, and what pays its gas.

Pure: the kernel decides with it. Where legs come from is the business of `sniper.router`.
"""

from sniper.routing.accept import best_route
from sniper.routing.cycle import Cycle, confirmed, walked
from sniper.routing.direct import Refused, direct_routes
from sniper.routing.explain import explain
from sniper.routing.prune import pruned, split
from sniper.routing.quote import hops_of, quoted, sane
from sniper.routing.route import Hop, Route
from sniper.routing.worth import worth

__all__ = [
    "Cycle",
    "Hop",
    "Refused",
    "Route",
    "best_route",
    "confirmed",
    "direct_routes",
    "explain",
    "hops_of",
    "pruned",
    "quoted",
    "sane",
    "split",
    "walked",
    "worth",
]
