"""What the check says of real pools on a dev chain."""

import pytest

from sniper_risk_lp_quality.check import Liquidity
from sniper_sdk import zoo
from sniper_sdk.probing import Probing

TRAPS = ("liquidity-pulled", "liquidity-rescue", "locker-with-key")
HONEST = [each.name for each in zoo.look_alikes()]


@pytest.mark.parametrize("name", TRAPS)
async def test_liquidity_that_somebody_can_take_is_denied(world: Probing[Liquidity], name: str) -> None:
    assert "locked" in await world.denied(zoo.deploy(world.chain, name))


@pytest.mark.parametrize("name", HONEST)
async def test_burnt_and_locked_liquidity_passes(world: Probing[Liquidity], name: str) -> None:
    assert await world.denied(zoo.deploy(world.chain, name)) == set()


async def test_a_position_that_nobody_can_take_passes_and_one_of_the_deployer_is_denied(
    world: Probing[Liquidity],
) -> None:
    venues = (zoo.Venue.V3,)
    assert await world.denied(zoo.deploy(world.chain, "plain", venues=venues)) == set()
    pulled = zoo.deploy(world.chain, "liquidity-pulled", venues=venues)
    assert await world.denied(pulled) == {"locked", "deployer-share"}
