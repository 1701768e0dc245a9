"""A dev chain on which pools of every kind of token stand, and a trader whose plans are really sent."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sniper.evm.abi import function
from sniper.venue import NATIVE, WHOLE, RouteLeg, RouteSwap, Step, Swap
from sniper_sdk.devchain import DevChain, Receipt, calldata, checksum
from sniper_sdk.protocols import PoolKey, UniswapV4, UniversalRouter
from sniper_sdk.zoo import contract
from sniper_venue_uniswap.venue import V2, V3, V4, Uniswap, UniswapConfig

FOREVER = 2**63
ETHER = 10**18
V3_FEE = 3000
RANGE = 60_000


class Market:
    """The first account deploys and provides; the second trades and holds some of every token."""

    def __init__(self, chain: DevChain) -> None:
        self.chain = chain
        at = chain.addresses
        self.maker, self.trader = chain.accounts[0], chain.accounts[1]
        self.owner = self.trader.address.lower()
        self.weth = at.weth.lower()
        self.routers = {V2: at.v2_router, V3: at.v3_router}
        self.v4 = UniswapV4.deployed(chain)
        self.router = UniversalRouter.deployed(chain, self.v4).router.lower()
        self.venue = Uniswap(
            config=UniswapConfig(
                chain_id=chain.chain_id,
                wrapped=at.weth,
                v2_router=at.v2_router,
                v3_router=at.v3_router,
                universal_router=self.router,
            )
        )
        names = {"plain": "PlainToken", "other": "PlainToken", "fee": "FeeToken", "no-return": "NoReturnToken"}
        self.tokens = {key: chain.deploy(contract(name), key, key, 2**120).lower() for key, name in names.items()}
        self.send(self.maker, at.weth, calldata("deposit()"), 4_000 * ETHER)
        for token in (*self.tokens.values(), self.weth):
            for spender in (at.v2_router, at.v3_positions):
                self.send(self.maker, token, calldata("approve(address,uint256)", spender, 2**255))
        for token in self.tokens.values():
            self.send(self.maker, token, calldata("transfer(address,uint256)", self.owner, 10**6 * ETHER))
            self.provide(token, self.weth, 400 * ETHER)
        self.provide(self.tokens["plain"], self.tokens["other"], 400 * ETHER)
        plain, other = self.tokens["plain"], self.tokens["other"]
        self.keys = {
            frozenset((plain, coin)): self.v4.create(
                chain, plain, NATIVE if coin == self.weth else coin, fee=500, tick_spacing=10, liquidity=400 * ETHER
            )
            for coin in (other, self.weth)
        }

    def send(self, sender: Any, to: str, data: bytes, value: int = 0, gas: int = 6_000_000) -> Receipt:
        return self.chain.send(sender, checksum(bytes.fromhex(to[2:])), data, value, gas=gas)

    def provide(self, a: str, b: str, amount: int) -> None:
        at, maker = self.chain.addresses, self.maker.address
        signature = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)"
        self.send(self.maker, at.v2_router, calldata(signature, a, b, amount, amount, 0, 0, maker, FOREVER))
        low, high = sorted((a, b))
        create = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
        self.send(self.maker, at.v3_positions, calldata(create, low, high, V3_FEE, 1 << 96))
        mint = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
        position = (low, high, V3_FEE, -RANGE, RANGE, amount, amount, 0, 0, maker, FOREVER)
        self.send(self.maker, at.v3_positions, calldata(mint, position))

    def swap(self, amm: str, token_in: str, token_out: str, amount: int, min_out: int = 0, **other: Any) -> Swap:
        fields: dict[str, Any] = {"deadline": FOREVER, "opens": token_in == NATIVE, **other}
        if "allowance" not in fields:
            fields["allowance"] = 0 if token_in == NATIVE else self.allowance(amm, token_in)
        return Swap(
            chain_id=self.chain.chain_id,
            owner=self.owner,
            token_in=token_in,
            token_out=token_out,
            pool="0x" + "11" * 20,
            amm=amm,
            pool_data=V3_FEE if amm == V3 else 0,
            amount_in=amount,
            min_out=min_out,
            **fields,
        )

    def carry_out(self, steps: tuple[Step, ...]) -> list[Receipt]:
        """Every step with its own gas limit; raises `CallReverted` at the first that fails."""
        return [self.send(self.trader, step.to, step.data, step.value, step.gas) for step in steps]

    def quote(self, amm: str, token_in: str, token_out: str, amount: int) -> int:
        """What the contracts promise, without any tax of the token."""
        path = tuple(self.weth if token == NATIVE else token for token in (token_in, token_out))
        if amm == V2:
            out = function("getAmountsOut(uint256,address[])(uint256[])")
            ((_, received),) = out.decode(self.chain.call(self.routers[V2], out.encode(amount, path)))
        else:
            quoter = function(
                "quoteExactInputSingle((address,address,uint256,uint24,uint160))(uint256,uint160,uint32,uint256)"
            )
            call = quoter.encode((*path, amount, V3_FEE, 0))
            received, *_ = quoter.decode(self.chain.call(self.chain.addresses.v3_quoter, call))
        return int(received)

    def leg(self, amm: str, coin_in: str, coin_out: str, share: int = WHOLE) -> RouteLeg:
        """Between two coins, of which none is native."""
        data = {V2: 30, V3: V3_FEE}.get(amm)
        if data is None:
            key = self.key(coin_in, coin_out)
            data = (key.currency0 == NATIVE) << 208 | key.fee << 184 | key.tick_spacing << 160
        pool = "0x" + "11" * 20  # the router finds it by its coins
        return RouteLeg(pool=pool, amm=amm, pool_data=data, coin_in=coin_in, coin_out=coin_out, share=share)

    def key(self, coin_in: str, coin_out: str) -> PoolKey:
        return self.keys[frozenset((coin_in, coin_out))]

    def quote_leg(self, leg: RouteLeg, amount: int) -> int:
        if leg.amm != V4:
            return self.quote(leg.amm, leg.coin_in, leg.coin_out, amount)
        key = self.key(leg.coin_in, leg.coin_out)
        native = key.currency0 == NATIVE and leg.coin_in == self.weth
        return self.v4.quote(self.chain, key, NATIVE if native else leg.coin_in, amount)

    def route(self, token_in: str, token_out: str, amount: int, *legs: RouteLeg, **other: Any) -> RouteSwap:
        fields: dict[str, Any] = {"min_out": 0, "deadline": FOREVER, "allowance": 0, "opens": True, **other}
        return RouteSwap(
            chain_id=self.chain.chain_id,
            owner=self.owner,
            token_in=token_in,
            token_out=token_out,
            amount_in=amount,
            legs=legs,
            **fields,
        )

    def balance(self, token: str, of: str | None = None) -> int:
        address = of or self.owner
        return self.chain.balance(address) if token == NATIVE else self.chain.token_balance(token, address)

    def allowance(self, amm: str, token: str) -> int:
        allowed = function("allowance(address,address)(uint256)")
        call = allowed.encode(self.owner, self.routers[amm].lower())
        return int(allowed.decode(self.chain.call(token, call))[0])

    def allow(self, amm: str, token: str, amount: int) -> None:
        self.send(self.trader, token, calldata("approve(address,uint256)", self.routers[amm], amount))


@pytest.fixture(scope="session")
def deployed() -> Iterator[Market]:
    with DevChain() as chain:
        yield Market(chain)


@pytest.fixture
def market(deployed: Market) -> Iterator[Market]:
    """The same market for each test: what one does to it is undone."""
    before, venue = deployed.chain.snapshot(), deployed.venue
    yield deployed
    deployed.chain.revert(before)
    deployed.venue = venue


Traded = Callable[[Swap | RouteSwap], tuple[int, int]]


@pytest.fixture
def traded(market: Market) -> Traded:
    """Carries out the plan of a swap or a route; returns by how much the owner's balances changed: paid and received,
    gas apart."""

    def carried_out(swap: Swap | RouteSwap) -> tuple[int, int]:
        coins = (swap.token_in, swap.token_out)
        before = [market.balance(coin) for coin in coins]
        plan = market.venue.plan(swap) if isinstance(swap, Swap) else market.venue.plan_route(swap)
        gas = sum(receipt.fee for receipt in market.carry_out(plan))
        after = [market.balance(coin) + (gas if coin == NATIVE else 0) for coin in coins]
        return before[0] - after[0], after[1] - before[1]

    return carried_out
