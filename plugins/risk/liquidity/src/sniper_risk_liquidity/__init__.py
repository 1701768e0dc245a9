"""Refuses pools that are too shallow, too new or too old for the amount."""

from sniper import RiskCheckSpec, hookimpl


@hookimpl
def sniper_risk_checks() -> list[RiskCheckSpec]:
    return [
        RiskCheckSpec(
            name="liquidity",
            summary="Refuses pools that are too shallow, too new or too old for the amount",
            factory="sniper_risk_liquidity.check:Liquidity",
            profiles={
                "cautious": {"max_impact_bps": 200, "max_share_bps": 300},
                "degen": {"max_impact_bps": 1500, "max_share_bps": 3000},
            },
        )
    ]
