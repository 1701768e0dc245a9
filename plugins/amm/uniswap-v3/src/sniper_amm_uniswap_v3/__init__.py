"""Uniswap V3 pools."""

from sniper import AmmSpec, hookimpl


@hookimpl
def sniper_amms() -> list[AmmSpec]:
    return [
        AmmSpec(
            name="uniswap-v3",
            summary="Uniswap V3 pools, exact to the last unit",
            factory="sniper_amm_uniswap_v3.pool:UniswapV3",
        )
    ]
