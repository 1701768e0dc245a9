"""A signature, taken apart from its line of text."""

import ast
from dataclasses import dataclass


@dataclass(frozen=True)
class Parameter:
    """``annotation`` is empty where there is none."""

    name: str
    annotation: str
    optional: bool


@dataclass(frozen=True)
class Signature:
    """
    positional  Those that may be given by position, ``self`` or ``cls`` left out; ``only_positional`` of them have no
                name for callers.
    marks       Decorators that change how it is used. ``more``, ``more_named``: it takes ``*args``, ``**kwargs``.
    """

    name: str
    positional: tuple[Parameter, ...]
    only_positional: int
    named: tuple[Parameter, ...]
    more: bool
    more_named: bool
    returns: str
    is_async: bool
    marks: frozenset[str]

    @property
    def required(self) -> int:
        """How many must be given by position, or by name."""
        return sum(not each.optional for each in self.positional)

    def names(self) -> frozenset[str]:
        """What may be given by name."""
        return frozenset(each.name for each in (*self.positional[self.only_positional :], *self.named))


def parsed(text: str) -> Signature | None:
    """Of a line of an API; None for what is no single function."""
    if " | " in text and text.count("def ") > 1:
        return None
    try:
        node = ast.parse("\n".join([*_marks(text), f"{text[_start(text) :]}: ..."])).body[0]
    except SyntaxError:
        return None
    return of_node(node) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else None


def of_node(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Signature:
    """Of a definition."""
    marks = frozenset(ast.unparse(each).rpartition(".")[2] for each in node.decorator_list)
    arguments = node.args
    plain = [*arguments.posonlyargs, *arguments.args]
    first_optional = len(plain) - len(arguments.defaults)
    positional = [_parameter(each, index >= first_optional) for index, each in enumerate(plain)]
    only = len(arguments.posonlyargs)
    if positional and positional[0].name in ("self", "cls") and "staticmethod" not in marks:
        positional, only = positional[1:], max(0, only - 1)
    named = [
        _parameter(each, default is not None)
        for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    return Signature(
        name=node.name,
        positional=tuple(positional),
        only_positional=only,
        named=tuple(named),
        more=arguments.vararg is not None,
        more_named=arguments.kwarg is not None,
        returns="" if node.returns is None else ast.unparse(node.returns),
        is_async=is_awaited(node),
        marks=marks,
    )


def is_awaited(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether what a call gives must be awaited: not where it is an asynchronous generator, which a ``def`` that
    returns an iterator may stand for."""
    if not isinstance(node, ast.AsyncFunctionDef):
        return False
    waiting: list[ast.AST] = [*node.body]
    while waiting:
        each = waiting.pop()
        if isinstance(each, ast.Yield | ast.YieldFrom):
            return False
        if not isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            waiting += ast.iter_child_nodes(each)
    return True


def _parameter(node: ast.arg, optional: bool) -> Parameter:
    return Parameter(node.arg, "" if node.annotation is None else ast.unparse(node.annotation), optional)


def _start(text: str) -> int:
    found = [at for at in (text.find("async def "), text.find("def ")) if at >= 0]
    return min(found, default=0)


def _marks(text: str) -> list[str]:
    return text[: _start(text)].split()
