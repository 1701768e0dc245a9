"""Rules made ready: how a struct becomes the parameters of its statements."""

import json
import re
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

from sniper.plugin import Frozen
from sniper.readmodels.rules import RULES, Rule, portable

Parameters = dict[str, Any]
"""Any: whatever the fields of the struct hold, in a form that the store takes."""
Kept = Callable[[Any], Any]
"""How a store keeps a value."""

_PARAMETER = re.compile(r":([a-z_]+)")
_GIVEN = {"account", "position", "n"}


class ReadyRule:
    """A rule with the fields that its statement names."""

    def __init__(self, rule: Rule, kept: Kept) -> None:
        self.sql = portable(rule.sql)
        self._each = rule.each
        self.fields = [_field(name, kept) for name in sorted(set(_PARAMETER.findall(rule.sql)) - _GIVEN)]
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


def _field(name: str, kept: Kept) -> tuple[str, str, Callable[[Any], Any], Callable[[Any], Any]]:
    """A parameter's name, the attribute that it starts at, how to read it, and how to store it."""
    path = name.removeprefix("json_").removeprefix("tag_").replace("__", ".")
    as_kept = json.dumps if name.startswith("json_") else _tag if name.startswith("tag_") else kept
    return name, path.partition(".")[0], attrgetter(path), as_kept


def _tag(struct: Frozen) -> str:
    return str(struct.__struct_config__.tag)  # type: ignore[attr-defined]  # it is a msgspec struct at run time


def ready(kept: Kept) -> dict[str, tuple[ReadyRule, ...]]:
    """The rules by the tag of the record's struct. ``kept``: how the store keeps a value."""
    return {tag: tuple(ReadyRule(rule, kept) for rule in rules) for tag, rules in RULES.items()}
