"""``sniper route`` over all protocols at once: its split is mined in one transaction and pays what was quoted."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from stand.stand import toml

from sniper.catalogue import Catalogue
from sniper.runtime.control import ask
from sniper.runtime.run import Run
from sniper.settings.load import load
from sniper.settings.resolver import resolve
from sniper.venue import RouteLeg, RouteSwap
from sniper_sdk.creation import creation_code
from sniper_sdk.devchain import DevChain, calldata
from sniper_sdk.protocols import Protocols
from sniper_sdk.zoo import contract
from sniper_venue_aggregator.venue import Aggregator, AggregatorConfig

ETHER = 10**18
DEPTH = 1_000 * ETHER
FOREVER = 2**63
PROTOCOLS = ("balancer-stable", "balancer-weighted", "constant-product", "stableswap", "uniswap-v3", "uniswap-v4")


class Market:
    """Two of four tokens trade in pools of six kinds. The first account provides, the second trades."""

    def __init__(self, chain: DevChain) -> None:
        self.chain, self.protocols = chain, Protocols.deployed(chain)
        self.maker, self.trader = chain.accounts[:2]
        tokens = [chain.deploy(contract("PlainToken"), name, name, 2**120).lower() for name in "ABCD"]
        self.a, self.b = sorted(tokens)[:2]
        for token in tokens:
            for spender in (chain.addresses.v2_router, chain.addresses.v3_positions):
                chain.send(self.maker, token, calldata("approve(address,uint256)", spender, 2**255))
        chain.send(self.maker, self.a, calldata("transfer(address,uint256)", self.trader.address, DEPTH))
        coins: Any = tuple(tokens)
        self.curve = self.protocols.curve.create(chain, coins, amounts=(DEPTH,) * 4)
        code = creation_code(
            "sniper_venue_aggregator",
            "Aggregator",
            chain.addresses.weth,
            self.protocols.v4.manager,
            self.protocols.balancer.vault,
        )
        config = AggregatorConfig(
            chain_id=chain.chain_id, contract=chain.deploy(code).lower(), wrapped=chain.addresses.weth.lower()
        )
        self.venue = Aggregator(config=config)

    def open_pools(self) -> None:
        """Those that the bot finds by what they log."""
        chain, maker, at = self.chain, self.maker, self.chain.addresses
        add = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)"
        data = calldata(add, self.a, self.b, DEPTH, DEPTH, 0, 0, maker.address, FOREVER)
        chain.send(maker, at.v2_router, data, gas=6_000_000)
        create = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
        chain.send(maker, at.v3_positions, calldata(create, self.a, self.b, 3000, 1 << 96), gas=6_000_000)
        mint = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
        position = (self.a, self.b, 3000, -60_000, 60_000, DEPTH, DEPTH, 0, 0, maker.address, FOREVER)
        chain.send(maker, at.v3_positions, calldata(mint, position), gas=6_000_000)
        self.protocols.v4.create(chain, self.a, self.b, fee=500, tick_spacing=10, liquidity=DEPTH)
        self.protocols.balancer.create(chain, dict.fromkeys((self.a, self.b), (ETHER // 2, DEPTH)))
        self.protocols.balancer.create_stable(chain, dict.fromkeys((self.a, self.b), DEPTH // 10), amplification=10)

    def received(self, route: RouteSwap) -> int:
        """What the trader has more of, once the plan is mined."""
        before = self.chain.token_balance(self.b, self.trader.address)
        for step in self.venue.plan_route(route):
            self.chain.send(self.trader, step.to, step.data, step.value, gas=step.gas)
        return self.chain.token_balance(self.b, self.trader.address) - before


@pytest.fixture
def market() -> Iterator[Market]:
    with DevChain() as chain:
        yield Market(chain)


@pytest.fixture
async def run(market: Market, tmp_path: Path) -> AsyncIterator[Run]:
    """A bot in paper mode that follows all of them: both of Balancer's watch one Vault."""
    chain, at, protocols = market.chain, market.chain.addresses, market.protocols
    document = {
        "mode": "paper",
        "data_dir": "data",
        "chain": {
            "dev": {
                "id": chain.chain_id,
                "endpoints": [chain.ws_url],
                "wrapped_native": at.weth.lower(),
                "local": True,
                "rate": 100_000,
                "pools": {"stableswap": [market.curve]},
            }
        },
        "account": {"main": {"address": market.trader.address, "chain": "dev"}},
        "strategy": {"launch-snipe": {"sizer": "fixed", "exits": [], "min_liquidity": ETHER}},
        "sizer": {"fixed": {"amount": ETHER}},
        "amm": {
            "constant-product": {"factories": [at.v2_factory.lower()]},
            "uniswap-v3": {"factories": [at.v3_factory.lower()]},
            "uniswap-v4": {"factories": [protocols.v4.manager.lower()]},
            "stableswap": {},
            "balancer-weighted": {
                "factories": [protocols.balancer.vault.lower()],
                "pool_factories": [protocols.balancer.weighted_factory.lower()],
            },
            "balancer-stable": {
                "factories": [protocols.balancer.vault.lower()],
                "pool_factories": [protocols.balancer.stable_factory.lower()],
            },
        },
        "venue": {
            "uniswap": {"chain_id": chain.chain_id, "wrapped": at.weth.lower(), "v2_router": at.v2_router.lower()}
        },
        "router": {"dual": {}},
        "feed": {"evm-logs": {"poll_s": 0.02}},
    }
    config = tmp_path / "sniper.toml"
    config.write_text(toml(document))
    catalogue = Catalogue.discover()
    running = Run(resolve(load(config), catalogue), catalogue)
    await running.start()
    yield running
    await running.close()


async def test_the_best_split_over_six_kinds_of_pools_pays_what_was_quoted(market: Market, run: Run) -> None:
    market.open_pools()
    asked: dict[str, Any] = {"command": "pools", "coin": market.a}
    async with asyncio.timeout(30):
        while (await _ask(run, asked))["count"] < len(PROTOCOLS):
            market.chain.mine()
    question = {"command": "route", "in": market.a, "out": market.b, "amount": "500", "gas": False}
    answer = await _ask(run, question)
    route, chain = answer["route"], run.kernel.market.chains[market.chain.chain_id]
    legs = []
    for leg in route["legs"]:
        pool = chain.find(leg["pool"])
        assert pool is not None
        legs.append(
            RouteLeg(
                pool=pool.address,
                amm=pool.amm,
                pool_data=pool.impl.venue_data(pool.coins.index(leg["in"]), pool.coins.index(leg["out"])),
                coin_in=leg["in"],
                coin_out=leg["out"],
                share=leg["share"],
            )
        )
    assert sorted({leg.amm for leg in legs}) == list(PROTOCOLS), (answer["explained"], answer["refused"])
    assert 0 <= route["gap"] <= 1e-6
    assert "└─" in answer["explained"]
    amount, wanted = int(route["amount_in"]), int(route["amount_out"])
    paid = market.received(
        RouteSwap(
            chain_id=chain.id,
            owner=market.trader.address.lower(),
            token_in=market.a,
            token_out=market.b,
            amount_in=amount,
            min_out=wanted,
            deadline=FOREVER,
            allowance=0,
            opens=True,
            legs=tuple(legs),
        )
    )
    assert (amount, paid) == (500 * ETHER, wanted)
    single = await _ask(run, {**question, "command": "quote"})
    assert wanted > max(int(each["amount_out"]) for each in single["routes"])


async def _ask(run: Run, command: dict[str, Any]) -> dict[str, Any]:
    return await asyncio.to_thread(ask, run.directory, command)
