"""``pytest --sniper-plugin DIST``: the generic suite of an installed distribution. Light: pytest loads it always."""

from pathlib import Path

import pytest

from sniper_sdk.conformance import chosen

GENERIC = Path(__file__).with_name("installed.py")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option."""
    parser.getgroup("sniper").addoption(
        "--sniper-plugin",
        action="append",
        default=[],
        metavar="DIST",
        help="run the conformance suite of this installed distribution, such as sniper-sizer-fixed; repeatable",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Put the suite in place of the default paths, or beside those that were given."""
    named: list[str] = config.getoption("--sniper-plugin")
    if not named:
        return
    chosen.distributions[:] = [name.replace("_", "-").lower() for name in named]
    given = list(config.args) if config.args_source is pytest.Config.ArgsSource.ARGS else []
    config.args[:] = [*given, str(GENERIC)]
