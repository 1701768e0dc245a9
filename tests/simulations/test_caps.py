"""Whatever a scenario or a contract does, there is an answer within bounds, and the next scenario is played."""

import plays
import pytest
from ground import ETHER, OWNER, Ground

from sniper.errors import ComputeError
from sniper.runtime.simulations import Simulations
from sniper.runtime.workers import Workers
from sniper.scenario import Trader
from sniper_sdk.devchain import DevChain

TARGET = "0x" + "7a" * 20
LOOP = "5b600056"
# MSTORE at an offset that doubles: memory until the gas is gone.
MEMORY = "60205b80600190528060011b600256"
DEEP = "5f5f5f5f5f305af1600056"  # calls itself, with all gas but 1/64
INVALID = "fe"
LONG_RETURN = "620f4240" + "5ffd"  # reverts with a megabyte of zeros


@pytest.fixture
async def ground(devchain: DevChain) -> Ground:
    made = Ground(devchain)
    await made.workers.close()
    made.workers = Workers(1, within_s=1.0)
    made.simulations = Simulations(lambda _: made.endpoints, made.workers)
    await made.workers.warm()
    return made


async def still_plays(ground: Ground) -> None:
    pool = ground.launch("PlainToken")
    who = Trader(address=OWNER)
    found = await ground.io().simulate(ground.chain.chain_id, plays.round_trip, pool, ETHER, who)
    assert found.sold.received > 0
    await ground.close()


@pytest.mark.parametrize("code", [LOOP, MEMORY, DEEP, INVALID, LONG_RETURN])
async def test_a_contract_that_burns_all_its_gas_is_a_reverted_call(ground: Ground, code: str) -> None:
    ground.chain.rpc.call("anvil_setCode", TARGET, "0x" + code)
    ground.chain.mine()
    found = await ground.io().simulate(ground.chain.chain_id, plays.calls, TARGET, 5_000_000, 3)
    assert [bool(called.reverted) for called in found] == [True] * 3
    assert all(called.gas_used <= 5_000_000 for called in found)
    await still_plays(ground)


async def test_more_gas_than_there_is_time_for_ends_with_an_error(ground: Ground) -> None:
    ground.chain.rpc.call("anvil_setCode", TARGET, "0x" + LOOP)
    ground.chain.mine()
    with pytest.raises(ComputeError, match="computed for more than 1 s"):
        await ground.io().simulate(ground.chain.chain_id, plays.calls, TARGET, 2**60, 1)
    await still_plays(ground)


async def test_a_scenario_that_computes_for_ever_or_takes_all_memory_ends_with_an_error(ground: Ground) -> None:
    io, chain = ground.io(), ground.chain.chain_id
    with pytest.raises(ComputeError, match="computed for more than 1 s"):
        await io.simulate(chain, plays.computes_for_ever)
    with pytest.raises(ComputeError, match="more memory"):
        await io.simulate(chain, plays.hoards)
    await still_plays(ground)
