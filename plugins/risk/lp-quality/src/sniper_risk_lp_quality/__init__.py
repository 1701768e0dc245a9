"""Refuses pools whose liquidity somebody can take away."""

from sniper import RiskCheckSpec, hookimpl


@hookimpl
def sniper_risk_checks() -> list[RiskCheckSpec]:
    return [
        RiskCheckSpec(
            name="lp-quality",
            summary="Refuses pools whose liquidity somebody can take away",
            factory="sniper_risk_lp_quality.check:LpQuality",
            in_init=False,  # at a launch the liquidity is often still the deployer's: a trader who waits asks for it
            profiles={
                "cautious": {
                    "min_locked_bps": 9500,
                    "min_lock_s": 15_552_000,
                    "max_deployer_bps": 500,
                    "deployer_unknown": "deny",
                    "max_removed_bps": 500,
                    "max_single_sided_bps": 2000,
                    "max_out_of_range_bps": 2000,
                    "single_sided": "deny",
                    "funded_buyers": "deny",
                    "max_funded_bps": 200,
                },
                "degen": {
                    "unlocked": "warn",
                    "min_lock_s": 86_400,
                    "max_deployer_bps": 5000,
                    "deployer_holds": "warn",
                    "max_removed_bps": 5000,
                    "funding_blocks": 0,
                },
            },
        )
    ]
