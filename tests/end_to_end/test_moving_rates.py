"""A stable pool whose rate moves without a log: the run reads it anew and goes on quoting what the contract quotes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from stand.stand import toml

from sniper.catalogue import Catalogue
from sniper.evm.abi import function
from sniper.runtime.control import ask
from sniper.runtime.run import Run
from sniper.settings.load import load
from sniper.settings.resolver import resolve
from sniper.types import asset_id
from sniper_amm_stableswap.pool import Stableswap
from sniper_sdk.devchain import DevChain, calldata
from sniper_sdk.solidity import compiled

CONTRACTS = compiled(Path(__file__).parents[2] / "plugins" / "amm" / "stableswap" / "tests" / "contracts")
NOBODY = "0x" + "00" * 20
ORACLE_TYPE: Final = 1
UNIT = 10**18
RATE_SECONDS = 60
GET_DY = function("get_dy(int128,int128,uint256)(uint256)")


class Market:
    """A pool of stableswap-NG whose first coin has the rate of an oracle."""

    def __init__(self, chain: DevChain) -> None:
        self.chain = chain
        self.coins = [chain.deploy(CONTRACTS["Coin"], 18, 10**9 * UNIT).lower() for _ in range(2)]
        self.oracle, self.factory = chain.deploy(CONTRACTS["Oracle"]), chain.deploy(CONTRACTS["Factory"])
        oracles = [self.oracle, NOBODY]
        self.pool = chain.deploy(CONTRACTS["NgPool"], self.coins, oracles, 100, 4_000_000, 5 * 10**10)
        self.id = asset_id(chain.chain_id, self.pool.lower())
        self.send(self.factory, "set_types(address,uint8[])", self.pool, [ORACLE_TYPE, 0])
        for coin in self.coins:
            self.send(coin, "approve(address,uint256)", self.pool, 2**256 - 1)
        self.send(self.oracle, "set(uint256)", 11 * 10**17)
        self.send(self.pool, "add_liquidity(uint256[])", [10**6 * UNIT] * 2)

    def send(self, to: str, signature: str, *arguments: object) -> None:
        """In a block of its own."""
        self.chain.send(self.chain.accounts[0], to, calldata(signature, *arguments))

    def pass_time(self, seconds: int) -> None:
        """A block that is so much later than the one before."""
        self.chain.rpc.call("evm_setNextBlockTimestamp", self.chain.timestamp() + seconds)
        self.chain.mine()

    def gives(self, amount: int) -> int:
        """What the contract quotes for so much of the first coin."""
        out: int = GET_DY.decode(self.chain.call(self.pool, GET_DY.encode(0, 1, amount)))[0]
        return out


@pytest.fixture
def market() -> Iterator[Market]:
    with DevChain() as chain:
        yield Market(chain)


@pytest.fixture
async def run(market: Market, tmp_path: Path) -> AsyncIterator[Run]:
    chain = market.chain
    document = {
        "mode": "paper",
        "data_dir": "data",
        "chain": {
            "dev": {
                "id": chain.chain_id,
                "endpoints": [chain.ws_url],
                "wrapped_native": chain.addresses.weth.lower(),
                "local": True,
                "rate": 100_000,
                "pools": {"stableswap": [market.pool.lower()]},
            }
        },
        "account": {"main": {"address": chain.accounts[1].address, "chain": "dev"}},
        "strategy": {"launch-snipe": {"sizer": "fixed", "exits": [], "min_liquidity": UNIT}},
        "sizer": {"fixed": {"amount": UNIT}},
        "amm": {"stableswap": {"factories": [market.factory.lower()], "rate_seconds": RATE_SECONDS}},
        "venue": {
            "uniswap": {
                "chain_id": chain.chain_id,
                "wrapped": chain.addresses.weth.lower(),
                "v2_router": chain.addresses.v2_router.lower(),
            }
        },
        "router": {"dual": {}},
        "feed": {"evm-logs": {"poll_s": 0.02}},
    }
    config = tmp_path / "sniper.toml"
    config.write_text(toml(document))
    catalogue = Catalogue.discover()
    running = Run(resolve(load(config), catalogue), catalogue)
    await running.start()
    market.pass_time(1)
    await until(lambda: running.kernel.market.pool(market.id) is not None)
    yield running
    await running.close()


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not done():  # noqa: ASYNC110  (what a run knows has no event to wait for)
            await asyncio.sleep(0.02)


async def at_rest(run: Run, market: Market) -> None:
    """The run knows the newest block, and has read what it wanted to read."""
    chain = run.kernel.market.chains[market.chain.chain_id]
    await until(lambda: chain.number == market.chain.block_number() and not chain.readings.open)


async def quoted(run: Run, market: Market, amount: int) -> tuple[int, int]:
    """By the pool alone, and by the best route, which the router proposes on a mirror of the market."""
    question = {"in": market.coins[0], "out": market.coins[1], "amount": str(amount), "base": True, "gas": False}
    quote, route = [
        await asyncio.to_thread(ask, run.directory, {"command": command, **question}) for command in ("quote", "route")
    ]
    return int(quote["routes"][0]["amount_out"]), int(route["route"]["amount_out"])


async def test_a_rate_that_moves_without_a_log_is_read_again_before_quotes_stop(market: Market, run: Run) -> None:
    market.pass_time(RATE_SECONDS // 2)
    await at_rest(run, market)
    amount = 12_345 * UNIT
    before = market.gives(amount)
    assert await quoted(run, market, amount) == (before, before)
    pool = run.kernel.market.pool(market.id)
    assert pool is not None

    market.send(market.oracle, "set(uint256)", 12 * 10**17)
    await at_rest(run, market)
    assert market.gives(amount) > before * 105 // 100
    assert await quoted(run, market, amount) == (before, before), "nothing was logged"

    for rate in range(121, 129):
        market.send(market.oracle, "set(uint256)", rate * 10**16)
        market.pass_time(RATE_SECONDS // 2)
        await at_rest(run, market)
        moved = market.gives(amount)
        assert await quoted(run, market, amount) == (moved, moved), "four times as long as a rate is believed"
        market.send(market.pool, "exchange(int128,int128,uint256,uint256)", 0, 1, rate * UNIT, 0)
        await at_rest(run, market)
        traded = market.gives(amount)
        assert traded < moved
        assert await quoted(run, market, amount) == (traded, traded), "its logs are followed as before"

    market.send(market.oracle, "set(uint256)", 13 * 10**17)
    market.send(market.pool, "exchange(int128,int128,uint256,uint256)", 0, 1, 500 * UNIT, 0)
    market.pass_time(1)
    await at_rest(run, market)
    shown = market.gives(amount)
    assert await quoted(run, market, amount) == (shown, shown), "a trade has shown that the rate had moved"

    assert isinstance(pool.impl, Stableswap)
    assert pool.impl.curve.rates[0] == 13 * 10**17
    assert run.kernel.market.pool(market.id) is pool, "the same one all the time"
