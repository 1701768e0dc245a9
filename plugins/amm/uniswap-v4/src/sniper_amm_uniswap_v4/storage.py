"""Where the PoolManager keeps a pool: ``StateLibrary`` of v4-core 1.0.2, which it answers ``extsload`` for."""

from typing import Final, NamedTuple

from sniper.amm import Chain
from sniper.evm.keccak import keccak256
from sniper_amm_uniswap_v3.followed import initialised
from sniper_amm_uniswap_v3.tick import MAX_TICK, MIN_TICK, Ticks

_POOLS: Final = 6
_LIQUIDITY: Final = 3
_TICKS: Final = 4
_BITMAP: Final = 5
_AT_ONCE: Final = 500
"""Slots per call: some million gas."""


class Slot0(NamedTuple):
    """The first word of a pool."""

    sqrt_price_x96: int
    tick: int
    protocol_fee: int
    lp_fee: int


class Stored(NamedTuple):
    """All of a pool that prices depend on."""

    slot0: Slot0
    liquidity: int
    ticks: Ticks


async def read_slot0(chain: Chain, manager: str, pool: str) -> Slot0:
    """Zeros where the manager has no such pool."""
    (word,) = await _words(chain, manager, [_root(pool)])
    return Slot0(word & (1 << 160) - 1, _signed(word >> 160, 24), word >> 184 & 0xFFFFFF, word >> 208 & 0xFFFFFF)


async def read_pool(chain: Chain, manager: str, pool: str, spacing: int) -> Stored:
    """A pool with all its ticks."""
    root = _root(pool)
    words = range(MIN_TICK // spacing >> 8, (MAX_TICK // spacing >> 8) + 1)
    (liquidity,) = await _words(chain, manager, [root + _LIQUIDITY])
    bitmaps = await _words(chain, manager, [_mapped(word, root + _BITMAP) for word in words])
    indices = list(initialised(words, bitmaps, spacing))
    found = await _words(chain, manager, [_mapped(index, root + _TICKS) for index in indices])
    ticks = tuple(
        (index, word & (1 << 128) - 1, _signed(word >> 128, 128)) for index, word in zip(indices, found, strict=True)
    )
    return Stored(await read_slot0(chain, manager, pool), liquidity & (1 << 128) - 1, ticks)


async def _words(chain: Chain, manager: str, slots: list[int]) -> list[int]:
    found: list[int] = []
    for at in range(0, len(slots), _AT_ONCE):
        some = tuple(slot.to_bytes(32, "big") for slot in slots[at : at + _AT_ONCE])
        (answer,) = await chain.read(manager, "extsload(bytes32[])(bytes32[])", some)
        found += [int.from_bytes(word, "big") for word in answer]
    return found


def _root(pool: str) -> int:
    return int.from_bytes(keccak256(bytes.fromhex(pool[2:]) + _POOLS.to_bytes(32, "big")), "big")


def _mapped(key: int, slot: int) -> int:
    """The slot of a mapping's value, with a signed key."""
    return int.from_bytes(keccak256(key.to_bytes(32, "big", signed=True) + slot.to_bytes(32, "big")), "big")


def _signed(word: int, bits: int) -> int:
    value = word & (1 << bits) - 1
    return value - (1 << bits) if value >> bits - 1 else value
