"""What people do with a pool, as calls of the real routers: open it, buy, sell, take the liquidity away."""

from dataclasses import dataclass
from math import isqrt
from typing import Protocol

from sniper.evm.keccak import keccak256
from sniper_sdk.devchain import Addresses, DevChain, calldata, create2_address
from sniper_sdk.npm import artifact

NEVER = 2**63  # a deadline that no dev chain reaches
UNLIMITED = 2**256 - 1
V3_FEE = 3000
_V3_FULL_RANGE = 887_220  # the outermost tick that a pool of this fee (tick spacing 60) can use
_THE_ROUTER = "0x" + "00" * 19 + "02"  # SwapRouter02 reads this recipient as itself


@dataclass(frozen=True)
class Call:
    """One transaction to be: where to, with which data and value (wei), and at most how much gas. No `to` deploys."""

    to: str | None
    data: bytes
    value: int = 0
    gas: int = 600_000


class Pool(Protocol):
    """A token's pool against WETH."""

    @property
    def address(self) -> str:
        """Where the pool is, or will be: it follows from the two tokens."""
        ...

    @property
    def spender(self) -> str:
        """The router that a seller approves."""
        ...

    def create(self, tokens: int, wei: int) -> Call:
        """Create the pool, at the price of `wei` for `tokens`."""
        ...

    def add(self, provider: str, tokens: int, wei: int) -> list[Call]:
        """Add the first liquidity."""
        ...

    def remove(self, chain: DevChain, provider: str, basis_points: int) -> list[Call]:
        """Take out that share of the provider's present liquidity."""
        ...

    def reserves(self, chain: DevChain) -> tuple[int, int]:
        """(tokens, wei) whose product a trade keeps and whose ratio is the price; virtual in V3."""
        ...

    def buy(self, buyer: str, wei: int) -> Call:
        """Buy for that many wei, at any price."""
        ...

    def sell(self, seller: str, tokens: int) -> Call:
        """Sell that many base units for ETH, at any price."""
        ...


@dataclass(frozen=True)
class V2Pool:
    """A Uniswap V2 pair, traded through Router02 by the functions that support fee-on-transfer tokens."""

    token: str
    contracts: Addresses

    @property
    def address(self) -> str:
        salt = keccak256(b"".join(_raw(token) for token in sorted((self.token, self.contracts.weth), key=_raw)))
        return create2_address(self.contracts.v2_factory, salt, keccak256(artifact("UniswapV2Pair").bytecode))

    @property
    def spender(self) -> str:
        return self.contracts.v2_router

    def create(self, tokens: int, wei: int) -> Call:
        data = calldata("createPair(address,address)", self.token, self.contracts.weth)
        return Call(self.contracts.v2_factory, data, gas=3_000_000)

    def add(self, provider: str, tokens: int, wei: int) -> list[Call]:
        signature = "addLiquidityETH(address,uint256,uint256,uint256,address,uint256)"
        data = calldata(signature, self.token, tokens, 0, 0, provider, NEVER)
        return [approve(self.token, self.contracts.v2_router), Call(self.contracts.v2_router, data, wei)]

    def remove(self, chain: DevChain, provider: str, basis_points: int) -> list[Call]:
        liquidity = chain.token_balance(self.address, provider) * basis_points // 10_000
        signature = "removeLiquidityETHSupportingFeeOnTransferTokens(address,uint256,uint256,uint256,address,uint256)"
        data = calldata(signature, self.token, liquidity, 0, 0, provider, NEVER)
        return [approve(self.address, self.contracts.v2_router), Call(self.contracts.v2_router, data)]

    def reserves(self, chain: DevChain) -> tuple[int, int]:
        answer = chain.call(self.address, calldata("getReserves()"))
        first, second = int.from_bytes(answer[:32], "big"), int.from_bytes(answer[32:64], "big")
        return (first, second) if _raw(self.token) < _raw(self.contracts.weth) else (second, first)

    def buy(self, buyer: str, wei: int) -> Call:
        signature = "swapExactETHForTokensSupportingFeeOnTransferTokens(uint256,address[],address,uint256)"
        data = calldata(signature, 0, [self.contracts.weth, self.token], buyer, NEVER)
        return Call(self.contracts.v2_router, data, wei)

    def sell(self, seller: str, tokens: int) -> Call:
        signature = "swapExactTokensForETHSupportingFeeOnTransferTokens(uint256,uint256,address[],address,uint256)"
        data = calldata(signature, tokens, 0, [self.token, self.contracts.weth], seller, NEVER)
        return Call(self.contracts.v2_router, data)


