"""What a plugin's own module imports: the hook marker and the specs. Light: no pydantic, no kernel."""

from sniper.hooks import hookimpl
from sniper.specs import (
    AmmSpec,
    AppSpec,
    BusSpec,
    ExchangeSpec,
    ExecutorSpec,
    ExitSpec,
    FeedSpec,
    FeeEstimatorSpec,
    LeaseSpec,
    RiskCheckSpec,
    RouterSpec,
    SignerSpec,
    SizerSpec,
    Spec,
    StoreSpec,
    StrategySpec,
    VenueSpec,
)

__all__ = [
    "AmmSpec",
    "AppSpec",
    "BusSpec",
    "ExchangeSpec",
    "ExecutorSpec",
    "ExitSpec",
    "FeeEstimatorSpec",
    "FeedSpec",
    "LeaseSpec",
    "RiskCheckSpec",
    "RouterSpec",
    "SignerSpec",
    "SizerSpec",
    "Spec",
    "StoreSpec",
    "StrategySpec",
    "VenueSpec",
    "hookimpl",
]
