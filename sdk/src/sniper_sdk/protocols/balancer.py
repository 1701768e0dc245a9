"""Balancer V2: the Vault in which all coins lie, and weighted and composable stable pools (version 3 of both)."""

from dataclasses import dataclass
from typing import Self

from sniper.evm.abi import function
from sniper.types import NATIVE
from sniper_sdk.devchain import DevChain, Receipt, calldata, encoded
from sniper_sdk.devchain.abi import topic
from sniper_sdk.npm import artifact

_EVERYTHING = 2**256 - 1
_POOL_CREATED = topic("PoolCreated(address)")
_POOL_ID = function("getPoolId()(bytes32)")
_LISTED = function("getPoolTokens(bytes32)(address[],uint256[],uint256)")
_QUERY = function(
    "queryBatchSwap(uint8,(bytes32,uint256,uint256,uint256,bytes)[],address[],(address,bool,address,bool))(int256[])"
)


@dataclass(frozen=True)
class Balancer:
    """The Vault, and the factories of weighted and of composable stable pools."""

    vault: str
    weighted_factory: str
    stable_factory: str

    @classmethod
    def deployed(cls, chain: DevChain) -> Self:
        """Deploy all; the first account is the Vault's admin, no protocol fee is set."""
        maker = chain.accounts[0].address
        authorizer = chain.deploy(artifact("BalancerAuthorizer"), maker)
        vault = chain.deploy(artifact("BalancerVault"), authorizer, chain.addresses.weth, 0, 0, gas=10_000_000)
        fees = chain.deploy(artifact("BalancerProtocolFeePercentagesProvider"), vault, 10**18, 10**18)
        factories = (artifact("BalancerWeightedPoolV3Factory"), artifact("BalancerComposableStablePoolV3Factory"))
        return cls(vault, *(chain.deploy(factory, vault, fees, "3", "3", gas=15_000_000) for factory in factories))

    def create(self, chain: DevChain, coins: dict[str, tuple[int, int]], *, fee: int = 3 * 10**15) -> tuple[str, str]:
        """A weighted pool, filled: coin to (weight of 10**18, amount). Returns its address and its id in the Vault."""
        maker = chain.accounts[0]
        listed = sorted(coin.lower() for coin in coins)
        weights = tuple(coins[coin][0] for coin in listed)
        amounts = tuple(coins[coin][1] for coin in listed)
        create = "create(string,string,address[],uint256[],address[],uint256,address)"
        nobody = (NATIVE,) * len(listed)
        data = calldata(create, "pool", "pool", listed, weights, nobody, fee, maker.address)
        made = chain.send(maker, self.weighted_factory, data, gas=12_000_000)
        return self._filled(chain, made, dict(zip(listed, amounts, strict=True)))

    def create_stable(
        self, chain: DevChain, coins: dict[str, int], *, amplification: int = 200, fee: int = 4 * 10**14
    ) -> tuple[str, str]:
        """A composable stable pool of coins that are worth one another, filled: coin to amount. As `create`."""
        maker, listed = chain.accounts[0], sorted(coin.lower() for coin in coins)
        create = "create(string,string,address[],uint256,address[],uint256[],bool[],uint256,address)"
        count = len(listed)
        nobody, never, no = (NATIVE,) * count, (0,) * count, (False,) * count
        data = calldata(create, "pool", "pool", listed, amplification, nobody, never, no, fee, maker.address)
        made = chain.send(maker, self.stable_factory, data, gas=12_000_000)
        return self._filled(chain, made, {coin.lower(): amount for coin, amount in coins.items()})

    def _filled(self, chain: DevChain, made: Receipt, amounts: dict[str, int]) -> tuple[str, str]:
        """The Vault lists a stable pool's own share among its coins, of which nobody pays any."""
        maker = chain.accounts[0]
        pool = next("0x" + log.topics[1][-40:] for log in made.logs if log.topics[0] == _POOL_CREATED)
        pool_id: bytes = _POOL_ID.decode(chain.call(pool, _POOL_ID.encode()))[0]
        for coin in amounts:
            chain.send(maker, coin, calldata("approve(address,uint256)", self.vault, _EVERYTHING))
        listed = _LISTED.decode(chain.call(self.vault, _LISTED.encode(pool_id)))[0]
        first_join = encoded(("uint256", "uint256[]"), (0, [amounts.get(coin.lower(), 0) for coin in listed]))
        join = "joinPool(bytes32,address,address,(address[],uint256[],bytes,bool))"
        request = (listed, [_EVERYTHING] * len(listed), first_join, False)
        chain.send(maker, self.vault, calldata(join, pool_id, maker.address, maker.address, request))
        return pool, "0x" + pool_id.hex()

    def quote(self, chain: DevChain, pool_id: str, coin_in: str, coin_out: str, amount: int) -> int:
        """What the Vault itself answers for an exact input."""
        maker = chain.accounts[0].address
        swap = (bytes.fromhex(pool_id[2:]), 0, 1, amount, b"")
        call = _QUERY.encode(0, [swap], [coin_in, coin_out], (maker, False, maker, False))
        ((_, out),) = _QUERY.decode(chain.call(self.vault, call))
        return int(-out)
