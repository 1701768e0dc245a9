"""Says which accounts may use which venues, AMMs, tokens and pools."""

from sniper import RiskCheckSpec, hookimpl


@hookimpl
def sniper_risk_checks() -> list[RiskCheckSpec]:
    return [
        RiskCheckSpec(
            name="venue",
            summary="Says which accounts may use which venues, AMMs, tokens and pools",
            factory="sniper_risk_venue.policy:Venue",
            in_init=False,
        )
    ]
