"""Signs of malice in Python sources: each a rule of its own, with a reason and a line. Read, never run.

A rule yields ``(line, what it saw)``. `REFUSE` is for what no honest plugin contains; all else is shown to a person.
"""

import ast
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sniper_registry.review.finding import Finding, Weight
from sniper_registry.review.source import Source, literal, within

Seen = Iterator[tuple[int, str]]


class Rule(NamedTuple):
    """``reason``: why it is asked, for people who look at what it found."""

    name: str
    weight: Weight
    reason: str
    finds: Callable[[Source], Seen]


RULES: dict[str, Rule] = {}


def findings(source: Source) -> list[Finding]:
    """What all rules see in one file; of what one of them sees in a line, the last."""
    found = {
        (rule.name, line): Finding(rule.name, rule.weight, f"{what}: {rule.reason}", source.file, line)
        for rule in RULES.values()
        for line, what in rule.finds(source)
    }
    return list(found.values())


def _rule(name: str, weight: Weight, reason: str) -> Callable[[Callable[[Source], Seen]], Callable[[Source], Seen]]:
    def add(finds: Callable[[Source], Seen]) -> Callable[[Source], Seen]:
        RULES[name] = Rule(name, weight, reason, finds)
        return finds

    return add


# Code that is not there to be read

_RUNS = frozenset({"eval", "exec", "compile"})
_DECODES = re.compile(
    r"(^|\.)(b(16|32|64|85)decode|a85decode|urlsafe_b64decode|standard_b64decode|decodebytes|a2b_\w+|unhexlify|fromhex"
    r"|decompress|loads|decode|decrypt|translate)$"
)


@_rule("decoded-code", Weight.REFUSE, "code that arrives encoded is there to be hidden")
def _decoded_code(source: Source) -> Seen:
    """Text that is decoded and run, at once or by way of names of this file."""
    decoded = _names_from(source, lambda value: _decodes(source, value))
    for call in source.calls:
        if source.dotted(call.func) in _RUNS and call.args:
            inside = list(ast.walk(call.args[0]))
            if any(_decodes(source, node) for node in inside) or any(
                isinstance(node, ast.Name) and node.id in decoded for node in inside
            ):
                yield call.lineno, f"{source.dotted(call.func)} of decoded text"


def _decodes(source: Source, node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = source.dotted(node.func) or (node.func.attr if isinstance(node.func, ast.Attribute) else "")
    joined = isinstance(node.func, ast.Attribute) and node.func.attr == "join" and "chr" in ast.unparse(node)
    return joined or _DECODES.search(called) is not None


def _names_from(source: Source, holds: Callable[[ast.AST], bool]) -> set[str]:
    """Names that were given such a value, or one made of such a name, anywhere in the file. Each assignment is looked
    at once: a source may be a long chain of them."""
    given: dict[str, list[str]] = {}
    waiting: list[str] = []
    for node in source.nodes:
        if isinstance(node, ast.Assign):
            targets = [target.id for target in node.targets if isinstance(target, ast.Name)]
            for part in ast.walk(node.value):
                if isinstance(part, ast.Name):
                    given.setdefault(part.id, []).extend(targets)
                if holds(part):
                    waiting += targets
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += given.get(name, ())
    return found


@_rule("runs-text", Weight.LOOK, "text that becomes code can be anything at run time")
def _runs_text(source: Source) -> Seen:
    for call in source.calls:
        if source.dotted(call.func) in _RUNS and call.args:
            yield call.lineno, f"calls {source.dotted(call.func)}"


@_rule("blob", Weight.LOOK, "nobody can read what it is; data belongs into a file of its own")
def _blob(source: Source) -> Seen:
    """Long constants that look like encoded data: few spaces, and as many different characters as noise has."""
    for value, line in source.constants:
        text = value if isinstance(value, str) else value.decode("latin-1")
        if len(text) >= 300 and text.count(" ") < len(text) / 40 and _entropy(text) > (3.5 if _hex(text) else 4.6):
            yield line, f"a constant of {len(text)} characters that looks encoded"


def _hex(text: str) -> bool:
    return re.fullmatch(r"(0x)?[0-9a-fA-F\s]+", text) is not None


def _entropy(text: str) -> float:
    """Bits a character."""
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())


