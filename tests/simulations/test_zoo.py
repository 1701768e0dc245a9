"""Both stages tell the same of the zoo: the local EVM is as good as the node."""

from collections.abc import AsyncIterator
from typing import Any

import plays
import pytest
from ground import ETHER, OWNER, Ground
from msgspec import structs

from sniper.errors import SniperError
from sniper.scenario import Trader
from sniper_sdk import zoo
from sniper_sdk.devchain import DevChain
from sniper_sdk.zoo import Venue

HOLDER = Trader(address=OWNER)
CONTRACT = Trader(address="0x" + "c0" * 20, origin="0x" + "0c" * 20)
ALL = [specimen.name for specimen in zoo.all() if specimen.hardfork is None]


V3 = [specimen.name for specimen in zoo.all() if specimen.hardfork is None and Venue.V3 in specimen.venues]


@pytest.fixture
async def both(devchain: DevChain) -> AsyncIterator[tuple[Ground, Ground]]:
    grounds = Ground(devchain, "newest"), Ground(devchain)
    yield grounds
    for each in grounds:
        await each.close()


async def told(ground: Ground, pool: str) -> Any:
    io, chain = ground.io(), ground.chain.chain_id
    try:
        return await io.simulate(chain, plays.everything, f"{chain}:{pool.lower()}", ETHER // 100, HOLDER, CONTRACT)
    except SniperError as error:
        return str(error)


def worded(trades: Any) -> Any:
    """Without the words for a revert that gives no reason: each node has its own."""
    if isinstance(trades, str):
        return trades
    wordless = ("execution failed", "no reason given")
    return [structs.replace(each, reverted="no reason") if each.reverted in wordless else each for each in trades]


async def compare(both: tuple[Ground, Ground], name: str, venue: Venue) -> None:
    devchain = both[0].chain
    before = devchain.snapshot()
    try:
        token = zoo.deploy(devchain, name, venues=(venue,))
        devchain.mine()
        on_node, here = [await told(ground, token.pools[0].address) for ground in both]
    finally:
        devchain.revert(before)
    assert worded(here) == worded(on_node)


@pytest.mark.parametrize("name", ALL[::8])
async def test_what_is_played_here_is_what_the_node_plays(both: tuple[Ground, Ground], name: str) -> None:
    await compare(both, name, Venue.V2)


@pytest.mark.parametrize("name", V3[::20])
async def test_so_it_is_on_v3(both: tuple[Ground, Ground], name: str) -> None:
    await compare(both, name, Venue.V3)


@pytest.mark.long
@pytest.mark.parametrize(("name", "venue"), [*((n, Venue.V2) for n in ALL), *((n, Venue.V3) for n in V3)])
async def test_every_specimen_is_played_alike(both: tuple[Ground, Ground], name: str, venue: Venue) -> None:
    await compare(both, name, venue)
