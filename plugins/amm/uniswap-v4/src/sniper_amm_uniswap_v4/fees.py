"""Fees in parts of a million: ``LPFeeLibrary`` and ``ProtocolFeeLibrary`` of v4-core 1.0.2."""

from typing import Final

from sniper_amm_uniswap_v3.step import ONE

DYNAMIC: Final = 0x800000
"""In a pool's key: its hooks set the fee."""


def swap_fee(protocol_fee: int, lp_fee: int, downwards: bool) -> int:
    """``calculateSwapFee``. ``protocol_fee`` holds 12 bits for each direction, those of downwards low."""
    part = protocol_fee & 0xFFF if downwards else protocol_fee >> 12
    return part + lp_fee - part * lp_fee // ONE


def lp_fee(protocol_fee: int, paid: int, downwards: bool) -> int:
    """The greatest fee for liquidity that makes `swap_fee` be ``paid``.

    One less may do as well, where rounding swallows a millionth; it does just above fees that are round.
    """
    part = protocol_fee & 0xFFF if downwards else protocol_fee >> 12
    found = min((paid - part) * ONE // (ONE - part) + 2, ONE)
    while swap_fee(protocol_fee, found, downwards) > paid:
        found -= 1
    return found
