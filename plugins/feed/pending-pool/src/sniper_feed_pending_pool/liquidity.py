"""Calldata that makes pools or adds liquidity to them. Pure.

Sources: UniswapV2Router02, UniswapV2Factory (v2-periphery, v2-core); NonfungiblePositionManager, PoolInitializer,
UniswapV3Factory (v3-periphery, v3-core), SwapRouter02's MulticallExtended; Router of Aerodrome and Velodrome
(Solidly), Slipstream's NonfungiblePositionManager.
"""

from typing import Final

from msgspec import Struct

from sniper.evm.abi import function
from sniper.types import NATIVE
from sniper_feed_pending_pool.words import address, number, parts

MOST_CALLS: Final = 16
"""Calls of one multicall that are looked at; making a pool and adding to it takes two or three."""


class Liquidity(Struct, frozen=True):
    """``coins``: addresses as the call names them, the zero address for the chain's own coin. ``amounts``: the most
    that would be added of each, base units; 0 where the call only makes the pool. ``creates``: it makes the pool."""

    coins: tuple[str, str]
    amounts: tuple[int, int]
    creates: bool


class _Layout(Struct, frozen=True):
    """Places of words. One coin: the other one is the chain's own, and as much of it as the transaction carries."""

    coins: tuple[int, ...]
    amounts: tuple[int, ...]
    words: int


def _selectors(layouts: dict[str, _Layout]) -> dict[str, _Layout]:
    return {"0x" + function(signature).selector.hex(): layout for signature, layout in layouts.items()}


_MINT = "address,address,int24,int24,int24,uint256,uint256,uint256,uint256,address,uint256,uint160"
_LAYOUTS: Final = _selectors(
    {
        "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)": _Layout((0, 1), (2, 3), 8),
        "addLiquidity(address,address,bool,uint256,uint256,uint256,uint256,address,uint256)": _Layout(
            (0, 1), (3, 4), 9
        ),
        "addLiquidityETH(address,uint256,uint256,uint256,address,uint256)": _Layout((0,), (1,), 6),
        "addLiquidityETH(address,bool,uint256,uint256,uint256,address,uint256)": _Layout((0,), (2,), 7),
        "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))": _Layout(
            (0, 1), (5, 6), 11
        ),
        f"mint(({_MINT}))": _Layout((0, 1), (5, 6), 12),
        "createPair(address,address)": _Layout((0, 1), (), 2),
        "createPair(address,address,bool)": _Layout((0, 1), (), 3),
        "createPool(address,address,bool)": _Layout((0, 1), (), 3),
        "createPool(address,address,uint24)": _Layout((0, 1), (), 3),
        "createPool(address,address,int24,uint160)": _Layout((0, 1), (), 4),
        "createAndInitializePoolIfNecessary(address,address,uint24,uint160)": _Layout((0, 1), (), 4),
    }
)
_MULTICALLS: Final = {
    "0x" + function(signature).selector.hex(): place
    for signature, place in (("multicall(bytes[])", 0), ("multicall(uint256,bytes[])", 1))
}
"""Where the offset of the calls stands."""

SELECTORS: Final = frozenset(_LAYOUTS) | frozenset(_MULTICALLS)
"""Of the functions that `liquidity` reads, hex with 0x."""


def liquidity(selector: str, arguments: bytes, value: int) -> tuple[Liquidity, ...]:
    """What a call would do: one for each pair of coins, in the order of the call; empty where it is about something
    else. ``arguments``: the calldata behind the selector. ``value``: wei that it carries. Raises `Nonsense`."""
    place = _MULTICALLS.get(selector)
    if place is None:
        layout = _LAYOUTS.get(selector)
        return () if layout is None else (_read(layout, arguments, value),)
    found: dict[tuple[str, ...], Liquidity] = {}
    for call in parts(arguments, place, MOST_CALLS):
        layout = _LAYOUTS.get("0x" + call[:4].hex())
        if layout is None:
            continue
        each = _read(layout, call[4:], value)
        pair = tuple(sorted(each.coins))
        before = found.get(pair)
        if before is not None:
            coins, amounts = (each.coins, each.amounts) if any(each.amounts) else (before.coins, before.amounts)
            each = Liquidity(coins, amounts, before.creates or each.creates)
        found[pair] = each
    return tuple(found.values())


def _read(layout: _Layout, arguments: bytes, value: int) -> Liquidity:
    number(arguments, layout.words - 1)  # all its arguments are there
    first = address(arguments, layout.coins[0])
    second = address(arguments, layout.coins[1]) if len(layout.coins) == 2 else NATIVE
    if not layout.amounts:
        return Liquidity((first, second), (0, 0), creates=True)
    last = number(arguments, layout.amounts[1]) if len(layout.amounts) == 2 else value
    return Liquidity((first, second), (number(arguments, layout.amounts[0]), last), creates=False)
