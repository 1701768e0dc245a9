"""Forms from the schemas of real config models, and back to sections that these models take."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.catalogue import Catalogue, config_model
from sniper_registry.forms import FieldKind, fields, written

CATALOGUE = Catalogue.discover()
KINDS = ("strategy", "risk", "amm")


def schema(kind: str, name: str) -> dict[str, Any]:
    return config_model(CATALOGUE.load(CATALOGUE.spec(kind, name))).model_json_schema()


def test_a_form_says_what_the_model_does() -> None:
    form = {field.name: field for field in fields(schema("strategy", "ema-cross"))}
    assert form["size"].kind is FieldKind.AMOUNT
    assert (form["size"].required, form["size"].example) == (True, "0.1")
    assert (form["slow"].least, form["slow"].most, form["slow"].above) == ("2", "10000", False)
    assert (form["fast"].least, form["fast"].above) == ("0", True)
    assert (form["average"].kind, form["average"].choices) == (FieldKind.CHOICE, ("ema", "sma"))
    assert list(form)[:2] == ["instrument", "size"]


def test_what_was_entered_becomes_a_section_that_the_model_takes() -> None:
    model = config_model(CATALOGUE.load(CATALOGUE.spec("strategy", "ema-cross")))
    entered = {"instrument": "binance:BTC/USDT", "size": "0.1", "fast": "5", "slow": "20", "average": "sma"}
    found = written("strategy.ema-cross", fields(model.model_json_schema()), entered)
    section = tomllib.loads(found.toml)["strategy"]["ema-cross"]
    assert section == {"instrument": "binance:BTC/USDT", "size": "0.1", "fast": 5, "average": "sma"}
    assert model.model_validate(section).model_dump()["slow"] == 20


def test_each_field_says_what_is_wrong_with_it() -> None:
    form = fields(schema("strategy", "ema-cross"))
    entered = {"size": "0.1", "fast": "0", "slow": "one", "average": "wma"}
    found = written("strategy.ema-cross", form, entered)
    assert found.toml == ""
    assert found.problems == {
        "instrument": "is required, such as binance:BTC/USDT",
        "fast": "0 is below what is allowed: more than 0",
        "slow": "'one' is no whole number",
        "average": "'wma' is none of ema, sma",
    }


def test_a_switch_that_is_on_is_turned_off_by_leaving_it_out() -> None:
    model = schema("strategy", "grid")
    entered = {"instrument": "a:B/C", "lower": "1", "upper": "2", "size": "1"}
    assert (
        tomllib.loads(written("strategy.grid", fields(model), entered).toml)["strategy"]["grid"]["post_only"] is False
    )


@pytest.mark.parametrize("spec", [spec for kind in KINDS for spec in CATALOGUE.specs(kind)], ids=lambda spec: spec.name)
def test_every_model_has_a_form_whose_defaults_leave_the_section_empty(spec: Any) -> None:
    model = config_model(CATALOGUE.load(spec))
    form = fields(model.model_json_schema())
    assert {field.name for field in form} == set(model.model_fields)
    untouched = {field.name: field.default for field in form}
    untouched |= {field.name: "on" for field in form if field.kind is FieldKind.SWITCH and field.default == "true"}
    found = written(f"{spec.kind}.{spec.name}", form, untouched)
    needed = {field.name for field in form if field.required and field.kind is not FieldKind.SWITCH}
    assert set(found.problems) == needed
    if not needed:
        assert tomllib.loads(found.toml) == {spec.kind: {spec.name: {}}}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)
KEYS = ("type", "enum", "anyOf", "default", "examples", "description", "items", "minimum", "exclusiveMaximum", "$ref")


NAMES = st.sampled_from(["size", "fast", "a b", "\x1b[0m", "", "1"])


@given(st.dictionaries(NAMES, st.dictionaries(st.sampled_from(KEYS), JSON), max_size=5), JSON)
def test_a_strangers_schema_breaks_no_form(properties: dict[str, Any], required: Any) -> None:
    form = fields({"properties": properties, "required": required, "$defs": properties})
    entered = {field.name: field.example or "x" for field in form}
    written("strategy.x", form, entered)
    for field in form:
        assert (field.help + field.label + field.example).isprintable()
