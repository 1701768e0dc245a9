"""Caps what is at stake in tokens that move together."""

from sniper import RiskCheckSpec, hookimpl


@hookimpl
def sniper_risk_checks() -> list[RiskCheckSpec]:
    return [
        RiskCheckSpec(
            name="correlation",
            summary="Caps what is at stake in tokens that move together",
            factory="sniper_risk_correlation.watch:Correlation",
            in_init=False,  # its limits are judgement that a trader must take on knowingly
            profiles={
                "cautious": {"max_together_bps": 2_000, "together_bps": 3_500},
                "degen": {"max_together_bps": 8_000, "together_bps": 7_000},
            },
        )
    ]
