"""Pools whose fee is a part of what they are, as Uniswap V3's (v3-core 1.0.1)."""

import asyncio
from typing import ClassVar

from sniper.amm import Chain, Found, Self, on_creation
from sniper_amm_uniswap_v3.followed import FactoriesConfig, Followed, read_scalars, read_ticks


class FixedFee(Followed):
    """One pool, whose fee never changes.

    fee       Parts of a million, taken from the amount in.

    slot0     How the contract declares its view of that name.
    """

    slot0: ClassVar[str] = "slot0()(uint160,int24,uint16,uint16,uint16,uint8,bool)"

    fee: int

    @classmethod
    async def load(cls, address: str, chain: Chain, config: FactoriesConfig) -> Found[Self]:
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
            chain.read(address, cls.slot0),
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
        cls, config: FactoriesConfig, token0: str, token1: str, fee: int, tick_spacing: int, pool: str
    ) -> Found[Self] | None:
        return Found(pool=pool, coins=(token0, token1), amm=cls(config=config, fee=fee, tick_spacing=tick_spacing))

    def swap_fee(self, downwards: bool) -> int:
        return self.fee

    def venue_data(self, i: int, j: int) -> int:
        """The fee: with the coins it names the pool."""
        return self.fee
