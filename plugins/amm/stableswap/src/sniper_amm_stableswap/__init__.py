"""Stable pools of Curve."""

from sniper import AmmSpec, hookimpl


@hookimpl
def sniper_amms() -> list[AmmSpec]:
    return [
        AmmSpec(
            name="stableswap",
            summary="Stable pools of Curve: plain, meta and NG",
            factory="sniper_amm_stableswap.pool:Stableswap",
        )
    ]
