"""Balancer V2: the Vault in which all coins lie, and weighted pools (version 3) from their factory."""

from dataclasses import dataclass
from typing import Self

from sniper.evm.abi import function
from sniper.types import NATIVE
from sniper_sdk.devchain import DevChain, calldata, encoded
from sniper_sdk.devchain.abi import topic
from sniper_sdk.npm import artifact

_EVERYTHING = 2**256 - 1
_POOL_CREATED = topic("PoolCreated(address)")
_POOL_ID = function("getPoolId()(bytes32)")
_QUERY = function(
    "queryBatchSwap(uint8,(bytes32,uint256,uint256,uint256,bytes)[],address[],(address,bool,address,bool))(int256[])"
)


@dataclass(frozen=True)
class Balancer:
    """The Vault, and the factory of weighted pools."""

    vault: str
    weighted_factory: str

    @classmethod
    def deployed(cls, chain: DevChain) -> Self:
        """Deploy both; the first account is the Vault's admin, no protocol fee is set."""
        maker = chain.accounts[0].address
        authorizer = chain.deploy(artifact("BalancerAuthorizer"), maker)
        vault = chain.deploy(artifact("BalancerVault"), authorizer, chain.addresses.weth, 0, 0, gas=10_000_000)
        fees = chain.deploy(artifact("BalancerProtocolFeePercentagesProvider"), vault, 10**18, 10**18)
        factory = artifact("BalancerWeightedPoolV3Factory")
        return cls(vault, chain.deploy(factory, vault, fees, "3", "3", gas=15_000_000))

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
        pool = next("0x" + log.topics[1][-40:] for log in made.logs if log.topics[0] == _POOL_CREATED)
        pool_id: bytes = _POOL_ID.decode(chain.call(pool, _POOL_ID.encode()))[0]
        for coin in listed:
            chain.send(maker, coin, calldata("approve(address,uint256)", self.vault, _EVERYTHING))
        first_join = encoded(("uint256", "uint256[]"), (0, amounts))
        join = "joinPool(bytes32,address,address,(address[],uint256[],bytes,bool))"
        request = (listed, amounts, first_join, False)
        chain.send(maker, self.vault, calldata(join, pool_id, maker.address, maker.address, request))
        return pool, "0x" + pool_id.hex()

    def quote(self, chain: DevChain, pool_id: str, coin_in: str, coin_out: str, amount: int) -> int:
        """What the Vault itself answers for an exact input."""
        maker = chain.accounts[0].address
        swap = (bytes.fromhex(pool_id[2:]), 0, 1, amount, b"")
        call = _QUERY.encode(0, [swap], [coin_in, coin_out], (maker, False, maker, False))
        ((_, out),) = _QUERY.decode(chain.call(self.vault, call))
        return int(-out)
