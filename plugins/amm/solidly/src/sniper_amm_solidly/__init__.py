"""Pairs of Velodrome, Aerodrome, Solidly and their forks."""

from sniper import AmmSpec, hookimpl


@hookimpl
def sniper_amms() -> list[AmmSpec]:
    return [
        AmmSpec(
            name="solidly",
            summary="Pairs of Velodrome, Aerodrome and Solidly, volatile and stable",
            factory="sniper_amm_solidly.pool:Solidly",
        )
    ]
