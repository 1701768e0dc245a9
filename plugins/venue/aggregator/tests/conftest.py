"""A dev chain with every protocol on it, the Aggregator, and a trader whose plans are really sent."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sniper.evm.abi import function
from sniper.venue import NATIVE, WHOLE, RouteLeg, RouteSwap
from sniper_sdk.creation import creation_code
from sniper_sdk.devchain import Account, DevChain, Receipt, calldata, contract_address
from sniper_sdk.npm import Artifact, artifact
from sniper_sdk.protocols import Balancer, Curve, PoolKey, UniswapV4
from sniper_sdk.solidity import compiled
from sniper_sdk.zoo import contract
from sniper_venue_aggregator.venue import Aggregator, AggregatorConfig

FOREVER = 2**63
ETHER = 10**18
V2, V3, V4, CURVE, BALANCER = "constant-product", "uniswap-v3", "uniswap-v4", "stableswap", "balancer-weighted"
SOLIDLY, PANCAKE, ALGEBRA, STABLE = "solidly", "pancake-v3", "algebra", "balancer-stable"
PROTOCOLS = (V2, V3, V4, SOLIDLY, CURVE, BALANCER)
_AMMS = Path(__file__).parents[3] / "amm"
_PAIRS = _AMMS / "solidly/tests/contracts"  # no package ships Solidly's own
_TRADER = _AMMS / "uniswap-v3/tests/contracts"  # provides to V3's relatives, and quotes them
_QUOTES = function("quotes(address,(bool,int256)[])((bool,int256,int256)[])")
V3_FEE = 3000
_AMOUNTS_OUT = function("getAmountsOut(uint256,address[])(uint256[])")
_PAIR_OUT = function("getAmountOut(uint256,address)(uint256)")
_V3_QUOTE = function("quoteExactInputSingle((address,address,uint256,uint24,uint160))(uint256,uint160,uint32,uint256)")
_GET_POOL = function("getPool(address,address,uint24)(address)")
_GET_PAIR = function("getPair(address,address)(address)")


class Pool(NamedTuple):
    """Where it is, what its AMM's ``venue_data`` says for two of its coins, and what its protocol itself quotes."""

    amm: str
    address: str
    data: Callable[[str, str], int]
    quote: Callable[[str, str, int], int]


