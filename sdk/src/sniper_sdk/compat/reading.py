"""Reads an API from source. Nothing is imported, so the text is the same on every interpreter."""

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import importlib_metadata

from sniper.errors import PluginError
from sniper_sdk.compat.model import Api, Name
from sniper_sdk.compat.signature import is_awaited
from sniper_sdk.compat.stable import stable

_CORE: Final = "sniper-core"
_KEPT_DECORATORS: Final = ("abstractmethod", "classmethod", "overload", "property", "staticmethod")
_DUNDERS: Final = ("__call__", "__init__", "__iter__")
_MADE_FOR_TYPES: Final = ("ParamSpec", "TypeVar", "TypeVarTuple")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def installed_api() -> Api:
    """Of the sniper-core that is installed. Raises `PluginError`."""
    spec = find_spec("sniper")
    if spec is None or not spec.submodule_search_locations:
        raise PluginError("sniper-core is not installed in this environment")
    root = Path(next(iter(spec.submodule_search_locations)))
    return read_api(root, importlib_metadata.version(_CORE), stable().modules)


def read_api(root: Path, version: str, modules: Sequence[str]) -> Api:
    """The API of a core whose package ``sniper`` is at ``root``; modules that it lacks are left out."""
    reader = _Reader(root)
    found = {module: reader.names(module) for module in sorted(modules) if reader.file(module) is not None}
    return Api(version, found)


class _Reader:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._read: dict[str, _Source] = {}

    def file(self, module: str) -> Path | None:
        place = self._root.joinpath(*module.split(".")[1:])
        found = (place / "__init__.py", place.with_name(f"{place.name}.py"))
        return next((file for file in found if file.is_file()), None)

    def names(self, module: str) -> dict[str, Name]:
        source = self._source(module)
        return {name: self._described(module, name) for name in sorted(source.public)}

    def _source(self, module: str) -> "_Source":
        if module not in self._read:
            file = self.file(module)
            assert file is not None, module
            self._read[module] = _Source(module, file)
        return self._read[module]

    def _described(self, module: str, name: str) -> Name:
        source = self._source(module)
        nodes = source.defined.get(name)
        if nodes is None:
            return self._handed_on(source.imported.get(name, name))
        first = nodes[0]
        if isinstance(first, ast.ClassDef):
            return Name("class", bases=tuple(source.full(base) for base in first.bases), members=_members(first))
        if isinstance(first, _Function):
            return Name(
                "function", " | ".join(dict.fromkeys(_signature(each) for each in nodes if isinstance(each, _Function)))
            )
        value = first.value if isinstance(first, ast.Assign | ast.AnnAssign) else None
        if isinstance(first, ast.AnnAssign):
            return Name("value", ast.unparse(_unquoted(first.annotation)))
        return Name("alias", ast.unparse(value)) if value is not None and _is_type(value) else Name("value")

    def _handed_on(self, full: str) -> Name:
        """What is defined in a module that is not of the API is described where it is handed on."""
        module, _, name = full.rpartition(".")
        inside = full.startswith("sniper.") and module not in stable().modules
        if inside and self.file(module) is not None and name in self._source(module).defined:
            return self._described(module, name)
        return Name("from", full)


class _Source:
    """One module: what it defines, what it imports, and what of that is public."""

    def __init__(self, module: str, file: Path) -> None:
        self.module = module
        self._package = module if file.stem == "__init__" else module.rpartition(".")[0]
        self.defined: dict[str, list[ast.stmt]] = {}
        self.imported: dict[str, str] = {}
        exported: list[str] | None = None
        for node in _flat(ast.parse(file.read_text(), str(file)).body):
            if isinstance(node, _Function | ast.ClassDef):
                self.defined.setdefault(node.name, []).append(node)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    if isinstance(target, ast.Name) and target.id == "__all__":
                        exported = [str(each) for each in ast.literal_eval(node.value)] if node.value else []
                    elif isinstance(target, ast.Name) and not _for_types(node.value):
                        self.defined.setdefault(target.id, []).append(node)
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    self.imported[alias.asname or alias.name] = f"{imported_module(node, self._package)}.{alias.name}"
        own = [name for name in self.defined if not name.startswith("_")]
        self.public = own if exported is None else exported

    def full(self, node: ast.expr) -> str:
        """The full name of a base class, without what it is subscripted by."""
        base = node.value if isinstance(node, ast.Subscript) else node
        text = ast.unparse(base)
        if text in self.defined:
            return f"{self.module}.{text}"
        return self.imported.get(text, text)


