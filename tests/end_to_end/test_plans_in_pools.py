"""Plans in real pools of a real node: a bracket on Uniswap V2 and a TWAP on V3, and a kill in between."""

import asyncio
import json
from math import isqrt

import pytest
from stand import FUNDS, Stand
from stand.command import sniper
from stand.market import ETHER, SUPPLY, Launch
from stand.record import Record

from sniper.catalogue import Catalogue
from sniper.kernel import facts as f
from sniper.runtime.backtest import backtest
from sniper.runtime.control import ask
from sniper.settings.load import load
from sniper.settings.resolver import resolve
from sniper.types import Mode
from sniper_sdk.devchain import DevChain, calldata
from sniper_sdk.zoo import approve
from sniper_sdk.zoo.pools import NEVER

V3_FEE, RANGE = 3_000, 887_220
SWAP_V3 = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"


def launch_on_v3(stand: Stand) -> Launch:
    """A token, and its pool on V3 with liquidity at all prices."""
    chain, at = stand.chain, stand.chain.addresses
    found = stand.market.prepared()
    maker = found.deployer
    chain.submit(maker, at.weth, calldata("deposit()"), 20 * ETHER)
    for token in (found.token, found.quote):
        for spender in (at.v3_positions, at.v3_router):
            call = approve(token, spender)
            chain.submit(maker, call.to, call.data)
    chain.mine()
    (first, x), (second, y) = sorted(
        ((found.token, SUPPLY // 2), (found.quote, 5 * ETHER)), key=lambda c: int(c[0], 16)
    )
    create = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
    chain.submit(maker, at.v3_positions, calldata(create, first, second, V3_FEE, isqrt((y << 192) // x)), gas=6_000_000)
    mint = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
    position = (first, second, V3_FEE, -RANGE, RANGE, x, y, 0, 0, maker.address, NEVER)
    chain.submit(maker, at.v3_positions, calldata(mint, position), gas=2_000_000)
    chain.mine()
    return found


def sell_on_v3(stand: Stand, launch: Launch, amount: int) -> None:
    """Its maker sells with the next block."""
    maker = launch.deployer
    data = calldata(SWAP_V3, (launch.token, launch.quote, V3_FEE, maker.address, amount, 0, 0))
    stand.chain.submit(maker, stand.chain.addresses.v3_router, data, gas=1_000_000)


def slices(record: Record) -> int:
    """How many orders the TWAP has placed."""
    placed = (fact.part for fact in record.all(f.OrderPlaced))
    return sum(part is not None and part.leg == "slice" for part in placed)


def planning(stand: Stand) -> Stand:
    """A bot whose one strategy starts plans, on V2 and V3."""
    chain, document = stand.chain, stand.document
    stand.add_strategy("planner", stand.traders[0].name)
    document["account"]["main"]["strategies"] = ["planner"]
    document["account"]["main"]["execution"]["trigger_blocks"] = 2
    document["amm"]["uniswap-v3"] = {"factories": [chain.addresses.v3_factory.lower()]}
    document["risk"] = {"limits": {**document["risk"]["limits"], "add_to_position": True}}
    router = chain.addresses.v3_router.lower()
    rules = document["signer"]["keystore"]["rules"]["chains"][str(chain.chain_id)]
    rules["contracts"][router] = {"multicall(uint256,bytes[])": {}}
    return stand


async def test_a_bracket_and_a_twap_in_real_pools_though_the_bot_is_killed(stand: Stand, chain: DevChain) -> None:
    planning(stand)
    await stand.start()
    bracketed = stand.market.launch()
    asset = bracketed.asset(chain)
    await stand.mine_until(lambda record: asset in record.books["main"].positions and not record.books["main"].orders)
    assert chain.token_balance(bracketed.token, stand.owner) >= 1_000 * 10**18
    (plan,) = stand.record.books["main"].plans
    shown = await asyncio.to_thread(ask, stand.data, {"command": "status"})
    assert shown["accounts"]["main"]["plans"] == 1
    await stand.bot.kill()
    stand.market.buy(bracketed, 3 * ETHER)  # nobody watches while the price rises
    chain.mine(3)
    await stand.start()
    await stand.mine_until(lambda record: not record.books["main"].plans and not record.books["main"].orders)
    assert chain.token_balance(bracketed.token, stand.owner) == 0
    (target,) = (fact for fact in stand.record.all(f.OrderPlaced) if fact.side == "reduce")
    assert target.part is not None
    assert target.part.leg == "target"
    (sold,) = (fact for fact in stand.record.all(f.Booked) if fact.order == target.order and fact.amount)
    assert sold.cash >= target.part.least_for(target.part.size)

    sliced = launch_on_v3(stand)
    asset = sliced.asset(chain)
    await stand.until(lambda record: slices(record) == 1)
    await stand.mine_until(lambda record: not record.books["main"].orders)
    await stand.until(lambda record: slices(record) == 2)  # when it is time, however fast blocks come
    await stand.mine_until(lambda record: "oco" in {plan.started.key for plan in record.books["main"].plans.values()})
    held = chain.token_balance(sliced.token, stand.owner)
    assert held >= 1_000 * 10**18
    sell_on_v3(stand, sliced, SUPPLY // 8)
    await stand.mine_until(lambda record: not record.books["main"].plans and not record.books["main"].orders)
    assert chain.token_balance(sliced.token, stand.owner) == 0
    parts = [fact.part for fact in stand.record.all(f.OrderPlaced) if fact.token == asset and fact.part is not None]
    assert [part.leg for part in parts if part.leg != "slice"] == ["stop"]
    assert sum(part.size for part in parts if part.leg == "slice") == 1_000 * 10**18
    assert parts[-1].size == held
    assert [fact.state for fact in stand.record.all(f.PlanEnded)] == ["done"] * 3

    code, printed = await sniper(stand, "orders", "--all", "--json")
    assert code == 0, printed
    told = {each["key"]: each for each in json.loads(printed)["plans"]}
    assert {key: (each["state"], len(each["orders"])) for key, each in told.items()} == {
        "bracket": ("done", 2), "twap": ("done", len(parts) - 1), "oco": ("done", 1),
    }  # fmt: skip
    code, printed = await sniper(stand, "why", plan)
    assert code == 0, printed
    assert "began a plan, bracket" in printed, printed
    assert "target: sell" in printed, printed
    assert stand.differences() == []
    assert await stand.replayed() == 0


async def test_a_bracket_is_played_in_paper_mode_and_does_the_same_in_a_backtest_of_that_run(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    planning(stand)
    stand.document["mode"] = "paper"
    await stand.start()
    launch = stand.market.launch()
    asset = launch.asset(stand.chain)
    await stand.mine_until(lambda record: asset in record.books["main"].positions and not record.books["main"].orders)
    stand.market.buy(launch, 3 * ETHER)
    await stand.mine_until(lambda record: record.all(f.PlanEnded))
    played = [(fact.cash, fact.amount) for fact in stand.record.all(f.Booked) if fact.amount]
    assert len(played) == 2
    assert played[1][0] > -played[0][0], "the target was above the entry"
    assert stand.nonce() == 0
    assert await stand.replayed() == 0
    monkeypatch.syspath_prepend(stand.directory / "site")
    resolved = resolve(load(stand.config, mode=Mode.BACKTEST), Catalogue.discover())
    again = (await backtest(resolved, stand.journal, cash=FUNDS)).accounts["main"]
    assert [(fill.cash, fill.amount) for fill in again.fills if fill.amount] == played
