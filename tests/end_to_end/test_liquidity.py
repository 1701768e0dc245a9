"""Liquidity in a range of a real V3 pool: put in, earning by real swaps, collected, taken out; all to the unit."""

import asyncio
import json
import sys
from dataclasses import dataclass
from typing import Any

import pytest
from stand import FUNDS, Stand

from sniper.errors import CallReverted
from sniper.evm.abi import function
from sniper.kernel import facts as f
from sniper.runtime.control import ask
from sniper.types import NATIVE
from sniper_sdk.devchain import Account, calldata
from sniper_sdk.zoo import approve
from sniper_sdk.zoo.pools import NEVER

ETHER = 10**18
FEE, SPACING, WIDE = 3000, 60, 60_000
BUDGET = 10**17
MINT = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
SINGLE = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"
POSITION = function(
    "positions(uint256)(uint96,address,address,address,uint24,int24,int24,uint128,uint256,uint256,uint128,uint128)"
)
COLLECT = function("collect((uint256,address,uint128,uint128))(uint256,uint256)")


@dataclass
class Pit:
    """A pool of money (``quote``: ether, wrapped, or a token) and a token at one to one, made by somebody who also
    trades in it."""

    stand: Stand
    token: str
    pool: str
    maker: Account
    quote: str

    @classmethod
    def made(cls, stand: Stand, *, dollars: bool = False) -> "Pit":
        chain, at, maker = stand.chain, stand.chain.addresses, Account.named("maker")
        chain.fund(maker.address, 10_000 * ETHER)
        token = stand.market.token("PlainToken", maker)
        quote = stand.market.token("NoReturnToken", maker) if dollars else at.weth
        chain.submit(maker, at.weth, calldata("deposit()"), 5_000 * ETHER)
        for coin in (token, quote):
            for spender in (at.v3_positions, at.v3_router):
                call = approve(coin, spender)
                chain.submit(maker, call.to, call.data)
        low, high = sorted((token.lower(), quote.lower()))
        create = calldata("createAndInitializePoolIfNecessary(address,address,uint24,uint160)", low, high, FEE, 1 << 96)
        chain.submit(maker, at.v3_positions, create, gas=6_000_000)
        chain.mine()
        position = (low, high, FEE, -WIDE, WIDE, 1_000 * ETHER, 1_000 * ETHER, 0, 0, maker.address, NEVER)
        chain.submit(maker, at.v3_positions, calldata(MINT, position), gas=6_000_000)
        chain.mine()
        pool = function("getPool(address,address,uint24)(address)")
        (found,) = pool.decode(chain.call(at.v3_factory, pool.encode(low, high, FEE)))
        return cls(stand, token.lower(), found, maker, quote.lower())

    def swap(self, amount: int, *, sells_token: bool) -> None:
        """With the next block."""
        chain, at = self.stand.chain, self.stand.chain.addresses
        pair = (self.token, self.quote) if sells_token else (self.quote, self.token)
        order = (*pair, FEE, self.maker.address, amount, 0, 0)
        chain.submit(self.maker, at.v3_router, calldata(SINGLE, order), gas=1_000_000)

    def position(self, number: int) -> Any:
        data = self.stand.chain.call(self.stand.chain.addresses.v3_positions, POSITION.encode(number))
        return POSITION.decode(data)

    def gone(self, number: int) -> bool:
        """Whether it was burnt."""
        try:
            self.position(number)
        except CallReverted:
            return True
        return False

    def owed(self, number: int) -> tuple[int, int]:
        """Fees that the contract would pay now: of the money and of the token."""
        data = COLLECT.encode((number, self.stand.owner, 2**128 - 1, 2**128 - 1))
        request = {"from": self.stand.owner, "to": self.stand.chain.addresses.v3_positions, "data": "0x" + data.hex()}
        pair = COLLECT.decode(bytes.fromhex(self.stand.chain.rpc.call("eth_call", request, "latest")[2:]))
        return pair if self.quote < self.token else pair[::-1]


@pytest.fixture
def pit(stand: Stand) -> Pit:
    """And a bot that provides liquidity in it."""
    return provided(stand, Pit.made(stand))