_CONFUSING = re.compile(r"_*(?=[lI1O0o]*[1l0I])[lI1O0oS5]{6,}|_0x[0-9a-f]{3,}")


@_rule("obfuscated", Weight.LOOK, "names that nobody can tell apart are made by tools that hide code")
def _obfuscated(source: Source) -> Seen:
    seen: dict[str, int] = {}
    for node in source.nodes:
        name = node.id if isinstance(node, ast.Name) else node.arg if isinstance(node, ast.arg) else ""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = node.name
        if name and (_CONFUSING.fullmatch(name) or not name.isascii()):
            seen.setdefault(name, getattr(node, "lineno", 1))
    if len(seen) >= 3:
        yield min(seen.values()), f"names such as {', '.join(sorted(seen)[:3])}"


_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u00ad\U000e0000-\U000e007f]")


@_rule("invisible", Weight.REFUSE, "what is read is not what runs")
def _invisible(source: Source) -> Seen:
    """Characters that are not seen, or that turn the order of others around."""
    for number, line in enumerate(source.text.removeprefix("\ufeff").splitlines(), 1):
        if found := _INVISIBLE.search(line):
            yield number, f"the invisible character U+{ord(found[0]):04X}"


@_rule("pushed-aside", Weight.REFUSE, "it stands where an editor does not show it")
def _pushed_aside(source: Source) -> Seen:
    """Code behind a gap of more than 100 blanks."""
    inside = {
        number
        for node in source.nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    for number, line in enumerate(source.text.splitlines(), 1):
        if number not in inside and re.search(r"\S[ \t]{100,}\S", line):
            yield number, "code behind a gap of a hundred blanks"


# What reaches out of Python, or out of the plugin

_PROGRAMS = frozenset(
    {"subprocess", "os.system", "os.popen", "os.startfile", "os.fork", "os.forkpty", "pty", "multiprocessing",
     "asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell"}
)  # fmt: skip


@_rule("programs", Weight.LOOK, "a worker starts no programs, so it works only where it is trusted fully")
def _programs(source: Source) -> Seen:
    for name, line in source.imports:
        if within(name, _PROGRAMS):
            yield line, f"imports {name}"
    for call in source.calls:
        called = source.dotted(call.func)
        if within(called, _PROGRAMS) or re.match(r"os\.(exec|spawn|posix_spawn)", called):
            yield call.lineno, f"calls {called}"


_NATIVE = frozenset({"ctypes", "cffi", "_ctypes", "mmap"})


@_rule("native", Weight.LOOK, "it can read and write memory past everything that Python checks")
def _native(source: Source) -> Seen:
    for name, line in source.imports:
        if within(name, _NATIVE):
            yield line, f"imports {name}"


_NETWORK = frozenset(
    {"socket", "_socket", "ssl", "socketserver", "http.client", "http.server", "urllib.request", "urllib3", "requests",
     "httpx", "aiohttp", "websockets", "ftplib", "smtplib", "telnetlib", "imaplib", "poplib", "xmlrpc", "paramiko",
     "dns", "redis", "psycopg", "asyncpg", "asyncio.open_connection", "asyncio.start_server", "ccxt", "web3"}
)  # fmt: skip


@_rule("network", Weight.REFUSE, "it asks for no permission network:HOST")
def _network(source: Source) -> Seen:
    """Connections of a plugin that did not say that it makes any."""
    if any(each.partition(":")[0] in ("network", "listen") for each in source.permissions):
        return
    for name, line in source.imports:
        if within(name, _NETWORK):
            yield line, f"imports {name}"
    for call in source.calls:
        if source.dotted(call.func) in ("asyncio.open_connection", "asyncio.start_server"):
            yield call.lineno, f"calls {source.dotted(call.func)}"


@_rule("environment", Weight.LOOK, "keys of the trader and of other programs stand there; a worker's is empty")
def _environment(source: Source) -> Seen:
    for node in source.nodes:
        reads = isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load)
        if reads and source.dotted(node) in ("os.environ", "os.environb", "os.getenv"):
            yield getattr(node, "lineno", 1), f"reads {source.dotted(node)}"


