"""Rules made ready: how a struct becomes the parameters of its statements."""

import json
import re
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

from sniper.plugin import Frozen
from sniper_store_sqlite.rules import RULES, Rule

Parameters = dict[str, Any]
"""Any: whatever the fields of the struct hold, in a form that SQLite takes."""

_PARAMETER = re.compile(r":([a-z_]+)")
_LOW, _HIGH = -(2**63), 2**63 - 1
_GIVEN = {"account", "position", "n"}


def native(chain_id: int) -> str:
    """The asset id of a chain's own coin, in SQL."""
    return f"{chain_id}:0x{'0' * 40}"


def plus(a: str | int, b: str | int) -> str:
    """The sum of two amounts of any size, in SQL."""
    return str(int(a) + int(b))


def minus(a: str | int, b: str | int) -> str:
    """The difference of two amounts of any size, in SQL."""
    return str(int(a) - int(b))


def stored(value: Any) -> Any:  # Any: both sides are what SQLite can bind
    """Integers beyond 64 bits become text: SQLite has none, and amounts are text anyway."""
    if isinstance(value, int) and not _LOW <= value <= _HIGH:
        return str(value)
    return value


class ReadyRule:
    """A rule with the fields that its statement names."""

    def __init__(self, rule: Rule) -> None:
        self.sql = rule.sql
        self._each = rule.each
        self.fields = [_field(name) for name in sorted(set(_PARAMETER.findall(rule.sql)) - _GIVEN)]
        self._where = (attrgetter(rule.where[0]), rule.where[1]) if rule.where else None

    def parameters(self, position: int, account: str, struct: Frozen) -> Iterator[Parameters]:
        """One set for each time that the statement is to run."""
        if self._where is not None:
            part, tag = self._where
            if part(struct).__struct_config__.tag != tag:
                return
        given: Parameters = {"account": account, "position": position}
        if not self._each:
            yield given | {name: kept(field(struct)) for name, _, field, kept in self.fields}
            return
        for n, item in enumerate(getattr(struct, self._each)):
            chosen = {
                name: kept(field(item if hasattr(item, first) else struct)) for name, first, field, kept in self.fields
            }
            yield given | {"n": n} | chosen


def _field(name: str) -> tuple[str, str, Callable[[Any], Any], Callable[[Any], Any]]:
    """A parameter's name, the attribute that it starts at, how to read it, and how to store it."""
    path = name.removeprefix("json_").replace("__", ".")
    return name, path.partition(".")[0], attrgetter(path), json.dumps if name.startswith("json_") else stored


READY = {tag: tuple(map(ReadyRule, rules)) for tag, rules in RULES.items()}
