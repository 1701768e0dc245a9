"""The order in which the strategies of an account hear."""

import tomllib
from pathlib import Path

import pytest
from running import FILE

from sniper.catalogue import Catalogue
from sniper.errors import ConfigError
from sniper.kernel.wiring import AccountWiring
from sniper.runtime.wire import wire
from sniper.settings.load import parse
from sniper.settings.resolver import resolve

SECOND = """
[strategy.second]
plugin = "launch-snipe"
exits = []
min_liquidity = "1 ether"
"""


def wired(text: str) -> AccountWiring:
    document = tomllib.loads(FILE.replace("NODE", "http://127.0.0.1:1") + SECOND + text)
    return wire(resolve(parse(document, Path("my.toml")), Catalogue.discover()), signs=False).accounts[0]


def test_strategies_hear_in_the_order_of_their_priorities() -> None:
    plain, ranked = wired(""), wired("[account.main.priorities]\nsecond = 5\n")
    assert ([each.name for each in plain.strategies], plain.priorities) == (["launch-snipe", "second"], ())
    assert [each.name for each in ranked.strategies] == ["second", "launch-snipe"]
    assert ranked.priorities == (("second", 5),)
    with pytest.raises(ConfigError, match='the account runs no strategy "secnd"'):
        wired("[account.main.priorities]\nsecnd = 5\n")
