"""Denies trades where the account's or the venue's jurisdiction forbids them."""

from sniper import RiskCheckSpec, hookimpl


@hookimpl
def sniper_risk_checks() -> list[RiskCheckSpec]:
    return [
        RiskCheckSpec(
            name="geo",
            summary="Denies trades where the account's or the venue's jurisdiction forbids them",
            factory="sniper_risk_geo.policy:Geo",
            in_init=False,
        )
    ]