def imported_module(node: ast.ImportFrom, package: str) -> str:
    """The absolute name of the module that is imported from, in a module of ``package``."""
    if not node.level:
        return node.module or ""
    above = package.split(".")
    base = above[: len(above) - node.level + 1]
    return ".".join([*base, *([node.module] if node.module else [])])


def _flat(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements, with those of ``if TYPE_CHECKING`` and its like; what type checkers see comes first."""
    for node in body:
        if isinstance(node, ast.If):
            yield from _flat(node.body)
            yield from _flat(node.orelse)
        elif isinstance(node, ast.Try):
            yield from _flat(node.body)
        else:
            yield node


def _members(node: ast.ClassDef) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in _flat(node.body):
        if isinstance(each, _Function):
            if each.name in _DUNDERS or not each.name.startswith("_"):
                before = f"{found[each.name]} | " if each.name in found else ""
                found[each.name] = before + _signature(each)
        elif isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            if not each.target.id.startswith("_"):
                default = " = ..." if _has_default(each.value) else ""
                found[each.target.id] = f"{each.target.id}: {ast.unparse(_unquoted(each.annotation))}{default}"
        elif isinstance(each, ast.Assign):
            for target in each.targets:
                if isinstance(target, ast.Name) and not target.id.startswith("_"):
                    found[target.id] = f"{target.id} = {ast.unparse(each.value)}"
    return found


def _signature(node: _Function) -> str:
    arguments = ast.arguments(
        posonlyargs=[_argument(each) for each in node.args.posonlyargs],
        args=[_argument(each) for each in node.args.args],
        vararg=_argument(node.args.vararg) if node.args.vararg else None,
        kwonlyargs=[_argument(each) for each in node.args.kwonlyargs],
        kw_defaults=[None if each is None else ast.Constant(...) for each in node.args.kw_defaults],
        kwarg=_argument(node.args.kwarg) if node.args.kwarg else None,
        defaults=[ast.Constant(...) for _ in node.args.defaults],
    )
    names = [ast.unparse(each).rpartition(".")[2] for each in node.decorator_list]
    marks = "".join(f"@{name} " for name in names if name in _KEPT_DECORATORS)
    word = "async def" if is_awaited(node) else "def"
    returns = f" -> {ast.unparse(_unquoted(node.returns))}" if node.returns is not None else ""
    return f"{marks}{word} {node.name}({ast.unparse(arguments)}){returns}"


def _argument(node: ast.arg) -> ast.arg:
    return ast.arg(node.arg, _unquoted(node.annotation) if node.annotation is not None else None)


class _Unquoted(ast.NodeTransformer):
    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:  # the values of a Literal stay quoted
        return node if ast.unparse(node.value).endswith("Literal") else self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.parse(node.value, mode="eval").body if isinstance(node.value, str) else node


def _unquoted(node: ast.expr) -> ast.expr:
    found = _Unquoted().visit(ast.parse(ast.unparse(node), mode="eval").body)
    assert isinstance(found, ast.expr)
    return found


def _has_default(value: ast.expr | None) -> bool:
    """``Field(description=…)`` of pydantic is none."""
    if isinstance(value, ast.Call) and ast.unparse(value.func) in ("Field", "field", "msgspec.field", "pydantic.Field"):
        named = {each.arg for each in value.keywords}
        first = value.args[0] if value.args else None
        given = first is not None and not (isinstance(first, ast.Constant) and first.value is ...)
        return given or bool(named & {"default", "default_factory"})
    return value is not None


def _is_type(value: ast.expr) -> bool:
    if isinstance(value, ast.BinOp):
        return isinstance(value.op, ast.BitOr)
    return isinstance(value, ast.Subscript) or (isinstance(value, ast.Name) and value.id[:1].isupper())


def _for_types(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] in _MADE_FOR_TYPES
