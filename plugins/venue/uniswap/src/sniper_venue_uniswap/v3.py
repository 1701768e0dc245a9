"""Calls of SwapRouter02 (swap-router-contracts): its swaps know no deadline, the multicall around them does.

A V3 pool checks what it received, so a token that takes a fee on transfer cannot be sold here: the swap reverts.
Bought, it arrives reduced, and neither pool nor router notices: their minimum is for what left the pool.
"""

from typing import Final

from sniper.evm.abi import function
from sniper.venue import NATIVE, Swap

_ROUTER: Final = "0x" + "0" * 39 + "2"
"""As a recipient: the router itself (``Constants.ADDRESS_THIS``)."""

_MULTICALL: Final = function("multicall(uint256 deadline, bytes[] data)")
_SWAP: Final = function(
    "exactInputSingle((address tokenIn, address tokenOut, uint24 fee, address recipient, uint256 amountIn,"
    " uint256 amountOutMinimum, uint160 sqrtPriceLimitX96))"
)
_UNWRAP: Final = function("unwrapWETH9(uint256 amountMinimum, address recipient)")
_REFUND: Final = function("refundETH()").encode()


def calldata(swap: Swap, path: tuple[str, str]) -> bytes:
    """``path``: the pool's coins in the order of the trade, wrapped coin for native.

    A pool that runs out takes a part only. Native coin that it did not take is sent back, since the router would keep
    it for whoever asks first; of other tokens the router takes no more than the pool does.
    """
    unwrap = swap.token_out == NATIVE
    recipient = _ROUTER if unwrap else swap.owner
    calls = [_SWAP.encode((*path, swap.pool_data, recipient, swap.amount_in, swap.min_out, 0))]
    if unwrap:
        calls.append(_UNWRAP.encode(swap.min_out, swap.owner))
    if swap.token_in == NATIVE:
        calls.append(_REFUND)
    return _MULTICALL.encode(swap.deadline, calls)
