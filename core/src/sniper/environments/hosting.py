"""A trusted environment within sniper itself: its directory stands at the end of the import path, behind all others."""

import sys
from importlib.util import find_spec
from pathlib import Path

from sniper.environments.environment import Environment
from sniper.errors import PluginError


def admit(environment: Environment) -> None:
    """Let the host import a trusted environment, whose files were checked. Raises `PluginError` where something else
    would be imported in its place."""
    site = str(environment.site)
    if site not in sys.path:
        sys.path.append(site)
    for package in {module.partition(".")[0] for module in environment.modules}:
        found = find_spec(package)
        where = Path(found.origin).parent.parent if found and found.origin else None
        if where != environment.site:
            raise PluginError(
                f"{environment} is trusted, but {package} is imported from {where or 'nowhere'}; uninstall what "
                f"brought that, or sniper plugins untrust {environment.distribution}"
            )
