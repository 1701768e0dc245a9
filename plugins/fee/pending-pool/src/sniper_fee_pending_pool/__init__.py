"""Bids for a place before what is pending, by how far recent blocks came."""

from sniper import FeeEstimatorSpec, hookimpl


@hookimpl
def sniper_fee_estimators() -> list[FeeEstimatorSpec]:
    return [
        FeeEstimatorSpec(
            name="pending-pool",
            summary="Bids for a place before what is pending, by how far recent blocks came",
            factory="sniper_fee_pending_pool.estimator:PendingPool",
        )
    ]
