"""One Slipstream pool (Velodrome, Aerodrome): Uniswap V3's arithmetic, pools named by spacing, a fee set elsewhere.

After the published CLPool and CLFactory. The gauge's share of the fees changes no amount of a swap.
"""

import asyncio
from typing import Annotated

from pydantic import Field

from sniper.amm import Chain, Change, Found, Self, on_creation, on_log
from sniper_amm_uniswap_v3.followed import FactoriesConfig, Followed, read_scalars, read_ticks


class SlipstreamConfig(FactoriesConfig):
    """``[amm.slipstream]``"""

    fees: Annotated[
        dict[int, int],
        Field(
            description="Fee by tick spacing, in parts of a million: a new pool with such a spacing is followed at"
            " once, others are read from the chain first."
        ),
    ] = Field(default_factory=dict)


class Slipstream(Followed):
    """One pool.

    fee  Parts of a million, taken from the amount in, as it was when the pool was read: the factory's fee module may
         change it, and no log of the pool says so.
    """

    config: SlipstreamConfig
    fee: int

    @classmethod
    async def load(cls, address: str, chain: Chain, config: SlipstreamConfig) -> Found[Self]:
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
            chain.read(address, "slot0()(uint160,int24,uint16,uint16,uint16,bool)"),
            read_ticks(
                address,
                chain,
                spacing,
                "tickBitmap(int16)(uint256)",
                "ticks(int24)(uint128,int128,int128,uint256,uint256,uint256,int56,uint160,uint32,bool)",
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
    @on_creation("PoolCreated(address indexed token0, address indexed token1, int24 indexed tickSpacing, address pool)")
    def created(
        cls, config: SlipstreamConfig, token0: str, token1: str, tick_spacing: int, pool: str
    ) -> Found[Self] | None:
        fee = config.fees.get(tick_spacing)
        amm = None if fee is None else cls(config=config, fee=fee, tick_spacing=tick_spacing)
        return Found(pool=pool, coins=(token0, token1), amm=amm)

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
        """The tick spacing: with the coins it names the pool."""
        return self.tick_spacing
