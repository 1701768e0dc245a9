"""``sniper pools``, ``quote`` and ``route`` of a running bot, on pools that are older than the run."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from stand import Stand
from stand.market import ETHER, Launch

from sniper.cli import main
from sniper.evm.abi import function
from sniper.runtime.commands import CommandRefused
from sniper.runtime.control import ask
from sniper_sdk.devchain import DevChain
from sniper_sdk.zoo import V3Pool

AMOUNTS_OUT = function("getAmountsOut(uint256,address[])(uint256[])")
QUOTE_V3 = function("quoteExactInputSingle((address,address,uint256,uint24,uint160))(uint256,uint160,uint32,uint256)")


@pytest.fixture
async def token(stand: Stand, chain: DevChain) -> Launch:
    """One token with a V2 and a V3 pool, which the config names; the bot knows both."""
    launch = stand.market.launch()
    pool = V3Pool(launch.token, chain.addresses)
    whale, wei = launch.whale, 5 * ETHER
    tokens = chain.token_balance(launch.token, whale.address)
    for call in (pool.create(tokens, wei), *pool.add(whale.address, tokens, wei)):
        chain.submit(whale, call.to, call.data, call.value, gas=7_000_000)
    chain.mine()
    addresses = chain.addresses
    stand.document["amm"]["uniswap-v3"] = {"factories": [addresses.v3_factory.lower()]}
    stand.document["router"] = {"dual": {}}
    stand.document["chain"]["dev"]["pools"] = {
        "constant-product": [launch.pool.lower()],
        "uniswap-v3": [pool.address.lower()],
    }
    await stand.start()
    async with asyncio.timeout(20):
        while (await asked(stand, "pools", coin=launch.token))["count"] < 2:
            await stand.mine()
    return launch


async def asked(stand: Stand, command: str, **more: Any) -> dict[str, Any]:
    return await asyncio.to_thread(ask, stand.data, {"command": command, **more})


async def test_each_pool_is_quoted_as_the_real_contracts_quote_it(stand: Stand, chain: DevChain, token: Launch) -> None:
    weth, amount = chain.addresses.weth, 3 * ETHER
    found = await asked(stand, "quote", **{"in": "native", "out": token.token, "amount": "3"})
    given = {each["legs"][0]["amm"].split()[0]: int(each["amount_out"]) for each in found["routes"]}
    v2 = chain.call(chain.addresses.v2_router, AMOUNTS_OUT.encode(amount, (weth, token.token)))
    v3 = chain.call(chain.addresses.v3_quoter, QUOTE_V3.encode((weth, token.token, amount, 3000, 0)))
    assert given == {"constant-product": AMOUNTS_OUT.decode(v2)[0][1], "uniswap-v3": QUOTE_V3.decode(v3)[0]}


async def test_a_route_splits_over_both_and_no_other_could_give_more(
    stand: Stand, token: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    single = await asked(stand, "quote", **{"in": "native", "out": token.token, "amount": "3"})
    words = ["--config", str(stand.config), "route", "native", token.token, "3", "--no-gas"]
    picture = tmp_path / "route.svg"
    assert await asyncio.to_thread(main, [*words, "--json", "--plot", str(picture)]) == 0
    found = json.loads(capsys.readouterr().out)["route"]
    assert {leg["amm"].split()[0] for leg in found["legs"]} == {"constant-product", "uniswap-v3"}
    assert int(found["amount_out"]) > max(int(each["amount_out"]) for each in single["routes"])
    assert 0 <= int(found["bound"]) - int(found["amount_out"]) <= int(found["bound"]) // 10**6
    assert picture.read_text().count("<path") == 2
    assert await asyncio.to_thread(main, [*words, "--explain"]) == 0
    assert "└─" in capsys.readouterr().out


async def test_what_is_bought_may_be_named_instead(stand: Stand, token: Launch) -> None:
    wanted = await asked(stand, "route", **{"in": "native", "out": token.token, "amount": "1000", "exact_out": True})
    again = await asked(
        stand, "route", **{"in": "native", "out": token.token, "amount": wanted["route"]["amount_in"], "base": True}
    )
    assert int(wanted["route"]["amount_out"]) >= 1000 * ETHER
    assert int(again["route"]["amount_out"]) >= 1000 * ETHER


async def test_questions_without_sense_are_refused_and_say_why(stand: Stand, token: Launch) -> None:
    stranger = "0x" + "12" * 20
    for question, why in (
        ({"in": "native", "out": token.token, "amount": "0"}, "must be above 0"),
        ({"in": "native", "out": token.token, "amount": "-1"}, "is no number above 0"),
        ({"in": "native", "out": token.token, "amount": "1e3"}, "is no number above 0"),
        ({"in": "native", "out": token.token, "amount": "0.0000000000000000001"}, "has 18 decimals"),
        ({"in": "native", "out": token.token, "amount": "9" * 80}, "at most 2\\*\\*256 - 1"),
        ({"in": token.token, "out": "native", "amount": "9" * 40}, "more than there is of it"),
        ({"in": "native", "out": token.token, "amount": "9" * 40, "exact_out": True}, "more than there is of it"),
        ({"in": token.token, "out": token.token, "amount": "1"}, "name two coins"),
        ({"in": "native", "out": stranger, "amount": "1"}, "no token"),
        ({"in": "native", "out": "0x12", "amount": "1"}, "0x and 40 hex digits"),
        ({"in": token.token, "out": "native", "amount": "1", "chain": 5}, "--chain"),
        ({"in": "native", "out": token.token, "amount": "1000000", "exact_out": True}, "no pool|nothing leads|no legs"),
    ):
        for command in ("quote", "route"):
            with pytest.raises(CommandRefused, match=why):
                await asked(stand, command, **question)


async def test_a_negative_amount_is_answered_as_an_amount_by_the_command_line(
    stand: Stand, token: Launch, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("quote", "route"):
        words = ["--config", str(stand.config), command, "native", token.token, "-1"]
        assert await asyncio.to_thread(main, words) == 1
        assert "the amount '-1' is no number above 0" in capsys.readouterr().err


async def test_a_token_that_no_pool_trades_is_said_to_be_unknown(stand: Stand, token: Launch) -> None:
    lonely = stand.market.token("PlainToken", token.deployer)
    await stand.mine()
    with pytest.raises(CommandRefused, match="no pool that this run knows trades"):
        await asked(stand, "quote", **{"in": "native", "out": lonely, "amount": "1"})


async def test_a_pool_of_the_config_without_code_is_said_to_be_none_and_hinders_no_other(stand: Stand) -> None:
    launch = stand.market.launch()
    stand.document["chain"]["dev"]["pools"] = {"constant-product": ["0x" + "56" * 20, launch.pool.lower()]}
    await stand.start()
    async with asyncio.timeout(20):
        while "is there a contract?" not in (stand.directory / "bot.log").read_text():
            await stand.mine()
        while not (await asked(stand, "pools", coin=launch.token))["count"]:
            await stand.mine()


async def test_no_answer_is_older_than_the_last_trade(stand: Stand, chain: DevChain, token: Launch) -> None:
    question = {"in": "native", "out": token.token, "amount": "3", "gas": False}
    before = await asked(stand, "route", **question)
    assert await asked(stand, "route", **question) == before
    stand.market.buy(token, ETHER)
    chain.mine()
    await stand.until(lambda record: record.head == chain.block_number() and record.quiet)
    now = await asked(stand, "route", **question)
    assert int(now["route"]["amount_out"]) < int(before["route"]["amount_out"])
