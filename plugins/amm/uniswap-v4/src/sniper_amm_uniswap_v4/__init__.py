"""Uniswap V4 pools."""

from sniper import AmmSpec, hookimpl


@hookimpl
def sniper_amms() -> list[AmmSpec]:
    return [
        AmmSpec(
            name="uniswap-v4",
            summary="Uniswap V4 pools whose hooks cannot change a swap, exact to the last unit",
            factory="sniper_amm_uniswap_v4.pool:UniswapV4",
        )
    ]
