"""Errors as a page: every code that a script may match, read out of the sources, so nothing heavy is imported."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sniper.cli import exit_codes

ROOT = Path(__file__).resolve().parent.parent
INTRODUCTION = """\
Every error that sniper raises on purpose has a code, which stays the same, and says what was wrong, with which value,
and what to do. Scripts match the code, never the text. The exit code is that of a command which the error ended
([cli.md](cli.md#exit-codes))."""


@dataclass(frozen=True)
class Raised:
    """A class of errors. ``package``: the distribution; ``bases``: names as the source has them."""

    package: str
    name: str
    bases: tuple[str, ...]
    code: str
    meaning: str


def error_reference() -> list[str]:
    """The sections of the page, without its heading: one for each package that has errors of its own."""
    known: dict[str, tuple[str, ...]] = {"SniperError": ("SniperError",)}  # ancestors by name, nearest first
    classes = [one for source in _sources() for one in _classes(source)]
    errors: list[Raised] = [one for one in classes if one.name == "SniperError"]
    found = True
    while found:
        new = [one for one in classes if one.name not in known and set(one.bases) & known.keys()]
        found = bool(new)
        for one in new:
            parent = next(base for base in one.bases if base in known)
            known[one.name] = (one.name, *known[parent])
        errors += new
    codes = {one.name: one.code for one in errors}
    page = [INTRODUCTION]
    for package in sorted({one.package for one in errors}, key=lambda name: (name != "sniper-core", name)):
        rows = []
        for one in sorted(errors, key=lambda one: one.name):
            if one.package == package:
                code = next(codes[name] for name in known[one.name] if codes[name])
                rows.append(f"| `{code}` | `{one.name}` | {_exit_code(known[one.name])} | {one.meaning} |")
        page.append(
            "\n".join([f"## {package}\n", "| code | error | exit code | when |", "| --- | --- | --- | --- |", *rows])
        )
    return page


def _exit_code(ancestors: tuple[str, ...]) -> int:
    by_name = {kind.__name__: code for kind, code in exit_codes.BY_ERROR}
    return next((by_name[name] for name in ancestors if name in by_name), exit_codes.FAILURE)


def _sources() -> Iterator[Path]:
    for member in (ROOT / "core", ROOT / "sdk", ROOT / "registry", *sorted(ROOT.glob("plugins/*/*"))):
        yield from sorted(member.glob("src/**/*.py"))


def _classes(source: Path) -> Iterator[Raised]:
    package = source.relative_to(ROOT).as_posix().partition("/src/")[0]
    package = "sniper-" + package.removeprefix("plugins/").replace("/", "-")
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.ClassDef) and node.bases:
            bases = tuple(ast.unparse(base).rpartition(".")[2] for base in node.bases)
            yield Raised(package, node.name, bases, _code(node), _meaning(node))


def _code(node: ast.ClassDef) -> str:
    for line in node.body:
        named = [ast.unparse(one) for one in line.targets] if isinstance(line, ast.Assign) else []
        if isinstance(line, ast.AnnAssign):
            named = [ast.unparse(line.target)]
        if named == ["code"] and isinstance(line, (ast.Assign, ast.AnnAssign)) and isinstance(line.value, ast.Constant):
            return str(line.value.value)
    return ""


def _meaning(node: ast.ClassDef) -> str:
    told = (ast.get_docstring(node) or "").split("\n\n")[0]
    return " ".join(told.replace("``", "`").replace("|", "/").split())
