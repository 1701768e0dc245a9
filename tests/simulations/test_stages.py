"""Scenarios on both stages, a real node and the local EVM: what is bought, sold and seen there; and nothing stays."""

import asyncio
from typing import Any

import plays
import pytest
from ground import ETHER, OWNER, Ground

from sniper.errors import ComputeError, PluginError, PoolUnknown
from sniper.runtime.purse import Purse
from sniper.runtime.simulations import Simulations
from sniper.scenario import Trader
from sniper_sdk.devchain import DevChain
from sniper_sdk.zoo import V2Pool, V3Pool

EYES = "0x" + "e0" * 20
# NUMBER TIMESTAMP BASEFEE GASPRICE COINBASE PREVRANDAO CHAINID ORIGIN CALLER, each to its word of memory; returns them.
SEEN = ("43", "42", "48", "3a", "41", "44", "46", "32", "33")
SEES = "".join(f"{op}61{32 * i:04x}52" for i, op in enumerate(SEEN)) + f"61{32 * len(SEEN):04x}5ff3"

HOLDER = Trader(address=OWNER)
CONTRACT = Trader(address="0x" + "c0" * 20, origin="0x" + "0c" * 20)


def words(data: bytes) -> list[int]:
    return [int.from_bytes(data[i : i + 32], "big") for i in range(0, len(data), 32)]


