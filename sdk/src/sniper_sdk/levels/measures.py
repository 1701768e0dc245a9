"""One function for each measure that `rules.toml` names: a number, and what it found."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from sniper.catalogue import Catalogue, Extension, config_model
from sniper.specs import AppSpec
from sniper_sdk.conformance.examples import shown_sections
from sniper_sdk.levels import security
from sniper_sdk.levels.project import Project
from sniper_sdk.levels.rules import rules
from sniper_sdk.levels.session import Outcome
from sniper_sdk.npm.cache import cache_root

_FENCED: Final = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_SEMANTIC: Final = re.compile(r"\d+\.\d+\.\d+((a|b|rc)\d+)?(\.dev\d+)?")
_LIMITS: Final = re.compile(
    r"^##+ .*(limit|does not|do not|cannot|can lose|not there|to know|what it holds to)", re.I | re.M
)
_SHOWN: Final = 20
"""Findings that are told of one measure."""
_SAME: Final = (
    "test_the_same_history_gives_the_same_answers_twice",
    "test_state_survives_a_snapshot_at_any_point",
    "test_another_process_with_another_hash_seed_goes_on_alike",
)
_PARITY: Final = (
    "test_backtest_paper_and_live_decide_alike",
    "test_a_journal_that_is_read_back_leads_to_the_same_decisions",
)


@dataclass(frozen=True)
class Measured:
    """``value`` is compared with a rule's threshold; ``found`` says where it comes from."""

    value: float
    found: tuple[str, ...] = ()


@dataclass(frozen=True)
class Subject:
    """A project and what running its tests showed."""

    project: Project
    outcome: Outcome


Measure = Callable[[Subject], Measured]


def failed_behaviours(subject: Subject) -> Measured:
    """Behaviours that failed."""
    return _counted(f"{each.suite}: {each.behaviour}" for each in subject.outcome.results if each.outcome == "failed")


def passed_behaviours(subject: Subject) -> Measured:
    """Behaviours of suites that hold."""
    return Measured(sum(each.outcome == "passed" for each in subject.outcome.results))


def skipped_behaviours(subject: Subject) -> Measured:
    """Behaviours of suites that could not be tried."""
    return _counted(
        f"{each.behaviour}: {each.message}" for each in subject.outcome.results if each.outcome == "skipped"
    )


def tried_offers(subject: Subject) -> Measured:
    """Percent of what is offered that the suite of its kind tried: the class itself, where suites name it."""
    passed = [each for each in subject.outcome.results if each.outcome == "passed"]
    bases = {base for each in passed for base in each.bases}
    classes = {name for each in passed for name in each.tried}
    wanted, missing = subject.project.extensions, []
    for each in wanted:
        suites = _suites_of(each.spec.kind)
        names_it = each.spec.kind in _NAMED
        if not bases & suites or (names_it and _class_of(each) not in classes):
            missing.append(f"{each.id}: no test class derives from {' or '.join(sorted(suites))} and names it")
    return Measured(_percent(len(wanted) - len(missing), len(wanted)), tuple(missing))


def replay_identity(subject: Subject) -> Measured:
    """Percent of the behaviours of replay identity that hold."""
    return _held(subject, _SAME)


def mode_parity(subject: Subject) -> Measured:
    """Percent of the behaviours of parity that hold."""
    return _held(subject, _PARITY)


def coverage(subject: Subject) -> Measured:
    """Percent of lines and branches that were run."""
    found = subject.outcome.coverage
    return Measured(0.0, ("nothing was measured",)) if found is None else Measured(round(found.share, 1), found.missing)


def performance(subject: Subject) -> Measured:
    """The median call as a share of its kind's budget; the worst kind counts."""
    budget, loops = rules().budget, subject.outcome.loops
    shares = {kind: loops[kind] / budget[kind] for kind in loops if kind in budget}
    missing = [kind for kind in subject.project.kinds if kind in budget and kind not in loops]
    found = tuple(f"{kind}: {loops[kind]:.2f} of {budget[kind]:g} calibration loops" for kind in sorted(shares))
    if missing or not shares:
        untimed = subject.outcome.untimed
        told = (f"{kind}: no call could be timed; {untimed.get(kind, 'no suite of its kind ran')}" for kind in missing)
        return Measured(float("inf"), (*found, *told))
    return Measured(round(max(shares.values()), 3), found)


def dangerous_code(subject: Subject) -> Measured:
    """`security.dangerous`."""
    return _counted(security.dangerous(subject.project))


def impure_code(subject: Subject) -> Measured:
    """`security.impure`."""
    return _counted(security.impure(subject.project))


def permission_findings(subject: Subject) -> Measured:
    """`security.permissions`."""
    return _counted(security.permissions(subject.project))


def lint_findings(subject: Subject) -> Measured:
    """What ruff finds with the sdk's own settings."""
    package = subject.project.package
    with as_file(files(__package__).joinpath("ruff.toml")) as config:
        done = _tool(
            "ruff", "check", "--no-cache", "--output-format", "concise", "--quiet", "--config", str(config),
            "--config", f'src = ["{package.parent}"]', str(package), cwd=package.parent,
        )  # fmt: skip
    return _counted(line for line in done.stdout.splitlines() if line.strip())


