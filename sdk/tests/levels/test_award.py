"""A package on disk, judged by the command as its author would."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from sniper.cli import exit_codes
from sniper_sdk.levels.session import Order, run
from sniper_sdk.levels.statement import contents_of_package
from sniper_sdk.templates.package import write_package

SNIPER = "import sys; from sniper.cli import main; sys.exit(main())"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A new executor, beside what an installer would have written of it."""
    directory = write_package("executor", "moon-shot", tmp_path / "project")
    project = tomllib.loads((directory / "pyproject.toml").read_text())["project"]
    info = directory / "src" / "sniper_executor_moon_shot-0.1.0.dist-info"
    info.mkdir()
    requires = "".join(f"Requires-Dist: {line}\n" for line in project["dependencies"])
    readme = (directory / "README.md").read_text()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.4\nName: {project['name']}\nVersion: 0.1.0\n{requires}\n{readme}"
    )
    (info / "entry_points.txt").write_text("[sniper.plugins]\nexecutor-moon-shot = sniper_executor_moon_shot\n")
    return directory


def sniper(package: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    sources = str(package / "src")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {"PYTHONPATH": sources, "MYPYPATH": sources}
    command = [sys.executable, "-c", SNIPER, "plugins", "test", ".", *arguments]
    return subprocess.run(command, cwd=package, env=environment, capture_output=True, text=True, check=False)


def test_a_package_without_a_licence_has_no_level_and_is_told_what_is_missing(package: Path) -> None:
    done = sniper(package, "--json", "--write", "level.json")
    assert done.returncode == exit_codes.PLUGIN, done.stderr
    assert json.loads(done.stdout)["missing"] == ["release.licence"]
    assert "release.licence" in done.stderr
    assert not (package / "level.json").exists()


def test_a_level_is_measured_told_and_written(package: Path) -> None:
    metadata = package / "src" / "sniper_executor_moon_shot-0.1.0.dist-info" / "METADATA"
    metadata.write_text(
        metadata.read_text().replace("Version: 0.1.0\n", "Version: 0.1.0\nLicense-Expression: MIT\n", 1)
    )
    done = sniper(package, "--json", "--write", "level.json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    rules = {each["id"]: each for each in told["rules"]}
    assert told["ok"]
    assert rules["conformance.kind"]["measured"] == 100
    assert rules["types.strict"]["measured"] == rules["lint.ruff"]["measured"] == 0
    assert rules["coverage.silver"]["measured"] > 60
    assert told["level"] == "gold"
    assert "documentation.limits" in told["missing"]
    written = json.loads((package / "level.json").read_text())
    assert (written["distribution"], written["version"]) == ("sniper-executor-moon-shot", "0.1.0")
    assert written["level"] == told["level"]
    assert written["contents"] == contents_of_package(package / "src" / "sniper_executor_moon_shot")

    source = package / "src" / "sniper_executor_moon_shot" / "executor.py"
    source.write_text(source.read_text() + "\n\ndef wrong(x):\n    return eval(x)\n")
    done = sniper(package, "--level", "bronze")
    assert done.returncode == exit_codes.FAILURE
    assert "sniper-executor-moon-shot 0.1.0: no level yet" in done.stdout
    assert "calls eval" in done.stdout


def test_a_behaviour_that_fails_fails_the_command(package: Path) -> None:
    (package / "tests" / "test_mine.py").write_text("def test_it_works() -> None:\n    assert 1 + 1 == 3, 'sums'\n")
    (package / "tests" / "test_broken.py").write_text("import no_such_module\n")
    done = sniper(package, "--no-level", "--json")
    assert done.returncode == exit_codes.FAILURE
    told = json.loads(done.stdout)
    failed = {each["behaviour"]: each["message"] for each in told["results"] if each["outcome"] == "failed"}
    assert failed["it works"].startswith("sums")
    assert "no_such_module" in failed["can be imported"]
    assert (told["level"], told["rules"]) == ("", [])


def test_levels_cannot_be_demanded_of_what_is_not_measured(package: Path) -> None:
    for options in (("--level", "gold"), ("--write", "level.json")):
        done = sniper(package, "--no-level", *options)
        assert done.returncode == exit_codes.USAGE
        assert "--no-level" in done.stderr


@pytest.mark.parametrize(("kind", "suite"), [("venue", "VenueConformance"), ("amm", "AmmConformance")])
def test_what_a_suite_checks_can_be_read(package: Path, kind: str, suite: str) -> None:
    told = json.loads(sniper(package, "--list", kind, "--json").stdout)
    assert {suite, "PackageConformance"} <= set(told)
    assert all(each["what"] for behaviours in told.values() for each in behaviours)
    refused = sniper(package, "--list", "no-such-kind")
    assert refused.returncode == exit_codes.PLUGIN
    assert "kinds are amm, app" in refused.stderr


def test_what_cannot_be_run_at_all_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    outcome = run(
        Order(
            "sniper-no-such-plugin", str(tmp_path), str(tmp_path / "out.json"), str(tmp_path / "tests"), measured=False
        )
    )
    assert [each.outcome for each in outcome.results][:1] == ["failed"]
