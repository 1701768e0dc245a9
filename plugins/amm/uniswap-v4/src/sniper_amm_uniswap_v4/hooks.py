"""What a pool's hooks may do, which their address says: ``Hooks.sol`` of v4-core 1.0.2."""

from typing import Final

NONE: Final = "0x" + "00" * 20

_TOUCH_SWAPS: Final = {
    1 << 7: "beforeSwap",
    1 << 6: "afterSwap",
    1 << 3: "beforeSwapReturnsDelta",
    1 << 2: "afterSwapReturnsDelta",
}
"""Permissions by which hooks can change what a swap gives or takes, or refuse it; all others are called around
liquidity, donations and the beginning of a pool alone."""


def touching_swaps(hooks: str) -> list[str]:
    """The permissions in an address that concern swaps."""
    bits = int(hooks, 16)
    return [name for bit, name in _TOUCH_SWAPS.items() if bits & bit]
