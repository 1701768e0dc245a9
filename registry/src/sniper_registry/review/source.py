"""One Python file of a wheel: its text, its tree, and what its names stand for."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

_IMPORTERS = frozenset({"__import__", "importlib.import_module", "builtins.__import__"})
_GETTERS = frozenset({"getattr", "builtins.getattr"})


@dataclass(frozen=True)
class Source:
    """``permissions``: what the release asks for."""

    file: str
    text: str
    tree: ast.Module
    permissions: tuple[str, ...] = ()
    package: str = ""

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.tree))

    @property
    def calls(self) -> Iterator[ast.Call]:
        return (node for node in self.nodes if isinstance(node, ast.Call))

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        """Local name to dotted name, of all imports anywhere in the file and of names that were given to such."""
        found: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    found[alias.asname or alias.name.partition(".")[0]] = (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        for node in self.nodes:  # run = os.system
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                name = _dotted(node.value, found)
                if name and ("." in name or name in ("eval", "exec", "compile", "__import__")):
                    found.setdefault(node.targets[0].id, name)
        return found

    @cached_property
    def imported(self) -> frozenset[str]:
        """Dotted names of what was imported, and of the builtins."""
        return frozenset(self.aliases.values()) | {"builtins"}

    def dotted(self, node: ast.AST) -> str:
        """The dotted name that an expression stands for, past aliases, ``getattr`` with a literal name and
        ``__import__`` with one; empty where it is something else."""
        return _dotted(node, self.aliases)

    @cached_property
    def imports(self) -> tuple[tuple[str, int], ...]:
        """Dotted names of what is imported at run time, with their lines: not what type checkers alone see."""
        skipped = {
            id(inner)
            for block in self.nodes
            if isinstance(block, ast.If) and ast.unparse(block.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
            for part in block.body
            for inner in ast.walk(part)
        }
        found: list[tuple[str, int]] = []
        for node in self.nodes:
            if id(node) in skipped:
                continue
            if isinstance(node, ast.Import):
                found += [(alias.name, node.lineno) for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                found += [(f"{node.module}.{alias.name}", node.lineno) for alias in node.names]
            elif isinstance(node, ast.Call) and self.dotted(node.func) in _IMPORTERS and node.args:
                name = literal(node.args[0])
                if isinstance(name, str):
                    found.append((name, node.lineno))
        return tuple(found)

    @cached_property
    def constants(self) -> tuple[tuple[str | bytes, int], ...]:
        """Texts and bytes with their lines, but for docstrings; literals that are joined by ``+`` as one."""
        parts = {id(part) for node in self.nodes if isinstance(node, ast.BinOp) for part in (node.left, node.right)}
        docs = {
            id(node.body[0].value)
            for node in self.nodes
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        found: list[tuple[str | bytes, int]] = []
        for node in self.nodes:
            if id(node) in docs or id(node) in parts or not isinstance(node, ast.Constant | ast.BinOp):
                continue
            value = literal(node)
            if isinstance(value, str | bytes):
                found.append((value, node.lineno))
        return tuple(found)


def literal(node: ast.AST) -> str | bytes | None:
    """The text that a constant, or a sum of constants, stands for."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = literal(node.left), literal(node.right)
        if isinstance(left, str) and isinstance(right, str):
            return left + right
        if isinstance(left, bytes) and isinstance(right, bytes):
            return left + right
    return None


def within(name: str, packages: frozenset[str]) -> bool:
    """Whether a dotted name is one of these, or in one of them."""
    return any(name == each or name.startswith(f"{each}.") for each in packages)


def _dotted(node: ast.AST, aliases: Mapping[str, str]) -> str:
    if isinstance(node, ast.Name):
        return aliases.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value, aliases)
        return f"{base}.{node.attr}".removeprefix("builtins.") if base else ""
    if isinstance(node, ast.Call) and node.args:
        called = _dotted(node.func, aliases)
        if called in _IMPORTERS:
            name = literal(node.args[0])
            return name if isinstance(name, str) else ""
        if called in _GETTERS and len(node.args) > 1:
            base, attribute = _dotted(node.args[0], aliases), literal(node.args[1])
            return f"{base}.{attribute}".removeprefix("builtins.") if base and isinstance(attribute, str) else ""
    return ""
