"""Refuses tokens that cannot be sold: buys and sells on a copy of the chain first."""

from sniper import RiskCheckSpec, hookimpl


@hookimpl
def sniper_risk_checks() -> list[RiskCheckSpec]:
    return [
        RiskCheckSpec(
            name="honeypot",
            summary="Refuses tokens that cannot be sold, or that an owner can make so, by trying it",
            factory="sniper_risk_honeypot.check:Honeypot",
            profiles={
                "cautious": {
                    "max_buy_tax_bps": 300,
                    "max_sell_tax_bps": 300,
                    "max_round_trip_loss_bps": 800,
                    "max_cooldown_s": 12,
                    "max_owner_tax_bps": 1000,
                    "trust_shared_owners": False,
                },
                "degen": {
                    "max_buy_tax_bps": 2500,
                    "max_sell_tax_bps": 2500,
                    "max_round_trip_loss_bps": 4500,
                    "max_cooldown_s": 600,
                    "max_owner_tax_bps": 10_000,
                    "owner_stops_sales": "warn",
                    "owner_takes_balances": "warn",
                },
            },
        )
    ]
