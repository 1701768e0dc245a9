"""The base: what workers take from the host, which no environment holds a second time."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from importlib_metadata import Distribution, PackageNotFoundError
from packaging.utils import canonicalize_name

from sniper.errors import PluginError
from sniper.isolation.provided import PROVIDED

CORE: Final = "sniper-core"
_NAMES: Final = {"sniper": CORE, "sha3": "safe-pysha3", "_pysha3": "safe-pysha3"}
"""Distributions that are not called as what they bring."""


@cache
def base() -> Mapping[str, Distribution]:
    """The distributions of what is provided, by normal name. Raises `PluginError` where one is not installed here."""
    found: dict[str, Distribution] = {}
    for package in PROVIDED:
        name = _NAMES.get(package, canonicalize_name(package))
        try:
            found[name] = Distribution.from_name(name)
        except PackageNotFoundError as error:
            raise PluginError(
                f"{name} is not installed, which sniper-core requires; install sniper-core again"
            ) from error
    return found
