"""Uniswap V4: the manager in which all pools live, and the periphery that provides and quotes."""

from dataclasses import dataclass
from typing import NamedTuple, Self

from sniper.evm.abi import function
from sniper.evm.keccak import keccak256
from sniper.types import NATIVE
from sniper_sdk.devchain import DevChain, calldata, encoded
from sniper_sdk.npm import artifact

_KEY = "(address,address,uint24,int24,address)"
_EVERYTHING = 2**256 - 1
_QUOTE = function(f"quoteExactInputSingle(({_KEY},bool,uint128,bytes))(uint256,uint256)")


class PoolKey(NamedTuple):
    """What names a pool: the coins in ascending order (`NATIVE` first), the fee, the tick spacing, the hooks."""

    currency0: str
    currency1: str
    fee: int
    tick_spacing: int
    hooks: str

    @property
    def id(self) -> str:
        """The pool's id in the manager: keccak of the ABI-encoded key."""
        return "0x" + keccak256(encoded((_KEY,), (tuple(self),))).hex()


@dataclass(frozen=True)
class UniswapV4:
    """The manager, the quoter, and v4-core's test contract that provides liquidity for whoever calls it."""

    manager: str
    quoter: str
    provider: str

    @classmethod
    def deployed(cls, chain: DevChain) -> Self:
        """Deploy all three."""
        manager = chain.deploy(artifact("PoolManager"), chain.accounts[0].address)
        return cls(
            manager,
            chain.deploy(artifact("V4Quoter"), manager),
            chain.deploy(artifact("PoolModifyLiquidityTest"), manager),
        )

    def create(
        self,
        chain: DevChain,
        coin: str,
        other: str,
        *,
        fee: int,
        tick_spacing: int,
        liquidity: int,
        hooks: str = NATIVE,
        ticks: int = 887_200,
        sqrt_price: int = 1 << 96,
    ) -> PoolKey:
        """A pool at ``sqrt_price``, and ``liquidity`` from tick ``-ticks`` to ``ticks`` (multiples of the spacing)."""
        low, high = sorted((coin.lower(), other.lower()))
        key = PoolKey(low, high, fee, tick_spacing, hooks)
        chain.send(chain.accounts[0], self.manager, calldata(f"initialize({_KEY},uint160)", key, sqrt_price))
        self.provide(chain, key, -ticks, ticks, liquidity)
        return key

    def provide(self, chain: DevChain, key: PoolKey, lower: int, upper: int, liquidity: int) -> None:
        """Add (positive) or remove liquidity between two ticks, for the first account."""
        maker = chain.accounts[0]
        for coin in key[:2]:
            if coin != NATIVE:
                chain.send(maker, coin, calldata("approve(address,uint256)", self.provider, _EVERYTHING))
        value = 1_000 * 10**18 if key.currency0 == NATIVE else 0  # what is not needed comes back
        change = (lower, upper, liquidity, bytes(32))
        data = calldata(f"modifyLiquidity({_KEY},(int24,int24,int256,bytes32),bytes)", key, change, b"")
        chain.send(maker, self.provider, data, value)

    def quote(self, chain: DevChain, key: PoolKey, coin_in: str, amount: int) -> int:
        """What the quoter says of an exact input."""
        call = _QUOTE.encode((tuple(key), coin_in.lower() == key.currency0, amount, b""))
        return int(_QUOTE.decode(chain.call(self.quoter, call))[0])
