"""One Uniswap V3 pool (v3-core 1.0.1), and the fees that ranges of it earn."""

from collections.abc import Iterable
from typing import ClassVar

from sniper.amm import Chain, Change, Found, Self, on_log
from sniper_amm_uniswap_v3.fixed_fee import FixedFee
from sniper_amm_uniswap_v3.followed import FactoriesConfig
from sniper_amm_uniswap_v3.liquidity import (
    Q128,
    Earning,
    amounts_for,
    fees_of_swap,
    least_given,
    least_taken,
    liquidity_for,
)


class UniswapV3Config(FactoriesConfig):
    """``[amm.uniswap-v3]``"""


class UniswapV3(FixedFee):
    """One pool of Uniswap V3, or of a fork with the same code.

    fee_protocol  One part in so many of each fee goes to the protocol and not to liquidity: coin 0 in the low four
                  bits, coin 1 in the next four; 0: nothing does (``slot0.feeProtocol``).
    earning       Ranges whose fees are followed. Replaced as a whole.
    """

    ranges: ClassVar[bool] = True

    config: UniswapV3Config
    fee_protocol: int = 0
    earning: tuple[Earning, ...] = ()

    @classmethod
    async def load(cls, address: str, chain: Chain, config: FactoriesConfig) -> Found[Self]:
        found = await super().load(address, chain, config)
        slot0 = await chain.read(address, cls.slot0)
        if found.amm is not None:
            found.amm.fee_protocol = slot0[5]
        return found

    @on_log(
        "Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96,"
        " uint128 liquidity, int24 tick)"
    )
    def swapped(
        self, sender: str, recipient: str, change0: int, change1: int, sqrt_price_x96: int, liquidity: int, tick: int
    ) -> Change:
        if self.earning:
            self._earn(0 if change0 > 0 else 1, max(change0, change1), sqrt_price_x96)
        return self._move(sqrt_price_x96, liquidity, tick)

    @on_log(
        "Flash(address indexed sender, address indexed recipient, uint256 amount0, uint256 amount1, uint256 paid0,"
        " uint256 paid1)"
    )
    def flashed(self, sender: str, recipient: str, amount0: int, amount1: int, paid0: int, paid1: int) -> Change:
        for coin, paid in enumerate((paid0, paid1)):
            self._share(coin, [(self.tick, self.liquidity, paid)])
        return None

    @on_log(
        "SetFeeProtocol(uint8 feeProtocol0Old, uint8 feeProtocol1Old, uint8 feeProtocol0New, uint8 feeProtocol1New)"
    )
    def fee_protocol_set(self, old0: int, old1: int, new0: int, new1: int) -> Change:
        self.fee_protocol = new0 + (new1 << 4)
        return None

    # ---- ranges ----

    def place(self) -> tuple[int, int]:
        self._check()
        return self.tick, self.tick_spacing

    def range_liquidity(self, lower: int, upper: int, most0: int, most1: int) -> int:
        self._check()
        return liquidity_for(self.sqrt_price_x96, lower, upper, most0, most1)

    def range_amounts(self, lower: int, upper: int, liquidity: int, *, up: bool) -> tuple[int, int]:
        self._check()
        return amounts_for(self.sqrt_price_x96, self.tick, lower, upper, liquidity, up=up)

    def range_taken(self, lower: int, upper: int, most0: int, most1: int, slippage_bps: int) -> tuple[int, int]:
        self._check()
        return least_taken(self.sqrt_price_x96, lower, upper, most0, most1, slippage_bps)

    def range_given(self, lower: int, upper: int, liquidity: int, slippage_bps: int) -> tuple[int, int]:
        self._check()
        return least_given(self.sqrt_price_x96, lower, upper, liquidity, slippage_bps)

    def follow_range(self, name: str, lower: int, upper: int, own: int) -> None:
        self.forget_range(name)
        self.earning += ((name, lower, upper, own, 0, 0),)

    def forget_range(self, name: str) -> None:
        self.earning = tuple(each for each in self.earning if each[0] != name)

    def range_fees(self, name: str, liquidity: int) -> tuple[int, int] | None:
        found = next((each for each in self.earning if each[0] == name), None)
        return None if found is None else (liquidity * found[4] // Q128, liquidity * found[5] // Q128)

    def _earn(self, coin: int, paid: int, after: int) -> None:
        """A swap paid so much of a coin and left this price."""
        steps = fees_of_swap(
            paid,
            price=self.sqrt_price_x96,
            tick=self.tick,
            liquidity=self.liquidity,
            ticks=self.ticks,
            spacing=self.tick_spacing,
            fee=self.fee,
            after=after,
            bounds=tuple(bound for each in self.earning if each[3] for bound in each[1:3]),
        )
        self._share(coin, list(steps))

    def _share(self, coin: int, steps: Iterable[tuple[int, int, int]]) -> None:
        """``UniswapV3Pool.swap``: the fee of each step, less the protocol's part, over the liquidity in range."""
        part = self.fee_protocol >> 4 * coin & 15
        earning = []
        for name, lower, upper, own, *growth in self.earning:
            for tick, liquidity, fee in steps:
                if lower <= tick < upper and liquidity:
                    kept = fee - (fee // part if part else 0)
                    growth[coin] += kept * Q128 // (liquidity + own)
            earning.append((name, lower, upper, own, growth[0], growth[1]))
        self.earning = tuple(earning)
