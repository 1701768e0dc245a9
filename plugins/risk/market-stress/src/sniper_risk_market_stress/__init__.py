"""Stops entries in a market under stress, and pulls the kill switch when it gets worse."""

from sniper import RiskCheckSpec, hookimpl


@hookimpl
def sniper_risk_checks() -> list[RiskCheckSpec]:
    return [
        RiskCheckSpec(
            name="market-stress",
            summary="Stops entries in a market under stress, and pulls the kill switch when it gets worse",
            factory="sniper_risk_market_stress.watch:MarketStress",
            in_init=False,  # its limits are judgement that a trader must take on knowingly
            profiles={
                "cautious": {
                    "max_fee_bps": 20_000,
                    "max_falling_bps": 3_000,
                    "trip_falling_bps": 6_000,
                    "max_leaving_bps": 1_500,
                    "trip_leaving_bps": 3_000,
                    "trip_losses": 4,
                },
                "degen": {
                    "max_fee_bps": 100_000,
                    "max_falling_bps": 8_000,
                    "trip_falling_bps": 9_500,
                    "max_leaving_bps": 6_000,
                    "trip_leaving_bps": 8_000,
                    "trip_losses": 12,
                },
            },
        )
    ]