class Market:
    """The first account deploys and provides; the second trades and holds some of every token."""

    def __init__(self, chain: DevChain) -> None:
        self.chain = chain
        at = chain.addresses
        self.maker, self.trader, self.stranger = chain.accounts[:3]
        self.owner = self.trader.address.lower()
        self.weth = at.weth.lower()
        self.v4, self.curve, self.balancer = UniswapV4.deployed(chain), Curve.deployed(chain), Balancer.deployed(chain)
        creation = creation_code("sniper_venue_aggregator", "Aggregator", at.weth, self.v4.manager, self.balancer.vault)
        self.contract = chain.deploy(creation).lower()
        self.pairs = chain.deploy(compiled(_PAIRS)["Factory"])
        self.venue = Aggregator(
            config=AggregatorConfig(chain_id=chain.chain_id, contract=self.contract, wrapped=self.weth)
        )
        names = dict.fromkeys("abcd", "PlainToken") | {"fee": "FeeToken", "usdt": "NoReturnToken"}
        self.tokens = {key: chain.deploy(contract(name), key, key, 2**120).lower() for key, name in names.items()}
        self.tokens["weth"] = self.weth
        self.send(self.maker, at.weth, calldata("deposit()"), 5_000 * ETHER)
        self.send(self.trader, at.weth, calldata("deposit()"), 1_000 * ETHER)
        for token in self.tokens.values():
            for spender in (at.v2_router, at.v3_positions):
                self.send(self.maker, token, calldata("approve(address,uint256)", spender, 2**255))
        for key, token in self.tokens.items():
            if key != "weth":
                self.send(self.maker, token, calldata("transfer(address,uint256)", self.owner, 10**6 * ETHER))

        self.pools: dict[tuple[str, str], Pool] = {}
        for pair in ("ab", "bc"):
            for amm in PROTOCOLS:
                self.create(amm, *pair)
        self.relative = chain.deploy(compiled(_TRADER)["Trader"])
        for token in (self.tokens["a"], self.tokens["b"]):
            self.send(self.maker, token, calldata("transfer(address,uint256)", self.relative, 10**4 * ETHER))
        for amm in (PANCAKE, ALGEBRA, STABLE):
            self.create(amm, "a", "b")
        for amm in (V2, V3, V4, BALANCER):
            self.create(amm, "weth", "a", amount=200)
        for amm in (V2, V3, BALANCER):  # v4-core's provider insists on an answer, which USDT does not give
            self.create(amm, "usdt", "a", amount=300)
        self.create(V2, "fee", "a", amount=300)

    # doing

    def send(self, sender: Account, to: str, data: bytes, value: int = 0, gas: int = 6_000_000) -> Receipt:
        return self.chain.send(sender, to, data, value, gas=gas)

    def deploy(self, name: str, *arguments: Any) -> str:
        return self.chain.deploy(hostile(name), *arguments).lower()

    def create(self, amm: str, first: str, second: str, amount: int = 1_000) -> None:
        """A pool of two tokens by their names, which is then also found as ``leg`` and ``quote`` name it."""
        a, b, whole = self.tokens[first], self.tokens[second], amount * ETHER
        at, maker = self.chain.addresses, self.maker.address
        low, high = sorted((a, b))
        if amm == V2:
            add = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)"
            self.send(self.maker, at.v2_router, calldata(add, a, b, whole, whole, 0, 0, maker, FOREVER))
            pool = self._v2(self.ask(at.v2_factory, _GET_PAIR, a, b))
        elif amm == V3:
            create = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
            self.send(self.maker, at.v3_positions, calldata(create, low, high, V3_FEE, 1 << 96))
            mint = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
            position = (low, high, V3_FEE, -60_000, 60_000, whole, whole, 0, 0, maker, FOREVER)
            self.send(self.maker, at.v3_positions, calldata(mint, position))
            pool = self._v3(self.ask(at.v3_factory, _GET_POOL, a, b, V3_FEE))
        elif amm == V4:
            coins = [NATIVE if token == self.weth else token for token in (a, b)]
            pool = self._v4(self.v4.create(self.chain, *coins, fee=500, tick_spacing=10, liquidity=whole))
        elif amm in (PANCAKE, ALGEBRA):
            address = self._new_pancake(low, high) if amm == PANCAKE else self._new_algebra(low, high)
            self.send(self.maker, address, calldata("initialize(uint160)", 1 << 96))
            mint = calldata("mint(address,bool,int24,int24,uint128)", address, amm == ALGEBRA, -60_000, 60_000, whole)
            self.send(self.maker, self.relative, mint)
            pool = self._v3_relative(amm, address)
        elif amm == SOLIDLY:
            pool = self._solidly(self.chain.deploy(compiled(_PAIRS)["VelodromePool"], self.pairs, low, high, False))
            for token in (a, b):
                self.send(self.maker, token, calldata("transfer(address,uint256)", pool.address, whole))
            self.send(self.maker, pool.address, calldata("mint(address)", maker))
        elif amm == CURVE:
            coins4 = tuple(self.tokens[name] for name in "abcd")
            assert {first, second} <= set("abcd")
            pool = self._curve(self.curve.create(self.chain, coins4, amounts=(whole,) * 4), coins4)  # type: ignore[arg-type]
        elif amm == STABLE:
            pool = self._balancer(amm, *self.balancer.create_stable(self.chain, {a: whole, b: whole}))
        else:
            made = self.balancer.create(self.chain, {a: (ETHER // 2, whole), b: (ETHER // 2, whole)})
            pool = self._balancer(amm, *made)
        self.pools[amm, first + second] = self.pools[amm, second + first] = pool

    def _v2(self, address: str) -> Pool:
        router = self.chain.addresses.v2_router
        return Pool(V2, address, lambda i, j: 30, lambda i, j, n: int(self.ask(router, _AMOUNTS_OUT, n, (i, j))[1]))

    def _v3(self, address: str) -> Pool:
        quoter = self.chain.addresses.v3_quoter
        return Pool(
            V3, address, lambda i, j: V3_FEE, lambda i, j, n: int(self.ask(quoter, _V3_QUOTE, (i, j, n, V3_FEE, 0)))
        )

    def _new_pancake(self, low: str, high: str) -> str:
        code = artifact("PancakeV3Pool").bytecode
        holder = self.chain.deploy(b"\x61" + len(code).to_bytes(2, "big") + bytes.fromhex("80600c6000396000f3") + code)
        deployer = self.chain.deploy(compiled(_TRADER)["PancakePoolDeployer"], holder)
        factory = self.chain.deploy(artifact("PancakeV3Factory"), deployer)
        self.send(self.maker, factory, calldata("createPool(address,address,uint24)", low, high, 2500))
        return str(self.ask(factory, _GET_POOL, low, high, 2500))

    def _new_algebra(self, low: str, high: str) -> str:
        maker = self.maker.address
        factory = self.chain.deploy(artifact("AlgebraFactory"), contract_address(maker, self.chain.nonce(maker) + 1))
        self.chain.deploy(artifact("AlgebraPoolDeployer"), factory)
        self.send(self.maker, factory, calldata("createPool(address,address,bytes)", low, high, b""))
        return str(self.ask(factory, function("poolByPair(address,address)(address)"), low, high))

    def _v3_relative(self, amm: str, address: str) -> Pool:
        def quote(i: str, j: str, amount: int) -> int:
            ((filled, *deltas),) = self.ask(self.relative, _QUOTES, address, [(i < j, amount)])
            assert filled
            return int(-min(deltas))

        return Pool(amm, address, lambda i, j: 0, quote)

    def _v4(self, key: PoolKey) -> Pool:
        native = key.currency0 == NATIVE
        data = int(key.hooks, 16) | key.tick_spacing << 160 | key.fee << 184 | native << 208

        def quote(i: str, j: str, amount: int) -> int:
            return self.v4.quote(self.chain, key, NATIVE if native and i == self.weth else i, amount)

        return Pool(V4, key.id, lambda i, j: data, quote)

    def _solidly(self, address: str) -> Pool:
        return Pool(SOLIDLY, address, lambda i, j: 0, lambda i, j, n: int(self.ask(address, _PAIR_OUT, n, i)))

    def _curve(self, address: str, coins: tuple[str, ...]) -> Pool:
        def quote(i: str, j: str, amount: int) -> int:
            return self.curve.quote(self.chain, address, coins.index(i), coins.index(j), amount)

        return Pool(CURVE, address, lambda i, j: coins.index(i) | coins.index(j) << 8, quote)

    def _balancer(self, amm: str, address: str, pool_id: str) -> Pool:
        def quote(i: str, j: str, amount: int) -> int:
            return self.balancer.quote(self.chain, pool_id, i, j, amount)

        return Pool(amm, address, lambda i, j: int(pool_id[42:], 16), quote)

    # asking

    def ask(self, to: str, what: Any, *arguments: Any) -> Any:
        return what.decode(self.chain.call(to, what.encode(*arguments)))[0]

    def balance(self, token: str, of: str | None = None) -> int:
        address = of or self.owner
        return self.chain.balance(address) if token == NATIVE else self.chain.token_balance(token, address)

    def allowance(self, token: str, holder: str, spender: str) -> int:
        return int(self.ask(token, function("allowance(address,address)(uint256)"), holder, spender))

    def coin(self, name: str) -> str:
        return NATIVE if name == "eth" else self.tokens[name]

    def leg(self, amm: str, coin_in: str, coin_out: str, share: int = WHOLE) -> RouteLeg:
        pool = self.pools[amm, coin_in + coin_out]
        i, j = self.tokens[coin_in], self.tokens[coin_out]
        return RouteLeg(pool=pool.address, amm=amm, pool_data=pool.data(i, j), coin_in=i, coin_out=j, share=share)

    def quote(self, amm: str, coin_in: str, coin_out: str, amount: int) -> int:
        """What the protocol's own contracts answer."""
        return self.pools[amm, coin_in + coin_out].quote(self.tokens[coin_in], self.tokens[coin_out], amount)

    def route(self, pay: str, get: str, amount: int, *legs: RouteLeg, **other: Any) -> RouteSwap:
        fields: dict[str, Any] = {"min_out": 0, "deadline": FOREVER, "allowance": 0, "opens": True, **other}
        return RouteSwap(
            chain_id=self.chain.chain_id, owner=self.owner, token_in=self.coin(pay), token_out=self.coin(get),
            amount_in=amount, legs=legs, **fields,
        )  # fmt: skip

    def trade(self, route: RouteSwap) -> "Traded":
        """Carry the plan out as the trader. Raises `CallReverted`."""
        coins = (route.token_in, route.token_out)
        before = [self.balance(coin) for coin in coins]
        receipts = [
            self.send(self.trader, step.to, step.data, step.value, step.gas) for step in self.venue.plan_route(route)
        ]
        gas = sum(receipt.fee for receipt in receipts)
        after = [self.balance(coin) + (gas if coin == NATIVE else 0) for coin in coins]
        return Traded(before[0] - after[0], after[1] - before[1], receipts[-1])

    def left(self) -> dict[str, int]:
        """What the contract holds, of everything that there is."""
        held = {name: self.balance(token, self.contract) for name, token in self.tokens.items()}
        return {name: amount for name, amount in {**held, "eth": self.balance(NATIVE, self.contract)}.items() if amount}


class Traded(NamedTuple):
    """By how much the owner's balances changed, gas apart."""

    paid: int
    received: int
    receipt: Receipt


def hostile(name: str) -> Artifact:
    return compiled(Path(__file__).parent / "contracts")[name]


@pytest.fixture(scope="session")
def deployed() -> Iterator[Market]:
    with DevChain() as chain:
        yield Market(chain)


@pytest.fixture
def market(deployed: Market) -> Iterator[Market]:
    """The same market for each test: what one does to it is undone."""
    before, kept = deployed.chain.snapshot(), {**vars(deployed)}
    deployed.tokens, deployed.pools = {**deployed.tokens}, {**deployed.pools}
    yield deployed
    deployed.chain.revert(before)
    vars(deployed).update(kept)
