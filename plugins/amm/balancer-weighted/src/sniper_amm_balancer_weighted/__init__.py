"""Weighted pools of Balancer V2."""

from sniper import AmmSpec, hookimpl


@hookimpl
def sniper_amms() -> list[AmmSpec]:
    return [
        AmmSpec(
            name="balancer-weighted",
            summary="Balancer V2 weighted pools of 2 to 8 tokens, exact to the last unit",
            factory="sniper_amm_balancer_weighted.pool:BalancerWeighted",
        )
    ]
