"""Each package that `sniper plugins new` writes is sound: its types, its style, what is in it, and its tests, which run
against the installed wheel."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from generated_packages import NAME, Packages, name_of

from sniper.catalogue import CONTRACTS
from sniper_sdk.templates.command import new
from sniper_sdk.templates.package import KINDS, TemplateError, package_files, write_package

CONFIGURED = sorted(set(KINDS) - {"app", "index"})
"""Kinds that a config file names."""
ON_A_CHAIN = {"amm", "exit", "fee", "signer", "strategy", "venue"}
AT_AN_EXCHANGE = {"exchange"}
BRIEF = ("risk", "signer", "venue")
"""Kinds whose own tests run always: a check of the kernel, a driver of the shell, and transactions on a chain."""
SNIPER = "import sys; from sniper.cli import main; sys.exit(main())"
EACH = "import sys; from sniper.cli import main; sys.exit(sum(main([*sys.argv[1:3], file]) for file in sys.argv[3:]))"


def test_there_is_a_template_for_each_kind() -> None:
    assert {known.of or kind for kind, known in KINDS.items()} == set(CONTRACTS)
    assert set(CONTRACTS) <= set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_package_has_all_that_a_repository_needs(packages: Packages, kind: str) -> None:
    directory = packages.root / kind
    needed = {"README.md", "CHANGELOG.md", ".gitignore", ".ci/run", ".github/workflows/test.yml", "pyproject.toml"}
    found = {str(file.relative_to(directory)) for file in directory.rglob("*") if file.is_file()}
    assert needed <= found
    assert ("example.toml" in found) == (kind in CONFIGURED)
    assert os.access(directory / ".ci/run", os.X_OK)
    tests = (directory / "tests" / "test_conformance.py").read_text()
    assert ("DevChain" in tests) == (kind in ON_A_CHAIN)
    assert ("ExchangeServer" in tests) == (kind in AT_AN_EXCHANGE)


def test_all_are_found_where_their_wheels_are_installed(packages: Packages) -> None:
    done = packages.run("-c", SNIPER, "plugins", "list", "--json")
    assert done.returncode == 0, done.stderr
    found = {(each["kind"], each["name"]) for each in json.loads(done.stdout)["plugins"]}
    assert {(KINDS[kind].of or kind, name_of(kind)) for kind in KINDS} <= found


@pytest.mark.parametrize("kinds", [("executor",), tuple(set(CONFIGURED) - {"executor"})], ids=["executor", "others"])
def test_their_example_configs_are_whole_and_right(packages: Packages, kinds: tuple[str, ...]) -> None:
    site = packages.sites["executor" not in kinds]
    alone = replace(packages, sites=(site,))
    done = alone.run("-c", EACH, "config", "check", *(f"{kind}/example.toml" for kind in kinds))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("in order") == len(kinds)


def test_they_pass_strict_type_checks(packages: Packages) -> None:
    files = [str(file) for kind in KINDS for file in (packages.root / kind / "src").glob("sniper_*/*.py")]
    config = packages.root / "strategy" / "pyproject.toml"
    done = packages.run("-m", "mypy", "--config-file", str(config), *files)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["x", "a-name-of-thirty-letters-inall"])
@pytest.mark.parametrize("command", [("check",), ("format", "--check")], ids=" ".join)
def test_they_are_in_style_however_they_are_called(name: str, command: tuple[str, ...], packages: Packages) -> None:
    root = packages.root.with_name(f"named-{name}")
    for kind in KINDS:
        if not (root / kind).exists():
            write_package(kind, name, root / kind)
    done = packages.run("-m", "ruff", *command, "--no-cache", ".", cwd=root)
    assert done.returncode == 0, done.stdout


def passes(packages: Packages, kinds: tuple[str, ...]) -> None:
    """Run the tests of these packages against their wheels."""
    config = ("-c", str(packages.root / "strategy" / "pyproject.toml"), "--rootdir", str(packages.root))
    tests = (str(packages.root / kind / "tests") for kind in kinds)
    done = packages.run("-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", *config, *tests)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_their_own_tests_pass_against_the_installed_wheels(packages: Packages) -> None:
    passes(packages, BRIEF)


@pytest.mark.long
@pytest.mark.parametrize("kind", sorted(set(KINDS) - set(BRIEF)))
def test_the_own_tests_of_each_kind_pass_against_its_installed_wheel(packages: Packages, kind: str) -> None:
    passes(packages, (kind,))


@pytest.mark.parametrize("kind", ["risk", "signer"])
def test_the_command_tests_what_is_installed(packages: Packages, kind: str) -> None:
    """Its author's tests; beside them nothing is skipped that only they can try."""
    done = packages.run("-c", SNIPER, "plugins", "test", kind, "--no-level", "--json")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found["distribution"] == f"sniper-{kind}-{NAME}"
    outcomes = [result["outcome"] for result in found["results"]]
    assert set(outcomes) == {"passed"}
    assert len(outcomes) >= 12


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