@dataclass(frozen=True)
class V3Pool:
    """A Uniswap V3 pool (fee 0.3%) with full-range liquidity, traded through SwapRouter02."""

    token: str
    contracts: Addresses

    @property
    def address(self) -> str:
        words = b"".join(_raw(token).rjust(32, b"\0") for token in self._ordered)
        salt = keccak256(words + V3_FEE.to_bytes(32, "big"))
        return create2_address(self.contracts.v3_factory, salt, keccak256(artifact("UniswapV3Pool").bytecode))

    @property
    def spender(self) -> str:
        return self.contracts.v3_router

    def create(self, tokens: int, wei: int) -> Call:
        first, second = self._in_order(tokens, wei)
        price = isqrt((second << 192) // first)  # the square root of second per first, times 2**96
        signature = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
        return Call(self.contracts.v3_positions, calldata(signature, *self._ordered, V3_FEE, price), gas=6_000_000)

    def add(self, provider: str, tokens: int, wei: int) -> list[Call]:
        amounts = self._in_order(tokens, wei)
        position = (*self._ordered, V3_FEE, -_V3_FULL_RANGE, _V3_FULL_RANGE, *amounts, 0, 0, provider, NEVER)
        signature = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
        steps = [calldata(signature, position), calldata("refundETH()")]
        minting = Call(self.contracts.v3_positions, calldata("multicall(bytes[])", steps), wei, gas=1_000_000)
        return [approve(self.token, self.contracts.v3_positions), minting]

    def remove(self, chain: DevChain, provider: str, basis_points: int) -> list[Call]:
        first_of = calldata("tokenOfOwnerByIndex(address,uint256)", provider, 0)
        position = int.from_bytes(chain.call(self.contracts.v3_positions, first_of), "big")
        facts = chain.call(self.contracts.v3_positions, calldata("positions(uint256)", position))
        liquidity = int.from_bytes(facts[7 * 32 : 8 * 32], "big") * basis_points // 10_000
        signature = "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))"
        most = 2**128 - 1
        steps = [
            calldata(signature, (position, liquidity, 0, 0, NEVER)),
            calldata("collect((uint256,address,uint128,uint128))", (position, provider, most, most)),
        ]
        return [Call(self.contracts.v3_positions, calldata("multicall(bytes[])", steps))]

    def reserves(self, chain: DevChain) -> tuple[int, int]:
        root = int.from_bytes(chain.call(self.address, calldata("slot0()"))[:32], "big")
        liquidity = int.from_bytes(chain.call(self.address, calldata("liquidity()")), "big")
        first, second = (liquidity << 96) // root, (liquidity * root) >> 96
        return (first, second) if self._ordered[0] == self.token else (second, first)

    def buy(self, buyer: str, wei: int) -> Call:
        return Call(self.contracts.v3_router, self._swap(self.contracts.weth, self.token, buyer, wei), wei)

    def sell(self, seller: str, tokens: int) -> Call:
        steps = [
            self._swap(self.token, self.contracts.weth, _THE_ROUTER, tokens),
            calldata("unwrapWETH9(uint256,address)", 0, seller),
        ]
        return Call(self.contracts.v3_router, calldata("multicall(bytes[])", steps))

    def _swap(self, given: str, wanted: str, recipient: str, amount: int) -> bytes:
        signature = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"
        return calldata(signature, (given, wanted, V3_FEE, recipient, amount, 0, 0))

    @property
    def _ordered(self) -> tuple[str, str]:
        first, second = sorted((self.token, self.contracts.weth), key=_raw)
        return first, second

    def _in_order(self, tokens: int, wei: int) -> tuple[int, int]:
        return (tokens, wei) if self._ordered[0] == self.token else (wei, tokens)


def approve(token: str, spender: str) -> Call:
    """Let `spender` take any amount."""
    return Call(token, calldata("approve(address,uint256)", spender, UNLIMITED))


def _raw(address: str) -> bytes:
    return bytes.fromhex(address[2:])
