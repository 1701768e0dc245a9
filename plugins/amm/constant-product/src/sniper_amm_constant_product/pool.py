"""x·y = k with a fee on the amount in (Uniswap V2 whitepaper, 3.2.1; UniswapV2Library and UniswapV2Pair)."""

import asyncio
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from sniper.amm import Amm, Chain, Change, Config, Found, Fraction, NoLiquidity, Segment, Self, on_creation, on_log

ONE: Final = 10_000
"""The whole, in basis points. 997/1000 of the original and 9975/10000 of forks are both exact over it: the library's
quotients do not change when numerator and denominator grow by the same factor."""
MAX_RESERVE: Final = 2**112 - 1

Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$", to_lower=True)]


class ConstantProductConfig(Config):
    """``[amm.constant-product]``"""

    factories: Annotated[
        tuple[Address, ...], Field(description="Factories whose pairs are watched. All of them charge the same fee.")
    ] = ()
    fee_bps: Annotated[
        int,
        Field(ge=0, lt=ONE, description="Taken from the amount in, basis points: 30 for Uniswap V2, 25 for Pancake."),
    ] = 30


class ConstantProduct(Amm):
    """One pair. ``reserves`` are those of the last Sync, which is what the contract prices by.

    Tokens that were sent to the pair without a Sync are not counted, as the router does not count them either. They
    matter to one limit only: the contract bounds its balance, not its reserve, at 2**112 - 1.
    """

    config: ConstantProductConfig
    reserves: tuple[int, int]

    @classmethod
    async def load(cls, address: str, chain: Chain, config: ConstantProductConfig) -> Found[Self]:
        (x, y, _), (token0,), (token1,) = await asyncio.gather(
            chain.read(address, "getReserves()(uint112,uint112,uint32)"),
            chain.read(address, "token0()(address)"),
            chain.read(address, "token1()(address)"),
        )
        return Found(pool=address, coins=(token0, token1), amm=cls(config=config, reserves=(x, y)))

    @classmethod
    @on_creation("PairCreated(address indexed token0, address indexed token1, address pair, uint256 index)")
    def created(
        cls, config: ConstantProductConfig, token0: str, token1: str, pair: str, index: int
    ) -> Found[Self] | None:
        return Found(pool=pair, coins=(token0, token1), amm=cls(config=config, reserves=(0, 0)))

    @on_log("Sync(uint112 reserve0, uint112 reserve1)")
    def sync(self, reserve0: int, reserve1: int) -> Change:
        self.reserves = reserve0, reserve1
        return None

    # The Sync of the same call comes before these two, so the reserves are right when they arrive.

    @on_log("Mint(address indexed sender, uint256 amount0, uint256 amount1)")
    def mint(self, sender: str, amount0: int, amount1: int) -> Change:
        return amount0, amount1

    @on_log("Burn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to)")
    def burn(self, sender: str, amount0: int, amount1: int, to: str) -> Change:
        return -amount0, -amount1

    def amount_out(self, i: int, j: int, amount_in: int) -> int:
        """``UniswapV2Library.getAmountOut``, then the requires of ``UniswapV2Pair.swap`` and ``_update``.

        Some forks keep other reserves than 112 bits; the limit here is that of the original.
        """
        x, y = self.reserves[i], self.reserves[j]
        if amount_in <= 0 or not x or not y:
            raise NoLiquidity(f"no output for {amount_in} from reserves {x}, {y}")
        paid = amount_in * (ONE - self.config.fee_bps)
        out = paid * y // (x * ONE + paid)
        if not out:
            raise NoLiquidity(f"{amount_in} of reserves {x}, {y} buys less than one unit, which the pair refuses")
        if x + amount_in > MAX_RESERVE:
            raise NoLiquidity(f"{amount_in} more than {x} is above the pair's limit of 2**112 - 1")
        return out

    def amount_in(self, i: int, j: int, amount_out: int) -> int:
        """``UniswapV2Library.getAmountIn``, then the same requires. Where the quotient is whole it asks one unit more
        than the pair would take; the router asks it as well."""
        x, y = self.reserves[i], self.reserves[j]
        if not 0 < amount_out < y or not x:
            raise NoLiquidity(f"{amount_out} wanted from reserves {x}, {y}")
        needed = x * amount_out * ONE // ((y - amount_out) * (ONE - self.config.fee_bps)) + 1
        if x + needed > MAX_RESERVE:
            raise NoLiquidity(f"{needed} more than {x} is above the pair's limit of 2**112 - 1")
        return needed

    def most_in(self, i: int, j: int) -> int:
        x, y = self.reserves[i], self.reserves[j]
        return MAX_RESERVE - x if x and y else 0

    def price(self, i: int, j: int) -> Fraction:
        x, y = self.reserves[i], self.reserves[j]
        if not x or not y:
            raise NoLiquidity(f"no price between reserves {x}, {y}")
        return Fraction(y * (ONE - self.config.fee_bps), x * ONE)

    def rate(self, i: int, j: int) -> float:
        x, y = self.reserves[i], self.reserves[j]
        return y * (ONE - self.config.fee_bps) / (x * ONE) if x else 0.0

    def venue_data(self, i: int, j: int) -> int:
        """The fee, in parts of 10,000: forks charge others, and the pair does not say which."""
        return self.config.fee_bps

    def reserve(self, i: int) -> int:
        return self.reserves[i]

    def segments(self, i: int, j: int) -> tuple[Segment, ...]:
        x, y = self.reserves[i], self.reserves[j]
        if not x or not y:
            return ()
        return (Segment(float(x), float(y), (ONE - self.config.fee_bps) / ONE, float(MAX_RESERVE - x)),)
