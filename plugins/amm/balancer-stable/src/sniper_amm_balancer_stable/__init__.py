"""Composable stable pools of Balancer V2."""

from sniper import AmmSpec, hookimpl


@hookimpl
def sniper_amms() -> list[AmmSpec]:
    return [
        AmmSpec(
            name="balancer-stable",
            summary="Balancer V2 composable stable pools of 2 to 5 coins, exact to the last unit",
            factory="sniper_amm_balancer_stable.pool:BalancerStable",
        )
    ]
