import pytest

from sniper.errors import ConfigError
from sniper_app_optimise.space import Range, applied, declared, grid, parsed

DOCUMENT = {
    "strategy": {
        "cross": {"fast": 10, "size": "0.1", "parameters": {"n": 3}, "space": {"n": {"low": 2, "high": 9, "step": 1}}}
    }
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("strategy.cross.fast=5:50", Range("strategy.cross.fast", 5, 50)),
        ("strategy.cross.fast=5:50:5", Range("strategy.cross.fast", 5, 50, 5)),
        ("a=0.5:2:0.25", Range("a", 0.5, 2, 0.25)),
        ("a=0.001:10:log", Range("a", 0.001, 10, None, log=True)),
    ],
)
def test_ranges_are_written(text: str, found: Range) -> None:
    assert parsed(text) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fast", "is no range"),
        ("fast=5", "is no range"),
        ("fast=5:x", "'x' is no number"),
        ("fast=5:5", "must be below"),
        ("fast=5:9:-1", "above zero"),
        ("fast=0:9:log", "begins above zero"),
    ],
)
def test_what_is_no_range_is_said(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parsed(text)


def test_a_grid_is_every_combination() -> None:
    found = list(grid([Range("a", 1, 3), Range("b", 0.0, 0.5, 0.25)]))
    assert len(found) == 9
    assert found[0] == {"a": 1, "b": 0.0}
    assert found[-1] == {"a": 3, "b": 0.5}
    with pytest.raises(ConfigError, match="has no step"):
        list(grid([Range("a", 0.5, 2.0)]))


def test_values_stand_where_their_keys_say_and_the_document_stays() -> None:
    changed = applied(
        DOCUMENT, {"strategy.cross.fast": 7, "strategy.cross.size": 0.25, "strategy.cross.parameters.n": 4}
    )
    cross = changed["strategy"]["cross"]
    assert (cross["fast"], cross["size"], cross["parameters"]["n"]) == (7, "0.25", 4)
    assert DOCUMENT["strategy"]["cross"]["fast"] == 10
    with pytest.raises(ConfigError, match=r"has no \[strategy.cros\]"):
        applied(DOCUMENT, {"strategy.cros.fast": 7})


def test_what_strategies_declare_varies() -> None:
    assert declared(DOCUMENT) == [Range("strategy.cross.parameters.n", 2, 9, 1)]
