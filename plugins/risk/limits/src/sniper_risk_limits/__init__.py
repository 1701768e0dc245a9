"""Caps on what an account may spend, hold and lose."""

from sniper import RiskCheckSpec, hookimpl


@hookimpl
def sniper_risk_checks() -> list[RiskCheckSpec]:
    return [
        RiskCheckSpec(
            name="limits",
            summary="Caps on what an account may spend, hold and lose",
            factory="sniper_risk_limits.check:Limits",
        )
    ]
