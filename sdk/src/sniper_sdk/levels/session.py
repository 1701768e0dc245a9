"""Runs the suites of a plugin in a process of its own, measured: ``python -m sniper_sdk.levels.session``.

Its own process, because coverage must begin before anything of the plugin is imported, and because tests leave things
behind. It reads an `Order` from stdin and writes an `Outcome` to the file that this names.
"""

import contextlib
import inspect
import io
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sniper.errors import PluginError
from sniper_sdk.levels.performance import loops_per_call

if TYPE_CHECKING:
    import pytest

_SUITES: Final = "sniper_sdk.conformance"
_LIBRARIES: Final = frozenset({"abc", "builtins", "collections", "msgspec", "pydantic", "sniper", "typing"})
_MOST_LINES: Final = 12
_MOST_SAID: Final = 2000


class Order(msgspec.Struct):
    """What to run. ``tests``: the project's own, or None; ``long``: those that are marked so, too; ``measured``:
    with coverage and timing."""

    distribution: str
    package: str
    out: str
    tests: str | None = None
    long: bool = False
    measured: bool = True


class Result(msgspec.Struct):
    """One behaviour.

    message  Of what failed or was skipped.
    name     Of the test function, without parameters.
    bases    Names of the suites that its class derives from.
    tried    ``"module:Class"`` of the classes that its class has as attributes: what is tried, and its config.
    """

    suite: str
    behaviour: str
    outcome: str
    message: str
    name: str = ""
    bases: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()


class Coverage(msgspec.Struct):
    """``share``: percent of lines and branches; ``missing``: ``"pool.py: 12-14, 20"``."""

    share: float
    missing: tuple[str, ...] = ()


class Outcome(msgspec.Struct):
    """``loops``: calibration loops of the median call, by kind. ``untimed``: why calls of a kind could not be timed."""

    results: tuple[Result, ...]
    coverage: Coverage | None = None
    loops: dict[str, float] = {}
    untimed: dict[str, str] = {}


def run(order: Order) -> Outcome:
    """Play the order in a process of its own. Raises `PluginError` with what that process said, where it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV"))}
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        input=msgspec.json.encode(order),
        capture_output=True,
        env=environment,
        check=False,
    )
    out = Path(order.out)
    if done.returncode != 0 or not out.is_file():
        said = (done.stderr or done.stdout).decode(errors="replace")[-2000:]
        raise PluginError(f"the tests of {order.distribution} could not be run (exit code {done.returncode}):\n{said}")
    return msgspec.json.decode(out.read_bytes(), type=Outcome)


def collected(distribution: str, tests: str | None) -> "tuple[list[type], list[str]]":
    """The suites of a plugin, which are not run, and what could not be imported."""
    results = _Results()
    _pytest(Order(distribution, "", "", tests), results, "--collect-only")
    return list(results.classes), [each.message.strip().splitlines()[-1] for each in results.found if each.message]


class _Results:
    """A plugin of pytest that gathers what it reports."""

    def __init__(self) -> None:
        self.found: list[Result] = []
        self.classes: dict[type, None] = {}
        self._suites: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}

    def pytest_collection_modifyitems(self, items: "list[pytest.Item]") -> None:
        """pytest's hook: a kind that the author's own tests hold is not tested by the generic suite again."""
        own = {base for item in items if not _is_generic(item) for base in _suites(item)}
        items[:] = [item for item in items if not (_is_generic(item) and _stands_for(item) & own)]
        for item in items:
            suites = _suites(item)
            if suites:
                cls: type = item.cls  # type: ignore[attr-defined]  # an item of a class has it
                self._suites[item.nodeid] = tuple(sorted(base.__name__ for base in suites)), _named(cls)
                self.classes[cls] = None

    def pytest_runtest_logreport(self, report: "pytest.TestReport") -> None:
        """pytest's hook, called for setup, call and teardown of each test."""
        if report.when != "call" and report.outcome == "passed":
            return
        parts = report.nodeid.split("::")
        suite, name = (parts[-2] if len(parts) > 2 else Path(parts[0]).name), parts[-1]
        bases, tried = self._suites.get(report.nodeid, ((), ()))
        message = _message(report)
        self.found.append(Result(suite, _sentence(name), report.outcome, message, name.partition("[")[0], bases, tried))

    def pytest_collectreport(self, report: "pytest.CollectReport") -> None:
        """pytest's hook: a file that cannot be imported is a failure too."""
        if report.failed:
            self.found.append(Result(report.nodeid or "collection", "can be imported", "failed", str(report.longrepr)))


def _played(order: Order) -> Outcome:
    results = _Results()
    with tempfile.TemporaryDirectory(prefix="sniper-test-") as scratch:
        covering = _covering(Path(order.package), Path(scratch)) if order.measured else None
        if covering is not None:
            covering.start()
        _pytest(order, results)
        if covering is not None:
            covering.stop()
        covered = None if covering is None else _covered(covering, Path(order.package), Path(scratch))
    loops, untimed = _loops(results.classes) if order.measured else ({}, {})
    return Outcome(tuple(results.found), covered, loops, untimed)


