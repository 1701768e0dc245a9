"""A release whose results are computed has nothing of this machine: what it asks for is not granted."""

from pathlib import Path

import pytest
from small_wheels import NAME, wheel

from sniper.catalogue import Catalogue
from sniper.environments.shelf import Shelf
from sniper.isolation.describing import place_of
from sniper.strategy import Strategy
from sniper_registry.results.install import isolated


def test_what_a_release_asks_for_is_not_granted_where_its_results_are_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNIPER_REGISTRIES", str(tmp_path / "registries"))
    keys = tmp_path / "keys"
    keys.mkdir()
    asks = (f"read:{keys}", "network:api.acme.com", "secret:wallet")
    isolated(wheel(tmp_path, permissions=asks), tmp_path / "shelf")
    environment = Shelf(tmp_path / "shelf").demand(NAME)
    assert environment.offered[0].parsed().permissions == asks
    assert place_of(environment).permissions == ()


def test_a_paid_release_runs_without_a_licence_where_its_results_are_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNIPER_REGISTRIES", str(tmp_path / "registries"))
    monkeypatch.setenv("SNIPER_PLUGINS", str(tmp_path / "shelf"))
    isolated(wheel(tmp_path, files={f"{NAME.replace('-', '_')}/licence.key": "ab" * 32}), tmp_path / "shelf")
    found = Catalogue.discover()
    assert issubclass(found.load(found.spec("strategy", "breakout")), Strategy)
