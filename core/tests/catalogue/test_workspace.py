"""The workspace: lists are generated, and every plugin package has the same shape."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/*/pyproject.toml"))


def project(directory: Path) -> dict[str, Any]:
    return tomllib.loads((directory / "pyproject.toml").read_text())["project"]  # type: ignore[no-any-return]


def test_generated_member_lists_are_current() -> None:
    check = [sys.executable, str(ROOT / "scripts/members.py"), "--check"]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_members_are_globbed() -> None:
    workspace = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["workspace"]
    assert workspace["members"] == ["core", "sdk", "registry", "plugins/*/*"]


@pytest.mark.parametrize(
    "member", [ROOT / "core", ROOT / "sdk", ROOT / "registry", *PLUGINS], ids=lambda path: path.name
)
def test_what_a_member_depends_on_is_pinned_by_hash(member: Path) -> None:
    pinned = set(re.findall(r"^([\w.-]+)==\S+.*\\$", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    wanted = {
        re.split(r"[^\w.-]", line, maxsplit=1)[0].lower().replace("_", "-") for line in project(member)["dependencies"]
    }
    missing = {name for name in wanted if not name.startswith("sniper-")} - pinned
    assert not missing, f"not in requirements.txt: {missing}; run: make lock"


def test_pins_name_no_host() -> None:
    text = (ROOT / "requirements.txt").read_text()
    assert "://" not in text
    assert "--index-url" not in text


@pytest.mark.parametrize("directory", PLUGINS, ids=lambda path: path.name)
class TestPlugin:
    def test_directory_distribution_and_package_have_one_name(self, directory: Path) -> None:
        kind, name = directory.parts[-2:]
        assert project(directory)["name"] == f"sniper-{kind}-{name}"
        assert (directory / "src" / f"sniper_{kind}_{name}".replace("-", "_") / "__init__.py").is_file()

    def test_the_core_vouches_for_it(self, directory: Path) -> None:
        assert project(directory)["name"] in project(ROOT / "core")["optional-dependencies"]["default"]

    def test_it_has_one_entry_point_tests_and_a_page(self, directory: Path) -> None:
        described = project(directory)
        assert list(described["entry-points"]["sniper.plugins"].values()) == [described["name"].replace("-", "_")]
        assert list(directory.glob("tests/test_*.py"))
        assert (directory / "README.md").is_file()

    def test_its_own_module_imports_only_sniper(self, directory: Path) -> None:
        (module,) = directory.glob("src/*/__init__.py")
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Import):
                assert [alias.name for alias in node.names] == ["sniper"], ast.unparse(node)
            if isinstance(node, ast.ImportFrom):
                assert node.module in {"sniper", "collections.abc", "typing"}, ast.unparse(node)