def provided(stand: Stand, found: Pit) -> Pit:
    chain, document, at = stand.chain, stand.document, stand.chain.addresses
    manager, router = at.v3_positions.lower(), at.v3_router.lower()
    document["strategy"] = {
        "v3-range": {
            "sizer": "fixed",
            "exits": [],
            "pool": f"{chain.chain_id}:{found.pool}",
            "token": found.token,
            "budget": BUDGET,
            "half_width": 600,
            "recentre_after_blocks": 3,
            "retry_blocks": 1,
        }
    }
    del document["exit"], document["risk"]["honeypot"]
    document["risk"]["limits"] |= {"max_spend_per_trade": BUDGET * 2, "add_to_position": True}
    document["amm"] = {"uniswap-v3": {"factories": [at.v3_factory.lower()]}}
    document["chain"]["dev"]["pools"] = {"uniswap-v3": [found.pool]}
    document["venue"]["uniswap"]["position_manager"] = manager
    rules = document["signer"]["keystore"]["rules"]["chains"][str(chain.chain_id)]
    rules["spenders"] = [router, manager]
    rules["contracts"] = {manager: {"multicall(bytes[])": {}}, router: {"multicall(uint256,bytes[])": {}}}
    return found


def ether(stand: Stand) -> str:
    return f"{stand.chain.chain_id}:{NATIVE}"


async def range_open(stand: Stand) -> Any:
    await stand.mine_until(lambda record: any(held.state == "open" for held in record.books["main"].ranges.values()))
    (held,) = (held for held in stand.record.books["main"].ranges.values() if held.state == "open")
    return held


def closed(record: Any) -> bool:
    book = record.books["main"]
    return not book.orders and not book.positions and all(held.state == "closed" for held in book.ranges.values())


def changes(stand: Stand) -> list[f.RangeChange]:
    return [fact.range for fact in stand.record.all(f.Booked) if fact.range is not None and not fact.undo]


async def test_it_is_put_in_earns_is_collected_moved_and_taken_out_to_the_unit(stand: Stand, pit: Pit) -> None:
    stand.document["strategy"]["v3-range"] |= {"collect_above": BUDGET // 10_000}
    await stand.start()
    held = await range_open(stand)
    on_chain = pit.position(held.position)
    assert on_chain[5:8] == (held.lower, held.upper, held.liquidity)
    assert held.lower < 0 < held.upper
    assert 0.8 * BUDGET < held.quote_in + held.token_in < 1.2 * BUDGET
    assert stand.differences() == []

    pit.swap(5 * ETHER, sells_token=True)
    await stand.mine()
    owed = pit.owed(held.position)
    status = await asyncio.to_thread(ask, stand.data, {"command": "status"})
    now = status["accounts"]["main"]["ranges"][held.id]
    assert (now["fees_quote"], now["fees_token"]) == owed
    assert now["worth"] < now["held"], "the price has moved, and it is still in range"

    pit.swap(5 * ETHER, sells_token=False)
    await stand.mine()
    earned = pit.owed(held.position)
    await stand.mine_until(lambda record: len(changes(stand)) == 2)
    collected = changes(stand)[-1]
    assert (collected.fees_quote, collected.fees_token, collected.liquidity) == (*earned, 0)
    assert stand.differences() == []

    pit.swap(60 * ETHER, sells_token=False)  # beyond the range
    await stand.mine_until(lambda record: sum(change.liquidity > 0 for change in changes(stand)) == 2)
    first, second = (change for change in changes(stand) if change.liquidity > 0)
    (out,) = (change for change in changes(stand) if change.liquidity < 0)
    assert out.liquidity == -first.liquidity
    assert pit.gone(first.position)
    moved = await range_open(stand)
    assert pit.position(moved.position)[5:8] == (moved.lower, moved.upper, second.liquidity)
    assert stand.differences() == []

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sniper", "--config", str(stand.config), "positions", "--json"),
        stdout=asyncio.subprocess.PIPE,
    )
    shown, _ = await process.communicate()
    (row,) = json.loads(shown)["ranges"]
    assert (row["range"], row["position"], int(row["now"]["held"]) > 0) == (moved.id, moved.position, True)

    stand.kill_switch("flatten")
    await stand.mine_until(closed)
    assert pit.gone(second.position)
    assert stand.differences() == []
    assert stand.chain.token_balance(pit.token, stand.owner) == 0
    assert await stand.replayed() == 0


