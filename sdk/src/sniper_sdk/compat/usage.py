"""What a module uses of sniper: names, calls, and classes that derive from its own. Read, never run."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from sniper_sdk.compat.reading import imported_module


@dataclass(frozen=True)
class Use:
    """A name, in full: of a module, of what is in it, or of a member. ``line``: where."""

    name: str
    line: int


@dataclass(frozen=True)
class Call:
    """``spread``: with ``*`` or ``**``, so that nothing can be said of what it gives."""

    name: str
    line: int
    positional: int
    named: tuple[str, ...]
    spread: bool


@dataclass(frozen=True)
class Derived:
    """A class with a base of sniper, and its own methods."""

    name: str
    base: str
    line: int
    methods: tuple[ast.FunctionDef | ast.AsyncFunctionDef, ...]


@dataclass(frozen=True)
class Usage:
    """Of one module."""

    uses: tuple[Use, ...]
    calls: tuple[Call, ...]
    derived: tuple[Derived, ...]


def usage_of(tree: ast.Module, within: str) -> Usage:
    """Of a parsed module in the package ``within``. What only type checkers import, and imports whose failure the
    module itself handles, are left out."""
    guarded = {id(node) for block in ast.walk(tree) if _forgives(block) for node in ast.walk(block)}
    names: dict[str, str] = {}
    uses: list[Use] = []
    for node in ast.walk(tree):
        if id(node) in guarded:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                if _is_sniper(alias.name):
                    uses.append(Use(alias.name, node.lineno))
                    names[alias.asname or "sniper"] = alias.name if alias.asname else "sniper"
        elif isinstance(node, ast.ImportFrom):
            module = imported_module(node, within)
            if _is_sniper(module):
                for alias in node.names:
                    uses.append(Use(f"{module}.{alias.name}", node.lineno))
                    names[alias.asname or alias.name] = f"{module}.{alias.name}"
    found = _Uses(names)
    found.visit(tree)
    return Usage((*uses, *found.uses), tuple(found.calls), tuple(found.derived))


class _Uses(ast.NodeVisitor):
    def __init__(self, names: dict[str, str]) -> None:
        self._names = names
        self.uses: list[Use] = []
        self.calls: list[Call] = []
        self.derived: list[Derived] = []

    def visit_Attribute(self, node: ast.Attribute) -> None:
        full = self._full(node)
        if full is not None:
            self.uses.append(Use(full, node.lineno))
        else:
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = self._full(node.func)
        if name is not None:
            spread = any(isinstance(each, ast.Starred) for each in node.args) or any(
                each.arg is None for each in node.keywords
            )
            named = tuple(each.arg for each in node.keywords if each.arg is not None)
            self.calls.append(Call(name, node.lineno, len(node.args), named, spread))
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        methods = tuple(each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
        for base in node.bases:
            name = self._full(base.value if isinstance(base, ast.Subscript) else base)
            if name is not None:
                self.derived.append(Derived(node.name, name, node.lineno, methods))
        self.generic_visit(node)

    def _full(self, node: ast.expr) -> str | None:
        """Of a name, or of names joined by dots, that lead to sniper."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.insert(0, node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self._names:
            return None
        return ".".join((self._names[node.id], *parts))


def _is_sniper(module: str) -> bool:
    return module == "sniper" or module.startswith("sniper.")


def _forgives(node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        return ast.unparse(node.test).endswith("TYPE_CHECKING")
    if not isinstance(node, ast.Try):
        return False
    return any("ImportError" in _caught(each) or "ModuleNotFoundError" in _caught(each) for each in node.handlers)


def _caught(handler: ast.ExceptHandler) -> str:
    return "" if handler.type is None else ast.unparse(handler.type)


def constants(call: ast.Call) -> Iterator[tuple[str, str]]:
    """Arguments of a call that are text, by name."""
    for each in call.keywords:
        if each.arg is not None and isinstance(each.value, ast.Constant) and isinstance(each.value.value, str):
            yield each.arg, each.value.value
