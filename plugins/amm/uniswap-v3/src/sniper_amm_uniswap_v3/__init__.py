"""Pools of Uniswap V3 and of what was made from it."""

from sniper import AmmSpec, hookimpl


@hookimpl
def sniper_amms() -> list[AmmSpec]:
    return [
        AmmSpec(
            name="uniswap-v3",
            summary="Uniswap V3 pools, exact to the last unit",
            factory="sniper_amm_uniswap_v3.pool:UniswapV3",
        ),
        AmmSpec(
            name="pancake-v3",
            summary="PancakeSwap V3 pools, exact to the last unit",
            factory="sniper_amm_uniswap_v3.pancake:PancakeV3",
        ),
        AmmSpec(
            name="slipstream",
            summary="Slipstream pools of Aerodrome and Velodrome, exact to the last unit while their fee stays",
            factory="sniper_amm_uniswap_v3.slipstream:Slipstream",
        ),
        AmmSpec(
            name="algebra",
            summary="Algebra Integral pools whose plugin cannot change a swap, exact to the last unit",
            factory="sniper_amm_uniswap_v3.algebra:Algebra",
        ),
    ]
