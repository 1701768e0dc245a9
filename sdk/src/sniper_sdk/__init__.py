"""What plugin authors test with. Names are imported on first use: `sniper plugins list` reads this module."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sniper_sdk.bench import Bench
    from sniper_sdk.conformance import (
        AmmConformance,
        AppConformance,
        BusConformance,
        ExchangeConformance,
        ExecutorConformance,
        ExitConformance,
        FeeConformance,
        FeedConformance,
        IndexConformance,
        LeaseConformance,
        PackageConformance,
        RiskConformance,
        RiskWatchConformance,
        RouterConformance,
        SignerConformance,
        SizerConformance,
        StoreConformance,
        StrategyConformance,
        TradingConformance,
        VenueConformance,
    )
    from sniper_sdk.devchain import DevChain
    from sniper_sdk.floor import Floor

__all__ = [
    "AmmConformance",
    "AppConformance",
    "Bench",
    "BusConformance",
    "DevChain",
    "ExchangeConformance",
    "ExecutorConformance",
    "ExitConformance",
    "FeeConformance",
    "FeedConformance",
    "Floor",
    "IndexConformance",
    "LeaseConformance",
    "PackageConformance",
    "RiskConformance",
    "RiskWatchConformance",
    "RouterConformance",
    "SignerConformance",
    "SizerConformance",
    "StoreConformance",
    "StrategyConformance",
    "TradingConformance",
    "VenueConformance",
]

_PLACES = {"Bench": "sniper_sdk.bench", "DevChain": "sniper_sdk.devchain", "Floor": "sniper_sdk.floor"}


def __getattr__(name: str) -> Any:  # Any: whichever of the names
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES.get(name, "sniper_sdk.conformance")), name)
