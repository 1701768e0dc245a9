from math import isqrt
from typing import ClassVar

from sniper.evm.abi import event
from sniper.evm.log import Log
from sniper.types import LiquidityMoved
from sniper_sdk import DevChain, PackageConformance, VenueConformance
from sniper_sdk.devchain import calldata
from sniper_venue_uniswap.venue import Uniswap, UniswapConfig

MANAGER = "0x" + "a5" * 20
CONFIG = UniswapConfig(
    chain_id=1,
    wrapped="0x" + "ee" * 20,
    v2_router="0x" + "a2" * 20,
    v3_router="0x" + "a3" * 20,
    universal_router="0x" + "a4" * 20,
    position_manager=MANAGER,
)
ROUTES = {"constant-product": 30, "uniswap-v3": 3000, "uniswap-v4": 500 << 184 | 10 << 160}


class TestPackage(PackageConformance):
    distribution = "sniper-venue-uniswap"


def settled(chain: DevChain) -> Uniswap:
    at = chain.addresses
    config = UniswapConfig(chain_id=chain.chain_id, wrapped=at.weth, v2_router=at.v2_router, v3_router=at.v3_router)
    return Uniswap(config=config)


class TestV2(VenueConformance):
    venue = Uniswap
    config = CONFIG
    amm = "constant-product"
    route_amms: ClassVar[dict[str, int]] = ROUTES

    def settle(self, chain: DevChain) -> Uniswap:
        return settled(chain)


class TestV3(VenueConformance):
    venue = Uniswap
    config = CONFIG
    amm = "uniswap-v3"
    pool_data = 3000
    before_tax = True
    route_amms: ClassVar[dict[str, int]] = ROUTES

    def settle(self, chain: DevChain) -> Uniswap:
        return settled(chain)

    def open_pool(self, chain: DevChain, coins: tuple[str, str], amounts: tuple[int, int]) -> tuple[str, int]:
        """Over the whole range, so that it prices as a pair does."""
        me, at = chain.accounts[0], chain.addresses
        (low, least), (high, most) = sorted(zip(coins, amounts, strict=True))
        for coin in coins:
            chain.send(me, coin, calldata("approve(address,uint256)", at.v3_positions, 2**255))
        create = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
        chain.send(me, at.v3_positions, calldata(create, low, high, 3000, isqrt((most << 192) // least)))
        mint = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
        position = (low, high, 3000, -887_220, 887_220, least, most, 0, 0, me.address, 2**40)
        chain.send(me, at.v3_positions, calldata(mint, position))
        found = chain.call(at.v3_factory, calldata("getPool(address,address,uint24)", low, high, 3000))
        return "0x" + found[-20:].hex(), self.pool_data

    def moved_logs(self, moved: LiquidityMoved) -> tuple[Log, ...]:
        name = "DecreaseLiquidity" if moved.liquidity < 0 else "IncreaseLiquidity"
        kind = event(f"{name}(uint256 indexed tokenId, uint128 liquidity, uint256 amount0, uint256 amount1)")
        words = (abs(moved.liquidity), *moved.amounts)
        return (
            Log(
                address=MANAGER,
                topics=(kind.topic, f"0x{moved.position:064x}"),
                data=b"".join(word.to_bytes(32, "big") for word in words),
                block=1,
                block_hash="",
                transaction="",
                transaction_index=0,
                index=0,
            ),
        )
