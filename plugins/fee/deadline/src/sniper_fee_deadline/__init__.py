"""The cheapest bid that is in a block in time, with a probability."""

from sniper import FeeEstimatorSpec, hookimpl


@hookimpl
def sniper_fee_estimators() -> list[FeeEstimatorSpec]:
    return [
        FeeEstimatorSpec(
            name="deadline",
            summary="The cheapest bid that is in a block in time, with a probability",
            factory="sniper_fee_deadline.estimator:Deadline",
        )
    ]
