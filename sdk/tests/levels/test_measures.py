"""Each measure tells what it is called after: one source that is fine, one that is not."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from sniper.catalogue import Catalogue, Extension
from sniper.errors import PluginError
from sniper.specs import FeedSpec, StrategySpec
from sniper_sdk.levels import performance, security
from sniper_sdk.levels.measures import MEASURES, Measured, Subject
from sniper_sdk.levels.project import Project
from sniper_sdk.levels.session import Coverage, Outcome, Result
from sniper_sdk.levels.statement import contents_of_package, contents_of_wheel

PACKAGE = "sniper_strategy_mine"
ORIGIN = Catalogue.survey().extensions[0].origin


def project(
    root: Path, sources: Mapping[str, str], *specs: Any, readme: str = "", version: str = "0.1.0", **documents: str
) -> Project:
    """Of files that are never imported. Any: specs of several kinds."""
    package = root / "src" / PACKAGE
    for name, text in {"__init__.py": "", **sources}.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    for name, text in {"README.md": readme, **{f"{name}.md": text for name, text in documents.items()}}.items():
        (root / name).write_text(text)
    found = Project("sniper-strategy-mine", root)
    vars(found).update(package=package, extensions=tuple(Extension(spec, ORIGIN) for spec in specs))
    return found


def strategy(module: str = "mine", **fields: Any) -> StrategySpec:
    return StrategySpec(name="mine", summary="Mine", factory=f"{PACKAGE}.{module}:Mine", **fields)


def measured(name: str, of: Project, outcome: Outcome | None = None) -> Measured:
    return MEASURES[name](Subject(of, outcome or Outcome(())))


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("eval('1')", "mine.py:1 calls eval"),
        ("import os\nos.system('ls')", "mine.py:2 calls os.system"),
        ("import pickle\npickle.loads(b'')", "mine.py:2 calls pickle.loads"),
        ("import subprocess\nsubprocess.run('ls', shell=True)", "mine.py:2 starts a shell"),
        ("import os\nos.execvpe('a', [], {})", "mine.py:2 calls os.execvpe"),
    ],
)
def test_code_that_runs_text_is_told_with_its_line(tmp_path: Path, source: str, says: str) -> None:
    assert list(security.dangerous(project(tmp_path, {"mine.py": source}))) == [says]


def test_plain_code_is_not_dangerous(tmp_path: Path) -> None:
    source = "import subprocess\n\ndef evaluate() -> None:\n    subprocess.run(['ls'], shell=False)\n"
    assert measured("dangerous_code", project(tmp_path, {"mine.py": source})) == Measured(0)


@pytest.mark.parametrize(
    "source", ["import random", "from os import path", "import time", "from urllib import request"]
)
def test_what_decides_may_not_reach_outside(tmp_path: Path, source: str) -> None:
    found = list(security.impure(project(tmp_path, {"mine.py": source}, strategy())))
    assert len(found) == 1
    assert found[0].startswith("mine.py:1 imports ")


def test_outside_is_looked_for_in_all_that_the_class_imports(tmp_path: Path) -> None:
    sources = {
        "mine.py": "from .deep import inner\n",
        "deep/__init__.py": "",
        "deep/inner.py": f"from {PACKAGE} import further\n",
        "further.py": "import socket\n",
        "apart.py": "import sqlite3\n",
    }
    assert list(security.impure(project(tmp_path, sources, strategy()))) == ["further.py:1 imports socket"]


def test_what_decides_nothing_may_reach_outside(tmp_path: Path) -> None:
    feed = FeedSpec(name="mine", summary="Mine", factory=f"{PACKAGE}.mine:Mine", emits=())
    assert list(security.impure(project(tmp_path, {"mine.py": "import socket"}, feed))) == []


def test_imports_for_type_checkers_alone_reach_nothing(tmp_path: Path) -> None:
    source = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import socket\n"
    assert list(security.impure(project(tmp_path, {"mine.py": source}, strategy()))) == []


def test_a_probe_may_keep_a_secret_and_a_check_may_not() -> None:
    probe = Project("sniper-risk-honeypot")
    assert "secrets" in "".join(file.read_text() for file in probe.sources)
    assert list(security.impure(probe)) == []


@pytest.mark.parametrize(
    ("source", "permissions", "says"),
    [
        ("import aiohttp", (), "imports aiohttp, and no permission network:... is asked for"),
        ("x = 1", ("network:api.acme.com",), "network:api.acme.com is asked for, and nothing connects"),
        ("x = 1", ("secret:acme-key",), "secret:acme-key is asked for, and no secret is read"),
        ("x = 1", ("read:/etc",), "read:/etc is asked for, and no file is opened"),
    ],
)
def test_permissions_and_sources_must_agree(
    tmp_path: Path, source: str, permissions: tuple[str, ...], says: str
) -> None:
    found = project(tmp_path, {"mine.py": source}, strategy(permissions=permissions))
    assert list(security.permissions(found)) == [says]


def test_permissions_that_are_used_are_in_order(tmp_path: Path) -> None:
    source = "import aiohttp\nkey = config.secret\nopen('x')\n"
    asked = strategy(permissions=("network:api.acme.com", "secret:acme-key", "read:/data"))
    assert measured("permission_findings", project(tmp_path, {"mine.py": source}, asked)) == Measured(0)


def test_types_and_style_are_those_of_the_sdk(tmp_path: Path) -> None:
    bad = project(tmp_path / "bad", {"mine.py": "import re\ndef f(x):\n    return x\n", "py.typed": ""})
    good = project(
        tmp_path / "good", {"mine.py": '"""Mine."""\n\n\ndef f(x: int) -> int:\n    return x\n', "py.typed": ""}
    )
    assert [measured(name, good) for name in ("type_errors", "lint_findings")] == [Measured(0), Measured(0)]
    types, style = (measured(name, bad) for name in ("type_errors", "lint_findings"))
    assert types.value == 1
    assert "no-untyped-def" in types.found[0]
    assert style.value == 1
    assert "F401" in style.found[0]


def test_words_in_code_do_not_count_as_documentation(tmp_path: Path) -> None:
    readme = "# Mine\n\nBuys it.\n\n```toml\n[strategy.mine]\nmany = 1\n```\n"
    assert measured("readme_words", project(tmp_path, {}, readme=readme)).value == 3


@pytest.mark.parametrize(
    ("readme", "value"),
    [("## Limits\n", 1), ("## What it does not do\n", 1), ("## Usage\n\nLimits: none\n", 0), ("", 0)],
)
def test_limits_have_a_section(tmp_path: Path, readme: str, value: float) -> None:
    assert measured("limits_section", project(tmp_path, {}, readme=readme)).value == value


def test_docstrings_are_counted_where_no_contract_says_what_it_is(tmp_path: Path) -> None:
    source = (
        '"""Mine."""\n\ndef told():\n    """Told."""\n\ndef untold(): ...\n\ndef _own(): ...\n\nclass Mine(Base): ...\n'
    )
    found = measured("docstrings", project(tmp_path, {"mine.py": source}))
    assert found == Measured(66.7, ("mine.py:6 untold",))


def test_what_takes_config_is_shown_in_the_readme(tmp_path: Path) -> None:
    limits = Project("sniper-risk-limits")
    assert measured("example_sections", limits) == Measured(100.0)
    (tmp_path / "README.md").write_text("# Nothing\n")
    silent = Project("sniper-risk-limits", tmp_path)
    assert measured("example_sections", silent) == Measured(0.0, ("no [risk.limits]",))


def test_a_changelog_has_a_heading_for_the_version() -> None:
    found = Project("sniper-risk-limits")
    assert measured("changelog", found) == Measured(0.0, ("there is no CHANGELOG.md",))


@pytest.mark.parametrize(
    ("text", "value"), [("## 0.1.0\n", 1), ("# 0.1.0 (2026)\n", 1), ("## 0.1.00\n", 0), ("0.1.0", 0)]
)
def test_the_heading_is_that_of_the_installed_version(tmp_path: Path, text: str, value: float) -> None:
    (tmp_path / "CHANGELOG.md").write_text(text)
    assert measured("changelog", Project("sniper-risk-limits", tmp_path)).value == value


def result(name: str, outcome: str = "passed", bases: tuple[str, ...] = (), tried: tuple[str, ...] = ()) -> Result:
    return Result("TestMine", name, outcome, "because", name, bases, tried)


def test_replay_identity_is_three_behaviours_that_failed_nowhere() -> None:
    names = (
        "test_the_same_history_gives_the_same_answers_twice",
        "test_state_survives_a_snapshot_at_any_point",
        "test_another_process_with_another_hash_seed_goes_on_alike",
    )
    mine = Project("sniper-risk-limits")
    held = Outcome(tuple(result(name) for name in names))
    assert measured("replay_identity", mine, held).value == 100
    broken = Outcome((*held.results, result(names[0], "failed")))
    assert measured("replay_identity", mine, broken).value == 66.7
    assert measured("failed_behaviours", mine, broken).value == 1
    assert measured("passed_behaviours", mine, broken).value == 3
    assert measured("skipped_behaviours", mine, Outcome((result("a", "skipped"),))).found == ("a: because",)


def test_each_class_that_is_offered_must_be_tried_itself() -> None:
    mine = Project("sniper-risk-limits")
    cls = Catalogue.survey().load(mine.extensions[0].spec)
    own = f"{cls.__module__}:{cls.__qualname__}"
    tried = Outcome((result("a", bases=("RiskWatchConformance",), tried=(own,)),))
    assert measured("tried_offers", mine, tried).value == 100
    other = Outcome((result("a", bases=("RiskWatchConformance",), tried=("elsewhere:Other",)),))
    assert measured("tried_offers", mine, other).value == 0
    package = Outcome((result("a", bases=("PackageConformance",), tried=(own,)),))
    assert measured("tried_offers", mine, package).value == 0


def test_coverage_and_what_it_missed_is_told() -> None:
    mine = Project("sniper-risk-limits")
    assert measured("coverage", mine).value == 0
    assert measured("coverage", mine, Outcome((), Coverage(81.25, ("a.py: 3",)))) == Measured(81.2, ("a.py: 3",))


def test_the_worst_kind_counts_and_what_cannot_be_timed_fails() -> None:
    mine = Project("sniper-risk-limits")
    assert measured("performance", mine, Outcome((), loops={"risk": 10.0})).value == 0.5
    broken = measured("performance", mine, Outcome((), untimed={"risk": "ValueError: no"}))
    assert broken.value == float("inf")
    assert broken.found == ("risk: no call could be timed; ValueError: no",)


def test_the_median_call_is_told_in_calibration_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0]

    def lasts(time: int) -> Callable[[], None]:
        return lambda: clock.__setitem__(0, clock[0] + time)

    monkeypatch.setattr(performance, "perf_counter_ns", lambda: clock[0])
    monkeypatch.setattr(performance, "calibration_loop", lasts(100))
    assert performance.loops_per_call(lambda: [lasts(30), lasts(250), lasts(9_000)]) == 2.5
    assert performance.loops_per_call(list) is None


def test_a_package_and_its_wheel_have_the_same_contents(tmp_path: Path) -> None:
    package = project(tmp_path, {"mine.py": "x = 1\n", "data/table.csv": "1\n"}).package
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "mine.pyc").write_bytes(b"\0")
    wheel = tmp_path / f"{PACKAGE}-0.1.0-py3-none-any.whl"
    with ZipFile(wheel, "w") as archive:
        archive.writestr(f"{PACKAGE}-0.1.0.dist-info/METADATA", "Name: x")
        for name in ("mine.py", "__init__.py", "data/table.csv"):
            archive.write(package / name, f"{PACKAGE}/{name}")
    assert contents_of_wheel(wheel) == contents_of_package(package)
    (package / "mine.py").write_text("x = 2\n")
    assert contents_of_wheel(wheel) != contents_of_package(package)


def test_what_is_no_wheel_has_no_contents(tmp_path: Path) -> None:
    (tmp_path / "a-1-py3-none-any.whl").write_text("no zip")
    with pytest.raises(PluginError, match="is no wheel"):
        contents_of_wheel(tmp_path / "a-1-py3-none-any.whl")
