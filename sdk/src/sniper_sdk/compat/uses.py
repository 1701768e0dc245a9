"""What a wheel uses: names of the API, calls of its functions and classes, and methods that override its own."""

import re
from collections.abc import Iterator
from typing import Final

from packaging.version import Version

from sniper_sdk.compat.model import Api
from sniper_sdk.compat.problem import Problem, nearest
from sniper_sdk.compat.requirements import core_requirement
from sniper_sdk.compat.signature import Signature, of_node, parsed
from sniper_sdk.compat.stable import Deprecated
from sniper_sdk.compat.usage import Call, Derived, usage_of
from sniper_sdk.compat.wheel import Wheel

_INIT: Final = "__init__"
_DATA: Final = frozenset(
    {"sniper.plugin.Frozen", "sniper.plugin.State", "sniper.plugin.Stateless", "sniper.specs.Spec"}
)
"""Classes that are made from their fields."""
_ENUMS: Final = frozenset({"enum.Enum", "enum.IntEnum", "enum.StrEnum"})
"""Bases from elsewhere that add no public member to a class."""


def use_problems(wheel: Wheel, api: Api, deprecated: tuple[Deprecated, ...]) -> Iterator[Problem]:
    """Of all its modules."""
    for module, tree in wheel.modules.items():
        found = _Uses(wheel, module, api, deprecated)
        usage = usage_of(tree, wheel.within(module))
        for use in usage.uses:
            yield from found.name(use.name, use.line)
        for call in usage.calls:
            yield from found.call(call)
        for derived in usage.derived:
            yield from found.derived(derived)


class _Uses:
    def __init__(self, wheel: Wheel, module: str, api: Api, deprecated: tuple[Deprecated, ...]) -> None:
        self._file = wheel.place(module)
        self._api = api
        self._deprecated = {each.name: each for each in deprecated}
        core = core_requirement(wheel)
        self._pinned = core is not None and any(each.operator == "==" for each in core.specifier)

    def name(self, name: str, line: int) -> Iterator[Problem]:
        where, (owner, path) = f"{self._file}:{line}", self._split(name)
        if not path or path[0] == "*":
            return
        names = self._api.modules.get(owner, {})
        if path[0] not in names:
            if owner in ("", "sniper"):
                yield self._internal(name, where)
            else:
                told = f"sniper-core {self._api.version} has no {owner}.{path[0]}{nearest(path[0], names)}"
                yield Problem("error", "name", where, told)
            return
        full = f"{owner}.{path[0]}"
        defined = self._api.find(full)
        aliases = dict.fromkeys((full, *(() if defined is None else (defined[0],))))
        for each in (*aliases, *(f"{alias}.{path[1]}" for alias in aliases if len(path) > 1)):
            if each in self._deprecated:
                yield self._outgoing(self._deprecated[each], where)
        if len(path) > 1 and defined is not None and defined[1].kind == "class":
            yield from self._member(full, path[1], where)

    def call(self, call: Call) -> Iterator[Problem]:
        found = self._api.find(call.name)
        if found is None or call.spread:
            return
        where = f"{self._file}:{call.line}"
        signature = parsed(found[1].text) if found[1].kind == "function" else None
        if signature is not None:
            yield from self._given(call, where, signature)
        elif found[1].kind == "class" and self._is_data(call.name):
            fields = {name for name, text in self._api.members(call.name).items() if _is_field(text)}
            for name in call.named:
                if name not in fields:
                    told = f"{call.name} has no field {name}{nearest(name, fields)}"
                    yield Problem("error", "argument", where, told)

    def derived(self, derived: Derived) -> Iterator[Problem]:
        if self._api.find(derived.base) is None:
            return
        members = self._api.members(derived.base)
        for node in derived.methods:
            contract = parsed(members.get(node.name, ""))
            if contract is None or node.name == _INIT:
                continue
            own, where, label = of_node(node), f"{self._file}:{node.lineno}", f"{derived.name}.{node.name}"
            if own.is_async != contract.is_async:
                told = f"{label} must be {'async def' if contract.is_async else 'def'}: {members[node.name]}"
                yield Problem("error", "override", where, told)
            elif not _takes(own, contract):
                told = f"{label} does not take what it is given: {members[node.name]}"
                yield Problem("error", "override", where, told)

    def _split(self, name: str) -> tuple[str, list[str]]:
        """The longest module of the API that a name begins with, empty for none, and the rest."""
        parts = name.split(".")
        for length in range(len(parts), 0, -1):
            if ".".join(parts[:length]) in self._api.modules:
                return ".".join(parts[:length]), parts[length:]
        return "", parts

    def _internal(self, name: str, where: str) -> Problem:
        told = f"{name} is not of the API and may change in any version: do without, or require one exact sniper-core"
        return Problem("warning" if self._pinned else "error", "internal", where, told)

    def _outgoing(self, goes: Deprecated, where: str) -> Problem:
        gone = Version(self._api.version) >= Version(goes.goes)
        told = f"{goes.name} is deprecated since {goes.since} and goes in {goes.goes}: use {goes.instead}"
        return Problem("error" if gone else "warning", "deprecated", where, told)

    def _member(self, name: str, member: str, where: str) -> Iterator[Problem]:
        known = self._api.members(name)
        whole = all(found is not None or base in _ENUMS for base, found in self._api.lineage(name))
        if whole and known and member not in known and not member.startswith("_"):
            yield Problem("error", "member", where, f"{name} has no {member}{nearest(member, known)}")

    def _given(self, call: Call, where: str, signature: Signature) -> Iterator[Problem]:
        names, most = signature.names(), len(signature.positional)
        for name in call.named:
            if name not in names and not signature.more_named:
                told = f"{call.name} takes no argument {name}{nearest(name, names)}"
                yield Problem("error", "argument", where, told)
        if call.positional > most and not signature.more:
            told = f"{call.name} takes {most} arguments by position, and is given {call.positional}"
            yield Problem("error", "argument", where, told)

    def _is_data(self, name: str) -> bool:
        lineage = {base for base, _ in self._api.lineage(name)}
        return bool(_DATA & lineage) and _INIT not in self._api.members(name)


def _takes(own: Signature, contract: Signature) -> bool:
    most = len(contract.positional)
    if own.required > most or (len(own.positional) < most and not own.more):
        return False
    if any(not each.optional and each.name not in {one.name for one in contract.named} for each in own.named):
        return False
    return own.more_named or {each.name for each in contract.named} <= own.names()


def _is_field(text: str) -> bool:
    return bool(re.match(r"\w+: ", text))
