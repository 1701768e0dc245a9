"""Authors can draw every message that the contracts know."""

import importlib
import inspect
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from sniper import codec
from sniper.amm import Found
from sniper.plugin import Frozen
from sniper.scenario import Branches
from sniper_sdk import compat, strategies

MODULES = tomllib.loads((Path(compat.__file__).parent / "stable.toml").read_text())["modules"]
NO_MESSAGES = {Found, Branches}
"""Handed over in one process: they hold a pool, and generators."""
KINDS = sorted(
    {
        each
        for name in MODULES
        for each in vars(importlib.import_module(name)).values()
        if isinstance(each, type)
        and issubclass(each, Frozen)
        and not inspect.isabstract(each)
        and each.__module__.startswith("sniper.")
    }
    - {Frozen, *NO_MESSAGES},
    key=lambda each: (each.__module__, each.__name__),
)


def test_there_are_as_many_as_there_were() -> None:
    assert len(KINDS) >= 180


@pytest.mark.parametrize("kind", KINDS, ids=lambda each: f"{each.__module__}.{each.__name__}")
def test_every_message_can_be_drawn_and_is_the_same_behind_the_codec(kind: type[Frozen]) -> None:
    @settings(max_examples=5, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(strategies.structs(kind))
    def holds(drawn: Frozen) -> None:
        assert codec.decode(codec.encode(drawn), kind) == drawn

    holds()
