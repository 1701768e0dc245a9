"""Pools that log as Uniswap V3's do: what they share with their forks, whose Swap, fee or factory may be other ones."""

import asyncio
from collections.abc import Iterable
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from sniper.amm import Chain, Change, Config, on_log
from sniper_amm_uniswap_v3.concentrated import Concentrated
from sniper_amm_uniswap_v3.tick import MAX_TICK, MIN_TICK

Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$", to_lower=True)]


class FactoriesConfig(Config):
    """Which pools are watched."""

    factories: Annotated[tuple[Address, ...], Field(description="Factories whose pools are watched.")] = ()


class Followed(Concentrated):
    """One pool of Uniswap V3 or a fork, kept by the logs that all of them have."""

    deadline_s: ClassVar[int] = 30  # a spacing of 1 has 6,931 bitmap words to read

    config: FactoriesConfig

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

    def _move(self, sqrt_price_x96: int, liquidity: int, tick: int) -> Change:
        self.sqrt_price_x96, self.liquidity, self.tick = sqrt_price_x96, liquidity, tick
        return None


async def read_ticks(
    address: str, chain: Chain, spacing: int, bitmap: str, tick: str
) -> tuple[tuple[int, int, int], ...]:
    """All initialised ticks. ``bitmap`` and ``tick``: signatures of the views of a word and of a tick, whose first
    results are the gross and the net liquidity."""
    words = range(MIN_TICK // spacing >> 8, (MAX_TICK // spacing >> 8) + 1)
    bitmaps = await asyncio.gather(*(chain.read(address, bitmap, word) for word in words))
    indices = list(initialised(words, (found for (found,) in bitmaps), spacing))
    found = await asyncio.gather(*(chain.read(address, tick, index) for index in indices))
    return tuple((index, each[0], each[1]) for index, each in zip(indices, found, strict=True))


def initialised(words: Iterable[int], bitmaps: Iterable[int], spacing: int) -> Iterable[int]:
    """The ticks whose bits are set in ``TickBitmap``, ascending."""
    for word, bitmap in zip(words, bitmaps, strict=True):
        if bitmap:
            for bit in range(256):
                if bitmap >> bit & 1:
                    yield (word * 256 + bit) * spacing


async def read_scalars(address: str, chain: Chain, *signatures: str) -> list[Any]:
    """The first results of views without arguments. Any: of their types."""
    return [found[0] for found in await asyncio.gather(*(chain.read(address, each) for each in signatures))]
