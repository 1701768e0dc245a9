"""One Uniswap V3 pool (v3-core 1.0.1)."""

import asyncio

from sniper.amm import Chain, Change, Found, Self, on_creation, on_log
from sniper_amm_uniswap_v3.followed import FactoriesConfig, Followed, read_scalars, read_ticks


class UniswapV3Config(FactoriesConfig):
    """``[amm.uniswap-v3]``"""


class UniswapV3(Followed):
    """One pool, whose fee never changes: parts of a million, taken from the amount in."""

    config: UniswapV3Config
    fee: int

    @classmethod
    async def load(cls, address: str, chain: Chain, config: UniswapV3Config) -> Found[Self]:
        token0, token1, liquidity, fee, spacing = await read_scalars(
            address,
            chain,
            "token0()(address)",
            "token1()(address)",
            "liquidity()(uint128)",
            "fee()(uint24)",
            "tickSpacing()(int24)",
        )
        slot0, ticks = await asyncio.gather(
            chain.read(address, "slot0()(uint160,int24,uint16,uint16,uint16,uint8,bool)"),
            read_ticks(
                address,
                chain,
                spacing,
                "tickBitmap(int16)(uint256)",
                "ticks(int24)(uint128,int128,uint256,uint256,int56,uint160,uint32,bool)",
            ),
        )
        pool = cls(
            config=config,
            fee=fee,
            tick_spacing=spacing,
            sqrt_price_x96=slot0[0],
            tick=slot0[1],
            liquidity=liquidity,
            ticks=ticks,
        )
        return Found(pool=address, coins=(token0, token1), amm=pool)

    @classmethod
    @on_creation(
        "PoolCreated(address indexed token0, address indexed token1, uint24 indexed fee, int24 tickSpacing,"
        " address pool)"
    )
    def created(
        cls, config: UniswapV3Config, token0: str, token1: str, fee: int, tick_spacing: int, pool: str
    ) -> Found[Self] | None:
        return Found(pool=pool, coins=(token0, token1), amm=cls(config=config, fee=fee, tick_spacing=tick_spacing))

    @on_log(
        "Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96,"
        " uint128 liquidity, int24 tick)"
    )
    def swapped(
        self, sender: str, recipient: str, change0: int, change1: int, sqrt_price_x96: int, liquidity: int, tick: int
    ) -> Change:
        return self._move(sqrt_price_x96, liquidity, tick)

    def swap_fee(self, downwards: bool) -> int:
        return self.fee

    def venue_data(self, i: int, j: int) -> int:
        """The fee: with the coins it names the pool."""
        return self.fee
