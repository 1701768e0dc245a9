"""Demands that an account is identified well enough for the venue and the amount."""

from sniper import RiskCheckSpec, hookimpl


@hookimpl
def sniper_risk_checks() -> list[RiskCheckSpec]:
    return [
        RiskCheckSpec(
            name="kyc",
            summary="Demands that an account is identified well enough for the venue and the amount",
            factory="sniper_risk_kyc.policy:Kyc",
            in_init=False,
        )
    ]
