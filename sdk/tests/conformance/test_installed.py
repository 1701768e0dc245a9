"""What is installed is tested without a line from its author: by the option of pytest, and by the command."""

import json
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from sniper.catalogue import Catalogue
from sniper_sdk import AppConformance, PackageConformance
from sniper_sdk.conformance.command import check
from sniper_sdk.conformance.examples import example_config, readme, shown_sections
from sniper_sdk.conformance.package import extensions_of

pytest_plugins = ["pytester"]


class TestPackage(PackageConformance):
    distribution = "sniper-sdk"


class TestNew(AppConformance):
    command = Catalogue.survey().command(Catalogue.survey().spec("app", "new"))  # type: ignore[arg-type]


class TestTest(AppConformance):
    command = check


def test_the_option_collects_the_package_and_each_spec(pytester: pytest.Pytester) -> None:
    result = pytester.run(
        sys.executable, "-m", "pytest", "--sniper-plugin", "sniper-sizer-fixed", "--collect-only", "-q"
    )
    lines = [line for line in result.outlines if "::" in line]
    suites = {line.split("::")[1] for line in lines}
    assert suites == {"TestSizerFixedPackage", "TestSizerFixed"}
    assert any("test_the_amount_is_whole_and_within_its_bounds" in line for line in lines)


def test_the_option_stands_beside_paths_that_are_given(pytester: pytest.Pytester) -> None:
    file = pytester.makepyfile(test_mine="def test_mine(): pass")
    arguments = ["--sniper-plugin", "sniper-executor-shadow", "--collect-only", "-q", str(file)]
    result = pytester.run(sys.executable, "-m", "pytest", *arguments)
    names = " ".join(result.outlines)
    assert "test_mine" in names
    assert "TestExecutorShadowPackage" in names


def test_without_the_option_nothing_is_added(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine="def test_mine(): pass")
    result = pytester.run(sys.executable, "-m", "pytest", "-q")
    result.assert_outcomes(passed=1)


def test_a_distribution_that_is_not_there_is_an_error_with_a_remedy() -> None:
    result = CliRunner().invoke(check, ["sniper-risk-imaginary"])
    assert result.exit_code != 0
    assert "pip install" in str(result.exception)


def test_the_command_tells_results_as_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    import subprocess

    command = "import sys; from sniper.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", command, "plugins", "test", "sniper-executor-shadow", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout)
    assert found["ok"] is True
    assert {"suite", "behaviour", "outcome", "message"} == set(found["results"][0])
    assert [each["message"] for each in found["results"] if each["outcome"] == "skipped"] == [
        "only its author's tests can say what executor.shadow works on: subclass the suite of its kind"
    ]


def test_only_toml_blocks_of_a_readme_are_config() -> None:
    text = "# A\n```toml\n[a.b]\nc = 1\n```\n```sh\nls\n```\n```toml\n[d]\n```\n"
    assert list(shown_sections(text)) == [{"a": {"b": {"c": 1}}}, {"d": {}}]
    with pytest.raises(tomllib.TOMLDecodeError):
        list(shown_sections("```toml\n= 1\n```"))


def test_the_example_is_what_the_readme_shows() -> None:
    (extension,) = extensions_of("sniper-exit-stop-loss")
    (shown,) = [each["exit"]["stop-loss"] for each in shown_sections(readme(extension.origin)) if "exit" in each]
    config = example_config(extension, Catalogue.survey().load(extension.spec))
    assert config is not None
    assert config.model_dump(include=set(shown)) == shown
