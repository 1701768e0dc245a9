"""What the trader named, made into a wheel that was inspected: a file, a directory, a repository, or a release."""

import re
import shutil
from pathlib import Path
from typing import Final

from sniper.errors import PluginError
from sniper_registry.installing.making import Wish
from sniper_registry.installing.wheel import inspect

_RELEASE: Final = re.compile(r"([A-Za-z0-9][\w.-]*?)(?:==([\w.!+-]+))?")


def wished(target: str, scratch: Path) -> Wish:
    """The wheel that a target stands for, copied to the private directory ``scratch``: nobody changes it between its
    inspection and its installation. Raises `PluginError` of many kinds."""
    if target.endswith(".whl"):
        return Wish(wheel=inspect(_copied(Path(target), scratch)), source="wheel")
    raise PluginError(f"{target}: is no wheel; name a file that ends with .whl")


def _copied(file: Path, scratch: Path) -> Path:
    if not file.is_file():
        raise PluginError(f"{file}: there is no such file")
    return Path(shutil.copyfile(file, scratch / file.name))
