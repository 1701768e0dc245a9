"""Routes across Uniswap V2, V3, V4, Solidly, Curve and Balancer V2, in one transaction."""

from sniper import VenueSpec, hookimpl


@hookimpl
def sniper_venues() -> list[VenueSpec]:
    return [
        VenueSpec(
            name="aggregator",
            summary="Split routes across protocols in one transaction, through a contract of its own",
            factory="sniper_venue_aggregator.venue:Aggregator",
            in_init=False,
        )
    ]
