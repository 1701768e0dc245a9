"""Refuses pools that are too shallow, too new or too old for the amount."""

from sniper import RiskCheckSpec, hookimpl


@hookimpl
def sniper_risk_checks() -> list[RiskCheckSpec]:
    return [
        RiskCheckSpec(
            name="liquidity",
            summary="Refuses pools that are too shallow, too new or too old for the amount",
            factory="sniper_risk_liquidity.check:Liquidity",
        )
    ]
