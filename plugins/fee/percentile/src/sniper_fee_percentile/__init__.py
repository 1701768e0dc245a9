"""A percentile of the tips of recent blocks, raised while an order waits."""

from sniper import FeeEstimatorSpec, hookimpl


@hookimpl
def sniper_fee_estimators() -> list[FeeEstimatorSpec]:
    return [
        FeeEstimatorSpec(
            name="percentile",
            summary="A percentile of the tips of recent blocks, raised while an order waits",
            factory="sniper_fee_percentile.estimator:Percentile",
        )
    ]
