"""What stands in a plugin's source, read and never run.

Static checks show carelessness and plain malice; what is hidden with care they do not see, so an untrusted plugin runs
in a worker whatever they say.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sniper.catalogue import Catalogue
from sniper.risk import RiskProbe
from sniper.specs import RiskCheckSpec
from sniper_sdk.levels.project import Project

_RUNS_TEXT: Final = frozenset({"eval", "exec", "compile", "__import__"})
_DANGEROUS: Final = frozenset(
    {
        "os.system", "os.popen", "os.exec", "os.execv", "os.execve", "os.fork", "os.spawnv", "pty.spawn",
        "pickle.load", "pickle.loads", "marshal.load", "marshal.loads", "shelve.open", "dill.loads",
        "cloudpickle.loads", "code.interact", "runpy.run_path", "runpy.run_module", "ctypes.CDLL", "ctypes.cdll",
        "ctypes.PyDLL",
    }
)  # fmt: skip
_NETWORK: Final = frozenset(
    {
        "aiohttp", "asyncpg", "ccxt", "ftplib", "http.client", "httpx", "psycopg", "redis", "requests", "smtplib",
        "socket", "urllib.request", "urllib3", "web3", "websockets",
    }
)  # fmt: skip
_IMPURE: Final = _NETWORK | frozenset(
    {
        "asyncio.subprocess", "ctypes", "importlib.import_module", "mmap", "multiprocessing", "os", "pty", "random",
        "secrets", "select", "shutil", "signal", "socketserver", "sqlite3", "ssl", "subprocess", "tempfile",
        "threading", "time",
    }
)  # fmt: skip
PURE_KINDS: Final = frozenset({"amm", "exit", "fee", "risk", "sizer", "strategy"})
"""What is decided by events alone."""


def dangerous(project: Project) -> Iterator[str]:
    """Places that run text as code, start programs through a shell, load pickles or leave Python."""
    for file, tree in project.sources.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            if called in _RUNS_TEXT or called in _DANGEROUS or called.startswith("os.exec"):
                yield f"{project.place(file, node.lineno)} calls {called}"
            if any(each.arg == "shell" and _is_true(each.value) for each in node.keywords):
                yield f"{project.place(file, node.lineno)} starts a shell"


def impure(project: Project) -> Iterator[str]:
    """Imports of what reaches the outside, in modules that classes of `PURE_KINDS` need. A risk probe may keep a secret
    of its process, by which no token can foretell who will try it."""
    refused = _IMPURE - {"secrets"} if _probes(project) else _IMPURE
    for file in _needed(project):
        for name, line in imported(project.sources[file]):
            if _is_of(name, refused):
                yield f"{project.place(file, line)} imports {name}"


def _probes(project: Project) -> bool:
    checks = [each.spec for each in project.extensions if isinstance(each.spec, RiskCheckSpec)]
    return any(issubclass(Catalogue.survey().load(spec), RiskProbe) for spec in checks)


def _needed(project: Project) -> list[Path]:
    """Modules of the package that classes of `PURE_KINDS` import, with those that these import."""
    modules = {_module(project.package, file): file for file in project.sources}
    found: dict[str, None] = {}
    waiting = [each.spec.factory.partition(":")[0] for each in project.extensions if each.spec.kind in PURE_KINDS]
    while waiting:
        module = waiting.pop()
        if module in found or module not in modules:
            continue
        found[module] = None
        file = modules[module]
        for name, _ in imported(project.sources[file], within=_package(module, file)):
            waiting += [name, name.rpartition(".")[0]]
    return sorted(modules[each] for each in found)


def _module(package: Path, file: Path) -> str:
    parts = file.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _package(module: str, file: Path) -> str:
    return module if file.stem == "__init__" else module.rpartition(".")[0]


def permissions(project: Project) -> Iterator[str]:
    """Permissions that no line of the source could use, and networks that nobody asked for."""
    asked = {each for extension in project.extensions for each in extension.spec.permissions}
    names = {name for tree in project.sources.values() for name, _ in imported(tree)}
    text = "\n".join(file.read_text() for file in project.sources)
    networks = sorted(name for name in names if _is_of(name, _NETWORK))
    for permission in sorted(asked):
        kind, _, detail = permission.partition(":")
        if kind == "network" and not networks and not _uses(text, "fetch(", "endpoint", "url"):
            yield f"{permission} is asked for, and nothing connects"
        if kind == "secret" and not _uses(text, "secret", detail.replace("-", "_"), detail):
            yield f"{permission} is asked for, and no secret is read"
        if kind in ("read", "write") and not _uses(text, "open(", "read_", "write_", "Path("):
            yield f"{permission} is asked for, and no file is opened"
    if networks and not any(each.partition(":")[0] in ("network", "listen") for each in asked):
        yield f"imports {networks[0]}, and no permission network:... is asked for"


def imported(tree: ast.Module, within: str = "") -> Iterator[tuple[str, int]]:
    """Dotted names of what a module imports at run time, with their lines; not what type checkers alone see.

    within  Name of the package that it is in, for relative imports; without it, these are left out.
    """
    skipped = {id(node) for block in ast.walk(tree) if _is_for_types(block) for node in ast.walk(block)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and (node.level == 0 or within):
            above = within.split(".")[: len(within.split(".")) - node.level + 1] if node.level else []
            for alias in node.names:
                yield ".".join((*above, *([node.module] if node.module else []), alias.name)), node.lineno


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def _is_of(name: str, packages: frozenset[str]) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in packages)


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _uses(text: str, *words: str) -> bool:
    return any(word and word in text for word in words)
