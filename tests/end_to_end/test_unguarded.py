"""A position whose AMM is not in the config any more: the operator is told, and can still sell it."""

import asyncio
from typing import Any

from stand import Stand
from stand.node import honest

from sniper.kernel import facts as f
from sniper.runtime.control import ask
from sniper_sdk.devchain import DevChain


async def test_it_is_sold_on_command_for_what_its_simulated_sale_brings(stand: Stand, chain: DevChain) -> None:
    await stand.start()
    launch = await stand.hold_a_launch("FeeToken")
    asset = launch.asset(chain)
    await stand.bot.kill()
    stand.document["amm"] = {"uniswap-v3": {"factories": [chain.addresses.v3_factory.lower()]}}
    await stand.start()
    shown = await asyncio.to_thread(ask, stand.data, {"command": "status"})
    assert shown["accounts"]["main"]["unguarded"] == {asset: "its pool is not known"}
    await stand.mine(3)
    assert asset in stand.record.books["main"].positions
    await asyncio.to_thread(ask, stand.data, {"command": "close", "token": asset})
    await stand.mine_until(lambda record: asset not in record.books["main"].positions)
    (sale,) = [fact for fact in stand.record.all(f.OrderPlaced) if fact.side == "reduce"]
    (sold,) = [fact for fact in stand.record.all(f.Booked) if fact.order == sale.order and fact.amount]
    assert sold.cash == sale.expected_out, "nobody traded between the simulation and the sale"
    assert chain.token_balance(launch.token, stand.owner) == 0
    assert stand.differences() == []


async def test_a_pool_whose_amm_failed_on_a_log_is_read_from_the_chain_and_guards_again(
    stand: Stand, chain: DevChain
) -> None:
    await stand.start()
    launch = await stand.hold_a_launch()
    asset = launch.asset(chain)

    def garbles(method: str, params: list[Any], result: Any) -> Any:
        if method == "eth_getLogs":
            return [{**log, "data": "0x01"} if log["address"].lower() == launch.pool.lower() else log for log in result]
        return result

    stand.node.lie = garbles
    stand.market.buy(launch, 10**16)
    chain.mine()
    await stand.until(lambda record: record.all(f.Unguarded))
    stand.node.lie = honest
    await stand.mine_until(lambda record: not record.books["main"].positions[asset].unguarded)
    await stand.sell(launch)
    assert [bool(fact.reason) for fact in stand.record.all(f.Unguarded)] == [True, False]
    assert stand.differences() == []
    assert await stand.replayed() == 0