_PICKLES = frozenset(
    {"pickle.load", "pickle.loads", "pickle.Unpickler", "marshal.load", "marshal.loads", "shelve.open", "dill.load",
     "dill.loads", "cloudpickle.load", "cloudpickle.loads", "joblib.load", "torch.load", "yaml.load",
     "yaml.unsafe_load"}
)  # fmt: skip


@_rule("pickles", Weight.LOOK, "who made the file decides what runs when it is read")
def _pickles(source: Source) -> Seen:
    for call in source.calls:
        if source.dotted(call.func) in _PICKLES:
            yield call.lineno, f"calls {source.dotted(call.func)}"


@_rule("computed-import", Weight.LOOK, "what it imports cannot be told before it runs")
def _computed_import(source: Source) -> Seen:
    for call in source.calls:
        called = source.dotted(call.func)
        if called in ("__import__", "importlib.import_module") and not (call.args and literal(call.args[0])):
            yield call.lineno, f"{called} of a computed name"
        if called in ("runpy.run_path", "runpy.run_module", "importlib.util.spec_from_file_location"):
            yield call.lineno, f"calls {called}"


_REFLECTS = frozenset(
    {"__subclasses__", "__globals__", "__builtins__", "__code__", "__closure__", "f_globals", "f_locals", "f_back",
     "gi_frame", "tb_frame"}
)  # fmt: skip
_REFLECTING = frozenset(
    {
        "gc.get_objects",
        "gc.get_referrers",
        "sys._getframe",
        "inspect.currentframe",
        "sys.settrace",
        "globals",
        "locals",
        "vars",
    }
)


@_rule("reflection", Weight.LOOK, "it takes what nobody handed to it")
def _reflection(source: Source) -> Seen:
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and node.attr in _REFLECTS:
            yield node.lineno, f"reads {node.attr}"
        elif isinstance(node, ast.Call) and source.dotted(node.func) in _REFLECTING:
            yield node.lineno, f"calls {source.dotted(node.func)}"
        elif isinstance(node, ast.Call) and source.dotted(node.func) == "getattr" and len(node.args) > 1:
            base = source.dotted(node.args[0])
            if base in source.imported and literal(node.args[1]) is None:
                yield node.lineno, f"a computed attribute of {base}"


_INSIDE = frozenset(
    {"sniper.runtime", "sniper.kernel", "sniper.signing", "sniper.settings", "sniper.journal", "sniper.isolation",
     "sniper.environments", "sniper.cli", "sniper_registry"}
)  # fmt: skip


@_rule("inside", Weight.LOOK, "a plugin uses the contracts; this is what runs it, and keeps keys")
def _inside(source: Source) -> Seen:
    for name, line in source.imports:
        if within(name, _INSIDE) or name.startswith("sniper_signer"):
            yield line, f"imports {name}"


@_rule("patches", Weight.LOOK, "it changes what other code does")
def _patches(source: Source) -> Seen:
    """Attributes of imported modules and classes that are set."""
    for node in source.nodes:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
        )
        for target in targets:
            if isinstance(target, ast.Attribute) and _imported(source, target.value):
                yield target.lineno, f"sets {source.dotted(target)}"
            elif isinstance(target, ast.Subscript) and source.dotted(target.value) in ("sys.modules", "os.environ"):
                yield target.lineno, f"sets an item of {source.dotted(target.value)}"
    for call in source.calls:
        if source.dotted(call.func) == "setattr" and call.args and _imported(source, call.args[0]):
            yield call.lineno, f"setattr of {source.dotted(call.args[0])}"


def _imported(source: Source, node: ast.AST) -> bool:
    """Whether an expression is something that was imported, or an attribute of that."""
    parts = source.dotted(node).split(".")
    return any(".".join(parts[:end]) in source.imported for end in range(1, min(len(parts), 20) + 1))


@_rule("background", Weight.LOOK, "it runs when nobody called it")
def _background(source: Source) -> Seen:
    names = frozenset({"threading", "_thread", "concurrent.futures", "signal.signal", "signal.setitimer", "atexit",
                       "sched", "sys.setprofile", "sys.addaudithook", "sys.meta_path", "sys.path_hooks"})  # fmt: skip
    for name, line in source.imports:
        if within(name, names):
            yield line, f"imports {name}"
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and source.dotted(node) in names and "." in source.dotted(node):
            yield node.lineno, f"uses {source.dotted(node)}"


