"""``pytest --sniper-plugin DIST``: the generic suite of an installed distribution. And the fixtures of docs/authors.md.

Light: pytest loads it always.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from sniper_sdk.conformance import chosen

if TYPE_CHECKING:
    from sniper_sdk.devchain import DevChain, KnownChain
    from sniper_sdk.exchange import ExchangeServer, VirtualClock
    from sniper_sdk.recorded_market import RecordedMarket

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


@pytest_asyncio.fixture
async def exchange() -> "AsyncIterator[ExchangeServer]":
    """A running exchange with BTCUSDT, ETHUSDT and BNBUSDT, whose books are empty: `sniper_sdk.exchange`."""
    from sniper_sdk.exchange import ExchangeServer, Symbol

    async with ExchangeServer([Symbol.of(base, "USDT") for base in ("BTC", "ETH", "BNB")]) as running:
        yield running


@pytest.fixture(scope="session")
def known_chain() -> "Iterator[KnownChain]":
    """One node for the whole session, which ``dev_chain`` brings back to its known state."""
    from sniper_sdk.devchain import KnownChain

    with KnownChain() as known:
        yield known


@pytest.fixture
def dev_chain(known_chain: "KnownChain") -> "DevChain":
    """A node with the real Uniswap contracts, in the same state for each test: `sniper_sdk.devchain`."""
    return known_chain.chain()


@pytest.fixture
def fake_clock() -> "VirtualClock":
    """A time that stands still until ``move(ns)``; ``now()`` says it, ns UTC."""
    from sniper_sdk.exchange import VirtualClock

    return VirtualClock()


@pytest.fixture(scope="session")
def recorded_market(tmp_path_factory: pytest.TempPathFactory) -> "RecordedMarket":
    """Two minutes of a generated market, as a recording, trades and bars: `sniper_sdk.recorded_market`."""
    from sniper_sdk.recorded_market import RecordedMarket

    return RecordedMarket(tmp_path_factory.mktemp("market") / "BTCUSDT.gz")
