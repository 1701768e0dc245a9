"""A shelf of the test's own, and the commands as a trader types them."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from sniper.cli import main
from sniper.environments.environment import Environment, Offered
from sniper.environments.shelf import Shelf

sys.path.insert(0, str(Path(__file__).parent))  # for `small_wheels`


class Done(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # Any: JSON
        return json.loads(self.out)


Sniper = Callable[..., Done]


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setenv("SNIPER_PLUGINS", str(tmp_path / "shelf"))
    return Shelf()


@pytest.fixture
def sniper(shelf: Shelf, capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sniper:
    """Runs ``sniper`` with these words; the shelf is the test's own, the directory holds no config."""
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> Done:
        capfd.readouterr()
        code = main([str(word) for word in words])
        return Done(code, *capfd.readouterr())

    return run


_DESCRIBE = """
import importlib, json, sys
import msgspec, pluggy
from sniper import hooks
from sniper.catalogue import config_model
site, *modules = sys.argv[1:]
sys.path.append(site)
manager = pluggy.PluginManager("sniper")
manager.add_hookspecs(hooks)
offered = []
for name in modules:
    module = importlib.import_module(name)
    manager.register(module)
    for caller in manager.get_hookcallers(module):
        for spec in caller()[0]:
            home, _, cls = spec.factory.partition(":")
            schema = config_model(getattr(importlib.import_module(home), cls)).model_json_schema()
            offered.append({"type": type(spec).__name__, "spec": msgspec.to_builtins(spec), "schema": schema})
print(json.dumps(offered))
"""


@pytest.fixture(autouse=True)
def reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plugins are read in a process of their own that is no sandbox, for what they bring here is ours."""

    def described(environment: Environment) -> tuple[Offered, ...]:
        command = [sys.executable, "-c", _DESCRIBE, *environment.paths, *environment.modules]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return msgspec.json.decode(done.stdout, type=tuple[Offered, ...])

    monkeypatch.setattr("sniper_registry.installing.commands.install.described", described)
