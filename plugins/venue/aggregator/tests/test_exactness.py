"""The kernel's exact quote of a split route, on the AMMs themselves, is what the chain pays: to the unit."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sniper.amm import Amm
from sniper.evm.abi import event, function
from sniper.router import WHOLE, Leg, RouteAsk
from sniper.routing import quoted
from sniper.venue import RouteLeg
from sniper_amm_balancer_stable.config import BalancerStableConfig
from sniper_amm_balancer_stable.pool import BalancerStable
from sniper_amm_balancer_weighted.pool import BalancerWeighted, BalancerWeightedConfig
from sniper_amm_constant_product.pool import ConstantProduct, ConstantProductConfig
from sniper_amm_solidly.config import SolidlyConfig
from sniper_amm_solidly.pool import Solidly
from sniper_amm_stableswap.config import StableswapConfig
from sniper_amm_stableswap.pool import Stableswap
from sniper_amm_uniswap_v3.pool import UniswapV3, UniswapV3Config
from sniper_amm_uniswap_v4.pool import UniswapV4, UniswapV4Config
from sniper_sdk.amm_fixtures import DevChainReader

ETHER = 10**18


class Priced:
    """A pool as the market graph lists it: the native coin by its wrapped token."""

    def __init__(self, name: str, address: str, coins: tuple[str, ...], impl: Amm) -> None:
        self.name, self.address, self.coins, self.impl = name, address, coins, impl


class Pools:
    """A graph of everything that trades two coins of the market, each pool read from the chain by its AMM."""

    def __init__(self, listed: list[Priced]) -> None:
        self.listed = {pool.address: pool for pool in listed}

    def find(self, address: str, /) -> Priced | None:
        return self.listed.get(address)

    def trading(self, coin: str, /) -> list[Priced]:
        return [pool for pool in self.listed.values() if coin in pool.coins]


async def read(market: Any, first: str, second: str) -> list[Priced]:
    at = market.chain.addresses

    def ask(address: str, signature: str, *arguments: object) -> tuple[Any, ...]:
        compiled = function(signature)
        return compiled.decode(market.chain.call(address, compiled.encode(*arguments)))

    reader: Any = DevChainReader(market.chain, ask)
    configs: dict[str, tuple[type[Amm], Any]] = {
        "constant-product": (ConstantProduct, ConstantProductConfig(factories=(at.v2_factory,), fee_bps=30)),
        "uniswap-v3": (UniswapV3, UniswapV3Config(factories=(at.v3_factory,))),
        "solidly": (Solidly, SolidlyConfig(factories=(market.pairs,))),
        "stableswap": (Stableswap, StableswapConfig()),
        "balancer-weighted": (
            BalancerWeighted,
            BalancerWeightedConfig(
                factories=(market.balancer.vault,), pool_factories=(market.balancer.weighted_factory,)
            ),
        ),
        "balancer-stable": (
            BalancerStable,
            BalancerStableConfig(factories=(market.balancer.vault,), pool_factories=(market.balancer.stable_factory,)),
        ),
    }
    listed = [await v4(market, market.pools["uniswap-v4", first + second].address)]
    for name, (amm, config) in configs.items():
        if (name, first + second) in market.pools:
            found: Any = await amm.load(market.pools[name, first + second].address, reader, config)
            coins = tuple(coin.lower() for coin in found.coins)
            listed.append(Priced(name, found.pool, coins, found.amm))
    return listed


async def v4(market: Any, pool_id: str) -> Priced:
    """From its logs, as the kernel meets it."""
    config = UniswapV4Config(factories=(market.v4.manager,))
    created = event(UniswapV4.created.__sniper_creation__)
    provided = event(UniswapV4.liquidity_modified.__sniper_log__)
    found: Any = None
    for log in market.chain.logs(market.v4.manager, [None, pool_id], 0):
        data = bytes.fromhex(log.data[2:])
        if log.topics[0] == created.topic:
            found = UniswapV4.created(config, *created.decode(log.topics, data))
        elif log.topics[0] == provided.topic:
            found.amm.liquidity_modified(*provided.decode(log.topics, data))
    coins = tuple(market.weth if int(coin, 16) == 0 else coin for coin in found.coins)
    return Priced("uniswap-v4", found.pool, coins, found.amm)


def planned(pools: Pools, legs: list[Leg]) -> tuple[RouteLeg, ...]:
    planned = []
    for leg in legs:
        pool = pools.listed[leg.pool]
        i, j = pool.coins.index(leg.token_in), pool.coins.index(leg.token_out)
        planned.append(
            RouteLeg(
                pool=leg.pool, amm=pool.name, pool_data=pool.impl.venue_data(i, j), coin_in=leg.token_in,
                coin_out=leg.token_out, share=leg.share,
            )
        )  # fmt: skip
    return tuple(planned)


@given(
    amount=st.integers(10**12, 400 * ETHER),
    weights=st.lists(st.integers(2**16, WHOLE // 2), min_size=7, max_size=7),
    order=st.permutations(range(7)),
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_split_over_seven_amms_pays_what_the_kernel_quotes(
    market: Any, split: Pools, amount: int, weights: list[int], order: list[int]
) -> None:
    before = market.chain.snapshot()
    a, b = market.tokens["a"], market.tokens["b"]
    pools = [list(split.listed.values())[n] for n in order]
    legs = []
    for n, pool in enumerate(pools):
        share = WHOLE if n == 6 else weights[n]
        legs.append(Leg(pool=pool.address, token_in=a, token_out=b, share=share))
    ask = RouteAsk(chain_id=market.chain.chain_id, token_in=a, token_out=b, amount=amount, max_legs=7)
    route = quoted(split, ask, legs, method="drawn", bound=None)
    traded = market.trade(market.route("a", "b", amount, *planned(split, legs), min_out=route.amount_out))
    assert traded[:2] == (amount, route.amount_out)
    assert {hop.leg.pool for hop in route.hops} == set(split.listed)
    market.chain.revert(before)


@pytest.mark.parametrize(("pay", "get"), [("eth", "b"), ("b", "eth")])
async def test_two_hops_through_the_native_coin_pay_what_the_kernel_quotes(market: Any, pay: str, get: str) -> None:
    """Ether to ``a`` over four protocols, then to ``b`` over seven, and the other way round."""
    near, far = await read(market, "weth", "a"), await read(market, "a", "b")
    pools = Pools([*near, *far])
    first, middle, last = (market.tokens[name] for name in ("weth", "a", "b"))
    hops = [(near, first, middle), (far, middle, last)]
    if pay == "b":
        hops = [(far, last, middle), (near, middle, first)]
    legs = [
        Leg(pool=pool.address, token_in=coin_in, token_out=coin_out, share=WHOLE // (len(listed) - n))
        for listed, coin_in, coin_out in hops
        for n, pool in enumerate(listed)
    ]
    ask = RouteAsk(
        chain_id=market.chain.chain_id, token_in=legs[0].token_in, token_out=legs[-1].token_out, amount=7 * ETHER + 1,
        max_legs=11,
    )  # fmt: skip
    route = quoted(pools, ask, legs, method="drawn", bound=None)
    traded = market.trade(market.route(pay, get, ask.amount, *planned(pools, legs), min_out=route.amount_out))
    assert traded[:2] == (ask.amount, route.amount_out)
    assert len(legs) == 11
    assert market.left() == {}


@pytest.fixture
async def split(market: Any) -> Pools:
    return Pools(await read(market, "a", "b"))
