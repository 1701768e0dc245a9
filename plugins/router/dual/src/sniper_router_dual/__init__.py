"""Best routes by dual decomposition, with a certified bound."""

from sniper import RouterSpec, hookimpl


@hookimpl
def sniper_routers() -> list[RouterSpec]:
    return [
        RouterSpec(
            name="dual",
            summary="Splits a trade over pools as well as can be, and says how well that is",
            factory="sniper_router_dual.router:Dual",
        )
    ]
