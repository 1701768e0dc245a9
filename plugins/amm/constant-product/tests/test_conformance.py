from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper.errors import CallReverted
from sniper.evm.abi import function
from sniper_amm_constant_product.pool import ConstantProduct, ConstantProductConfig
from sniper_sdk import AmmConformance, PackageConformance
from sniper_sdk.devchain import DevChain, calldata, checksum
from sniper_sdk.strategies import amounts
from sniper_sdk.zoo import contract

FOREVER = 2**63


class TestPackage(PackageConformance):
    distribution = "sniper-amm-constant-product"


class TestConstantProduct(AmmConformance[ConstantProduct]):
    amm = ConstantProduct
    pools = st.builds(
        ConstantProduct, config=st.just(ConstantProductConfig()), reserves=st.tuples(amounts(), amounts())
    )

    def logs(self, pool: ConstantProduct) -> SearchStrategy[tuple[str, tuple[Any, ...]]]:
        somebody = "0x" + "11" * 20
        return st.one_of(
            st.tuples(st.just("sync"), st.tuples(amounts(), amounts())),
            st.just(("mint", (somebody, 1, 1))),
            st.just(("burn", (somebody, 1, 1, somebody))),
        )

    def deploy(self, chain: DevChain, pool: ConstantProduct) -> str:
        me, router = chain.accounts[0], chain.addresses.v2_router
        coins = sorted(chain.deploy(contract("PlainToken"), "T", "T", 2**160) for _ in range(2))
        for coin in coins:
            chain.send(me, coin, calldata("approve(address,uint256)", router, 2**256 - 1))
        chain.send(me, chain.addresses.v2_factory, calldata("createPair(address,address)", *coins))
        self.coins_of = coins
        found = chain.call(chain.addresses.v2_factory, calldata("getPair(address,address)", *coins))
        pair = checksum(found[-20:])
        for coin, reserve in zip(coins, pool.reserves, strict=True):
            chain.send(me, coin, calldata("transfer(address,uint256)", pair, reserve))
        chain.send(me, pair, calldata("sync()"))
        return pair

    def compare(self, chain: DevChain, address: str, i: int, j: int, amount_in: int) -> int | None:
        swap = function("swapExactTokensForTokens(uint256,uint256,address[],address,uint256)(uint256[])")
        me, path = chain.accounts[0].address, (self.coins_of[i], self.coins_of[j])
        try:
            answer = chain.call(chain.addresses.v2_router, swap.encode(amount_in, 0, path, me, FOREVER), sender=me)
        except CallReverted:
            return None
        (moved,) = swap.decode(answer)
        return int(moved[-1])
