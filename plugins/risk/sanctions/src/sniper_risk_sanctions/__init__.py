"""Screens tokens, pools, deployers and own wallets against lists of addresses."""

from sniper import RiskCheckSpec, hookimpl


@hookimpl
def sniper_risk_checks() -> list[RiskCheckSpec]:
    return [
        RiskCheckSpec(
            name="sanctions",
            summary="Screens tokens, pools, deployers and own wallets against lists of addresses",
            factory="sniper_risk_sanctions.policy:Sanctions",
            in_init=False,
        )
    ]
