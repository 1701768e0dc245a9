"""Each package that `sniper plugins new` writes is sound as it stands: its tests, types and style."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from sniper.catalogue import CONTRACTS
from sniper_sdk.templates.command import new
from sniper_sdk.templates.package import KINDS, TemplateError, package_files, write_package

NAME = "moon-shot"
LONG = {"amm", "exit", "fee", "risk", "sizer", "strategy"}
"""Kinds whose suites play whole histories."""
SNIPER = "import sys; from sniper.cli import main; sys.exit(main())"


def test_there_is_a_template_for_each_kind() -> None:
    assert {known.of or kind for kind, known in KINDS.items()} == set(CONTRACTS)
    assert set(CONTRACTS) <= set(KINDS)


def name_of(kind: str) -> str:
    """Two templates may make plugins of one kind, whose packages must not be called alike."""
    return f"{NAME}-2" if KINDS[kind].of else NAME


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One package of each kind, each beside what an installer would have written of it."""
    root = tmp_path_factory.mktemp("packages")
    for kind in KINDS:
        directory = write_package(kind, name_of(kind), root / kind)
        register(directory)
    return root


def register(directory: Path) -> None:
    project = tomllib.loads((directory / "pyproject.toml").read_text())["project"]
    info = directory / "src" / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    requires = "".join(f"Requires-Dist: {line}\n" for line in project["dependencies"])
    head = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n{requires}"
    (info / "METADATA").write_text(f"{head}\n{(directory / project['readme']).read_text()}")
    groups = [
        f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in entries.items())
        for group, entries in project["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("\n".join(groups))


def run(directory: Path, *command: str, sources: tuple[Path, ...]) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(map(str, sources))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {"PYTHONPATH": path, "MYPYPATH": path}
    return subprocess.run(
        [sys.executable, *command], cwd=directory, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=[pytest.mark.long] if kind in LONG else []) for kind in KINDS],
)
def test_a_new_package_passes_its_suite_through_the_command(packages: Path, kind: str) -> None:
    directory = packages / kind
    done = run(directory, "-c", SNIPER, "plugins", "test", ".", "--no-level", "--json", sources=(directory / "src",))
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found["distribution"] == f"sniper-{KINDS[kind].of or kind}-{name_of(kind)}"
    outcomes = [result["outcome"] for result in found["results"]]
    assert set(outcomes) <= {"passed", "skipped"}
    assert outcomes.count("passed") >= 12


def test_new_packages_pass_strict_type_checks(packages: Path) -> None:
    sources = tuple(packages / kind / "src" for kind in KINDS)
    files = [str(file) for kind in KINDS for file in (packages / kind / "src").glob("sniper_*/*.py")]
    config = packages / "strategy" / "pyproject.toml"
    done = run(packages, "-m", "mypy", "--config-file", str(config), *files, sources=sources)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("command", [("check",), ("format", "--check")], ids=" ".join)
def test_new_packages_are_in_style(packages: Path, command: tuple[str, ...]) -> None:
    for kind in KINDS:
        done = run(packages / kind, "-m", "ruff", *command, "--no-cache", ".", sources=())
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["Moon", "moon_shot", "", "a" * 31, "1st", "class"])
def test_names_that_make_no_package_are_refused(name: str) -> None:
    with pytest.raises(TemplateError, match="kebab-case"):
        package_files("strategy", name)


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(TemplateError, match="not empty"):
        write_package("risk", NAME, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]


def test_the_command_says_where_it_wrote_and_what_comes_next(tmp_path: Path) -> None:
    directory = tmp_path / "new"
    result = CliRunner().invoke(new, ["sizer", NAME, "--dir", str(directory)])
    assert result.exit_code == 0, result.output
    assert f"sniper plugins test {directory}" in result.output
    assert (directory / "src" / "sniper_sizer_moon_shot" / "sizer.py").is_file()


@pytest.mark.parametrize(
    ("there", "says"),
    [
        ({"pip", "uv"}, "pip install -e {}"),
        ({"uv"}, "uv pip install -e {}"),
        (set(), "python -m ensurepip && python -m pip install -e {}"),
    ],
    ids=["pip", "uv alone", "neither"],
)
def test_the_next_step_is_told_with_the_installer_that_there_is(
    there: set[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sniper_sdk.installing.find_spec", lambda name: name if name in there else None)
    monkeypatch.setattr("sniper_sdk.installing.which", lambda name: name if name in there else None)
    where = tmp_path / "mine"
    result = CliRunner().invoke(new, ["risk", NAME, "--dir", str(where)])
    assert result.output.splitlines()[-1] == f"next: {says.format(where)} && sniper plugins test {where}"
