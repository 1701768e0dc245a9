"""Curve: plain pools of four coins (Plain4Basic), clones of one implementation as its factory makes them."""

from dataclasses import dataclass
from typing import Self

from sniper.evm.abi import function
from sniper_sdk.devchain import DevChain, calldata
from sniper_sdk.npm import artifact

_EVERYTHING = 2**256 - 1
_GET_DY = function("get_dy(int128,int128,uint256)(uint256)")


@dataclass(frozen=True)
class Curve:
    """Where the implementation stands."""

    plain4: str

    @classmethod
    def deployed(cls, chain: DevChain) -> Self:
        """Deploy the implementation, which is no pool itself."""
        return cls(chain.deploy(artifact("Plain4Basic")))

    def create(
        self, chain: DevChain, coins: tuple[str, str, str, str], *, amounts: tuple[int, int, int, int],
        amplification: int = 200, fee: int = 4_000_000,
    ) -> str:  # fmt: skip
        """A pool of coins with 18 decimals, filled; ``fee`` in parts of 10**10. The first account is its factory."""
        maker = chain.accounts[0]
        # EIP-1167, with the creation code that returns it
        code = "3d602d80600a3d3981f3363d3d373d3d3d363d73" + self.plain4[2:] + "5af43d82803e903d91602b57fd5bf3"
        pool = chain.deploy(bytes.fromhex(code))
        initialize = "initialize(string,string,address[4],uint256[4],uint256,uint256)"
        chain.send(maker, pool, calldata(initialize, "pool", "pool", coins, (10**18,) * 4, amplification, fee))
        for coin in coins:
            chain.send(maker, coin, calldata("approve(address,uint256)", pool, _EVERYTHING))
        chain.send(maker, pool, calldata("add_liquidity(uint256[4],uint256)", amounts, 0))
        return pool.lower()

    def quote(self, chain: DevChain, pool: str, i: int, j: int, amount: int) -> int:
        """The pool's own ``get_dy``."""
        return int(_GET_DY.decode(chain.call(pool, _GET_DY.encode(i, j, amount)))[0])