@pytest.mark.long
async def test_a_reorg_takes_it_back_and_it_is_put_in_again_unchanged(stand: Stand, pit: Pit) -> None:
    await stand.start()
    held = await range_open(stand)
    (made,) = changes(stand)
    depth = stand.chain.block_number() - held.opened_block + 1
    stand.chain.reorg(depth)
    await stand.until(lambda record: any(fact.undo and fact.range for fact in record.all(f.Booked)))
    await stand.mine_until(lambda record: len(changes(stand)) == 2 and not record.books["main"].orders)
    held = await range_open(stand)
    assert held.liquidity == made.liquidity == changes(stand)[-1].liquidity
    assert pit.position(held.position)[5:8] == (held.lower, held.upper, held.liquidity)
    assert stand.differences() == []

    stand.kill_switch("flatten")
    await stand.mine_until(closed)
    taken = [fact for fact in stand.record.all(f.Booked) if fact.range and fact.range.liquidity < 0]
    stand.chain.reorg(stand.chain.block_number() - taken[-1].block + 1)
    await stand.until(lambda record: not closed(record))
    await stand.mine_until(closed)
    assert stand.differences() == []
    assert stand.chain.token_balance(pit.token, stand.owner) == 0

    stand.chain.reorg(stand.chain.block_number() - held.opened_block + 1)  # and now nothing may be put in
    await stand.until(lambda record: not closed(record))
    await stand.mine_until(closed)
    assert stand.differences() == []
    assert await stand.replayed() == 0


@pytest.mark.long
async def test_where_it_is_only_played_it_earns_its_share_of_real_swaps(stand: Stand, pit: Pit) -> None:
    stand.document["mode"] = "paper"
    await stand.start()
    held = await range_open(stand)
    pit.swap(5 * ETHER, sells_token=True)
    await stand.mine()
    status = await asyncio.to_thread(ask, stand.data, {"command": "status"})
    now = status["accounts"]["main"]["ranges"][held.id]
    pool = stand.chain.call(pit.pool, calldata("liquidity()"))
    share = 5 * ETHER * FEE // 10**6 * held.liquidity // (int.from_bytes(pool, "big") + held.liquidity)
    assert now["fees_quote"] == 0
    assert share - 2 <= now["fees_token"] <= share

    stand.kill_switch("flatten")
    await stand.mine_until(closed)
    (out,) = (change for change in changes(stand) if change.liquidity < 0)
    assert (out.fees_quote, out.fees_token) == (0, now["fees_token"])
    book, native = stand.record.books["main"], ether(stand)
    assert book.cash[native] == FUNDS + sum(fact.realised for fact in stand.record.all(f.Booked))
    assert stand.nonce() == 0
    assert await stand.replayed() == 0


@pytest.mark.long
async def test_with_a_token_that_wants_its_allowances_reset_as_money_books_and_chain_agree_as_well(
    stand: Stand,
) -> None:
    pit = provided(stand, Pit.made(stand, dollars=True))
    stand.document["account"]["main"]["quote"] = pit.quote
    funding = calldata("transfer(address,uint256)", stand.owner, 10 * ETHER)
    stand.chain.send(pit.maker, pit.quote, funding)
    await stand.start()
    held = await range_open(stand)
    assert pit.position(held.position)[5:8] == (held.lower, held.upper, held.liquidity)
    assert stand.differences(tokens=[pit.quote]) == []
    for sells_token in (True, False):
        pit.swap(5 * ETHER, sells_token=sells_token)
        await stand.mine()
    earned = pit.owed(held.position)
    stand.kill_switch("flatten")
    await stand.mine_until(closed)
    (out,) = (change for change in changes(stand) if change.liquidity < 0)
    assert (out.fees_quote, out.fees_token) == earned
    assert min(earned) > 0
    assert stand.differences(tokens=[pit.quote]) == []
    assert stand.chain.token_balance(pit.token, stand.owner) == 0
