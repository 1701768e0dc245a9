"""One PancakeSwap V3 pool (@pancakeswap/v3-core 1.0.2): Uniswap's arithmetic, another Swap log, wider protocol fees."""

from typing import ClassVar

from sniper.amm import Change, on_log
from sniper_amm_uniswap_v3.fixed_fee import FixedFee
from sniper_amm_uniswap_v3.followed import FactoriesConfig


class PancakeV3Config(FactoriesConfig):
    """``[amm.pancake-v3]``"""


class PancakeV3(FixedFee):
    """One pool."""

    slot0: ClassVar[str] = "slot0()(uint160,int24,uint16,uint16,uint16,uint32,bool)"

    config: PancakeV3Config

    @on_log(
        "Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96,"
        " uint128 liquidity, int24 tick, uint128 protocolFeesToken0, uint128 protocolFeesToken1)"
    )
    def swapped(
        self,
        sender: str,
        recipient: str,
        change0: int,
        change1: int,
        sqrt_price_x96: int,
        liquidity: int,
        tick: int,
        protocol0: int,
        protocol1: int,
    ) -> Change:
        return self._move(sqrt_price_x96, liquidity, tick)
