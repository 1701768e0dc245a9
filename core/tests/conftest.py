"""Installed plugins as tests want them: real distributions on disk, and nothing of what this machine has installed."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

import importlib_metadata
import pytest


class Installation:
    """A directory of distributions, as an installer would leave it."""

    def __init__(self, site: Path) -> None:
        self.site = site
        self.core()

    def core(self, version: str = "0.1.0", first_party: Sequence[str] = ()) -> None:
        requires = [f'{name}; extra == "default"' for name in first_party]
        self._metadata("sniper-core", version, ["click>=8.3", *requires], {})
        self.library("click", "8.3")

    def library(self, distribution: str, version: str) -> None:
        """Metadata alone: the library itself is imported from this machine."""
        self._metadata(distribution, version, (), {})

    def plugin(
        self,
        distribution: str,
        source: str,
        version: str = "1.0",
        requires: Sequence[str] = ("sniper-core>=0.1",),
        entry_points: dict[str, dict[str, str]] | None = None,
        **modules: str,
    ) -> None:
        """``source``: the package's ``__init__``; ``modules``: further modules of the package."""
        package = distribution.replace("-", "_")
        self._metadata(
            distribution, version, requires, {"sniper.plugins": {distribution: package}, **(entry_points or {})}
        )
        (self.site / package).mkdir()
        for name, text in {"__init__": source, **modules}.items():
            (self.site / package / f"{name}.py").write_text(dedent(text))

    def _metadata(
        self, distribution: str, version: str, requires: Sequence[str], entry_points: dict[str, dict[str, str]]
    ) -> None:
        info = self.site / f"{distribution.replace('-', '_')}-0.dist-info"
        info.mkdir(exist_ok=True)
        lines = ["Metadata-Version: 2.4", f"Name: {distribution}", f"Version: {version}"]
        (info / "METADATA").write_text("\n".join([*lines, *(f"Requires-Dist: {line}" for line in requires)]) + "\n")
        groups = [
            "\n".join([f"[{group}]", *(f"{name} = {target}" for name, target in entries.items())])
            for group, entries in entry_points.items()
        ]
        (info / "entry_points.txt").write_text("\n".join(groups))


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """sniper-core without any plugin; tests add their own."""
    site = tmp_path / "site"
    site.mkdir()
    original: Any = importlib_metadata.MetadataPathFinder.find_distributions  # Any: untyped there, as is its context
    context: Any = importlib_metadata.DistributionFinder.Context

    def find(self: object, wanted: Any = None) -> object:
        return original(context(name=wanted.name if wanted else None, path=[str(site)]))

    monkeypatch.setattr(importlib_metadata.MetadataPathFinder, "find_distributions", find)
    monkeypatch.syspath_prepend(str(site))
    before = set(sys.modules)
    yield Installation(site)
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(site)):
            del sys.modules[name]


ACME = """
from sniper import (
    AppSpec, BusSpec, ExecutorSpec, ExitSpec, FeedSpec, FeeEstimatorSpec, LeaseSpec, RiskCheckSpec, SignerSpec,
    SizerSpec, StoreSpec, StrategySpec, VenueSpec, hookimpl,
)

def spec(kind, name, cls, **more):
    return kind(name=name, summary=f"The {name} of Acme", factory=f"acme.parts:{cls}", **more)

@hookimpl
def sniper_apps():
    return [spec(AppSpec, "dance", "dance"), spec(AppSpec, "polish", "dance", group="plugins")]

@hookimpl
def sniper_buses():
    return [spec(BusSpec, "memory", "Memory")]

@hookimpl
def sniper_executors():
    return [spec(ExecutorSpec, "paper", "Paper", modes=("paper", "backtest")),
            spec(ExecutorSpec, "mempool", "Mempool", modes=("live",)),
            spec(ExecutorSpec, "relay", "Relay", modes=("live",))]

@hookimpl
def sniper_exits():
    return [spec(ExitSpec, "stop-loss", "StopLoss")]

@hookimpl
def sniper_feeds():
    return [spec(FeedSpec, "evm-logs", "Logs", emits=("block/1",))]

@hookimpl
def sniper_fee_estimators():
    return [spec(FeeEstimatorSpec, "percentile", "Percentile")]

@hookimpl
def sniper_leases():
    return [spec(LeaseSpec, "sqlite", "Leases")]

@hookimpl
def sniper_risk_checks():
    profiles = {"cautious": {"most": 2}, "degen": {"most": 7}}
    return [spec(RiskCheckSpec, "limits", "Limits", profiles=profiles), spec(RiskCheckSpec, "geo", "Limits")]

@hookimpl
def sniper_signers():
    return [spec(SignerSpec, "keystore", "Keystore")]

@hookimpl
def sniper_sizers():
    return [spec(SizerSpec, "fixed", "Fixed")]

@hookimpl
def sniper_stores():
    return [spec(StoreSpec, "sqlite", "Sqlite")]

@hookimpl
def sniper_strategies():
    return [spec(StrategySpec, "launch-snipe", "Snipe")]

@hookimpl
def sniper_venues():
    return [spec(VenueSpec, "uniswap", "Uniswap")]
"""

PARTS = """
from pathlib import Path

import click
from pydantic import Field, SecretStr

from sniper.bus import Bus
from sniper.config import Config
from sniper.executor import Executor
from sniper.exit import Exit
from sniper.fee import FeeEstimator
from sniper.feed import Feed
from sniper.lease import LeaseKeeper
from sniper.risk import RiskCheck
from sniper.signer import Signer
from sniper.sizer import Sizer
from sniper.store import Store
from sniper.strategy import Strategy
from sniper.types import Mode
from sniper.venue import OnChainVenue

def whole(cls):
    cls.__abstractmethods__ = frozenset()
    return cls

class Amount(Config):
    amount: int = Field(description="What one entry pays", examples=[10**16])

@whole
class Fixed(Sizer):
    config: Amount

class Cap(Config):
    most: int = 2**60
    word: SecretStr | None = None

@whole
class Limits(RiskCheck):
    config: Cap

class Loss(Config):
    bps: int = Field(default=3_000, ge=0, le=10_000, description="Loss that is borne")

class StopLoss(Exit):
    config: Loss

class Snipe(Strategy):
    pass

@whole
class Uniswap(OnChainVenue):
    pass

@whole
class Logs(Feed):
    pass

@whole
class Percentile(FeeEstimator):
    pass

@whole
class Memory(Bus):
    pass

@whole
class Leases(LeaseKeeper):
    pass

@whole
class Sqlite(Store):
    pass

@whole
class Paper(Executor):
    modes = frozenset({Mode.PAPER})
    signs = False

@whole
class Mempool(Executor):
    modes = frozenset({Mode.LIVE})

class Relays(Config):
    endpoints: tuple[SecretStr, ...]

@whole
class Relay(Mempool):
    config: Relays

class Keys(Config):
    password_file: Path

@whole
class Keystore(Signer):
    def __init__(self, config: Keys) -> None: ...

@click.command()
def dance() -> None:
    click.echo("dancing")
"""


@pytest.fixture
def acme(installation: Installation) -> Installation:
    """The same with one distribution that offers something of every kind that a run needs."""
    drivers = {
        "sniper.buses": {"memory": "acme.parts:Memory"},
        "sniper.leases": {"sqlite": "acme.parts:Leases"},
        "sniper.signers": {"keystore": "acme.parts:Keystore"},
        "sniper.stores": {"sqlite": "acme.parts:Sqlite"},
    }
    installation.plugin("acme", ACME, entry_points=drivers, parts=PARTS)
    return installation
