"""Curve's cryptoswap pools, new generation: tricrypto and twocrypto."""

from sniper import AmmSpec, hookimpl


@hookimpl
def sniper_amms() -> list[AmmSpec]:
    return [
        AmmSpec(
            name="cryptoswap",
            summary="Curve cryptoswap pools of two and three coins, exact to the last unit",
            factory="sniper_amm_cryptoswap.pool:Cryptoswap",
        )
    ]
