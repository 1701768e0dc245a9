"""Which changes of a core break plugins, shown on two small cores."""

import re
from pathlib import Path

import pytest

from sniper_sdk.compat.changes import Change, changes, unannounced
from sniper_sdk.compat.model import Api
from sniper_sdk.compat.reading import read_api
from sniper_sdk.compat.stable import Deprecated

BASE = """
from abc import abstractmethod
from typing import Literal
from sniper.plugin import Frozen

Side = Literal["buy", "sell"]
LIMIT = 3

class Spec(Frozen):
    name: str
    size: int | None = None

class Check:
    exchanges: bool = False
    @abstractmethod
    def judge(self, intent: str, view: str) -> str: ...
    def heard(self, what: str, *, when: int = 0) -> None: ...
    async def probe(self) -> int: ...
    @property
    def label(self) -> str: ...

def at_most(rule: str, found: int, /, limit: int = 3, *, unit: str = "") -> bool: ...
"""


def core(root: Path, source: str, version: str = "0.1.0") -> Api:
    root.mkdir(parents=True, exist_ok=True)
    (root / "risk.py").write_text(source)
    return read_api(root, version, ["sniper.risk"])


def changed(tmp_path: Path, was: str, now: str) -> list[Change]:
    assert was in BASE
    return list(changes(core(tmp_path / "old", BASE), core(tmp_path / "new", BASE.replace(was, now))))


@pytest.mark.parametrize(
    ("was", "now", "name", "what"),
    [
        ("LIMIT = 3", "", "LIMIT", "is gone"),
        ("def at_most(", "def no_more(", "at_most", "is gone"),
        ("def at_most(", "class at_most: ...\ndef other(", "at_most", "was a function, is a class"),
        ("limit: int = 3", "limit: int", "at_most", "the argument limit lost its default"),
        ("limit: int = 3", "most: int = 3", "at_most", "the argument limit is called most"),
        ("limit: int = 3, ", "", "at_most", "the argument limit is gone"),
        ("found: int, /", "found: int, extra: int, /", "at_most", "is called extra|no default"),
        ("unit: str = ''", "unit: str", "at_most", "lost its default"),
        (") -> bool", ", more: int) -> bool", "at_most", "the new argument more has no default"),
        (") -> bool", ") -> bool | None", "at_most", "returns something else"),
        ("found: int", "found: str", "at_most", "the argument found takes something else"),
        ("def heard", "def listened", "Check.heard", "is gone"),
        ("view: str)", "view: str, more: int = 0)", "Check.judge", "overriding methods do not take"),
        ("async def probe", "def probe", "Check.probe", "async changed"),
        ("@property\n    ", "", "Check.label", "used otherwise"),
        ("exchanges: bool = False", "exchanges: bool", "Check.exchanges", "was"),
        (
            "    def heard",
            "    @abstractmethod\n    def new(self) -> None: ...\n    def heard",
            "Check.new",
            "abstract",
        ),
        ("size: int | None = None", "size: int = 0", "Spec.size", "was"),
        ("name: str", "name: str\n    more: str", "Spec.more", "a new field without a default"),
        ("name: str", "more: str = ''\n    name: str", "Spec.more", "put it last"),
        ("class Spec(Frozen)", "class Spec", "Spec", "derives from sniper.plugin.Frozen no more"),
        ('"buy", "sell"', '"buy"', "Side", "was"),
        ('Side = Literal["buy", "sell"]', "Side = 1", "Side", "was a"),
    ],
)
def test_a_change_that_breaks_plugins_is_told(tmp_path: Path, was: str, now: str, name: str, what: str) -> None:
    was, now = was.replace("''", '""'), now.replace("''", '""')
    found = [each for each in changed(tmp_path, was, now) if each.breaks]
    assert [each.name for each in found] == [f"sniper.risk.{name}"], found
    assert re.search(what, found[0].what), found[0].what


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("LIMIT = 3", "LIMIT = 4\nMORE = 5"),
        ("def at_most(", "def other() -> None: ...\ndef at_most("),
        (") -> bool", ", more: int = 0) -> bool"),
        ("found: int", "found: int | str"),
        ("found: int, /", "count: int, /"),
        ("when: int = 0", "when: int = 0, where: str = 'x'"),
        ("size: int | None = None", "size: int | None = 5\n    more: str = 'x'"),
        ("size: int | None", "size: int | str | None"),
        ('"buy", "sell"', '"buy", "hold", "sell"'),
        ("    def heard", "    def new(self) -> None: ...\n    def heard"),
        ("exchanges: bool = False", "exchanges: 'bool' = True"),
        ("view: str) -> str", "view: 'str') -> 'str'"),
    ],
)
def test_what_only_widens_breaks_nothing(tmp_path: Path, was: str, now: str) -> None:
    assert [each for each in changed(tmp_path, was, now) if each.breaks] == []


def test_nobody_minds_where_a_name_is_defined(tmp_path: Path) -> None:
    old = core(tmp_path / "old", '__all__ = ["f"]\ndef f(x: int) -> int: ...\n')
    root = tmp_path / "new"
    root.mkdir()
    (root / "inside.py").write_text("def f(x: int) -> int: ...\n")
    new = core(root, '__all__ = ["f"]\nfrom sniper.inside import f\n')
    assert list(changes(old, new)) == []
    (root / "inside.py").write_text("def f(x: int, y: int) -> int: ...\n")
    assert [each.breaks for each in changes(old, core(root, (root / "risk.py").read_text()))] == [True]


def test_what_moves_into_a_base_class_is_still_there(tmp_path: Path) -> None:
    old = core(tmp_path / "old", "class A:\n    def f(self) -> int: ...\n    def g(self) -> int: ...\n")
    new = core(tmp_path / "new", "class B:\n    def f(self) -> int: ...\nclass A(B):\n    def g(self) -> int: ...\n")
    assert [each for each in changes(old, new) if each.breaks] == []


def test_what_breaks_must_be_announced_in_an_earlier_series(tmp_path: Path) -> None:
    old = core(tmp_path / "old", BASE)
    same, next_one = (core(tmp_path / "new", BASE.replace("LIMIT = 3", ""), version) for version in ("0.1.5", "0.2.0"))

    def told(new: Api, *, since: str = "0.1.0", goes: str = "0.2.0", name: str = "LIMIT") -> list[str]:
        announced = Deprecated(name=f"sniper.risk.{name}", since=since, goes=goes, instead="nothing")
        return [each.name for each in unannounced(old, new, (announced,))]

    assert told(next_one) == []
    assert told(same) == ["sniper.risk.LIMIT"], "nothing goes within a series"
    assert told(next_one, since="0.2.0") == ["sniper.risk.LIMIT"], "it was announced in the version that lacks it"
    assert told(next_one, goes="0.3.0") == ["sniper.risk.LIMIT"], "it goes too early"
    assert told(next_one, name="Side") == ["sniper.risk.LIMIT"], "something else was announced"


def test_a_module_that_goes_breaks(tmp_path: Path) -> None:
    old = core(tmp_path / "old", BASE)
    assert [(each.name, each.breaks) for each in changes(old, Api("0.1.1", {}))] == [("sniper.risk", True)]
    assert [(each.name, each.breaks) for each in changes(Api("0.1.0", {}), old)] == [("sniper.risk", False)]
