"""Uniswap V2, V3 and V4, through their routers."""

from sniper import VenueSpec, hookimpl


@hookimpl
def sniper_venues() -> list[VenueSpec]:
    return [
        VenueSpec(
            name="uniswap",
            summary="Uniswap V2 and V3 through their routers, routes over V2, V3 and V4, and liquidity in ranges of V3",
            factory="sniper_venue_uniswap.venue:Uniswap",
        )
    ]
