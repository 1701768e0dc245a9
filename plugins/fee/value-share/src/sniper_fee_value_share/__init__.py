"""Bids a share of what a bundle brings, learned from wins and losses."""

from sniper import FeeEstimatorSpec, hookimpl


@hookimpl
def sniper_fee_estimators() -> list[FeeEstimatorSpec]:
    return [
        FeeEstimatorSpec(
            name="value-share",
            summary="Bids a share of what a bundle brings, learned from wins and losses",
            factory="sniper_fee_value_share.estimator:ValueShare",
        )
    ]
