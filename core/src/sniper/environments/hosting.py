"""A trusted environment within sniper itself: its directory stands at the end of the import path, behind all others."""

import sys
from collections.abc import Callable
from importlib.abc import PathEntryFinder
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sniper.environments.environment import Environment
from sniper.errors import PluginError


def admit(environment: Environment) -> None:
    """Let the host import a trusted environment, whose files were checked. Raises `PluginError` where something else
    would be imported in its place."""
    site = str(environment.site)
    if site not in sys.path:
        sys.path_hooks.insert(0, _hook(environment.site))
        for path in [each for each in sys.path_importer_cache if Path(each).is_relative_to(site)]:
            del sys.path_importer_cache[path]
        sys.path.append(site)
    for package in {module.partition(".")[0] for module in environment.modules}:
        found = find_spec(package)
        where = Path(found.origin).parent.parent if found and found.origin else None
        if where != environment.site:
            raise PluginError(
                f"{environment} is trusted, but {package} is imported from {where or 'nowhere'}; uninstall what "
                f"brought that, or sniper plugins untrust {environment.distribution}"
            )


class _Source(SourceFileLoader):
    """Reads bytecode and writes none: each file that is not on the environment's list, or differs, has it refused.
    An interpreter that finds none of its own, or one that is stale, compiles in memory."""

    def set_data(self, *args: Any, **kwargs: Any) -> None:  # Any: of `SourceFileLoader`
        pass


def _hook(site: Path) -> Callable[[str], PathEntryFinder]:
    """What imports from below this directory."""
    made = FileFinder.path_hook(
        (ExtensionFileLoader, EXTENSION_SUFFIXES),
        (_Source, SOURCE_SUFFIXES),
        (SourcelessFileLoader, BYTECODE_SUFFIXES),
    )

    def finder(path: str) -> PathEntryFinder:
        if not Path(path).is_relative_to(site):
            raise ImportError(f"{path} is not in {site}")
        return made(path)

    return finder
