"""Conformance suites: subclass one in a test file, name the class, get the behaviours checked.

One class per kind, and `PackageConformance` for the distribution. ``pytest --sniper-plugin DIST`` runs what needs no
line from an author. Nothing in a suite is left to chance or to the clock: values are drawn the same in every run, and
a deadline is a number of executed lines.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sniper_sdk.conformance.amm import AmmConformance
    from sniper_sdk.conformance.app import AppConformance
    from sniper_sdk.conformance.bus import BusConformance
    from sniper_sdk.conformance.exchange import ExchangeConformance
    from sniper_sdk.conformance.executor import ExecutorConformance
    from sniper_sdk.conformance.exit import ExitConformance
    from sniper_sdk.conformance.fee import FeeConformance
    from sniper_sdk.conformance.feed import FeedConformance
    from sniper_sdk.conformance.index import IndexConformance
    from sniper_sdk.conformance.lease import LeaseConformance
    from sniper_sdk.conformance.package import PackageConformance
    from sniper_sdk.conformance.risk import RiskConformance
    from sniper_sdk.conformance.riskwatch import RiskWatchConformance
    from sniper_sdk.conformance.router import RouterConformance
    from sniper_sdk.conformance.signer import SignerConformance
    from sniper_sdk.conformance.sizer import SizerConformance
    from sniper_sdk.conformance.store import StoreConformance
    from sniper_sdk.conformance.strategy import StrategyConformance
    from sniper_sdk.conformance.trading import TradingConformance
    from sniper_sdk.conformance.venue import VenueConformance

__all__ = [
    "AmmConformance",
    "AppConformance",
    "BusConformance",
    "ExchangeConformance",
    "ExecutorConformance",
    "ExitConformance",
    "FeeConformance",
    "FeedConformance",
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


def __getattr__(name: str) -> Any:  # Any: whichever suite
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{name.removesuffix('Conformance').lower()}")
    return getattr(module, name)
