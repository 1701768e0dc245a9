"""One Uniswap V3 pool (v3-core 1.0.1)."""

from sniper.amm import Change, on_log
from sniper_amm_uniswap_v3.fixed_fee import FixedFee
from sniper_amm_uniswap_v3.followed import FactoriesConfig


class UniswapV3Config(FactoriesConfig):
    """``[amm.uniswap-v3]``"""


class UniswapV3(FixedFee):
    """One pool of Uniswap V3, or of a fork with the same code."""

    config: UniswapV3Config

    @on_log(
        "Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96,"
        " uint128 liquidity, int24 tick)"
    )
    def swapped(
        self, sender: str, recipient: str, change0: int, change1: int, sqrt_price_x96: int, liquidity: int, tick: int
    ) -> Change:
        return self._move(sqrt_price_x96, liquidity, tick)
