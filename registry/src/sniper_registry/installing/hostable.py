"""Whether a trusted environment could be imported by sniper itself without taking the place of something, or the other
way round."""

import sys
from collections.abc import Iterable
from importlib.machinery import PathFinder
from pathlib import Path

from importlib_metadata import Distribution

from sniper.environments.environment import Environment
from sniper.environments.shelf import Shelf
from sniper_registry.installing.refused import InstallConflict


def host_path(shelf: Shelf) -> list[str]:
    """The host's import path, without any environment."""
    return [each for each in sys.path if not shelf.holds(each)]


def demand_hostable(environment: Environment, trusted: Iterable[Environment], path: list[str]) -> None:
    """Raise `InstallConflict` with both sides, for a distribution of it that is there in another version, or a module
    of it that something else brings.

    trusted  Environments that the host may import already.
    path     As of `host_path`.
    """
    others = [("sniper's own environment", path)]
    others += [(str(each), [str(each.site)]) for each in trusted if each.distribution != environment.distribution]
    for where, there in others:
        held = {_name(each): each.version for each in Distribution.discover(path=there)}
        for own in Distribution.discover(path=[str(environment.site)]):
            version = held.get(_name(own))
            if version is not None and version != own.version:
                raise InstallConflict(
                    f"{environment} brings {_name(own)} {own.version}, but {where} holds {_name(own)} {version}; one "
                    "process can import only one of them: keep it isolated, or install another release of either"
                )
            if version is None:
                _demand_free(environment, own, where, there)


def _demand_free(environment: Environment, own: Distribution, where: str, path: list[str]) -> None:
    for module in sorted({Path(str(file)).parts[0].partition(".")[0] for file in own.files or ()}):
        if not module.isidentifier() or module == "__pycache__":
            continue
        found = PathFinder.find_spec(module, path)
        if found is not None:
            raise InstallConflict(
                f"{environment} brings {module} (of {_name(own)}), but {where} has a {module}, too, at "
                f"{found.origin or found.submodule_search_locations}; keep it isolated"
            )


def _name(distribution: Distribution) -> str:
    from packaging.utils import canonicalize_name

    return canonicalize_name(str(distribution.name))