def _pytest(order: Order, results: _Results, *more: str) -> None:
    import pytest

    arguments = ["--sniper-plugin", order.distribution, "-q", "-p", "no:cacheprovider", "-W", "ignore"]
    arguments += ["--continue-on-collection-errors"]
    if not order.long:
        arguments += ["-m", "not long"]
    suites = Path(__file__).parents[1] / "conformance"
    alone = ["--rootdir", str(suites), "-c", "/dev/null", "-o", "asyncio_mode=auto"]
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = pytest.main([*arguments, *more, *([order.tests] if order.tests else alone)], plugins=[results])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not results.found:
        told = said.getvalue().strip()[-_MOST_SAID:] or "no test was found"
        results.found.append(Result("collection", "pytest can run", "failed", told))


def _covering(package: Path, scratch: Path) -> Any:  # Any: coverage is imported here alone
    import coverage

    config = scratch / "coveragerc"
    config.write_text(
        f"[run]\nbranch = true\nparallel = true\npatch = subprocess\nsource = {package}\n"
        f"data_file = {scratch / 'data'}\ndisable_warnings = no-data-collected, module-not-measured, no-sysmon\n"
        "[report]\nexclude_also =\n    if TYPE_CHECKING:\n    \\.\\.\\.$\n    raise NotImplementedError\n"
    )
    return coverage.Coverage(config_file=str(config))


def _covered(covering: Any, package: Path, scratch: Path) -> Coverage:  # Any: as above
    import coverage

    covering.save()
    covering.combine([str(file) for file in scratch.glob("data*")], keep=False)
    report = scratch / "report.json"
    with contextlib.suppress(coverage.exceptions.NoDataError):
        covering.json_report(outfile=str(report))
    if not report.is_file():
        return Coverage(0.0, ("nothing of the package was run",))
    found = msgspec.json.decode(report.read_bytes())
    missing = tuple(
        f"{Path(name).resolve().relative_to(package.resolve())}: {_ranges(file['missing_lines'])}"
        for name, file in sorted(found["files"].items())
        if file["missing_lines"]
    )
    return Coverage(float(found["totals"]["percent_covered"]), missing)


def _ranges(lines: list[int]) -> str:
    found: list[list[int]] = []
    for line in lines:
        if found and line == found[-1][1] + 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    return ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in found)


def _loops(classes: dict[type, None]) -> tuple[dict[str, float], dict[str, str]]:
    """The slowest class of a kind counts; and what calls raised that could not be timed, by kind."""
    found: dict[str, float] = {}
    failed: dict[str, str] = {}
    for cls in classes:
        calls = getattr(cls, "calls", None)
        if calls is None:
            continue
        kind = str(cls.kind)  # type: ignore[attr-defined]  # suites with calls have it
        try:
            loops = loops_per_call(partial(calls, cls()))
        except Exception as error:
            failed[kind] = f"{cls.__name__}: {type(error).__name__}: {error}"
            continue
        if loops is not None:
            found[kind] = max(loops, found.get(kind, 0.0))
    return found, failed


def _is_generic(item: "pytest.Item") -> bool:
    from sniper_sdk.conformance.pytest_plugin import GENERIC

    return item.path == GENERIC


def _suites(item: "pytest.Item") -> set[type]:
    """The suites of this package that an item's class derives from."""
    cls = getattr(item, "cls", None)
    mro = inspect.getmro(cls) if cls is not None else ()
    return {base for base in mro if base.__module__.startswith(_SUITES) and base.__name__.endswith("Conformance")}


def _stands_for(item: "pytest.Item") -> set[type]:
    """The suites whose absence a generic item reports, or which it is of."""
    return _suites(item) | getattr(getattr(item, "cls", None), "stands_for", frozenset())


def _named(cls: type) -> tuple[str, ...]:
    """The classes that are values of a test class's attributes, and those of the plugin that they derive from."""
    values = {name: value for base in reversed(inspect.getmro(cls)) for name, value in vars(base).items()}
    classes = [base for each in values.values() if isinstance(each, type) for base in inspect.getmro(each)]
    theirs = [each for each in classes if each.__module__.partition(".")[0] not in _LIBRARIES]
    return tuple(dict.fromkeys(f"{each.__module__}:{each.__qualname__}" for each in theirs))


def _sentence(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ")


def _message(report: "pytest.TestReport") -> str:
    """What an author must know: the assertion's own words, or why it was skipped; else the end of the traceback."""
    if report.outcome == "passed":
        return ""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(crash.message if crash is not None else report.longrepr)
    return "\n".join(text.removeprefix("AssertionError: ").splitlines()[:_MOST_LINES])


if __name__ == "__main__":
    _order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    Path(_order.out).write_bytes(msgspec.json.encode(_played(_order)))
