"""Suites for whatever is installed, without a line from its author: the package, and the behaviour of each spec for
which an example config is enough."""

from typing import Any

import pytest

from sniper.catalogue import Catalogue, Extension
from sniper.config import Config
from sniper.risk import RiskWatch
from sniper.specs import AppSpec
from sniper_sdk.conformance.app import AppConformance
from sniper_sdk.conformance.examples import example_config
from sniper_sdk.conformance.exit import ExitConformance
from sniper_sdk.conformance.fee import FeeConformance
from sniper_sdk.conformance.listing import suites_of
from sniper_sdk.conformance.package import PackageConformance, extensions_of
from sniper_sdk.conformance.risk import RiskConformance
from sniper_sdk.conformance.riskwatch import RiskWatchConformance
from sniper_sdk.conformance.router import RouterConformance
from sniper_sdk.conformance.sizer import SizerConformance
from sniper_sdk.conformance.strategy import StrategyConformance

_BY_CONFIG: dict[str, tuple[type, str]] = {
    "exit": (ExitConformance, "exit"),
    "fee": (FeeConformance, "estimator"),
    "risk": (RiskConformance, "check"),
    "router": (RouterConformance, "router"),
    "sizer": (SizerConformance, "sizer"),
    "strategy": (StrategyConformance, "strategy"),
}
"""Kinds that a config is enough for: the suite, and what it calls the class."""


def suites(distribution: str) -> dict[str, type]:
    """Test classes for an installed distribution, by name. Nothing raises here: what is wrong fails as a test."""
    found: dict[str, type] = {}
    label = _title(distribution.removeprefix("sniper-"))
    found[f"Test{label}Package"] = type("Package", (PackageConformance,), {"distribution": distribution})
    for extension in extensions_of(distribution):
        name = f"Test{_title(extension.spec.kind)}{_title(extension.spec.name)}"
        found[name] = _suite(extension)
    for name, suite in found.items():
        suite.__name__ = suite.__qualname__ = name
    return found


def _suite(extension: Extension) -> type:
    kind = extension.spec.kind
    try:
        if isinstance(extension.spec, AppSpec):
            command = Catalogue.survey().command(extension.spec)
            return type("App", (AppConformance,), {"command": command})
        cls = Catalogue.survey().load(extension.spec)
        if kind not in _BY_CONFIG:
            return _skipped(
                f"only its author's tests can say what {extension.id} works on: subclass the suite of its kind", kind
            )
        config = example_config(extension, cls)
    except Exception as error:
        return _failing(f"{extension.id}: {type(error).__name__}: {error}")
    if config is None:
        return _skipped(f"show a [{extension.spec.kind}.{extension.spec.name}] section in the README's toml block")
    return _configured(kind, cls, config)


def _configured(kind: str, cls: type, config: Config) -> type:
    watches = kind == "risk" and issubclass(cls, RiskWatch)
    base, attribute = (RiskWatchConformance, "watch") if watches else _BY_CONFIG[kind]
    fields: dict[str, Any] = {attribute: cls, "config": config}
    if kind == "sizer":
        fields["within_cash"] = False  # whether it may ask for more than there is, only its author can say
    return type("Suite", (base,), fields)


def _skipped(reason: str, kind: str = "") -> type:
    """A test that is skipped. ``kind``: of the suites that it stands for, and is needless beside."""

    def test_behaviour(self: object) -> None:
        pytest.skip(reason)

    stands_for = frozenset(suites_of(kind)) - {PackageConformance}
    return type("Skipped", (), {"test_behaviour": test_behaviour, "stands_for": stands_for})


def _failing(reason: str) -> type:
    def test_it_loads(self: object) -> None:
        raise AssertionError(reason)

    return type("Failing", (), {"test_it_loads": test_it_loads})


def _title(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))