def type_errors(subject: Subject) -> Measured:
    """What mypy --strict finds with the sdk's own settings."""
    package = subject.project.package
    cache = cache_root() / "mypy"
    with as_file(files(__package__).joinpath("mypy.ini")) as config:
        done = _tool(
            "mypy", "--config-file", str(config), "--cache-dir", str(cache), "--no-error-summary", "--no-color-output",
            "--python-executable", sys.executable, "-p", package.name, cwd=package.parent,
        )  # fmt: skip
    errors = [line for line in done.stdout.splitlines() if ": error:" in line]
    if done.returncode not in (0, 1) or (done.returncode == 1 and not errors):
        return Measured(1, ((done.stderr or done.stdout).strip()[-500:],))
    return _counted(errors)


def readme_words(subject: Subject) -> Measured:
    """Words of the README outside of code."""
    return Measured(len(re.findall(r"\w+", _FENCED.sub("", subject.project.readme))))


def limits_section(subject: Subject) -> Measured:
    """Whether the README says what it does not do, or what to know."""
    return Measured(float(_LIMITS.search(subject.project.readme) is not None))


def example_sections(subject: Subject) -> Measured:
    """Percent of the extensions with config keys that a toml block of the README shows."""
    shown = {
        (kind, name)
        for document in shown_sections(subject.project.readme)
        for kind, sections in document.items()
        if isinstance(sections, dict)
        for name in sections
    }
    runtime = {name for kind, name in shown if kind in ("runtime", "signer", "store", "lease", "bus")}
    wanted = [
        extension
        for extension in subject.project.extensions
        if not isinstance(extension.spec, AppSpec)
        and config_model(Catalogue.survey().load(extension.spec)).model_fields
    ]
    missing = [each.id for each in wanted if each.key not in shown and each.spec.kind not in runtime]
    return Measured(_percent(len(wanted) - len(missing), len(wanted)), tuple(f"no [{name}]" for name in missing))


def docstrings(subject: Subject) -> Measured:
    """Percent of modules, and of their public classes and functions, that have one. A class that fulfils a contract is
    described by its module, and its config by its fields."""
    total, missing = 0, []
    for file, tree in subject.project.sources.items():
        wanted: list[ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef] = [tree] if tree.body else []
        wanted += [node for node in tree.body if isinstance(node, _DEFINED) and not _needs_none(node)]
        for node in wanted:
            total += 1
            if ast.get_docstring(node) is None:
                name = getattr(node, "name", "the module")
                missing.append(f"{subject.project.place(file, getattr(node, 'lineno', 1))} {name}")
    return Measured(_percent(total - len(missing), total), tuple(missing[:_SHOWN]))


def licence(subject: Subject) -> Measured:
    """Whether the metadata name one."""
    metadata = subject.project.metadata
    named = (metadata[name] for name in ("License-Expression", "License") if name in metadata)
    return Measured(float(any(text and text.upper() != "UNKNOWN" for text in named)))


def semantic_version(subject: Subject) -> Measured:
    """Whether the version has three numbers."""
    version = subject.project.version
    return Measured(float(_SEMANTIC.fullmatch(version) is not None), (version,))


def changelog(subject: Subject) -> Measured:
    """Whether CHANGELOG.md has a heading of the installed version."""
    heading = re.compile(rf"^##? .*\b{re.escape(subject.project.version)}\b", re.MULTILINE)
    texts = list(subject.project.documents("CHANGELOG.md"))
    found = () if texts else ("there is no CHANGELOG.md",)
    return Measured(float(any(heading.search(text) for text in texts)), found)


_DEFINED: Final = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def _needs_none(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Private names, hooks, and classes that derive from one whose contract says what they are."""
    if node.name.startswith("_") or any(ast.unparse(each) == "hookimpl" for each in node.decorator_list):
        return True
    return isinstance(node, ast.ClassDef) and bool(node.bases)


_NAMED: Final = frozenset({"amm", "executor", "exit", "fee", "risk", "router", "sizer", "strategy", "venue"})
"""Kinds whose suites have an attribute for the class; those of the others ask for an instance."""


def _class_of(extension: Extension) -> str:
    """``"module:Class"`` where the class is written, which need not be where its factory finds it."""
    cls = Catalogue.survey().load(extension.spec)
    return f"{cls.__module__}:{cls.__qualname__}"


def _suites_of(kind: str) -> set[str]:
    named = {"risk": ("Risk", "RiskWatch"), "strategy": ("Strategy", "Trading"), "venue": ("Venue", "Exchange")}
    return {f"{name}Conformance" for name in named.get(kind, (kind.capitalize(),))}


def _held(subject: Subject, names: tuple[str, ...]) -> Measured:
    """Each name must have passed, and failed nowhere."""
    results = subject.outcome.results
    good = {each.name for each in results if each.outcome == "passed"} - {
        each.name for each in results if each.outcome == "failed"
    }
    missing = [name for name in names if name not in good]
    told = tuple(f"{name.removeprefix('test_').replace('_', ' ')}: did not pass" for name in missing)
    return Measured(_percent(len(names) - len(missing), len(names)), told)


def _counted(found: Iterable[str]) -> Measured:
    told = tuple(found)
    return Measured(len(told), told[:_SHOWN])


def _percent(part: int, whole: int) -> float:
    return 100.0 if whole == 0 else round(100 * part / whole, 1)


def _tool(module: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


MEASURES: Final[dict[str, Measure]] = {
    measure.__name__: measure
    for measure in (
        changelog, coverage, dangerous_code, docstrings, example_sections, failed_behaviours, impure_code, licence,
        limits_section, lint_findings, mode_parity, passed_behaviours, performance, permission_findings, readme_words,
        replay_identity, semantic_version, skipped_behaviours, tried_offers, type_errors,
    )
}  # fmt: skip
"""By the names that rules use."""
