"""Ticks: their prices (TickMath) and which of them the pool stops at (TickBitmap, Tick), of Uniswap v3-core 1.0.1."""

from bisect import bisect_left
from functools import lru_cache
from typing import Final

from sniper.amm import NoLiquidity

MIN_TICK: Final = -887272
MAX_TICK: Final = 887272
MIN_SQRT_RATIO: Final = 4295128739
MAX_SQRT_RATIO: Final = 1461446703485210103287273052203988822378723970342

Ticks = tuple[tuple[int, int, int], ...]
"""Initialised ticks, ascending: index, gross liquidity, net liquidity (added when the price crosses upwards)."""

_FACTORS: Final = (
    0xFFFCB933BD6FAD37AA2D162D1A594001,
    0xFFF97272373D413259A46990580E213A,
    0xFFF2E50F5F656932EF12357CF3C7FDCC,
    0xFFE5CACA7E10E4E61C3624EAA0941CD0,
    0xFFCB9843D60F6159C9DB58835C926644,
    0xFF973B41FA98C081472E6896DFB254C0,
    0xFF2EA16466C96A3843EC78B326B52861,
    0xFE5DEE046A99A2A811C461F1969C3053,
    0xFCBE86C7900A88AEDCFFC83B479AA3A4,
    0xF987A7253AC413176F2B074CF7815E54,
    0xF3392B0822B70005940C7A398E4B70F3,
    0xE7159475A2C29B7443B29C7FA6E889D9,
    0xD097F3BDFD2022B8845AD8F792AA5825,
    0xA9F746462D870FDF8A65DC1F90E061E5,
    0x70D869A156D2A1B890BB3DF62BAF32F7,
    0x31BE135F97D08FD981231505542FCFA6,
    0x9AA508B5B7A84E1C677DE54F3E99BC9,
    0x5D6AF8DEDB81196699C329225EE604,
    0x2216E584F5FA1EA926041BEDFE98,
    0x48A170391F7DC42444E8FA2,
)
"""1.0001 ** (-2 ** (n - 1)) as Q128.128, for the bits n = 0 … 19 of a tick."""


@lru_cache(maxsize=1 << 16)
def sqrt_ratio_at_tick(tick: int) -> int:
    """``TickMath.getSqrtRatioAtTick``: the square root of 1.0001 ** tick as Q64.96, rounded up."""
    if not MIN_TICK <= tick <= MAX_TICK:
        raise NoLiquidity(f"tick {tick} is outside {MIN_TICK} … {MAX_TICK}")
    ratio, bits = 1 << 128, abs(tick)
    for factor in _FACTORS:
        if bits & 1:
            ratio = ratio * factor >> 128
        bits >>= 1
    if tick > 0:
        ratio = (2**256 - 1) // ratio
    return (ratio >> 32) + (ratio & 0xFFFFFFFF != 0)


def next_stop(ticks: Ticks, tick: int, spacing: int, downwards: bool) -> tuple[int, int]:
    """Where a swap's next step ends, and the net liquidity there.

    ``TickBitmap.nextInitializedTickWithinOneWord``: steps end at the next initialised tick or at the edge of a word of
    256 ticks, whichever comes first; the contract rounds at each, so the edges cannot be skipped.
    """
    compressed = tick // spacing
    if downwards:
        edge = (compressed >> 8 << 8) * spacing
        position = bisect_left(ticks, (compressed * spacing + 1,)) - 1
        if position >= 0 and ticks[position][0] >= edge:
            return ticks[position][0], ticks[position][2]
        return max(edge, MIN_TICK), 0
    compressed += 1
    edge = (compressed | 255) * spacing
    position = bisect_left(ticks, (compressed * spacing,))
    if position < len(ticks) and ticks[position][0] <= edge:
        return ticks[position][0], ticks[position][2]
    return min(edge, MAX_TICK), 0


def next_initialised(ticks: Ticks, tick: int, downwards: bool) -> tuple[int, int] | None:
    """The next initialised tick at any distance and its net liquidity; None where there is none."""
    position = bisect_left(ticks, (tick + 1,)) - (1 if downwards else 0)
    return (ticks[position][0], ticks[position][2]) if 0 <= position < len(ticks) else None


def changed(ticks: Ticks, tick: int, gross: int, net: int) -> Ticks:
    """The ticks after a position that ends at ``tick`` grew or shrank (``Tick.update``, ``Tick.clear``)."""
    position = bisect_left(ticks, (tick,))
    found = position < len(ticks) and ticks[position][0] == tick
    if found:
        gross += ticks[position][1]
        net += ticks[position][2]
    return ticks[:position] + (((tick, gross, net),) if gross else ()) + ticks[position + found :]