@_rule("at-import", Weight.LOOK, "importing a plugin should do nothing")
def _at_import(source: Source) -> Seen:
    """Statements at the top that only call something, and files that are opened there."""
    for node in source.tree.body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield node.lineno, f"runs {ast.unparse(node.value.func)[:60]} when it is imported"
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.With | ast.For | ast.While | ast.Try):
            for call in (each for each in ast.walk(node) if isinstance(each, ast.Call)):
                if source.dotted(call.func) in ("open", "io.open", "os.open"):
                    yield call.lineno, "opens a file when it is imported"


_NOW = frozenset(
    {"time.time", "time.time_ns", "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today",
     "datetime.date.today", "datetime.now", "date.today"}
)  # fmt: skip


@_rule("time-bomb", Weight.LOOK, "it does something else after a day that is written into it")
def _time_bomb(source: Source) -> Seen:
    """The clock, compared with a date or a number that could be one."""
    now = _names_from(source, lambda value: isinstance(value, ast.Call) and source.dotted(value.func) in _NOW)
    for node in source.nodes:
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            clocks = [any(_is_now(source, each, now) for each in ast.walk(side)) for side in sides]
            dates = [any(_is_date(source, each) for each in ast.walk(side)) for side in sides]
            if any(clocks) and any(date and not clock for date, clock in zip(dates, clocks, strict=True)):
                yield node.lineno, f"compares the clock with {ast.unparse(node)[-60:]}"


def _is_now(source: Source, node: ast.AST, names: set[str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id in names
    return isinstance(node, ast.Call) and source.dotted(node.func) in _NOW


def _is_date(source: Source, node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return source.dotted(node.func) in ("datetime.datetime", "datetime.date", "datetime.datetime.fromisoformat")
    if isinstance(node, ast.Constant) and isinstance(node.value, int) and not isinstance(node.value, bool):
        return node.value > 1_000_000_000
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(re.match(r"20\d\d-\d\d", node.value))


# What is known to be bad

_LOOT = re.compile(
    r"\.ssh(/|$)|id_(rsa|ed25519|ecdsa)|\.aws/credentials|\.gnupg|wallet\.dat|keystore/UTC|\.ethereum|\.bitcoin"
    r"|\.config/solana|metamask|exodus\.wallet|Login Data|cookies\.sqlite|/etc/(passwd|shadow)|/proc/(self|\d+)/"
    r"|\.netrc|\.kube/config|\.docker/config|169\.254\.169\.254|metadata\.google\.internal",
    re.IGNORECASE,
)


@_rule("loot", Weight.REFUSE, "keys, passwords and wallets lie there, and no plugin has business with them")
def _loot(source: Source) -> Seen:
    for value, line in source.constants:
        text = value if isinstance(value, str) else value.decode("latin-1")
        if found := _LOOT.search(text):
            yield line, f"names {found[0]}"


_DROPS = re.compile(
    r"(discord(app)?\.com/api/webhooks|api\.telegram\.org|pastebin\.com|hastebin\.com|paste\.ee|transfer\.sh|file\.io"
    r"|ngrok\.(io|app)|webhook\.site|requestbin\.\w+|pipedream\.net|anonfiles\.com|gist\.githubusercontent\.com"
    r"|\.onion\b|oast\.\w+|interact\.sh|burpcollaborator\.net)",
    re.IGNORECASE,
)
_BARE = re.compile(r"(?:https?|tcp|wss?)://(\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]+\])", re.IGNORECASE)


@_rule("drop", Weight.REFUSE, "stolen data is sent to, and further code fetched from, such places")
def _drop(source: Source) -> Seen:
    """Addresses of services that take anything from anybody, which the permissions do not name, and bare addresses."""
    asked = " ".join(source.permissions)
    for value, line in source.constants:
        text = value if isinstance(value, str) else value.decode("latin-1")
        if (found := _DROPS.search(text)) and found[0].partition("/")[0].lower() not in asked:
            yield line, f"names {found[0]}"
        if (bare := _BARE.search(text)) and bare[1] not in ("127.0.0.1", "0.0.0.0"):  # noqa: S104  # compared, not bound
            yield line, f"names {bare[0]}"
