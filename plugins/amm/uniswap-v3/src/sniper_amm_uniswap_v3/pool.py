"""One Uniswap V3 pool: its state, kept by its logs, and its exact quotes (v3-core 1.0.1)."""

import asyncio
from collections.abc import Iterator
from typing import Annotated, ClassVar, Final

from pydantic import Field, StringConstraints

from sniper.amm import Amm, Chain, Change, Config, Found, Fraction, NoLiquidity, Self, on_creation, on_log
from sniper_amm_uniswap_v3.step import ONE, amount0, amount1
from sniper_amm_uniswap_v3.table import Table
from sniper_amm_uniswap_v3.tick import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    Ticks,
    changed,
    next_initialised,
    sqrt_ratio_at_tick,
)

MAX_AMOUNT: Final = 2**255 - 1
_Q192: Final = 2**192

Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$", to_lower=True)]


class UniswapV3Config(Config):
    """``[amm.uniswap-v3]``"""

    factories: Annotated[tuple[Address, ...], Field(description="Factories whose pools are watched.")] = ()


class UniswapV3(Amm):
    """One pool.

    sqrt_price_x96  Square root of coin 1 per coin 0 as Q64.96; 0 until the pool is initialised.
    tick            Index of the current tick: it says which side of a boundary a price on it belongs to.
    liquidity       In range at ``tick``.
    fee             Parts of a million, taken from the amount in.
    ticks           Initialised ticks: index, gross and net liquidity. Replaced as a whole, never changed in place.
    down, up        Prefix sums in both directions of the price, made by the first quote.
    """

    deadline_s: ClassVar[int] = 30  # a spacing of 1 has 6,931 bitmap words to read
    derived: ClassVar[tuple[str, ...]] = ("down", "up")

    config: UniswapV3Config
    fee: int
    tick_spacing: int
    sqrt_price_x96: int = 0
    tick: int = 0
    liquidity: int = 0
    ticks: Ticks = ()
    down: Table | None = None
    up: Table | None = None

    @classmethod
    async def load(cls, address: str, chain: Chain, config: UniswapV3Config) -> Found[Self]:
        (token0,), (token1,), slot0, (liquidity,), (fee,), (spacing,) = await asyncio.gather(
            chain.read(address, "token0()(address)"),
            chain.read(address, "token1()(address)"),
            chain.read(address, "slot0()(uint160,int24,uint16,uint16,uint16,uint8,bool)"),
            chain.read(address, "liquidity()(uint128)"),
            chain.read(address, "fee()(uint24)"),
            chain.read(address, "tickSpacing()(int24)"),
        )
        words = range(MIN_TICK // spacing >> 8, (MAX_TICK // spacing >> 8) + 1)
        bitmaps = await asyncio.gather(*(chain.read(address, "tickBitmap(int16)(uint256)", word) for word in words))
        indices = [
            (word * 256 + bit) * spacing
            for word, (bitmap,) in zip(words, bitmaps, strict=True)
            if bitmap
            for bit in range(256)
            if bitmap >> bit & 1
        ]
        ticks_signature = "ticks(int24)(uint128,int128,uint256,uint256,int56,uint160,uint32,bool)"
        found = await asyncio.gather(*(chain.read(address, ticks_signature, index) for index in indices))
        pool = cls(
            config=config,
            fee=fee,
            tick_spacing=spacing,
            sqrt_price_x96=slot0[0],
            tick=slot0[1],
            liquidity=liquidity,
            ticks=tuple((index, tick[0], tick[1]) for index, tick in zip(indices, found, strict=True)),
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

    @on_log("Initialize(uint160 sqrtPriceX96, int24 tick)")
    def initialize(self, sqrt_price_x96: int, tick: int) -> Change:
        self.sqrt_price_x96, self.tick = sqrt_price_x96, tick
        return None

    @on_log(
        "Mint(address sender, address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount,"
        " uint256 amount0, uint256 amount1)"
    )
    def mint(self, sender: str, owner: str, lower: int, upper: int, amount: int, paid0: int, paid1: int) -> Change:
        self._change_position(lower, upper, amount)
        return paid0, paid1

    @on_log(
        "Burn(address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount,"
        " uint256 amount0, uint256 amount1)"
    )
    def burn(self, owner: str, lower: int, upper: int, amount: int, owed0: int, owed1: int) -> Change:
        if not amount:
            return None  # a burn of nothing only credits fees to the position
        self._change_position(lower, upper, -amount)
        return -owed0, -owed1

    @on_log(
        "Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96,"
        " uint128 liquidity, int24 tick)"
    )
    def swapped(
        self, sender: str, recipient: str, change0: int, change1: int, sqrt_price_x96: int, liquidity: int, tick: int
    ) -> Change:
        self.sqrt_price_x96, self.liquidity, self.tick = sqrt_price_x96, liquidity, tick
        return None

    def amount_out(self, i: int, j: int, amount_in: int) -> int:
        """May be 0: this contract takes an amount that is too small to buy anything."""
        table = self._table(i < j, amount_in)
        paid, received = table.exact_in(self.sqrt_price_x96, self.tick, self.liquidity, amount_in)
        if paid != amount_in:
            raise NoLiquidity(f"the pool takes only {paid} of {amount_in}, then its liquidity ends")
        return received

    def amount_in(self, i: int, j: int, amount_out: int) -> int:
        table = self._table(i < j, amount_out)
        paid, received = table.exact_out(self.sqrt_price_x96, self.tick, self.liquidity, amount_out)
        if received != amount_out:
            raise NoLiquidity(f"the pool gives only {received} of {amount_out}, then its liquidity ends")
        return paid

    def most_in(self, i: int, j: int) -> int:
        if not self.sqrt_price_x96:
            return 0
        return min(self._table(i < j, 1).most_in(self.sqrt_price_x96, self.tick, self.liquidity), MAX_AMOUNT)

    def price(self, i: int, j: int) -> Fraction:
        """Where the current tick has no liquidity: the price at which the next liquidity in this direction begins."""
        downwards = i < j
        for near, _, liquidity in self._ranges(downwards):
            if liquidity:
                squares = (near * near, _Q192) if downwards else (_Q192, near * near)
                return Fraction(squares[0] * (ONE - self.fee), squares[1] * ONE)
        raise NoLiquidity(f"no liquidity for coin {i} against coin {j}")

    def reserve(self, i: int) -> int:
        """All liquidity on this coin's side of the price, rounded down once per range of constant liquidity; a swap
        that takes everything rounds more often and gives a few units less."""
        if i == 1:
            return sum(amount1(far, near, liquidity, up=False) for near, far, liquidity in self._ranges(True))
        return sum(amount0(near, far, liquidity, up=False) for near, far, liquidity in self._ranges(False))

    def venue_data(self, i: int, j: int) -> int:
        """The fee: with the coins it names the pool."""
        return self.fee

    def _table(self, downwards: bool, amount: int) -> Table:
        if not 0 < amount <= MAX_AMOUNT:
            raise NoLiquidity(f"{amount} is not within 1 … 2**255 - 1")
        if not self.sqrt_price_x96:
            raise NoLiquidity("the pool is not initialised")
        table = self.down if downwards else self.up
        if table is None:
            table = Table(self.ticks, self.tick_spacing, self.fee, downwards=downwards)
            if downwards:
                self.down = table
            else:
                self.up = table
        return table

    def _ranges(self, downwards: bool) -> Iterator[tuple[int, int, int]]:
        """Ranges of constant liquidity from the price to the last: price where it begins, where it ends, liquidity."""
        price, tick, liquidity = self.sqrt_price_x96, self.tick, self.liquidity
        limit = MIN_SQRT_RATIO + 1 if downwards else MAX_SQRT_RATIO - 1
        while price and (found := next_initialised(self.ticks, tick, downwards)) is not None:
            stop, net = found
            far = sqrt_ratio_at_tick(stop)
            far = max(far, limit) if downwards else min(far, limit)
            if far != price:
                yield price, far, liquidity
            price, tick, liquidity = far, stop - downwards, liquidity + (-net if downwards else net)

    def _change_position(self, lower: int, upper: int, amount: int) -> None:
        """``UniswapV3Pool._modifyPosition``: ``amount`` of liquidity more (or, negative, less) between two ticks."""
        ticks = changed(self.ticks, lower, amount, amount)
        self.ticks = changed(ticks, upper, amount, -amount)
        if lower <= self.tick < upper:
            self.liquidity += amount
        for table in (self.down, self.up):
            if table is not None:
                table.change_position(self.ticks, lower, upper)
