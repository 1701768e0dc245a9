"""What differs between two APIs, and which of it breaks plugins."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.version import Version

from sniper_sdk.compat.model import Api, Name, series
from sniper_sdk.compat.signature import Parameter, Signature, parsed
from sniper_sdk.compat.stable import Deprecated


@dataclass(frozen=True)
class Change:
    """``name``: full, with the member. ``what``: for people. ``breaks``: whether a plugin that was right may fail."""

    name: str
    what: str
    breaks: bool


def changes(old: Api, new: Api) -> Iterator[Change]:
    """From one API to another."""
    for module, names in old.modules.items():
        if module not in new.modules:
            yield Change(module, "the module is gone", True)
            continue
        for name, before in names.items():
            full = f"{module}.{name}"
            after = new.modules[module].get(name)
            if after is None:
                yield Change(full, "is gone", True)
            else:
                yield from _of_name(full, before, after, old, new)
        yield from (Change(f"{module}.{name}", "is new", False) for name in new.modules[module].keys() - names.keys())
    yield from (Change(module, "the module is new", False) for module in new.modules.keys() - old.modules.keys())


def unannounced(old: Api, new: Api, deprecated: tuple[Deprecated, ...]) -> list[Change]:
    """What breaks plugins and must not yet: everything within a series of versions; in a later one what was not
    deprecated in an earlier one, or not to go yet."""
    broken = [each for each in changes(old, new) if each.breaks]
    if series(new.version) == series(old.version):
        return broken
    ready = {
        each.name
        for each in deprecated
        if series(each.since) < series(new.version) and Version(each.goes) <= Version(new.version)
    }
    return [each for each in broken if not any(each.name == name or each.name.startswith(f"{name}.") for name in ready)]


def _of_name(full: str, before: Name, after: Name, old: Api, new: Api) -> Iterator[Change]:
    if before == after:
        return
    if "from" in (before.kind, after.kind):
        # where something is defined is nobody's affair
        was, now = old.find(full), new.find(full)
        if was is None or now is None:
            if before != after:
                yield Change(full, f"was {before.text or before.kind}, is {after.text or after.kind}", True)
        elif before.kind != after.kind or was[0] != now[0]:
            yield from _of_name(full, was[1], now[1], old, new)
        return
    if before.kind != after.kind:
        yield Change(full, f"was a {before.kind}, is a {after.kind}", True)
    elif before.kind == "class":
        yield from _of_class(full, before, after, new)
    elif before.kind == "function":
        yield from _of_function(full, before.text, after.text)
    elif not _accepts(before.text, after.text):
        yield Change(full, f"was {before.text or 'a value'}, is {after.text or 'a value'}", True)


def _of_class(full: str, before: Name, after: Name, new: Api) -> Iterator[Change]:
    above = {name for base in after.bases for name, _ in new.lineage(base)}
    for base in before.bases:
        if base not in above and base not in after.bases:
            yield Change(full, f"derives from {base} no more", True)
    inherited = {name: text for base in after.bases for name, text in new.members(base).items()}
    for name, was in before.members.items():
        now = after.members.get(name, inherited.get(name))
        if now is None:
            yield Change(f"{full}.{name}", "is gone", True)
        elif was != now:
            yield from _of_member(f"{full}.{name}", was, now)
    kept = [name for name in after.members if name in before.members and _is_field(after.members[name])]
    for name, text in after.members.items():
        if name in before.members:
            continue
        if text.startswith("@") and "abstractmethod" in text:
            yield Change(f"{full}.{name}", "is new and abstract: classes that lack it cannot be made", True)
        elif _is_field(text):
            at = list(after.members).index(name)
            early = any(list(after.members).index(each) > at for each in kept)
            required = not text.endswith("= ...")
            why = "is a new field without a default" if required else "is a new field before others: put it last"
            yield Change(f"{full}.{name}", why if required or early else "is a new field", required or early)
        else:
            yield Change(f"{full}.{name}", "is new", False)


def _of_member(full: str, was: str, now: str) -> Iterator[Change]:
    if "def " in was and "def " in now:
        yield from _of_function(full, was, now)
        return
    if _is_field(was) and _is_field(now):
        before, after = (text.removesuffix(" = ...").partition(": ")[2] for text in (was, now))
        lost = was.endswith(" = ...") and not now.endswith(" = ...")
        if lost or not _accepts(before, after):
            yield Change(full, f"was {was!r}, is {now!r}", True)
        elif before != after:
            yield Change(full, f"was {was!r}, is {now!r}", False)
        return
    if _is_field(was) or _is_field(now) or "def " in was + now:
        yield Change(full, f"was {was!r}, is {now!r}", True)


def _of_function(full: str, was: str, now: str) -> Iterator[Change]:
    before, after = parsed(was), parsed(now)
    if before is None or after is None:
        gone = [each for each in was.split(" | ") if each not in now.split(" | ")] if "@overload" in was else [was]
        if gone and was != now:
            yield Change(full, f"was {was!r}, is {now!r}", True)
        return
    why = _breaks(before, after)
    if why:
        yield Change(full, f"{why}: was {was!r}, is {now!r}", True)
    elif was != now:
        yield Change(full, f"was {was!r}, is {now!r}", False)


def _breaks(before: Signature, after: Signature) -> str:
    """Why callers, or classes that override it, may fail; empty where they do not."""
    if before.is_async != after.is_async:
        return "async changed"
    kinds = {"property", "staticmethod", "classmethod"}
    if before.marks & kinds != after.marks & kinds:
        return "it is used otherwise"
    if "abstractmethod" in after.marks and len(after.positional) + len(after.named) > len(before.positional) + len(
        before.named
    ):
        return "overriding methods do not take the new parameter"
    if (before.more and not after.more) or (before.more_named and not after.more_named):
        return "it takes fewer arguments"
    for index, each in enumerate(before.positional):
        there = after.positional[index] if index < len(after.positional) else None
        if there is None and not after.more:
            return f"the argument {each.name} is gone"
        if there is not None and there.name != each.name and index >= before.only_positional:
            return f"the argument {each.name} is called {there.name}"
        if there is not None and (why := _breaks_parameter(each, there)):
            return why
    for extra in after.positional[len(before.positional) :]:
        if not extra.optional and extra.name not in before.names():
            return f"the new argument {extra.name} has no default"
    takes = {each.name: each for each in (*after.positional[after.only_positional :], *after.named)}
    for each in before.named:
        if each.name not in takes and not after.more_named:
            return f"the argument {each.name} is gone"
        if each.name in takes and (why := _breaks_parameter(each, takes[each.name])):
            return why
    for each in after.named:
        if not each.optional and each.name not in before.names():
            return f"the new argument {each.name} has no default"
    if not _accepts(after.returns, before.returns):
        return "it returns something else"
    return ""


def _breaks_parameter(before: Parameter, after: Parameter) -> str:
    if before.optional and not after.optional:
        return f"the argument {before.name} lost its default"
    if not _accepts(before.annotation, after.annotation):
        return f"the argument {before.name} takes something else"
    return ""


def _accepts(narrow: str, wide: str) -> bool:
    """Whether a type of the first kind is one of the second, as far as their texts tell."""
    if narrow == wide:
        return True
    if not narrow or not wide:
        return False
    return _parts(narrow) <= _parts(wide)


def _parts(text: str) -> frozenset[str]:
    """The members of a union, each value of a Literal by itself."""
    node = ast.parse(text, mode="eval").body
    return frozenset(_each(node))


def _each(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        yield from _each(node.left)
        yield from _each(node.right)
    elif isinstance(node, ast.Subscript) and ast.unparse(node.value) in ("Literal", "Union", "typing.Literal"):
        values = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        yield from (f"{ast.unparse(node.value)}[{ast.unparse(each)}]" for each in values)
    else:
        yield ast.unparse(node)


def _is_field(text: str) -> bool:
    return "def " not in text and ": " in text.partition(" = ")[0]