@pytest.mark.parametrize("kind", [V2Pool, V3Pool])
@pytest.mark.parametrize("account", ["main", "wrapped"])
@pytest.mark.parametrize("who", [HOLDER, CONTRACT])
async def test_a_plain_token_brings_what_the_formula_says(
    ground: Ground, kind: type[V2Pool] | type[V3Pool], account: str, who: Trader
) -> None:
    pool = ground.launch("PlainToken", kind=kind)
    found = await ground.io(account).simulate(ground.chain.chain_id, plays.round_trip, pool, ETHER // 10, who)
    bought, sold = found.bought, found.sold
    assert (bought.paid, bought.received) == (ETHER // 10, bought.expected)
    assert (sold.paid, sold.received) == (bought.received, sold.expected)
    assert 0.99 * ETHER / 10 < sold.received < ETHER / 10
    assert min(bought.gas_used, sold.gas_used) > 80_000


async def test_taxes_are_what_is_missing(ground: Ground) -> None:
    pool = ground.launch("FeeToken")
    found = await ground.io().simulate(ground.chain.chain_id, plays.round_trip, pool, ETHER // 10, HOLDER)
    assert found.bought.received == found.bought.expected - found.bought.expected * 3 // 100
    assert 0.96 < found.sold.received / found.sold.expected < 0.98


async def test_a_sale_that_reverts_says_why_and_brings_nothing(ground: Ground) -> None:
    pool = ground.launch("CannotSellToken")
    found = await ground.io().simulate(ground.chain.chain_id, plays.round_trip, pool, ETHER // 10, HOLDER)
    assert found.bought.received > 0
    assert (found.sold.paid, found.sold.received) == (0, 0)
    assert found.sold.reverted


async def test_sales_in_parts_each_see_what_the_ones_before_left(ground: Ground) -> None:
    pool = ground.launch("PlainToken")
    bought, *parts = await ground.io().simulate(ground.chain.chain_id, plays.in_parts, pool, ETHER, CONTRACT, 3)
    received = [part.received for part in parts]
    assert received == [part.expected for part in parts]
    assert received == sorted(received, reverse=True)
    assert sum(part.paid for part in parts) == bought.received - bought.received % 3


async def test_going_back_to_a_mark_undoes_trades_and_time(ground: Ground) -> None:
    pool = ground.launch("PlainToken")
    io = ground.io()
    _, first, second, half = await io.simulate(ground.chain.chain_id, plays.twice_from_one_mark, pool, ETHER, CONTRACT)
    assert (first.paid, first.received) == (second.paid, second.received)
    assert half.paid == first.paid // 2
    assert half.received > first.received // 2


async def test_branches_all_begin_where_they_part_and_leave_nothing_behind(ground: Ground) -> None:
    pool = ground.launch("PlainToken")
    io = ground.io()
    found = await io.simulate(ground.chain.chain_id, plays.in_branches, pool, ETHER, CONTRACT)
    first, later, deep, again = ((trade.paid, trade.received) for trade in found)
    assert first == later == again
    assert deep[0] == first[0] // 2
    assert first[1] // 2 < deep[1] < first[1]


@pytest.mark.parametrize("who", [HOLDER, CONTRACT])
async def test_code_sees_a_block_like_a_real_one_and_time_that_goes_on(ground: Ground, who: Trader) -> None:
    ground.chain.rpc.call("anvil_setCode", EYES, "0x" + SEES)
    ground.chain.mine()
    io, head = ground.io(), ground.chain.rpc.call("eth_getBlockByNumber", "latest", False)
    first, second, refused, code = await io.simulate(ground.chain.chain_id, plays.looked_around, EYES, "", who)
    assert code.hex() == SEES
    assert b"funds" in refused  # of 7 wei, 3 were sent, and then 5
    (number, time, base_fee, gas_price, coinbase, randao, chain, origin, caller), later = words(first), words(second)
    assert number == int(head["number"], 16) + 1
    assert time == int(head["timestamp"], 16) + ground.chain.block_interval
    assert later[:2] == [number + 2, time + 30]
    assert base_fee in (0, int(head["baseFeePerGas"], 16))  # anvil 1.7.1 says 0, whatever it is told
    assert gas_price > int(head["baseFeePerGas"], 16)
    assert coinbase != 0
    assert len({randao, later[5], int(head["mixHash"], 16)}) == 3  # one that stays tells code that it is simulated
    assert chain == ground.chain.chain_id
    assert (origin, caller) == (int(who.origin or who.address, 16), int(who.address, 16))


async def test_what_was_bought_can_be_sent_on_and_read_where_it_arrived(ground: Ground) -> None:
    pool = ground.launch("PlainToken")
    received, sent, held, _ = await ground.io().simulate(
        ground.chain.chain_id, plays.bought_and_sent_on, pool, ground.token, ETHER, CONTRACT
    )
    assert not sent.reverted
    assert held == received


async def test_each_transaction_begins_with_cold_storage_and_nothing_transient(ground: Ground) -> None:
    # SLOAD(0), then TLOAD(0) to memory, TSTORE(0, 1), SLOAD(0) once more, and return the memory.
    ground.chain.rpc.call("anvil_setCode", EYES, "0x" + "5f5450" + "5f5c5f52" + "60015f5d" + "5f5450" + "60205ff3")
    ground.chain.mine()
    found = await ground.io().simulate(ground.chain.chain_id, plays.calls, EYES, 100_000, 3)
    assert [called.data for called in found] == [bytes(32)] * 3
    cold, warm, transient, begin = 2_100, 100, 200, 21_000
    assert {called.gas_used - begin - cold - warm - transient for called in found} == {28}


async def test_nothing_stays_on_the_node(ground: Ground) -> None:
    pool = ground.launch("PlainToken")
    before = ground.chain.token_balance(ground.token, OWNER), ground.chain.block_number()
    await ground.io().simulate(ground.chain.chain_id, plays.round_trip, pool, ETHER, HOLDER, 3, 36)
    assert (ground.chain.token_balance(ground.token, OWNER), ground.chain.block_number()) == before


async def test_the_same_question_on_the_same_block_is_played_once(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = ground.launch("PlainToken")
    played: list[object] = []
    play = Simulations._played

    async def counted(self: Simulations, *args: Any) -> bytes:
        played.append(args)
        return await play(self, *args)

    monkeypatch.setattr(Simulations, "_played", counted)
    io, chain = ground.io(), ground.chain.chain_id
    several = [io.simulate(chain, plays.round_trip, pool, ETHER, HOLDER) for _ in range(3)]
    first, *others = await asyncio.gather(*several)
    assert others == [first, first]
    assert await io.simulate(chain, plays.round_trip, pool, amount=ETHER, who=HOLDER) == first
    assert len(played) == 1
    ground.chain.mine()
    later = await ground.io().simulate(chain, plays.round_trip, pool, ETHER, HOLDER)
    assert later.bought.received == first.bought.received
    assert len(played) == 2


async def test_what_a_scenario_raises_and_one_that_does_not_end_are_compute_errors(ground: Ground) -> None:
    io, chain = ground.io(), ground.chain.chain_id
    with pytest.raises(ComputeError, match="plays:raises: ValueError: no luck"):
        await io.simulate(chain, plays.raises, "no luck")
    with pytest.raises(ComputeError, match="10000 steps"):
        await io.simulate(chain, plays.never_ends)


async def test_a_pool_that_nobody_knows_is_said_to_be_unknown(ground: Ground) -> None:
    pool = f"{ground.chain.chain_id}:0x{'77' * 20}"
    with pytest.raises(PoolUnknown, match="nothing is known of it"):
        await ground.io().simulate(ground.chain.chain_id, plays.round_trip, pool, ETHER, HOLDER)


async def test_a_scenario_inside_a_function_is_refused_with_the_remedy(ground: Ground) -> None:
    def inner() -> plays.Scenario[int]:
        yield from plays.mark()
        return 1

    with pytest.raises(PluginError, match="top level of a module"):
        await ground.io().simulate(ground.chain.chain_id, inner)


async def test_tokens_that_keep_balances_elsewhere_are_taken_from_somebody_who_has_them(
    ground: Ground, devchain: DevChain
) -> None:
    ground.launch("PlainToken")
    token, head = ground.token.lower(), devchain.rpc.call("eth_getBlockByNumber", "latest", False)["hash"]
    found = await Purse().source(ground.endpoints, token, head, [], 1)
    assert found.slot is not None
    liar = "0x" + "1a" * 20  # 5 for everyone
    devchain.rpc.call("anvil_setCode", liar, "0x60055f5260205ff3")
    with pytest.raises(ComputeError, match="no storage slot that is known"):
        await Purse().source(ground.endpoints, liar, head, ["0x" + "99" * 20], 6)
    assert (await Purse().source(ground.endpoints, liar, head, ["0x" + "99" * 20], 5)).slot is None
