"""What is judged: an installed distribution, and its project's directory where that is at hand."""

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import importlib_metadata

from sniper.catalogue import Catalogue, Extension
from sniper.errors import PluginError
from sniper_sdk.installing import install_command


@dataclass(frozen=True)
class Project:
    """
    distribution  As it is installed.
    root          Directory with its pyproject.toml; None for one of which only the installed files are there.
    """

    distribution: str
    root: Path | None = None

    @classmethod
    def of(cls, plugin: str) -> "Project":
        """From a directory or the name of a distribution. Raises `PluginError` for what is not installed."""
        path = Path(plugin)
        project = cls(_name(path), path.resolve()) if path.is_dir() else cls(plugin)
        found = Catalogue.survey()
        known = {each.origin.distribution for each in (*found.extensions, *found.disabled)}
        if project.distribution not in known | {problem.distribution for problem in found.problems}:
            raise PluginError(
                f"{project.distribution} is not installed in this environment; install it: {install_command('PATH')}"
            )
        return project

    @property
    def tests(self) -> Path | None:
        """The project's own tests, where they are at hand."""
        found = None if self.root is None else self.root / "tests"
        return found if found is not None and found.is_dir() else None

    @cached_property
    def extensions(self) -> tuple[Extension, ...]:
        """What it offers. Empty for one that is broken."""
        return tuple(each for each in Catalogue.survey().extensions if each.origin.distribution == self.distribution)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of what it offers, each once, in order."""
        return tuple(sorted({each.spec.kind for each in self.extensions}))

    @property
    def version(self) -> str:
        """As it is installed."""
        return importlib_metadata.version(self.distribution)

    @cached_property
    def metadata(self) -> importlib_metadata.PackageMetadata:
        """Of the installed distribution."""
        return importlib_metadata.metadata(self.distribution)

    @cached_property
    def package(self) -> Path:
        """Directory of its package. Raises `PluginError`."""
        module = self.distribution.replace("-", "_")
        spec = find_spec(module)
        if spec is None or not spec.submodule_search_locations:
            raise PluginError(f"{self.distribution} has no package {module}; reinstall it")
        return Path(next(iter(spec.submodule_search_locations)))

    @cached_property
    def sources(self) -> dict[Path, ast.Module]:
        """Its modules, parsed. Nothing is imported."""
        return {file: ast.parse(file.read_text(), str(file)) for file in sorted(self.package.rglob("*.py"))}

    @cached_property
    def readme(self) -> str:
        """Its README: the project's, else that of the metadata; empty where there is none."""
        file = None if self.root is None else self.root / "README.md"
        if file is not None and file.is_file():
            return file.read_text()
        found: Any = self.metadata  # Any: the protocol hides the message that it is
        return str(found.get("Description") or found.get_payload() or "")

    def documents(self, name: str) -> Iterator[str]:
        """The texts of this name in the project and in the package."""
        for directory in (self.root, self.package):
            if directory is not None and (directory / name).is_file():
                yield (directory / name).read_text()

    def place(self, file: Path, line: int) -> str:
        """``"pool.py:12"``, from the package."""
        return f"{file.relative_to(self.package)}:{line}"


def _name(path: Path) -> str:
    file = path / "pyproject.toml"
    try:
        return str(tomllib.loads(file.read_text())["project"]["name"])
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise PluginError(
            f"{file} names no project ({type(error).__name__}); give a plugin's directory, or a distribution's name"
        ) from error
