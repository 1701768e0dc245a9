"""Which modules are the API, and what of it will go."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Final

from pydantic import Field

from sniper.config import Config

SERIES_PARTS: Final = 2


class Deprecated(Config):
    """What will go."""

    name: str = Field(description='full name, such as "sniper.risk.at_most", or that of a class\'s member')
    since: str = Field(description="the version that deprecated it")
    goes: str = Field(description="the first version that may lack it")
    instead: str = Field(description="what to use")


class Stable(Config):
    """What `stable.toml` holds."""

    modules: tuple[str, ...] = Field(description="what plugins may rely on")
    deprecated: tuple[Deprecated, ...] = Field((), description="what will go")


@cache
def stable() -> Stable:
    """Of this sdk."""
    return Stable.model_validate(tomllib.loads(files(__package__).joinpath("stable.toml").read_text()))
