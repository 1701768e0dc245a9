"""Refuses tokens that cannot be sold: buys and sells on a copy of the chain first."""

from sniper import RiskCheckSpec, hookimpl


@hookimpl
def sniper_risk_checks() -> list[RiskCheckSpec]:
    return [
        RiskCheckSpec(
            name="honeypot",
            summary="Refuses tokens that cannot be sold: buys and sells on a copy of the chain first",
            factory="sniper_risk_honeypot.check:Honeypot",
        )
    ]
