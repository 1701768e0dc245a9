"""Finds what a token's owner can do, from its runtime bytecode alone."""

from sniper import RiskCheckSpec, hookimpl


@hookimpl
def sniper_risk_checks() -> list[RiskCheckSpec]:
    return [
        RiskCheckSpec(
            name="owner-powers",
            summary="Finds what a token's owner can do, from its runtime bytecode alone",
            factory="sniper_risk_owner_powers.check:OwnerPowersCheck",
        )
    ]
