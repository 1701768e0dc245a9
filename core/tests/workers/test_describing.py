"""What a plugin offers and whether its config is good, found out without importing it here."""

import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError
from released import EMA_CROSS, EMA_CROSS_SPEC, released, strategy

from sniper.config import model_of
from sniper.errors import ConfigError, PluginError
from sniper.isolation.describing import _mistakes, _object, checked_config, describe, place_of
from sniper.isolation.far import far_class
from sniper.isolation.strategies import far_strategy
from sniper_strategy_ema_cross.strategy import EmaCross, EmaCrossConfig

GAUDY = """
    from pydantic import Field

    from sniper.strategy import Config, Strategy

    class AcmeConfig(Config):
        speed: int = Field(default=1, description="fast\\x1b[2J\\nforged")

    class Acme(Strategy):
        config: AcmeConfig
"""
GOOD = {"instrument": "binance:BTC/USDT", "size": "0.1"}
BAD: dict[str, Any] = {"instrument": "binance:BTC/USDT", "size": "0.1", "fast": -1, "slwo": 4}


def test_it_tells_specs_schemas_and_what_the_kernel_must_know() -> None:
    (offer,) = describe(place_of(EMA_CROSS), EMA_CROSS.modules).offered
    assert (offer.type, offer.spec["name"], offer.spec["factory"]) == (
        "StrategySpec",
        "ema-cross",
        EMA_CROSS_SPEC.factory,
    )
    assert offer.schema == EmaCrossConfig.model_json_schema()
    assert offer.traits["opens"] == EmaCross.opens
    assert {each["schema"]["tag"] for each in offer.traits["handlers"]} >= {"trade/1", "bar/1"}


def test_a_config_has_the_defaults_of_the_plugins_own_model() -> None:
    found = checked_config(place_of(EMA_CROSS), EMA_CROSS_SPEC.factory, GOOD)
    assert found == EmaCrossConfig.model_validate(GOOD).model_dump(mode="json")


def test_what_is_wrong_is_said_in_the_models_own_words() -> None:
    with pytest.raises(ValidationError) as own:
        EmaCrossConfig.model_validate(BAD)
    with pytest.raises(ValidationError) as far:
        model_of(far_strategy(EMA_CROSS, EMA_CROSS_SPEC)).model_validate(BAD)
    told = [[(each["type"], each["loc"], each["msg"]) for each in error.value.errors()] for error in (far, own)]
    assert told[0] == told[1]
    with pytest.raises(ConfigError, match="sniper-strategy-ema-cross: fast: Input should be greater than 0"):
        checked_config(place_of(EMA_CROSS), EMA_CROSS_SPEC.factory, BAD)


def test_what_the_strategy_wants_to_hear_of_follows_from_its_config() -> None:
    cls: Any = far_strategy(EMA_CROSS, EMA_CROSS_SPEC)
    section = {**GOOD, "interval_s": 60}
    far, near = (of(config=model_of(of).model_validate(section)) for of in (cls, EmaCross))
    assert (far.instruments(), far.bars(), far.depth()) == (near.instruments(), near.bars(), near.depth())
    assert far.bars()


def test_nothing_of_it_is_imported_here(tmp_path: Path) -> None:
    environment, _ = strategy(tmp_path, "raise SystemExit('imported')")
    with pytest.raises(PluginError, match="SystemExit: imported"):
        describe(place_of(environment), environment.modules)
    assert "acme" not in sys.modules
    assert "acme.code" not in sys.modules


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        ("['buy']", "return specs of sniper.specs"),
        ("[StrategySpec(name='acme', summary='', factory='acme.code:Gone')]", "has no attribute 'Gone'"),
        ("[StrategySpec(name='acme', summary='', factory='acme.nowhere:Acme')]", "No module named 'acme.nowhere'"),
        ("__import__('os')._exit(3)", "its process has ended"),
    ],
)
def test_a_plugin_that_offers_nonsense_is_named_with_the_reason(tmp_path: Path, returned: str, said: str) -> None:
    environment = released(tmp_path, "", {"sniper_strategies": returned})
    with pytest.raises(PluginError, match=said):
        describe(place_of(environment), environment.modules)


def test_what_a_plugin_says_of_itself_drives_no_terminal(tmp_path: Path) -> None:
    environment, _ = strategy(tmp_path, GAUDY)
    (offer,) = describe(place_of(environment), environment.modules).offered
    assert offer.schema["properties"]["speed"]["description"] == r"fast\x1b[2J forged"


def test_mistakes_drive_no_terminal_and_what_cannot_be_read_is_an_error_of_the_plugin() -> None:
    found = [{"type": "x", "loc": ["\x1b[2J", 3], "msg": "\x1b]0;owned", "input": None}]
    assert _mistakes(msgspec.json.encode(found).decode())[0].loc == (r"\x1b[2J", 3)
    with pytest.raises(PluginError, match="cannot be read"):
        _mistakes("[" * 100_000)
    with pytest.raises(PluginError, match="cannot be read"):
        _object('{"a":' * 100_000)


def test_a_description_that_makes_no_sense_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment, spec = strategy(tmp_path, "")
    for traits in ({}, {"opens": True, "handlers": [{"method": "x"}]}, {"opens": True, "handlers": 5}):
        monkeypatch.setattr("sniper.isolation.strategies.traits_of", lambda *_, found=traits: found)
        with pytest.raises(PluginError, match="makes no sense"):
            far_class(environment, spec, 0.1)
