"""Refuses tokens that few hold, or that were bought in a bundle."""

from sniper import RiskCheckSpec, hookimpl


@hookimpl
def sniper_risk_checks() -> list[RiskCheckSpec]:
    return [
        RiskCheckSpec(
            name="holders",
            summary="Refuses tokens that few hold, or that were bought in a bundle",
            factory="sniper_risk_holders.check:Holders",
            in_init=False,  # it needs a node that gives logs and blocks of the past
            profiles={
                "cautious": {
                    "max_top_bps": 500,
                    "max_top_ten_bps": 2500,
                    "max_herfindahl": 200,
                    "max_fresh_bps": 1000,
                    "fresh": "deny",
                    "max_bundled_bps": 1000,
                    "bundled": "deny",
                    "max_earlier_tokens": 2,
                    "earlier": "deny",
                    "unseen": "deny",
                },
                "degen": {
                    "max_top_bps": 4000,
                    "max_top_ten_bps": 8000,
                    "concentrated": "warn",
                    "funding_blocks": 0,
                },
            },
        )
    ]
