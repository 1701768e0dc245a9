"""The packages that README and author guide show are written to disk as they stand there, and tested."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from pages import PAGES, ROOT, TUTORIALS, Block, all_blocks, blocks

AUTHORING = [page for page in PAGES if page not in TUTORIALS and blocks(page, "python")]
NAMES = [str(page.relative_to(ROOT)) for page in AUTHORING]


def written(page: Path, directory: Path) -> Path:
    """All named files of a page, over what its ``plugins new`` writes, and what an installer would have added."""
    for block in blocks(page, "sh"):
        asked = re.search(r"^sniper plugins new (\S+) (\S+)$", block.text, re.MULTILINE)
        if asked:
            directory /= "package"
            new = ("sniper", "plugins", "new", asked[1], asked[2], "--dir", str(directory))
            subprocess.run([sys.executable, "-m", *new], check=True, capture_output=True)
    for block in blocks(page, "python", "toml"):
        if not block.name or block.name.endswith(("sniper.toml", "rules.toml")):
            continue
        file = directory / block.name
        file.parent.mkdir(parents=True, exist_ok=True)
        text = block.text.partition("\n")[2]
        file.write_text(f"# A plugin\n\n```toml\n{text}```\n" if block.name.endswith(".md") else text)
    for package in directory.glob("src/*"):
        (package / "py.typed").touch()
    project = tomllib.loads((directory / "pyproject.toml").read_text())["project"]
    info = directory / "src" / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    requires = "".join(f"Requires-Dist: {line}\n" for line in project["dependencies"])
    head = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n{requires}"
    (info / "METADATA").write_text(f"{head}\n{(directory / 'README.md').read_text()}")
    groups = (
        f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in entries.items())
        for group, entries in project["entry-points"].items()
    )
    (info / "entry_points.txt").write_text("\n".join(groups))
    return directory


@pytest.fixture(scope="module", params=AUTHORING, ids=NAMES)
def package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(request.param, tmp_path_factory.mktemp("package"))


def run(directory: Path, *command: str) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        "PYTHONPATH": str(directory / "src"),
        "MYPYPATH": str(directory / "src"),
    }
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]


@pytest.mark.parametrize("block", all_blocks("python"), ids=str)
def test_every_python_block_names_its_file_so_that_it_is_run(block: Block) -> None:
    assert block.name, "begin it with a comment that names its file, such as # src/sniper_acme/peg.py"


def test_the_package_of_a_page_passes_its_tests_and_the_conformance_suites(package: Path) -> None:
    run(package, "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", "tests")


def test_the_package_of_a_page_is_in_the_style_of_this_project(package: Path) -> None:
    settings = ("--isolated", "--no-cache", "--line-length", "120")
    run(package, "ruff", "check", *settings, "--select", "E,F,W,I,UP,B,SIM,PL,PT", "--ignore", "PLR2004", ".")
    run(package, "ruff", "format", *settings, "--diff", ".")


@pytest.mark.long
def test_the_package_of_a_page_is_typed_strictly(package: Path) -> None:
    settings = ("--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(package / ".cache"))
    run(package, "mypy", *settings, "src", "tests")
