"""What a wheel offers: its files, its entry point, its hooks and the classes that its specs name."""

import ast
from collections.abc import Iterator

from sniper.catalogue import GROUP
from sniper_sdk.compat.model import Api
from sniper_sdk.compat.problem import Problem, nearest
from sniper_sdk.compat.usage import constants
from sniper_sdk.compat.wheel import Wheel

_POINTS = "entry_points.txt"


def file_problems(wheel: Wheel) -> Iterator[Problem]:
    """Of files that are no Python, or lie where none belongs."""
    for name, why in wheel.broken.items():
        yield Problem("error", "syntax", name, f"it is no Python: {why}")
    for name in wheel.files:
        top = name.partition("/")[0]
        if name.endswith(".pth"):
            yield Problem("error", "pth", name, ".pth files run code at every start of Python; leave it out")
        elif top != wheel.package and not top.endswith(".dist-info"):
            told = f"it lies outside of the package {wheel.package} and is refused where plugins are isolated; move it"
            yield Problem("error", "outside", name, told)


def offer_problems(wheel: Wheel, api: Api) -> Iterator[Problem]:
    """Of entry points, hooks and factories."""
    targets = wheel.entry_points.get(GROUP, {})
    if not targets:
        yield Problem("error", "no-entry-point", _POINTS, f"it has no entry point in {GROUP}, so it is no plugin")
    for group, points in wheel.entry_points.items():
        for name, target in points.items() if group.startswith("sniper.") else ():
            why = _missing(wheel, target)
            if why:
                yield Problem("error", "entry-point", _POINTS, f"[{group}] {name} = {target}: {why}")
    for target in targets.values():
        module = target.partition(":")[0]
        if module in wheel.modules:
            yield from _hook_problems(wheel, module, api)


def _hook_problems(wheel: Wheel, module: str, api: Api) -> Iterator[Problem]:
    known = {name for name in api.modules["sniper.hooks"] if name.startswith("sniper_")}
    specs = 0
    for node in wheel.modules[module].body:
        marks = [ast.unparse(each) for each in getattr(node, "decorator_list", ())]
        if not isinstance(node, ast.FunctionDef) or not any("hookimpl" in mark for mark in marks):
            continue
        if node.name not in known:
            told = f"sniper-core {api.version} has no hook {node.name}{nearest(node.name, known)}"
            yield Problem("error", "hook", f"{wheel.place(module)}:{node.lineno}", told)
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("Spec"):
                specs += 1
                factory = dict(constants(call)).get("factory")
                why = _missing(wheel, factory) if factory is not None else ""
                if why:
                    where = f"{wheel.place(module)}:{call.lineno}"
                    yield Problem("error", "factory", where, f"the spec names {factory}: {why}")
    if not specs:
        told = "no spec stands in the text of its hooks; what it offers can only be known by importing it"
        yield Problem("warning", "no-spec", wheel.place(module), told)


def _missing(wheel: Wheel, target: str) -> str:
    """Why ``"module:attribute"`` cannot be found; empty where it can."""
    module, _, attribute = target.partition(":")
    if module not in wheel.modules:
        return f"there is no module {module}"
    if attribute and attribute not in _names_of(wheel.modules[module]):
        return f"{module} has no {attribute}"
    return ""


def _names_of(tree: ast.Module) -> set[str]:
    """What a module may have: defined, assigned or imported anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
    return found
